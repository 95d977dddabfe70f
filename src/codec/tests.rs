//! Whole files through `header`, `decode` and `encode`. Every file is made here.

use super::*;
use crate::image::Samples;

mod demand;

const OPTIONS: DecodeOptions = DecodeOptions { max_pixels: 1 << 20, jpeg: JpegDecoder::ALL[0] };
const LOSSLESS: [Format; 4] = [Format::Png, Format::WebP, Format::Tiff, Format::Bmp];

/// A smooth drawing with a corner of its own, so that no turn of it is the same.
fn drawing(width: u32, height: u32, channels: u32, depth: Depth) -> Image {
    let layout = Layout::new(width, height, channels);
    let mut codes = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
            let levels = [255.0 * u, 255.0 * v, 255.0 * u * v, 255.0 * (1.0 - u * v)];
            let first = if channels < 3 { 4 - channels } else { 0 };
            codes.extend((first..first + channels).map(|c| levels[c as usize]));
        }
    }
    let samples = match depth {
        Depth::Eight => Samples::U8(codes.iter().map(|v| *v as u8).collect()),
        Depth::Sixteen => Samples::U16(codes.iter().map(|v| (v * 257.0) as u16).collect()),
    };
    Image::new(layout, samples)
}

fn encoded(image: &Image, format: Format) -> Vec<u8> {
    encode(image, &EncodeOptions { format, quality: 95 }).unwrap()
}

/// The decoded file, after checking that its header says the same.
fn decoded(bytes: &[u8], options: &DecodeOptions) -> Image {
    let image = decode(bytes, options).unwrap();
    let header = header(bytes).unwrap();
    let format = Format::sniff(bytes).unwrap();
    assert_eq!((header.format, header.layout, header.depth), (format, image.layout, image.depth()));
    image
}

fn greatest_difference(a: &Image, b: &Image) -> f64 {
    assert_eq!(a.layout, b.layout);
    (0..a.samples.len()).map(|i| (a.samples.level(i) - b.samples.level(i)).abs()).fold(0.0, f64::max)
}

fn error_of(bytes: &[u8], options: &DecodeOptions) -> String {
    decode(bytes, options).map(drop).unwrap_err().to_string()
}

#[test]
fn lossless_formats_give_back_what_they_hold() {
    for format in LOSSLESS {
        for (width, height) in [(1, 1), (1, 5), (7, 1), (37, 23)] {
            for (channels, depth) in [1, 2, 3, 4].into_iter().flat_map(|c| [(c, Depth::Eight), (c, Depth::Sixteen)]) {
                let (image, _) = fit_format(drawing(width, height, channels, depth), format, None);
                let mut expected = image.clone();
                // BMP has palettes in place of gray, WebP no gray at all.
                if matches!(format, Format::Bmp | Format::WebP) && image.layout.colours == 1 {
                    expected = in_colour(&image);
                }
                assert_eq!(decoded(&encoded(&image, format), &OPTIONS), expected, "{format:?} {channels} {depth:?}");
            }
        }
    }
}

/// Gray as equal channels.
fn in_colour(image: &Image) -> Image {
    let Samples::U8(v) = &image.samples else { panic!("8-bit only") };
    let alpha = image.layout.alpha;
    let pixels = v.chunks(image.layout.channels() as usize);
    let colours = pixels.flat_map(|p| [p[0], p[0], p[0]].into_iter().chain(alpha.then(|| p[1])));
    Image::new(Layout { colours: 3, ..image.layout }, Samples::U8(colours.collect()))
}

#[test]
fn jpeg_comes_close_at_every_size_and_with_both_decoders() {
    for &jpeg in JpegDecoder::ALL {
        let options = DecodeOptions { jpeg, ..OPTIONS };
        for channels in [1, 3] {
            for (width, height) in [(1, 1), (2, 3), (17, 1), (1, 17), (64, 48), (100, 75)] {
                let image = drawing(width, height, channels, Depth::Eight);
                let back = decoded(&encoded(&image, Format::Jpeg), &options);
                // Steps between the few colours of tiny images are steep.
                let bound = if width.min(height) < 20 { 90.0 } else { 16.0 };
                assert!(greatest_difference(&image, &back) <= bound, "{jpeg:?} {width}x{height}x{channels}");
            }
        }
    }
}

