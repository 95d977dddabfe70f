//! TIFFs put together by hand.

use crate::codec::{DecodeOptions, JpegDecoder, decode, header};
use crate::image::{Image, Layout, Samples};

/// A TIFF of uncompressed bytes, in one strip unless `tags` say otherwise; tags are `(number, values)`, all shorts.
fn tiff(width: u16, height: u16, data: &[u8], tags: &[(u16, &[u16])]) -> Vec<u8> {
    let (size, place) = (data.len() as u16, 8);
    let mut entries: Vec<(u16, Vec<u16>)> = tags.iter().map(|(tag, values)| (*tag, values.to_vec())).collect();
    for (tag, value) in [(256, width), (257, height), (259, 1), (273, place), (278, height), (279, size)] {
        if entries.iter().all(|(given, _)| *given != tag) {
            entries.push((tag, vec![value]));
        }
    }
    entries.sort_by_key(|(tag, _)| *tag);
    let directory = 8 + data.len().next_multiple_of(2);
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((directory as u32).to_le_bytes());
    bytes.extend(data);
    bytes.resize(directory, 0);
    bytes.extend((entries.len() as u16).to_le_bytes());
    // Values that do not fit an entry follow the directory.
    let mut beyond = Vec::new();
    let beyond_at = directory + 2 + 12 * entries.len() + 4;
    for (tag, values) in &entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(3u16.to_le_bytes());
        bytes.extend((values.len() as u32).to_le_bytes());
        let content: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        if content.len() <= 4 {
            bytes.extend(content.iter().chain(&[0; 4]).take(4));
        } else {
            bytes.extend(((beyond_at + beyond.len()) as u32).to_le_bytes());
            beyond.extend(content);
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(beyond);
    bytes
}

const OPTIONS: DecodeOptions = DecodeOptions { max_pixels: 100, jpeg: JpegDecoder::ALL[0] };

fn decoded(bytes: &[u8]) -> Image {
    let image = decode(bytes, &OPTIONS).unwrap();
    let header = header(bytes).unwrap();
    assert_eq!((header.layout, header.depth), (image.layout, image.depth()));
    for end in 0..bytes.len() - 20 {
        assert!(decode(&bytes[..end], &OPTIONS).is_err(), "cut at {end}");
    }
    image
}

const GRAY: (u16, &[u16]) = (262, &[1]);
const RGB: (u16, &[u16]) = (262, &[2]);

#[test]
fn packed_gray_is_spread_over_8_bits() {
    let image = |bits: u16, data: &[u8]| decoded(&tiff(3, 2, data, &[GRAY, (258, &[bits])]));
    let gray = |v: [u8; 6]| Image::new(Layout::new(3, 2, 1), Samples::U8(v.to_vec()));
    assert_eq!(image(1, &[0b1010_0000, 0b0100_0000]), gray([255, 0, 255, 0, 255, 0]));
    assert_eq!(image(2, &[0b0001_1000, 0b1111_0000]), gray([0, 85, 170, 255, 255, 0]));
    assert_eq!(image(4, &[0x0f, 0x80, 0x12, 0x30]), gray([0, 255, 136, 17, 34, 51]));
}

#[test]
fn floats_are_read_and_made_finite() {
    let values = [0.25f32, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.5, 2.0];
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let gray = decoded(&tiff(6, 1, &data, &[GRAY, (258, &[32]), (339, &[3])]));
    let expected = Samples::F32(vec![0.25, 0.0, 1e6, -1e6, -0.5, 2.0]);
    assert_eq!(gray, Image::new(Layout::new(6, 1, 1), expected.clone()));
    let tags = [RGB, (258, &[32, 32, 32][..]), (277, &[3]), (339, &[3, 3, 3])];
    assert_eq!(decoded(&tiff(2, 1, &data, &tags)), Image::new(Layout::new(2, 1, 3), expected));
}

#[test]
fn gray_with_alpha_comes_straight() {
    let data = [100, 200, 50, 100, 7, 0];
    let tags = |kind: &'static [u16]| [GRAY, (258, &[8, 8][..]), (277, &[2]), (338, kind)];
    let image = |v: [u8; 6]| Image::new(Layout::new(3, 1, 2), Samples::U8(v.to_vec()));
    assert_eq!(decoded(&tiff(3, 1, &data, &tags(&[2]))), image(data));
    assert_eq!(decoded(&tiff(3, 1, &data, &tags(&[1]))), image([128, 200, 128, 100, 0, 0]));
}

#[test]
fn cmyk_becomes_rgb() {
    let tags = [(262, &[5][..]), (258, &[8, 8, 8, 8]), (277, &[4])];
    let image = decoded(&tiff(2, 1, &[0, 255, 128, 0, 10, 20, 30, 51], &tags));
    assert_eq!(image, Image::new(Layout::new(2, 1, 3), Samples::U8(vec![255, 0, 127, 196, 188, 180])));
}

#[test]
fn planes_are_interleaved() {
    let tags = [RGB, (258, &[8, 8, 8][..]), (277, &[3]), (284, &[2]), (273, &[8, 10, 12]), (279, &[2, 2, 2])];
    let bytes = tiff(2, 1, &[1, 2, 3, 4, 5, 6], &tags);
    assert_eq!(decoded(&bytes), Image::new(Layout::new(2, 1, 3), Samples::U8(vec![1, 3, 5, 2, 4, 6])));
}

#[test]
fn alpha_is_said_to_be_alpha() {
    let image = Image::new(Layout::new(2, 1, 4), Samples::U8(vec![9, 8, 7, 128, 1, 2, 3, 0]));
    let bytes = super::encode(&image).unwrap();
    let mut source = ::tiff::decoder::Decoder::new(std::io::Cursor::new(&bytes[..])).unwrap();
    let extra = source.find_tag_unsigned_vec::<u16>(::tiff::tags::Tag::ExtraSamples).unwrap();
    assert_eq!(extra, Some(vec![2]));
    assert_eq!(decode(&bytes, &OPTIONS).unwrap(), image);
}
