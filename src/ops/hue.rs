//! `hue`: the colour circle turned.

use crate::op::{
    ByteRow, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec,
};
use crate::shader_struct;
use crate::simd::colours::map_colours;

pub static SPEC: Spec = Spec {
    name: "hue",
    summary: "turns the hue of colours",
    definition: "Rotation of the HSV hue; the greatest and the least channel of a pixel keep their values, within 0..255 or \
                 beyond. A gray image stays as it is.",
    shape: Shape::Point,
    channels: Channels::OfColour,
    parameters: &[Parameter::new(
        "degrees",
        Kind::Number { low: -360_000.0, high: 360_000.0 },
        "0",
        "120 turns red to green",
    )
    .unit("degrees")
    .starred()],
    reference: "oracle",
    tolerance: 1,
    example: "hue:90",
    make: |arguments| Ok(Box::new(Hue { turn: (arguments.number("degrees") / 60.0).rem_euclid(6.0) as f32 })),
};

shader_struct! {
    struct Hue {
        /// In sixths of the circle, 0 to 6.
        turn: f32,
    }
}

impl Operation for Hue {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        if graph.layout(input).colours == 1 {
            return Ok(input);
        }
        Ok(graph.point(*self, &[input]))
    }

    fn is_identity(&self) -> bool {
        self.turn == 0.0
    }
}

impl Hue {
    #[inline(always)]
    fn turned(&self, [r, g, b]: [f32; 3]) -> [f32; 3] {
        let high = r.max(g).max(b);
        let chroma = high - r.min(g).min(b);
        // Where all channels are equal, 0 and not 0 / 0; a denormal may count as 0 on a GPU.
        let divisor = chroma.max(1e-20);
        let sextant = match high {
            _ if high == r => (g - b) / divisor,
            _ if high == g => 2.0 + (b - r) / divisor,
            _ => 4.0 + (r - g) / divisor,
        };
        let channel = |shift: f32| {
            let k = sextant + self.turn + shift;
            let k = k - 6.0 * (k / 6.0).floor();
            high - chroma * k.min(4.0 - k).clamp(0.0, 1.0)
        };
        [channel(5.0), channel(3.0), channel(1.0)]
    }
}

impl Point for Hue {
    fn formula(&self) -> Formula {
        Formula::new("hue", include_str!("../../shaders/ops/hue.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_colours(
            output,
            #[inline(always)]
            |v| self.turned(v),
        );
    }

    fn bytes(&self, row: ByteRow, target: &mut [u8]) -> bool {
        map_colours(
            row.pixels,
            target,
            #[inline(always)]
            |v| self.turned(v),
        );
        true
    }
}
