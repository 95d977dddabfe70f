//! Converts what an output format can't hold.

use super::{Format, icc};
use crate::image::{Depth, Image, Layout, Samples};
use std::fmt;

/// Something that an image lost or changed on the way into its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Conversion {
    /// The format holds 8 bits.
    DepthReduced(Format),
    /// The format holds no alpha.
    AlphaFlattened(Format),
    /// The format holds alpha with colour only.
    GrayExpanded(Format),
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Conversion::DepthReduced(format) => {
                write!(f, "16-bit samples were written as 8-bit: {} holds no more", format.name())
            }
            Conversion::AlphaFlattened(format) => {
                write!(f, "transparent pixels were flattened onto white: {} holds no alpha", format.name())
            }
            Conversion::GrayExpanded(format) => {
                write!(f, "gray with alpha was written as RGBA: {} holds alpha with colour only", format.name())
            }
        }
    }
}

/// The image as `format` can hold it, at `depth` (none: its own) where the format has that, and what had to change.
/// A depth that was asked for is no conversion. 16-bit to 8-bit is `floor(v / 257 + 0.5)`, 8-bit to 16-bit `257 v`,
/// float `floor(codes clamp(v, 0, 1) + 0.5)` with `codes` 255 or 65,535; alpha is flattened onto white by
/// `v a + white (1 - a)`, rounded, on encoded values.
pub fn fit_format(image: Image, format: Format, depth: Option<Depth>) -> (Image, Vec<Conversion>) {
    let mut conversions = Vec::new();
    let wanted = depth.unwrap_or(image.depth());
    let held = if format.holds_depth(wanted) { wanted } else { Depth::Eight };
    if held != wanted {
        conversions.push(Conversion::DepthReduced(format));
    }
    let Image { mut layout, mut samples, icc } = image;
    if let Samples::F32(v) = samples {
        samples = from_floats(&v, held);
    }
    if layout.alpha && !format.holds_alpha() {
        conversions.push(Conversion::AlphaFlattened(format));
        samples = flattened(samples, layout);
        layout.alpha = false;
    }
    samples = at_depth(samples, held);
    if layout.channels() == 2 && !format.holds_gray_alpha() {
        conversions.push(Conversion::GrayExpanded(format));
        samples = expanded(&samples);
        layout.colours = 3;
    }
    let icc = icc.filter(|profile| icc::fits(profile, layout));
    (Image { layout, samples, icc }, conversions)
}

fn at_depth(samples: Samples, depth: Depth) -> Samples {
    match (samples, depth) {
        (Samples::U16(v), Depth::Eight) => Samples::U8(v.iter().map(|v| ((u32::from(*v) + 128) / 257) as u8).collect()),
        (Samples::U8(v), Depth::Sixteen) => Samples::U16(v.iter().map(|v| u16::from(*v) * 257).collect()),
        (samples, _) => samples,
    }
}

fn from_floats(samples: &[f32], depth: Depth) -> Samples {
    // In f64, where the product and the sum are exact enough for every code.
    let code = |v: f32, codes: f64| (f64::from(v.clamp(0.0, 1.0)) * codes + 0.5).floor();
    match depth {
        Depth::Eight => Samples::U8(samples.iter().map(|v| code(*v, 255.0) as u8).collect()),
        Depth::Sixteen => Samples::U16(samples.iter().map(|v| code(*v, 65_535.0) as u16).collect()),
    }
}

/// Colour over white, alpha left out; in place.
fn flattened(samples: Samples, layout: Layout) -> Samples {
    let channels = layout.channels() as usize;
    match samples {
        Samples::U8(v) => Samples::U8(over_white(v, channels, 255)),
        Samples::U16(v) => Samples::U16(over_white(v, channels, 65_535)),
        Samples::F32(_) => unreachable!("floats became codes before"),
    }
}

fn over_white<T: Copy + Into<u64> + TryFrom<u64>>(mut samples: Vec<T>, channels: usize, white: u64) -> Vec<T> {
    let (colours, pixels) = (channels - 1, samples.len() / channels);
    for i in 0..pixels {
        let alpha: u64 = samples[i * channels + colours].into();
        for c in 0..colours {
            let v: u64 = samples[i * channels + c].into();
            let mixed = (v * alpha + white * (white - alpha) + white / 2) / white;
            samples[i * colours + c] = T::try_from(mixed).unwrap_or(samples[i * channels + c]);
        }
    }
    samples.truncate(pixels * colours);
    samples
}

