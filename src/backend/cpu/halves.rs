//! Rows of bytes halved by a box or a triangle, in whole numbers: exactly, and rounded but once.

use fearless_simd::{Simd, dispatch, prelude::*};

use crate::simd::level;

/// Weights of pixels that halve a row or a column.
#[derive(Clone, Copy, PartialEq)]
pub enum Half {
    Box,
    Triangle,
}

impl Half {
    pub fn of(weights: &[f32]) -> Option<Half> {
        if weights == [0.5, 0.5] {
            return Some(Half::Box);
        }
        (weights == [0.125, 0.375, 0.375, 0.125]).then_some(Half::Triangle)
    }
}

/// Bytes of the longest vector.
const LONGEST: usize = 64;

/// Values of pairs of pixels of `N` values, beside one another.
const fn beside(n: usize, bytes: usize) -> [u8; LONGEST] {
    let mut places = [0; LONGEST];
    let mut i = 0;
    while i < bytes / 2 / n * n {
        places[2 * i] = (i / n * 2 * n + i % n) as u8;
        places[2 * i + 1] = places[2 * i] + n as u8;
        i += 1;
    }
    places
}

/// Of two halves of a vector, of which not all is filled, what is.
const fn close(n: usize, bytes: usize) -> [u8; LONGEST] {
    let (mut places, filled) = ([0; LONGEST], bytes / 2 / n * n);
    let mut i = 0;
    while i < 2 * filled {
        places[i] = (i / filled * (bytes / 2) + i % filled) as u8;
        i += 1;
    }
    places
}

/// Each pixel of the result is the mean of two by two of a pair of rows.
pub fn boxes<const N: usize>(rows: [&[u8]; 2], target: &mut [u8]) {
    dispatch!(level(), simd => box_vectors::<_, N>(simd, rows, target));
}

#[inline(always)]
fn pairs<S: Simd, const N: usize>(simd: S, row: &[u8], x: usize) -> S::u8s {
    let v = S::u8s::from_slice(simd, &row[x..x + S::u8s::LEN]);
    if N == 1 {
        return v;
    }
    v.swizzle_dyn(S::u8s::from_slice(simd, &const { beside(N, S::u8s::LEN) }[..S::u8s::LEN]))
}

/// Two vectors of levels, to the first of their values in `target`; something stands behind them.
#[inline(always)]
fn store<S: Simd, const N: usize>(simd: S, levels: [S::u16s; 2], target: &mut [u8]) {
    let v: S::u8s = levels[0].relaxed_narrow(levels[1]);
    if N == 1 {
        v.store_slice(target);
    } else {
        v.swizzle_dyn(S::u8s::from_slice(simd, &const { close(N, S::u8s::LEN) }[..S::u8s::LEN])).store_slice(target);
    }
}

#[inline(always)]
fn box_mean<S: Simd, const N: usize>(simd: S, rows: [&[u8]; 2], x: usize) -> S::u16s {
    let [a, b] = [pairs::<S, N>(simd, rows[0], x), pairs::<S, N>(simd, rows[1], x)];
    (a.pairwise_widening_add() + b.pairwise_widening_add() + 2) >> 2
}

#[inline(always)]
fn box_vectors<S: Simd, const N: usize>(simd: S, rows: [&[u8]; 2], target: &mut [u8]) {
    let bytes = S::u8s::LEN;
    let filled = bytes / 2 / N * N;
    let mut x = 0;
    while 2 * (x + filled) + bytes <= rows[0].len() && x + bytes <= target.len() {
        store::<S, N>(
            simd,
            [box_mean::<S, N>(simd, rows, 2 * x), box_mean::<S, N>(simd, rows, 2 * (x + filled))],
            &mut target[x..x + bytes],
        );
        x += 2 * filled;
    }
    for (i, target) in target.iter_mut().enumerate().skip(x) {
        let at = i / N * 2 * N + i % N;
        let sum: u16 = rows.iter().map(|row| u16::from(row[at]) + u16::from(row[at + N])).sum();
        *target = ((sum + 2) >> 2) as u8;
    }
}

/// Each pixel of the result is a sum over four by four, by 1, 3, 3 and 1 eighths along both axes. The rows begin a pair of pixels
/// before the pair of the first result and end one behind that of the last; `room` is for as many sums as they have pairs.
pub fn triangles<const N: usize>(rows: [&[u8]; 4], room: &mut [Vec<u16>; 2], target: &mut [u8]) {
    dispatch!(level(), simd => triangle_vectors::<_, N>(simd, rows, room, target));
}

/// By 1, 3, 3 and 1.
#[inline(always)]
fn weighed<S: Simd>(v: [S::u16s; 4]) -> S::u16s {
    let middle = v[1] + v[2];
    v[0] + v[3] + middle + middle + middle
}

