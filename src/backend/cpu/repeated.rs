//! Resampling along rows where weights repeat after few results, as at 50 % or 150 %: each result of a period is a sum over
//! contiguous values, so that rows need not be turned.

use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};
use fearless_simd::{Simd, dispatch, prelude::*};

use super::fixed::{Level, Weights, cut_off, product, sum};
use super::interleave::join;
use super::row::Reader;
use super::samples::Code;
use super::tile::{Fine, Pooled, Tile};
use crate::image::weights::Resampling;
use crate::simd::level;

/// Results that have the weights of those before them, a period of pixels further on.
#[derive(Debug, PartialEq)]
pub struct Period {
    /// Pixels that a period advances by, 1 or 2.
    inputs: usize,
    /// Results in a period, 1 to 3.
    outputs: usize,
    /// Where results repeat; those of the ends leave out taps.
    within: Range<usize>,
    /// First of the period whose weights stand for those of all.
    model: usize,
}

impl Period {
    /// None where there is none so short, or it spans few results.
    pub fn new(resampling: &Resampling, parts: &[i16]) -> Option<Period> {
        (1..=3).find_map(|outputs| Period::of(outputs, resampling, parts))
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
    fn model(&self, i: usize) -> usize {
        let count = self.outputs;
        self.model + (i + count - self.model % count) % count
    }
}

/// One channel of a tile, whose rows become those of `out`.
pub fn rows<V: Level + Code>(
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
    let reach = if periods == 0 { 0 } else { place(begin + count - 1) - place(begin) + taps };
    let length = periods + reach.div_ceil(period.inputs);
    let (mut columns, mut results) = (Fine::taken(2 * length), V::taken(count * periods));
    for y in out.ys() {
        let row = reader.tile.row(channel, y);
        let target = out.row_mut(channel, y);
        for x in (to.x as usize..begin.min(to.right() as usize)).chain(end..to.right() as usize) {
            target[x - to.x as usize] = one(parts(x), weights.doublings, &row[place(x)..]);
        }
        if periods == 0 {
            continue;
        }
        let row = &row[place(begin)..];
        let phases = match period.inputs {
            1 => [row, &[]],
            _ => {
                let (even, odd) = columns.split_at_mut(length);
                halve(row, even, odd);
                [&even[..], &odd[..]]
            }
        };
        for (i, result) in results.chunks_exact_mut(periods).enumerate() {
            let first = place(begin + i) - place(begin);
            let tap = |k: usize| [&phases[k % period.inputs][k / period.inputs..][..periods]];
            let taps: Vec<[&[Fine]; 1]> = (first..first + taps).map(tap).collect();
            sum(parts(period.model(begin + i)), weights.doublings, &taps, result);
        }
        let target = &mut target[begin - to.x as usize..end - to.x as usize];
        let result = |i: usize| &results[i * periods..(i + 1) * periods];
        match count {
            1 => target.copy_from_slice(result(0)),
            2 => join([result(0), result(1)], target),
            _ => V::join_colours([result(0), result(1), result(2)], target),
        }
    }
    Fine::keep(columns);
    V::keep(results);
}

/// One result by itself.
fn one<V: Level>(parts: &[i16], doublings: u32, taps: &[Fine]) -> V {
    let products = parts.iter().zip(taps).map(|(part, Fine(v))| product(*v, *part));
    V::of_fine(Fine(products.fold(cut_off(parts), i16::wrapping_add) << doublings))
}

/// Every second value of a row, and the others; what is left of both keeps its values where the row is shorter.
fn halve(row: &[Fine], even: &mut [Fine], odd: &mut [Fine]) {
    let pairs = even.len().min(row.len() / 2);
    let (row, rest) = row.split_at(2 * pairs);
    dispatch!(level(), simd => halve_vectors(simd, cast_slice(row), cast_slice_mut(&mut even[..pairs]), cast_slice_mut(&mut odd[..pairs])));
    if let (Some(last), Some(v)) = (even.get_mut(pairs), rest.first()) {
        *last = *v;
    }
}

#[inline(always)]
fn halve_vectors<S: Simd>(simd: S, row: &[i16], even: &mut [i16], odd: &mut [i16]) {
    let lanes = S::i16s::LEN;
    let whole = even.len() / lanes * lanes;
    for x in (0..whole).step_by(lanes) {
        let vector = |i: usize| S::i16s::from_slice(simd, &row[2 * x + i * lanes..][..lanes]);
        let (first, second) = vector(0).deinterleave(vector(1));
        first.store_slice(&mut even[x..x + lanes]);
        second.store_slice(&mut odd[x..x + lanes]);
    }
    for x in whole..even.len() {
        (even[x], odd[x]) = (row[2 * x], row[2 * x + 1]);
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
