//! The instruction set that pixel loops are compiled for, chosen at run time.
//!
//! Loops are plain Rust that the compiler vectorises, compiled once for each instruction set: the operations and their
//! order are the same in all, and so are the results, bit by bit.

pub mod colours;
pub mod tables;

use std::sync::OnceLock;

use fearless_simd::{Level, Simd, SimdBase, SimdElement, dispatch};

/// Names the instruction set to use instead of the best that the processor has.
pub const VARIABLE: &str = "IMGPROC_SIMD";

/// Runs `work` compiled for the chosen instruction set. Pass a closure marked `#[inline(always)]`, and mark what it calls
/// likewise: what isn't inlined is compiled for the baseline.
#[inline(always)]
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    dispatch!(level(), _simd => work())
}

/// What a vector holds several of.
pub trait Lane: SimdElement {
    /// The widest one.
    type Vector<S: Simd>: SimdBase<S, Element = Self>;
}

impl Lane for u8 {
    type Vector<S: Simd> = S::u8s;
}

impl Lane for f32 {
    type Vector<S: Simd> = S::f32s;
}

/// Lanes of any vector, at most.
pub const MOST_LANES: usize = 64;

/// Where the vectors of a row of `length` begin, which is no shorter than one. The last may overlap the one before it.
#[inline(always)]
pub fn vectors(length: usize, lanes: usize) -> impl Iterator<Item = usize> {
    (0..length.div_ceil(lanes)).map(move |i| (i * lanes).min(length - lanes))
}

/// `function` of what stands at each place of `sources`, to the same place of `targets`. All have one length.
///
/// Each block is computed in arrays of its own: so the compiler sees that no result changes what the function refers to.
#[inline(always)]
pub fn blockwise<const I: usize, const O: usize, T: Copy + Default, U: Copy + Default>(
    targets: [&mut [U]; O],
    sources: [&[T]; I],
    function: impl Fn([T; I]) -> [U; O],
) {
    vectorized(
        #[inline(always)]
        || {
            // One register of the widest kind: compilers leave larger blocks in memory.
            match size_of::<T>().max(size_of::<U>()) {
                1 => in_blocks::<64, I, O, T, U>(targets, sources, function),
                2 => in_blocks::<32, I, O, T, U>(targets, sources, function),
                _ => in_blocks::<16, I, O, T, U>(targets, sources, function),
            }
        },
    );
}

#[inline(always)]
fn in_blocks<const BLOCK: usize, const I: usize, const O: usize, T: Copy + Default, U: Copy + Default>(
    targets: [&mut [U]; O],
    sources: [&[T]; I],
    function: impl Fn([T; I]) -> [U; O],
) {
    let n = targets[0].len();
    let nothing = [T::default(); BLOCK];
    let blocks = if n < BLOCK { 0 } else { n.div_ceil(BLOCK) };
    for i in 0..blocks {
        // The last one may overlap the one before it.
        let begin = (i * BLOCK).min(n - BLOCK);
        let mut inputs = [&nothing; I];
        for i in 0..I {
            inputs[i] = sources[i][begin..begin + BLOCK].try_into().expect("a block of the row");
        }
        let outputs = block(inputs, &function);
        for o in 0..O {
            // Not `copy_from_slice`: compilers call that.
            let target: &mut [U; BLOCK] =
                (&mut targets[o][begin..begin + BLOCK]).try_into().expect("a block of the row");
            *target = outputs[o];
        }
    }
    if blocks == 0 {
        let mut copies = [nothing; I];
        let mut inputs = [&nothing; I];
        for (copy, source) in copies.iter_mut().zip(sources) {
            copy[..n].copy_from_slice(&source[..n]);
        }
        for i in 0..I {
            inputs[i] = &copies[i];
        }
        let outputs = block(inputs, &function);
        for o in 0..O {
            targets[o].copy_from_slice(&outputs[o][..n]);
        }
    }
}

#[inline(always)]
fn block<const BLOCK: usize, const I: usize, const O: usize, T: Copy + Default, U: Copy + Default>(
    inputs: [&[T; BLOCK]; I],
    function: &impl Fn([T; I]) -> [U; O],
) -> [[U; BLOCK]; O] {
    let mut outputs = [[U::default(); BLOCK]; O];
    for x in 0..BLOCK {
        let mut values = [T::default(); I];
        for i in 0..I {
            values[i] = inputs[i][x];
        }
        let results = function(values);
        for o in 0..O {
            outputs[o][x] = results[o];
        }
    }
    outputs
}

