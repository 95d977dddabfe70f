//! The CPU backend: strips of a few rows run through all kernels of a graph while they are in cache. What a strip needs of
//! the rows before it is kept, not computed again.
//!
//! Where a task says so, the image is divided into bands of strips over the threads of the rayon pool that `submit` is
//! called in.

mod axis;
mod cells;
mod cover;
mod direct;
mod estimate;
mod evaluate;
mod fine;
mod fixed;
mod flood;
mod gather;
mod halves;
mod interleave;
mod interleaved;
mod level_sum;
mod pair;
mod permute;
mod point;
mod pooled;
mod repeated;
mod resample;
mod resampled;
mod room;
mod row;
mod running;
mod samples;
mod shuffle;
mod statistics;
mod stencil;
mod sums;
mod tile;
mod weave;
mod whole;
mod window;

use rayon::prelude::*;

use super::{Backend, BackendError, Computed, Done, Task};
use crate::image::{Depth, Image, Region, Samples, buffers};
use crate::op::{Graph, NodeId};
use evaluate::{Evaluation, Strips};
use samples::{Code, store_rows};
use tile::{Held, Tile};

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

    fn working_bytes(&self, graph: &Graph, _source_sample_bytes: u64, _result: Depth) -> u64 {
        estimate::working_bytes(graph)
    }

    fn submit(&self, mut task: Task, done: Done) {
        let result = compute(&mut task);
        task.image.give_back();
        done(result.map(|image| Computed { image, device: None }));
    }
}

fn compute(task: &mut Task) -> Result<Image, BackendError> {
    let layout = task.image.layout;
    let decimated = fixed::decimated(&task.graph, &task.image, task.depth);
    let graph = decimated.as_ref().unwrap_or(&task.graph);
    if graph.layout(NodeId(0)) != layout {
        return Err(BackendError::Image(format!("the graph is not for a {layout:?}")));
    }
    let threads = if task.divides { rayon::current_num_threads() } else { 1 };
    let tile = match &mut task.image.samples {
        Samples::U8(codes) if evaluate::reads_tiles(graph) => Some(Tile::of_codes(std::mem::take(codes), layout)),
        _ => None,
    };
    let lent = tile.map(Held::Bytes);
    let result = evaluated(Evaluation::new(graph, &task.image, threads, task.depth).lent(lent.as_ref()), task.depth);
    if let Some(Held::Bytes(tile)) = lent {
        task.image.samples = Samples::U8(tile.into_codes());
    }
    Ok(result)
}

fn evaluated(evaluation: Evaluation, depth: Depth) -> Image {
    let mut evaluation = whole::prepared(evaluation);
    let output = evaluation.graph.output;
    let samples = match (depth, &mut evaluation.stored[output.0]) {
        (Depth::Eight, Some(Samples::U8(codes))) => Samples::U8(std::mem::take(codes)),
        (Depth::Eight, _) => Samples::U8(whole(&evaluation, output, 1.0)),
        (Depth::Sixteen, _) => Samples::U16(whole(&evaluation, output, 257.0)),
    };
    Image::new(evaluation.graph.output_layout(), samples)
}

/// The codes of a whole node; `codes_per_unit` turns its values into codes.
fn whole<C: Code + buffers::Reused>(evaluation: &Evaluation, node: NodeId, codes_per_unit: f32) -> Vec<C> {
    let layout = evaluation.graph.layout(node);
    let mut codes = buffers::take::<C>(layout.samples() as usize);
    if direct::fill(evaluation, node, &mut codes, codes_per_unit) {
        return codes;
    }
    let row = layout.width as usize * layout.channels() as usize;
    in_strips(evaluation, node, C::IS_BYTE, row, &mut codes, |strips, region, rows| {
        if let Some(held) = strips.next(region, C::bytes(rows)) {
            store_rows(held, rows, codes_per_unit);
        }
    });
    codes
}

/// Stores a whole node by `fill(strips, region of the next, its rows)`, rows of `row` values in `target`. Where it `rounds`, a
/// strip may be of bytes.
fn in_strips<C: Send>(
    evaluation: &Evaluation,
    node: NodeId,
    rounds: bool,
    row: usize,
    target: &mut [C],
    fill: impl Fn(&mut Strips, Region, &mut [C]) + Sync,
) {
    let image = evaluation.graph.layout(node).region();
    let Division { band, strip } = Division::new(evaluation, node, rounds);
    let fill_band = |(index, target): (usize, &mut [C])| {
        let region = part_region(image, band, index);
        let mut strips = Strips::new(evaluation, node, rounds);
        for (index, rows) in target.chunks_mut(strip as usize * row).enumerate() {
            fill(&mut strips, part_region(region, strip, index), rows);
        }
    };
    if evaluation.threads == 1 || band >= image.height {
        target.chunks_mut(band as usize * row).enumerate().for_each(fill_band);
    } else {
        target.par_chunks_mut(band as usize * row).enumerate().for_each(fill_band);
    }
}

/// Part `index` of a region divided into parts of that many rows.
fn part_region(whole: Region, rows: u32, index: usize) -> Region {
    let y = whole.y + index as u32 * rows;
    Region { y, height: rows.min(whole.bottom() - y), ..whole }
}

/// How a node's image is divided.
struct Division {
    /// Rows that one thread computes, strip after strip.
    band: u32,
    /// Rows that run through the recipe at once.
    strip: u32,
}

/// Bytes of tiles that a strip may hold: they should stay in a core's cache.
const STRIP_BYTES: usize = 512 << 10;

impl Division {
    fn new(evaluation: &Evaluation, node: NodeId, rounds: bool) -> Division {
        let nodes = &evaluation.graph.nodes()[..=node.0];
        let image = evaluation.graph.layout(node).region();
        let row_bytes = Strips::new(evaluation, node, rounds).row_bytes();
        let cached = [128, 64, 32].into_iter().find(|&rows| rows * row_bytes <= STRIP_BYTES).unwrap_or(16) as u32;
        // Of a strip's work at most a fifth is what any strip costs.
        let warm_up = nodes.iter().map(|n| n.kernel.warm_up()).max().unwrap_or(0);
        let strip = cached.max((4 * warm_up).next_power_of_two());
        let threads = evaluation.threads as u32;
        if threads == 1 {
            return Division { band: image.height, strip };
        }
        // Neighbouring bands compute what lies around their border twice: at most an eighth of them.
        let work = |rows: u32| {
            let height = rows.min(image.height);
            Strips::new(evaluation, node, false).work(Region { y: (image.height - height) / 2, height, ..image })
        };
        let mut band = image.height.div_ceil(4 * threads).next_multiple_of(strip);
        while band < image.height && 2 * work(band) > work(2 * band) + work(band) / 8 {
            band *= 2;
        }
        Division { band, strip }
    }
}
