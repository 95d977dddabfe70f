//! What is written, and what is not.

use crate::support::Place;

#[test]
fn two_inputs_on_one_name_are_an_error_that_names_both() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.draw("in/a.jpg", 8, 8);
    place.run_cpu(&["-i", "in", "-f", "png"]).ends(2).says(&["in/a.jpg and in/a.png would both become"]);
    assert!(!place.path("imgproc-out").exists());
    place.run_cpu(&["-i", "in"]).ends(0);
}

#[test]
fn an_input_is_never_overwritten() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    let before = place.files("in");
    place.run_cpu(&["-i", "in", "-o", "in", "--overwrite"]).ends(2).says(&["would overwrite the input"]);
    place.run_cpu(&["-i", "in/a.png", "-o", "./in/../in", "--overwrite"]).ends(2);
    assert!(place.files("in") == before);
    place.run_cpu(&["-i", "in", "-o", "in", "-f", "jpeg"]).ends(0);
    assert_eq!(place.names("in"), ["a.jpg", "a.png"]);
}

#[test]
fn results_that_exist_are_refused_replaced_or_left() {
    let place = Place::new();
    place.draw_many(3, 8, 8);
    place.put("imgproc-out/001.png", b"mine");
    let ran = place.run_cpu(&["-i", "in"]).ends(2);
    ran.says(&["1 of 3 outputs exist already", "001.png", "--overwrite", "--skip-existing"]);
    assert_eq!(place.names("imgproc-out"), ["001.png"]);
    place.run_cpu(&["-i", "in", "--skip-existing"]).ends(0).says(&["2 images done, 1 skipped"]);
    assert_eq!(place.read("imgproc-out/001.png"), b"mine");
    place.run_cpu(&["-i", "in", "--overwrite"]).ends(0).says(&["3 images done"]);
    assert_ne!(place.read("imgproc-out/001.png"), b"mine");
}

#[test]
fn a_dry_run_only_tells() {
    let place = Place::new();
    place.draw_many(2, 8, 8);
    let ran = place.run_cpu(&["-i", "in", "--dry-run", "-f", "jpeg"]).ends(0);
    let line = |name: &str| {
        let input = std::path::Path::new("in").join(format!("{name}.png"));
        let output = std::path::Path::new("imgproc-out").join(format!("{name}.jpg"));
        format!("{} -> {}\n", input.display(), output.display())
    };
    assert_eq!((ran.stdout, ran.stderr), (line("000") + &line("001"), String::new()));
    assert_eq!(place.names("."), ["in/000.png", "in/001.png"]);
    assert!(!place.path("imgproc-out").exists());
}

#[test]
fn no_traces_are_left() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.run_cpu(&["-i", "in"]).ends(0);
    assert_eq!(place.names("imgproc-out"), ["a.png"]);
}

#[cfg(unix)]
#[test]
fn results_can_be_read_by_whom_the_umask_lets() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.run_cpu(&["-i", "in"]).ends(0);
    let mode = |path: &str| place.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("imgproc-out/a.png"), mode("in/a.png"));
}

#[test]
fn where_nothing_can_be_written_nothing_is_begun() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.put("taken", b"a file");
    place.run_cpu(&["-i", "in", "-o", "taken"]).ends(2).says(&["can't write to taken"]);
}

#[test]
fn a_result_that_cannot_be_written_fails_alone() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.draw("in/b.png", 8, 8);
    place.put("imgproc-out/a.png/in_the_way", b"");
    let ran = place.run_cpu(&["-i", "in", "--overwrite"]).ends(1);
    ran.says(&["1 image done, 1 failed", "in/a.png: write: "]);
    assert_eq!(place.names("imgproc-out"), ["a.png/in_the_way", "b.png"]);
}
