//! `crop`: a box out of the image.

use crate::image::{Border, Edges};
use crate::op::{Channels, Graph, Kind, NodeId, Operation, Parameter, Permutation, Refusal, Shape, Spec};

/// Center or a compass name.
pub const GRAVITIES: &[&str] =
    &["center", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"];

pub static SPEC: Spec = Spec {
    name: "crop",
    summary: "cuts a box out of the image",
    definition: "The box of that size at x, y; a side that is not given is placed by gravity, center rounded down. \
                 A box that does not lie inside the image is an error for that image.",
    shape: Shape::Gather,
    channels: Channels::Any,
    parameters: &[
        Parameter::required("size", Kind::Size, "of the box").unit("px").starred(),
        Parameter::new("x", Kind::Whole { low: 0, high: 1_000_000 }, "", "left edge of the box").unit("px"),
        Parameter::new("y", Kind::Whole { low: 0, high: 1_000_000 }, "", "top edge of the box").unit("px"),
        Parameter::new("gravity", Kind::OneOf(GRAVITIES), "center", "where the box stands without x or y"),
    ],
    reference: "array slice",
    tolerance: 0,
    example: "crop:24x16",
    make: |arguments| {
        Ok(Box::new(Crop {
            size: arguments.size("size"),
            x: arguments.optional_whole("x"),
            y: arguments.optional_whole("y"),
            gravity: arguments.name("gravity"),
        }))
    },
};

#[derive(Debug)]
struct Crop {
    size: (u32, u32),
    x: Option<i64>,
    y: Option<i64>,
    gravity: &'static str,
}

impl Operation for Crop {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let (width, height) = self.size;
        let (free_x, free_y) =
            (i64::from(layout.width) - i64::from(width), i64::from(layout.height) - i64::from(height));
        let (placed_x, placed_y) = placed(free_x, free_y, self.gravity);
        let (x, y) = (self.x.unwrap_or(placed_x), self.y.unwrap_or(placed_y));
        if free_x < 0 || free_y < 0 || !(0..=free_x).contains(&x) || !(0..=free_y).contains(&y) {
            let at = if self.x.is_some() || self.y.is_some() { format!(" at {x}, {y}") } else { String::new() };
            return Err(Refusal(format!(
                "the box {width}x{height}{at} does not lie inside the {}x{} image",
                layout.width, layout.height
            )));
        }
        Ok(graph.permute(moved(x as i32, y as i32), input, width, height))
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}

/// Left and top of a box that leaves so much free space (negative: sticks out so far).
pub fn placed(free_x: i64, free_y: i64, gravity: &str) -> (i64, i64) {
    let side = |free: i64, low: &str, high: &str| {
        if gravity.contains(low) {
            0
        } else if gravity.contains(high) {
            free
        } else {
            free.div_euclid(2)
        }
    };
    (side(free_x, "west", "east"), side(free_y, "north", "south"))
}

/// Output `(x, y)` reads input `(x + left, y + top)`; 0 outside.
pub fn moved(left: i32, top: i32) -> Permutation {
    let edges = Edges::new(Border::Constant);
    Permutation { transposed: false, step_x: 1, step_y: 1, origin_x: left, origin_y: top, edges }
}
