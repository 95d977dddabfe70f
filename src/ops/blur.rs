//! A separable blur by one list of weights along both axes.

use super::premultiply::{premultiplied, premultiplied_edges};
use crate::image::Edges;
use crate::op::{Alpha, Axis, Graph, NodeId, Place, Taps};

/// The weights of a blur, the same along rows and columns.
pub struct Blur {
    pub weights: Vec<f32>,
    /// What each sum is multiplied by.
    pub scale: f32,
    pub edges: Edges,
}

impl Blur {
    /// On premultiplied colour, alpha blurred too.
    pub fn build(&self, graph: &mut Graph, input: NodeId) -> NodeId {
        let edges = premultiplied_edges(self.edges, graph.layout(input).alpha);
        premultiplied(graph, input, |graph, mut node| {
            // One weight is 1: nothing to do. Colour where alpha is 0 is lost all the same, as by any blur.
            let places = if self.weights.len() == 1 { &[][..] } else { &[Place::Horizontal, Place::Vertical] };
            for &place in places {
                let taps = Taps::Sum { weights: self.weights.clone(), scale: self.scale };
                node = graph.axis(Axis { place, taps, edges, alpha: Alpha::Work }, node);
            }
            node
        })
    }
}
