//! Recipes that only move whole pixels, compute each from itself, resample by weights that repeat or
//! fill cells: on interleaved samples, without planes.

use fearless_simd::{Simd, dispatch, prelude::*, u8x64};
use rayon::prelude::*;

use super::evaluate::Evaluation;
use super::interleave::store_joined;
use super::permute;
use super::point::{self, Stage};
use super::samples::Code;
use crate::image::{Layout, Samples};
use crate::op::{ByteRow, Kernel, NodeId};
use crate::simd::level;
use crate::simd::tables::{LANES, Quarters, look_up};

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
    if let Some(image) = evaluation.interleaved(node) {
        rows.fill_apart(codes, ROWS, |top, target| image.fill(source, top, target));
        return true;
    }
    if let Some(cells) = evaluation.cells(node) {
        rows.fill_apart(codes, cells.height(), |top, target| cells.fill(source, top, target));
        return true;
    }
    let Some(run) = evaluation.points(node).filter(|_| !to.alpha) else { return false };
    match tables(&run, from).as_deref() {
        Some([table]) => rows.fill(codes, |_, source, target| look_up(table, source, target)),
        Some([r, g, b]) if from.colours == 1 => {
            rows.fill(codes, |_, source, target| look_up_colours([r, g, b], source, target));
        }
        Some(_) => return false,
        None if run.len() == 1 && rows.fill_at_once(codes, &run[0]) => {}
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
    /// Fills `target` by `work(first row, rows of the result)`, of whole multiples of so many `rows`.
    fn fill_apart(&self, target: &mut [u8], rows: u32, work: impl Fn(u32, &mut [u8]) + Sync) {
        let part = (self.to.width * self.to.channels()) as usize * rows as usize;
        let work = |(index, target): (usize, &mut [u8])| work(index as u32 * rows, target);
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
        let row = |layout: Layout| (layout.width * layout.channels()) as usize;
        let (from, to) = (row(self.from), row(self.to));
        self.fill_apart(target, ROWS, |top, target| {
            let begin = top as usize * from;
            work(top, &self.source[begin..begin + target.len() / to * from], target);
        });
    }

    /// Fills `target` by a kernel that has a way for bytes; else says false.
    fn fill_at_once(&self, target: &mut [u8], Stage { kernel, table, .. }: &Stage) -> bool {
        let width = |layout: Layout| (layout.width * layout.channels()) as usize;
        let (from, to) = (width(self.from), width(self.to));
        let row = |y: u32, pixels: &[u8], target: &mut [u8]| kernel.bytes(ByteRow { pixels, table, x: 0, y }, target);
        // What it says of one row it says of all.
        if !row(0, &self.source[..from], &mut target[..to]) {
            return false;
        }
        self.fill(target, |top, source, target| {
            if kernel.sees_place() {
                let rows = source.chunks_exact(from).zip(target.chunks_exact_mut(to));
                (top..).zip(rows).for_each(|(y, (source, target))| _ = row(y, source, target));
            } else {
                row(top, source, target);
            }
        });
        true
    }
}

/// `tables[c][v]` for each `v` and channel `c`.
fn look_up_colours(tables: [&[u8; 256]; 3], source: &[u8], target: &mut [u8]) {
    dispatch!(level(), simd => look_up_colour_vectors(simd, tables, source, target));
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
    fn every_level_finds_its_colour() {
        let table: [u8; 256] = std::array::from_fn(|i| (i * 7 + i / 3) as u8);
        let source: Vec<u8> = (0..1000).map(|i| (i * 89 % 256) as u8).collect();
        let others = [table.map(|v| v ^ 85), table.map(|v| v / 2)];
        let mut colours = vec![0; 3 * source.len()];
        look_up_colours([&table, &others[0], &others[1]], &source, &mut colours);
        for (v, colour) in source.iter().map(|v| usize::from(*v)).zip(colours.as_chunks::<3>().0) {
            assert_eq!(*colour, [table[v], others[0][v], others[1][v]]);
        }
    }
}
