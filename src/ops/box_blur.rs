//! `box_blur`: the mean of a square window.

use super::blur::Blur;
use crate::op::{
    Arguments, BORDER, Channels, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec, Taps, VALUE,
};

pub static SPEC: Spec = Spec {
    name: "box_blur",
    summary: "blurs with the mean of a square window",
    definition: "Mean of the (2 radius + 1)² window, on premultiplied colour.",
    shape: Shape::Axis,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("radius", Kind::Whole { low: 0, high: 1000 }, "1", "of the window").unit("px").starred(),
        BORDER,
        VALUE,
    ],
    reference: "cv2.blur",
    tolerance: 1,
    example: "box_blur:3",
    make: |arguments| Ok(Box::new(BoxBlur { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct BoxBlur {
    arguments: Arguments,
}

impl Operation for BoxBlur {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let taps = Taps::Mean { reach: self.arguments.whole("radius") as u32 };
        let edges = self.arguments.edges(graph.layout(input).colours);
        Ok(Blur { taps, edges }.build(graph, input))
    }
}
