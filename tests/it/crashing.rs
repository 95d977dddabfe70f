//! Decoders that crash, for real: stacks that overflow, bad accesses, `abort`.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use imgproc::pipeline::manifest::{self, Manifest, ResultName};

use crate::failing_calls;
use crate::support::{Place, Ran};

/// Widths of images of 97 rows that `faults.c` crashes at, and what is said of it.
const CRASHING: [(u32, &str); 5] = [
    (101, "SIGSEGV, as where a stack overflows"),
    (103, "SIGSEGV, as where a stack overflows"),
    (107, "SIGABRT"),
    (109, "SIGILL"),
    (113, "SIGBUS"),
];
const GOOD: usize = 60;

fn command(place: &Place, arguments: &[&str]) -> Command {
    let options = ["-i", "in", "--recursive", "-o", "out", "-r", "gaussian_blur:2,invert", "-j", "2"];
    failing_calls::command(place, "crashes", "-", &[&options[..], arguments].concat())
}

fn run(place: &Place, arguments: &[&str]) -> Ran {
    Ran::of(command(place, arguments).output().unwrap())
}

/// Good images, those at which decoders crash between them, and a broken one; and what becomes of the good ones.
fn place() -> (Place, BTreeMap<String, Vec<u8>>) {
    let place = Place::new();
    for i in 0..GOOD {
        place.draw(&format!("in/{}/{i:03}.{}", i % 3, ["png", "jpg", "bmp"][i % 3]), 40 + i as u32 % 17, 30);
    }
    place.put("in/broken.png", &place.read("in/0/000.png")[..100]);
    place.run_cpu(&["-i", "in", "--recursive", "-o", "expected", "-r", "gaussian_blur:2,invert"]).ends(1);
    for (i, (width, _)) in CRASHING.into_iter().enumerate() {
        place.draw(&format!("in/{}/{:03}x {width}.{}", i % 3, 9 * i, ["jpg", "png"][i % 2]), width, 97);
    }
    let expected = place.files("expected");
    (place, expected)
}

/// All is as one run would leave it: every good image once, every bad one named once, nothing beside them.
fn check(place: &Place, expected: &BTreeMap<String, Vec<u8>>) {
    let results = place.files("out");
    assert!(&results == expected, "{:?}", results.keys().collect::<Vec<_>>());
    let lines = String::from_utf8(place.read(&format!("out/{}", manifest::NAME))).unwrap();
    let of_run = lines.rfind("{\"line\":\"run\"").unwrap();
    let count = |kind: &str| lines[of_run..].matches(&format!("{{\"line\":\"{kind}\"")).count();
    assert_eq!((count("run"), count("end")), (1, 1), "{lines}");
    let manifest = Manifest::read(&place.path("out")).unwrap().unwrap();
    let failed: Vec<_> = manifest.images().filter(|image| image.result == ResultName::Failed).collect();
    assert_eq!((failed.len(), manifest.unfinished()), (CRASHING.len() + 1, 0));
    for (width, signal) in CRASHING {
        let image = failed.iter().find(|image| image.input.path.contains(&format!("x {width}."))).unwrap();
        let failure = image.failure.as_ref().unwrap();
        assert_eq!((failure.stage.as_str(), failure.passing), ("decode", false));
        assert_eq!(failure.cause, format!("the decoder crashed ({signal})"));
    }
    let status = place.run(&["status", "out", "--verify"]).ends(1).stdout;
    assert!(status.starts_with("out: 60 images done, 6 failed\nthe last run came to its end: "), "{status}");
}

#[test]
fn a_decoder_that_crashes_fails_its_file_and_no_other() {
    let (place, expected) = place();
    let ran = run(&place, &[]).ends(1).says(&[
        "60 images done, 6 failed in ",
        "note: went on in a fresh process after 5 crashes; ",
        "in/0/000x 101.jpg: decode: the decoder crashed (SIGSEGV, as where a stack overflows); going on without it\n",
        "failed: in/2/018x 107.jpg: decode: the decoder crashed (SIGABRT) (please report it with the image)\n",
        "failed: in/broken.png: decode: ",
    ]);
    assert_eq!(ran.stderr.matches("going on without it").count(), CRASHING.len());
    check(&place, &expected);
    let lines = place.read(&format!("out/{}", manifest::NAME));
    assert_eq!(lines.split(|byte| *byte == b'\n').count(), 1 + 60 + 6 + 1 + 1, "each image has one line");

    run(&place, &["--resume"])
        .ends(1)
        .says(&["0 images done, 6 failed, 60 skipped", "as before; --retry-failed tries"]);
    let ran =
        run(&place, &["--retry-failed"]).ends(1).says(&["0 images done, 6 failed, 60 skipped", "after 5 crashes"]);
    assert!(!ran.stderr.contains("as before"), "{}", ran.stderr);
    run(&place, &["--skip-existing"]).ends(1).says(&["0 images done, 6 failed, 60 skipped", "after 5 crashes"]);
    let json = run(&place, &["--overwrite", "--json"]).ends(1).json();
    assert_eq!(
        (&json["images"]["done"], &json["images"]["failed"], &json["crashes"]),
        (&60.into(), &6.into(), &5.into())
    );
    let outcomes = json["outcomes"].as_array().unwrap();
    let done: Vec<_> = outcomes.iter().filter(|outcome| outcome["status"] == "done").collect();
    assert_eq!((outcomes.len(), done.len()), (66, 60));
    let whole = |outcome: &&serde_json::Value| outcome["width"].as_u64() >= Some(40) && outcome["input_pixels"] != 0;
    assert!(done.iter().all(whole), "{json}");
    check(&place, &expected);
}

