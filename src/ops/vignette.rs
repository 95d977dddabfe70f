//! `vignette`: darker towards the corners.

use crate::op::{
    Arguments, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec,
};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "vignette",
    summary: "darkens towards the corners",
    definition: "v (1 - strength smoothstep(inner, 1, r)), r the distance from the centre ((w-1)/2, (h-1)/2), 1 at the \
                 centres of the corner pixels, 0 in a 1x1 image.",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("strength", Kind::Number { low: 0.0, high: 1.0 }, "0.5", "1 leaves the corners black").starred(),
        Parameter::new(
            "inner",
            Kind::Number { low: 0.0, high: 0.99 },
            "0.4",
            "where it begins, of the way to a corner",
        ),
    ],
    reference: "oracle",
    tolerance: 1,
    example: "vignette:0.8",
    make: |arguments| Ok(Box::new(VignetteOperation { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct VignetteOperation {
    arguments: Arguments,
}

shader_struct! {
    /// Centre in px; `inverse_corner` is 1 over the distance to a corner, px.
    struct Vignette { strength: f32, inner: f32, centre_x: f32, centre_y: f32, inverse_corner: f32, }
}

impl Operation for VignetteOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let (x, y) = (f64::from(layout.width - 1) / 2.0, f64::from(layout.height - 1) / 2.0);
        let corner = x.hypot(y);
        let vignette = Vignette {
            strength: self.arguments.number("strength") as f32,
            inner: self.arguments.number("inner") as f32,
            centre_x: x as f32,
            centre_y: y as f32,
            inverse_corner: if corner > 0.0 { (1.0 / corner) as f32 } else { 0.0 },
        };
        Ok(graph.point(vignette, &[input]))
    }

    fn is_identity(&self) -> bool {
        self.arguments.number("strength") == 0.0
    }
}

impl Vignette {
    /// What a pixel is multiplied by.
    fn factor(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.centre_x, y - self.centre_y);
        let r = (dx * dx + dy * dy).sqrt() * self.inverse_corner;
        let t = ((r - self.inner) / (1.0 - self.inner)).clamp(0.0, 1.0);
        1.0 - self.strength * t * t * (3.0 - 2.0 * t)
    }
}

impl Point for Vignette {
    fn formula(&self) -> Formula {
        Formula::new("vignette", include_str!("../../shaders/ops/vignette.wgsl"), self)
    }

    fn sees_place(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        for i in 0..row.inputs[0].len() {
            let factor = self.factor((row.x + i as u32) as f32, row.y as f32);
            for (target, source) in output.iter_mut().zip(row.inputs) {
                target[i] = source[i] * factor;
            }
        }
    }
}