#[test]
fn a_profile_changes_no_pixel() {
    for (channels, space) in [(1, b"GRAY"), (3, b"RGB ")] {
        for (width, height) in [(1, 1), (17, 9), (64, 48)] {
            let plain = drawing(width, height, channels, Depth::Eight);
            let tagged = Image { icc: Some(icc::tests::profile(space)), ..plain.clone() };
            let [plain, tagged] = [plain, tagged].map(|image| decoded(&encoded(&image, Format::Jpeg), &OPTIONS));
            assert!(plain.icc.is_none() && tagged.icc.is_some());
            assert_eq!(plain.samples, tagged.samples, "{width}x{height}x{channels}");
        }
    }
}

#[test]
fn sides_at_the_limits_of_a_format_are_written_and_beyond_refused() {
    let wide = |width| Image::new(Layout::new(width, 1, 1), Samples::U8(vec![9; width as usize]));
    for (format, limit) in [(Format::Jpeg, 65_500), (Format::WebP, 16_383)] {
        let options = EncodeOptions { format, quality: 80 };
        assert_eq!(decoded(&encoded(&wide(limit), format), &OPTIONS).layout.width, limit);
        let error = encode(&wide(limit + 1), &options).unwrap_err().to_string();
        assert!(error.contains(&limit.to_string()) && error.contains(&(limit + 1).to_string()), "{error}");
    }
}

#[test]
fn what_a_format_can_not_hold_is_refused() {
    let refused =
        |image: &Image, format| encode(image, &EncodeOptions { format, quality: 80 }).unwrap_err().to_string();
    let (deep, clear) = (drawing(3, 3, 3, Depth::Sixteen), drawing(3, 3, 2, Depth::Eight));
    assert!(refused(&deep, Format::Jpeg).contains("8-bit"));
    assert!(refused(&deep, Format::WebP).contains("16-bit"));
    assert!(refused(&clear, Format::Jpeg).contains("alpha"));
    assert!(refused(&clear, Format::Tiff).contains("alpha"));
    assert!(refused(&clear, Format::Gif).contains("gif"));
    assert!(refused(&Image::new(Layout::new(1, 1, 1), Samples::F32(vec![0.5])), Format::Png).contains("float"));
}

#[test]
fn profiles_are_embedded_and_read_where_the_format_can() {
    let options = |format| EncodeOptions { format, quality: 90 };
    for (channels, space) in [(1, b"GRAY"), (3, b"RGB ")] {
        let mut image = drawing(20, 10, channels, Depth::Eight);
        image.icc = Some(icc::tests::profile(space));
        for format in [Format::Png, Format::Tiff, Format::Jpeg] {
            let back = decoded(&encode(&image, &options(format)).unwrap(), &OPTIONS);
            assert!(back.icc == image.icc, "{format:?} {channels}: {:?}", back.icc.map(|icc| icc.len()));
        }
        image.icc = Some(icc::tests::profile(b"CMYK"));
        let back = decoded(&encode(&image, &options(Format::Png)).unwrap(), &OPTIONS);
        assert_eq!(back.icc, None);
    }
    let mut image = drawing(20, 10, 3, Depth::Eight);
    image.icc = Some(icc::tests::profile(b"RGB "));
    assert_eq!(decoded(&encoded(&image, Format::WebP), &OPTIONS).icc, image.icc);
}

/// An EXIF block with that orientation and nothing else.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    block.extend([0, orientation, 0, 0, 0, 0, 0, 0]);
    block
}

