//! Interleaved samples to planes of `f32`, and back.

use super::tile::Tile;
use crate::image::{Layout, Region, Samples};

/// What a loaded sample means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// A sample of a file: it becomes levels.
    Levels,
    /// Already as the kernels want it.
    Codes,
}

/// A region of interleaved samples as planes.
pub fn load(samples: &Samples, scale: Scale, layout: Layout, region: Region) -> Tile {
    match (samples, scale) {
        (Samples::U8(v), _) => load_as(v, layout, region, f32::from),
        (Samples::U16(v), Scale::Levels) => load_as(v, layout, region, |v| f32::from(v) / 257.0),
        (Samples::U16(v), Scale::Codes) => load_as(v, layout, region, f32::from),
        (Samples::F32(v), Scale::Levels) => load_as(v, layout, region, |v| v * 255.0),
        (Samples::F32(v), Scale::Codes) => load_as(v, layout, region, |v| v),
    }
}

fn load_as<T: Copy>(samples: &[T], layout: Layout, region: Region, value: impl Fn(T) -> f32 + Copy) -> Tile {
    let channels = layout.channels() as usize;
    let mut tile = Tile::new(region, channels);
    for y in region.y..region.bottom() {
        let begin = (y as usize * layout.width as usize + region.x as usize) * channels;
        let source = &samples[begin..begin + region.width as usize * channels];
        let mut planes = tile.rows_mut(y);
        match &mut planes[..] {
            [l] => split::<1, T>(source, [l], value),
            [l, a] => split::<2, T>(source, [l, a], value),
            [r, g, b] => split::<3, T>(source, [r, g, b], value),
            [r, g, b, a] => split::<4, T>(source, [r, g, b, a], value),
            _ => unreachable!("an image has 1 to 4 channels"),
        }
    }
    tile
}

fn split<const C: usize, T: Copy>(source: &[T], planes: [&mut [f32]; C], value: impl Fn(T) -> f32) {
    for (x, pixel) in source.chunks_exact(C).enumerate() {
        for c in 0..C {
            planes[c][x] = value(pixel[c]);
        }
    }
}

/// A sample of the result.
pub trait Code: Copy + Default + Send + Sync {
    /// The whole code of a value in codes: halves rounded up, clamped to the codes there are.
    fn nearest(v: f32) -> Self;
}

impl Code for u8 {
    fn nearest(v: f32) -> u8 {
        (v + 0.5) as u8
    }
}

impl Code for u16 {
    fn nearest(v: f32) -> u16 {
        (v + 0.5) as u16
    }
}

/// Unrounded: for values that are kept between two parts of a recipe.
impl Code for f32 {
    fn nearest(v: f32) -> f32 {
        v
    }
}

/// The planes of a tile as interleaved codes; `codes_per_unit` turns its values into codes.
pub fn store_rows<C: Code>(tile: &Tile, target: &mut [C], codes_per_unit: f32) {
    let (channels, width) = (tile.channels, tile.region.width as usize);
    let mut codes = vec![C::default(); width * channels];
    for (y, target) in tile.ys().zip(target.chunks_exact_mut(width * channels)) {
        for (c, codes) in codes.chunks_exact_mut(width).enumerate() {
            for (code, v) in codes.iter_mut().zip(tile.row(c, y)) {
                *code = C::nearest(v * codes_per_unit);
            }
        }
        match channels {
            1 => target.copy_from_slice(&codes),
            2 => join::<2, C>(&codes, target),
            3 => join::<3, C>(&codes, target),
            _ => join::<4, C>(&codes, target),
        }
    }
}

fn join<const N: usize, C: Code>(planes: &[C], target: &mut [C]) {
    let width = target.len() / N;
    let planes: [&[C]; N] = std::array::from_fn(|c| &planes[c * width..(c + 1) * width]);
    for (x, pixel) in target.chunks_exact_mut(N).enumerate() {
        for c in 0..N {
            pixel[c] = planes[c][x];
        }
    }
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
    }

    #[test]
    fn what_is_loaded_is_stored_again_for_all_codes_and_channels() {
        for channels in 1..=4 {
            let layout = Layout::new(5, 3, channels);
            let bytes: Vec<u8> = (0..layout.samples()).map(|i| (i * 37 % 256) as u8).collect();
            let words: Vec<u16> = (0..layout.samples()).map(|i| (i * 1237 % 65536) as u16).collect();
            let (mut bytes_again, mut words_again) = (vec![0u8; bytes.len()], vec![0u16; words.len()]);
            store_rows(
                &load(&Samples::U8(bytes.clone()), Scale::Levels, layout, layout.region()),
                &mut bytes_again,
                1.0,
            );
            store_rows(
                &load(&Samples::U16(words.clone()), Scale::Levels, layout, layout.region()),
                &mut words_again,
                257.0,
            );
            assert_eq!((bytes, words), (bytes_again, words_again));
        }
    }
}
