//! `imgproc compare`, from files to figures.

use serde_json::Value;

use super::support::Place;

/// Four small images, compared on every backend that a machine of the tests may have; a GPU has none of them here.
fn compared(place: &Place, more: &[&str]) -> Value {
    place.draw_many(4, 40, 30);
    let arguments = ["compare", "-i", "in", "-r", "grayscale,gaussian_blur:2,sobel", "--images", "6", "--runs", "2"];
    let small = ["-j", "2", "--source-delay", "30ms", "--json"];
    place.run(&[&arguments[..], &small, more].concat()).ends(0).json()
}

fn rows(document: &Value, load: usize) -> &Vec<Value> {
    document["loads"][load]["runs"].as_array().unwrap()
}

#[test]
fn every_combination_has_figures_or_a_reason() {
    let place = Place::new();
    let document = compared(&place, &["--backends", "cpu,software,gpu", "--adapter", "no such adapter"]);
    assert_eq!(document["format"], "imgproc report 1");
    for (load, name) in ["waiting-bound", "work-bound"].into_iter().enumerate() {
        assert_eq!(document["loads"][load]["name"], name);
        for run in rows(&document, load) {
            if run["backend"] == "cpu" {
                assert_eq!(run["figures"]["seconds"].as_array().unwrap().len(), 2, "{run}");
                assert!(run["figures"]["images_per_second"].as_f64().unwrap() > 0.0, "{run}");
                let timeline = &run["timeline"];
                assert_eq!(timeline["images"].as_array().unwrap().len(), 6);
                assert!(timeline["spans"].as_array().unwrap().len() >= 6 * 5, "{run}");
            } else {
                assert!(run["unavailable"].as_str().unwrap().contains("no such adapter"), "{run}");
            }
        }
    }
    // Six reads of 30 ms each, one after another; and all at once.
    let seconds = |row: usize| rows(&document, 0)[row]["figures"]["seconds"][0].as_f64().unwrap();
    assert!(seconds(0) >= 0.18 && seconds(3) < seconds(0), "{} s, {} s", seconds(0), seconds(3));
    assert!(rows(&document, 0)[0]["figures"]["waiting"].as_f64().unwrap() > 0.5);
    let verdict = document["verdict"].to_string();
    assert!(verdict.contains("all combinations gave the same pixels") && !verdict.contains("change"), "{verdict}");
    assert!(place.names(".").iter().all(|name| name.starts_with("in/")), "{:?}", place.names("."));
}

#[test]
fn a_device_gives_pixels_as_near_as_it_must() {
    let place = Place::new();
    let adapter = std::env::var("IMGPROC_TEST_ADAPTER").unwrap_or_else(|_| "software".into());
    let backends = format!("cpu,{adapter}");
    let document =
        compared(&place, &["--backends", &backends, "--schedules", "sequential,overlapped", "--loads", "work"]);
    let device = &rows(&document, 0)[3];
    assert_eq!((&device["backend"], &device["schedule"]), (&Value::from(adapter), &Value::from("overlapped")));
    let pixels = &device["pixels"];
    assert_eq!((&pixels["against"], &pixels["tolerance"]), (&"sequential, cpu".into(), &1.0.into()));
    assert_eq!(pixels["samples"].as_u64(), Some(4 * 40 * 30));
    assert!(pixels["largest"].as_f64().unwrap() <= 1.0, "{pixels}");
    assert!(device["figures"]["device_busy"].as_f64().unwrap() > 0.0);
    assert!(document["pictures"][0]["before"].as_str().unwrap().starts_with("data:image/"));
}

#[test]
fn what_fails_is_left_out_and_told() {
    let place = Place::new();
    place.put("in/broken.png", b"\x89PNG\r\n\x1a\nand no more");
    let arguments = ["--backends", "cpu", "--schedules", "overlapped", "--loads", "work"];
    let document = compared(&place, &arguments);
    let verdict = document["verdict"].to_string();
    assert!(verdict.contains("1 left out because they fail"), "{verdict}");

    let place = Place::new();
    place.put("in/broken.png", b"\x89PNG\r\n\x1a\nand no more");
    place.run(&["compare", "-i", "in", "--backends", "cpu"]).ends(2).says(&["no image succeeds"]);
    place.run(&["compare", "-i", "nowhere"]).ends(2).says(&["there is no nowhere"]);
    place.run(&["compare", "-i", "in", "-r", "sobl"]).ends(2).says(&["sobel"]);
    place.run(&["compare", "-i", "in", "--report", "no/where.html"]).ends(2).says(&["there is no directory no"]);
}
