//! `morph_gradient`: the dilation minus the erosion.

use super::difference::difference;
use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Channels, Graph, NodeId, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "morph_gradient",
    summary: "edges: dilation minus erosion",
    definition: "dilate - erode, with the same radius, shape and iterations. Alpha stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.morphologyEx",
    tolerance: 0,
    example: "morph_gradient",
    make: |arguments| Ok(Box::new(Morphology::difference(arguments, morph_gradient))),
};

fn morph_gradient(element: &Element, graph: &mut Graph, input: NodeId) -> NodeId {
    let (dilated, eroded) = (element.dilate(graph, input), element.erode(graph, input));
    difference(graph, dilated, eroded)
}
