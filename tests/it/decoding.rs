//! What is decoded of a JPEG where less than all is enough, against what `--exact` gives.

use crate::support::{Place, muted_jpeg};

#[test]
fn gray_is_decoded_as_such_and_said_once() {
    let place = Place::new();
    place.put("in/a.jpg", &muted_jpeg(91, 60, 3));
    place.put("in/b.jpg", &muted_jpeg(64, 48, 3));
    place.put("in/gray.jpg", &muted_jpeg(50, 40, 1));
    place.draw("in/c.png", 40, 30);
    let note = "decoded to luma alone";
    let options = ["-i", "in", "-f", "png", "-r", "brightness:0,grayscale"];
    let ran = place.run_cpu(&[&options[..], &["-o", "luma"]].concat()).ends(0);
    ran.says(&["note: decoded to luma alone (2 images); --exact decodes all\n"]);
    let ran = place.run_cpu(&[&options[..], &["-o", "exact", "--exact"]].concat()).ends(0);
    assert!(!ran.stderr.contains(note));
    for name in ["a", "b", "c", "gray"] {
        let [luma, exact] = ["luma", "exact"]
            .map(|directory| image::load_from_memory(&place.read(&format!("{directory}/{name}.png"))).unwrap());
        assert_eq!((luma.color(), luma.width()), (exact.color(), exact.width()));
        let pairs = luma.as_bytes().iter().zip(exact.as_bytes());
        assert!(pairs.clone().all(|(l, e)| l.abs_diff(*e) <= 1), "{name}");
        let is_same = pairs.clone().all(|(l, e)| l == e);
        assert!(is_same || ["a", "b"].contains(&name), "{name} differs");
    }
    for recipe in ["grayscale:bt709", "invert,grayscale", "sepia"] {
        let ran = place.run_cpu(&["-i", "in", "-r", recipe, "--overwrite"]).ends(0);
        assert!(!ran.stderr.contains(note), "{recipe}");
    }
}

#[test]
fn json_tells_what_was_left_out() {
    let place = Place::new();
    place.put("in/a.jpg", &muted_jpeg(91, 60, 3));
    let json = place.run_cpu(&["-i", "in", "-r", "grayscale", "--json"]).ends(0).json();
    assert_eq!(json["left_out"]["to luma alone"], 1);
    assert_eq!(json["outcomes"][0]["left_out"][0], "to luma alone");
    assert_eq!(json["outcomes"][0]["input_pixels"], 91 * 60);
}

/// The JPEG with an EXIF orientation.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
    [&jpeg[..2], exif, &[orientation, 0, 0, 0, 0, 0, 0], &jpeg[2..]].concat()
}

/// Structural similarity (Wang 2004) of two images' gray, over windows of 8×8 px; of the least similar of nine parts.
fn similarity(a: &image::DynamicImage, b: &image::DynamicImage) -> f64 {
    const SIDE: u32 = 8;
    let (a, b) = (a.to_luma8(), b.to_luma8());
    let mut parts = [(0.0, 0.0); 9];
    for (x, y) in (0..=a.height() - SIDE).flat_map(|y| (0..=a.width() - SIDE).map(move |x| (x, y))) {
        let pairs = (0..SIDE * SIDE).map(|i| {
            let (x, y) = (x + i % SIDE, y + i / SIDE);
            (f64::from(a.get_pixel(x, y).0[0]), f64::from(b.get_pixel(x, y).0[0]))
        });
        let mean = |of: &dyn Fn((f64, f64)) -> f64| pairs.clone().map(of).sum::<f64>() / f64::from(SIDE * SIDE);
        let (mean_a, mean_b) = (mean(&|(a, _)| a), mean(&|(_, b)| b));
        let variances = mean(&|(a, b)| (a - mean_a).powi(2) + (b - mean_b).powi(2));
        let covariance = mean(&|(a, b)| (a - mean_a) * (b - mean_b));
        let (c1, c2) = (6.5025, 58.5225);
        let ssim = (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
            / ((mean_a.powi(2) + mean_b.powi(2) + c1) * (variances + c2));
        let part = &mut parts[(3 * y / (a.height() - SIDE + 1) * 3 + 3 * x / (a.width() - SIDE + 1)) as usize];
        *part = (part.0 + ssim, part.1 + 1.0);
    }
    parts.into_iter().filter(|part| part.1 > 0.0).map(|(sum, count)| sum / count).fold(1.0, f64::min)
}

#[test]
fn a_smaller_scale_gives_the_same_size_and_the_same_look() {
    let place = Place::new();
    let (width, height) = (807, 613);
    for (channels, orientation) in (1..=8).map(|tag| (3, tag)).chain([(1, 3)]) {
        let name = format!("in/{channels}{orientation}.jpg");
        place.put(&name, &turned(&muted_jpeg(width, height, channels), orientation));
    }
    let recipes = [
        ("resize:101x101", 4),
        ("resize:12%:filter=bicubic", 4),
        ("resize:x60:filter=bilinear", 4),
        ("resize:38x38:fit=cover", 8),
        ("resize:90x60:fit=contain:gravity=north", 4),
        ("resize:150x140:fit=fill", 2),
        ("grayscale,resize:70x,invert", 4),
    ];
    for (recipe, by) in recipes {
        for (directory, exact) in [("scaled", None), ("whole", Some("--exact"))] {
            let options = ["-i", "in", "-o", directory, "-f", "png", "--overwrite", "--json", "-r", recipe];
            let json = place.run_cpu(&options.into_iter().chain(exact).collect::<Vec<_>>()).ends(0).json();
            let note = format!("at 1/{by} of the size");
            let images = if exact.is_some() { serde_json::Value::Null } else { 9.into() };
            assert_eq!(json["left_out"][&note], images, "{recipe}: {}", json["left_out"]);
            assert_eq!(json["outcomes"][0]["input_pixels"], width * height);
        }
        for name in place.names("whole") {
            let [scaled, whole] = ["scaled", "whole"]
                .map(|directory| image::load_from_memory(&place.read(&format!("{directory}/{name}"))).unwrap());
            assert_eq!((scaled.width(), scaled.height()), (whole.width(), whole.height()), "{recipe} {name}");
            let similarity = similarity(&scaled, &whole);
            assert!(similarity >= 0.99, "{recipe} {name}: {similarity}");
        }
    }
}

#[test]
fn what_needs_every_pixel_gets_it() {
    let place = Place::new();
    place.put("in/a.jpg", &muted_jpeg(300, 200, 3));
    place.draw("in/b.png", 300, 200);
    let all = |options: &[&str]| {
        let json = place.run_cpu(&[&["-i", "in", "--overwrite", "--json"], options].concat()).ends(0).json();
        assert_eq!(json["left_out"], serde_json::json!({}), "{options:?}");
    };
    for recipe in ["crop:200x100,resize:20x20", "invert,resize:20x20", "resize:160x160", "resize:300%"] {
        all(&["-r", recipe]);
    }
    for option in ["filter=nearest", "filter=box", "linear=true"] {
        all(&["-r", &format!("resize:20x20:{option}")]);
    }
    all(&["-r", "grayscale:bt709,resize:20x20"]);
    all(&["-r", "resize:20x20", "--jpeg-decoder", "zune"]);
    all(&["-r", "grayscale,resize:20x20", "--exact"]);
}
