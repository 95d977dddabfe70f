//! `canny`: thin, connected edges.

use super::gaussian_blur::gaussian;
use super::luma_codes::luma_codes;
use super::luma_slopes::{Slopes, SlopesNeighbourhood};
use super::quantise::quantised;
use crate::image::{Border, Depth, Edges};
use crate::op::{
    Arguments, Channels, Flood, Formula, Graph, Kind, Neighbourhood, NeighbourhoodRows, NodeId, Operation, Parameter,
    Point, PointRow, Refusal, Shape, Spec, Tipping,
};
use crate::shader_struct;
use crate::simd::blockwise;

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
        if !graph.layout(input).alpha {
            return Ok(edges);
        }
        Ok(graph.point_to(1, CannyEdges { level: 127.0 }, &[input, edges]))
    }

    fn takes_luma(&self) -> bool {
        true
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
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
        let tangent = self.tangent as f32;
        peaks(
            &rows,
            &mut *output[0],
            #[inline(always)]
            |across, down| {
                // In whole numbers below 2^24 times a power of two, so exact.
                let (run, rise) = (across.abs(), down.abs());
                let tangent22 = run * tangent;
                let steepness = ((rise - 2.0 * run) * 32_768.0 > tangent22, rise * 32_768.0 < tangent22);
                (steepness, (across < 0.0) != (down < 0.0))
            },
        );
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn whole_row(&self, rows: NeighbourhoodRows<i16>, output: &mut [&mut [i16]]) {
        peaks(
            &rows,
            &mut *output[0],
            #[inline(always)]
            |across, down| {
                let (run, rise) = (across.abs(), down.abs());
                // The whole part of `run tangent / 2^15`, which is no whole number where there is a run; without one there is
                // a slope only if it is steep.
                let tangent22 = ((i32::from(2 * run) * self.tangent) >> 16) as i16;
                ((rise - 2 * run > tangent22, rise <= tangent22), (across ^ down) < 0)
            },
        );
    }
}

/// Slopes where they are peaks across the edge, else 0. `direction` tells of slopes along a row and down a column whether they
/// are steep, flat, and of different signs.
fn peaks<T: Copy + Default + PartialOrd>(
    rows: &NeighbourhoodRows<T>,
    output: &mut [T],
    direction: impl Fn(T, T) -> ((bool, bool), bool),
) {
    let [gx, gy, slope] = rows.channels else { panic!("peaks are of gx, gy and slope") };
    let [above, here, below] = slope[..] else { panic!("peaks read three rows") };
    let n = output.len();
    let [nw, north, ne] = [0, 1, 2].map(|dx| &above[dx..n + dx]);
    let [west, own, east] = [0, 1, 2].map(|dx| &here[dx..n + dx]);
    let [sw, south, se] = [0, 1, 2].map(|dx| &below[dx..n + dx]);
    blockwise(
        [output],
        [&gx[1][1..=n], &gy[1][1..=n], nw, north, ne, west, own, east, sw, south, se],
        #[inline(always)]
        |[across, down, nw, north, ne, west, v, east, sw, south, se]| {
            let ((steep, flat), falls) = direction(across, down);
            let along_row = (v > west) & (v >= east);
            let along_column = (v > north) & (v >= south);
            let diagonal = (falls & (v > ne) & (v > sw)) | (!falls & (v > nw) & (v > se));
            let is_peak = (flat & along_row) | (!flat & steep & along_column) | (!flat & !steep & diagonal);
            [if is_peak { v } else { T::default() }]
        },
    );
}

shader_struct! {
    /// 255 where the second image lies above `level`, with the alpha of the first.
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