/// The same JPEG with an APP1 segment behind its start.
fn jpeg_with_exif(bytes: &[u8], orientation: u8) -> Vec<u8> {
    let content = [&b"Exif\0\0"[..], &exif(orientation)].concat();
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&bytes[..2], &[0xff, 0xe1], &length, &content, &bytes[2..]].concat()
}

fn with_exif(image: &Image, format: Format, orientation: u8, prefix: &[u8]) -> Vec<u8> {
    use ::image::{ExtendedColorType::Rgb8, ImageEncoder, codecs};
    let Samples::U8(samples) = &image.samples else { panic!("8-bit only") };
    let Layout { width, height, .. } = image.layout;
    let mut bytes = Vec::new();
    let block = [prefix, &exif(orientation)].concat();
    if format == Format::Png {
        let mut encoder = codecs::png::PngEncoder::new(&mut bytes);
        encoder.set_exif_metadata(block).unwrap();
        encoder.write_image(samples, width, height, Rgb8).unwrap();
    } else {
        let mut encoder = codecs::webp::WebPEncoder::new_lossless(&mut bytes);
        encoder.set_exif_metadata(block).unwrap();
        encoder.write_image(samples, width, height, Rgb8).unwrap();
    }
    bytes
}

#[test]
fn orientation_is_applied_in_every_format_that_carries_it() {
    let stored = drawing(48, 32, 3, Depth::Eight);
    let jpeg = encoded(&stored, Format::Jpeg);
    let plain_jpeg = decoded(&jpeg, &OPTIONS);
    for tag in 1..=8 {
        let turn = Orientation::from_exif(tag).unwrap();
        let expected = |image: &Image| {
            let samples = orientation::upright(image.samples.clone(), image.layout, turn);
            Image::new(orientation::upright_layout(image.layout, turn), samples)
        };
        for &decoder in JpegDecoder::ALL {
            let options = DecodeOptions { jpeg: decoder, ..OPTIONS };
            let back = decoded(&jpeg_with_exif(&jpeg, tag), &options);
            assert!(greatest_difference(&back, &expected(&plain_jpeg)) <= 4.0, "jpeg {tag}");
        }
        for (format, prefix) in [(Format::Png, &b""[..]), (Format::WebP, b""), (Format::WebP, b"Exif\0\0")] {
            let back = decoded(&with_exif(&stored, format, tag, prefix), &OPTIONS);
            assert_eq!(back, expected(&stored), "{format:?} {tag}");
        }
    }
    let nonsense = decoded(&jpeg_with_exif(&jpeg, 77), &OPTIONS);
    assert_eq!(nonsense, plain_jpeg);
}

#[test]
fn a_cut_file_is_an_error_at_every_length() {
    let image = drawing(40, 30, 3, Depth::Eight);
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff, Format::Bmp] {
        let bytes = encoded(&image, format);
        for &jpeg in JpegDecoder::ALL {
            let options = DecodeOptions { jpeg, ..OPTIONS };
            // The last bytes of these formats are no pixels: end markers, checksums, padding.
            for end in (0..bytes.len() - 24).step_by(1 + bytes.len() / 300) {
                let error = error_of(&bytes[..end], &options);
                assert!(!error.contains("panicked"), "{format:?} {end}: {error}");
            }
        }
    }
}

#[test]
fn jpeg_may_lack_its_end_marker_but_not_its_data() {
    let bytes = encoded(&drawing(64, 64, 3, Depth::Eight), Format::Jpeg);
    assert_eq!(bytes[bytes.len() - 2..], [0xff, 0xd9]);
    let without_end = &bytes[..bytes.len() - 2];
    assert_eq!(decoded(without_end, &OPTIONS), decoded(&bytes, &OPTIONS));
    let zune = DecodeOptions { jpeg: JpegDecoder::Zune, ..OPTIONS };
    assert!(error_of(without_end, &zune).contains("truncated"));
    let ended_early = [&bytes[..bytes.len() - 40], &[0xff, 0xd9]].concat();
    assert!(error_of(&ended_early, &OPTIONS).contains("jpeg"));
}

