//! `open`: an erosion, then a dilation.

use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Channels, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "open",
    summary: "removes bright parts smaller than a shape",
    definition: "Iterations erosions, then as many dilations; shapes as in erode. Alpha stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.morphologyEx",
    tolerance: 0,
    example: "open:2:shape=disk",
    make: |arguments| Ok(Box::new(Morphology::filter(arguments, Element::open))),
};
