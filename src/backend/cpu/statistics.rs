//! Reduce kernels: histograms of whole images and the tables made from them.

use rayon::prelude::*;

use super::evaluate::Evaluation;
use super::{band_region, band_rows, tile::Tile, whole};
use crate::image::colour::luma_code;
use crate::image::{Depth, Layout, Samples};
use crate::op::{Kernel, Reduce, Statistic};

/// Computes every table of the graph, in order; what a histogram was taken of is kept whole, not computed again.
pub fn with_tables(mut evaluation: Evaluation) -> Evaluation {
    for (id, node) in evaluation.graph.nodes().iter().enumerate() {
        let Kernel::Reduce(kernel) = &node.kernel else { continue };
        let input = node.inputs[0];
        let depth = evaluation.graph.depth;
        if evaluation.stored[input.0].is_none() {
            // Alpha is no code and must not be rounded.
            let codes = match depth {
                _ if node.layout.alpha => Samples::F32(whole(&evaluation, input, 1.0)),
                Depth::Eight => Samples::U8(whole(&evaluation, input, 1.0)),
                Depth::Sixteen => Samples::U16(whole(&evaluation, input, 1.0)),
            };
            evaluation.stored[input.0] = Some(codes);
        }
        let rows = band_rows(&evaluation, input);
        let lanes = lanes(&**kernel, node.layout);
        let bands = node.layout.height.div_ceil(rows) as usize;
        let counts = (0..bands)
            .into_par_iter()
            .fold(
                || vec![0u32; lanes * depth.codes() as usize],
                |mut counts, index| {
                    let tile = evaluation.tile(input, band_region(node.layout.region(), rows, index));
                    count(&tile, node.layout, lanes, depth.codes() as usize, &mut counts);
                    counts
                },
            )
            .reduce_with(|mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            })
            .unwrap_or_default();
        evaluation.tables[id] = counts.chunks_exact(depth.codes() as usize).flat_map(|c| kernel.table(c)).collect();
    }
    evaluation
}

fn lanes(kernel: &dyn Reduce, layout: Layout) -> usize {
    match kernel.statistic() {
        Statistic::Luma => 1,
        Statistic::Each => layout.colours as usize,
    }
}

/// Adds the codes of a tile to the counts of each lane.
fn count(tile: &Tile, layout: Layout, lanes: usize, codes: usize, counts: &mut [u32]) {
    for y in tile.ys() {
        if lanes == 1 && layout.colours == 3 {
            let (r, g, b) = (tile.row(0, y), tile.row(1, y), tile.row(2, y));
            for ((r, g), b) in r.iter().zip(g).zip(b) {
                counts[luma_code(*r as u32, *g as u32, *b as u32) as usize] += 1;
            }
        } else {
            for (lane, counts) in counts.chunks_exact_mut(codes).enumerate() {
                tile.row(lane, y).iter().for_each(|code| counts[*code as usize] += 1);
            }
        }
    }
}
