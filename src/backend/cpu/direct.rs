//! Recipes that only move whole pixels, or put another level for each: done on interleaved samples, without planes.

use fearless_simd::{Simd, dispatch, prelude::*, u8x64};
use rayon::prelude::*;

use super::evaluate::Evaluation;
use super::permute;
use super::samples::Code;
use crate::image::Samples;
use crate::op::{Kernel, NodeId};
use crate::simd::level;

/// Fills `codes` with those of a node, where it is such a one of the source.
pub fn fill<C: Code>(evaluation: &Evaluation, node: NodeId, codes: &mut [C], codes_per_unit: f32) -> bool {
    // Samples that are codes already: a level is one of 8 bits, and 257 of 16.
    let Some(source) = C::samples(evaluation.source_samples(), codes_per_unit) else { return false };
    let (from, to) = (evaluation.graph.layout(NodeId(0)), evaluation.graph.layout(node));
    match &evaluation.graph.node(node).kernel {
        Kernel::Permute(permutation) if evaluation.graph.node(node).inputs == [NodeId(0)] => {
            let source = permute::Source { samples: source, layout: from, codes_per_unit };
            permute::pixels(permutation, source, to, codes, evaluation.threads);
            true
        }
        _ => {
            let (Some(codes), Samples::U8(source)) = (C::bytes(codes), evaluation.source_samples()) else {
                return false;
            };
            let Some(table) = evaluation.level_table(node) else { return false };
            look_up_in_parts(&table, source, codes, evaluation.threads);
            true
        }
    }
}

/// Bytes that a thread takes at once.
const PART: usize = 1 << 16;

fn look_up_in_parts(table: &[u8; 256], source: &[u8], target: &mut [u8], threads: usize) {
    if threads == 1 {
        look_up(table, source, target);
        return;
    }
    let parts = target.par_chunks_mut(PART).zip(source.par_chunks(PART));
    parts.for_each(|(target, source)| look_up(table, source, target));
}

/// `table[v]` for each `v`.
pub fn look_up(table: &[u8; 256], source: &[u8], target: &mut [u8]) {
    dispatch!(level(), simd => look_up_vectors(simd, table, source, target));
}

const LANES: usize = 64;

/// Where a vector holds 64 bytes, four of them are the table; else byte by byte.
#[inline(always)]
fn look_up_vectors<S: Simd>(simd: S, table: &[u8; 256], source: &[u8], target: &mut [u8]) {
    let whole = if S::u8s::LEN == LANES { source.len() / LANES * LANES } else { 0 };
    let quarter = |i: usize| u8x64::from_slice(simd, &table[LANES * i..LANES * (i + 1)]);
    let (a, b, c, d) = (quarter(0), quarter(1), quarter(2), quarter(3));
    let top = u8x64::splat(simd, 128);
    for (v, t) in source[..whole].chunks_exact(LANES).zip(target[..whole].chunks_exact_mut(LANES)) {
        let v = u8x64::from_slice(simd, v);
        let low = a.concat_swizzle_dyn_precise(b, v);
        let high = c.concat_swizzle_dyn_precise(d, v ^ top);
        (low | high).store_slice(t);
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
