//! `exposure`: light scaled by stops.

use crate::image::colour::{linear_from_srgb, srgb_from_linear};
use crate::op::{Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "exposure",
    summary: "scales the light by stops",
    definition: "2^stops times the decoded sRGB value, encoded again; light ends at 1e30, so that values stay finite.",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[Parameter::new("stops", Kind::Number { low: -20.0, high: 20.0 }, "0", "each doubles the light")
        .unit("stops")
        .starred()],
    reference: "oracle",
    tolerance: 1,
    example: "exposure:1",
    make: |arguments| Ok(Box::new(Exposure { scale: arguments.number("stops").exp2() as f32 })),
};

shader_struct! {
    struct Exposure { scale: f32, }
}

impl Operation for Exposure {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn is_identity(&self) -> bool {
        self.scale == 1.0
    }

    fn steepness(&self) -> f64 {
        f64::from(self.scale)
    }
}

impl Point for Exposure {
    fn formula(&self) -> Formula {
        Formula::new("exposure", include_str!("../../shaders/ops/exposure.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_channels(output, |v| srgb_from_linear((self.scale * linear_from_srgb(v)).min(1e30)));
    }
}
