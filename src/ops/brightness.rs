//! `brightness`: a level added.

use crate::op::{Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "brightness",
    summary: "adds a level to every colour channel",
    definition: "v + amount",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[Parameter::new("amount", Kind::Number { low: -255.0, high: 255.0 }, "0", "what is added")
        .unit("levels")
        .starred()],
    reference: "oracle",
    tolerance: 0,
    example: "brightness:40",
    make: |arguments| Ok(Box::new(Brightness { amount: arguments.number("amount") as f32 })),
};

shader_struct! {
    struct Brightness { amount: f32, }
}

impl Operation for Brightness {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn is_identity(&self) -> bool {
        self.amount == 0.0
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}

impl Point for Brightness {
    fn formula(&self) -> Formula {
        Formula::new("brightness", include_str!("../../shaders/ops/brightness.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_channels(output, |v| v + self.amount);
    }
}
