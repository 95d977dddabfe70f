//! What is said, where, and with which exit code.

use crate::support::{Place, Ran};

#[test]
fn no_arguments_are_answered_with_help() {
    let ran = Place::new().run(&[]).ends(2);
    assert!(ran.stderr.contains("Usage: imgproc") && ran.stderr.contains("Examples:"), "{}", ran.stderr);
    let help = Place::new().run(&["--help"]).ends(0);
    assert!(help.stdout.contains("--schedule") && help.stderr.is_empty());
}

#[test]
fn bad_usage_is_an_error() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    for arguments in [
        &["--nonsense"][..],
        &["-i"],
        &["-r", "invert"],
        &["-i", "in", "-q", "101"],
        &["-i", "in", "--memory", "lots"],
        &["-i", "in", "--backend", "cpu", "--adapter", "0"],
        &["-i", "in", "--backend", "cpu", "--gpu-memory", "1G"],
        &["ops", "--plan", "sobell"],
        &["-i", "in", "--recipe", "missing.txt"],
        &["ops", "no_such_operation"],
    ] {
        let ran = place.run(arguments).ends(2);
        assert!(ran.stderr.starts_with("error: "), "{arguments:?}: {}", ran.stderr);
        assert!(!place.path("imgproc-out").exists(), "{arguments:?}");
    }
}

#[test]
fn a_path_in_place_of_a_command_is_understood() {
    let place = Place::new();
    place.draw("photos/a.png", 8, 8);
    place
        .run(&["photos"])
        .ends(2)
        .says(&["error: there is no command photos", "help: for the images in it: imgproc -i photos"]);
    let ran = place.run(&["phots"]).ends(2);
    assert!(!ran.stderr.contains("imgproc -i"), "{}", ran.stderr);
}

#[test]
fn a_log_tells_of_every_image_if_asked() {
    let place = Place::new();
    place.draw_many(2, 8, 8);
    place.put("in/bad.png", b"no image");
    let ran = place.run_cpu(&["-i", "in", "-v"]).ends(1);
    ran.says(&["DEBUG", "input=\"in/000.png\"", "begin images=2", "2 images done"]);
    let with = |value: &str| {
        let mut command = place.command(&["--backend", "cpu", "-i", "in", "--overwrite", "--quiet"]);
        Ran::of(command.env("RUST_LOG", value).output().unwrap())
    };
    assert!(!with("imgproc=warn").ends(1).stderr.contains("DEBUG"));
    with("imgproc=trace").ends(1).says(&["TRACE", "decode"]);
    with("imgproc=loud").ends(2).says(&["error: RUST_LOG=imgproc=loud"]);
}

#[test]
fn a_run_that_does_nothing_is_bound_by_nothing() {
    let place = Place::new();
    for i in 0..12 {
        place.put(&format!("in/{i}.png"), b"no image");
    }
    let ran = place.run_cpu(&["-i", "in"]).ends(1).says(&["and 2 more failed", "     12 failed: decode: this is text"]);
    assert_eq!(ran.stderr.lines().last(), Some("no image was done"));
    let ran = place.run_cpu(&["-i", "in", "--quiet", "--overwrite"]).ends(1);
    assert_eq!(ran.stderr.lines().count(), 12, "{}", ran.stderr);
}

#[test]
fn a_fault_in_the_recipe_is_pointed_at() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    let ran = place.run_cpu(&["-i", "in", "-r", "invert,sobell"]).ends(2);
    ran.says(&["error: the recipe, column 8: ", "\n  invert,sobell\n         ^\n", "\nhelp: "]);
    place.put("recipe.txt", b"# two steps\ninvert\nsobell\n");
    let ran = place.run_cpu(&["-i", "in", "--recipe", "recipe.txt"]).ends(2);
    ran.says(&["error: recipe.txt:3:1: ", "\n  sobell\n  ^\n"]);
}

