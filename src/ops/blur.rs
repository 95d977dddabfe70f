//! A separable blur by the same taps along both axes.

use super::premultiply::{premultiplied, premultiplied_edges};
use crate::image::Edges;
use crate::op::{Alpha, Axis, Graph, NodeId, Place, Taps};

/// The taps of a blur, the same along rows and columns.
pub struct Blur {
    pub taps: Taps,
    pub edges: Edges,
}

impl Blur {
    /// On premultiplied colour, alpha blurred too.
    pub fn build(&self, graph: &mut Graph, input: NodeId) -> NodeId {
        let edges = premultiplied_edges(self.edges, graph.layout(input).alpha);
        premultiplied(graph, input, |graph, mut node| {
            // Columns first: they are summed from whatever the image holds, and rows then while they are in cache.
            for place in [Place::Vertical, Place::Horizontal] {
                let axis = Axis { place, taps: self.taps.clone(), edges, alpha: Alpha::Work };
                // A lone tap weighs 1: nothing to do. Colour where alpha is 0 is lost all the same, as by any blur.
                if axis.reach() > 0 {
                    node = graph.axis(axis, node);
                }
            }
            node
        })
    }
}
