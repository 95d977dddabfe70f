//! Medians of bytes by their level sets: the windows of a block whose median reaches a level are those of whose values more than
//! half reach it. Medians lie close together, so that few levels have to be tried, and a level is tried for a block at a time, by
//! sums along columns and rows that are vector operations on bytes.

use std::ops::Range;

use fearless_simd::{Select, Simd, SimdBase, SimdInt, dispatch};

use crate::op::WindowRows;
use crate::simd::{MOST_LANES, level, vectors};

/// Reach of a window, at most: half of its values must be a number of a byte.
pub const MOST_REACH: u32 = 10;

/// Columns that the windows of a block read, at most.
const COLUMNS: usize = 128;

/// Rows of windows in a block, at most: a lane of the narrowest vector counts no more of them than a byte holds.
const ROWS: usize = 31;

/// Medians of the windows that reach so far, 2 px at least.
pub fn medians(window: WindowRows<u8>, reach: u32, output: &mut [&mut [u8]]) {
    dispatch!(level(), simd => in_blocks(simd, window, reach, output));
}

#[inline(always)]
fn in_blocks<S: Simd>(simd: S, window: WindowRows<u8>, reach: u32, output: &mut [&mut [u8]]) {
    let (step, side) = (window.step, 2 * reach as usize + 1);
    let mut block = Block::new(side);
    for x in parts(window.width(reach) / step, COLUMNS + 1 - side) {
        for y in parts(output.len(), ROWS) {
            for channel in 0..step {
                let place = Place { x: x.start * step + channel, step };
                block.load(&window.rows[y.start..y.end + side - 1], place, x.len());
                block.find(simd);
                block.store(&mut output[y.clone()], place);
            }
        }
    }
}

/// `0..length` in parts of about the same size, none of them above `most`.
pub fn parts(length: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = length.div_ceil(most);
    (0..count).map(move |i| i * length / count..(i + 1) * length / count)
}

/// The first value of a block in each row, and how far the next ones stand apart.
#[derive(Clone, Copy)]
struct Place {
    x: usize,
    step: usize,
}

/// A level, and how many of a block's medians reach it.
type Reached = (u8, u32);

/// Windows side by side and above one another. Rows of all that it holds are `COLUMNS` long; what lies behind its windows is
/// computed with them.
struct Block {
    side: usize,
    width: usize,
    height: usize,
    levels: Vec<u8>,
    /// Values of a window's column that reach a level.
    counts: Vec<u8>,
    /// The same of four columns.
    fours: Vec<u8>,
    medians: Vec<u8>,
}

impl Block {
    fn new(side: usize) -> Block {
        let rows = |count: usize| vec![0; count * COLUMNS + MOST_LANES];
        let (counts, fours, medians) = (rows(ROWS), rows(ROWS), rows(ROWS));
        Block { side, width: 0, height: 0, levels: rows(ROWS + side - 1), counts, fours, medians }
    }

    fn load(&mut self, rows: &[&[u8]], place: Place, width: usize) {
        (self.width, self.height) = (width, rows.len() + 1 - self.side);
        let read = width + self.side - 1;
        for (row, target) in rows.iter().zip(self.levels.chunks_exact_mut(COLUMNS)) {
            let values = row[place.x..].iter().step_by(place.step);
            target[..read].iter_mut().zip(values).for_each(|(t, v)| *t = *v);
            // No new levels.
            let last = target[read - 1];
            target[read..].fill(last);
        }
    }

    fn store(&self, output: &mut [&mut [u8]], place: Place) {
        for (row, medians) in output.iter_mut().zip(self.medians.chunks_exact(COLUMNS)) {
            let targets = row[place.x..].iter_mut().step_by(place.step);
            targets.zip(&medians[..self.width]).for_each(|(t, v)| *t = *v);
        }
    }

    #[inline(always)]
    fn find<S: Simd>(&mut self, simd: S) {
        let (low, high) = self.range(simd);
        self.medians.fill(low);
        // Between two levels that as many reach lies no median.
        let mut open: Vec<(Reached, Reached)> = vec![((low, u32::MAX), (high, 0))];
        while let Some((low, high)) = open.pop() {
            if low.0 < high.0 && low.1 != high.1 {
                let middle = low.0 + (high.0 - low.0).div_ceil(2);
                let reached = self.raise(simd, middle);
                open.extend([(low, (middle - 1, reached)), ((middle, reached), high)]);
            }
        }
    }

    /// The least level and the greatest.
    #[inline(always)]
    fn range<S: Simd>(&self, simd: S) -> (u8, u8) {
        let lanes = S::u8s::LEN;
        let (mut low, mut high) = (S::u8s::splat(simd, u8::MAX), S::u8s::splat(simd, u8::MIN));
        for values in self.levels[..(self.height + self.side - 1) * COLUMNS].chunks_exact(lanes) {
            let values = S::u8s::from_slice(simd, values);
            (low, high) = (low.min(values), high.max(values));
        }
        let (mut lows, mut highs) = ([u8::MAX; MOST_LANES], [u8::MIN; MOST_LANES]);
        low.store_slice(&mut lows[..lanes]);
        high.store_slice(&mut highs[..lanes]);
        (lows.into_iter().fold(u8::MAX, u8::min), highs.into_iter().fold(u8::MIN, u8::max))
    }

