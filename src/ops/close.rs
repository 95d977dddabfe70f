//! `close`: a dilation, then an erosion.

use super::morphology::{Element, Morphology, PARAMETERS};
use crate::op::{Channels, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "close",
    summary: "fills dark parts smaller than a shape",
    definition: "Iterations dilations, then as many erosions; shapes as in erode. Alpha stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.morphologyEx",
    tolerance: 0,
    example: "close:2",
    make: |arguments| Ok(Box::new(Morphology::filter(arguments, Element::close))),
};
