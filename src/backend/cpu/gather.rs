//! Sampling of a whole image at places that an inverse map gives.

use super::row::border_value;
use super::samples::Scale;
use super::tile::Tile;
use crate::image::{Layout, Region, Samples};
use crate::op::{Gather, Sampling};
use crate::simd::vectorized;

/// A whole image that is read pixel by pixel.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub samples: &'a Samples,
    pub scale: Scale,
    pub layout: Layout,
}

pub fn tile(gather: &Gather, input: View, region: Region) -> Tile {
    let layout = input.layout;
    match (input.samples, input.scale) {
        (Samples::U8(v), _) => sampled(gather, v, f32::from, layout, region),
        (Samples::U16(v), Scale::Levels) => sampled(gather, v, |v| f32::from(v) / 257.0, layout, region),
        (Samples::U16(v), Scale::Codes) => sampled(gather, v, f32::from, layout, region),
        (Samples::F32(v), Scale::Levels) => sampled(gather, v, |v| v * 255.0, layout, region),
        (Samples::F32(v), Scale::Codes) => sampled(gather, v, |v| v, layout, region),
    }
}

fn sampled<T: Copy>(gather: &Gather, samples: &[T], value: impl Fn(T) -> f32, layout: Layout, region: Region) -> Tile {
    let channels = layout.channels() as usize;
    let mut out = Tile::new(region, channels);
    let background = (0..channels).map(|c| border_value(gather.background, layout, c)).collect();
    let image = Sampled { samples, value, layout, channels, background };
    let width = region.width as usize;
    let mut places = vec![(0.0, 0.0); width];
    for y in region.y..region.bottom() {
        let mut rows = out.rows_mut(y);
        vectorized(
            #[inline(always)]
            || {
                for (place, x) in places.iter_mut().zip(region.x..) {
                    *place = gather.place(x, y);
                }
                match gather.sampling {
                    Sampling::Nearest => image.row(
                        &places,
                        0.5,
                        &mut rows,
                        #[inline(always)]
                        |_, _, [[v]]| v,
                    ),
                    Sampling::Bilinear => image.row(&places, 0.0, &mut rows, bilinear),
                    Sampling::Bicubic => image.row(&places, 0.0, &mut rows, bicubic),
                }
            },
        );
    }
    out
}

/// What is sampled.
struct Sampled<'a, T, V> {
    samples: &'a [T],
    value: V,
    layout: Layout,
    channels: usize,
    background: Vec<f32>,
}

impl<T: Copy, V: Fn(T) -> f32> Sampled<'_, T, V> {
    /// A row of each channel. `sample` makes a value of the square of taps around `floor(place + shift)`, given how far
    /// behind that the place lies.
    #[inline(always)]
    fn row<const SIDE: usize>(
        &self,
        places: &[(f32, f32)],
        shift: f32,
        rows: &mut [&mut [f32]],
        sample: impl Fn(f32, f32, [[f32; SIDE]; SIDE]) -> f32,
    ) {
        let before = (SIDE - 1) as i32 / 2;
        let fits = |first: i32, n: u32| first >= 0 && first + SIDE as i32 <= n as i32;
        for (i, (u, v)) in places.iter().enumerate() {
            let (left, top) = ((u + shift).floor(), (v + shift).floor());
            let (x, y) = (left as i32 - before, top as i32 - before);
            let inside = fits(x, self.layout.width) && fits(y, self.layout.height);
            for (c, row) in rows.iter_mut().enumerate() {
                let mut taps = [[0.0; SIDE]; SIDE];
                for (taps, y) in taps.iter_mut().zip(y..) {
                    for (tap, x) in taps.iter_mut().zip(x..) {
                        *tap = if inside { self.at(x, y, c) } else { self.tap(x, y, c) };
                    }
                }
                row[i] = sample(u - left, v - top, taps);
            }
        }
    }

    #[inline(always)]
    fn at(&self, x: i32, y: i32, channel: usize) -> f32 {
        let place = (y as usize * self.layout.width as usize + x as usize) * self.channels + channel;
        (self.value)(self.samples[place])
    }

    /// A pixel of the image, or the background.
    fn tap(&self, x: i32, y: i32, channel: usize) -> f32 {
        let is_in_image = x >= 0 && y >= 0 && (x as u32) < self.layout.width && (y as u32) < self.layout.height;
        if is_in_image { self.at(x, y, channel) } else { self.background[channel] }
    }
}

/// `s` and `t`: how far the place lies behind the first tap, along rows and columns, 0..1.
#[inline(always)]
fn bilinear(s: f32, t: f32, [above, below]: [[f32; 2]; 2]) -> f32 {
    let along = |[a, b]: [f32; 2]| a * (1.0 - s) + b * s;
    along(above) * (1.0 - t) + along(below) * t
}

/// The same behind the second tap.
#[inline(always)]
fn bicubic(s: f32, t: f32, taps: [[f32; 4]; 4]) -> f32 {
    let ([p, q, r, o], down) = (cubic_weights(s), cubic_weights(t));
    let mut sum = 0.0;
    for ([a, b, c, d], weight) in taps.into_iter().zip(down) {
        sum += weight * (p * a + q * b + r * c + o * d);
    }
    sum
}

/// Weights of the taps at -1, 0, 1 and 2 for a place `t` behind tap 0, 0..1: the cubic with a = -0.5
/// (Keys 1981).
#[inline(always)]
fn cubic_weights(t: f32) -> [f32; 4] {
    let near = |d: f32| (1.5 * d - 2.5) * d * d + 1.0;
    let far = |d: f32| ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}