#[test]
fn corrupt_data_is_an_error() {
    let image = drawing(64, 64, 3, Depth::Eight);
    let mut png = encoded(&image, Format::Png);
    let middle = png.len() / 2;
    png[middle] ^= 0x10;
    assert!(error_of(&png, &OPTIONS).contains("checksum"), "{}", error_of(&png, &OPTIONS));
    let mut jpeg = encoded(&image, Format::Jpeg);
    // Ones alone are no code of any table.
    let (end, middle) = (jpeg.len() - 2, jpeg.len() - 200);
    jpeg[middle..end].as_chunks_mut::<2>().0.fill([0xff, 0x00]);
    for &decoder in JpegDecoder::ALL {
        let options = DecodeOptions { jpeg: decoder, ..OPTIONS };
        assert!(error_of(&jpeg, &options).starts_with("jpeg: "), "{decoder:?}");
    }
}

#[test]
fn random_damage_never_panics() {
    let mut random = fastrand::Rng::with_seed(7);
    let image = drawing(40, 30, 3, Depth::Eight);
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff, Format::Bmp] {
        let bytes = encoded(&image, format);
        for round in 0..300 {
            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..6) {
                let place = random.usize(0..damaged.len());
                damaged[place] = random.u8(..);
            }
            let jpeg = JpegDecoder::ALL[round % JpegDecoder::ALL.len()];
            let options = DecodeOptions { jpeg, ..OPTIONS };
            let least = |_| Demand { luma: round % 3 == 0, least: Some((1 + round as u32 % 20, 1)) };
            if let Err(CodecError::Other(error)) = decode_for(&damaged, &options, least) {
                assert!(!error.contains("panicked"), "{format:?}: {error}");
            }
            let result = decode(&damaged, &options);
            if let Err(CodecError::Other(error)) = &result {
                assert!(!error.contains("panicked"), "{format:?}: {error}");
            }
            if let (Ok(image), Ok(header)) = (result, header(&damaged)) {
                assert_eq!(image.layout, header.layout);
            }
        }
    }
}

#[test]
fn too_many_pixels_are_refused_from_the_header() {
    let image = drawing(40, 30, 3, Depth::Eight);
    let options = DecodeOptions { max_pixels: 1199, ..OPTIONS };
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff, Format::Bmp] {
        let bytes = encoded(&image, format);
        let error = error_of(&bytes, &options);
        assert!(error.contains("40x30") && error.contains("1199") && error.contains("--max-pixels"), "{error}");
        assert!(decode(&bytes, &DecodeOptions { max_pixels: 1200, ..OPTIONS }).is_ok());
    }
    // A claim of 65,500 squared, with nothing behind it.
    let mut jpeg = encoded(&image, Format::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert!(error_of(&jpeg, &OPTIONS).contains("65500x65500"));
}

#[test]
fn a_header_needs_only_the_first_bytes() {
    let image = drawing(300, 200, 3, Depth::Eight);
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Bmp] {
        let bytes = encoded(&image, format);
        assert_eq!(header(&bytes[..bytes.len().min(1000)]), header(&bytes), "{format:?}");
        assert_eq!(header(&bytes[..20]), Err(CodecError::HeaderIncomplete), "{format:?}");
    }
    // An extended WebP keeps EXIF behind the image data.
    let extended = with_exif(&image, Format::WebP, 6, b"");
    assert_eq!(header(&extended).unwrap().layout.width, 200);
    assert_eq!(header(&extended[..extended.len() - 60]), Err(CodecError::HeaderIncomplete));
    // A TIFF keeps its directory behind the pixels.
    let tiff = encoded(&image, Format::Tiff);
    assert_eq!(header(&tiff[..1000]), Err(CodecError::HeaderIncomplete));
    // A profile of many segments before the frame.
    let jpeg = encoded(&image, Format::Jpeg);
    let segment = [&[0xff, 0xe2, 0xff, 0xff][..], &[0; 65_533]].concat();
    let large = [&jpeg[..2], &segment, &segment, &jpeg[2..]].concat();
    assert_eq!(header(&large[..65_536]), Err(CodecError::HeaderIncomplete));
    assert_eq!(header(&large), header(&jpeg));
}

