//! Resampling along rows where weights repeat after few results, as at 50 % or 150 %: each result of a period is a sum over
//! contiguous values, so that rows need not be turned.

use std::ops::Range;

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use fearless_simd::{Simd, dispatch, prelude::*};

use super::fixed::{Level, Weights, cut_off, product, sum};
use super::pooled::Pooled;
use super::row::Reader;
use super::tile::{Fine, Tile};
use super::weave::{LONGEST as WOVEN, is_woven, weave};
use crate::image::weights::Resampling;
use crate::simd::level;

/// Results that have the weights of those before them, a period of pixels further on.
#[derive(Debug, PartialEq)]
pub struct Period {
    /// Pixels that a period advances by, 1 or 2.
    pub inputs: usize,
    /// Results in a period: 1, or as many as are woven.
    pub outputs: usize,
    /// Where results repeat; those of the ends leave out taps.
    pub within: Range<usize>,
    /// First of the period whose weights stand for those of all.
    model: usize,
}

impl Period {
    /// None where there is none so short, or it spans few results.
    pub fn new(resampling: &Resampling, parts: &[i16]) -> Option<Period> {
        (1..=16).filter(|n| *n == 1 || is_woven(*n)).find_map(|outputs| Period::of(outputs, resampling, parts))
    }

    fn of(outputs: usize, resampling: &Resampling, parts: &[i16]) -> Option<Period> {
        let (starts, taps) = (&resampling.starts, resampling.taps);
        let middle = starts.len() / 2;
        let inputs = (*starts.get(middle + outputs)? - starts[middle]) as usize;
        // Weights that are the same may be rounded in two ways.
        let near = |(a, b): (&i16, &i16)| (i32::from(*a) - i32::from(*b)).abs() <= 1;
        let weights = |i: usize| &parts[i * taps..(i + 1) * taps];
        let period = Period { inputs, outputs, within: 0..0, model: middle };
        let repeats = |i: &usize| {
            let model = period.model(*i);
            // Both in a distance of whole periods.
            let shift = (*i as i64 - model as i64) / outputs as i64 * inputs as i64;
            let is_shifted = i64::from(starts[*i]) - i64::from(starts[model]) == shift;
            is_shifted && weights(*i).iter().zip(weights(model)).all(near)
        };
        let first = (0..middle).rev().take_while(repeats).last()?;
        let end = (middle..starts.len()).take_while(repeats).last()? + 1;
        let is_worth_it = matches!(inputs, 1 | 2) && end - first >= 32;
        is_worth_it.then_some(Period { within: first..end, ..period })
    }

    /// The result whose weights stand for those of result `i`.
    pub fn model(&self, i: usize) -> usize {
        let count = self.outputs;
        self.model + (i + count - self.model % count) % count
    }
}

/// One channel of a tile, whose rows become those of `out`.
pub fn rows<V: Level + Pod>(
    period: &Period,
    resampling: &Resampling,
    weights: &Weights,
    reader: &Reader<Fine>,
    out: &mut Tile<V>,
    channel: usize,
) {
    let (from, to) = (reader.tile.region, out.region);
    let (starts, taps, count) = (&resampling.starts, resampling.taps, period.outputs);
    let place = |x: usize| (starts[x] - from.x) as usize;
    let parts = |x: usize| &weights.parts[x * taps..(x + 1) * taps];
    let begin = period.within.start.max(to.x as usize);
    let end = period.within.end.min(to.right() as usize);
    // Taps of weight 0 may lie behind the last column: such a period is left to the end.
    let is_there = |x: usize| place(x + count - 1) + taps <= from.width as usize;
    let periods = (begin..end).step_by(count).take_while(|x| x + count <= end && is_there(*x)).count();
    let end = begin + periods * count;
    let length = (from.width as usize).div_ceil(2) + LANES;
    let mut columns = Fine::taken(2 * length);
    // A vector may be read behind each.
    let room = periods + WOVEN / size_of::<V>();
    let mut results = [V::taken(count * room), V::taken(count * room)];
    for y in out.ys() {
        let row = reader.tile.row(channel, y);
        let target = out.row_mut(channel, y);
        for x in (to.x as usize..begin.min(to.right() as usize)).chain(end..to.right() as usize) {
            target[x - to.x as usize] = one(parts(x), weights.doublings, row[place(x)..].iter());
        }
        if periods == 0 {
            continue;
        }
        let row = &row[place(begin)..];
        let phases = match period.inputs {
            1 => [row, &[]],
            _ => {
                let (even, odd) = columns.split_at_mut(length);
                halve::<1>(row, even, odd);
                [&even[..], &odd[..]]
            }
        };
        let target = &mut target[begin - to.x as usize..end - to.x as usize];
        let [results, woven] = &mut results;
        for i in 0..count {
            let result = if count == 1 { &mut *target } else { &mut results[i * room..][..periods] };
            let first = place(begin + i) - place(begin);
            let tap = |k: usize| [&phases[k % period.inputs][k / period.inputs..][..periods]];
            let taps: Vec<[&[Fine]; 1]> = (first..first + taps).map(tap).collect();
            sum(parts(period.model(begin + i)), weights.doublings, &taps, result);
        }
        if count > 1 {
            let (rows, room) = (cast_slice_mut(results), cast_slice_mut(woven));
            let (shape, target) = ((count, periods * size_of::<V>()), cast_slice_mut(target));
            match size_of::<V>() {
                1 => weave::<1>(rows, room, shape, target),
                2 => weave::<2>(rows, room, shape, target),
                _ => weave::<4>(rows, room, shape, target),
            }
        }
    }
    Fine::keep(columns);
    results.into_iter().for_each(V::keep);
}