/// `target[x]` = `finish` of what `combine(so far, k, values)` gives from `start` on, over all taps `k`: the values at `x` of
/// the `P` rows of a tap. A block's results stay in registers while the taps go by.
#[inline(always)]
pub fn fold_taps<const P: usize, A: Copy, T: Copy + Default, U: Copy>(
    taps: &[[&[T]; P]],
    target: &mut [U],
    start: A,
    combine: impl Fn(A, usize, [T; P]) -> A,
    finish: impl Fn(A) -> U,
) {
    vectorized(
        #[inline(always)]
        || {
            // Two or three registers of the widest kind: with more, compilers leave the block in memory.
            match size_of::<A>() {
                1 => folded_in_blocks::<128, P, A, T, U>(taps, target, start, combine, finish),
                2 => folded_in_blocks::<64, P, A, T, U>(taps, target, start, combine, finish),
                _ => folded_in_blocks::<32, P, A, T, U>(taps, target, start, combine, finish),
            }
        },
    );
}

#[inline(always)]
fn folded_in_blocks<const N: usize, const P: usize, A: Copy, T: Copy + Default, U: Copy>(
    taps: &[[&[T]; P]],
    target: &mut [U],
    start: A,
    combine: impl Fn(A, usize, [T; P]) -> A,
    finish: impl Fn(A) -> U,
) {
    let n = target.len();
    if n < N {
        for (x, target) in target.iter_mut().enumerate() {
            [*target] = folded(taps, x, start, &combine, &finish);
        }
        return;
    }
    for i in 0..n.div_ceil(N) {
        // The last one may overlap the one before it.
        let x = (i * N).min(n - N);
        let block: &mut [U; N] = (&mut target[x..x + N]).try_into().expect("a block of the row");
        *block = folded(taps, x, start, &combine, &finish);
    }
}

#[inline(always)]
fn folded<const N: usize, const P: usize, A: Copy, T: Copy + Default, U: Copy>(
    taps: &[[&[T]; P]],
    x: usize,
    start: A,
    combine: &impl Fn(A, usize, [T; P]) -> A,
    finish: &impl Fn(A) -> U,
) -> [U; N] {
    let mut so_far = [start; N];
    let nothing = [T::default(); N];
    for (k, tap) in taps.iter().enumerate() {
        let mut rows = [&nothing; P];
        for p in 0..P {
            rows[p] = tap[p][x..x + N].try_into().expect("a block of the row");
        }
        let mut next = so_far;
        for i in 0..N {
            let mut values = [T::default(); P];
            for p in 0..P {
                values[p] = rows[p][i];
            }
            next[i] = combine(so_far[i], k, values);
        }
        so_far = next;
    }
    let mut results = [finish(start); N];
    for i in 0..N {
        results[i] = finish(so_far[i]);
    }
    results
}

/// Taps of one row each.
pub fn singles<'a, T>(rows: &[&'a [T]]) -> Vec<[&'a [T]; 1]> {
    rows.iter().map(|row| [*row]).collect()
}

/// What has an order.
pub trait Ordered: Copy + Default + PartialOrd {
    /// `target[x]` = the least or the greatest of all `rows[k][x]` and `start`.
    fn extreme_of(rows: &[&[Self]], target: &mut [Self], start: Self, least: bool) {
        let taps = singles(rows);
        if least {
            fold_taps(
                &taps,
                target,
                start,
                #[inline(always)]
                |a, _, [b]| if b < a { b } else { a },
                std::convert::identity,
            );
        } else {
            fold_taps(
                &taps,
                target,
                start,
                #[inline(always)]
                |a, _, [b]| if b > a { b } else { a },
                std::convert::identity,
            );
        }
    }
}

impl Ordered for f32 {}

impl Ordered for u8 {
    fn extreme_of(rows: &[&[u8]], target: &mut [u8], start: u8, least: bool) {
        dispatch!(level(), simd => if least {
            extreme_in_vectors(simd, rows, target, start, |a, b| a.min(b));
        } else {
            extreme_in_vectors(simd, rows, target, start, |a, b| a.max(b));
        });
    }
}

