//! Means of bytes over squares from whole sums: exact, and of values half as wide as `f32` or less.

use fearless_simd::{Simd, SimdBase, dispatch};

use super::row::Reader;
use super::samples::Code;
use super::tile::{Pooled, Tile, Value};
use crate::image::{Edges, Layout, Region};
use crate::op::{Axis, Taps};
use crate::simd::{MOST_LANES, blockwise, fold_taps, level, singles, vectorized};

/// Reach along columns, at most: so that sums of levels are 16 bits wide.
const MOST_REACH: u32 = 128;

/// Reach along both axes, at most, where sums of the whole square still are.
const MOST_SHORT_REACH: u32 = 7;

/// What the sum of a square counts, where two axes sum it with equal weights.
pub fn scale(columns: &Taps, rows: &Taps) -> Option<f32> {
    match (columns, rows) {
        (Taps::Mean { reach: a }, Taps::Mean { reach: b }) if a == b && *a <= MOST_REACH => {
            Some(1.0 / (2 * a + 1).pow(2) as f32)
        }
        (Taps::Sum { weights: a, scale: s }, Taps::Sum { weights: b, scale: t }) => {
            let are_ones = a.iter().chain(b).all(|w| *w == 1.0);
            (are_ones && a.len() == b.len() && a.len() as u32 / 2 <= MOST_REACH).then_some(s * t)
        }
        _ => None,
    }
}

/// Sums along columns, each from the one above it.
pub fn columns(axis: &Axis, input: &Tile<u8>, layout: Layout, region: Region) -> Tile<u16> {
    let mut out = input.like(region);
    let reach = i64::from(axis.reach());
    for channel in 0..input.channels() {
        let reader = Reader::new(input, channel, layout, axis.edges);
        let outside = reader.outside(region.width);
        let row = |y: i64| reader.line(y).map_or(&outside[..], |y| input.part(channel, y, region.x, region.width));
        let (top, n) = (i64::from(region.y), outside.len());
        let mut rows = out.plane_mut(channel).chunks_exact_mut(n);
        let mut above = rows.next().expect("a region has a row");
        let first: Vec<&[u8]> = (top - reach..=top + reach).map(row).collect();
        fold_taps(
            &singles(&first),
            above,
            0,
            #[inline(always)]
            |sum: u16, _, [v]| sum.wrapping_add(v.into()),
            std::convert::identity,
        );
        for (y, target) in (top + 1..).zip(rows) {
            slide(above, row(y + reach), row(y - reach - 1), target);
            above = target;
        }
    }
    out
}

/// `target[x] = above[x] + enters[x] - leaves[x]`
fn slide(above: &[u16], enters: &[u8], leaves: &[u8], target: &mut [u16]) {
    let n = target.len();
    let (above, enters, leaves) = (&above[..n], &enters[..n], &leaves[..n]);
    vectorized(
        #[inline(always)]
        || {
            for x in 0..n {
                target[x] = above[x].wrapping_add(enters[x].into()).wrapping_sub(leaves[x].into());
            }
        },
    );
}

/// Sums along rows of what `columns` gave, times `scale`.
pub fn rows<V: Value + Code>(axis: &Axis, scale: f32, input: &Tile<u16>, layout: Layout, region: Region) -> Tile<V> {
    let mut out = input.like(region);
    let (reach, step) = (axis.reach() as usize, input.step);
    let length = 2 * reach + 1;
    // Beyond the image a column sums up the constant.
    let edges = Edges { value: axis.edges.value.map(|v| v * length as f32), ..axis.edges };
    let n = region.width as usize * step;
    let mut extended = u16::taken(n + 2 * reach * step);
    let mut sums = Sums::new(length, extended.len(), step);
    for channel in 0..input.channels() {
        let reader = Reader::new(input, channel, layout, edges);
        for y in region.y..region.bottom() {
            reader.fill(Some(y), i64::from(region.x) - reach as i64, &mut extended);
            let target = out.row_mut(channel, y);
            if axis.reach() <= MOST_SHORT_REACH {
                let taps: Vec<&[u16]> = extended.windows(n).step_by(step).collect();
                fold_taps(
                    &singles(&taps),
                    target,
                    0,
                    #[inline(always)]
                    |sum: u16, _, [v]| sum.wrapping_add(v),
                    #[inline(always)]
                    |sum| V::nearest(f32::from(sum) * scale),
                );
            } else {
                let sums = sums.of(&extended);
                blockwise(
                    [target],
                    [&sums[..n]],
                    #[inline(always)]
                    |[sum]| [V::nearest(sum as f32 * scale)],
                );
            }
        }
    }
    u16::keep(extended);
    out
}

/// Sums of long windows of a row: of those as long as each power of two in turn, each the sum of two of the one before; a
/// window is one of each power that its length is the sum of.
struct Sums {
    length: usize,
    step: usize,
    /// Of windows as long as a power of two; more stands behind the last, so that all of them end in whole vectors.
    powers: Vec<u32>,
    /// Of the powers so far.
    sums: Vec<u32>,
}

impl Sums {
    fn new(length: usize, read: usize, step: usize) -> Sums {
        let room = vec![0; read + length.next_power_of_two() * step + MOST_LANES];
        Sums { length, step, powers: room.clone(), sums: room }
    }

    fn of(&mut self, values: &[u16]) -> &[u32] {
        blockwise(
            [&mut self.powers[..values.len()]],
            [values],
            #[inline(always)]
            |[v]| [u32::from(v)],
        );
        dispatch!(level(), simd => self.add_up(simd, values.len()));
        &self.sums
    }

    #[inline(always)]
    fn add_up<S: Simd>(&mut self, simd: S, n: usize) {
        let lanes = S::u32s::LEN;
        let load = |values: &[u32], x: usize| S::u32s::from_slice(simd, &values[x..x + lanes]);
        let (mut size, mut done) = (1, 0);
        loop {
            if self.length & size != 0 {
                for x in (0..n).step_by(lanes) {
                    let own = load(&self.powers, x + done * self.step);
                    let sum = if done == 0 { own } else { load(&self.sums, x) + own };
                    sum.store_slice(&mut self.sums[x..x + lanes]);
                }
                done += size;
            }
            if 2 * size > self.length {
                return;
            }
            for x in (0..n).step_by(lanes) {
                let sum = load(&self.powers, x) + load(&self.powers, x + size * self.step);
                sum.store_slice(&mut self.powers[x..x + lanes]);
            }
            size *= 2;
        }
    }
}
