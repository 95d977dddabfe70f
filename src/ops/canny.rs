//! `canny`: thin, connected edges.

use super::gaussian_blur::gaussian;
use super::luma_codes::luma_codes;
use super::luma_slopes::{Slopes, SlopesNeighbourhood};
use super::quantise::quantised;
use crate::image::{Border, Depth, Edges};
use crate::op::{
    Arguments, Channels, Flood, Formula, Graph, Kind, Neighbourhood, NeighbourhoodRows, NodeId, Operation, Parameter,
    Point, PointRow, Refusal, Shape, Spec,
};
use crate::shader_struct;

const LEVEL: Kind = Kind::Number { low: 0.0, high: 10_000.0 };

pub static SPEC: Spec = Spec {
    name: "canny",
    summary: "thin edges: slopes that are peaks across the edge, joined to strong ones",
    definition: "On bt601 luma in whole 8-bit levels (blurred by sigma and rounded again, if it is not 0): Sobel slopes, \
                 border clamp; a pixel stays where its slope, by norm, is a peak along its direction, as OpenCV tells \
                 the four directions and breaks ties; of those above low, the ones joined to one above high by \
                 neighbours give 255, all else 0. Thresholds are whole (their squares under l2) and may stand in any \
                 order. Gives one channel; alpha stays.",
    shape: Shape::Composite,
    channels: Channels::ToGray,
    parameters: &[
        Parameter::new("low", LEVEL, "50", "slopes up to it are no edge").starred(),
        Parameter::new("high", LEVEL, "150", "slopes above it are one in any case"),
        Parameter::new("norm", Kind::OneOf(&["l1", "l2"]), "l1", "the sum of both slopes, or their length"),
        Parameter::new("sigma", Kind::Number { low: 0.0, high: 1000.0 }, "0", "of the blur before; 0 is none")
            .unit("px"),
    ],
    reference: "cv2.Canny(L2gradient=…)",
    tolerance: 0,
    example: "canny:100:high=200",
    make: |arguments| Ok(Box::new(Canny { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct Canny {
    arguments: Arguments,
}

impl Canny {
    /// The flood's thresholds on slopes by the norm, as OpenCV rounds them.
    fn thresholds(&self) -> Flood {
        let (a, b) = (self.arguments.number("low"), self.arguments.number("high"));
        let whole = |level: f64| match self.slopes() {
            Slopes::Squared => level.min(32_767.0).powi(2).floor(),
            _ => level.floor(),
        };
        Flood { low: whole(a.min(b)) as f32, high: whole(a.max(b)) as f32 }
    }

    fn slopes(&self) -> Slopes {
        if self.arguments.name("norm") == "l2" { Slopes::Squared } else { Slopes::Taxicab }
    }
}

impl Operation for Canny {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let mut luma = luma_codes(graph, input);
        let sigma = self.arguments.number("sigma");
        let clamp = Edges::new(Border::Clamp);
        if sigma > 0.0 {
            let blurred = gaussian(graph, luma, sigma, clamp);
            luma = quantised(graph, blurred, Depth::Eight);
        }
        let slopes = graph.neighbourhood(3, SlopesNeighbourhood { slopes: self.slopes(), edges: clamp }, luma);
        let peaks = graph.neighbourhood(1, CannyPeaks { tangent: TANGENT }, slopes);
        let edges = graph.flood(self.thresholds(), peaks);
        Ok(graph.point_to(1, CannyEdges { level: 127.0 }, &[input, edges]))
    }
}

/// tan(22.5 degrees) in 15 bits, as OpenCV has it.
const TANGENT: i32 = 13_573;

shader_struct! {
    /// The slope of a pixel where it is a peak across the edge, else 0; of channels gx, gy, slope.
    struct CannyPeaks { tangent: i32, }
}

impl Neighbourhood for CannyPeaks {
    fn formula(&self) -> Formula {
        Formula::new("canny", include_str!("../../shaders/ops/canny.wgsl"), self)
    }

    fn reach(&self) -> u32 {
        1
    }

    /// Beyond the image there is no slope.
    fn edges(&self) -> Edges {
        Edges::constant(0.0)
    }

    fn row(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]) {
        let [gx, gy, slope] = rows.channels else { panic!("peaks are of gx, gy and slope") };
        let [above, here, below] = slope[..] else { panic!("peaks read three rows") };
        for (x, target) in output[0].iter_mut().enumerate() {
            let v = here[x + 1];
            let (across, down) = (gx[1][x + 1] as i32, gy[1][x + 1] as i32);
            let (run, rise) = (across.abs(), down.abs() << 15);
            let tangent22 = run * self.tangent;
            let is_peak = if rise < tangent22 {
                v > here[x] && v >= here[x + 2]
            } else if rise > tangent22 + (run << 16) {
                v > above[x + 1] && v >= below[x + 1]
            } else if (across ^ down) < 0 {
                v > above[x + 2] && v > below[x]
            } else {
                v > above[x] && v > below[x + 2]
            };
            *target = if is_peak { v } else { 0.0 };
        }
    }
}

shader_struct! {
    /// 255 where the second image lies above `level`; size and alpha are the first one's.
    struct CannyEdges { level: f32, }
}

impl Point for CannyEdges {
    fn formula(&self) -> Formula {
        Formula::new("canny_edges", include_str!("../../shaders/ops/canny_edges.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let edges = row.inputs[row.inputs.len() - 1];
        for (t, edge) in output[0].iter_mut().zip(edges) {
            *t = if *edge > self.level { 255.0 } else { 0.0 };
        }
    }
}
