//! Rows whose pixels are put in turn, by shuffles of bytes.

use fearless_simd::{Simd, dispatch, prelude::*};

use crate::simd::level;

/// Bytes of the longest vector.
pub const LONGEST: usize = 64;

/// Whether so many rows can be woven.
pub fn is_woven(count: usize) -> bool {
    matches!(count, 2 | 3 | 4 | 6 | 8 | 9 | 12 | 16)
}

/// Pixels of `N` bytes of rows in turn. There are `count` rows of `length` bytes in `rows`, [`LONGEST`] bytes behind each; `room` has
/// as much.
pub fn weave<const N: usize>(
    rows: &mut [u8],
    room: &mut [u8],
    (mut count, mut length): (usize, usize),
    target: &mut [u8],
) {
    let (mut from, mut to) = (rows, room);
    while count > 1 {
        // Rows that are so far apart are woven first, then what that gives.
        let together = if count % 2 == 0 { 2 } else { 3 };
        count /= together;
        let longer = together * length;
        for i in 0..count {
            let row = |k: usize| &from[(i + k * count) * (length + LONGEST)..][..length + LONGEST];
            let woven_row = if count == 1 { &mut *target } else { &mut to[i * (longer + LONGEST)..][..longer] };
            match together {
                2 => woven::<N, 2>([row(0), row(1)], woven_row),
                _ => woven::<N, 3>([row(0), row(1), row(2)], woven_row),
            }
        }
        (from, to, length) = (to, from, longer);
    }
}

/// Pixels of `N` bytes of `M` rows in turn. Behind each row stand as many bytes more as a vector holds.
fn woven<const N: usize, const M: usize>(rows: [&[u8]; M], target: &mut [u8]) {
    dispatch!(level(), simd => weave_vectors::<_, N, M>(simd, rows, target));
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
fn weave_vectors<S: Simd, const N: usize, const M: usize>(simd: S, rows: [&[u8]; M], target: &mut [u8]) {
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
    fn pixels_of_rows_stand_in_turn() {
        fn check<const N: usize>(count: usize, pixels: usize) {
            let rows: Vec<Vec<u8>> =
                (0..count).map(|row| (0..pixels * N + LONGEST).map(|i| (i * 37 + row * 101) as u8).collect()).collect();
            let mut target = vec![0; pixels * N * count];
            let mut rows_one_behind_another = rows.concat();
            let mut room = vec![0; rows_one_behind_another.len()];
            weave::<N>(&mut rows_one_behind_another, &mut room, (count, pixels * N), &mut target);
            for (i, v) in target.iter().enumerate() {
                assert_eq!(
                    *v,
                    rows[i / N % count][i / (count * N) * N + i % N],
                    "{count} rows of {pixels} pixels of {N} bytes"
                );
            }
        }
        for pixels in [1, 5, 6, 7, 16, 21, 22, 100, 300] {
            for count in [2, 3, 4, 6, 8, 9, 12, 16] {
                check::<1>(count, pixels);
                check::<2>(count, pixels);
                check::<3>(count, pixels);
                check::<4>(count, pixels);
            }
        }
    }
}
