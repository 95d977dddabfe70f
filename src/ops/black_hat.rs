//! `black_hat`: the closing minus the image.

use super::difference::difference;
use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Channels, Graph, NodeId, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "black_hat",
    summary: "what closing fills: small dark parts",
    definition: "close - v, with the same radius, shape and iterations. Alpha stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.morphologyEx",
    tolerance: 0,
    example: "black_hat:3",
    make: |arguments| Ok(Box::new(Morphology::difference(arguments, black_hat))),
};

fn black_hat(element: &Element, graph: &mut Graph, input: NodeId) -> NodeId {
    let closed = element.close(graph, input);
    difference(graph, closed, input)
}
