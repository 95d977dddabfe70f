//! `dilate`: the maximum over a shape.

use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Channels, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "dilate",
    summary: "grows bright parts: the maximum over a shape",
    definition: "Maximum over the shape, the outside left out, iterations times. A disk of radius r holds the offsets \
                 with dx² + dy² <= r² + r. Alpha stays.",
    shape: Shape::Axis,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.dilate",
    tolerance: 0,
    example: "dilate:2:shape=disk",
    make: |arguments| Ok(Box::new(Morphology::filter(arguments, Element::dilate))),
};
