//! `sepia`: the brown of old photographs.

use crate::op::{
    ByteRow, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec,
};
use crate::shader_struct;
use crate::simd::colours::map_colours;

pub static SPEC: Spec = Spec {
    name: "sepia",
    summary: "the brown of old photographs",
    definition: "(1 - amount) v + amount M v, M the rows .393 .769 .189, .349 .686 .168, .272 .534 .131 of R, G, B (Microsoft's). \
                 A gray image becomes one of three channels; alpha stays.",
    shape: Shape::Point,
    channels: Channels::ToColour,
    parameters: &[
        Parameter::new("amount", Kind::Number { low: 0.0, high: 1.0 }, "1", "share of the brown image").starred()
    ],
    reference: "oracle",
    tolerance: 1,
    example: "sepia",
    make: |arguments| Ok(Box::new(Sepia { amount: arguments.number("amount") as f32 })),
};

shader_struct! {
    struct Sepia { amount: f32, }
}

impl Operation for Sepia {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point_to(3, *self, &[input]))
    }
}

impl Sepia {
    #[inline(always)]
    fn mixed(&self, v: [f32; 3]) -> [f32; 3] {
        let [r, g, b] = brown(v);
        let mix = |v, brown| (1.0 - self.amount) * v + self.amount * brown;
        [mix(v[0], r), mix(v[1], g), mix(v[2], b)]
    }
}

#[inline(always)]
fn brown([r, g, b]: [f32; 3]) -> [f32; 3] {
    [0.393 * r + 0.769 * g + 0.189 * b, 0.349 * r + 0.686 * g + 0.168 * b, 0.272 * r + 0.534 * g + 0.131 * b]
}

impl Point for Sepia {
    fn formula(&self) -> Formula {
        Formula::new("sepia", include_str!("../../shaders/ops/sepia.wgsl"), self)
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
            map_colours(row.pixels, target, brown);
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
