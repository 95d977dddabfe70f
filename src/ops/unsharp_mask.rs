//! `unsharp_mask`: detail, the difference from a blur, made stronger.

use super::gaussian_blur::gaussian;
use crate::op::{
    Arguments, BORDER, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape,
    Spec, Tipping, VALUE,
};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "unsharp_mask",
    summary: "sharpens by adding the difference from a blur",
    definition: "v + amount (v - blur) where abs(v - blur) > threshold or threshold is 0; blur is gaussian_blur's colour. \
                 Alpha stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("amount", Kind::Number { low: 0.0, high: 100.0 }, "1", "how much of the difference is added")
            .starred(),
        Parameter::new("sigma", Kind::Number { low: 0.0, high: 1000.0 }, "1", "of the blur").unit("px"),
        Parameter::new("threshold", Kind::Number { low: 0.0, high: 255.0 }, "0", "differences up to it are left alone")
            .unit("levels"),
        BORDER,
        VALUE,
    ],
    reference: "skimage.filters.unsharp_mask (border=reflect); oracle",
    tolerance: 1,
    example: "unsharp_mask:1.5:sigma=2",
    make: |arguments| Ok(Box::new(UnsharpMask { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct UnsharpMask {
    arguments: Arguments,
}

impl Operation for UnsharpMask {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let blur =
            gaussian(graph, input, self.arguments.number("sigma"), self.arguments.edges(graph.layout(input).colours));
        let amount = self.arguments.number("amount") as f32;
        let threshold = self.arguments.number("threshold") as f32;
        Ok(graph.point(Unsharp { amount, threshold }, &[input, blur]))
    }

    fn is_identity(&self) -> bool {
        self.arguments.number("amount") == 0.0
    }

    fn tipping(&self) -> Tipping {
        if self.arguments.number("threshold") > 0.0 { Tipping::Always } else { Tipping::Never }
    }

    fn steepness(&self) -> f64 {
        if self.arguments.number("threshold") > 0.0 {
            f64::INFINITY
        } else {
            1.0 + 2.0 * self.arguments.number("amount")
        }
    }
}

shader_struct! {
    struct Unsharp { amount: f32, threshold: f32, }
}

impl Point for Unsharp {
    fn formula(&self) -> Formula {
        Formula::new("unsharp_mask", include_str!("../../shaders/ops/unsharp_mask.wgsl"), self)
    }

    fn is_blind(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_pairs(output, |v, blur| {
            let detail = v - blur;
            let counts = self.threshold == 0.0 || detail.abs() > self.threshold;
            v + self.amount * if counts { detail } else { 0.0 }
        });
    }
}
