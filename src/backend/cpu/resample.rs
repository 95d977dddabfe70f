//! Resampling along rows: rows are turned so that each is a lane of a vector, and all have the same taps.

use fearless_simd::{Simd, dispatch, f32x4, i16x8, prelude::*};

use super::fixed::{Level, Weights, cut_off, product};
use super::pooled::Pooled;
use super::row::Reader;
use super::tile::{Fine, Tile, Value};
use crate::image::weights::Resampling;
use crate::simd::{blockwise, level};

/// One channel of a tile, whose rows become those of `out`.
pub fn rows<T: Value>(resampling: &Resampling, reader: &Reader<T>, out: &mut Tile, channel: usize)
where
    f32: From<T>,
{
    dispatch!(level(), simd => in_lanes(simd, resampling, reader, out, channel));
}

/// Results of a row that are computed at once, so that what they are made of stays in the fastest cache.
const PART: usize = 128;

#[inline(always)]
fn in_lanes<S: Simd, T: Value>(simd: S, resampling: &Resampling, reader: &Reader<T>, out: &mut Tile, channel: usize)
where
    f32: From<T>,
{
    let lanes = S::f32s::LEN;
    let (from, to) = (reader.tile.region, out.region);
    // Weights of 0 may lie over what stands behind the last column; it must be a number.
    let read = (from.width as usize + resampling.taps).next_multiple_of(SIDE);
    let mut rows = [read, read, PART, PART].map(|length| f32::taken(length * lanes));
    let [lines, turned, results, back] = &mut rows;
    for top in (to.y..to.bottom()).step_by(lanes) {
        let ys = top..to.bottom().min(top + lanes as u32);
        for (y, line) in ys.clone().zip(lines.chunks_exact_mut(read)) {
            let (row, behind) = line.split_at_mut(from.width as usize);
            reader.fill(Some(y), i64::from(from.x), row);
            behind.fill(0.0);
        }
        for begin in (to.x..to.right()).step_by(PART) {
            let xs = begin as usize..to.right().min(begin + PART as u32) as usize;
            let place = |x: usize| (resampling.at(x).0 - from.x) as usize;
            let first = place(xs.start) / SIDE * SIDE;
            let end = (place(xs.end - 1) + resampling.taps).next_multiple_of(SIDE);
            to_lanes(simd, &lines[first..], read, turned, lanes, end - first);
            for (x, result) in xs.clone().zip(results.chunks_exact_mut(lanes)) {
                let weights = resampling.at(x).1;
                let taps = &turned[(place(x) - first) * lanes..][..weights.len() * lanes];
                weighted_sum(simd, taps, weights).store_slice(result);
            }
            from_lanes(simd, results, lanes, back, PART);
            for (y, row) in ys.clone().zip(back.chunks_exact(PART)) {
                out.row_mut(channel, y)[xs.start - to.x as usize..][..xs.len()].copy_from_slice(&row[..xs.len()]);
            }
        }
    }
    rows.into_iter().for_each(f32::keep);
}

/// In four sums that don't wait for one another.
#[inline(always)]
fn weighted_sum<S: Simd>(simd: S, taps: &[f32], weights: &[f32]) -> S::f32s {
    let lanes = S::f32s::LEN;
    let zero = S::f32s::splat(simd, 0.0);
    let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
    let product = |k: usize| S::f32s::from_slice(simd, &taps[k * lanes..(k + 1) * lanes]) * weights[k];
    let fours = weights.len() / 4 * 4;
    for k in (0..fours).step_by(4) {
        a += product(k);
        b += product(k + 1);
        c += product(k + 2);
        d += product(k + 3);
    }
    for k in fours..weights.len() {
        a += product(k);
    }
    (a + b) + (c + d)
}

/// Side of the squares that are turned at once.
const SIDE: usize = 4;

/// `to[x * lanes + y] = from[y * row + x]` for as many rows as there are lanes, and so many columns, a multiple of `SIDE`.
#[inline(always)]
fn to_lanes<S: Simd>(simd: S, from: &[f32], row: usize, to: &mut [f32], lanes: usize, columns: usize) {
    for x in (0..columns).step_by(SIDE) {
        for y in (0..lanes).step_by(SIDE) {
            turn(simd, &from[y * row + x..], row, &mut to[x * lanes + y..], lanes);
        }
    }
}

/// The way back, for rows of a multiple of `SIDE`.
#[inline(always)]
fn from_lanes<S: Simd>(simd: S, from: &[f32], lanes: usize, to: &mut [f32], row: usize) {
    for x in (0..row).step_by(SIDE) {
        for y in (0..lanes).step_by(SIDE) {
            turn(simd, &from[x * lanes + y..], lanes, &mut to[y * row + x..], row);
        }
    }
}

