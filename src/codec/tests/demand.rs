//! JPEGs of which less than all is decoded, and the two kinds of libjpeg-turbo.

use super::*;

/// The drawing in colours that lie well inside of what RGB holds, so that no decoder clamps any.
fn muted_jpeg(width: u32, height: u32) -> Vec<u8> {
    let Samples::U8(v) = drawing(width, height, 3, Depth::Eight).samples else { panic!("8-bit") };
    let muted = v.iter().map(|v| 60 + v / 2).collect();
    encoded(&Image::new(Layout::new(width, height, 3), Samples::U8(muted)), Format::Jpeg)
}

const LUMA: fn(Layout) -> Demand = |_| Demand { luma: true, least: None };

#[test]
fn luma_alone_is_the_luma_of_the_colours() {
    for (width, height, tag) in [(64, 48, 1), (37, 23, 6), (1, 1, 1)] {
        let bytes = jpeg_with_exif(&muted_jpeg(width, height), tag);
        for &jpeg in JpegDecoder::ALL {
            let options = DecodeOptions { jpeg, ..OPTIONS };
            let colour = decoded(&bytes, &options);
            let luma = decode_for(&bytes, &options, LUMA).unwrap();
            assert!(luma.luma);
            assert_eq!(luma.image.layout, Layout { colours: 1, ..colour.layout });
            for i in 0..luma.image.samples.len() {
                let [r, g, b] = [0, 1, 2].map(|c| colour.samples.level(3 * i + c));
                let difference = luma.image.samples.level(i) - (0.299 * r + 0.587 * g + 0.114 * b);
                assert!(difference.abs() <= 1.0, "{jpeg:?} {width}x{height}, {i}: {difference}");
            }
        }
    }
}

#[test]
fn what_holds_no_luma_is_decoded_in_full() {
    let jpeg = muted_jpeg(20, 12);
    let adobe = |transform| {
        let segment = [&b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"[..], &[transform]].concat();
        [&jpeg[..2], &segment, &jpeg[2..]].concat()
    };
    let gray = encoded(&drawing(20, 12, 1, Depth::Eight), Format::Jpeg);
    let png = encoded(&drawing(20, 12, 3, Depth::Eight), Format::Png);
    for bytes in [adobe(0), gray, png] {
        let image = decode(&bytes, &OPTIONS).unwrap();
        assert_eq!(decode_for(&bytes, &OPTIONS, LUMA).unwrap(), Decoded { image, luma: false, reduction: None });
    }
    assert!(decode_for(&adobe(1), &OPTIONS, LUMA).unwrap().luma);
}

#[test]
fn a_reduced_image_lies_over_the_whole_in_every_orientation() {
    // Levels that say where a pixel is, on a plane without curves, so that means of pixels say where their centre is.
    let (width, height) = (301, 203);
    let levels = (0..height).flat_map(|y| (0..width).map(move |x| (30 + (x + 2 * y) / 4) as u8));
    let bytes = encoded(&Image::new(Layout::new(width, height, 1), Samples::U8(levels.collect())), Format::Jpeg);
    for tag in 1..=8 {
        let bytes = jpeg_with_exif(&bytes, tag);
        let whole = decoded(&bytes, &OPTIONS);
        for (by, side) in [(2, 102), (4, 51), (8, 26)] {
            let least = |whole: Layout| Demand { luma: false, least: Some((whole.width / by, whole.height / by)) };
            let Decoded { image, luma, reduction } = decode_for(&bytes, &OPTIONS, least).unwrap();
            let r = reduction.unwrap();
            assert_eq!((luma, r.by, r.width, r.height), (false, by, whole.layout.width, whole.layout.height));
            assert_eq!(image.layout.width.min(image.layout.height), side);
            let at = |image: &Image, x: u32, y: u32| image.samples.level((y * image.layout.width + x) as usize);
            for (x, y) in [(3, 3), (5, 20), (20, 5), (20, 20)] {
                let centre = |i: u32, start: f64| ((f64::from(i) + 0.5 - start) * f64::from(by) - 0.5).round() as u32;
                let expected = at(&whole, centre(x, r.left), centre(y, r.top));
                assert!((at(&image, x, y) - expected).abs() <= 1.5, "{tag} 1/{by} {x},{y}: {expected}");
            }
        }
    }
}

#[test]
fn cmyk_and_rgb_are_not_decoded_smaller() {
    let least = |_| Demand { luma: true, least: Some((1, 1)) };
    let jpeg = muted_jpeg(64, 48);
    let rgb = [&jpeg[..2], b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0", &jpeg[2..]].concat();
    let options = libjpeg_turbo_rs::Encoder::new(&[77; 64 * 48 * 4], 64, 48, libjpeg_turbo_rs::PixelFormat::Cmyk);
    for bytes in [rgb, options.encode().unwrap()] {
        let image = decode(&bytes, &OPTIONS).unwrap();
        assert_eq!(decode_for(&bytes, &OPTIONS, least).unwrap(), Decoded { image, luma: false, reduction: None });
    }
}

#[test]
fn a_profile_for_colour_does_not_stay_with_luma() {
    for space in [b"RGB ", b"GRAY"] {
        let profile = icc::tests::profile(space);
        let segment = [b"ICC_PROFILE\0\x01\x01", &profile[..]].concat();
        let length = (segment.len() as u16 + 2).to_be_bytes();
        let jpeg = muted_jpeg(20, 12);
        let bytes = [&jpeg[..2], &[0xff, 0xe2], &length, &segment, &jpeg[2..]].concat();
        assert_eq!(decode_for(&bytes, &OPTIONS, LUMA).unwrap().image.icc, None);
    }
}

#[cfg(feature = "turbojpeg")]
fn encoded_by_rust(image: &Image) -> Vec<u8> {
    use libjpeg_turbo_rs::{Encoder, PixelFormat};
    let Samples::U8(samples) = &image.samples else { panic!("8-bit only") };
    let format = if image.layout.colours == 1 { PixelFormat::Grayscale } else { PixelFormat::Rgb };
    let encoder = Encoder::new(samples, image.layout.width as usize, image.layout.height as usize, format);
    encoder.quality(95).encode().unwrap()
}

#[cfg(feature = "turbojpeg")]
#[test]
fn both_kinds_of_libjpeg_turbo_give_the_same() {
    let by_rust = DecodeOptions { jpeg: JpegDecoder::Turbo, ..OPTIONS };
    let mut random = fastrand::Rng::with_seed(3);
    let (mut decoded, mut refused) = (0, 0);
    for round in 0..400 {
        let (width, height) = (random.u32(1..200), random.u32(1..200));
        let image = drawing(width, height, random.choice([1, 3]).unwrap(), Depth::Eight);
        let mut bytes = encoded(&image, Format::Jpeg);
        assert!(bytes == encoded_by_rust(&image), "{width}x{height}");
        // Half of the files are cut, or have stray bytes before the end marker.
        let end = bytes.len() - 2;
        match round % 4 {
            0 => bytes.truncate(random.usize(end / 2..end + 2)),
            1 => drop(bytes.splice(end..end, [1, 2, 3])),
            _ => {}
        }
        let by = random.u32(1..9);
        let demand =
            |whole: Layout| Demand { luma: round % 3 == 0, least: Some((whole.width / by, whole.height / by)) };
        let results = [OPTIONS, by_rust].map(|options| decode_for(&bytes, &options, demand));
        assert!(results[0] == results[1], "{width}x{height} 1/{by}, round {round}");
        *(if results[0].is_ok() { &mut decoded } else { &mut refused }) += 1;
    }
    assert!(decoded > 250 && refused > 50, "{decoded} {refused}");
}
