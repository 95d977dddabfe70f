//! Going on where an earlier run ended, and the manifest that tells where that was.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use imgproc::pipeline::manifest;

use crate::support::{Place, sixteen_bit_png};

const MANIFEST: &str = "imgproc-out/imgproc-manifest.jsonl";

fn lines(place: &Place, wanted: &str) -> Vec<serde_json::Value> {
    let text = String::from_utf8(place.read(MANIFEST)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["line"] == wanted).collect()
}

fn touch(place: &Place, path: &str, seconds_ago: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds_ago);
    File::options().write(true).open(place.path(path)).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_manifest_tells_what_became_of_every_image() {
    let place = Place::new();
    place.draw_many(2, 20, 10);
    place.put("in/broken.png", &place.read("in/000.png")[..60]);
    place.put("in/text.png", b"some text");
    place.run_cpu(&["-i", "in", "-r", "invert"]).ends(1);
    let images = lines(&place, "image");
    assert_eq!(images.len(), 4);
    let image = |name: &str| images.iter().find(|image| image["input"]["path"] == format!("in/{name}")).unwrap();
    let done = image("000.png");
    assert_eq!((done["result"].as_str(), done["output"]["path"].as_str()), (Some("done"), Some("000.png")));
    let (input, output) = (place.read("in/000.png"), place.read("imgproc-out/000.png"));
    for (entry, bytes) in [(&done["input"], input), (&done["output"], output)] {
        assert_eq!(entry["bytes"].as_u64(), Some(bytes.len() as u64));
        let digest = imgproc::pipeline::disk::digest(&bytes);
        assert_eq!(entry["xxh3"].as_str(), Some(format!("{digest:032x}").as_str()));
    }
    assert_eq!(
        (image("broken.png")["result"].as_str(), image("broken.png")["failure"]["stage"].as_str()),
        (Some("failed"), Some("decode"))
    );
    assert!(image("text.png")["output"].is_null());
    let run = &lines(&place, "run")[0];
    assert_eq!(
        (run["recipe"].as_str(), run["images"].as_u64(), &run["settings"]),
        (Some("invert"), Some(4), &done["settings"])
    );
    assert_eq!(lines(&place, "end")[0]["failed"], 2);
}

#[test]
fn a_second_run_does_only_what_is_missing_or_changed() {
    let place = Place::new();
    place.draw_many(6, 20, 10);
    let run = |options: &[&str]| place.run_cpu(&[&["-i", "in", "-r", "invert"], options].concat());
    run(&["--resume"]).ends(0).says(&["6 images done"]);
    let before = place.files("imgproc-out");
    run(&["--resume"]).ends(0).says(&["0 images done, 6 skipped"]);

    // Gone, cut short, replaced by other bytes, and of another source; a new time alone is no change.
    fs::remove_file(place.path("imgproc-out/000.png")).unwrap();
    place.put("imgproc-out/001.png", &before["001.png"][..50]);
    place.put("imgproc-out/002.png", &before["002.png"].iter().map(|b| b ^ 1).collect::<Vec<u8>>());
    touch(&place, "imgproc-out/002.png", 9);
    place.draw("in/003.png", 21, 10);
    touch(&place, "imgproc-out/004.png", 5);
    touch(&place, "in/005.png", 5);
    run(&["--resume"]).ends(0).says(&["4 images done, 2 skipped"]);
    let after = place.files("imgproc-out");
    assert!(["000.png", "001.png", "002.png", "004.png", "005.png"].iter().all(|name| after[*name] == before[*name]));
    assert_ne!(after["003.png"], before["003.png"]);

    place.run_cpu(&["-i", "in", "-r", "flip", "--resume"]).ends(0).says(&["6 images done"]);
    run(&["--dry-run"]).ends(2);
    assert_eq!(run(&["--dry-run", "--resume"]).ends(0).stdout.lines().count(), 6);
}

#[test]
fn a_careful_look_finds_what_size_and_time_hide() {
    let place = Place::new();
    place.draw_many(2, 20, 10);
    place.run_cpu(&["-i", "in"]).ends(0);
    let (good, path) = (place.read("imgproc-out/001.png"), place.path("imgproc-out/001.png"));
    let time = path.metadata().unwrap().modified().unwrap();
    fs::write(&path, vec![0; good.len()]).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    place.run_cpu(&["-i", "in", "--resume"]).ends(0).says(&["2 skipped"]);
    place.run(&["status"]).ends(0);
    assert!(place.run(&["status", "--verify"]).ends(1).stdout.contains("changed or gone: 001.png"));
    place.run_cpu(&["-i", "in", "--resume", "--verify"]).ends(0).says(&["1 image done, 1 skipped"]);
    assert!(place.read("imgproc-out/001.png") == good);
    place.run(&["status", "--verify"]).ends(0);
}

