//! Faults of the world, made to happen.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Place, Ran};

const PROGRAM: &str = env!("CARGO_BIN_EXE_imgproc");
/// Whom root runs the program as, to be refused what others are: `nobody`.
const NOBODY: u32 = 65534;

/// Runs a shell script in the place; `imgproc` in it is the program, on the CPU.
fn shell(place: &Place, script: &str) -> Ran {
    let script = format!("imgproc() {{ {PROGRAM} --backend cpu \"$@\"; }}\n{script}");
    let output = Command::new("sh").args(["-c", &script]).current_dir(place.path(".")).stdin(Stdio::null()).output();
    Ran::of(output.unwrap())
}

/// Runs a script that mounts something, where this user may: as root, or as one in a namespace of its own.
fn mounted(place: &Place, mount: &str, script: &str) -> Option<Ran> {
    for namespace in ["unshare -m", "unshare -rm"] {
        let can = format!("{namespace} sh -c '{mount}' 2> /dev/null");
        if shell(place, &can).code == Some(0) {
            let script = format!("{mount} && {PROGRAM} --backend cpu {script}");
            return Some(shell(place, &format!("{namespace} sh -c '{script}'")));
        }
    }
    eprintln!("left out: nothing can be mounted here");
    None
}

fn make_open_to_all(place: &Place) {
    fs::set_permissions(place.path("."), fs::Permissions::from_mode(0o777)).unwrap();
}

/// Runs the main job as one who may not do everything.
fn run_unprivileged(place: &Place, arguments: &[&str]) -> Ran {
    make_open_to_all(place);
    let command = place.command(&[&["--backend", "cpu"], arguments].concat());
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    // Nobody may come by the checkout's own directory.
    let open = Place::new();
    make_open_to_all(&open);
    fs::copy(PROGRAM, open.path("imgproc")).unwrap();
    let mut open_command = Command::new(open.path("imgproc"));
    open_command.args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => open_command.env(name, value),
            None => open_command.env_remove(name),
        };
    }
    if is_root {
        open_command.uid(NOBODY);
    }
    Ran::of(open_command.output().unwrap())
}

#[test]
fn a_full_disk_ends_the_run_and_leaves_whole_results() {
    let place = Place::new();
    for i in 0..40 {
        place.draw(&format!("in/{i:02}.png"), 60, 40);
    }
    fs::create_dir(place.path("out")).unwrap();
    let script = "-i in -o out -r invert -f bmp -j 1; code=$?; find out -type f; exit $code";
    let Some(ran) = mounted(&place, "mount -t tmpfs -o size=120k tmpfs out", script) else { return };
    let ran = ran.ends(1).says(&[
        "write: no space left on the disk",
        "the run ended early",
        "go on with --resume",
        "not done",
    ]);
    let files: Vec<&str> = ran.stdout.lines().collect();
    assert!(files.len() > 5 && files.len() < 30, "{files:?}");
    assert!(files.iter().all(|file| file.ends_with(".bmp") || file.ends_with(".jsonl")), "{files:?}");
}

#[test]
fn a_read_only_output_is_told_before_anything_is_done() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    fs::create_dir(place.path("out")).unwrap();
    if let Some(ran) = mounted(&place, "mount -t tmpfs -o ro tmpfs out", "-i in -o out") {
        ran.ends(2).says(&["can't write to out: the file system is read-only", "--output"]);
    }
    fs::set_permissions(place.path("out"), fs::Permissions::from_mode(0o555)).unwrap();
    run_unprivileged(&place, &["-i", "in", "-o", "out"]).ends(2).says(&["can't write to out: permission denied"]);
    let ran = place.run_cpu(&["-i", "in", "-o", "in/a.png"]).ends(2);
    ran.says(&["can't write to in/a.png: there is a file where a directory should be", "--output"]);
}

