//! Recipes that only move whole pixels, compute each from itself, or halve rows: on interleaved samples, without planes.

use fearless_simd::{Simd, dispatch, prelude::*, u8x64};
use rayon::prelude::*;

use super::evaluate::Evaluation;
use super::interleave::store_joined;
use super::point::{self, Stage};
use super::samples::Code;
use super::{part_region, permute};
use crate::image::{Layout, Samples};
use crate::op::{Kernel, NodeId};
use crate::simd::level;

/// Fills `codes` with those of a node, where it is such a one of the source.
pub fn fill<C: Code>(evaluation: &Evaluation, node: NodeId, codes: &mut [C], codes_per_unit: f32) -> bool {
    // Samples that are codes already: a level is one of 8 bits, and 257 of 16.
    let Some(source) = C::samples(evaluation.source_samples(), codes_per_unit) else { return false };
    let (from, to) = (evaluation.graph.layout(NodeId(0)), evaluation.graph.layout(node));
    if let Kernel::Permute(permutation) = &evaluation.graph.node(node).kernel
        && evaluation.graph.node(node).inputs == [NodeId(0)]
    {
        let source = permute::Source { samples: source, layout: from, codes_per_unit };
        permute::pixels(permutation, source, to, codes, evaluation.threads);
        return true;
    }
    let (Some(codes), Samples::U8(source)) = (C::bytes(codes), evaluation.source_samples()) else { return false };
    let rows = Rows { source, from, to, threads: evaluation.threads };
    if let Some(halving) = evaluation.halving(node) {
        rows.fill_apart(codes, |top, target| halving.fill(source, top, target));
        return true;
    }
    let Some(run) = evaluation.points(node).filter(|_| !to.alpha) else { return false };
    match tables(&run, from).as_deref() {
        Some([table]) => rows.fill(codes, |_, source, target| look_up(table, source, target)),
        Some([r, g, b]) if from.colours == 1 => {
            rows.fill(codes, |_, source, target| look_up_colours([r, g, b], source, target));
        }
        Some(_) => return false,
        None if run[0].kernel.is_of_sample() => return false,
        None => rows.fill(codes, |top, source, target| point::interleaved(&run, from, source, top, target)),
    }
    true
}

/// The code of each level, by channel of the result, where it is a function of the level alone; one table for all channels
/// that have the same.
fn tables(run: &[Stage], from: Layout) -> Option<Vec<[u8; 256]>> {
    let is_of_level = |stage: &Stage| {
        let kernel = stage.kernel;
        kernel.is_of_sample() || from.colours == 1 && !kernel.sees_place()
    };
    if !run.iter().all(is_of_level) {
        return None;
    }
    let tables = point::tables(run, from);
    let mut tables: Vec<[u8; 256]> = tables.iter().map(|table| table.map(u8::nearest)).collect();
    if tables.len() == from.colours as usize {
        tables.dedup();
    }
    Some(tables)
}

/// Whole rows of interleaved bytes to others.
struct Rows<'a> {
    source: &'a [u8],
    from: Layout,
    to: Layout,
    threads: usize,
}

/// Rows that a thread takes at once.
const ROWS: u32 = 16;

impl Rows<'_> {
    /// Fills `target` by `work(first row, rows of the result)`.
    fn fill_apart(&self, target: &mut [u8], work: impl Fn(u32, &mut [u8]) + Sync) {
        let part = (self.to.width * self.to.channels() * ROWS) as usize;
        let work = |(index, target): (usize, &mut [u8])| work(index as u32 * ROWS, target);
        if self.threads == 1 {
            target.chunks_mut(part).enumerate().for_each(work);
        } else {
            target.par_chunks_mut(part).enumerate().for_each(work);
        }
    }

    /// Fills `target` by `work(first row, rows of the source, the same of the result)`.
    fn fill(&self, target: &mut [u8], work: impl Fn(u32, &[u8], &mut [u8]) + Sync) {
        if self.threads == 1 {
            work(0, self.source, target);
            return;
        }
        let part = |layout: Layout| (layout.width * layout.channels() * ROWS) as usize;
        let parts = target.par_chunks_mut(part(self.to)).zip(self.source.par_chunks(part(self.from)));
        parts.enumerate().for_each(|(index, (target, source))| {
            work(part_region(self.from.region(), ROWS, index).y, source, target);
        });
    }
}

/// `table[v]` for each `v`.
pub fn look_up(table: &[u8; 256], source: &[u8], target: &mut [u8]) {
    // Stores across two lines of the cache take twice as long.
    let before = target.as_ptr().align_offset(LANES).min(target.len());
    let (head, body) = target.split_at_mut(before);
    head.iter_mut().zip(source).for_each(|(t, v)| *t = table[usize::from(*v)]);
    dispatch!(level(), simd => look_up_vectors(simd, table, &source[before..], body));
}

/// `tables[c][v]` for each `v` and channel `c`.
fn look_up_colours(tables: [&[u8; 256]; 3], source: &[u8], target: &mut [u8]) {
    dispatch!(level(), simd => look_up_colour_vectors(simd, tables, source, target));
}

const LANES: usize = 64;

/// A table in four vectors.
struct Quarters<S: Simd>([u8x64<S>; 4]);

impl<S: Simd> Quarters<S> {
    #[inline(always)]
    fn new(simd: S, table: &[u8; 256]) -> Quarters<S> {
        let quarter = |i: usize| u8x64::from_slice(simd, &table[LANES * i..LANES * (i + 1)]);
        Quarters([quarter(0), quarter(1), quarter(2), quarter(3)])
    }

    #[inline(always)]
    fn of(&self, v: u8x64<S>) -> u8x64<S> {
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

#[inline(always)]
fn look_up_colour_vectors<S: Simd>(simd: S, tables: [&[u8; 256]; 3], source: &[u8], target: &mut [u8]) {
    let whole = if S::u8s::LEN == LANES { source.len() / LANES * LANES } else { 0 };
    let quarters = tables.map(|table| Quarters::new(simd, table));
    for (v, t) in source[..whole].chunks_exact(LANES).zip(target[..3 * whole].chunks_exact_mut(3 * LANES)) {
        let v = u8x64::from_slice(simd, v);
        store_joined(simd, [quarters[0].of(v), quarters[1].of(v), quarters[2].of(v)], t);
    }
    let colours: [[u8; 3]; 256] = std::array::from_fn(|level| tables.map(|table| table[level]));
    for (v, t) in source[whole..].iter().zip(target[3 * whole..].as_chunks_mut().0) {
        *t = colours[usize::from(*v)];
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

        let others = [table.map(|v| v ^ 85), table.map(|v| v / 2)];
        let mut colours = vec![0; 3 * source.len()];
        look_up_colours([&table, &others[0], &others[1]], &source, &mut colours);
        for (v, colour) in source.iter().map(|v| usize::from(*v)).zip(colours.as_chunks::<3>().0) {
            assert_eq!(*colour, [table[v], others[0][v], others[1][v]]);
        }
    }
}