    /// Medians that reach a level, above 0, become no less than it. How many do.
    #[inline(always)]
    fn raise<S: Simd>(&mut self, simd: S, level: u8) -> u32 {
        self.count(simd, level);
        let (lanes, side) = (S::u8s::LEN, self.side);
        let load = |values: &[u8], at: usize| S::u8s::from_slice(simd, &values[at..at + lanes]);
        let (none, one, level) = (S::u8s::splat(simd, 0), S::u8s::splat(simd, 1), S::u8s::splat(simd, level));
        let half = S::u8s::splat(simd, (side * side / 2) as u8);
        let mut sums = none;
        for row in (0..self.height * COLUMNS).step_by(COLUMNS) {
            for x in vectors(self.width.max(lanes), lanes) {
                let at = row + x;
                let mut count = load(&self.counts, at + side - 1);
                if side % 4 == 3 {
                    count = count + load(&self.counts, at + side - 2) + load(&self.counts, at + side - 3);
                }
                for k in 0..side / 4 {
                    // More than a byte holds are more than half.
                    count = count.saturating_add(load(&self.fours, at + 4 * k));
                }
                let is_reached = count.simd_gt(half);
                sums += is_reached.select(one, none);
                let median = load(&self.medians, at).max(is_reached.select(level, none));
                median.store_slice(&mut self.medians[at..at + lanes]);
            }
        }
        let mut all = [0; MOST_LANES];
        sums.store_slice(&mut all[..lanes]);
        all.into_iter().map(u32::from).sum()
    }

    /// `counts` and `fours` of a level.
    #[inline(always)]
    fn count<S: Simd>(&mut self, simd: S, level: u8) {
        let (lanes, end) = (S::u8s::LEN, self.height * COLUMNS);
        let load = |values: &[u8], at: usize| S::u8s::from_slice(simd, &values[at..at + lanes]);
        let (one, below) = (S::u8s::splat(simd, 1), S::u8s::splat(simd, level - 1));
        let reaches = |at: usize| load(&self.levels, at).saturating_sub(below).min(one);
        let entering = (self.side - 1) * COLUMNS;
        for x in (0..COLUMNS).step_by(lanes) {
            let mut count = S::u8s::splat(simd, 0);
            for row in (0..=entering).step_by(COLUMNS) {
                count += reaches(row + x);
            }
            count.store_slice(&mut self.counts[x..x + lanes]);
            for at in (x + COLUMNS..end).step_by(COLUMNS) {
                count = count + reaches(at + entering) - reaches(at - COLUMNS);
                count.store_slice(&mut self.counts[at..at + lanes]);
            }
        }
        for at in (0..end).step_by(lanes) {
            let count = |k: usize| load(&self.counts, at + k);
            let four = (count(0) + count(1)) + (count(2) + count(3));
            four.store_slice(&mut self.fours[at..at + lanes]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_those_of_sorted_windows_whatever_the_levels() {
        let mut random = fastrand::Rng::with_seed(5);
        let levels: [fn(&mut fastrand::Rng) -> u8; 4] = [
            |r| r.u8(..),
            |r| r.u8(90..99),
            |r| [0, 255][r.usize(..2)],
            |r| if r.u8(..9) == 0 { r.u8(..) } else { 255 },
        ];
        let shapes = [(2, 1, 1), (3, 71, 3), (4, 1, 200), (6, 3, 40), (MOST_REACH, 1, 5), (MOST_REACH, 1, 150)];
        for (level, (reach, step, width)) in levels.into_iter().flat_map(|level| shapes.map(|shape| (level, shape))) {
            let (height, side) = (35, 2 * reach as usize + 1);
            let row = |random: &mut fastrand::Rng| (0..(width + side - 1) * step).map(|_| level(random)).collect();
            let rows: Vec<Vec<u8>> = (1..height + side).map(|_| row(&mut random)).collect();
            let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
            let mut output = vec![0; width * step * height];
            let targets = &mut output.chunks_exact_mut(width * step).collect::<Vec<_>>();
            medians(WindowRows { rows: &rows, step }, reach, targets);
            for (i, median) in output.iter().enumerate() {
                let (x, y) = (i % (width * step), i / (width * step));
                let window = rows[y..y + side].iter().flat_map(|row| row[x..].iter().step_by(step).take(side));
                let mut window: Vec<u8> = window.copied().collect();
                assert_eq!(median, window.select_nth_unstable(side * side / 2).1, "{side} px at {x}, {y}");
            }
        }
    }
}
