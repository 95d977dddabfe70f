//! `flip`: mirrored.

use super::crop::moved;
use crate::op::{Channels, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec};

const AXES: &[&str] = &["horizontal", "vertical"];

pub static SPEC: Spec = Spec {
    name: "flip",
    summary: "mirrors the image",
    definition: "horizontal: left to right; vertical: top to bottom.",
    shape: Shape::Gather,
    channels: Channels::Any,
    parameters: &[Parameter::new("axis", Kind::OneOf(AXES), "horizontal", "the direction that is reversed").starred()],
    reference: "cv2.flip",
    tolerance: 0,
    example: "flip:horizontal",
    make: |arguments| Ok(Box::new(Flip { horizontal: arguments.name("axis") == "horizontal" })),
};

#[derive(Debug)]
struct Flip {
    horizontal: bool,
}

impl Operation for Flip {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let mut permutation = moved(0, 0);
        if self.horizontal {
            (permutation.step_x, permutation.origin_x) = (-1, layout.width as i32 - 1);
        } else {
            (permutation.step_y, permutation.origin_y) = (-1, layout.height as i32 - 1);
        }
        Ok(graph.permute(permutation, input, layout.width, layout.height))
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}
