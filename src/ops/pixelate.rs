//! `pixelate`: cells of one colour each.

use super::premultiply::premultiplied;
use crate::image::Edges;
use crate::image::weights::Resampling;
use crate::op::{Alpha, Axis, Channels, Graph, Kind, NodeId, Operation, Parameter, Place, Refusal, Shape, Spec, Taps};

pub static SPEC: Spec = Spec {
    name: "pixelate",
    summary: "fills square cells with their mean",
    definition: "Mean of each cell of size × size px, on premultiplied colour. Cells begin at the top left; the last of a \
                 row or column hold what is left.",
    shape: Shape::Axis,
    channels: Channels::Any,
    parameters: &[Parameter::new("size", Kind::Whole { low: 1, high: 10_000 }, "8", "side of a cell")
        .unit("px")
        .starred()],
    reference: "oracle",
    tolerance: 1,
    example: "pixelate:5",
    make: |arguments| Ok(Box::new(Pixelate { size: arguments.whole("size") as u32 })),
};

#[derive(Debug)]
struct Pixelate {
    size: u32,
}

impl Pixelate {
    /// Down to a pixel a cell, and up to all of its pixels again.
    fn resamplings(&self, width: u32, height: u32) -> [(Place, Resampling); 4] {
        [
            (Place::Vertical, means(height, self.size)),
            (Place::Horizontal, means(width, self.size)),
            (Place::Horizontal, copies(width, self.size)),
            (Place::Vertical, copies(height, self.size)),
        ]
    }
}

/// The mean of each run of `size` positions in an axis of `n`.
fn means(n: u32, size: u32) -> Resampling {
    let taps = size.min(n);
    let starts: Vec<u32> = (0..n).step_by(size as usize).collect();
    let weights = starts.iter().flat_map(|start| {
        let held = taps.min(n - start);
        (0..taps).map(move |tap| if tap < held { 1.0 / held as f32 } else { 0.0 })
    });
    Resampling { weights: weights.collect(), taps: taps as usize, starts }
}

/// Each of `n` positions from its run of `size`.
fn copies(n: u32, size: u32) -> Resampling {
    Resampling { starts: (0..n).map(|i| i / size).collect(), weights: vec![1.0; n as usize], taps: 1 }
}

impl Operation for Pixelate {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        Ok(premultiplied(graph, input, |graph, node| {
            // Cells of one pixel are their own means. Colour where alpha is 0 is lost all the same.
            if self.size == 1 {
                return node;
            }
            self.resamplings(layout.width, layout.height).into_iter().fold(node, |node, (place, resampling)| {
                let (taps, edges) = (Taps::Resample(resampling), Edges::constant(0.0));
                graph.axis(Axis { place, taps, edges, alpha: Alpha::Work }, node)
            })
        }))
    }
}
