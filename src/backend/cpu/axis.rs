//! Axis kernels over a tile: weighted sums and extremes along rows or columns.

use super::row::{Reader, border_value};
use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Axis, Place, Taps};

/// Pixels whose sums are kept in registers while the taps go by.
const BLOCK: usize = 32;

pub fn tile(axis: &Axis, input: &Tile, layout: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, input.channels);
    for channel in 0..input.channels {
        if layout.is_alpha(channel as u32) && axis.alpha == Alpha::Keep {
            for y in region.y..region.bottom() {
                out.row_mut(channel, y).copy_from_slice(input.part(channel, y, region.x, region.width));
            }
            continue;
        }
        let value = border_value(axis.edges.value, layout, channel);
        let reader = Reader { tile: input, channel, layout, border: axis.edges.border, value };
        match axis.place {
            Place::Horizontal => along_rows(axis, &reader, &mut out, channel),
            Place::Vertical => along_columns(axis, &reader, &mut out, channel),
        }
    }
    out
}

fn along_rows(axis: &Axis, reader: &Reader, out: &mut Tile, channel: usize) {
    let (reach, region) = (i64::from(axis.reach()), out.region);
    let xs = i64::from(region.x) - reach..i64::from(region.right()) + reach;
    let mut extended = Vec::new();
    for y in region.y..region.bottom() {
        let target = out.row_mut(channel, y);
        if let Taps::Resample(resampling) = &axis.taps {
            let row = reader.tile.row(channel, y);
            for (x, t) in (region.x as usize..).zip(target) {
                let start = resampling.starts[x] as usize - reader.tile.region.x as usize;
                let weights = &resampling.weights[x * resampling.taps..(x + 1) * resampling.taps];
                *t = dot(&row[start..], weights);
            }
            continue;
        }
        extended.clear();
        reader.extend(Some(y), xs.clone(), &mut extended);
        let tap = |k: usize| &extended[k..];
        fold_taps(&axis.taps, tap, target);
    }
}

fn along_columns(axis: &Axis, reader: &Reader, out: &mut Tile, channel: usize) {
    let (reach, region) = (i64::from(axis.reach()), out.region);
    let outside = vec![reader.value; region.width as usize];
    let part = |y: u32| reader.tile.part(channel, y, region.x, region.width);
    for y in region.y..region.bottom() {
        let target = out.row_mut(channel, y);
        if let Taps::Resample(resampling) = &axis.taps {
            let (start, y) = (resampling.starts[y as usize], y as usize);
            let weights = &resampling.weights[y * resampling.taps..(y + 1) * resampling.taps];
            let taps = weights.len().min((reader.tile.region.bottom() - start) as usize);
            weighted_sum(&weights[..taps], 1.0, |k| part(start + k as u32), target);
            continue;
        }
        let rows: Vec<&[f32]> =
            (-reach..=reach).map(|dy| reader.line(i64::from(y) + dy).map_or(&outside[..], part)).collect();
        fold_taps(&axis.taps, |k| rows[k], target);
    }
}

/// `target[x]` from `tap(k)[x]` over all taps `k`.
fn fold_taps<'a>(taps: &Taps, tap: impl Fn(usize) -> &'a [f32], target: &mut [f32]) {
    match taps {
        Taps::Sum { weights, scale } => weighted_sum(weights, *scale, tap, target),
        Taps::Min { reach } => extreme(*reach, tap, target, |a, b| if b < a { b } else { a }),
        Taps::Max { reach } => extreme(*reach, tap, target, |a, b| if b > a { b } else { a }),
        Taps::Resample(_) => unreachable!("a resampling has weights of its own for each position"),
    }
}

fn weighted_sum<'a>(weights: &[f32], scale: f32, tap: impl Fn(usize) -> &'a [f32], target: &mut [f32]) {
    let mut blocks = target.chunks_exact_mut(BLOCK);
    let mut x = 0;
    for block in &mut blocks {
        let mut sums = [0.0f32; BLOCK];
        for (k, weight) in weights.iter().enumerate() {
            let row: &[f32; BLOCK] = tap(k)[x..x + BLOCK].try_into().expect("a block of the row");
            for (sum, v) in sums.iter_mut().zip(row) {
                *sum += weight * v;
            }
        }
        for (t, sum) in block.iter_mut().zip(sums) {
            *t = sum * scale;
        }
        x += BLOCK;
    }
    for (x, t) in (x..).zip(blocks.into_remainder()) {
        let mut sum = 0.0;
        for (k, weight) in weights.iter().enumerate() {
            sum += weight * tap(k)[x];
        }
        *t = sum * scale;
    }
}

fn extreme<'a>(
    reach: u32,
    tap: impl Fn(usize) -> &'a [f32],
    target: &mut [f32],
    choose: impl Fn(f32, f32) -> f32 + Copy,
) {
    let n = target.len();
    target.copy_from_slice(&tap(0)[..n]);
    for k in 1..=2 * reach as usize {
        for (t, v) in target.iter_mut().zip(&tap(k)[..n]) {
            *t = choose(*t, *v);
        }
    }
}

/// The weighted sum of neighbours in a row, in four interleaved sums. Weights past the row's end are 0.
fn dot(row: &[f32], weights: &[f32]) -> f32 {
    let n = weights.len().min(row.len());
    let (row, weights) = (row[..n].chunks_exact(4), weights[..n].chunks_exact(4));
    let rest: f32 = row.remainder().iter().zip(weights.remainder()).map(|(v, w)| v * w).sum();
    let mut sums = [0.0f32; 4];
    for (v, w) in row.zip(weights) {
        for lane in 0..4 {
            sums[lane] += v[lane] * w[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