#[test]
fn what_was_asked_for_holds_after_a_crash() {
    let (place, expected) = place();
    // The recipe can be read once, and stops with the first failure.
    place.put("recipe", b"gaussian_blur:2,\ninvert");
    let options = ["-i", "in", "--recursive", "-o", "out", "-j", "2", "--recipe", "/dev/stdin"];
    let with_recipe = |more: &[&str]| {
        let mut command = failing_calls::command(&place, "crashes", "-", &[&options[..], more].concat());
        let mut pipe = Command::new("cat").arg(place.path("recipe")).stdout(Stdio::piped()).spawn().unwrap();
        let ran = Ran::of(command.stdin(pipe.stdout.take().unwrap()).output().unwrap());
        pipe.wait().unwrap();
        ran
    };
    with_recipe(&["--max-failures", "2"]).ends(1).says(&[", 2 failed, ", " not done in ", "after "]);
    with_recipe(&["--resume", "--durable", "--timeout", "20s"]).ends(1).says(&[" 6 failed"]);
    check(&place, &expected);
}

#[test]
fn a_run_that_is_being_stopped_takes_up_nothing_after_a_crash() {
    let place = Place::new();
    // Each would hold the only worker for two seconds and then crash.
    (0..5).for_each(|i| place.draw(&format!("in/{i}.png"), 111, 97));
    let mut command = failing_calls::command(&place, "crashes", "-", &["-i", "in", "-o", "out", "-j", "1"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    place.wait_for("out", |name| name == manifest::NAME);
    std::thread::sleep(Duration::from_millis(700));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(130);
    ran.says(&["stopping: ", "1 failed, 4 not done, interrupted", "the decoder crashed (SIGABRT)"]);
}

#[test]
fn the_handler_leaves_room_on_its_stack() {
    let (place, expected) = place();
    let options = ["-i", "in", "--recursive", "-o", "out", "-r", "gaussian_blur:2,invert", "-j", "2"];
    let ran = Ran::of(failing_calls::command(&place, "crashes", "measured", &options).output().unwrap()).ends(1);
    let told: Vec<&str> = ran.stderr.lines().filter_map(|line| line.strip_prefix("handler's stack: ")).collect();
    assert_eq!(told.len(), CRASHING.len(), "{}", ran.stderr);
    for line in told {
        let (used, size) = line.trim_end_matches(" bytes").split_once(" of ").unwrap();
        let (used, size): (usize, usize) = (used.parse().unwrap(), size.parse().unwrap());
        assert!(used > 200 && 4 * used < 3 * size, "{line}");
    }
    check(&place, &expected);
}

#[test]
fn a_crash_in_the_handler_ends_the_process() {
    const SIGSEGV: i32 = 11;
    let place = Place::new();
    (0..4).for_each(|i| place.draw(&format!("in/{i}.png"), 107, 97));
    let mut child = failing_calls::command(&place, "crashes", "again", &["-i", "in", "-j", "2"]).spawn().unwrap();
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(100));
        if let Some(status) = child.try_wait().unwrap() {
            return assert_eq!(status.signal(), Some(SIGSEGV));
        }
    }
    child.kill().unwrap();
    panic!("it hangs");
}

#[test]
fn a_crash_elsewhere_or_without_a_manifest_ends_the_process() {
    const SIGABRT: i32 = 6;
    let place = Place::new();
    place.draw("in/a.png", 300, 200);
    let status =
        failing_calls::command(&place, "crashes", "-", &["-i", "in", "-r", "crop:107x97"]).output().unwrap().status;
    assert_eq!(status.signal(), Some(SIGABRT));
    place.draw("in/b.png", 107, 97);
    let status = command(&place, &["--no-manifest"]).output().unwrap().status;
    assert_eq!(status.signal(), Some(SIGABRT));
    // A record that is none: nothing is done twice, but for all the user knows nothing is done.
    let mut command = command(&place, &["--overwrite"]);
    File::create(place.path("record")).unwrap();
    let ran = Ran::of(command.env("IMGPROC_RESTART", place.path("record")).output().unwrap());
    ran.ends(2).says(&["can't go on after a crash: "]);
}
