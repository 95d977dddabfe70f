//! `gamma`: a power of every level.

use crate::op::{
    Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec, Tipping,
};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "gamma",
    summary: "brightens the middle (above 1) or darkens it (below 1) by a power",
    definition: "255 (max(v, 0) / 255)^(1 / gamma); it ends at 1e18, so that values stay finite.",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[Parameter::new(
        "gamma",
        Kind::Number { low: 0.01, high: 100.0 },
        "1",
        "1 changes nothing within 0 to 255",
    )
    .starred()],
    reference: "oracle",
    tolerance: 1,
    example: "gamma:2.2",
    make: |arguments| Ok(Box::new(Gamma { exponent: (1.0 / arguments.number("gamma")) as f32 })),
};

shader_struct! {
    struct Gamma { exponent: f32, }
}

impl Operation for Gamma {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn tipping(&self) -> Tipping {
        if self.exponent < 1.0 { Tipping::RoundedInput } else { Tipping::Never }
    }
}

impl Point for Gamma {
    fn formula(&self) -> Formula {
        Formula::new("gamma", include_str!("../../shaders/ops/gamma.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_channels(output, |v| (255.0 * (v.max(0.0) / 255.0).powf(self.exponent)).min(1e18));
    }
}
