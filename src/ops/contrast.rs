//! `contrast`: distance from a pivot, scaled.

use crate::op::{Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "contrast",
    summary: "scales the distance of every level from a pivot",
    definition: "(v - pivot) factor + pivot",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("factor", Kind::Number { low: 0.0, high: 100.0 }, "1", "1 changes nothing").starred(),
        Parameter::new("pivot", Kind::Number { low: 0.0, high: 255.0 }, "127.5", "the level that stays").unit("levels"),
    ],
    reference: "oracle",
    tolerance: 1,
    example: "contrast:1.5",
    make: |arguments| {
        let (factor, pivot) = (arguments.number("factor") as f32, arguments.number("pivot") as f32);
        Ok(Box::new(Contrast { factor, pivot }))
    },
};

shader_struct! {
    struct Contrast { factor: f32, pivot: f32, }
}

impl Operation for Contrast {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn is_identity(&self) -> bool {
        self.factor == 1.0
    }

    fn steepness(&self) -> f64 {
        f64::from(self.factor)
    }
}

impl Point for Contrast {
    fn formula(&self) -> Formula {
        Formula::new("contrast", include_str!("../../shaders/ops/contrast.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_channels(output, |v| (v - self.pivot) * self.factor + self.pivot);
    }
}
