//! What the system answers on a bad day: calls that are interrupted, fail, or never return.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Place, Ran};

const FAULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults.c");

/// Runs the main job on the CPU, with faults for files whose paths hold `at`.
fn run(place: &Place, fault: &str, at: &str, arguments: &[&str]) -> Ran {
    Ran::of(command(place, fault, at, arguments).output().unwrap())
}

pub fn command(place: &Place, fault: &str, at: &str, arguments: &[&str]) -> Command {
    let library = place.path("faults.so");
    if !library.exists() {
        let mut compiler = Command::new("cc");
        let status =
            compiler.args(["-shared", "-fPIC", "-Wl,-z,now", "-o"]).arg(&library).args([FAULTS, "-ldl"]).status();
        assert!(status.expect("Rust links by cc, too").success());
    }
    let mut command = place.command(&[&["--backend", "cpu"], arguments].concat());
    command.env("LD_PRELOAD", library).env("FAULT", fault).env("FAULT_AT", at);
    command
}

#[test]
fn calls_that_are_interrupted_or_do_less_than_asked_are_gone_on_with() {
    let place = Place::new();
    place.draw_many(5, 60, 40);
    place.run_cpu(&["-i", "in", "-o", "undisturbed"]).ends(0);
    for schedule in ["parallel", "overlapped"] {
        let options = ["-i", "in", "-o", schedule, "--schedule", schedule, "--durable"];
        run(&place, "interrupted", "/", &options).ends(0).says(&["5 images done"]);
        assert_eq!(place.files(schedule), place.files("undisturbed"));
        run(&place, "interrupted", "/", &[&options[..], &["--resume", "--verify"]].concat())
            .ends(0)
            .says(&["0 images done, 5 skipped"]);
    }
}

#[test]
fn a_disk_that_fails_in_places_fails_those_images() {
    let place = Place::new();
    place.draw_many(4, 60, 40);
    let ran = run(&place, "broken", "in/002.png", &["-i", "in"]).ends(1);
    ran.says(&[
        "3 images done, 1 failed",
        "in/002.png: read: the disk could not be read or written (it may be failing",
    ]);
    let ran = run(&place, "broken", "out/.imgproc-", &["-i", "in", "-o", "out", "--max-failures", "2"]).ends(1);
    ran.says(&["write: the disk could not be read or written"]);
    assert!(place.names("out").is_empty());
}

#[test]
fn a_directory_that_never_answers_ends_the_run_before_it_begins() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.draw("in/hung/b.png", 8, 8);
    let begun = Instant::now();
    let options = ["-i", "in", "--recursive", "--timeout", "0.5s"];
    let ran = run(&place, "stalls", "in/hung", &options).ends(2);
    ran.says(&["no answer from in for 0.5 s", "help: what is mounted there may hang"]);
    assert!(begun.elapsed() < Duration::from_secs(20) && !place.path("imgproc-out").exists());
}

#[test]
fn an_output_directory_that_never_answers_ends_the_run_before_it_begins() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    for (fault, at, named) in
        [("stalls", "out", "out"), ("stalls", "out/a.png", "out"), ("stalls at mkdir", "out", "out")]
    {
        let begun = Instant::now();
        let ran = run(&place, fault, at, &["-i", "in", "-o", "out", "--timeout", "0.5s"]).ends(2);
        ran.says(&[&format!("no answer from {named} for 0.5 s"), "help: what is mounted there may hang"]);
        assert!(begun.elapsed() < Duration::from_secs(20) && place.names("out").is_empty());
    }
}

#[test]
fn a_quota_that_is_used_up_ends_the_run() {
    let place = Place::new();
    place.draw_many(30, 60, 40);
    let ran = run(&place, "quota", "out/.imgproc-", &["-i", "in", "-o", "out", "-j", "1"]).ends(1);
    ran.says(&[
        "write: the quota of disk space is used up (free some and go on with --resume)",
        "the run ended early",
        " not done",
    ]);
    assert!(place.names("out").is_empty());
    place.run_cpu(&["-i", "in", "-o", "out", "--resume"]).ends(0).says(&["30 images done"]);
}

#[test]
fn a_write_that_never_returns_is_given_up() {
    let place = Place::new();
    place.draw_many(3, 60, 40);
    let begun = Instant::now();
    let ran = run(&place, "hangs", "out/deep", &["-i", "in", "-o", "out/deep", "--timeout", "0.5s", "--no-manifest"]);
    ran.ends(1).says(&["3 failed", "write: it took longer than 0.5 s (--timeout says how long it may)"]);
    assert!(begun.elapsed() < Duration::from_secs(20) && place.names("out").is_empty());
}
