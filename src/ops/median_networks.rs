//! Networks that put values in order by comparing pairs of them, for small medians.

use fearless_simd::{Simd, SimdBase};

/// What becomes of a pair of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "the networks' lists read so")]
pub enum Keeps {
    /// The lesser comes first.
    both,
    /// The first becomes the lesser; nobody asks for the other.
    low,
    /// The second becomes the greater; nobody asks for the other.
    high,
}

/// A pair of places, and what becomes of the values there.
pub type Step = (Keeps, usize, usize);

#[inline(always)]
pub fn both<S: Simd, V: SimdBase<S>, const N: usize>(values: &mut [V; N], a: usize, b: usize) {
    (values[a], values[b]) = (values[a].min(values[b]), values[a].max(values[b]));
}

#[inline(always)]
pub fn low<S: Simd, V: SimdBase<S>, const N: usize>(values: &mut [V; N], a: usize, b: usize) {
    values[a] = values[a].min(values[b]);
}

#[inline(always)]
pub fn high<S: Simd, V: SimdBase<S>, const N: usize>(values: &mut [V; N], a: usize, b: usize) {
    values[b] = values[a].max(values[b]);
}

/// Networks by name: each as a function over vectors, and as `STEPS`.
macro_rules! networks {
    ($($(#[$about:meta])* $name:ident: $($keeps:ident($a:literal $b:literal))*;)*) => { $(
        $(#[$about])*
        pub mod $name {
            use fearless_simd::{Simd, SimdBase};

            use super::{Keeps, Step};

            pub const STEPS: &[Step] = &[$((Keeps::$keeps, $a, $b)),*];

            #[inline(always)]
            pub fn order<S: Simd, V: SimdBase<S>, const N: usize>(values: &mut [V; N]) {
                $(super::$keeps(values, $a, $b);)*
            }
        }
    )* };
}

networks! {
    /// Sorts 3 values.
    column_of_3: both(0 2) both(0 1) both(1 2);

    /// Sorts 5 values.
    column_of_5:
        both(0 4) both(0 2) both(1 3) both(2 4) both(0 1) both(2 3) both(1 4) both(1 2) both(3 4);

    /// The median of 3 x 3 values whose columns are sorted comes to stand at 4: row by row, the least first.
    middle_of_3:
        high(0 1) high(1 2) both(3 5) high(3 4) low(4 5) low(6 8) low(6 7) both(2 6) high(2 4) low(4 6);

    /// The same of 5 x 5, at 15. Sorted along the rows too, a value at (i, j) has (i + 1) (j + 1) of the 25 not above it,
    /// so that only 13 of them can be the median.
    middle_of_5:
        both(0 4) both(0 2) both(1 3) both(2 4) high(0 1) high(2 3) high(1 4) both(3 4) both(5 9) both(5 7)
        both(6 8) both(7 9) high(5 6) both(7 8) both(6 9) high(6 7) both(8 9) both(10 14) both(10 12) both(11 13)
        both(12 14) high(10 11) both(12 13) both(11 14) both(11 12) low(13 14) both(15 19) both(15 17) both(16 18)
        both(17 19) both(15 16) low(17 18) low(16 19) both(16 17) both(20 24) both(20 22) both(21 23) both(22 24)
        both(20 21) low(22 23) low(21 24) low(21 22) both(4 17) high(11 3) both(20 8) high(7 15) both(4 12)
        low(16 13) both(3 16) both(8 21) both(15 9) both(20 4) high(3 15) low(8 12) low(16 9) low(21 17) low(4 21)
        both(4 8) both(15 16) high(20 16) high(4 15) low(8 16) high(8 15);
}

/// Pairs to be put in order so that the middle of `n` values stands in the middle: Batcher's merge exchange
/// (Knuth, volume 3, algorithm 5.2.2 M) without the comparators that the middle does not depend on.
pub fn median_of(n: usize) -> Vec<Step> {
    let mut sorting = Vec::new();
    let top = n.next_power_of_two() / 2;
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            sorting.extend((0..n.saturating_sub(d)).filter(|i| i & p == r).map(|i| (i, i + d)));
            if q == p {
                break;
            }
            (d, q, r) = (q - p, q / 2, p);
        }
        p /= 2;
    }
    let mut needed = vec![false; n];
    needed[n / 2] = true;
    let mut network: Vec<Step> = Vec::new();
    for (first, second) in sorting.into_iter().rev() {
        let keeps = match (needed[first], needed[second]) {
            (true, true) => Keeps::both,
            (true, false) => Keeps::low,
            (false, true) => Keeps::high,
            (false, false) => continue,
        };
        (needed[first], needed[second]) = (true, true);
        network.push((keeps, first, second));
    }
    network.reverse();
    network
}
