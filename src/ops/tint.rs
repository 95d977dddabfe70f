//! `tint`: luma in one colour.

use crate::image::colour::luma;
use crate::op::{
    ByteRow, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec,
};
use crate::shader_struct;
use crate::simd::colours::map_colours;

pub static SPEC: Spec = Spec {
    name: "tint",
    summary: "turns the image to shades of one colour",
    definition: "(1 - amount) v + amount Y color / 255, Y the bt601 luma. A gray image becomes one of three channels; \
                 alpha stays, and the colour's own has no part.",
    shape: Shape::Point,
    channels: Channels::ToColour,
    parameters: &[
        Parameter::required("color", Kind::Color, "what white becomes").starred(),
        Parameter::new("amount", Kind::Number { low: 0.0, high: 1.0 }, "1", "share of the tinted image"),
    ],
    reference: "oracle",
    tolerance: 1,
    example: "tint:#ffb060",
    make: |arguments| {
        let (color, amount) = (arguments.color("color"), arguments.number("amount") as f32);
        Ok(Box::new(Tint { red: color.red, green: color.green, blue: color.blue, amount }))
    },
};

shader_struct! {
    struct Tint { red: f32, green: f32, blue: f32, amount: f32, }
}

impl Operation for Tint {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point_to(3, *self, &[input]))
    }
}

impl Tint {
    #[inline(always)]
    fn mixed(&self, v: [f32; 3]) -> [f32; 3] {
        let [r, g, b] = self.shade(v);
        let mix = |v, shade| (1.0 - self.amount) * v + self.amount * shade;
        [mix(v[0], r), mix(v[1], g), mix(v[2], b)]
    }

    #[inline(always)]
    fn shade(&self, [r, g, b]: [f32; 3]) -> [f32; 3] {
        let y = luma(r, g, b);
        [y * (self.red / 255.0), y * (self.green / 255.0), y * (self.blue / 255.0)]
    }
}

impl Point for Tint {
    fn formula(&self) -> Formula {
        Formula::new("tint", include_str!("../../shaders/ops/tint.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_colours(
            output,
            #[inline(always)]
            |v| self.mixed(v),
        );
    }

    fn bytes(&self, row: ByteRow, target: &mut [u8]) -> bool {
        if self.amount == 1.0 {
            // What `mixed` gives, in fewer steps.
            map_colours(
                row.pixels,
                target,
                #[inline(always)]
                |v| self.shade(v),
            );
            return true;
        }
        map_colours(
            row.pixels,
            target,
            #[inline(always)]
            |v| self.mixed(v),
        );
        true
    }
}
