//! How hard a PNG is compressed.
//!
//! Sizes against libpng's level 6, and speed on one thread, for photographs: `Fast` 1.00 to 1.10 for gray at 350 MP/s,
//! 1.03 to 1.35 for colour at 120 MP/s; `Level(2)` 0.95 to 1.13 for colour at 22 MP/s; `Default` 0.93 to 1.05 at
//! 3 MP/s; libpng itself 3 MP/s. `Fast` has no matches but runs, which flat and repetitive colour pays for. Edges of
//! two levels: `Fast` 1.18 at 600 MP/s, `Level(3)` 1.08 at 130 MP/s.

use super::CodecError;
use crate::image::Layout;
use ::image::codecs::png::{CompressionType, FilterType, PngEncoder};
use ::image::{ExtendedColorType, ImageEncoder};

/// Rows that are tried, from the middle of the image.
const SAMPLE_ROWS: usize = 32;

/// How much larger the sample may be with `Fast` than with `Level(2)`.
const TOLERATED: f64 = 1.05;

/// `Level(3)` for images of two levels, `Fast` for other gray ones; for colour `Fast` unless a sample of the rows comes
/// out more than a twentieth larger than with `Level(2)`.
pub(super) fn chosen(layout: Layout, samples: &[u8], colour: ExtendedColorType) -> Result<CompressionType, CodecError> {
    // The bytes of 16-bit black and white are 0 and 255, too.
    if samples.iter().all(|v| matches!(v, 0 | 255)) {
        return Ok(CompressionType::Level(3));
    }
    if layout.colours == 1 {
        return Ok(CompressionType::Fast);
    }
    let height = layout.height as usize;
    let row = samples.len() / height;
    let rows = height.min(SAMPLE_ROWS);
    let first = (height - rows) / 2 * row;
    let sample = &samples[first..first + rows * row];
    let size = |compression| {
        let mut target = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut target, compression, FilterType::Adaptive);
        let written = encoder.write_image(sample, layout.width, rows as u32, colour);
        written.map(|()| target.len() as f64).map_err(|error| CodecError::Other(format!("png: {error}")))
    };
    let fast = size(CompressionType::Fast)?;
    let strong = size(CompressionType::Level(2))?;
    Ok(if fast > TOLERATED * strong { CompressionType::Level(2) } else { CompressionType::Fast })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen_for(channels: u32, sample: impl Fn(usize) -> u8) -> CompressionType {
        let layout = Layout::new(64, 64, channels);
        let samples: Vec<u8> = (0..layout.samples() as usize).map(sample).collect();
        let colour = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        chosen(layout, &samples, colour).unwrap()
    }

    #[test]
    fn the_content_decides() {
        let noise = |i: usize| fastrand::Rng::with_seed(i as u64).u8(..);
        assert_eq!(chosen_for(1, |i| if noise(i) > 200 { 255 } else { 0 }), CompressionType::Level(3));
        assert_eq!(chosen_for(1, noise), CompressionType::Fast);
        assert_eq!(chosen_for(3, noise), CompressionType::Fast);
        assert_eq!(chosen_for(3, |i| noise(i % 17)), CompressionType::Level(2));
    }
}
