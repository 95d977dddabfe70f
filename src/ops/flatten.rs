//! `flatten`: the image laid on a colour.

use std::sync::Arc;

use crate::image::Layout;
use crate::op::{
    Alpha, Channels, Color, Formula, Graph, Kernel, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal,
    Shape, Spec,
};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "flatten",
    summary: "lays the image on a colour and drops alpha",
    definition: "(v alpha + background (255 - alpha)) / 255, without alpha after; an image that has none stays. The \
                 background's own alpha counts for nothing.",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("background", Kind::Color, "255", "what shows where the image is transparent").starred()
    ],
    reference: "oracle",
    tolerance: 1,
    example: "flatten:#ff8000",
    make: |arguments| Ok(Box::new(FlattenOperation { background: arguments.color("background") })),
};

#[derive(Debug)]
struct FlattenOperation {
    background: Color,
}

shader_struct! {
    /// Channels in levels; gray stands in `red`.
    struct Flatten { red: f32, green: f32, blue: f32, }
}

impl Operation for FlattenOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        if !layout.alpha {
            return Ok(input);
        }
        let [red, green, blue, _] = self.background.channels(layout.colours);
        let kernel = Kernel::Point(Arc::new(Flatten { red, green, blue }));
        Ok(graph.push(kernel, &[input], Layout { alpha: false, ..layout }))
    }
}

impl Point for Flatten {
    fn formula(&self) -> Formula {
        Formula::new("flatten", include_str!("../../shaders/ops/flatten.wgsl"), self)
    }

    fn alpha(&self) -> Alpha {
        Alpha::Work
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let (alpha, colours) = row.inputs.split_last().expect("only images with alpha are flattened");
        let background = [self.red, self.green, self.blue];
        for ((target, source), background) in output.iter_mut().zip(colours).zip(background) {
            for ((t, v), a) in target.iter_mut().zip(*source).zip(*alpha) {
                *t = (v * a + background * (255.0 - a)) / 255.0;
            }
        }
    }
}
