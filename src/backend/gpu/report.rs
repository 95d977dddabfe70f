//! The plan of a graph for people: what its passes are, what they move, and their shaders.

use std::sync::Arc;

use super::build;
use super::effort::Effort;
use super::request::{End, Request};
use super::storage::Format;
use super::tiles::{self, Cut, Room};
use super::{USUAL_MEMORY_BYTES, whole_sketch};
use crate::image::Depth;
use crate::op::{Graph, NodeId};

/// Bytes of a buffer that every adapter binds, by WebGPU's limits.
const LEAST_BINDING_BYTES: u64 = 128 << 20;

#[derive(Clone, Debug, PartialEq)]
pub struct PlanReport {
    pub passes: Vec<PassReport>,
    pub submissions: usize,
    /// Bytes of all buffers together.
    pub memory_bytes: u64,
    /// Parts in which the result is computed on an adapter of the least limits; 1 for the whole.
    pub tiles: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PassReport {
    /// Point formulas that ride in the load of the pass.
    pub before: Vec<&'static str>,
    pub shape: String,
    /// Point formulas that ride in its store.
    pub after: Vec<&'static str>,
    pub read_bytes: u64,
    pub written_bytes: u64,
    pub dispatches: usize,
    /// WGSL, each text once.
    pub shaders: Vec<Arc<str>>,
}

/// How the whole image would be computed; needs no device. `source` and `result` are the depths of the files.
///
/// # Errors
/// Where this backend can't compute the graph, or has no room for even a part of the image.
pub fn explain(graph: &Graph, source: Depth, result: Depth) -> Result<PlanReport, String> {
    let sketch = whole_sketch(graph, Format::of_depth(source), result)?;
    let memory_bytes = sketch.bytes(true);
    let plan = build::plan(sketch, Effort::default())?;
    let passes = plan.passes.iter().map(|pass| {
        let mut shaders: Vec<Arc<str>> = Vec::new();
        for dispatch in &plan.dispatches[pass.dispatches.clone()] {
            if !shaders.contains(&dispatch.text) {
                shaders.push(dispatch.text.clone());
            }
        }
        PassReport {
            before: pass.before.clone(),
            shape: pass.shape.clone(),
            after: pass.after.clone(),
            read_bytes: pass.read,
            written_bytes: pass.written,
            dispatches: pass.dispatches.len(),
            shaders,
        }
    });
    let passes = passes.collect();
    Ok(PlanReport { passes, submissions: plan.submissions.len(), memory_bytes, tiles: tiles(graph, source, result)? })
}

fn tiles(graph: &Graph, source: Depth, result: Depth) -> Result<usize, String> {
    let (image, memory) = (LEAST_BINDING_BYTES, USUAL_MEMORY_BYTES);
    let room = Room { image, buffer: image, memory, staged: true };
    if room.holds(&whole_sketch(graph, Format::of_depth(source), result)?) {
        return Ok(1);
    }
    let mut known = tiles::settled(graph, Format::of_depth(source));
    let (mut open, mut count) = (vec![graph.output_layout().region()], 0);
    while let Some(region) = open.pop() {
        let request = Request { graph, known: &known, target: graph.output, region, end: End::Codes(result) };
        match Cut::of(&request, &room.share())? {
            Cut::Fits(_) => count += 1,
            Cut::Halves(halves) => open.extend(halves),
            Cut::Keep(NodeId(id)) => {
                known.images[id] = Some(Format::Values);
                open.push(region);
            }
        }
    }
    Ok(count)
}