#[test]
fn what_may_not_be_read_fails_alone() {
    let place = Place::new();
    place.draw_many(2, 8, 8);
    place.draw("in/locked/a.png", 8, 8);
    place.draw("in/secret.png", 8, 8);
    for (path, mode) in [("in/locked", 0o000), ("in/secret.png", 0o000)] {
        fs::set_permissions(place.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let ran = run_unprivileged(&place, &["-i", "in", "--recursive", "-o", "out"]).ends(1);
    ran.says(&[
        "2 images done, 2 failed",
        "in/locked: read: permission denied",
        "in/secret.png: read: permission denied",
    ]);
    fs::set_permissions(place.path("in/locked"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.path("in/secret.png"), fs::Permissions::from_mode(0o644)).unwrap();
    run_unprivileged(&place, &["-i", "in", "--recursive", "-o", "out", "--resume"])
        .ends(0)
        .says(&["2 images done, 2 skipped"]);
}

#[test]
fn pipes_and_devices_are_not_waited_for() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    assert!(Command::new("mkfifo").arg(place.path("in/pipe.png")).status().unwrap().success());
    symlink("/dev/zero", place.path("in/zero.png")).unwrap();
    symlink("/dev/tty", place.path("in/tty.jpg")).unwrap();
    place.run_cpu(&["-i", "in"]).ends(0).says(&["1 image done"]);
    for name in ["in/pipe.png", "in/zero.png"] {
        place
            .run_cpu(&["-i", name, "-o", "other"])
            .ends(2)
            .says(&[&format!("can't take {name}: it is no regular file")]);
    }
}

#[test]
fn links_that_lead_in_circles_are_followed_once() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.draw("in/below/b.png", 8, 8);
    symlink("..", place.path("in/below/up")).unwrap();
    symlink(".", place.path("in/here")).unwrap();
    place.run_cpu(&["-i", "in", "--recursive"]).ends(0).says(&["2 images done"]);
    symlink("self.png", place.path("in/self.png")).unwrap();
    let ran = place.run_cpu(&["-i", "in", "--recursive", "--resume"]).ends(1);
    ran.says(&["2 skipped", "failed: in/self.png: read: "]);
}

#[test]
fn names_of_every_kind_are_taken_and_told() {
    let place = Place::new();
    place.draw("plain.png", 8, 8);
    let names: [&[u8]; 6] =
        [b"no\xffunicode\xfe.png", b"two\nlines.png", b"--input.png", b"-", b"a b'\"$(x);&.png", b"\x1b[31m.png"];
    fs::create_dir(place.path("in")).unwrap();
    for name in names {
        fs::copy(place.path("plain.png"), place.path("in").join(OsStr::from_bytes(name))).unwrap();
    }
    place.run_cpu(&["-i", "in"]).ends(0).says(&["6 images done"]);
    place.run_cpu(&["-i", "in", "--resume"]).ends(0).says(&["0 images done, 6 skipped"]);
    let ran = place.run(&["status", "imgproc-out", "--verify"]).ends(0);
    assert!(ran.stdout.starts_with("imgproc-out: 6 images done\n"), "{}", ran.stdout);
    let json = place.run_cpu(&["-i", "in", "-o", "json", "--json"]).ends(0).json();
    assert_eq!(json["outcomes"].as_array().unwrap().len(), 6);
    let told = place.run_cpu(&["-i", "in", "--dry-run", "-o", "other"]).ends(0).stdout;
    assert_eq!(told.lines().count(), 6, "{told}");
    assert!(!told.contains('\x1b'));
}

#[test]
fn a_name_that_is_too_long_fails_alone_and_says_what_to_do() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    let bytes = place.read("in/a.png");
    // Its output would end in .png, which makes two bytes more than a name may have.
    place.put(&format!("in/{}.i", "x".repeat(253)), &bytes);
    let ran = place.run_cpu(&["-i", "in"]).ends(1);
    ran.says(&["1 image done, 1 failed", "write: the name is too long", "(rename the input)"]);
    assert_eq!(place.names("imgproc-out"), ["a.png"]);
}

#[test]
fn the_limit_on_open_files_is_kept_and_told() {
    let place = Place::new();
    place.draw_many(30, 30, 20);
    let ran = shell(&place, "ulimit -n 64; imgproc -i in -o few").ends(0);
    ran.says(&["only 64 files may be open at once (`ulimit -n`): 5 in flight instead of 16", "30 images done"]);
    // One that may be raised is raised.
    let ran = shell(&place, "ulimit -S -n 40; imgproc -i in -o raised --durable").ends(0).says(&["30 images done"]);
    assert!(!ran.stderr.contains("may be open"), "{}", ran.stderr);
    let ran = shell(&place, "ulimit -n 8; imgproc -i in -o none").ends(2);
    ran.says(&["can't start threads: too many files are open", "help: `ulimit -n`"]);
}

#[test]
fn files_that_may_not_be_so_large_fail_alone() {
    let place = Place::new();
    place.draw("in/a.png", 20, 10);
    place.draw("in/large.png", 300, 200);
    place.draw("in/z.png", 20, 10);
    // In 512 bytes, or in 1024 where the shell has its own mind.
    let ran = shell(&place, "ulimit -f 64; imgproc -i in -o out -f bmp").ends(1);
    ran.says(&["2 images done, 1 failed", "in/large.png: write: files may not be that large here"]);
    assert_eq!(place.names("out"), ["a.bmp", "z.bmp"]);
}