/// Gray and alpha to RGBA.
fn expanded(samples: &Samples) -> Samples {
    fn pixels<T: Copy>(samples: &[T]) -> Vec<T> {
        samples.as_chunks::<2>().0.iter().flat_map(|[v, a]| [*v, *v, *v, *a]).collect()
    }
    match samples {
        Samples::U8(v) => Samples::U8(pixels(v)),
        Samples::U16(v) => Samples::U16(pixels(v)),
        Samples::F32(v) => Samples::F32(pixels(v)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(channels: u32, samples: Samples) -> Image {
        Image::new(Layout::new(samples.len() as u32 / channels, 1, channels), samples)
    }

    #[test]
    fn every_16_bit_code_rounds_to_the_nearest_8_bit_code() {
        let all = Samples::U16((0..=65_535).collect());
        let (fitted, conversions) = fit_format(image(1, all), Format::Jpeg, None);
        let Samples::U8(codes) = fitted.samples else { panic!("16-bit stayed") };
        for (v, code) in codes.iter().enumerate() {
            assert_eq!(f64::from(*code), (v as f64 / 257.0 + 0.5).floor(), "{v}");
        }
        assert_eq!(conversions, [Conversion::DepthReduced(Format::Jpeg)]);
        assert_eq!(conversions[0].to_string(), "16-bit samples were written as 8-bit: jpeg holds no more");
    }

    #[test]
    fn alpha_is_flattened_onto_white_by_the_formula() {
        let mut pixels = Vec::new();
        for alpha in 0..=255u8 {
            pixels.extend([0, 100, 255, alpha]);
        }
        let (fitted, conversions) = fit_format(image(4, Samples::U8(pixels)), Format::Jpeg, None);
        let Samples::U8(v) = fitted.samples else { panic!("8-bit changed") };
        for (alpha, rgb) in (0..=255).zip(v.as_chunks::<3>().0) {
            let exact = |v: f64| (v * f64::from(alpha) / 255.0 + 255.0 - f64::from(alpha) + 0.5).floor() as u8;
            assert_eq!(*rgb, [exact(0.0), exact(100.0), 255], "{alpha}");
        }
        assert_eq!(
            (fitted.layout.channels(), conversions.as_slice()),
            (3, &[Conversion::AlphaFlattened(Format::Jpeg)][..])
        );
    }

    #[test]
    fn deep_gray_alpha_is_flattened_before_it_loses_depth() {
        let pixels = Samples::U16(vec![1000, 30_000, 65_535, 0, 12_345, 65_535]);
        let (fitted, conversions) = fit_format(image(2, pixels), Format::Jpeg, None);
        let mixed = |v: f64, a: f64| ((v * a / 65_535.0 + 65_535.0 - a + 0.5).floor() / 257.0 + 0.5).floor() as u8;
        assert_eq!(fitted.samples, Samples::U8(vec![mixed(1000.0, 30_000.0), 255, mixed(12_345.0, 65_535.0)]));
        assert_eq!(conversions, [Conversion::DepthReduced(Format::Jpeg), Conversion::AlphaFlattened(Format::Jpeg)]);
    }

    #[test]
    fn a_depth_that_was_asked_for_is_no_conversion() {
        let eight = image(1, Samples::U8(vec![0, 1, 255]));
        let (deep, conversions) = fit_format(eight.clone(), Format::Png, Some(Depth::Sixteen));
        assert_eq!((deep.samples.clone(), conversions), (Samples::U16(vec![0, 257, 65_535]), vec![]));
        let (back, conversions) = fit_format(deep, Format::Png, Some(Depth::Eight));
        assert_eq!((back.samples, conversions), (eight.samples.clone(), vec![]));
        let (kept, conversions) = fit_format(eight.clone(), Format::Jpeg, Some(Depth::Sixteen));
        assert_eq!((kept.samples, conversions), (eight.samples, vec![Conversion::DepthReduced(Format::Jpeg)]));
    }

    #[test]
    fn gray_alpha_grows_where_the_format_wants_colour() {
        let gray = image(2, Samples::U16(vec![7, 8, 9, 10]));
        let (fitted, conversions) = fit_format(gray.clone(), Format::Tiff, None);
        assert_eq!(fitted.samples, Samples::U16(vec![7, 7, 7, 8, 9, 9, 9, 10]));
        assert_eq!(conversions, [Conversion::GrayExpanded(Format::Tiff)]);
        assert_eq!(fit_format(gray.clone(), Format::Png, None), (gray, vec![]));
    }

    #[test]
    fn floats_become_codes_of_the_depth() {
        let floats = Samples::F32(vec![-1.0, 0.0, 0.5, 1.0, 7.0]);
        let (deep, _) = fit_format(image(1, floats.clone()), Format::Png, None);
        assert_eq!(deep.samples, Samples::U16(vec![0, 0, 32_768, 65_535, 65_535]));
        let (eight, _) = fit_format(image(1, floats), Format::Jpeg, None);
        assert_eq!(eight.samples, Samples::U8(vec![0, 0, 128, 255, 255]));
    }

    #[test]
    fn a_profile_goes_where_its_channels_go() {
        let mut gray = image(2, Samples::U8(vec![1, 2]));
        gray.icc = Some(icc::tests::profile(b"GRAY"));
        assert!(fit_format(gray.clone(), Format::Png, None).0.icc.is_some());
        assert!(fit_format(gray, Format::Bmp, None).0.icc.is_none());
    }
}
