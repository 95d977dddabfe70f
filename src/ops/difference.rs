//! Kernels of two images: how far they lie apart, and the colour of one under the alpha of the other.

use crate::op::{Formula, Graph, LevelPoint, NodeId, Point, PointRow};
use crate::shader_struct;
use crate::simd::blockwise;

/// `abs(v - w)`, with the alpha of `v`.
pub fn difference(graph: &mut Graph, v: NodeId, w: NodeId) -> NodeId {
    graph.point(Difference { first: 1.0, second: -1.0 }, &[v, w])
}

/// The colour of `w`, which is nowhere negative, with the alpha of `v`.
pub fn with_alpha_of(graph: &mut Graph, v: NodeId, w: NodeId) -> NodeId {
    graph.point(Difference { first: 0.0, second: 1.0 }, &[v, w])
}

shader_struct! {
    /// `abs(first v + second w)`
    struct Difference { first: f32, second: f32, }
}

impl Point for Difference {
    fn formula(&self) -> Formula {
        Formula::new("difference", include_str!("../../shaders/ops/difference.wgsl"), self)
    }

    fn is_blind(&self) -> bool {
        true
    }

    fn levels(&self) -> Option<&dyn LevelPoint> {
        ((self.first, self.second) == (1.0, -1.0)).then_some(self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_pairs(output, |v, w| (self.first * v + self.second * w).abs());
    }
}

impl LevelPoint for Difference {
    fn level_row(&self, inputs: [&[u8]; 2], output: &mut [u8]) {
        blockwise(
            [output],
            inputs,
            #[inline(always)]
            |[v, w]| [v.abs_diff(w)],
        );
    }
}
