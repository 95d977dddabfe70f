//! Levels to whole codes, as at the end of a recipe, for operations that work on codes.

use crate::image::{Depth, colour};
use crate::op::{Formula, Graph, NodeId, Point, PointRow};
use crate::shader_struct;

shader_struct! {
    /// `floor(clamp(v, 0, 255) codes_per_level + 0.5)`; alpha stays in levels.
    struct Quantise { codes_per_level: f32, }
}

/// The image in whole codes of that depth. A source of 8 bits is that already.
pub fn quantised(graph: &mut Graph, input: NodeId, depth: Depth) -> NodeId {
    if input == NodeId(0) && (graph.depth, depth) == (Depth::Eight, Depth::Eight) {
        return input;
    }
    graph.point(Quantise { codes_per_level: depth.codes_per_level() as f32 }, &[input])
}

impl Point for Quantise {
    fn formula(&self) -> Formula {
        Formula::new("quantise_point", include_str!("../../shaders/ops/quantise.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_channels(output, |v| colour::quantise(v, self.codes_per_level));
    }
}
