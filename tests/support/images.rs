//! Small images that find the faults: sizes around those of vectors and workgroups, contents that show borders,
//! rounding and alpha. The same on every run.

use fastrand::Rng;
use imgproc::image::{Image, Layout, Samples};

pub struct Sample {
    /// Size, channels, depth and content, for messages.
    pub name: String,
    pub image: Image,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Constant,
    /// One bright sample on dark, near the middle.
    Impulse,
    Checkerboard,
    Gradient,
    Noise,
    /// Only 0 and the greatest code.
    Extremes,
    /// Noise; alpha is 0 or full, and colour under alpha 0 is garbage.
    HoledAlpha,
    /// Noise in colour and alpha.
    AlphaNoise,
}

use Content::{AlphaNoise, Checkerboard, Constant, Extremes, Gradient, HoledAlpha, Impulse, Noise};

/// The test set: width, height, channels, bits, content. Bits 32 stand for floats. Each new pair of channels and bits
/// costs a compiled shader for every kernel and border, so there are seven.
const HOSTILE: &[(u32, u32, u32, u32, Content)] = &[
    (1, 1, 1, 8, Noise),
    (1, 1, 4, 16, AlphaNoise),
    (1, 17, 3, 8, Noise),
    (19, 1, 2, 8, AlphaNoise),
    (2, 2, 4, 8, HoledAlpha),
    (3, 5, 3, 8, Extremes),
    (9, 8, 1, 8, Impulse),
    (16, 16, 3, 8, Constant),
    (63, 3, 4, 16, AlphaNoise),
    (64, 4, 3, 8, Gradient),
    (65, 5, 4, 8, HoledAlpha),
    (67, 33, 3, 8, Noise),
    (31, 40, 4, 8, AlphaNoise),
    (257, 3, 1, 16, Noise),
    (5, 129, 1, 8, Checkerboard),
    (33, 16, 4, 16, HoledAlpha),
    (24, 25, 1, 16, Gradient),
    (17, 18, 3, 32, Noise),
];

pub fn hostile() -> Vec<Sample> {
    HOSTILE
        .iter()
        .map(|&(width, height, channels, bits, content)| sample(width, height, channels, bits, content))
        .collect()
}

/// An image of that size and content; `bits` 8, 16, or 32 for floats.
pub fn sample(width: u32, height: u32, channels: u32, bits: u32, content: Content) -> Sample {
    let layout = Layout::new(width, height, channels);
    let mut rng = Rng::with_seed(u64::from(width * 1009 + height * 31 + channels));
    let mut levels = Vec::with_capacity(layout.samples() as usize);
    for y in 0..height {
        for x in 0..width {
            let solid = !matches!(content, HoledAlpha) || rng.bool();
            for c in 0..channels {
                levels.push(match (layout.is_alpha(c), content) {
                    (true, AlphaNoise) => rng.f64(),
                    (true, Noise) => rng.f64(),
                    (true, _) => f64::from(u8::from(solid)),
                    (false, _) => colour(content, layout, (x, y, c), &mut rng),
                });
            }
        }
    }
    let name = format!("{width}x{height} {} {bits}-bit {content:?}", ["L", "LA", "RGB", "RGBA"][channels as usize - 1]);
    Sample { name, image: Image::new(layout, samples(&levels, bits)) }
}

/// A colour sample, 0 to 1.
fn colour(content: Content, layout: Layout, (x, y, c): (u32, u32, u32), rng: &mut Rng) -> f64 {
    match content {
        Constant => [0.3, 0.7, 0.45][c as usize],
        Impulse => f64::from(u8::from((x, y) == (layout.width / 2, layout.height / 2))),
        Checkerboard => f64::from((x + y + c) % 2),
        Gradient => f64::from(x * 3 + y * 2 + c * 5) / f64::from(layout.width * 3 + layout.height * 2 + 15),
        Extremes => f64::from(u8::from(rng.bool())),
        Noise | HoledAlpha | AlphaNoise => rng.f64(),
    }
}

fn samples(levels: &[f64], bits: u32) -> Samples {
    match bits {
        8 => Samples::U8(levels.iter().map(|v| (v * 255.0).round() as u8).collect()),
        16 => Samples::U16(levels.iter().map(|v| (v * 65535.0).round() as u16).collect()),
        32 => Samples::F32(levels.iter().map(|v| *v as f32).collect()),
        other => panic!("no depth {other}"),
    }
}
