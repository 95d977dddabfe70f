//! The CPU backend: a graph evaluated over bands of rows, so that its kernels run one after another over data in cache.
//!
//! Bands are divided over the threads of the rayon pool that `submit` is called in.

mod axis;
mod evaluate;
mod flood;
mod gather;
mod permute;
mod point;
mod row;
mod running;
mod samples;
mod statistics;
mod stencil;
mod tile;
mod whole;
mod window;

use rayon::prelude::*;

use super::{Backend, BackendError, Done, Task};
use crate::image::{Depth, Image, Region, Samples, buffers};
use crate::op::NodeId;
use evaluate::Evaluation;
use samples::{Code, store_rows};

#[derive(Debug, Default)]
pub struct CpuBackend;

impl Backend for CpuBackend {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn computes_here(&self) -> bool {
        true
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&self, task: Task, done: Done) {
        let result = compute(&task);
        task.image.give_back();
        done(result);
    }
}

fn compute(task: &Task) -> Result<Image, BackendError> {
    let (graph, source) = (&*task.graph, &task.image);
    if graph.layout(NodeId(0)) != source.layout {
        return Err(BackendError::Image(format!("the graph is not for a {:?}", source.layout)));
    }
    let evaluation = whole::prepared(Evaluation::new(graph, source));
    let layout = graph.output_layout();
    let samples = match task.depth {
        Depth::Eight => Samples::U8(whole(&evaluation, graph.output, 1.0)),
        Depth::Sixteen => Samples::U16(whole(&evaluation, graph.output, 257.0)),
    };
    Ok(Image::new(layout, samples))
}

/// The codes of a whole node; `codes_per_unit` turns its values into codes.
fn whole<C: Code + buffers::Reused>(evaluation: &Evaluation, node: NodeId, codes_per_unit: f32) -> Vec<C> {
    let layout = evaluation.graph.layout(node);
    let mut codes = buffers::take::<C>(layout.samples() as usize);
    let rows = band_rows(evaluation, node);
    let band_codes = rows as usize * layout.width as usize * layout.channels() as usize;
    let band = |(index, target): (usize, &mut [C])| {
        let region = band_region(layout.region(), rows, index);
        store_rows(&evaluation.tile(node, region), target, codes_per_unit);
    };
    if rayon::current_num_threads() == 1 || rows >= layout.height {
        codes.chunks_mut(band_codes).enumerate().for_each(band);
    } else {
        codes.par_chunks_mut(band_codes).enumerate().for_each(band);
    }
    codes
}

/// Band `index` of an image divided into bands of that many rows.
fn band_region(image: Region, rows: u32, index: usize) -> Region {
    let y = index as u32 * rows;
    Region { y, height: rows.min(image.height - y), ..image }
}

/// Bytes of tiles that one band may hold: they should stay in a core's cache.
const BAND_BYTES: usize = 2 << 20;

/// Rows of a band: as many as stay in cache, but so many that neighbouring bands don't compute more twice than once.
fn band_rows(evaluation: &Evaluation, node: NodeId) -> u32 {
    let image = evaluation.graph.layout(node).region();
    let tile_bytes = |rows: u32| {
        let height = rows.min(image.height);
        let band = Region { y: (image.height - height) / 2, height, ..image };
        let nodes = evaluation.graph.nodes().iter();
        let regions = evaluation.regions(node, band);
        nodes.zip(regions).map(|(n, region)| region.pixels() * n.layout.channels() as usize * 4).sum::<usize>()
    };
    // What twice the rows cost more is their own; the rest of a band is shared with its neighbours.
    let shares_little = |rows: u32| tile_bytes(rows) <= 2 * tile_bytes(2 * rows).saturating_sub(tile_bytes(rows));
    let doublings = std::iter::successors(Some(8), |rows: &u32| rows.checked_mul(2));
    let least =
        doublings.take_while(|&rows| rows < image.height).find(|&rows| shares_little(rows)).unwrap_or(image.height);
    let cached = [256, 128, 64, 32].into_iter().find(|&rows| tile_bytes(rows) <= BAND_BYTES).unwrap_or(16);
    let fair = image.height.div_ceil(4 * rayon::current_num_threads() as u32);
    cached.min(fair.max(16)).max(least)
}
