//! In what planes the results of nodes are kept: bytes hold whole 8-bit levels, those of files and what is chosen among them;
//! 16 bits hold weighted sums of levels, where the recipe makes little of what they cut off; the rest takes floats.

use super::storage::Format;
use crate::image::{Border, Depth, Edges};
use crate::op::{Axis, Graph, Kernel, NodeId, Taps};

/// How steep a recipe may be whose sums are kept in 16 bits: they cut off at most 1/256 level.
const MOST_STEEPNESS: f64 = 80.0;

/// Sums of the absolute values of weights, at most, so that no sum of levels is beyond what 16 bits hold.
const MOST_OVERSHOOT: f32 = 1.41;

/// What is known of the values of a node.
#[derive(Clone, Copy, Default)]
struct Values {
    /// None is beyond 0 to 255.
    are_levels: bool,
    are_whole: bool,
}

/// The planes that hold each node's values, given the images on the host.
pub fn planes(graph: &Graph, known: &[Option<Format>]) -> Vec<Format> {
    let takes_sums = graph.depth == Depth::Eight && graph.steepness <= MOST_STEEPNESS;
    let mut values: Vec<Values> = Vec::new();
    let mut planes = Vec::new();
    for (node, format) in graph.nodes().iter().zip(known) {
        let input = node.inputs.first().map_or(Values::default(), |input: &NodeId| values[input.0]);
        let own = match format {
            Some(format) => Values { are_levels: *format == Format::Codes8, are_whole: *format == Format::Codes8 },
            None => values_of(&node.kernel, input),
        };
        values.push(own);
        planes.push(match &node.kernel {
            _ if own.are_whole => Format::Planes8,
            Kernel::Axis(axis) if takes_sums && input.are_levels && overshoot(axis) <= MOST_OVERSHOOT => {
                Format::Planes16
            }
            _ => Format::Planes,
        });
    }
    planes
}

/// What a kernel makes of such values.
fn values_of(kernel: &Kernel, input: Values) -> Values {
    let chosen = |edges: Edges| Values {
        are_levels: input.are_levels && gives_levels(edges),
        are_whole: input.are_whole && gives_levels(edges),
    };
    match kernel {
        Kernel::Window(window) if window.order().is_some() => chosen(window.edges()),
        Kernel::Permute(permutation) => chosen(permutation.edges),
        Kernel::Axis(axis) => match axis.taps {
            Taps::Min { .. } | Taps::Max { .. } => chosen(axis.edges),
            _ => Values { are_levels: input.are_levels && overshoot(axis) <= 1.0, are_whole: false },
        },
        _ => Values::default(),
    }
}

/// How many times the greatest level a weighted sum of levels may be; infinite of what is none.
fn overshoot(axis: &Axis) -> f32 {
    let absolute = |weights: &[f32]| weights.iter().map(|w| w.abs()).sum::<f32>();
    let sum = match &axis.taps {
        Taps::Sum { weights, scale } => absolute(weights) * scale.abs(),
        Taps::Mean { .. } => 1.0,
        Taps::Resample(r) => r.weights.chunks_exact(r.taps).map(absolute).fold(0.0, f32::max),
        Taps::Min { .. } | Taps::Max { .. } => f32::INFINITY,
    };
    // What rounding of the weights adds does not count.
    if gives_levels(axis.edges) { (sum - 1.0e-4).max(0.0) } else { f32::INFINITY }
}

/// Whether what is read beyond the image is a level, or never chosen.
fn gives_levels(edges: Edges) -> bool {
    let is_level = |v: f32| (0.0..=255.0).contains(&v) && v.fract() == 0.0 || v.abs() == f32::MAX;
    edges.border != Border::Constant || edges.value.into_iter().all(is_level)
}