/// Vectors of a block: what a tap costs by itself is shared by so many.
const SIDE_BY_SIDE: usize = 4;

#[inline(always)]
fn extreme_in_vectors<S: Simd>(
    simd: S,
    rows: &[&[u8]],
    target: &mut [u8],
    start: u8,
    extreme: impl Fn(S::u8s, S::u8s) -> S::u8s,
) {
    let (n, lanes) = (target.len(), S::u8s::LEN);
    if n < lanes {
        // Padded to a vector.
        let mut wide = [start; MOST_LANES];
        for row in rows {
            let mut taps = [start; MOST_LANES];
            taps[..n].copy_from_slice(&row[..n]);
            let so_far = S::u8s::from_slice(simd, &wide[..lanes]);
            extreme(so_far, S::u8s::from_slice(simd, &taps[..lanes])).store_slice(&mut wide[..lanes]);
        }
        target.copy_from_slice(&wide[..n]);
        return;
    }
    let in_blocks = n - n % (SIDE_BY_SIDE * lanes);
    for x in (0..in_blocks).step_by(SIDE_BY_SIDE * lanes) {
        let mut block = [S::u8s::splat(simd, start); SIDE_BY_SIDE];
        for row in rows {
            let taps = &row[x..x + SIDE_BY_SIDE * lanes];
            for i in 0..SIDE_BY_SIDE {
                block[i] = extreme(block[i], S::u8s::from_slice(simd, &taps[i * lanes..(i + 1) * lanes]));
            }
        }
        let target = &mut target[x..x + SIDE_BY_SIDE * lanes];
        for i in 0..SIDE_BY_SIDE {
            block[i].store_slice(&mut target[i * lanes..(i + 1) * lanes]);
        }
    }
    for x in (in_blocks..n).step_by(lanes) {
        // The last one may overlap the one before it.
        let x = x.min(n - lanes);
        let mut so_far = S::u8s::splat(simd, start);
        for row in rows {
            so_far = extreme(so_far, S::u8s::from_slice(simd, &row[x..x + lanes]));
        }
        so_far.store_slice(&mut target[x..x + lanes]);
    }
}

/// The instruction set in use.
///
/// # Panics
/// Where [`VARIABLE`] names none that this processor has; programs ask [`chosen`] first.
#[inline]
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| chosen().unwrap_or_else(|error| panic!("{error}")))
}

/// The instruction set that [`VARIABLE`] names, or the best.
///
/// # Errors
/// A sentence, where it names none that this processor has.
pub fn chosen() -> Result<Level, String> {
    let Some(wanted) = std::env::var_os(VARIABLE).filter(|wanted| !wanted.is_empty()) else {
        return Ok(Level::new());
    };
    let all = available();
    all.iter().find(|level| wanted == name(**level)).copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|level| name(*level)).collect();
        format!("{VARIABLE} is {wanted:?}; this processor has {}", names.join(", "))
    })
}

/// Every instruction set that this processor has, the best first.
pub fn available() -> Vec<Level> {
    let best = Level::new();
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let below = [best.as_avx2().map(Simd::level), best.as_sse4_2().map(Simd::level), Some(Level::baseline())];
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    let below = [Some(Level::baseline())];
    let mut all = vec![best];
    for level in below.into_iter().flatten() {
        if all.iter().all(|known| name(*known) != name(level)) {
            all.push(level);
        }
    }
    all
}

/// As [`VARIABLE`] takes it.
pub fn name(level: Level) -> &'static str {
    match level {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Avx512(_) => "avx512",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Avx2(_) => "avx2",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Sse4_2(_) => "sse4.2",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Level::Sse2(_) => "sse2",
        #[cfg(target_arch = "aarch64")]
        Level::Neon(_) => "neon",
        _ => "scalar",
    }
}

/// The instruction set whose code a dispatch runs: what the variant itself says, not what was asked for.
pub fn ran() -> &'static str {
    dispatch!(level(), simd => name(simd.level()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_what_runs() {
        assert_eq!(ran(), name(chosen().unwrap()));
        let names: Vec<&str> = available().into_iter().map(name).collect();
        assert!(names.contains(&ran()));
    }
}