/// One result by itself.
pub fn one<'a, V: Level>(parts: &[i16], doublings: u32, taps: impl Iterator<Item = &'a Fine>) -> V {
    let products = parts.iter().zip(taps).map(|(part, Fine(v))| product(*v, *part));
    V::of_fine(Fine(products.fold(cut_off(parts), i16::wrapping_add) << doublings))
}

/// Values that are stored beyond the end of what is halved, at most.
pub const LANES: usize = 32;

/// Every second pixel of a row, of `N` values, and the others. Both have room for some more.
pub fn halve<const N: usize>(row: &[Fine], even: &mut [Fine], odd: &mut [Fine]) {
    dispatch!(level(), simd => halve_vectors::<_, N>(simd, row, even, odd));
}

/// Bytes of the longest vector.
const LONGEST: usize = 2 * LANES;

/// For each byte of a vector of 16-bit values, which of two vectors' it is, for every second of their pixels of `n` values.
const fn halved(n: usize, bytes: usize, odd: usize) -> [u8; LONGEST] {
    let mut places = [0; LONGEST];
    let mut i = 0;
    while i < bytes / (2 * n) * 2 * n {
        let (pixel, byte) = (i / (2 * n), i % (2 * n));
        places[i] = ((2 * pixel + odd) * 2 * n + byte) as u8;
        i += 1;
    }
    places
}

#[inline(always)]
fn halve_vectors<S: Simd, const N: usize>(simd: S, row: &[Fine], even: &mut [Fine], odd: &mut [Fine]) {
    let bytes = S::u8s::LEN;
    let step = bytes / 2 / N * N;
    let to_even = S::u8s::from_slice(simd, &const { halved(N, S::u8s::LEN, 0) }[..bytes]);
    let to_odd = S::u8s::from_slice(simd, &const { halved(N, S::u8s::LEN, 1) }[..bytes]);
    let mut done = 0;
    while 2 * done + bytes <= row.len() {
        let both: &[u8] = cast_slice(&row[2 * done..2 * done + bytes]);
        let (a, b) = (S::u8s::from_slice(simd, &both[..bytes]), S::u8s::from_slice(simd, &both[bytes..]));
        // What stands behind the pixels is written over by the next ones.
        a.concat_swizzle_dyn(b, to_even).store_slice(cast_slice_mut(&mut even[done..done + bytes / 2]));
        a.concat_swizzle_dyn(b, to_odd).store_slice(cast_slice_mut(&mut odd[done..done + bytes / 2]));
        done += step;
    }
    let rest = row[2 * done..].chunks(N).enumerate();
    for (i, pixel) in rest {
        let to = if i % 2 == 0 { &mut *even } else { &mut *odd };
        to[done + i / 2 * N..][..pixel.len()].copy_from_slice(pixel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::weights::Filter;

    /// Whole numbers for weights, told apart by what they are rounded to.
    fn period(from: u32, to: u32, filter: Filter) -> Option<Period> {
        let resampling = Resampling::new(from, to, filter);
        let parts: Vec<i16> = resampling.weights.iter().map(|w| (w * 20_000.0).round() as i16).collect();
        Period::new(&resampling, &parts)
    }

    #[test]
    fn weights_repeat_but_for_the_ends() {
        let of = |from, to, filter| period(from, to, filter).map(|p| (p.inputs, p.outputs, p.within));
        assert_eq!(of(400, 200, Filter::Box), Some((2, 1, 0..200)));
        assert_eq!(of(400, 200, Filter::Bilinear), Some((2, 1, 1..199)));
        assert_eq!(of(200, 300, Filter::Bilinear), Some((2, 3, 1..299)));
        assert_eq!(of(100, 200, Filter::Bicubic), Some((1, 2, 3..197)));
        assert_eq!(of(400, 199, Filter::Bilinear), None);
        assert_eq!(of(40, 20, Filter::Box), None);
    }
}
