//! `top_hat`: the image minus its opening.

use super::difference::difference;
use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Graph, NodeId, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "top_hat",
    summary: "what opening removes: small bright parts",
    definition: "v - open, with the same radius, shape and iterations. Alpha stays.",
    shape: Shape::Composite,
    parameters: PARAMETERS,
    reference: "cv2.morphologyEx",
    tolerance: 0,
    decides: false,
    example: "top_hat:3",
    make: |arguments| Ok(Box::new(Morphology::difference(arguments, top_hat))),
};

fn top_hat(element: &Element, graph: &mut Graph, input: NodeId) -> NodeId {
    let opened = element.open(graph, input);
    difference(graph, input, opened)
}
