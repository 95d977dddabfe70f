//! `sobel`: slope by Sobel's 3×3 kernels.

use super::slope::{PARAMETERS, Slope};
use crate::op::{Channels, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "sobel",
    summary: "edges: the slope by Sobel's 3×3 kernels",
    definition: "gx by the unnormalised kernel -1 0 1 / -2 0 2 / -1 0 1, gy by its transpose; \
                 scale sqrt(gx² + gy²), or scale times the absolute value of one. Alpha stays.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: PARAMETERS,
    reference: "cv2.Sobel in f32",
    tolerance: 1,
    example: "sobel",
    make: |arguments| Ok(Box::new(Slope::new(arguments, 1.0, 2.0))),
};
