//! What computing a graph takes, in the terms that its time is estimated by.

use serde::{Deserialize, Serialize};

use crate::op::{Axis, Graph, Kernel, Neighbourhood, Node, Sampling, Taps};

/// Kernels that cost alike for each sample that they give and each value that they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Point,
    Window,
    /// Windows that choose among their values, as medians.
    Order,
    Axis,
    /// Along an axis, at a cost that does not grow with the reach.
    Run,
    Permutation,
    Stencil,
    Neighbourhood,
    /// Neighbourhoods that are shared by the pixels of a block of several rows.
    Blocks,
    Gather,
    Flood,
    /// Histograms and greatest values; their samples are those seen.
    Statistic,
}

impl Class {
    pub const ALL: [Class; 12] = [
        Class::Point,
        Class::Window,
        Class::Order,
        Class::Axis,
        Class::Run,
        Class::Permutation,
        Class::Stencil,
        Class::Neighbourhood,
        Class::Blocks,
        Class::Gather,
        Class::Flood,
        Class::Statistic,
    ];
}

/// A kernel's work on an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    pub class: Class,
    /// That it gives.
    pub samples: f64,
    /// Values that it reads for all of them.
    pub reads: f64,
}

/// The work of each kernel of a graph.
pub fn works(graph: &Graph) -> Vec<Work> {
    graph.nodes().iter().filter_map(|node| work(graph, node)).collect()
}

fn work(graph: &Graph, node: &Node) -> Option<Work> {
    let given = node.layout.samples();
    let seen = node.inputs.first().map_or(0, |input| graph.layout(*input).samples());
    let (class, samples, each) = match &node.kernel {
        Kernel::Source | Kernel::Table(_) => return None,
        Kernel::Point(_) => (Class::Point, given, 1),
        Kernel::Window(w) if w.order().is_some() => (Class::Order, given, w.reads()),
        Kernel::Window(w) => (Class::Window, given, w.reads()),
        Kernel::Axis(axis) if axis.runs() => (Class::Run, given, 1),
        Kernel::Axis(axis) => (Class::Axis, given, taps(axis)),
        Kernel::Permute(_) => (Class::Permutation, given, 1),
        Kernel::Stencil(stencil) => (Class::Stencil, given, stencil.taps.len() as u64),
        Kernel::Neighbourhood(n) => (neighbourhood(n.as_ref()), given, n.reads()),
        Kernel::Gather(g) => (Class::Gather, given, if g.sampling == Sampling::Bicubic { 16 } else { 4 }),
        Kernel::Flood(_) => (Class::Flood, given, 1),
        Kernel::Reduce(_) | Kernel::Maximum => (Class::Statistic, seen, 1),
    };
    Some(Work { class, samples: samples as f64, reads: (samples * each) as f64 })
}

fn taps(axis: &Axis) -> u64 {
    match &axis.taps {
        Taps::Sum { weights, .. } => weights.len() as u64,
        Taps::Mean { reach } | Taps::Min { reach } | Taps::Max { reach } => 2 * u64::from(*reach) + 1,
        Taps::Resample(resampling) => resampling.taps as u64,
    }
}

fn neighbourhood(kernel: &dyn Neighbourhood) -> Class {
    if kernel.block().1 < 4 { Class::Neighbourhood } else { Class::Blocks }
}