#[test]
fn what_failed_for_what_it_is_stays_failed_until_asked() {
    let place = Place::new();
    place.draw_many(3, 20, 10);
    let good = place.read("in/001.png");
    place.put("in/001.png", &good[..60]);
    place.put("imgproc-out/002.png/in_the_way", b"");
    place.run_cpu(&["-i", "in", "--overwrite"]).ends(1).says(&["1 image done, 2 failed"]);
    fs::remove_dir_all(place.path("imgproc-out/002.png")).unwrap();
    // The one that could not be written is tried again, the broken one is named again.
    let ran = place.run_cpu(&["-i", "in", "--resume"]).ends(1);
    ran.says(&["1 image done, 1 failed, 1 skipped", "in/001.png: decode: ", "as before; --retry-failed tries again"]);
    place.run_cpu(&["-i", "in", "--retry-failed"]).ends(1).says(&["0 images done, 1 failed, 2 skipped"]);
    let told = lines(&place, "image").into_iter().filter(|line| line["input"]["path"] == "in/001.png").count();
    assert_eq!(told, 2, "it was written down again only where it was tried again");
    place.put("in/001.png", &good);
    place.run_cpu(&["-i", "in", "--resume"]).ends(0).says(&["1 image done, 2 skipped"]);
}

#[test]
fn inputs_and_outputs_may_move_together() {
    let place = Place::new();
    place.draw_many(3, 20, 10);
    place.run_cpu(&["-i", "in", "-o", "out"]).ends(0);
    fs::rename(place.path("in"), place.path("moved")).unwrap();
    fs::rename(place.path("out"), place.path("results")).unwrap();
    place.run_cpu(&["-i", "moved", "-o", "results", "--resume"]).ends(0).says(&["0 images done, 3 skipped"]);
}

#[test]
fn without_a_manifest_nothing_is_replaced() {
    let place = Place::new();
    place.draw_many(3, 20, 10);
    place.put("imgproc-out/001.png", b"mine");
    place.run_cpu(&["-i", "in", "--resume"]).ends(2).says(&["1 of 3 outputs exist already"]);
    place.run_cpu(&["-i", "in", "--skip-existing"]).ends(0);
    // It is known to be none of ours.
    place.run_cpu(&["-i", "in", "--resume"]).ends(0).says(&["0 images done, 3 skipped"]);
    assert_eq!(place.read("imgproc-out/001.png"), b"mine");
    place.run_cpu(&["-i", "in", "-o", "bare", "--no-manifest"]).ends(0);
    assert!(!place.path("bare").join(manifest::NAME).exists());
}

#[test]
fn a_torn_manifest_costs_only_what_it_does_not_tell() {
    let place = Place::new();
    place.draw_many(5, 20, 10);
    place.run_cpu(&["-i", "in", "-j", "1", "--schedule", "sequential"]).ends(0);
    let whole = place.read(MANIFEST);
    let text = String::from_utf8(whole.clone()).unwrap();
    // In the middle of the line of the fourth image.
    let cut: usize = text.lines().take(4).map(|line| line.len() + 1).sum::<usize>() + 40;
    place.put(MANIFEST, &whole[..cut]);
    let status = place.run(&["status"]).ends(1).stdout;
    assert!(status.contains("3 images done, 2 not done") && status.contains("was killed"), "{status}");
    place.run_cpu(&["-i", "in", "--resume"]).ends(0).says(&["2 images done, 3 skipped"]);
    assert_eq!(lines(&place, "image").len(), 5);
}

#[test]
fn the_manifest_is_no_input() {
    let place = Place::new();
    place.draw("in/a.png", 8, 8);
    place.run_cpu(&["-i", "in", "-o", "in", "-f", "jpeg"]).ends(0);
    place.run_cpu(&["-i", "in/*", "-o", "out", "-f", "bmp", "--skip-existing"]).ends(2).says(&["would both become"]);
    place.run_cpu(&["-i", "in/*.jsonl"]).ends(2).says(&["no images in"]);
}

#[test]
fn durable_results_are_the_same() {
    let place = Place::new();
    place.draw("in/a.png", 20, 10);
    place.put("in/x/y/b.png", &sixteen_bit_png(9, 9));
    place.run_cpu(&["-i", "in", "--recursive", "-o", "plain"]).ends(0);
    place.run_cpu(&["-i", "in", "--recursive", "-o", "deep/durable", "--durable"]).ends(0);
    assert!(place.files("plain") == place.files("deep/durable"));
}

#[test]
fn status_sums_up() {
    let place = Place::new();
    place.run(&["status"]).ends(2).says(&["imgproc-manifest.jsonl: there is no such file", "help: "]);
    place.draw_many(3, 20, 10);
    for i in 0..12 {
        place.put(&format!("in/bad{i}.png"), b"some text");
    }
    place.run_cpu(&["-i", "in"]).ends(1);
    let text = place.run(&["status", "imgproc-out"]).ends(1).stdout;
    for part in
        ["3 images done, 12 failed", "came to its end", "     12 failed: decode: this is text", "and 2 more failed"]
    {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    fs::remove_file(place.path("imgproc-out/001.png")).unwrap();
    let document = place.run(&["status", "--json"]).ends(1).json();
    assert_eq!((document["done"].as_u64(), document["changed"][0].as_str()), (Some(3), Some("001.png")));
    assert_eq!((document["state"].as_str(), document["failures"].as_array().unwrap().len()), (Some("ended"), 12));
}
