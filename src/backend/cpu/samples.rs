//! Samples of images to tiles, and tiles to codes.

use super::interleave::{join, join_colours, split, split_colours};
use super::pooled::Pooled;
use super::tile::{Held, Tile, Value};
use crate::image::{Layout, Region, Samples};
use crate::op::{ByteRow, Point};
use crate::simd::{blockwise, vectorized};

/// What a loaded sample means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// A sample of a file: it becomes levels.
    Levels,
    /// Already as the kernels want it.
    Codes,
}

/// A region of interleaved samples as planes.
pub fn load(samples: &Samples, scale: Scale, layout: Layout, region: Region) -> Held {
    match (samples, scale) {
        (Samples::U8(v), _) => Held::Bytes(bytes(v, layout, region)),
        (Samples::U16(v), Scale::Levels) => Held::Reals(reals(v, layout, region, |v| f32::from(v) / 257.0)),
        (Samples::U16(v), Scale::Codes) => Held::Reals(reals(v, layout, region, f32::from)),
        (Samples::F32(v), Scale::Levels) => Held::Reals(reals(v, layout, region, |v| v * 255.0)),
        (Samples::F32(v), Scale::Codes) => Held::Reals(reals(v, layout, region, |v| v)),
    }
}

/// The samples of one row of a region.
fn row<T>(samples: &[T], layout: Layout, region: Region, y: u32) -> &[T] {
    let channels = layout.channels() as usize;
    let begin = (y as usize * layout.width as usize + region.x as usize) * channels;
    &samples[begin..begin + region.width as usize * channels]
}

fn bytes(samples: &[u8], layout: Layout, region: Region) -> Tile<u8> {
    let mut tile = Tile::new(region, layout.channels() as usize);
    for y in region.y..region.bottom() {
        let source = row(samples, layout, region, y);
        match &mut tile.rows_mut(y)[..] {
            [l] => l.copy_from_slice(source),
            [l, a] => split(source, [&mut **l, a]),
            [r, g, b] => split_colours(source, [&mut **r, g, b]),
            [r, g, b, a] => split(source, [&mut **r, g, b, a]),
            _ => unreachable!("an image has 1 to 4 channels"),
        }
    }
    tile
}

fn reals<T: Copy>(samples: &[T], layout: Layout, region: Region, value: impl Fn(T) -> f32) -> Tile {
    let channels = layout.channels() as usize;
    let mut tile = Tile::new(region, channels);
    for y in region.y..region.bottom() {
        let source = row(samples, layout, region, y);
        for (c, plane) in tile.rows_mut(y).into_iter().enumerate() {
            vectorized(
                #[inline(always)]
                || take_channel(&source[c..], channels, plane, &value),
            );
        }
    }
    tile
}

#[inline(always)]
fn take_channel<T: Copy>(source: &[T], channels: usize, plane: &mut [f32], value: impl Fn(T) -> f32) {
    for (x, t) in plane.iter_mut().enumerate() {
        *t = value(source[x * channels]);
    }
}

/// The levels that a kernel makes of R, G and B in a region.
pub fn levels(kernel: &dyn Point, bytes: &[u8], layout: Layout, region: Region) -> Tile<u8> {
    let mut tile = Tile::new(region, 1);
    for y in tile.ys() {
        let begin = 3 * (y as usize * layout.width as usize + region.x as usize);
        let pixels = &bytes[begin..begin + 3 * region.width as usize];
        let is_done = kernel.bytes(ByteRow { pixels, table: &[], x: region.x, y }, tile.row_mut(0, y));
        assert!(is_done, "{kernel:?} gives levels");
    }
    tile
}

/// A sample of the result.
pub trait Code: Pooled + bytemuck::Pod {
    const IS_BYTE: bool = false;

    /// Samples of an image that are such codes as they are.
    fn samples(_: &Samples, _codes_per_unit: f32) -> Option<&[Self]> {
        None
    }

    /// The codes, where they are bytes.
    fn bytes(_: &mut [Self]) -> Option<&mut [u8]> {
        None
    }

    /// The whole code of a value in codes: halves rounded up, clamped to the codes there are.
    fn nearest(v: f32) -> Self;

    /// The code of a level, where a unit is that many codes.
    fn of_level(level: u8, codes_per_unit: f32) -> Self;

    fn join_colours(planes: [&[Self]; 3], target: &mut [Self]) {
        join(planes, target);
    }
}

/// `floor(clamp(v, 0, most) + 0.5)`. A cast to whole numbers saturates, which compilers don't vectorise well; adding 2^23
/// leaves the nearest whole number in the lowest bits instead, one too many where that lies above.
#[inline(always)]
fn nearest_bits(v: f32, most: f32) -> u32 {
    let clamped = if v > 0.0 { v } else { 0.0 };
    let up = if clamped < most { clamped } else { most } + 0.5;
    let shifted = up + 8_388_608.0;
    shifted.to_bits().wrapping_sub(u32::from(shifted - 8_388_608.0 > up))
}

