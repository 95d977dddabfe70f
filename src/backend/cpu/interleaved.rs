//! Images of bytes resampled along both axes in fixed point, where the weights along rows repeat: interleaved throughout, without
//! planes. What a part of a row is made of stays in the fastest cache.

use std::ops::Range;

use super::fixed::{Weights, sum};
use super::halves::{Half, boxes, triangles};
use super::pooled::Pooled;
use super::repeated::{self, Period, halve, one};
use super::tile::Fine;
use super::weave::{LONGEST, weave};
use crate::image::Layout;
use crate::image::weights::Resampling;

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
    /// Where weights along rows halve them.
    half: Option<Half>,
    from: Layout,
}

impl<'a> Interleaved<'a> {
    /// None where weights along rows don't repeat, or there is alpha.
    pub fn new(columns: FixedAxis<'a>, rows: FixedAxis<'a>, from: Layout) -> Option<Interleaved<'a>> {
        let period = rows.weights.period.as_ref()?;
        let half = match (period.inputs, period.outputs) {
            (2, 1) => Half::of(rows.resampling.at(period.within.start).1),
            _ => None,
        };
        (!from.alpha).then_some(Interleaved { columns, rows, period, half, from })
    }

    /// Values of each result of a period that are computed at once, of pixels of so many.
    fn part(&self, channels: usize) -> usize {
        PART.min(RESULTS / self.period.outputs) / channels * channels
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
        let room = self.period.outputs * (self.part(N) + LONGEST);
        let mut row = Row::<N> {
            image: self,
            summed: Fine::taken(summed),
            phases: [Fine::taken(phase), Fine::taken(phase)],
            results: [u8::taken(room), u8::taken(room)],
            pairs: [u16::taken(summed / 2), u16::taken(summed / 2)],
        };
        for (y, target) in (top as usize..).zip(target.chunks_exact_mut(to)) {
            let (start, taps) = (resampling.starts[y] as usize, resampling.taps);
            // Behind the last line there are weights of 0 alone.
            let lines: Vec<&[u8]> = source[start * from..].chunks_exact(from).take(taps).collect();
            let parts = &weights.parts[y * taps..][..lines.len()];
            let half = self.half.filter(|half| Half::of(resampling.at(y).1) == Some(*half));
            row.fill(&lines, parts, half, target);
        }
        let Row { summed, phases, results, pairs, .. } = row;
        Fine::keep(summed);
        phases.into_iter().for_each(Fine::keep);
        results.into_iter().for_each(u8::keep);
        pairs.into_iter().for_each(u16::keep);
    }
}

/// Values that are summed along columns at once, at most.
const PART: usize = 1536;

/// Values of the result that are computed at once, at most.
const RESULTS: usize = 3 * PART;

/// Columns that are summed at once, at least: fewer are no work for vectors.
const VECTORS: usize = 64;

/// A row of an image's result, with room for what a part of it is made of.
struct Row<'a, const N: usize> {
    image: &'a Interleaved<'a>,
    summed: Vec<Fine>,
    phases: [Vec<Fine>; 2],
    /// Those of a period one behind another, and room to weave them.
    results: [Vec<u8>; 2],
    /// Sums of columns, by whether their place is even.
    pairs: [Vec<u16>; 2],
}

impl<const N: usize> Row<'_, N> {
    /// From `lines` of the source, which count by `parts`; both axes are halved alike where there is such a `half`.
    fn fill(&mut self, lines: &[&[u8]], parts: &[i16], half: Option<Half>, target: &mut [u8]) {
        let (rows, period) = (self.image.rows, self.image.period);
        let (starts, taps, count) = (&rows.resampling.starts, rows.resampling.taps, period.outputs);
        let width = self.image.from.width as usize;
        let place = |x: usize| starts[x] as usize;
        // Taps of weight 0 may lie behind the last pixel: such a period is left to the end.
        let Range { start: begin, end } = period.within;
        // A triangle is summed from whole pairs of pixels.
        let around = usize::from(half == Some(Half::Triangle));
        let begin = begin + usize::from(place(begin) < around);
        let is_there = |periods: &usize| place(begin + periods * count - 1) + taps + around <= width;
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
        let part = self.image.part(N) / N * count;
        for first in (begin..end).step_by(part) {
            let last = end.min(first + part);
            let columns = place(first)..place(last - 1) + taps;
            let target = &mut target[first * N..last * N];
            let read = (columns.start - around) * N..(columns.end + around) * N;
            match (half, lines) {
                (Some(Half::Box), [a, b]) => boxes::<N>([a, b].map(|line| &line[read.clone()]), target),
                (Some(Half::Triangle), [a, b, c, d]) => {
                    triangles::<N>([a, b, c, d].map(|line| &line[read.clone()]), &mut self.pairs, target);
                }
                _ => {
                    self.sum(lines, parts, columns);
                    self.fill_part(first..last, target);
                }
            }
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
        let [results, room] = &mut self.results;
        for i in 0..count {
            let tap = |k: usize| [&phases[k % period.inputs][k / period.inputs * N..][..length]];
            let first = place(part.start + i);
            let taps_of: Vec<[&[Fine]; 1]> = (first..first + taps).map(tap).collect();
            let model = period.model(part.start + i) * taps;
            let weights = &rows.weights.parts[model..model + taps];
            let result = if count == 1 { &mut *target } else { &mut results[i * (length + LONGEST)..][..length] };
            sum(weights, rows.weights.doublings, &taps_of, result);
        }
        if count > 1 {
            weave::<N>(results, room, (count, length), target);
        }
    }

    /// Sums of the lines' columns.
    fn sum(&mut self, lines: &[&[u8]], parts: &[i16], columns: Range<usize>) {
        let taps: Vec<[&[u8]; 1]> = lines.iter().map(|line| [&line[columns.start * N..columns.end * N]]).collect();
        let summed = &mut self.summed[..columns.len() * N];
        sum(parts, self.image.columns.weights.doublings, &taps, summed);
    }
}
