//! `pad`: columns and rows added around the image.

use super::crop::moved;
use super::resize::MAX_SIDE;
use crate::image::Border;
use crate::op::{
    Arguments, Channels, Graph, Kind, NodeId, Operation, Parameter, Permutation, Refusal, Shape, Spec, VALUE,
};

pub static SPEC: Spec = Spec {
    name: "pad",
    summary: "adds columns and rows around the image",
    definition: "So many columns and rows at the left, top, right and bottom, which read what the border says; constant \
                 reads value. A side of more than 65535 px is an error for that image.",
    shape: Shape::Gather,
    channels: Channels::Any,
    parameters: &[
        Parameter::required("size", Kind::Sides, "what is added at each side").unit("px").starred(),
        Parameter::new("border", Kind::OneOf(Border::NAMES), "constant", "what the added pixels read"),
        VALUE,
    ],
    reference: "cv2.copyMakeBorder",
    tolerance: 0,
    example: "pad:8/4/8/4:value=#ff8000",
    make: |arguments| Ok(Box::new(Pad { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct Pad {
    arguments: Arguments,
}

impl Operation for Pad {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let [left, top, right, bottom] = self.arguments.sides("size");
        let (width, height) = (left + layout.width + right, top + layout.height + bottom);
        if u64::from(width.max(height)) > MAX_SIDE {
            return Err(Refusal(format!("pad would give {width}x{height}; a side may have at most {MAX_SIDE} px")));
        }
        let edges = self.arguments.edges(layout.colours);
        let permutation = Permutation { edges, ..moved(-(left as i32), -(top as i32)) };
        Ok(graph.permute(permutation, input, width, height))
    }

    fn is_identity(&self) -> bool {
        self.arguments.sides("size") == [0; 4]
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}
