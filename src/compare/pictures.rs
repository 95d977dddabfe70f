//! Small pictures for the report: before, after, and where two results differ.

use super::pixels::pixel_differences;
use crate::codec::{self, CodecError, EncodeOptions, Format};
use crate::image::{Image, Layout, Samples};

/// px
const LONGEST_SIDE: u32 = 640;
const QUALITY: u8 = 85;

/// The image, at most 640 px a side, as a `data:` URI.
pub fn picture(image: &Image) -> Result<String, CodecError> {
    let by = image.layout.width.max(image.layout.height).div_ceil(LONGEST_SIDE);
    let layout = image.layout.sized(image.layout.width.div_ceil(by), image.layout.height.div_ceil(by));
    let channels = layout.channels() as usize;
    let mut codes = Vec::with_capacity(layout.samples() as usize);
    for block in blocks(image.layout, by) {
        for channel in 0..channels {
            let (sum, count) = block.clone().fold((0.0, 0.0), |(sum, count), pixel| {
                (sum + image.samples.level(pixel * channels + channel), count + 1.0)
            });
            codes.push((sum / count + 0.5_f64).clamp(0.0, 255.0) as u8);
        }
    }
    uri(&Image::new(layout, Samples::U8(codes)))
}

/// Where two images of one layout differ: the largest difference of a pixel's channels, of the pixels that make one; and what
/// it was multiplied by so that the largest is white.
pub fn difference(a: &Image, b: &Image) -> Result<(String, f64), CodecError> {
    let by = a.layout.width.max(a.layout.height).div_ceil(LONGEST_SIDE);
    let furthest = |pixel| pixel_differences(a, b, pixel).fold(0.0, f64::max);
    let differences: Vec<f64> =
        blocks(a.layout, by).map(|mut block| block.by_ref().map(furthest).fold(0.0, f64::max)).collect();
    let largest = differences.iter().copied().fold(0.0, f64::max);
    let gain = if largest > 0.0 { 255.0 / largest } else { 1.0 };
    let codes = differences.iter().map(|d| (d * gain + 0.5) as u8).collect();
    let layout = Layout::new(a.layout.width.div_ceil(by), a.layout.height.div_ceil(by), 1);
    // Single points are all there is to see, and JPEG would blur them.
    Ok((data(Format::Png, &Image::new(layout, Samples::U8(codes)))?, gain))
}

/// For each square of `by` x `by` px, row after row, the numbers of its pixels.
fn blocks(layout: Layout, by: u32) -> impl Iterator<Item = impl Iterator<Item = usize> + Clone> {
    let Layout { width, height, .. } = layout;
    let starts = move |size: u32| (0..size).step_by(by as usize);
    starts(height).flat_map(move |y| {
        starts(width).map(move |x| {
            let (right, bottom) = ((x + by).min(width), (y + by).min(height));
            (y..bottom).flat_map(move |y| (x..right).map(move |x| y as usize * width as usize + x as usize))
        })
    })
}

fn uri(image: &Image) -> Result<String, CodecError> {
    data(if image.layout.alpha { Format::Png } else { Format::Jpeg }, image)
}

fn data(format: Format, image: &Image) -> Result<String, CodecError> {
    let bytes = codec::encode(image, &EncodeOptions { format, quality: QUALITY })?;
    Ok(format!("data:image/{};base64,{}", format.name(), base64(&bytes)))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_vectors_of_the_standard() {
        let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn squares_cover_every_pixel_once() {
        let blocks: Vec<Vec<usize>> = blocks(Layout::new(3, 3, 1), 2).map(Iterator::collect).collect();
        assert_eq!(blocks, [vec![0, 1, 3, 4], vec![2, 5], vec![6, 7], vec![8]]);
    }

    #[test]
    fn a_single_level_is_brightened_to_white() {
        let flat = |code: u8| Image::new(Layout::new(4, 4, 1), Samples::U8(vec![code; 16]));
        let mut other = flat(7);
        if let Samples::U8(codes) = &mut other.samples {
            codes[5] = 9;
        }
        let (uri, gain) = difference(&flat(7), &other).unwrap();
        assert_eq!(gain, 127.5);
        assert!(uri.starts_with("data:image/png;base64,iVBOR"), "{uri}");
        assert!(picture(&other).unwrap().starts_with("data:image/jpeg;base64,/9j/"));
    }
}
