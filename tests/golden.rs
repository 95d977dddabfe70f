//! Pictures of every operation's example, kept in `tests/golden/`, which every backend must give again.
//!
//! A missing one is drawn by the CPU backend and the test fails, so that it is looked at before it is committed.

// The rule on the disk is for the program; this test writes pictures.
#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;

use imgproc::image::{Image, Layout, Samples};
use imgproc::ops::registry;
use support::compare::{Side, compare};
use support::{png, runs, tolerance};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A disc with an edge, a ramp, stripes of one pixel and a hole in alpha: 48 x 32 RGBA.
fn drawing() -> Image {
    let layout = Layout::new(48, 32, 4);
    let mut samples = Vec::with_capacity(layout.samples() as usize);
    for y in 0..32i32 {
        for x in 0..48i32 {
            let ramp = [40 + 3 * x, 60 + 4 * y, 200 - 2 * (x + y)];
            let from = |cx: i32, cy: i32| (x - cx).pow(2) + (y - cy).pow(2);
            let colour = match () {
                _ if from(14, 15) < 100 => [230, 180 - 4 * (y - 15), 40],
                _ if x > 34 && y > 20 => [250 * (x % 2); 3],
                _ => ramp,
            };
            let alpha = if from(36, 9) < 30 { 0 } else { 255 - 2 * x };
            samples.extend(colour.map(|v| v.clamp(0, 255) as u8));
            samples.push(alpha as u8);
        }
    }
    Image::new(layout, Samples::U8(samples))
}

/// Every example by this backend against its picture.
fn matches_golden(by: &str, compute: impl Fn(&str, &Image) -> Result<Image, String>, draw_missing: bool) {
    let image = drawing();
    let mut failures = Vec::new();
    for spec in registry() {
        let path = folder().join(format!("{}.png", spec.name));
        let actual = compute(spec.example, &image).unwrap_or_else(|error| panic!("`{}`: {error}", spec.example));
        if !path.is_file() {
            if draw_missing {
                std::fs::create_dir_all(folder()).expect("a folder for the pictures");
                png::write(&path, &actual);
            }
            failures.push(format!("{} was missing and is drawn now: look at it, then commit it", path.display()));
            continue;
        }
        let golden = png::read(&path);
        let sides = [Side { by: "golden", image: &golden }, Side { by, image: &actual }];
        let limit = tolerance::limit(spec.example);
        failures.extend(compare(spec.example, "the drawing", sides[0], sides[1], limit).err().map(|f| f.to_string()));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn cpu() {
    matches_golden("cpu", runs::cpu, true);
}

#[test]
#[cfg(feature = "gpu")]
fn gpu() {
    let compute = |recipe: &str, image: &Image| {
        runs::with_adapter(|device| runs::compute(device.backend, &runs::graph(recipe, image)?, image))
    };
    matches_golden("gpu", compute, false);
}

#[test]
fn oracle() {
    matches_golden("oracle", support::oracle::apply, false);
}

#[test]
fn no_picture_is_left_over() {
    let expected: BTreeSet<String> = registry().iter().map(|spec| format!("{}.png", spec.name)).collect();
    let entries = std::fs::read_dir(folder()).expect("tests/golden");
    let found = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    let left: Vec<&String> = BTreeSet::difference(&found, &expected).collect();
    assert!(left.is_empty(), "no operation has these pictures in tests/golden: {left:?}");
}

#[test]
fn each_picture_shows_its_operation() {
    for spec in registry() {
        let result = runs::cpu(spec.example, &drawing()).expect("an example applies to the drawing");
        assert!(result != drawing(), "`{}` leaves the drawing as it is", spec.example);
    }
}
