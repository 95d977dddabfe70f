//! Files that mean harm, or came to some: what becomes of each, by name.

use std::time::{Duration, Instant};

use crate::support::Place;

/// A run over all of them takes a fraction of this, unless one of them has its way.
const LIMIT: Duration = Duration::from_secs(30);

const RECIPES: [&str; 4] =
    ["invert", "grayscale,gaussian_blur:1.4,sobel", "resize:50%,equalize", "clahe,median:2,rotate:10"];

/// The check sum of a PNG's chunk.
pub fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

/// A PNG that claims another size.
fn resized_png(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png.to_vec();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// A JPEG that claims another size.
fn resized_jpeg(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

fn with(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

/// Names, bytes, and what the causes of their failures hold. GIF and PNM become PNG: their stems are their own.
pub fn files(place: &Place) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    for name in ["g.png", "g.jpg", "g.gif", "g.bmp", "g.tif", "g.webp", "g.ppm"] {
        place.draw(&format!("good/{name}"), 61, 43);
    }
    let good = |name: &str| place.read(&format!("good/{name}"));
    let half = |name: &str| {
        let bytes = good(name);
        bytes[..bytes.len() / 2].to_vec()
    };
    let (png, jpeg, bmp) = (good("g.png"), good("g.jpg"), good("g.bmp"));
    let middle = png.len() / 2;
    let scan = jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap() + 14;
    vec![
        ("empty.png", vec![], "the file is empty"),
        ("zeros.jpg", vec![0; 5000], "only zeros"),
        ("text.png", b"<?php echo 1; ?>".to_vec(), "this is text"),
        ("page.jpg", b"<!doctype html><title>404</title>".to_vec(), "this is an HTML page"),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "this is SVG"),
        ("archive.png", b"PK\x03\x04\x14\0\0\0".to_vec(), "this is a ZIP archive"),
        ("half.png", half("g.png"), "png: the file is truncated"),
        ("half.jpg", half("g.jpg"), "the file is truncated"),
        ("half_gif.gif", half("g.gif"), "gif: the file is truncated"),
        ("half.bmp", half("g.bmp"), "bmp: the file is truncated"),
        ("half.webp", half("g.webp"), "the file is "),
        ("half_ppm.ppm", half("g.ppm"), "truncated"),
        ("half.tif", half("g.tif"), "truncated"),
        ("head.jpg", jpeg[..3].to_vec(), "truncated"),
        (
            "flipped.png",
            with(&png, middle, &[png[middle] ^ 0x40]),
            "png: the file is corrupt (a checksum does not match)",
        ),
        ("flipped.jpg", with(&jpeg, scan, &[0xff; 40]), "jpeg: the file is "),
        ("claims.png", resized_png(&png, 100_000, 100_000), "100000x100000 px are 10000.0 MP, the limit is 268.0 MP"),
        ("claims.jpg", resized_jpeg(&jpeg, 65_500, 65_500), "the limit is 268.0 MP"),
        // Within the limit of pixels, and nothing behind it.
        ("hollow.png", resized_png(&png, 9000, 9000), "png: the file is "),
        ("hollow.jpg", resized_jpeg(&jpeg, 9000, 9000), "jpeg: the file is truncated"),
        ("nothing.png", resized_png(&png, 0, 7), "png: the file is corrupt"),
        ("nothing.jpg", resized_jpeg(&jpeg, 0, 7), "0x7 px"),
        ("claims.bmp", with(&bmp, 18, &[0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f]), "bmp: the file is corrupt"),
        ("negative.ppm", b"P6\n-5 5\n255\n".to_vec(), "the file is "),
        ("claims_ppm.ppm", b"P6\n999999 999999\n255\n".to_vec(), "the limit is 268.0 MP"),
        ("hollow_gif.gif", b"GIF89a\x10\0\x10\0\0\0\0;".to_vec(), "gif: the file is "),
        ("hollow.tif", b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec(), "tiff: the file is "),
        ("circle.tif", b"II*\0\x08\0\0\0\0\0\x08\0\0\0".to_vec(), "tiff: the file is "),
        ("far.tif", b"II*\0\xf0\xff\xff\xff".to_vec(), "truncated"),
        (
            "claims.webp",
            [b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff", &[0; 100_000][..]].concat(),
            "16777216x16777216 px",
        ),
        ("riff.webp", b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff".to_vec(), "truncated"),
    ]
}

#[test]
fn hostile_files_fail_alone_each_for_its_cause() {
    let place = Place::new();
    let files = files(&place);
    for (name, bytes, _) in &files {
        place.put(&format!("in/{name}"), bytes);
    }
    place.draw_many(3, 40, 30);
    for recipe in RECIPES {
        let begun = Instant::now();
        let arguments = ["-i", "in", "-r", recipe, "--json", "--overwrite", "-o", "out"];
        let document = place.run_cpu(&arguments).ends(1).json();
        assert!(begun.elapsed() < LIMIT, "{recipe}: {:?}", begun.elapsed());
        let outcomes = document["outcomes"].as_array().unwrap();
        assert_eq!(outcomes.len(), files.len() + 3);
        for (name, _, expected) in &files {
            let outcome = outcomes.iter().find(|o| o["input"].as_str().unwrap().ends_with(name)).unwrap();
            let cause = outcome["cause"].as_str().unwrap_or_else(|| panic!("{name} is {}", outcome["status"]));
            assert!(cause.contains(expected), "{name} under {recipe}: {cause}");
            assert!(!cause.contains("panicked") && !cause.contains("fault in this program"), "{name}: {cause}");
        }
        assert_eq!(place.names("out"), ["000.png", "001.png", "002.png"]);
    }
}
