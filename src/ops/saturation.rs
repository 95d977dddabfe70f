//! `saturation`: distance of every colour from its luma, scaled.

use crate::image::colour::luma;
use crate::op::{
    ByteRow, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec,
};
use crate::shader_struct;
use crate::simd::colours::map_colours;

pub static SPEC: Spec = Spec {
    name: "saturation",
    summary: "scales the distance of colours from gray",
    definition: "Y + factor (v - Y), Y the bt601 luma. A gray image stays as it is.",
    shape: Shape::Point,
    channels: Channels::OfColour,
    parameters: &[Parameter::new(
        "factor",
        Kind::Number { low: 0.0, high: 100.0 },
        "1",
        "0 is gray, 1 changes nothing",
    )
    .starred()],
    reference: "oracle",
    tolerance: 1,
    example: "saturation:1.8",
    make: |arguments| Ok(Box::new(Saturation { factor: arguments.number("factor") as f32 })),
};

shader_struct! {
    struct Saturation { factor: f32, }
}

impl Operation for Saturation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        if graph.layout(input).colours == 1 {
            return Ok(input);
        }
        Ok(graph.point(*self, &[input]))
    }

    fn is_identity(&self) -> bool {
        self.factor == 1.0
    }

    fn steepness(&self) -> f64 {
        1.0 + 2.0 * f64::from(self.factor)
    }
}

impl Saturation {
    #[inline(always)]
    fn mixed(&self, [r, g, b]: [f32; 3]) -> [f32; 3] {
        let y = luma(r, g, b);
        let mix = |v| y + self.factor * (v - y);
        [mix(r), mix(g), mix(b)]
    }
}

impl Point for Saturation {
    fn formula(&self) -> Formula {
        Formula::new("saturation", include_str!("../../shaders/ops/saturation.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_colours(
            output,
            #[inline(always)]
            |v| self.mixed(v),
        );
    }

    fn bytes(&self, row: ByteRow, target: &mut [u8]) -> bool {
        map_colours(
            row.pixels,
            target,
            #[inline(always)]
            |v| self.mixed(v),
        );
        true
    }
}
