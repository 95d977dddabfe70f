//! Axis kernels over a tile: weighted sums and extremes along rows or columns.

use multiversion::multiversion;

use super::row::{Reader, border_value};
use super::running;
use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Axis, Place, Taps};

/// Pixels whose sums are kept in registers while the taps go by.
const BLOCK: usize = 32;

/// Compiled for each instruction set and chosen at run time: what it calls is inlined into it. The operations and their
/// order are the same in all, and so are the results.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn tile(axis: &Axis, input: &Tile, layout: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, input.channels);
    for channel in 0..input.channels {
        if layout.is_alpha(channel as u32) && axis.alpha == Alpha::Keep {
            out.copy_channel(channel, input, channel);
            continue;
        }
        let value = border_value(axis.edges.value, layout, channel);
        let reader = Reader { tile: input, channel, layout, border: axis.edges.border, value };
        if axis.runs() {
            running::channel(axis, &reader, &mut out, channel);
            continue;
        }
        match axis.place {
            Place::Horizontal => along_rows(axis, &reader, &mut out, channel),
            Place::Vertical => along_columns(axis, &reader, &mut out, channel),
        }
    }
    out
}

#[inline(always)]
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

#[inline(always)]
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
#[inline(always)]
fn fold_taps<'a>(taps: &Taps, tap: impl Fn(usize) -> &'a [f32], target: &mut [f32]) {
    match taps {
        Taps::Sum { weights, scale } => weighted_sum(weights, *scale, tap, target),
        Taps::Mean { reach } => {
            let count = 2 * *reach as usize + 1;
            let scale = 1.0 / count as f32;
            fold(count, 0.0, tap, target, |sum, _, v| sum + v, |sum| sum * scale);
        }
        Taps::Min { reach } => {
            fold(
                2 * *reach as usize + 1,
                f32::INFINITY,
                tap,
                target,
                |least, _, v| if v < least { v } else { least },
                |v| v,
            );
        }
        Taps::Max { reach } => {
            fold(
                2 * *reach as usize + 1,
                f32::NEG_INFINITY,
                tap,
                target,
                |most, _, v| if v > most { v } else { most },
                |v| v,
            );
        }
        Taps::Resample(_) => unreachable!("a resampling has weights of its own for each position"),
    }
}

#[inline(always)]
fn weighted_sum<'a>(weights: &[f32], scale: f32, tap: impl Fn(usize) -> &'a [f32], target: &mut [f32]) {
    fold(weights.len(), 0.0, tap, target, |sum, k, v| sum + weights[k] * v, |sum| sum * scale);
}

/// `target[x]` = `finish` of what `combine(so far, k, tap(k)[x])` gives from `start` on, over the taps `k` in `0..count`.
#[inline(always)]
fn fold<'a>(
    count: usize,
    start: f32,
    tap: impl Fn(usize) -> &'a [f32],
    target: &mut [f32],
    combine: impl Fn(f32, usize, f32) -> f32,
    finish: impl Fn(f32) -> f32,
) {
    let mut blocks = target.chunks_exact_mut(BLOCK);
    let mut x = 0;
    for block in &mut blocks {
        let mut folded = [start; BLOCK];
        for k in 0..count {
            let row: &[f32; BLOCK] = tap(k)[x..x + BLOCK].try_into().expect("a block of the row");
            for (f, v) in folded.iter_mut().zip(row) {
                *f = combine(*f, k, *v);
            }
        }
        for (t, f) in block.iter_mut().zip(folded) {
            *t = finish(f);
        }
        x += BLOCK;
    }
    for (x, t) in (x..).zip(blocks.into_remainder()) {
        *t = finish((0..count).fold(start, |f, k| combine(f, k, tap(k)[x])));
    }
}

/// The weighted sum of neighbours in a row, in four interleaved sums. Weights past the row's end are 0.
#[inline(always)]
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
