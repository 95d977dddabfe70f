//! Sampling of a whole image at places that an inverse map gives.

use super::samples::Scale;
use super::tile::Tile;
use crate::image::{Layout, Region, Samples};
use crate::op::{Gather, Sampling};

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

fn sampled<T: Copy>(
    gather: &Gather,
    samples: &[T],
    value: impl Fn(T) -> f32 + Copy,
    layout: Layout,
    region: Region,
) -> Tile {
    let channels = layout.channels() as usize;
    let background: Vec<f32> =
        (0..channels).map(|c| gather.background[if layout.is_alpha(c as u32) { 3 } else { c }]).collect();
    let tap = |x: i32, y: i32, c: usize| {
        if x < 0 || y < 0 || x as u32 >= layout.width || y as u32 >= layout.height {
            return background[c];
        }
        value(samples[(y as usize * layout.width as usize + x as usize) * channels + c])
    };
    let mut out = Tile::new(region, channels);
    for y in region.y..region.bottom() {
        let mut rows = out.rows_mut(y);
        for (i, x) in (region.x..region.right()).enumerate() {
            let (u, v) = gather.place(x, y);
            for (c, row) in rows.iter_mut().enumerate() {
                row[i] = match gather.sampling {
                    Sampling::Nearest => tap((u + 0.5).floor() as i32, (v + 0.5).floor() as i32, c),
                    Sampling::Bilinear => bilinear(u, v, |x, y| tap(x, y, c)),
                    Sampling::Bicubic => bicubic(u, v, |x, y| tap(x, y, c)),
                };
            }
        }
    }
    out
}

fn bilinear(u: f32, v: f32, tap: impl Fn(i32, i32) -> f32) -> f32 {
    let (left, top) = (u.floor(), v.floor());
    let (s, t) = (u - left, v - top);
    let (x, y) = (left as i32, top as i32);
    let above = tap(x, y) * (1.0 - s) + tap(x + 1, y) * s;
    let below = tap(x, y + 1) * (1.0 - s) + tap(x + 1, y + 1) * s;
    above * (1.0 - t) + below * t
}

fn bicubic(u: f32, v: f32, tap: impl Fn(i32, i32) -> f32) -> f32 {
    let (left, top) = (u.floor(), v.floor());
    let (s, t) = (u - left, v - top);
    let (x, y) = (left as i32, top as i32);
    let (across, down) = (cubic_weights(s), cubic_weights(t));
    let mut sum = 0.0;
    for (j, weight) in (-1..).zip(down) {
        let [a, b, c, d] = across;
        let row = a * tap(x - 1, y + j) + b * tap(x, y + j) + c * tap(x + 1, y + j) + d * tap(x + 2, y + j);
        sum += weight * row;
    }
    sum
}

/// Weights of the taps at -1, 0, 1 and 2 for a place `t` behind tap 0, 0..1: the cubic with a = -0.5
/// (Keys 1981).
fn cubic_weights(t: f32) -> [f32; 4] {
    let near = |d: f32| (1.5 * d - 2.5) * d * d + 1.0;
    let far = |d: f32| ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}