#[test]
fn a_recipe_may_stand_in_a_file() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.put("recipe.txt", b"# two steps\ninvert # the negative\nflip:horizontal\n");
    place.run_cpu(&["-i", "in", "--recipe", "recipe.txt", "-o", "file"]).ends(0);
    place.run_cpu(&["-i", "in", "-r", "invert,flip:horizontal", "-o", "line"]).ends(0);
    assert!(place.files("file") == place.files("line"));
}

#[test]
fn the_summary_stands_on_stderr_and_ends_with_the_verdict() {
    let place = Place::new();
    place.draw_many(5, 60, 40);
    let ran = place.run_cpu(&["-i", "in", "-j", "2"]).ends(0);
    assert_eq!(ran.stdout, "");
    for stage in ["read", "decode", "compute", "encode", "write"] {
        assert!(ran.stderr.lines().any(|line| line.starts_with(stage)), "no {stage} in:\n{}", ran.stderr);
    }
    assert!(ran.stderr.contains("MP/s") && ran.stderr.contains("cpu, overlapped, 2 workers"), "{}", ran.stderr);
    assert!(ran.stderr.lines().last().unwrap().starts_with("bound by"), "{}", ran.stderr);
}

#[test]
fn quiet_is_silent_but_for_failures() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    let ran = place.run_cpu(&["-i", "in", "--quiet"]).ends(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    place.put("in/b.png", b"");
    let ran = place.run_cpu(&["-i", "in", "--quiet", "--overwrite"]).ends(1);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "failed: in/b.png: decode: the file is empty\n"));
}

#[test]
fn a_pipe_gets_neither_progress_nor_colours() {
    let place = Place::new();
    place.draw_many(30, 60, 40);
    let ran = place.run_cpu(&["-i", "in"]).ends(0);
    assert!(!ran.stderr.contains(['\r', '\x1b']), "{:?}", ran.stderr);
    let coloured = place.run_cpu(&["-i", "in", "--color", "always"]).ends(2);
    assert!(coloured.stderr.starts_with("\x1b["), "{:?}", coloured.stderr);
}

#[test]
fn json_counts_what_happened() {
    let place = Place::new();
    place.draw_many(4, 60, 40);
    place.put("in/bad.png", b"nothing");
    place.put("in/notes.txt", b"notes");
    place.put("imgproc-out/001.png", b"mine");
    let ran = place.run_cpu(&["-i", "in", "--json", "--skip-existing"]).ends(1);
    assert_eq!(ran.stderr, "");
    let document = ran.json();
    let images = &document["images"];
    let count = |what: &str| images[what].as_u64().unwrap();
    assert_eq!((count("found"), count("done"), count("failed"), count("skipped")), (5, 3, 1, 1));
    assert_eq!((count("not_done"), count("other_files")), (0, 1));
    assert_eq!(document["backend"]["name"], "cpu");
    assert_eq!(document["stages"].as_array().unwrap().len(), 5);
    assert!(document["verdict"].as_str().unwrap().starts_with("bound by"));
    let outcomes = document["outcomes"].as_array().unwrap();
    let statuses: Vec<&str> = outcomes.iter().map(|o| o["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["done", "skipped", "done", "done", "failed"]);
    assert_eq!((outcomes[4]["stage"].as_str(), outcomes[4]["output"].as_str()), (Some("decode"), None));
    assert_eq!((outcomes[0]["width"].as_u64(), outcomes[0]["height"].as_u64()), (Some(60), Some(40)));
}

#[test]
fn every_instruction_set_of_the_processor_runs_and_gives_the_same_bytes() {
    let place = Place::new();
    place.draw_many(2, 333, 71);
    let recipe =
        "rotate:7,median:2,gaussian_blur:2,resize:61%,unsharp_mask,bilateral:3,saturation:1.4,erode:1:shape=disk";
    let names: Vec<&str> = imgproc::simd::available().into_iter().map(imgproc::simd::name).collect();
    let mut results = Vec::new();
    for name in &names {
        let arguments = ["--backend", "cpu", "-i", "in", "-r", recipe, "-f", "png", "-o", name, "--json"];
        let output = place.command(&arguments).env(imgproc::simd::VARIABLE, name).output().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["instruction_set"], *name);
        results.push(std::fs::read(place.path(&format!("{name}/000.png"))).unwrap());
    }
    assert!(results.iter().all(|bytes| *bytes == results[0]), "{names:?}");
    let refused = place.command(&["-i", "in"]).env(imgproc::simd::VARIABLE, "mmx").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("this processor has"));
}

