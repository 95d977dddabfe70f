//! Sampling of a whole image at places that an inverse map gives.

use std::ops::Range;

use super::row::border_value;
use super::samples::{Code, Scale};
use super::tile::{Held, Tile, Value};
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

/// Where `rounds`, the values may be the bytes that they round to.
pub fn tile(gather: &Gather, input: View, region: Region, rounds: bool) -> Held {
    if rounds { Held::Bytes(values(gather, input, region)) } else { Held::Reals(values(gather, input, region)) }
}

fn values<V: Value + Code>(gather: &Gather, input: View, region: Region) -> Tile<V> {
    let layout = input.layout;
    match (input.samples, input.scale) {
        (Samples::U8(v), _) => sampled(gather, v, Some(v), f32::from, layout, region),
        (Samples::U16(v), Scale::Levels) => sampled(gather, v, None, |v| f32::from(v) / 257.0, layout, region),
        (Samples::U16(v), Scale::Codes) => sampled(gather, v, None, f32::from, layout, region),
        (Samples::F32(v), Scale::Levels) => sampled(gather, v, None, |v| v * 255.0, layout, region),
        (Samples::F32(v), Scale::Codes) => sampled(gather, v, None, |v| v, layout, region),
    }
}

/// `bytes` are the samples again, where they are such.
fn sampled<T: Copy, V: Value + Code>(
    gather: &Gather,
    samples: &[T],
    bytes: Option<&[u8]>,
    value: impl Fn(T) -> f32,
    layout: Layout,
    region: Region,
) -> Tile<V> {
    let channels = layout.channels() as usize;
    let mut out = Tile::new(region, channels);
    let background = (0..channels).map(|c| border_value(gather.background, layout, c)).collect();
    let image = Sampled { samples, bytes, value, layout, channels, background };
    for y in region.y..region.bottom() {
        let mut rows = out.rows_mut(y);
        vectorized(
            #[inline(always)]
            || {
                for begin in (0..region.width).step_by(BLOCK) {
                    let end = region.width.min(begin + BLOCK as u32) as usize;
                    let x = region.x + begin;
                    let begin = begin as usize;
                    match gather.sampling {
                        Sampling::Nearest => {
                            let places = Places::new::<1>(gather, 0.5, x, y);
                            image.pixels(&places, &mut rows, begin..end, |_, _, [[v]]| v);
                        }
                        Sampling::Bilinear => image.between(gather, x, y, &mut rows, begin..end),
                        Sampling::Bicubic => {
                            let places = Places::new::<4>(gather, 0.0, x, y);
                            image.pixels(&places, &mut rows, begin..end, bicubic);
                        }
                    }
                }
            },
        );
    }
    out
}

/// Pixels of a row that are sampled at once.
const BLOCK: usize = 64;

/// Where a block's pixels read: the first of their taps, px, and how far behind the pixel that the place is counted from it lies.
struct Places {
    x: [i32; BLOCK],
    y: [i32; BLOCK],
    s: [f32; BLOCK],
    t: [f32; BLOCK],
}

impl Places {
    /// Of the pixels from `(x, y)` on, for squares of `SIDE` taps around `floor(place + shift)`.
    #[inline(always)]
    fn new<const SIDE: i32>(gather: &Gather, shift: f32, x: u32, y: u32) -> Places {
        let mut places = Places { x: [0; BLOCK], y: [0; BLOCK], s: [0.0; BLOCK], t: [0.0; BLOCK] };
        // Division by 1 changes nothing but the time.
        if gather.is_affine() {
            places.fill::<SIDE>(shift, |i| gather.place_over(x + i, y, 1.0));
        } else {
            places.fill::<SIDE>(shift, |i| gather.place(x + i, y));
        }
        places
    }

    #[inline(always)]
    fn fill<const SIDE: i32>(&mut self, shift: f32, place: impl Fn(u32) -> (f32, f32)) {
        let before = (SIDE - 1) / 2;
        for i in 0..BLOCK {
            let (u, v) = place(i as u32);
            let (left, top) = ((u + shift).floor(), (v + shift).floor());
            (self.x[i], self.y[i]) = (whole(left) - before, whole(top) - before);
            (self.s[i], self.t[i]) = (u - left, v - top);
        }
    }

    /// The least and the greatest first taps along one axis.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "compilers vectorise no adapters here")]
    fn bounds(taps: &[i32; BLOCK]) -> (i32, i32) {
        let mut bounds = (i32::MAX, i32::MIN);
        for i in 0..BLOCK {
            bounds = (bounds.0.min(taps[i]), bounds.1.max(taps[i]));
        }
        bounds
    }
}

/// A whole number of at most `FARTHEST`. A cast saturates, which compilers don't vectorise; 1.5 * 2^23 leaves it in the lowest
/// bits.
#[inline(always)]
fn whole(v: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0;
    (v + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}

/// What is sampled.
struct Sampled<'a, T, V> {
    samples: &'a [T],
    bytes: Option<&'a [u8]>,
    value: V,
    layout: Layout,
    channels: usize,
    background: Vec<f32>,
}

