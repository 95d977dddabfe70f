//! `invert`: the negative.

use crate::op::{Channels, Formula, Graph, NodeId, Operation, Point, PointRow, Refusal, Shape, Spec};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "invert",
    summary: "the negative",
    definition: "255 - v",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[],
    reference: "cv2.bitwise_not",
    tolerance: 0,
    example: "invert",
    make: |_| Ok(Box::new(Invert { white: 255.0 })),
};

shader_struct! {
    struct Invert { white: f32, }
}

impl Operation for Invert {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}

impl Point for Invert {
    fn formula(&self) -> Formula {
        Formula::new("invert", include_str!("../../shaders/ops/invert.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_channels(output, |v| self.white - v);
    }
}
