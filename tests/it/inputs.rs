//! What is taken as input.

use crate::support::Place;

#[test]
fn directories_below_only_if_asked_and_then_as_a_tree() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.draw("in/x/b.png", 8, 8);
    place.draw("in/x/y/a.png", 8, 8);
    place.run_cpu(&["-i", "in", "-o", "flat"]).ends(0);
    assert_eq!(place.names("flat"), ["a.png"]);
    place.run_cpu(&["-i", "in", "-o", "tree", "--recursive"]).ends(0);
    assert_eq!(place.names("tree"), ["a.png", "x/b.png", "x/y/a.png"]);
}

#[test]
fn patterns_are_expanded_here() {
    let place = Place::new();
    place.draw("in/a1.png", 8, 8);
    place.draw("in/a2.jpg", 8, 8);
    place.draw("in/b1.png", 8, 8);
    place.run_cpu(&["-i", "in/a*"]).ends(0);
    assert_eq!(place.names("imgproc-out"), ["a1.png", "a2.jpg"]);
    place.run_cpu(&["-i", "**/b?.png", "-o", "deep"]).ends(0);
    assert_eq!(place.names("deep"), ["b1.png"]);
    place.run_cpu(&["-i", "in/c*"]).ends(2).says(&["nothing matches in/c*"]);
    place.run_cpu(&["-i", "in/[a"]).ends(2).says(&["is no pattern"]);
}

#[test]
fn a_name_that_looks_like_a_pattern_is_a_name() {
    let place = Place::new();
    place.draw("in/a[1].png", 8, 8);
    place.run_cpu(&["-i", "in/a[1].png"]).ends(0);
    assert_eq!(place.names("imgproc-out"), ["a[1].png"]);
}

#[test]
fn in_directories_other_files_are_passed_over_and_counted() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.put("in/notes.txt", b"notes");
    place.put("in/.hidden.png", b"broken");
    place.put("in/unnamed", &place.read("in/a.png"));
    place.run_cpu(&["-i", "in"]).ends(0).says(&["2 images done", "1 other file skipped"]);
    assert_eq!(place.names("imgproc-out"), ["a.png", "unnamed.png"]);
}

#[test]
fn a_file_that_is_named_is_always_taken() {
    let place = Place::new();
    place.put("notes.txt", b"notes");
    place.run_cpu(&["-i", "notes.txt"]).ends(1).says(&["failed: notes.txt: decode: "]);
    assert!(place.names("imgproc-out").is_empty());
}

#[test]
fn the_format_is_told_by_content() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.put("in/b.jpg", &place.read("in/a.png"));
    place.run_cpu(&["-i", "in"]).ends(0);
    assert_eq!(place.names("imgproc-out"), ["a.png", "b.png"]);
}

#[test]
fn formats_that_are_only_read_become_png() {
    let place = Place::new();
    place.draw("in/a.gif", 8, 8);
    place.draw("in/b.ppm", 8, 8);
    place.run_cpu(&["-i", "in"]).ends(0);
    assert_eq!(place.names("imgproc-out"), ["a.png", "b.png"]);
}

#[test]
fn the_output_directory_is_never_input() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    for _ in 0..2 {
        let ran = place.run_cpu(&["-i", "in", "-o", "in/out", "--recursive", "--overwrite"]).ends(0);
        ran.says(&["1 image done"]);
    }
    assert_eq!(place.names("in"), ["a.png", "out/a.png"]);
}

#[test]
fn a_file_named_twice_is_done_once() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.run_cpu(&["-i", "in", "in/a.png", "./in/a.png"]).ends(0).says(&["1 image done"]);
}

#[test]
fn nothing_found_says_what_was_looked_for() {
    let place = Place::new();
    place.put("in/notes.txt", b"notes");
    place.draw("in/below/a.png", 8, 8);
    place.run_cpu(&["-i", "in"]).ends(2).says(&["error: no images in in: 1 file there is no image", "--recursive"]);
    place.run_cpu(&["-i", "missing"]).ends(2).says(&["error: there is no missing"]);
    assert!(!place.path("imgproc-out").exists());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_fails_alone() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    std::os::unix::fs::symlink("nowhere", place.path("in/dangling.png")).unwrap();
    place.run_cpu(&["-i", "in"]).ends(1).says(&["1 image done, 1 failed", "in/dangling.png: read: "]);
}
