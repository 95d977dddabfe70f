//! `top_hat`: the image minus its opening.

use super::difference::difference;
use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Channels, Graph, NodeId, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "top_hat",
    summary: "what opening removes: small bright parts",
    definition: "v - open, with the same radius, shape and iterations. Alpha stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.morphologyEx",
    tolerance: 0,
    example: "top_hat:3",
    make: |arguments| Ok(Box::new(Morphology::difference(arguments, top_hat))),
};

fn top_hat(element: &Element, graph: &mut Graph, input: NodeId) -> NodeId {
    let opened = element.open(graph, input);
    difference(graph, input, opened)
}
