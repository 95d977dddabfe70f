//! Resampling along rows: rows are turned so that each is a lane of a vector, and all have the same taps.

use fearless_simd::{Simd, dispatch, f32x4, prelude::*};

use super::row::Reader;
use super::tile::{Pooled, Tile, Value};
use crate::image::weights::Resampling;
use crate::simd::level;

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
