//! Whole pixels moved by shuffles of bytes: rows reversed, squares turned.

use std::ops::Range;

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use fearless_simd::{Simd, dispatch, prelude::*, u8x16, u32x4};

use crate::simd::level;

/// Bytes of the longest vector.
const LONGEST: usize = 64;

/// The pixels of `source` backwards.
pub fn reverse<C: Pod, const N: usize>(source: &[[C; N]], target: &mut [[C; N]]) {
    dispatch!(level(), simd => reverse_vectors(simd, source, target));
}

/// For each byte of a vector where it stands in one whose last pixels are those, backwards; anything behind them.
const fn reversed(size: usize, vector: usize) -> [u8; LONGEST] {
    let mut places = [0; LONGEST];
    let pixels = vector / size;
    let mut i = 0;
    while i < pixels * size {
        places[i] = (vector - (i / size + 1) * size + i % size) as u8;
        i += 1;
    }
    places
}

#[inline(always)]
fn reverse_vectors<S: Simd, C: Pod, const N: usize>(simd: S, source: &[[C; N]], target: &mut [[C; N]]) {
    let (vector, size) = (S::u8s::LEN, size_of::<[C; N]>());
    let step = vector / size * size;
    let places = S::u8s::from_slice(simd, &const { reversed(size_of::<[C; N]>(), S::u8s::LEN) }[..vector]);
    let from: &[u8] = cast_slice(source.as_flattened());
    let to: &mut [u8] = cast_slice_mut(target.as_flattened_mut());
    let (mut begin, mut end) = (0, from.len());
    while end >= vector {
        // What stands behind the pixels is written over by the next ones.
        let v = S::u8s::from_slice(simd, &from[end - vector..end]);
        v.swizzle_dyn(places).store_slice(&mut to[begin..begin + vector]);
        (begin, end) = (begin + step, end - step);
    }
    let done = begin / size;
    target[done..].iter_mut().zip(source[..source.len() - done].iter().rev()).for_each(|(t, v)| *t = *v);
}

/// Side of the squares that [`turn`] turns of pixels of `size` bytes; none where it doesn't.
pub const fn side(size: usize) -> Option<u32> {
    match size {
        1 => Some(16),
        3 | 4 => Some(4),
        _ => None,
    }
}

/// Bytes that [`turn`] reads of each row.
pub const READ: usize = 16;

/// Places in bytes, one after another.
#[derive(Clone, Copy)]
pub struct Steps {
    pub first: i64,
    pub step: i64,
}

impl Steps {
    /// The [`READ`] bytes from place `i` on.
    #[inline(always)]
    fn at(self, i: usize) -> Range<usize> {
        let begin = (self.first + i as i64 * self.step) as usize;
        begin..begin + READ
    }
}

/// A square of pixels turned: its rows begin where `from` steps in `source`, and become columns of what begins where `to`
/// steps in `target`. Unless they are the `last` of their rows, what stands behind the pixels there may be written over.
#[inline(always)]
pub fn turn<S: Simd, C: Pod, const N: usize>(
    simd: S,
    source: &[u8],
    from: Steps,
    target: &mut [u8],
    to: Steps,
    last: bool,
) {
    if size_of::<[C; N]>() == 1 {
        let square = turned_bytes(
            #[inline(always)]
            |i| u8x16::from_slice(simd, &source[from.at(i)]),
        );
        for j in 0..16 {
            square[j].store_slice(&mut target[to.at(j)]);
        }
        return;
    }
    let spread = u8x16::from_slice(simd, &const { places(4, size_of::<[C; N]>()) });
    let close = u8x16::from_slice(simd, &const { places(size_of::<[C; N]>(), 4) });
    let square = turned_words(
        #[inline(always)]
        |i| u8x16::from_slice(simd, &source[from.at(i)]).swizzle_dyn(spread).bitcast(),
    );
    for j in 0..4 {
        let column = square[j].bitcast::<u8x16<S>>().swizzle_dyn(close);
        let bytes = 4 * size_of::<[C; N]>();
        if last {
            let begin = to.at(j).start;
            target[begin..begin + bytes].copy_from_slice(&column.as_slice()[..bytes]);
        } else {
            column.store_slice(&mut target[to.at(j)]);
        }
    }
}

/// Where each byte of pixels of `size` bytes stands among pixels of `other`; a pixel's own first byte where in none.
const fn places(size: usize, other: usize) -> [u8; READ] {
    let mut places = [0; READ];
    let mut i = 0;
    while i < READ {
        let (pixel, byte) = (i / size, i % size);
        if pixel < 4 && byte < other {
            places[i] = (pixel * other + byte) as u8;
        }
        i += 1;
    }
    places
}

/// Each round moves a bit of the row's number into the column's.
#[inline(always)]
fn turned_bytes<S: Simd>(row: impl Fn(usize) -> u8x16<S>) -> [u8x16<S>; 16] {
    let mut square = [
        row(0),
        row(1),
        row(2),
        row(3),
        row(4),
        row(5),
        row(6),
        row(7),
        row(8),
        row(9),
        row(10),
        row(11),
        row(12),
        row(13),
        row(14),
        row(15),
    ];
    for _ in 0..4 {
        let rows = square;
        for i in 0..8 {
            square[2 * i] = rows[i].zip_low(rows[i + 8]);
            square[2 * i + 1] = rows[i].zip_high(rows[i + 8]);
        }
    }
    square
}

#[inline(always)]
fn turned_words<S: Simd>(row: impl Fn(usize) -> u32x4<S>) -> [u32x4<S>; 4] {
    let mut square = [row(0), row(1), row(2), row(3)];
    for _ in 0..2 {
        let rows = square;
        for i in 0..2 {
            square[2 * i] = rows[i].zip_low(rows[i + 2]);
            square[2 * i + 1] = rows[i].zip_high(rows[i + 2]);
        }
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_pixels_are_reversed() {
        fn check<const N: usize>(count: usize) {
            let source: Vec<[u8; N]> = (0..count).map(|i| std::array::from_fn(|c| (i * 7 + c * 101) as u8)).collect();
            let mut target = vec![[0; N]; count];
            reverse(&source, &mut target);
            assert!(target.iter().eq(source.iter().rev()), "{count} pixels of {N} bytes");
        }
        for count in [1, 5, 16, 21, 22, 64, 65, 200] {
            check::<1>(count);
            check::<2>(count);
            check::<3>(count);
            check::<4>(count);
            check::<6>(count);
        }
    }
}
