//! Whole runs: what comes out, and what becomes of bad files among good ones.

use crate::support::{Place, sixteen_bit_png, translucent_png};

#[test]
fn a_directory_goes_through_the_default_recipe() {
    let place = Place::new();
    place.draw("in/a.png", 40, 30);
    place.draw("in/b.jpg", 33, 21);
    place.run(&["-i", "in"]).ends(0).says(&["2 images done", "auto: ", "bound by"]);
    assert_eq!(place.names("imgproc-out"), ["a.png", "b.jpg"]);
    let edges = image::load_from_memory(&place.read("imgproc-out/a.png")).unwrap();
    assert_eq!((edges.width(), edges.height(), edges.color()), (40, 30, image::ColorType::L8));
}

#[test]
fn results_are_those_of_the_recipe() {
    let place = Place::new();
    place.draw("in/a.png", 40, 30);
    place.run_cpu(&["-i", "in", "-r", "invert"]).ends(0);
    let source = image::load_from_memory(&place.read("in/a.png")).unwrap().to_rgb8();
    let result = image::load_from_memory(&place.read("imgproc-out/a.png")).unwrap().to_rgb8();
    for (s, r) in source.pixels().zip(result.pixels()) {
        assert_eq!(s.0.map(|v| 255 - v), r.0);
    }
}

#[test]
fn every_schedule_and_number_of_workers_gives_the_same_bytes() {
    let place = Place::new();
    for i in 0..12 {
        place.draw(&format!("in/{i}.{}", ["png", "jpg", "bmp", "tif"][i % 4]), 30 + 17 * i as u32, 90 - 5 * i as u32);
    }
    let mut expected = None;
    for schedule in ["sequential", "parallel", "concurrent", "overlapped"] {
        for jobs in ["1", "2", "3"] {
            let output = format!("out-{schedule}-{jobs}");
            let recipe = "gaussian_blur:1.2,median:1,resize:60%,sobel";
            let options = ["--schedule", schedule, "-j", jobs, "--in-flight", "3", "-o", &output];
            place.run_cpu(&[&["-i", "in", "-r", recipe], &options[..]].concat()).ends(0);
            let files = place.files(&output);
            assert_eq!(files.len(), 12);
            assert!(expected.get_or_insert(files.clone()) == &files, "{schedule} with {jobs} workers differs");
        }
    }
}

#[test]
fn a_tiny_budget_only_slows_down() {
    let place = Place::new();
    place.draw_many(6, 100, 80);
    place.run_cpu(&["-i", "in", "-o", "wide"]).ends(0);
    for schedule in ["parallel", "overlapped"] {
        place.run_cpu(&["-i", "in", "-o", schedule, "--memory", "1K", "-j", "3", "--schedule", schedule]).ends(0);
        assert!(place.files("wide") == place.files(schedule));
    }
}

#[test]
fn a_header_far_inside_the_file_is_found() {
    let place = Place::new();
    place.draw("a.tif", 300, 200);
    assert!(place.read("a.tif").len() > 128 * 1024, "the directory of this TIFF stands behind its pixels");
    for memory in ["1K", "200K", "1G"] {
        place.run_cpu(&["-i", "a.tif", "-r", "resize:400%", "--memory", memory, "--overwrite"]).ends(0);
    }
}

#[test]
fn bad_files_fail_alone() {
    let place = Place::new();
    place.draw_many(4, 60, 40);
    let good = place.read("in/000.png");
    place.put("in/empty.png", b"");
    place.put("in/text.jpg", b"this is no image at all");
    place.put("in/truncated.png", &good[..good.len() / 2]);
    for schedule in ["sequential", "parallel", "concurrent", "overlapped"] {
        let ran = place.run_cpu(&["-i", "in", "-o", schedule, "--schedule", schedule]).ends(1);
        ran.says(&[
            "4 images done, 3 failed",
            "in/empty.png: decode: ",
            "in/text.jpg: decode: ",
            "in/truncated.png: decode: ",
        ]);
        assert_eq!(place.names(schedule), ["000.png", "001.png", "002.png", "003.png"]);
    }
}

#[test]
fn a_refusal_of_the_recipe_is_told_before_the_file_is_decoded() {
    let place = Place::new();
    place.draw("in/small.png", 20, 20);
    place.draw("in/large.png", 50, 50);
    let ran = place.run_cpu(&["-i", "in", "-r", "crop:30x30"]).ends(1);
    ran.says(&["1 image done, 1 failed", "in/small.png: compute: "]);
    assert_eq!(place.names("imgproc-out"), ["large.png"]);
}

#[test]
fn images_over_the_limit_of_pixels_fail() {
    let place = Place::new();
    place.draw("in/a.png", 100, 100);
    let ran = place.run_cpu(&["-i", "in", "--max-pixels", "9K"]).ends(1);
    ran.says(&["in/a.png: decode: 100x100 px", "--max-pixels"]);
    place.run_cpu(&["-i", "in", "--max-pixels", "10K"]).ends(0);
}

#[test]
fn the_first_failure_ends_the_run_if_asked() {
    let place = Place::new();
    place.draw_many(60, 30, 20);
    let good = place.read("in/000.png");
    place.put("in/000.png", &good[..good.len() / 2]);
    let ran = place.run_cpu(&["-i", "in", "--fail-fast", "--schedule", "sequential"]).ends(1);
    ran.says(&["1 failed", "not done", "with --resume does"]);
    assert!(place.names("imgproc-out").len() < 59);
    assert!(place.run(&["status"]).ends(1).stdout.contains("\nthe last run ended early: "));
}

#[test]
fn what_the_format_cannot_hold_is_said_once() {
    let place = Place::new();
    for i in 0..3 {
        place.put(&format!("in/deep{i}.png"), &sixteen_bit_png(20, 10));
        place.put(&format!("in/clear{i}.png"), &translucent_png(20, 10));
    }
    let ran = place.run_cpu(&["-i", "in", "-r", "invert", "-f", "jpeg"]).ends(0);
    let notes: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("note:")).collect();
    assert_eq!(notes.len(), 2, "{}", ran.stderr);
    assert!(notes.iter().all(|note| note.ends_with("(3 images)")), "{notes:?}");
}

#[test]
fn depth_stays_unless_asked_otherwise() {
    let place = Place::new();
    place.put("a.png", &sixteen_bit_png(20, 10));
    let depth = |options: &[&str]| {
        place.run_cpu(&[&["-i", "a.png", "-r", "invert", "--overwrite"], options].concat()).ends(0);
        image::load_from_memory(&place.read("imgproc-out/a.png")).unwrap().color()
    };
    assert_eq!(depth(&[]), image::ColorType::L16);
    assert_eq!(depth(&["--depth", "8"]), image::ColorType::L8);
    place.draw("a.png", 20, 10);
    assert_eq!(depth(&["--depth", "16"]), image::ColorType::Rgb16);
}