#[test]
fn json_of_a_dry_run_lists_the_jobs() {
    let place = Place::new();
    place.draw_many(2, 8, 8);
    let document = place.run_cpu(&["-i", "in", "--json", "--dry-run"]).ends(0).json();
    assert_eq!((document["dry_run"].as_bool(), document["jobs"].as_array().unwrap().len()), (Some(true), 2));
}

#[test]
fn the_catalogue_comes_from_the_registry() {
    let place = Place::new();
    let table = place.run(&["ops"]).ends(0).stdout;
    for spec in imgproc::ops::registry() {
        assert!(table.lines().any(|line| line.starts_with(spec.name)), "no {} in:\n{table}", spec.name);
        let page = place.run(&["ops", spec.name]).ends(0).stdout;
        for parameter in spec.parameters {
            assert!(page.contains(parameter.name) && page.contains(parameter.doc), "{page}");
        }
        assert!(page.contains(spec.reference) && page.contains(spec.example), "{page}");
    }
}

#[test]
fn completions_name_the_options() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell]).ends(0).stdout;
        assert!(script.contains("skip-existing") && script.contains("completions"), "{shell}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let place = Place::new();
    let mut child = place.command(&["completions", "bash"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(0);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[test]
fn the_readme_shows_the_catalogue_as_it_is() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap().replace('\r', "");
    let table = Place::new().run(&["ops", "--markdown"]).ends(0).stdout;
    assert!(readme.contains(&table), "put the output of `imgproc ops --markdown` into README.md:\n{table}");
}

#[test]
fn a_result_beyond_the_limit_fails_its_image() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    let ran = place.run_cpu(&["-i", "in", "-r", "resize:60000x60000:fit=fill"]).ends(1);
    ran.says(&["failed: in/a.png: compute: the recipe would make 60000x", "--max-pixels raises it"]);
    place.run_cpu(&["-i", "in", "-r", "resize:90x90:fit=fill", "--max-pixels", "100", "--overwrite"]).ends(1);
}

#[cfg(feature = "gpu")]
#[test]
fn the_doctor_finds_the_tested_adapter_sound() {
    let ran = Place::new().run(&["doctor", "--json"]);
    assert!(ran.stdout.contains("\"healthy\": true") && ran.stdout.contains("\"failures\": []"), "{}", ran.stdout);
    let ran = ran.ends(0);
    assert!(ran.stdout.contains("\"warnings\""), "{}", ran.stdout);
}

#[cfg(feature = "gpu")]
#[test]
fn a_plan_shows_its_passes_and_their_shaders() {
    let recipe = "grayscale,gaussian_blur:1.4,sobel";
    let ran = Place::new().run(&["ops", "--plan", recipe, "--size", "200x100", "--channels", "rgb"]).ends(0);
    assert_eq!(ran.stdout.lines().filter(|line| line.contains(" MiB")).count(), 3 + 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("grayscale > axis vertical") && !ran.stdout.contains("fn main"), "{}", ran.stdout);
    let ran = Place::new().run(&["ops", "--plan", "invert", "--wgsl"]).ends(0);
    assert!(ran.stdout.contains("fn invert(") && ran.stdout.contains("fn main("), "{}", ran.stdout);
}
