//! `erode`: the minimum over a shape.

use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Channels, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "erode",
    summary: "shrinks bright parts: the minimum over a shape",
    definition: "Minimum over the shape, the outside left out, iterations times. A disk of radius r holds the offsets \
                 with dx² + dy² <= r² + r. Alpha stays.",
    shape: Shape::Axis,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.erode",
    tolerance: 0,
    example: "erode:2",
    make: |arguments| Ok(Box::new(Morphology::filter(arguments, Element::erode))),
};
