//! Images of bytes resampled along both axes in fixed point, where the weights along rows repeat: interleaved throughout, without
//! planes. What a part of a row is made of stays in the fastest cache.

use std::ops::Range;

use fearless_simd::{Simd, dispatch, prelude::*};

use super::fixed::{Weights, sum};
use super::pooled::Pooled;
use super::repeated::{self, Period, halve, one};
use super::tile::Fine;
use crate::image::Layout;
use crate::image::weights::Resampling;
use crate::simd::level;

/// An axis of a resampling in fixed point.
#[derive(Clone, Copy)]
pub struct FixedAxis<'a> {
    pub resampling: &'a Resampling,
    pub weights: &'a Weights,
}

/// Columns are summed first, then rows.
pub struct Interleaved<'a> {
    columns: FixedAxis<'a>,
    rows: FixedAxis<'a>,
    period: &'a Period,
    from: Layout,
}

impl<'a> Interleaved<'a> {
    /// None where weights along rows don't repeat, or there is alpha.
    pub fn new(columns: FixedAxis<'a>, rows: FixedAxis<'a>, from: Layout) -> Option<Interleaved<'a>> {
        let period = rows.weights.period.as_ref()?;
        (!from.alpha).then_some(Interleaved { columns, rows, period, from })
    }

    /// Rows of the result from `top` on.
    pub fn fill(&self, source: &[u8], top: u32, target: &mut [u8]) {
        match self.from.channels() {
            1 => self.rows_of::<1>(source, top, target),
            _ => self.rows_of::<3>(source, top, target),
        }
    }

    fn rows_of<const N: usize>(&self, source: &[u8], top: u32, target: &mut [u8]) {
        let FixedAxis { resampling, weights } = self.columns;
        let (from, to) = (self.from.width as usize * N, self.rows.resampling.starts.len() * N);
        let summed = 2 * PART + (self.rows.resampling.taps + VECTORS) * N;
        let phase = summed / 2 + repeated::LANES;
        let mut row = Row::<N> {
            image: self,
            summed: Fine::taken(summed),
            phases: [Fine::taken(phase), Fine::taken(phase)],
            results: u8::taken(3 * RESULT),
        };
        for (y, target) in (top as usize..).zip(target.chunks_exact_mut(to)) {
            let (start, taps) = (resampling.starts[y] as usize, resampling.taps);
            // Behind the last line there are weights of 0 alone.
            let lines: Vec<&[u8]> = source[start * from..].chunks_exact(from).take(taps).collect();
            let parts = &weights.parts[y * taps..][..lines.len()];
            row.fill(&lines, parts, target);
        }
        let Row { summed, phases, results, .. } = row;
        Fine::keep(summed);
        phases.into_iter().for_each(Fine::keep);
        u8::keep(results);
    }
}

/// Values of a result of each period that are computed at once.
const PART: usize = 1536;

/// Columns that are summed at once, at least: fewer are no work for vectors.
const VECTORS: usize = 64;

/// Room for them, and for what is read behind them.
const RESULT: usize = PART + LONGEST;

/// A row of an image's result, with room for what a part of it is made of.
struct Row<'a, const N: usize> {
    image: &'a Interleaved<'a>,
    summed: Vec<Fine>,
    phases: [Vec<Fine>; 2],
    results: Vec<u8>,
}

