//! Means of bytes over squares from whole sums: exact, and of values half as wide as `f32` or less.

use fearless_simd::{Simd, SimdBase, dispatch};

use super::row::Reader;
use super::samples::Code;
use crate::image::{Edges, Region};
use crate::op::{Axis, Taps};
use crate::simd::{MOST_LANES, blockwise, fold_taps, level, singles, vectorized};

/// Reach along columns, at most: so that sums of levels are 16 bits wide.
const MOST_REACH: u32 = 128;

/// Reach along both axes, at most, where sums of the whole square still are.
const MOST_SHORT_REACH: usize = 7;

/// Reach along both axes, at most, where those of a few of its columns are: of four at least.
const MOST_MIDDLE_REACH: usize = 31;

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

/// Sums along columns of the rows of `read`, each from the one above it: `target` holds that.
pub fn columns<'a>(reach: u32, reader: &'a Reader<'a, u8>, read: Region) -> impl FnMut(u32, &mut [u16]) + 'a {
    let outside = reader.outside(read, reach);
    let reach = i64::from(reach);
    let mut is_first = true;
    move |y, target| {
        let part = |y| reader.tile.part(reader.channel, y, read.x, read.width);
        let row = |y: i64| reader.line(y).map_or(&outside[..], part);
        let y = i64::from(y);
        if std::mem::replace(&mut is_first, false) {
            let rows: Vec<&[u8]> = (y - reach..=y + reach).map(row).collect();
            fold_taps(
                &singles(&rows),
                target,
                0,
                #[inline(always)]
                |sum: u16, _, [v]| sum.wrapping_add(v.into()),
                std::convert::identity,
            );
        } else {
            slide(target, row(y + reach), row(y - reach - 1));
        }
    }
}

/// `sums[x] + enters[x] - leaves[x]`, in place.
fn slide(sums: &mut [u16], enters: &[u8], leaves: &[u8]) {
    let n = sums.len();
    let (enters, leaves) = (&enters[..n], &leaves[..n]);
    vectorized(
        #[inline(always)]
        || {
            for x in 0..n {
                sums[x] = sums[x].wrapping_add(enters[x].into()).wrapping_sub(leaves[x].into());
            }
        },
    );
}

/// What rows of sums along columns read beyond the image: sums of the constant.
pub fn edges(rows: &Axis) -> Edges {
    Edges { value: rows.edges.value.map(|v| v * (2 * rows.reach() + 1) as f32), ..rows.edges }
}

/// Sums along rows of what `columns` gave, extended by `reach` pixels at both ends, times `scale`.
pub fn rows<V: Code>(reach: usize, scale: f32, step: usize) -> impl FnMut(&[u16], &mut [V]) {
    let length = 2 * reach + 1;
    let (mut parts, mut sums) = (PartSums::new(length, step), Sums::new(length, step));
    let count = length * length;
    let is_mean = (scale * count as f32 - 1.0).abs() < 1e-6;
    let quotient = (is_mean && length > 1).then(|| Quotient::new(count));
    move |extended, target| {
        if reach <= MOST_SHORT_REACH {
            let taps: Vec<[&[u16]; 1]> = extended.windows(target.len()).step_by(step).map(|tap| [tap]).collect();
            if let (Some(quotient), Some(target)) = (quotient, V::bytes(target)) {
                fold_taps(
                    &taps,
                    target,
                    0,
                    #[inline(always)]
                    |sum: u16, _, [v]| sum.wrapping_add(v),
                    #[inline(always)]
                    |sum| quotient.of(sum),
                );
            } else {
                fold_taps(
                    &taps,
                    target,
                    0,
                    #[inline(always)]
                    |sum: u16, _, [v]| sum.wrapping_add(v),
                    #[inline(always)]
                    |sum| V::nearest(f32::from(sum) * scale),
                );
            }
        } else if reach <= MOST_MIDDLE_REACH {
            let taps = parts.taps(extended, target.len());
            if let (Some(_), Some(target)) = (quotient, V::bytes(target)) {
                fold_taps(
                    &taps,
                    target,
                    0,
                    #[inline(always)]
                    |sum: u32, _, [v]| sum + u32::from(v),
                    #[inline(always)]
                    |sum| nearest_mean(sum, scale),
                );
            } else {
                fold_taps(
                    &taps,
                    target,
                    0,
                    #[inline(always)]
                    |sum: u32, _, [v]| sum + u32::from(v),
                    #[inline(always)]
                    |sum| V::nearest(sum as f32 * scale),
                );
            }
        } else {
            let sums = &sums.of(extended)[..target.len()];
            blockwise(
                [target],
                [sums],
                #[inline(always)]
                |[sum]| [V::nearest(sum as f32 * scale)],
            );
        }
    }
}

/// The level next to a mean: a sum's product with one over the odd count of its levels, which lies half way between no two. Adding
/// 2^23 leaves the nearest whole number in the lowest bits.
#[inline(always)]
fn nearest_mean(sum: u32, scale: f32) -> u8 {
    (sum as i32 as f32 * scale + 8_388_608.0).to_bits() as u8
}

/// The same of sums of 16 bits, as a product with a fraction of as many.
#[derive(Clone, Copy)]
struct Quotient {
    half: u16,
    factor: u16,
    shift: u32,
}

impl Quotient {
    fn new(count: usize) -> Quotient {
        let shift = count.ilog2();
        let factor = (1_usize << (16 + shift)).div_ceil(count);
        Quotient { half: count as u16 / 2, factor: factor as u16, shift }
    }

    #[inline(always)]
    fn of(self, sum: u16) -> u8 {
        let product = u32::from(sum.wrapping_add(self.half)) * u32::from(self.factor);
        ((product >> 16) as u16 >> self.shift) as u8
    }
}

/// Windows of a row as sums of parts that are as long as powers of two: as long as 16 bits hold, each from two of half its length.
struct PartSums {
    length: usize,
    step: usize,
    /// Of 2, 4, 8 ... values.
    sums: Vec<Vec<u16>>,
}

impl PartSums {
    fn new(length: usize, step: usize) -> PartSums {
        let most = (usize::from(u16::MAX) / (255 * length)).clamp(1, length);
        PartSums { length, step, sums: vec![Vec::new(); most.ilog2() as usize] }
    }

    /// Slices of `n` sums: one from each, at the same place, are a window.
    fn taps<'a>(&'a mut self, values: &'a [u16], n: usize) -> Vec<[&'a [u16]; 1]> {
        for k in 0..self.sums.len() {
            let (shorter, rest) = self.sums.split_at_mut(k);
            let shorter = shorter.last().map_or(values, Vec::as_slice);
            let (target, shift) = (&mut rest[0], self.step << k);
            target.resize(shorter.len() - shift, 0);
            blockwise(
                [target],
                [&shorter[..shorter.len() - shift], &shorter[shift..]],
                #[inline(always)]
                |[a, b]| [a.wrapping_add(b)],
            );
        }
        let mut taps = Vec::new();
        let mut done = 0;
        while done < self.length {
            let k = ((self.length - done).ilog2() as usize).min(self.sums.len());
            let sums = if k == 0 { values } else { &self.sums[k - 1] };
            taps.push([&sums[done * self.step..][..n]]);
            done += 1 << k;
        }
        taps
    }
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
    fn new(length: usize, step: usize) -> Sums {
        Sums { length, step, powers: Vec::new(), sums: Vec::new() }
    }

    fn of(&mut self, values: &[u16]) -> &[u32] {
        let room = values.len() + self.length.next_power_of_two() * self.step + MOST_LANES;
        self.powers.resize(room, 0);
        self.sums.resize(room, 0);
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
