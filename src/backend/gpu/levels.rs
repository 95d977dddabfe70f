//! In what planes the results of nodes are kept: bytes hold whole 8-bit levels, those of files and what is chosen among them;
//! 16 bits hold weighted sums of levels, where the recipe makes little of what they cut off; the rest takes floats.

use super::storage::Format;
use crate::image::{Border, Depth, Edges};
use crate::op::{Axis, Graph, Kernel, NodeId, Taps};

/// How steep a recipe may be whose sums are kept in 16 bits: they cut off at most 1/256 level.
const MOST_STEEPNESS: f64 = 80.0;

/// What 16 bits hold, levels.
const HELD: (f32, f32) = (-128.0, 383.0);

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
        let own = values_of(&node.kernel, input);
        let own = match (format, &node.kernel) {
            (None, _) => own,
            (Some(format), Kernel::Source) => {
                Values { are_levels: *format == Format::Codes8, are_whole: *format == Format::Codes8 }
            }
            // Of what the host keeps the values are the same, in whatever form.
            (Some(format), _) => Values { are_whole: *format == Format::Codes8, ..own },
        };
        values.push(own);
        planes.push(match &node.kernel {
            _ if own.are_whole => Format::Planes8,
            Kernel::Axis(axis) if takes_sums && input.are_levels && lies_within(axis, HELD) => Format::Planes16,
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
            _ => Values { are_levels: input.are_levels && lies_within(axis, (0.0, 255.0)), are_whole: false },
        },
        _ => Values::default(),
    }
}

/// Whether all that an axis gives of levels lies in that span; of one that is no weighted sum nobody says so.
fn lies_within(axis: &Axis, (low, high): (f32, f32)) -> bool {
    // What rounding of the weights adds does not count.
    let lies = |weights: &[f32], scale: f32| {
        let sum_of = |sign: f32| weights.iter().map(|w| (sign * scale * w).max(0.0)).sum::<f32>();
        -255.0 * sum_of(-1.0) >= low - 0.1 && 255.0 * sum_of(1.0) <= high + 0.1
    };
    let lie = match &axis.taps {
        Taps::Sum { weights, scale } => lies(weights, *scale),
        Taps::Mean { .. } => true,
        Taps::Resample(r) => r.weights.chunks_exact(r.taps).all(|weights| lies(weights, 1.0)),
        Taps::Min { .. } | Taps::Max { .. } => false,
    };
    lie && gives_levels(axis.edges)
}

/// Whether what is read beyond the image is a level, or never chosen.
fn gives_levels(edges: Edges) -> bool {
    let is_level = |v: f32| (0.0..=255.0).contains(&v) && v.fract() == 0.0 || v.abs() == f32::MAX;
    edges.border != Border::Constant || edges.value.into_iter().all(is_level)
}
