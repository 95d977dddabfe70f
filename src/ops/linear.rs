//! Encoded sRGB to linear light and back, for operations with `linear=true`; both on the scale 0 to 255.

use crate::image::colour::{linear_from_srgb, srgb_from_linear};
use crate::op::{Formula, Graph, NodeId, Point, PointRow};
use crate::shader_struct;

shader_struct! {
    /// `255 linear_from_srgb(v)`, or its inverse where `encode` is 1.
    struct Linear { encode: u32, }
}

/// `work` on linear light.
pub fn in_linear_light(graph: &mut Graph, input: NodeId, work: impl FnOnce(&mut Graph, NodeId) -> NodeId) -> NodeId {
    let decoded = graph.point(Linear { encode: 0 }, &[input]);
    let worked = work(graph, decoded);
    graph.point(Linear { encode: 1 }, &[worked])
}

impl Point for Linear {
    fn formula(&self) -> Formula {
        Formula::new("linear", include_str!("../../shaders/ops/linear.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        match self.encode {
            0 => row.map_channels(output, |v| 255.0 * linear_from_srgb(v)),
            _ => row.map_channels(output, |v| srgb_from_linear(v / 255.0)),
        }
    }
}
