//! Which images hold whole 8-bit levels, so that planes of bytes hold them: those of files, and what is chosen among them.

use super::storage::Format;
use crate::image::{Border, Edges};
use crate::op::{Graph, Kernel, Taps};

/// For each node, whether its values are whole levels, given the images on the host.
pub fn whole(graph: &Graph, known: &[Option<Format>]) -> Vec<bool> {
    let mut whole: Vec<bool> = Vec::new();
    for (node, format) in graph.nodes().iter().zip(known) {
        let chosen = || node.inputs.first().is_some_and(|input| whole[input.0]) && chooses(&node.kernel);
        let is_whole = format.map_or_else(chosen, |format| format == Format::Codes8);
        whole.push(is_whole);
    }
    whole
}

/// Whether a kernel gives what it has read.
fn chooses(kernel: &Kernel) -> bool {
    match kernel {
        Kernel::Window(window) => window.order().is_some() && gives_levels(window.edges()),
        Kernel::Permute(permutation) => gives_levels(permutation.edges),
        Kernel::Axis(axis) => matches!(axis.taps, Taps::Min { .. } | Taps::Max { .. }) && gives_levels(axis.edges),
        _ => false,
    }
}

/// Whether what is read beyond the image is a level, or never chosen.
fn gives_levels(edges: Edges) -> bool {
    let is_level = |v: f32| (0.0..=255.0).contains(&v) && v.fract() == 0.0 || v.abs() == f32::MAX;
    edges.border != Border::Constant || edges.value.into_iter().all(is_level)
}
