//! Runs that are stopped, killed, or met by another.
#![cfg(unix)]

use std::process::{Child, Command};

use crate::support::{Place, Ran};

/// Images of a run that is stopped; each takes some milliseconds, so that it lasts for seconds.
const MANY: usize = 150;
/// Slow on purpose.
const SLOW: &[&str] = &["-i", "in", "-r", "gaussian_blur:6,median:20,median:20,median:20", "-j", "1"];

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn slow_place() -> Place {
    let place = Place::new();
    place.draw_many(MANY, 200, 150);
    place
}

/// A result is there, so the run is in the middle.
fn wait_for_first(place: &Place) {
    place.wait_for("imgproc-out", |name| name.ends_with(".png"));
}

/// Every file of the output is a whole image of the right size, and none but those is there.
fn check_whole(place: &Place) -> usize {
    let files = place.files("imgproc-out");
    for (name, bytes) in &files {
        assert!(name.ends_with(".png") && !name.starts_with('.'), "{name} was left");
        let image = image::load_from_memory(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((image.width(), image.height()), (200, 150), "{name}");
    }
    files.len()
}

fn stopped_by(name: &str, schedule: &str) {
    let place = slow_place();
    let child = place.start_cpu(&[SLOW, &["--schedule", schedule]].concat());
    wait_for_first(&place);
    signal(&child, name);
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(130);
    let done = check_whole(&place);
    assert!(done < MANY, "the run was over before the signal came");
    ran.says(&[&format!("{done} image"), "not done, interrupted", "bound by"]);
}

#[test]
fn the_first_interrupt_finishes_what_is_in_flight() {
    stopped_by("-INT", "overlapped");
}

#[test]
fn it_does_so_where_workers_read_for_themselves() {
    stopped_by("-INT", "parallel");
}

#[test]
fn it_does_so_where_one_worker_works() {
    stopped_by("-INT", "concurrent");
}

#[test]
fn a_request_to_terminate_leaves_at_once_and_only_whole_results() {
    let place = slow_place();
    let child = place.start_cpu(SLOW);
    wait_for_first(&place);
    signal(&child, "-TERM");
    Ran::of(child.wait_with_output().unwrap()).ends(130).says(&["not done, interrupted", "with --resume does"]);
    assert!(check_whole(&place) < MANY, "the run was over before the signal came");
}

#[test]
fn the_second_interrupt_leaves_everything() {
    let place = Place::new();
    // One image takes far longer than the test waits.
    place.draw("in/a.png", 60, 40);
    place.draw("in/b.png", 3000, 3000);
    let child = place.start_cpu(&["-i", "in", "-r", "median:10,median:10,median:10,median:10", "-j", "1"]);
    wait_for_first(&place);
    signal(&child, "-INT");
    std::thread::sleep(std::time::Duration::from_millis(100));
    signal(&child, "-INT");
    Ran::of(child.wait_with_output().unwrap()).ends(130).says(&["1 image done, 1 not done, interrupted"]);
    assert_eq!(place.names("imgproc-out"), ["a.png"]);
}

#[test]
fn json_is_whole_after_an_interrupt() {
    let place = slow_place();
    let child = place.start_cpu(&[SLOW, &["--json"]].concat());
    wait_for_first(&place);
    signal(&child, "-INT");
    let document = Ran::of(child.wait_with_output().unwrap()).ends(130).json();
    let count = |what: &str| document["images"][what].as_u64().unwrap() as usize;
    assert_eq!(document["interrupted"], true);
    assert_eq!(count("done") + count("not_done"), MANY);
    assert_eq!(count("done"), check_whole(&place));
}

#[test]
fn what_a_killed_run_left_is_cleared_and_the_rest_done() {
    let place = slow_place();
    let mut child = place.start_cpu(SLOW);
    wait_for_first(&place);
    signal(&child, "-KILL");
    child.wait().unwrap();
    // As if it had died in the middle of a write.
    place.put("imgproc-out/.imgproc-dead01.tmp", b"half a fi");
    assert!(place.names("imgproc-out").iter().any(|name| name == ".imgproc.lock"));
    place.run_cpu(&["-i", "in", "--skip-existing"]).ends(0);
    assert_eq!(check_whole(&place), MANY);
}

#[test]
fn two_runs_do_not_share_an_output() {
    let place = slow_place();
    let child = place.start_cpu(SLOW);
    place.wait_for("imgproc-out", |name| name == ".imgproc.lock");
    let ran = place.run_cpu(&["-i", "in"]).ends(2);
    ran.says(&["error: another run is writing to imgproc-out", "help: "]);
    place.run_cpu(&["-i", "in", "-o", "elsewhere"]).ends(0);
    signal(&child, "-INT");
    Ran::of(child.wait_with_output().unwrap()).ends(130);
    check_whole(&place);
}