/// A GIF of 2×2 with four colours; the frame's place and whether a colour is transparent vary.
fn gif(left: u8, transparent: bool) -> Vec<u8> {
    let mut bytes = b"GIF89a\x02\0\x02\0\x81\0\0".to_vec();
    bytes.extend([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
    bytes.extend([0x21, 0xf9, 4, u8::from(transparent), 0, 0, 2, 0]);
    bytes.extend([0x2c, left, 0, 0, 0, 2 - left, 0, 2, 0, 0]);
    // Clear, the indices 0 1 2 3 (or 0 2 of the narrow frame), end; three bits each, the fourth code on in four bits.
    let codes: &[u16] = if left == 0 { &[4, 0, 1, 2, 3, 5] } else { &[4, 0, 2, 5] };
    let (mut bits, mut count, mut width, mut data) = (0u32, 0, 3, Vec::new());
    for (i, code) in codes.iter().enumerate() {
        width = if i >= 4 { 4 } else { width };
        bits |= u32::from(*code) << count;
        count += width;
    }
    while count > 0 {
        data.push(bits as u8);
        bits >>= 8;
        count -= count.min(8);
    }
    bytes.extend([2, data.len() as u8]);
    bytes.extend(data);
    bytes.extend([0, 0x3b]);
    bytes
}

#[test]
fn gif_has_alpha_only_where_it_shows() {
    let rgb = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120];
    let opaque = decoded(&gif(0, false), &OPTIONS);
    assert_eq!(opaque, Image::new(Layout::new(2, 2, 3), Samples::U8(rgb.to_vec())));
    let clear = decoded(&gif(0, true), &OPTIONS);
    assert_eq!(clear.layout, Layout::new(2, 2, 4));
    let Samples::U8(v) = &clear.samples else { panic!("8-bit") };
    assert_eq!(v.chunks(4).map(|p| p[3]).collect::<Vec<_>>(), [255, 255, 0, 255]);
    let narrow = decoded(&gif(1, false), &OPTIONS);
    let Samples::U8(v) = &narrow.samples else { panic!("8-bit") };
    assert_eq!(v.chunks(4).map(|p| p[3]).collect::<Vec<_>>(), [0, 255, 0, 255]);
    let whole = gif(0, false);
    assert_eq!(header(&whole[..30]), Err(CodecError::HeaderIncomplete));
    for end in 0..whole.len() - 3 {
        assert!(decode(&whole[..end], &OPTIONS).is_err(), "{end}");
    }
}

#[test]
fn plain_text_formats_are_read() {
    let gray = decoded(b"P2\n# drawn by hand\n3 1\n255\n0 128 255\n", &OPTIONS);
    assert_eq!(gray, Image::new(Layout::new(3, 1, 1), Samples::U8(vec![0, 128, 255])));
    let deep = decoded(b"P5 2 1 65535\n\x01\x02\xff\xff", &OPTIONS);
    assert_eq!(deep, Image::new(Layout::new(2, 1, 1), Samples::U16(vec![0x0102, 0xffff])));
    let bits = decoded(b"P4\n2 1\n\x40", &OPTIONS);
    assert_eq!(bits, Image::new(Layout::new(2, 1, 1), Samples::U8(vec![255, 0])));
    assert!(decode(b"P6\n4 4\n255\nabc", &OPTIONS).is_err());
}

#[test]
fn a_panic_becomes_an_error() {
    let result: Result<(), CodecError> = guarded("the decoder", || panic!("index {} of {}", 3, 2));
    assert_eq!(result, Err(CodecError::Other("the decoder panicked: index 3 of 2".into())));
}