/// One square: `to[j * to_row + i] = from[i * from_row + j]`.
#[inline(always)]
fn turn<S: Simd>(simd: S, from: &[f32], from_row: usize, to: &mut [f32], to_row: usize) {
    let row = |i: usize| f32x4::from_slice(simd, &from[i * from_row..][..SIDE]);
    let mut square = [0.0; SIDE * SIDE];
    simd.store_four_interleaved_f32x4([row(0), row(1), row(2), row(3)], &mut square);
    for j in 0..SIDE {
        to[j * to_row..][..SIDE].copy_from_slice(&square[j * SIDE..(j + 1) * SIDE]);
    }
}

/// The same in fixed point, of sums along columns.
pub fn fixed_rows<V: Level>(
    resampling: &Resampling,
    weights: &Weights,
    reader: &Reader<Fine>,
    out: &mut Tile<V>,
    channel: usize,
) {
    dispatch!(level(), simd => fixed_in_lanes(simd, resampling, weights, reader, out, channel));
}

/// Rows that are summed at once in fixed point.
const LANES: usize = 16;

/// Side of the squares of 16-bit values that are turned at once.
const FIXED_SIDE: usize = 8;

#[inline(always)]
fn fixed_in_lanes<S: Simd, V: Level>(
    simd: S,
    resampling: &Resampling,
    weights: &Weights,
    reader: &Reader<Fine>,
    out: &mut Tile<V>,
    channel: usize,
) {
    let (from, to) = (reader.tile.region, out.region);
    let width = from.width as usize;
    let read = (width + resampling.taps).next_multiple_of(FIXED_SIDE);
    let mut rows = [read, read, PART, PART].map(|length| i16::taken(length * LANES));
    let [lines, turned, results, back] = &mut rows;
    for top in (to.y..to.bottom()).step_by(LANES) {
        let ys = top..to.bottom().min(top + LANES as u32);
        for (y, line) in ys.clone().zip(lines.chunks_exact_mut(read)) {
            blockwise([&mut line[..width]], [reader.tile.row(channel, y)], |[Fine(v)]| [v]);
        }
        for begin in (to.x..to.right()).step_by(PART) {
            let xs = begin as usize..to.right().min(begin + PART as u32) as usize;
            let place = |x: usize| (resampling.at(x).0 - from.x) as usize;
            let first = place(xs.start) / FIXED_SIDE * FIXED_SIDE;
            let end = (place(xs.end - 1) + resampling.taps).next_multiple_of(FIXED_SIDE);
            for x in (first..end).step_by(FIXED_SIDE) {
                for y in (0..LANES).step_by(FIXED_SIDE) {
                    turn_fixed(simd, &lines[y * read + x..], read, &mut turned[(x - first) * LANES + y..], LANES);
                }
            }
            for (x, result) in xs.clone().zip(results.chunks_exact_mut(LANES)) {
                let parts = &weights.parts[x * resampling.taps..][..resampling.taps];
                let taps = &turned[(place(x) - first) * LANES..][..parts.len() * LANES];
                result.copy_from_slice(&fixed_sum(taps, parts, weights.doublings));
            }
            for x in (0..PART).step_by(FIXED_SIDE) {
                for y in (0..LANES).step_by(FIXED_SIDE) {
                    turn_fixed(simd, &results[x * LANES + y..], LANES, &mut back[y * PART + x..], PART);
                }
            }
            for (y, row) in ys.clone().zip(back.chunks_exact(PART)) {
                let target = &mut out.row_mut(channel, y)[xs.start - to.x as usize..][..xs.len()];
                blockwise([target], [&row[..xs.len()]], |[v]| [V::of_fine(Fine(v))]);
            }
        }
    }
    rows.into_iter().for_each(i16::keep);
}

#[inline(always)]
fn fixed_sum(taps: &[i16], parts: &[i16], doublings: u32) -> [i16; LANES] {
    let mut sums = [cut_off(parts); LANES];
    for k in 0..parts.len() {
        let tap: &[i16; LANES] = taps[k * LANES..(k + 1) * LANES].try_into().expect("a value for each lane");
        for i in 0..LANES {
            sums[i] = sums[i].wrapping_add(product(tap[i], parts[k]));
        }
    }
    sums.map(|sum| sum << doublings)
}

/// One square: `to[j * to_row + i] = from[i * from_row + j]`. Each round moves a bit of the row's number into the column's.
#[inline(always)]
fn turn_fixed<S: Simd>(simd: S, from: &[i16], from_row: usize, to: &mut [i16], to_row: usize) {
    let row = |i: usize| i16x8::from_slice(simd, &from[i * from_row..][..FIXED_SIDE]);
    let mut square = [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)];
    for _ in 0..3 {
        let s = square;
        let (low, high) =
            (|i: usize| simd.zip_low_i16x8(s[i], s[i + 4]), |i: usize| simd.zip_high_i16x8(s[i], s[i + 4]));
        square = [low(0), high(0), low(1), high(1), low(2), high(2), low(3), high(3)];
    }
    for j in 0..FIXED_SIDE {
        square[j].store_slice(&mut to[j * to_row..][..FIXED_SIDE]);
    }
}
