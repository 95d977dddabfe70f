//! How a PNG is compressed.
//!
//! Sizes against libpng's level 6, and speed on one thread, for photographs: `Fast` 1.00 to 1.10 for gray at 350 MP/s,
//! 1.03 to 1.35 for colour at 120 MP/s; `Level(2)` 0.95 to 1.13 for colour at 22 MP/s; `Default` 0.93 to 1.05 at
//! 3 MP/s; libpng itself 3 MP/s. `Fast` has no matches but runs of zeros, which flat and repetitive colour pays for.
//! Edges of two levels: `Runs` 0.97 at 480 MP/s, `Fast` 1.40 at 770 MP/s, `Level(3)` 1.22 at 160 MP/s.

use super::{CodecError, png_runs};
use crate::image::Layout;
use ::image::codecs::png::{CompressionType, FilterType, PngEncoder};
use ::image::{ExtendedColorType, ImageEncoder};

/// Rows that are looked at, from the middle of the image.
const SAMPLE_ROWS: usize = 32;

/// As many levels are few.
const FEW_LEVELS: usize = 16;

/// How much larger the sample may be with the faster way.
const TOLERATED: f64 = 1.05;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Compression {
    /// By `png_runs`.
    Runs,
    /// By `image`, with filters chosen row by row.
    Filtered(CompressionType),
}

use Compression::{Filtered, Runs};

/// The fast way for what the image is like: for 8-bit gray of few levels `Runs`, else `Fast`. The strong way instead if
/// a sample of the rows comes out more than a twentieth smaller with it: `Level(3)` for few levels, `Level(2)` for
/// colour; for other gray there is none.
pub(super) fn chosen(layout: Layout, samples: &[u8], colour: ExtendedColorType) -> Result<Compression, CodecError> {
    let height = layout.height as usize;
    let row = samples.len() / height;
    let rows = height.min(SAMPLE_ROWS);
    let first = (height - rows) / 2 * row;
    let sample = &samples[first..first + rows * row];
    let (fast, strong) = match (colour, few_levels(sample)) {
        (ExtendedColorType::L8, true) => (Runs, CompressionType::Level(3)),
        (_, true) => (Filtered(CompressionType::Fast), CompressionType::Level(3)),
        (_, false) if layout.colours == 1 => return Ok(Filtered(CompressionType::Fast)),
        (_, false) => (Filtered(CompressionType::Fast), CompressionType::Level(2)),
    };
    let strong = Filtered(strong);
    let size = |compression| {
        let file = encode(sample, layout.sized(layout.width, rows as u32), colour, None, compression)?;
        Ok(file.len() as f64)
    };
    Ok(if size(fast)? > TOLERATED * size(strong)? { strong } else { fast })
}

/// Of bytes: those of 16-bit black and white are 0 and 255, too.
fn few_levels(samples: &[u8]) -> bool {
    let mut seen = [false; 256];
    samples.iter().for_each(|v| seen[usize::from(*v)] = true);
    seen.iter().filter(|seen| **seen).count() <= FEW_LEVELS
}

/// The file of samples as bytes, in the machine's order.
pub(super) fn encode(
    samples: &[u8],
    layout: Layout,
    colour: ExtendedColorType,
    icc: Option<&[u8]>,
    compression: Compression,
) -> Result<Vec<u8>, CodecError> {
    let Layout { width, height, .. } = layout;
    let failed = |error: String| CodecError::Other(format!("png: {error}"));
    match compression {
        Runs => png_runs::encode(samples, width, height, icc).map_err(|error| failed(error.to_string())),
        Filtered(level) => {
            let mut file = Vec::new();
            let mut encoder = PngEncoder::new_with_quality(&mut file, level, FilterType::Adaptive);
            let profile = icc.map_or(Ok(()), |profile| encoder.set_icc_profile(profile.to_vec()));
            profile.map_err(|error| failed(error.to_string()))?;
            encoder.write_image(samples, width, height, colour).map_err(|error| failed(error.to_string()))?;
            Ok(file)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen_for(channels: u32, sample: impl Fn(usize) -> u8) -> Compression {
        let layout = Layout::new(64, 64, channels);
        let samples: Vec<u8> = (0..layout.samples() as usize).map(sample).collect();
        let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        chosen(layout, &samples, colour).unwrap()
    }

    #[test]
    fn the_content_decides() {
        let noise = |i: usize| fastrand::Rng::with_seed(i as u64).u8(..);
        assert_eq!(chosen_for(1, |i| if noise(i / 5) > 200 { 255 } else { 0 }), Runs);
        assert_eq!(chosen_for(1, |i| noise(i / 5) / 32), Runs);
        // A halftone: no runs, but a short period.
        assert_eq!(chosen_for(1, |i| if i % 2 == 0 { 255 } else { 0 }), Filtered(CompressionType::Level(3)));
        assert_eq!(chosen_for(1, noise), Filtered(CompressionType::Fast));
        assert_eq!(chosen_for(3, noise), Filtered(CompressionType::Fast));
        assert_eq!(chosen_for(3, |i| noise(i % 7)), Filtered(CompressionType::Level(3)));
        assert_eq!(chosen_for(3, |i| noise(i % 37)), Filtered(CompressionType::Level(2)));
    }
}