impl<T: Copy, F: Fn(T) -> f32> Sampled<'_, T, F> {
    /// Those `pixels` of a row of each channel. `sample` makes a value of a square of taps, given how far the place lies behind.
    #[inline(always)]
    fn pixels<const SIDE: usize, V: Code>(
        &self,
        places: &Places,
        rows: &mut [&mut [V]],
        pixels: Range<usize>,
        sample: impl Fn(f32, f32, [[f32; SIDE]; SIDE]) -> f32,
    ) {
        let fits = |first: i32, n: u32| first >= 0 && first + SIDE as i32 <= n as i32;
        for (i, at) in pixels.enumerate() {
            let (x, y) = (places.x[i], places.y[i]);
            let inside = fits(x, self.layout.width) && fits(y, self.layout.height);
            for (c, row) in rows.iter_mut().enumerate() {
                let mut taps = [[0.0; SIDE]; SIDE];
                for (taps, y) in taps.iter_mut().zip(y..) {
                    for (tap, x) in taps.iter_mut().zip(x..) {
                        *tap = if inside { self.at(x, y, c) } else { self.tap(x, y, c) };
                    }
                }
                row[at] = V::nearest(sample(places.s[i], places.t[i], taps));
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

    /// The same, bilinear: a block of bytes within the image at once, and a block outside it.
    #[inline(always)]
    fn between<V: Code>(&self, gather: &Gather, x: u32, y: u32, rows: &mut [&mut [V]], pixels: Range<usize>) {
        let places = Places::new::<2>(gather, 0.0, x, y);
        let ((left, right), (top, bottom)) = (Places::bounds(&places.x), Places::bounds(&places.y));
        let (width, height) = (self.layout.width as i32, self.layout.height as i32);
        // Four pixels are read at most.
        let within = left >= 0 && top >= 0 && right <= width - 4 && bottom <= height - 2;
        match (self.bytes, self.channels) {
            _ if right < -1 || bottom < -1 || left >= width || top >= height => {
                for (row, background) in rows.iter_mut().zip(&self.background) {
                    row[pixels.clone()].fill(V::nearest(*background));
                }
            }
            (Some(bytes), 1) if within => Block::<1>::new(bytes, &places, width).write(&places, rows, pixels),
            (Some(bytes), 2) if within => Block::<2>::new(bytes, &places, width).write(&places, rows, pixels),
            (Some(bytes), 3) if within => Block::<3>::new(bytes, &places, width).write(&places, rows, pixels),
            (Some(bytes), 4) if within => Block::<4>::new(bytes, &places, width).write(&places, rows, pixels),
            _ => self.pixels(&places, rows, pixels, bilinear),
        }
    }
}

/// The four taps of each pixel of a block, of `C` channels in the lowest bytes.
struct Block<const C: usize> {
    above: [[u32; BLOCK]; 2],
    below: [[u32; BLOCK]; 2],
}

impl<const C: usize> Block<C> {
    #[inline(always)]
    fn new(bytes: &[u8], places: &Places, width: i32) -> Block<C> {
        let mut block = Block { above: [[0; BLOCK]; 2], below: [[0; BLOCK]; 2] };
        let row = width as usize * C;
        let mut begins = [0; BLOCK];
        for (i, begin) in begins.iter_mut().enumerate() {
            let (x, y) = (places.x[i] as u32, places.y[i] as u32);
            *begin = u64::from(y) * row as u64 + u64::from(x) * C as u64;
        }
        // Of one length, so that one check is for both.
        let (above, below) = (&bytes[..bytes.len() - row], &bytes[row..]);
        for (i, begin) in begins.into_iter().enumerate() {
            let at = begin as usize;
            if C > 2 {
                let (above, below) = (eight(above, at), eight(below, at));
                (block.above[0][i], block.above[1][i]) = (above as u32, (above >> (8 * C)) as u32);
                (block.below[0][i], block.below[1][i]) = (below as u32, (below >> (8 * C)) as u32);
            } else {
                (block.above[0][i], block.below[0][i]) = (four(above, at), four(below, at));
            }
        }
        if C <= 2 {
            // Both taps lie in four bytes.
            for i in 0..BLOCK {
                block.above[1][i] = block.above[0][i] >> (8 * C);
                block.below[1][i] = block.below[0][i] >> (8 * C);
            }
        }
        block
    }

    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "compilers vectorise no adapters here")]
    fn write<V: Code>(&self, places: &Places, rows: &mut [&mut [V]], pixels: Range<usize>) {
        for c in 0..C {
            let mut values = [V::nearest(0.0); BLOCK];
            let level = |pixel: u32| (pixel >> (8 * c) & 255) as i32 as f32;
            for i in 0..BLOCK {
                let above = [level(self.above[0][i]), level(self.above[1][i])];
                let below = [level(self.below[0][i]), level(self.below[1][i])];
                values[i] = V::nearest(bilinear(places.s[i], places.t[i], [above, below]));
            }
            match <&mut [V; BLOCK]>::try_from(&mut rows[c][pixels.clone()]) {
                Ok(whole) => *whole = values,
                Err(_) => rows[c][pixels.clone()].copy_from_slice(&values[..pixels.len()]),
            }
        }
    }
}

#[inline(always)]
fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
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
