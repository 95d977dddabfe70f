//! Resampling along rows: rows are turned so that each is a lane of a vector, and all have the same taps.

use fearless_simd::{Simd, dispatch, prelude::*};

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

#[inline(always)]
fn in_lanes<S: Simd, T: Value>(simd: S, resampling: &Resampling, reader: &Reader<T>, out: &mut Tile, channel: usize)
where
    f32: From<T>,
{
    let lanes = S::f32s::LEN;
    let (from, to) = (reader.tile.region, out.region);
    let (read, written) = (padded(from.width as usize, lanes), padded(to.width as usize, lanes));
    let lengths = [read, read + resampling.taps, written, written];
    let mut rows = lengths.map(|length| f32::taken(length * lanes));
    let [lines, turned, results, back] = &mut rows;
    // Weights of 0 lie over what stands behind the last column; it must be a number.
    turned[read * lanes..].fill(0.0);
    for top in (to.y..to.bottom()).step_by(lanes) {
        let ys = top..to.bottom().min(top + lanes as u32);
        for (y, line) in ys.clone().zip(lines.chunks_exact_mut(read)) {
            let (row, behind) = line.split_at_mut(from.width as usize);
            reader.fill(Some(y), i64::from(from.x), row);
            behind.fill(0.0);
        }
        turn(simd, lines, read, &mut turned[..read * lanes], lanes);
        for (x, result) in (to.x..to.right()).zip(results.chunks_exact_mut(lanes)) {
            let (start, weights) = resampling.at(x as usize);
            let taps = &turned[(start - from.x) as usize * lanes..][..weights.len() * lanes];
            let mut sum = S::f32s::splat(simd, 0.0);
            for (weight, tap) in weights.iter().zip(taps.chunks_exact(lanes)) {
                sum = sum + S::f32s::from_slice(simd, tap) * *weight;
            }
            sum.store_slice(result);
        }
        turn(simd, results, lanes, back, written);
        for (y, row) in ys.zip(back.chunks_exact(written)) {
            out.row_mut(channel, y).copy_from_slice(&row[..to.width as usize]);
        }
    }
    rows.into_iter().for_each(f32::keep);
}

fn padded(length: usize, lanes: usize) -> usize {
    length.next_multiple_of(lanes)
}

/// `to[j][i] = from[i][j]` for rows of these lengths, multiples of the lanes as their numbers are. A square of vectors is
/// turned by interleaving each with the one half of their number further, as often as halving gives one.
#[inline(always)]
fn turn<S: Simd>(simd: S, from: &[f32], from_row: usize, to: &mut [f32], to_row: usize) {
    let lanes = S::f32s::LEN;
    let mut square = [S::f32s::splat(simd, 0.0); MOST_LANES];
    for i in (0..to_row).step_by(lanes) {
        for j in (0..from_row).step_by(lanes) {
            for k in 0..lanes {
                square[k] = S::f32s::from_slice(simd, &from[(i + k) * from_row + j..][..lanes]);
            }
            let mut step = 1;
            while step < lanes {
                let mut next = square;
                for k in 0..lanes / 2 {
                    let (low, high) = square[k].interleave(square[k + lanes / 2]);
                    next[2 * k] = low;
                    next[2 * k + 1] = high;
                }
                square = next;
                step *= 2;
            }
            for k in 0..lanes {
                square[k].store_slice(&mut to[(j + k) * to_row + i..][..lanes]);
            }
        }
    }
}

/// Of any instruction set.
const MOST_LANES: usize = 16;