#[inline(always)]
fn level_vector<S: Simd, const N: usize>(simd: S, even: &[u16], odd: &[u16], x: usize) -> S::u16s {
    let lanes = S::u16s::LEN;
    let outer =
        [S::u16s::from_slice(simd, &odd[x..x + lanes]), S::u16s::from_slice(simd, &even[x + 2 * N..x + 2 * N + lanes])];
    let inner =
        [S::u16s::from_slice(simd, &even[x + N..x + N + lanes]), S::u16s::from_slice(simd, &odd[x + N..x + N + lanes])];
    (weighed::<S>([outer[0], inner[0], inner[1], outer[1]]) + 32) >> 6
}

#[inline(always)]
fn triangle_vectors<S: Simd, const N: usize>(simd: S, rows: [&[u8]; 4], room: &mut [Vec<u16>; 2], target: &mut [u8]) {
    let (bytes, lanes) = (S::u8s::LEN, S::u16s::LEN);
    let filled = lanes / N * N;
    let n = rows[0].len() / 2;
    let [even, odd] = room;
    let mut x = 0;
    while 2 * x + bytes <= rows[0].len() {
        let (mut lower, mut upper) = ([S::u16s::splat(simd, 0); 4], [S::u16s::splat(simd, 0); 4]);
        for i in 0..4 {
            let both: S::u16s = pairs::<S, N>(simd, rows[i], 2 * x).bitcast();
            (lower[i], upper[i]) = (both & 255, both >> 8);
        }
        weighed::<S>(lower).store_slice(&mut even[x..x + lanes]);
        weighed::<S>(upper).store_slice(&mut odd[x..x + lanes]);
        x += filled;
    }
    for i in x..n {
        let sum = |at: usize| {
            let v = |row: usize| u16::from(rows[row][at]);
            v(0) + v(3) + 3 * (v(1) + v(2))
        };
        let at = i / N * 2 * N + i % N;
        (even[i], odd[i]) = (sum(at), sum(at + N));
    }
    let mut x = 0;
    while x + bytes <= target.len() {
        level_vector::<S, N>(simd, even, odd, x)
            .relaxed_narrow(level_vector::<S, N>(simd, even, odd, x + lanes))
            .store_slice(&mut target[x..x + bytes]);
        x += bytes;
    }
    for i in x..target.len() {
        target[i] = ((odd[i] + even[i + 2 * N] + 3 * (even[i + N] + odd[i + N]) + 32) >> 6) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A result's value `i`: the sum over pairs of rows and columns by those weights, their sum along both axes being `2^shift`.
    fn expected<const N: usize>(rows: &[&[u8]], weights: &[u32], shift: u32, i: usize) -> u8 {
        let at = |row: &[u8], k: usize| u32::from(row[i / N * 2 * N + k * N + i % N]);
        let of_row = |row: &[u8]| (0..weights.len()).map(|k| weights[k] * at(row, k)).sum::<u32>();
        let sum: u32 = rows.iter().zip(weights).map(|(row, weight)| weight * of_row(row)).sum();
        ((sum + (1 << (shift - 1))) >> shift) as u8
    }

    fn check<const N: usize>(pixels: usize) {
        let row =
            |y: usize| (0..(pixels + 2) * 2 * N).map(|i| (i * i * 31 + y * 101 + i / 7) as u8).collect::<Vec<u8>>();
        let rows: [Vec<u8>; 4] = std::array::from_fn(row);
        let rows: [&[u8]; 4] = std::array::from_fn(|y| &rows[y][..]);
        let mut target = vec![0; pixels * N];
        let pair = [rows[0], rows[1]].map(|row| &row[..pixels * 2 * N]);
        boxes::<N>(pair, &mut target);
        for (i, v) in target.iter().enumerate() {
            assert_eq!(*v, expected::<N>(&pair, &[1, 1], 2, i), "box, {i} of {pixels} pixels of {N} bytes");
        }
        let sums = (pixels + 2) * N;
        triangles::<N>(rows, &mut [vec![0; sums], vec![0; sums]], &mut target);
        let rows = rows.map(|row| &row[N..]);
        for (i, v) in target.iter().enumerate() {
            assert_eq!(*v, expected::<N>(&rows, &[1, 3, 3, 1], 6, i), "triangle, {i} of {pixels} pixels of {N} bytes");
        }
    }

    #[test]
    fn halves_of_any_number_of_pixels_are_exact() {
        for pixels in [1, 2, 9, 10, 11, 20, 21, 32, 64, 65, 100, 333] {
            check::<1>(pixels);
            check::<3>(pixels);
        }
    }
}