impl Code for u8 {
    const IS_BYTE: bool = true;

    fn samples(samples: &Samples, codes_per_unit: f32) -> Option<&[u8]> {
        match samples {
            Samples::U8(v) if codes_per_unit == 1.0 => Some(v),
            _ => None,
        }
    }

    fn bytes(codes: &mut [u8]) -> Option<&mut [u8]> {
        Some(codes)
    }

    #[inline(always)]
    fn nearest(v: f32) -> u8 {
        nearest_bits(v, 255.0) as u8
    }

    #[inline(always)]
    fn of_level(level: u8, _: f32) -> u8 {
        level
    }

    fn join_colours(planes: [&[u8]; 3], target: &mut [u8]) {
        join_colours(planes, target);
    }
}

impl Code for u16 {
    fn samples(samples: &Samples, codes_per_unit: f32) -> Option<&[u16]> {
        match samples {
            Samples::U16(v) if codes_per_unit == 257.0 => Some(v),
            _ => None,
        }
    }

    #[inline(always)]
    fn nearest(v: f32) -> u16 {
        nearest_bits(v, 65_535.0) as u16
    }

    #[inline(always)]
    fn of_level(level: u8, codes_per_unit: f32) -> u16 {
        (f32::from(level) * codes_per_unit) as u16
    }
}

/// Unrounded: for values that are kept between two parts of a recipe.
impl Code for f32 {
    #[inline(always)]
    fn nearest(v: f32) -> f32 {
        v
    }

    #[inline(always)]
    fn of_level(level: u8, codes_per_unit: f32) -> f32 {
        f32::from(level) * codes_per_unit
    }
}

/// The planes of a tile as interleaved codes; `codes_per_unit` turns its values into codes.
pub fn store_rows<C: Code>(held: &Held, target: &mut [C], codes_per_unit: f32) {
    match held {
        Held::Bytes(tile) => store(
            tile,
            target,
            #[inline(always)]
            |v| C::of_level(v, codes_per_unit),
        ),
        Held::Reals(tile) => store(
            tile,
            target,
            #[inline(always)]
            |v| C::nearest(v * codes_per_unit),
        ),
        _ => unreachable!("only kernels of their own read these"),
    }
}

fn store<T: Value, C: Code>(tile: &Tile<T>, target: &mut [C], code: impl Fn(T) -> C) {
    let (channels, width) = (tile.channels(), tile.region.width as usize);
    let quantise = |row: &[T], codes: &mut [C]| {
        blockwise(
            [codes],
            [row],
            #[inline(always)]
            |[v]| [code(v)],
        );
    };
    if tile.step > 1 {
        for (y, target) in tile.ys().zip(target.chunks_exact_mut(width * tile.step)) {
            quantise(tile.row(0, y), target);
        }
        return;
    }
    let mut planes = C::taken(width * channels);
    for (y, target) in tile.ys().zip(target.chunks_exact_mut(width * channels)) {
        if channels == 1 {
            quantise(tile.row(0, y), target);
            continue;
        }
        for (c, codes) in planes.chunks_exact_mut(width).enumerate() {
            quantise(tile.row(c, y), codes);
        }
        let plane = |c: usize| &planes[c * width..(c + 1) * width];
        match channels {
            2 => join([plane(0), plane(1)], target),
            3 => C::join_colours([plane(0), plane(1), plane(2)], target),
            _ => join([plane(0), plane(1), plane(2), plane(3)], target),
        }
    }
    C::keep(planes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_halves_up_and_clamp() {
        assert_eq!([u8::nearest(-7.0), u8::nearest(0.5), u8::nearest(254.49), u8::nearest(1e9)], [0, 1, 254, 255]);
        assert_eq!(
            [u16::nearest(-7.0), u16::nearest(0.5), u16::nearest(65534.5), u16::nearest(1e9)],
            [0, 1, 65535, 65535]
        );
        for i in 0..100_000 {
            let v = i as f32 * 0.003 - 20.0;
            assert_eq!(u8::nearest(v), (v + 0.5) as u8, "{v}");
            assert_eq!(u16::nearest(v * 257.0), (v * 257.0 + 0.5) as u16, "{v}");
        }
    }

    #[test]
    fn what_is_loaded_is_stored_again_for_all_codes_and_channels() {
        for channels in 1..=4 {
            let layout = Layout::new(35, 3, channels);
            let bytes: Vec<u8> = (0..layout.samples()).map(|i| (i * 37 % 256) as u8).collect();
            let words: Vec<u16> = (0..layout.samples()).map(|i| (i * 1237 % 65536) as u16).collect();
            let (mut bytes_again, mut words_again) = (vec![0u8; bytes.len()], vec![0u16; words.len()]);
            let load = |samples| load(&samples, Scale::Levels, layout, layout.region());
            store_rows(&load(Samples::U8(bytes.clone())), &mut bytes_again, 1.0);
            store_rows(&load(Samples::U16(words.clone())), &mut words_again, 257.0);
            assert_eq!((bytes, words), (bytes_again, words_again));
        }
    }
}
