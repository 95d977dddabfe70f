//! `emboss`: slopes lit from one side.

use crate::op::{
    Alpha, Arguments, BORDER, Channels, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec, Stencil, Tap,
    VALUE,
};

pub static SPEC: Spec = Spec {
    name: "emboss",
    summary: "shows slopes as if lit from one side",
    definition: "Correlation with strength (dy sin(angle) - dx cos(angle)) over the 3×3, y down, plus 128: light comes from \
                 angle, counter-clockwise from the right. Alpha stays.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("strength", Kind::Number { low: 0.0, high: 100.0 }, "1", "what slopes are multiplied by")
            .starred(),
        Parameter::new("angle", Kind::Number { low: f64::NEG_INFINITY, high: f64::INFINITY }, "135", "of the light")
            .unit("degrees"),
        BORDER,
        VALUE,
    ],
    reference: "oracle",
    tolerance: 1,
    example: "emboss",
    make: |arguments| Ok(Box::new(Emboss { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct Emboss {
    arguments: Arguments,
}

impl Operation for Emboss {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let (sin, cos) = self.arguments.number("angle").to_radians().sin_cos();
        // Opposites follow one another, so that they cancel exactly where the image is flat.
        let places = [(-1, -1), (0, -1), (1, -1), (-1, 0)].into_iter().flat_map(|(dx, dy)| [(dx, dy), (-dx, -dy)]);
        // What the sine and the cosine of one angle leave where they should cancel is none.
        let rise = |dx, dy| Some(f64::from(dy) * sin - f64::from(dx) * cos).filter(|rise| rise.abs() > 1e-12);
        let tap = |(dx, dy)| Tap { dx, dy, weight: rise(dx, dy).unwrap_or(0.0) as f32 };
        let stencil = Stencil {
            taps: places.map(tap).collect(),
            scale: self.arguments.number("strength") as f32,
            offset: 128.0,
            edges: self.arguments.edges(graph.layout(input).colours),
            alpha: Alpha::Keep,
        };
        Ok(graph.stencil(stencil, input))
    }
}