#[test]
fn a_terminal_that_is_closed_ends_the_run_unless_that_is_ignored() {
    for (begin, code) in [("", 130), ("trap \"\" HUP; ", 0)] {
        let place = Place::new();
        place.draw_many(60, 200, 150);
        let script = format!(
            "{begin}{PROGRAM} --backend cpu -i in -r gaussian_blur:6,median:20,median:20 -j 1 & child=$!
            while ! ls imgproc-out/*.png > /dev/null 2>&1; do sleep 0.01; done
            kill -HUP $child; wait $child"
        );
        shell(&place, &script).ends(code);
        let files = place.files("imgproc-out");
        assert!(files.iter().all(|(name, bytes)| name.ends_with(".png") && image::load_from_memory(bytes).is_ok()));
        assert_eq!(files.len() == 60, code == 0, "{} files", files.len());
    }
}

#[test]
fn nobody_need_listen() {
    let place = Place::new();
    place.draw_many(5, 30, 20);
    for arguments in [&["-o", "plain"][..], &["-o", "log", "-vv"], &["-o", "json", "--json"]] {
        let arguments = [&["--backend", "cpu", "-i", "in"], arguments].concat();
        let mut child = place.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
        assert_eq!(place.names(arguments[5]).len(), 5);
    }
}

#[test]
fn what_cannot_be_printed_is_told() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    for command in
        ["imgproc -i in --json", "imgproc -i in -o other --dry-run", "imgproc ops", "imgproc --help", "imgproc status"]
    {
        let command = command.replace("imgproc", PROGRAM);
        shell(&place, &format!("{command} > /dev/full"))
            .ends(1)
            .says(&["can't write to stdout: no space left on the disk"]);
    }
}

/// Holds a lease on the file, so that whoever opens it waits for half a minute.
const LEASE: &str = "import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
time.sleep(30)";

#[cfg(target_os = "linux")]
#[test]
fn a_read_that_stalls_is_given_up() {
    use std::io::{BufRead, BufReader};

    let place = Place::new();
    place.draw_many(8, 30, 20);
    let path = place.path("in/003.png");
    let mut holder = Command::new("python3")
        .args(["-c", LEASE])
        .arg(&path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it takes python3");
    BufReader::new(holder.stdout.take().unwrap()).lines().next().expect("a lease can be taken").unwrap();
    let begun = Instant::now();
    let ran = place.run_cpu(&["-i", "in", "--timeout", "0.5s"]);
    let took = begun.elapsed();
    holder.kill().unwrap();
    holder.wait().unwrap();
    ran.ends(1).says(&["7 images done, 1 failed", "in/003.png: read: it took too long"]);
    assert!(took < Duration::from_secs(10), "{took:?}");
    place.run_cpu(&["-i", "in", "--resume"]).ends(0).says(&["1 image done, 7 skipped"]);
}

#[test]
fn work_that_takes_too_long_is_given_up_under_every_schedule() {
    let place = Place::new();
    place.draw_many(6, 30, 20);
    place.draw("in/003.png", 2500, 2500);
    for schedule in ["sequential", "parallel", "concurrent", "overlapped"] {
        let begun = Instant::now();
        let options = ["--timeout", "1s", "--schedule", schedule, "-o", schedule, "-j", "1"];
        let ran = place.run_cpu(
            &[&["-i", "in", "-r", "median:20,median:20,median:20,median:20,median:20"], &options[..]].concat(),
        );
        ran.ends(1).says(&["5 images done, 1 failed", "in/003.png: compute: it took longer than 1 s (--timeout"]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{schedule}: {:?}", begun.elapsed());
    }
}

#[test]
fn limits_refuse_with_what_would_be_needed_and_are_lifted_by_resuming() {
    let place = Place::new();
    place.draw("in/a.bmp", 30, 20);
    place.draw("in/large.bmp", 3000, 2000);
    place
        .run_cpu(&["-i", "in", "--max-file-bytes", "1M"])
        .ends(1)
        .says(&["in/large.bmp: read: the file has 18 MB, the limit is 1 MB"]);
    let ran = place.run_cpu(&["-i", "in", "--memory", "20M", "--resume"]).ends(1);
    ran.says(&[
        "1 skipped",
        "in/large.bmp: decode: it would need ",
        "of memory, there may be 21 MB (--memory raises that)",
    ]);
    place.run_cpu(&["-i", "in", "--max-pixels", "1M", "--resume"]).ends(1).says(&["the limit is 1.0 MP (--max-pixels"]);
    place.run_cpu(&["-i", "in", "--resume"]).ends(0).says(&["1 image done, 1 skipped"]);
}
