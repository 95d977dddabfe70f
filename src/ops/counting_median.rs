//! Medians of bytes by counting: the greatest level that more than half of a window's values reach. A binary search finds it,
//! for as many windows at a time as a vector has lanes.
//!
//! The search begins between the least and the greatest of the medians of the window's columns, which lie close together: more
//! than half of each column, and so of the window, is no less than the one and no greater than the other.

use fearless_simd::{Select, Simd, SimdBase, SimdInt, SimdMask, dispatch};

use crate::op::WindowRows;
use crate::simd::{level, vectors};

/// Reach of a window, at most: more than half of its values must be a number of a byte, and of more sliding is faster.
pub const MOST_REACH: u32 = 6;

/// Medians of the windows that reach so far; a row of windows fills a vector.
pub fn medians(window: WindowRows<u8>, reach: u32, output: &mut [u8]) {
    dispatch!(level(), simd => in_vectors(simd, window, reach, output));
}

#[inline(always)]
fn in_vectors<S: Simd>(simd: S, window: WindowRows<u8>, reach: u32, output: &mut [u8]) {
    let (lanes, read) = (S::u8s::LEN, window.rows[0].len());
    let mut columns = vec![0; read];
    let (least, greatest) = (S::u8s::splat(simd, u8::MIN), S::u8s::splat(simd, u8::MAX));
    for (window, target) in window.each_row(reach, output) {
        for x in vectors(read, lanes) {
            search(simd, window, x, 1, least, greatest).store_slice(&mut columns[x..x + lanes]);
        }
        for x in vectors(target.len(), lanes) {
            let (mut low, mut high) = (greatest, least);
            for i in 0..window.rows.len() {
                let column = S::u8s::from_slice(simd, &columns[x + i * window.step..][..lanes]);
                (low, high) = (low.min(column), high.max(column));
            }
            search(simd, window, x, window.rows.len(), low, high).store_slice(&mut target[x..x + lanes]);
        }
    }
}

/// The medians, each between `low` and `high`, of the windows of so many columns that begin at place `x`.
#[inline(always)]
fn search<S: Simd>(
    simd: S,
    window: WindowRows<u8>,
    x: usize,
    columns: usize,
    mut low: S::u8s,
    mut high: S::u8s,
) -> S::u8s {
    let one = S::u8s::splat(simd, 1);
    let half = S::u8s::splat(simd, (window.rows.len() * columns / 2) as u8);
    while low.simd_lt(high).any_true() {
        // The middle, rounded up: of what two bytes differ in, half.
        let middle = (low | high) - ((low ^ high) >> 1);
        let (mut count, below) = (S::u8s::splat(simd, 0), middle - one);
        for row in window.rows {
            let mut taps = &row[x..][..(columns - 1) * window.step + S::u8s::LEN];
            while taps.len() >= S::u8s::LEN {
                // One where the value lies above what is below the middle.
                let value = S::u8s::from_slice(simd, &taps[..S::u8s::LEN]);
                count = count.saturating_add(value.saturating_sub(below).min(one));
                taps = taps.get(window.step..).unwrap_or_default();
            }
        }
        let is_reached = count.simd_gt(half);
        (low, high) = (is_reached.select(middle, low), is_reached.select(high, middle.saturating_sub(one)));
    }
    low
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
        for (level, reach) in levels.into_iter().flat_map(|level| [2, 4, MOST_REACH].map(|reach| (level, reach))) {
            let (width, height, side) = (71, 3, 2 * reach as usize + 1);
            let row = |random: &mut fastrand::Rng| (1..width + side).map(|_| level(random)).collect::<Vec<u8>>();
            let rows: Vec<Vec<u8>> = (1..height + side).map(|_| row(&mut random)).collect();
            let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
            let mut output = vec![0; width * height];
            medians(WindowRows { rows: &rows, step: 1 }, reach, &mut output);
            for (i, median) in output.iter().enumerate() {
                let (x, y) = (i % width, i / width);
                let window = rows[y..y + side].iter().flat_map(|row| &row[x..x + side]);
                let mut window: Vec<u8> = window.copied().collect();
                assert_eq!(median, window.select_nth_unstable(side * side / 2).1, "{side} px at {x}, {y}");
            }
        }
    }
}
