//! What an image takes of memory while it is computed.

use crate::op::{Graph, Kernel, Node};

/// Bytes of a sample while kernels work on it.
const FLOAT_BYTES: u64 = 4;

/// Bytes of what is kept whole, since a histogram, a flood or a gathering needs all of it (codes or floats), and of
/// histograms and their tables. Not counted are tiles, small but where windows reach far.
pub fn working_bytes(graph: &Graph) -> u64 {
    kept_whole(graph) + tables(graph)
}

/// Bytes of all histograms and the tables that are made from them.
fn tables(graph: &Graph) -> u64 {
    let entries = |node: &Node| match &node.kernel {
        Kernel::Reduce(kernel) => u64::from(kernel.statistic().lanes(node.layout.colours) * graph.depth.codes()),
        _ => 0,
    };
    graph.nodes().iter().map(|node| 2 * FLOAT_BYTES * entries(node)).sum()
}

/// Bytes of the images that are computed as a whole before what reads them; the source is there in any case.
fn kept_whole(graph: &Graph) -> u64 {
    let code_bytes = u64::from(graph.depth.bits() / 8);
    let bytes = |node: &Node| {
        let input = node.inputs.first().filter(|i| i.0 > 0).map_or(0, |i| graph.layout(*i).samples());
        match node.kernel {
            Kernel::Reduce(_) if node.layout.alpha => FLOAT_BYTES * input,
            Kernel::Reduce(_) => code_bytes * input,
            Kernel::Maximum | Kernel::Gather(_) => FLOAT_BYTES * input,
            // What each pixel is to it, the result, and at worst a place to go on at for each pixel.
            Kernel::Flood(_) => (1 + 1 + 8) * input,
            _ => 0,
        }
    };
    graph.nodes().iter().map(bytes).sum()
}
