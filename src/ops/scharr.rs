//! `scharr`: slope by Scharr's 3×3 kernels.

use super::slope::{PARAMETERS, Slope};
use crate::op::{Channels, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "scharr",
    summary: "edges: the slope by Scharr's 3×3 kernels",
    definition: "gx by the unnormalised kernel -3 0 3 / -10 0 10 / -3 0 3, gy by its transpose; \
                 scale sqrt(gx² + gy²), or scale times the absolute value of one. Alpha stays.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.Scharr in f32",
    tolerance: 1,
    example: "scharr:scale=0.25",
    make: |arguments| Ok(Box::new(Slope::new(arguments, 3.0, 10.0))),
};
