//! `transpose`: rows become columns.

use super::crop::moved;
use crate::op::{Channels, Graph, NodeId, Operation, Permutation, Refusal, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "transpose",
    summary: "mirrors the image at its diagonal: rows become columns",
    definition: "Pixel (x, y) of the result is pixel (y, x) of the image.",
    shape: Shape::Gather,
    channels: Channels::Any,
    parameters: &[],
    reference: "cv2.transpose",
    tolerance: 0,
    example: "transpose",
    make: |_| Ok(Box::new(Transpose)),
};

#[derive(Debug)]
struct Transpose;

impl Operation for Transpose {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let permutation = Permutation { transposed: true, ..moved(0, 0) };
        Ok(graph.permute(permutation, input, layout.height, layout.width))
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}
