//! Slopes by a pair of 3×3 kernels, as `sobel`, `scharr` and `prewitt` have them.

use crate::image::Edges;
use crate::op::{
    Arguments, BORDER, Formula, Graph, Kind, NodeId, Operation, OrderWindow, Parameter, Refusal, VALUE, Window,
    WindowRows,
};
use crate::shader_struct;
use crate::simd::blockwise;

const OUTPUTS: &[&str] = &["magnitude", "x", "y"];

pub const PARAMETERS: &[Parameter] = &[
    Parameter::new("output", Kind::OneOf(OUTPUTS), "magnitude", "both slopes, or one of them"),
    Parameter::new("scale", Kind::Number { low: 0.0, high: 1000.0 }, "1", "what the slope is multiplied by"),
    BORDER,
    VALUE,
];

/// Differences across a pixel, smoothed along the other axis by the weights `corner`, `middle`, `corner`.
#[derive(Debug)]
pub struct Slope {
    corner: f32,
    middle: f32,
    arguments: Arguments,
}

impl Slope {
    pub fn new(arguments: &Arguments, corner: f32, middle: f32) -> Slope {
        Slope { corner, middle, arguments: arguments.clone() }
    }
}

impl Operation for Slope {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let output = OUTPUTS.iter().position(|o| *o == self.arguments.name("output")).unwrap_or(0) as u32;
        let scale = self.arguments.number("scale") as f32;
        let parameters = SlopeParameters { corner: self.corner, middle: self.middle, scale, output };
        let edges = self.arguments.edges(graph.layout(input).colours);
        Ok(graph.window(SlopeWindow { parameters, edges }, input))
    }

    fn steepness(&self) -> f64 {
        std::f64::consts::SQRT_2 * 2.0 * f64::from(2.0 * self.corner + self.middle) * self.arguments.number("scale")
    }
}

shader_struct! {
    struct SlopeParameters { corner: f32, middle: f32, scale: f32, output: u32, }
}

#[derive(Debug)]
struct SlopeWindow {
    parameters: SlopeParameters,
    edges: Edges,
}

impl Window for SlopeWindow {
    fn formula(&self) -> Formula {
        Formula::new("slope", include_str!("../../shaders/ops/slope.wgsl"), &self.parameters)
    }

    fn reach(&self) -> u32 {
        1
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn rounded(&self) -> Option<&dyn OrderWindow> {
        let SlopeParameters { corner, middle, scale, output } = self.parameters;
        let is_whole = corner.fract() == 0.0 && middle.fract() == 0.0 && scale == 1.0;
        (is_whole && output > 0).then_some(self)
    }

    fn row(&self, window: WindowRows, output: &mut [f32]) {
        let SlopeParameters { corner, middle, .. } = self.parameters;
        if corner == 1.0 {
            // Sobel's and Prewitt's: a multiplication less.
            self.weighted(window, output, |corners, middles| corners + middle * middles);
        } else {
            self.weighted(window, output, |corners, middles| corner * corners + middle * middles);
        }
    }
}

impl OrderWindow for SlopeWindow {
    /// One slope in whole numbers, which are as exact.
    fn level_rows(&self, window: WindowRows<u8>, output: &mut [&mut [u8]]) {
        let SlopeParameters { corner, middle, output: which, .. } = self.parameters;
        let (corner, middle) = (corner as i16, middle as i16);
        for (window, target) in window.each_row(1, output) {
            let (n, step) = (target.len(), window.step);
            let [above, here, below] = window.rows else { panic!("a 3×3 kernel reads three rows") };
            let taps = match which {
                1 => [(above, 0), (here, 0), (below, 0), (above, 2), (here, 2), (below, 2)],
                _ => [(above, 0), (above, 1), (above, 2), (below, 0), (below, 1), (below, 2)],
            };
            blockwise(
                [target],
                taps.map(|(row, x)| &row[x * step..][..n]),
                #[inline(always)]
                |taps| {
                    let rise = |from: usize| i16::from(taps[from + 3]) - i16::from(taps[from]);
                    let slope = corner.wrapping_mul(rise(0) + rise(2)).wrapping_add(middle.wrapping_mul(rise(1)));
                    [slope.abs().min(255) as u8]
                },
            );
        }
    }
}

impl SlopeWindow {
    /// `weigh`: a slope from the sum of the differences at the corners, and the difference at the middle.
    fn weighted(&self, window: WindowRows, output: &mut [f32], weigh: impl Fn(f32, f32) -> f32) {
        let scale = self.parameters.scale;
        match self.parameters.output {
            0 => window.slopes(output, weigh, |gx, gy| scale * (gx * gx + gy * gy).sqrt()),
            1 => window.slopes(output, weigh, |gx, _| scale * gx.abs()),
            _ => window.slopes(output, weigh, |_, gy| scale * gy.abs()),
        }
    }
}

impl WindowRows<'_> {
    /// A function of both slopes at each pixel.
    fn slopes(&self, output: &mut [f32], weigh: impl Fn(f32, f32) -> f32, function: impl Fn(f32, f32) -> f32) {
        let (n, step) = (output.len(), self.step);
        let [above, here, below] = self.rows else { panic!("a 3×3 kernel reads three rows") };
        blockwise(
            [output],
            [
                &above[..n],
                &above[step..][..n],
                &above[2 * step..][..n],
                &here[..n],
                &here[2 * step..][..n],
                &below[..n],
                &below[step..][..n],
                &below[2 * step..][..n],
            ],
            #[inline(always)]
            |[nw, north, ne, west, east, sw, south, se]| {
                let gx = weigh((ne - nw) + (se - sw), east - west);
                let gy = weigh((sw - nw) + (se - ne), south - north);
                [function(gx, gy)]
            },
        );
    }
}