impl<const N: usize> Row<'_, N> {
    /// From `lines` of the source, which count by `parts`.
    fn fill(&mut self, lines: &[&[u8]], parts: &[i16], target: &mut [u8]) {
        let (rows, period) = (self.image.rows, self.image.period);
        let (starts, taps, count) = (&rows.resampling.starts, rows.resampling.taps, period.outputs);
        let width = self.image.from.width as usize;
        let place = |x: usize| starts[x] as usize;
        // Taps of weight 0 may lie behind the last pixel: such a period is left to the end.
        let Range { start: begin, end } = period.within;
        let is_there = |periods: &usize| place(begin + periods * count - 1) + taps <= width;
        let periods = (1..=(end - begin) / count).rev().find(is_there).unwrap_or(0);
        let end = begin + periods * count;
        let mut there = 0..0;
        for x in (0..begin).chain(end..starts.len()) {
            let columns = place(x)..width.min(place(x) + taps);
            if columns.start < there.start || columns.end > there.end {
                // A vector's worth, for those behind it too.
                there = columns.start.min(width.saturating_sub(VECTORS))..width.min(columns.start + taps.max(VECTORS));
                self.sum(lines, parts, there.clone());
            }
            let summed = &self.summed[(columns.start - there.start) * N..(columns.end - there.start) * N];
            for c in 0..N {
                let weights = &rows.weights.parts[x * taps..(x + 1) * taps];
                target[x * N + c] = one(weights, rows.weights.doublings, summed[c..].iter().step_by(N));
            }
        }
        for first in (begin..end).step_by(PART / N * count) {
            let last = end.min(first + PART / N * count);
            self.sum(lines, parts, place(first)..place(last - 1) + taps);
            self.fill_part(first..last, &mut target[first * N..last * N]);
        }
    }

    /// Whole periods, from sums of their columns.
    fn fill_part(&mut self, part: Range<usize>, target: &mut [u8]) {
        let (rows, period) = (self.image.rows, self.image.period);
        let (starts, taps, count) = (&rows.resampling.starts, rows.resampling.taps, period.outputs);
        let place = |x: usize| (starts[x] - starts[part.start]) as usize;
        let columns = (place(part.end - 1) + taps) * N;
        let phases = if period.inputs == 1 {
            [&self.summed[..columns], &[]]
        } else {
            let [even, odd] = &mut self.phases;
            halve::<N>(&self.summed[..columns], even, odd);
            [&even[..], &odd[..]]
        };
        let length = part.len() / count * N;
        for i in 0..count {
            let tap = |k: usize| [&phases[k % period.inputs][k / period.inputs * N..][..length]];
            let first = place(part.start + i);
            let taps_of: Vec<[&[Fine]; 1]> = (first..first + taps).map(tap).collect();
            let model = period.model(part.start + i) * taps;
            let weights = &rows.weights.parts[model..model + taps];
            let result = if count == 1 { &mut *target } else { &mut self.results[i * RESULT..][..length] };
            sum(weights, rows.weights.doublings, &taps_of, result);
        }
        let result = |i: usize| &self.results[i * RESULT..][..length + LONGEST];
        match count {
            1 => {}
            2 => woven::<N, 2>([result(0), result(1)], target),
            _ => woven::<N, 3>([result(0), result(1), result(2)], target),
        }
    }

    /// Sums of the lines' columns.
    fn sum(&mut self, lines: &[&[u8]], parts: &[i16], columns: Range<usize>) {
        let taps: Vec<[&[u8]; 1]> = lines.iter().map(|line| [&line[columns.start * N..columns.end * N]]).collect();
        let summed = &mut self.summed[..columns.len() * N];
        sum(parts, self.image.columns.weights.doublings, &taps, summed);
    }
}

/// Bytes of the longest vector.
const LONGEST: usize = 64;

/// Pixels of `N` bytes of `M` rows in turn. Behind each row stand as many bytes more as a vector holds.
fn woven<const N: usize, const M: usize>(rows: [&[u8]; M], target: &mut [u8]) {
    dispatch!(level(), simd => weave::<_, N, M>(simd, rows, target));
}

/// For each byte of a vector of so many where it stands in the first two rows' vectors; and then in that and the third's.
const fn places(n: usize, m: usize, bytes: usize) -> [[u8; LONGEST]; 2] {
    let mut places = [[0; LONGEST]; 2];
    let mut i = 0;
    while i < bytes / (m * n) * m * n {
        let (row, within) = (i / n % m, i / (m * n) * n + i % n);
        if row < 2 {
            places[0][i] = (row * bytes + within) as u8;
            places[1][i] = i as u8;
        } else {
            places[1][i] = (bytes + within) as u8;
        }
        i += 1;
    }
    places
}

#[inline(always)]
fn weave<S: Simd, const N: usize, const M: usize>(simd: S, rows: [&[u8]; M], target: &mut [u8]) {
    let bytes = S::u8s::LEN;
    let [first, second] = const { places(N, M, S::u8s::LEN) };
    let (first, second) = (S::u8s::from_slice(simd, &first[..bytes]), S::u8s::from_slice(simd, &second[..bytes]));
    // Of each row.
    let step = bytes / (M * N) * N;
    let mut done = 0;
    while done * M + bytes <= target.len() {
        let mut woven = S::u8s::from_slice(simd, &rows[0][done..done + bytes]);
        woven = woven.concat_swizzle_dyn(S::u8s::from_slice(simd, &rows[1][done..done + bytes]), first);
        if M == 3 {
            woven = woven.concat_swizzle_dyn(S::u8s::from_slice(simd, &rows[2][done..done + bytes]), second);
        }
        // What stands behind the pixels is written over by the next ones.
        woven.store_slice(&mut target[done * M..done * M + bytes]);
        done += step;
    }
    for (i, pixels) in target[done * M..].chunks_exact_mut(M * N).enumerate() {
        for (row, pixel) in rows.iter().zip(pixels.chunks_exact_mut(N)) {
            pixel.copy_from_slice(&row[done + i * N..done + (i + 1) * N]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_rows_are_woven_in_turn() {
        fn check<const N: usize, const M: usize>(pixels: usize) {
            let rows: Vec<Vec<u8>> =
                (0..M).map(|row| (0..pixels * N + LONGEST).map(|i| (i * 37 + row * 101) as u8).collect()).collect();
            let mut target = vec![0; pixels * N * M];
            woven::<N, M>(std::array::from_fn(|row| &rows[row][..]), &mut target);
            for (i, v) in target.iter().enumerate() {
                assert_eq!(*v, rows[i / N % M][i / (M * N) * N + i % N], "{M} rows of {pixels} pixels of {N} bytes");
            }
        }
        for pixels in [1, 5, 6, 7, 16, 21, 22, 100, 300] {
            check::<1, 2>(pixels);
            check::<1, 3>(pixels);
            check::<3, 2>(pixels);
            check::<3, 3>(pixels);
        }
    }
}
