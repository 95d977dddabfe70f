//! Runs that are killed at random moments, and gone on with.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;
use std::time::Instant;

use imgproc::pipeline::disk::{LOCK_NAME, TEMPORARY_PREFIX};
use imgproc::pipeline::manifest::{self, Manifest, ResultName};

use crate::support::Place;

const RECIPE: &str = "gaussian_blur:2,median:4";

/// In how many parts a run falls on average.
const KILLS_A_RUN: f64 = 5.0;

/// Images, and moments at which the run over them is killed.
struct Extent {
    images: usize,
    kills: usize,
}

fn run<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--backend", "cpu", "-i", "in", "-r", RECIPE, "-j", "2", "--recursive", "-o", output], more].concat()
}

/// The modification times and places on the disk of the outputs that the manifest calls done.
fn vouched_for(place: &Place) -> BTreeMap<String, (i64, i64, u64)> {
    let manifest = Manifest::read(&place.path("out")).unwrap();
    let images = manifest.iter().flat_map(Manifest::images);
    let done = images.filter(|image| image.result == ResultName::Done);
    done.filter_map(|image| Some(image.output.as_ref()?.path.clone()))
        .map(|output| (output.clone(), place_on_disk(place, &output)))
        .collect()
}

fn place_on_disk(place: &Place, output: &str) -> (i64, i64, u64) {
    let metadata = place.path("out").join(output).metadata().unwrap();
    (metadata.mtime(), metadata.mtime_nsec(), metadata.ino())
}

/// Every result that is there is that of an undisturbed run.
fn check(place: &Place, expected: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in place.files("out") {
        let file = name.rsplit('/').next().unwrap();
        if !file.starts_with(TEMPORARY_PREFIX) && file != LOCK_NAME {
            assert!(expected.get(&name) == Some(&bytes), "{name} is not what an undisturbed run gives");
        }
    }
}

fn survives(extent: &Extent) {
    let place = Place::new();
    for i in 0..extent.images {
        place.draw(&format!("in/{}/{i:04}.{}", i % 3, ["png", "jpg", "bmp"][i % 3]), 40 + i as u32 % 17, 30);
    }
    place.put("in/broken.png", &place.read("in/0/0000.png")[..100]);
    let begun = Instant::now();
    place.run(&run("undisturbed", &[])).ends(1);
    let whole = begun.elapsed();
    let expected = place.files("undisturbed");
    assert_eq!(expected.len(), extent.images);

    let mut random = fastrand::Rng::with_seed(extent.kills as u64);
    let (mut kills, mut rounds, mut torn) = (0, 1, 0);
    while kills < extent.kills {
        let before = vouched_for(&place);
        let mut child =
            place.command(&run("out", &["--resume"])).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(2.0 * random.f64() / KILLS_A_RUN));
        child.kill().unwrap();
        let ended = child.wait().unwrap().code().is_some();
        check(&place, &expected);
        for (name, at) in before {
            assert_eq!(at, place_on_disk(&place, &name), "{name} was done twice");
        }
        if ended {
            // All was done before it could be killed: once more from the start.
            check_complete(&place, &expected);
            std::fs::remove_dir_all(place.path("out")).unwrap();
            rounds += 1;
        } else {
            kills += 1;
            let manifest = std::fs::read(place.path("out").join(manifest::NAME)).unwrap_or_default();
            torn += usize::from(manifest.last().is_some_and(|byte| *byte != b'\n'));
        }
    }
    place.run(&run("out", &["--resume"])).ends(1);
    check_complete(&place, &expected);
    println!("{kills} kills in {rounds} runs of {whole:.1?}, {torn} torn lines");
}

/// Nothing is missing, nothing is left over, and the manifest says so.
fn check_complete(place: &Place, expected: &BTreeMap<String, Vec<u8>>) {
    let results = place.files("out");
    assert!(&results == expected, "{:?}", results.keys().collect::<Vec<_>>());
    assert_eq!(vouched_for(place).len(), expected.len());
    let status = place.run(&["status", "out", "--verify"]).ends(1).stdout;
    assert!(status.starts_with(&format!("out: {} images done, 1 failed\n", expected.len())), "{status}");
}

#[test]
fn twenty_kills_leave_every_image_done_once() {
    survives(&Extent { images: 150, kills: 20 });
}

/// `cargo nextest run --test it --run-ignored only two_hundred_kills`
#[test]
#[ignore = "it takes a minute or two"]
fn two_hundred_kills_leave_every_image_done_once() {
    survives(&Extent { images: 500, kills: 200 });
}
