//! Tables of 256 bytes, looked up in registers.

use fearless_simd::{Simd, dispatch, prelude::*, u8x64};

use super::level;

/// `table[v]` for each `v`.
pub fn look_up(table: &[u8; 256], source: &[u8], target: &mut [u8]) {
    // Stores across two lines of the cache take twice as long.
    let before = target.as_ptr().align_offset(LANES).min(target.len());
    let (head, body) = target.split_at_mut(before);
    head.iter_mut().zip(source).for_each(|(t, v)| *t = table[usize::from(*v)]);
    dispatch!(level(), simd => look_up_vectors(simd, table, &source[before..], body));
}

/// Bytes of the vectors that a table is looked up in.
pub const LANES: usize = 64;

/// A table in four vectors.
pub struct Quarters<S: Simd>([u8x64<S>; 4]);

impl<S: Simd> Quarters<S> {
    #[inline(always)]
    pub fn new(simd: S, table: &[u8; 256]) -> Quarters<S> {
        let quarter = |i: usize| u8x64::from_slice(simd, &table[LANES * i..LANES * (i + 1)]);
        Quarters([quarter(0), quarter(1), quarter(2), quarter(3)])
    }

    #[inline(always)]
    pub fn of(&self, v: u8x64<S>) -> u8x64<S> {
        let Quarters([a, b, c, d]) = *self;
        let low = a.concat_swizzle_dyn_precise(b, v);
        let high = c.concat_swizzle_dyn_precise(d, v ^ 128);
        low | high
    }
}

/// Where a vector holds 64 bytes, four of them are the table; else byte by byte.
#[inline(always)]
fn look_up_vectors<S: Simd>(simd: S, table: &[u8; 256], source: &[u8], target: &mut [u8]) {
    let whole = if S::u8s::LEN == LANES { source.len() / LANES * LANES } else { 0 };
    let quarters = Quarters::new(simd, table);
    for (v, t) in source[..whole].chunks_exact(LANES).zip(target[..whole].chunks_exact_mut(LANES)) {
        quarters.of(u8x64::from_slice(simd, v)).store_slice(t);
    }
    for (v, t) in source[whole..].iter().zip(&mut target[whole..]) {
        *t = table[usize::from(*v)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_finds_its_entry() {
        let table: [u8; 256] = std::array::from_fn(|i| (i * 7 + i / 3) as u8);
        let source: Vec<u8> = (0..1000).map(|i| (i * 89 % 256) as u8).collect();
        let mut target = vec![0; source.len()];
        look_up(&table, &source, &mut target);
        assert!(source.iter().zip(&target).all(|(v, t)| *t == table[usize::from(*v)]));
    }
}
