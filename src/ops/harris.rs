//! `harris`: corners.

use super::luma_codes::luma_codes;
use super::luma_slopes::{Slopes, SlopesNeighbourhood};
use crate::image::{Border, Edges};
use crate::op::{
    Alpha, Arguments, Axis, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Place, Point, PointRow,
    Refusal, Shape, Spec, Taps, Tipping,
};
use crate::shader_struct;
use crate::simd::blockwise;

pub static SPEC: Spec = Spec {
    name: "harris",
    summary: "corners: where slopes of both directions meet",
    definition: "On bt601 luma in whole 8-bit levels: a, b, c the sums of gx², gx gy, gy² (Sobel) over block x block, an even \
                 block reaching one further up and left; 255 where a c - b² - k (a + c)² lies above threshold times its \
                 maximum over the image, else 0. Border reflect101. Gives one channel; alpha stays.",
    shape: Shape::Composite,
    channels: Channels::ToGray,
    parameters: &[
        Parameter::new("k", Kind::Number { low: 0.0, high: 1.0 }, "0.04", "weight against edges").starred(),
        Parameter::new("block", Kind::Whole { low: 1, high: 31 }, "2", "side of the sums").unit("px"),
        Parameter::new("threshold", Kind::Number { low: 0.0, high: 1.0 }, "0.01", "of the greatest response"),
    ],
    reference: "cv2.cornerHarris",
    tolerance: 0,
    example: "harris",
    make: |arguments| Ok(Box::new(HarrisOperation { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct HarrisOperation {
    arguments: Arguments,
}

impl Operation for HarrisOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let edges = Edges::new(Border::Reflect101);
        let luma = luma_codes(graph, input);
        let mut sums = graph.neighbourhood(3, SlopesNeighbourhood { slopes: Slopes::Products, edges }, luma);
        let block = self.arguments.whole("block") as usize;
        for place in [Place::Horizontal, Place::Vertical] {
            // The taps are centred: an even block leaves the last one out.
            let weights = (0..2 * (block / 2) + 1).map(|i| if i < block { 1.0 } else { 0.0 }).collect();
            let taps = Taps::Sum { weights, scale: 1.0 };
            sums = graph.axis(Axis { place, taps, edges, alpha: Alpha::Keep }, sums);
        }
        let response = graph.point_to(1, HarrisResponse { k: self.arguments.number("k") as f32 }, &[sums]);
        let greatest = graph.maximum(response);
        let corners = HarrisCorners { threshold: self.arguments.number("threshold") as f32 };
        Ok(graph.point_to(1, corners, &[input, response, greatest]))
    }

    fn takes_luma(&self) -> bool {
        true
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

shader_struct! {
    /// `a c - b² - k (a + c)²` of channels a, b, c.
    struct HarrisResponse { k: f32, }
}

impl Point for HarrisResponse {
    fn formula(&self) -> Formula {
        Formula::new("harris", include_str!("../../shaders/ops/harris.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let [a, b, c] = row.inputs else { panic!("a response is of three sums") };
        blockwise(
            [&mut *output[0]],
            [a, b, c],
            #[inline(always)]
            |[a, b, c]| {
                let trace = a + c;
                [a * c - b * b - self.k * trace * trace]
            },
        );
    }
}

shader_struct! {
    /// 255 where the second image lies above `threshold` times the table's value; size and alpha are the first one's.
    struct HarrisCorners { threshold: f32, }
}

impl Point for HarrisCorners {
    fn formula(&self) -> Formula {
        Formula::new("harris_corners", include_str!("../../shaders/ops/harris_corners.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let response = row.inputs[row.inputs.len() - 1];
        let level = self.threshold * row.table[0];
        blockwise(
            [&mut *output[0]],
            [response],
            #[inline(always)]
            |[v]| [if v > level { 255.0 } else { 0.0 }],
        );
    }
}
