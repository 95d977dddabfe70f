//! `bilateral`: a mean of neighbours that counts the near and alike most.

use super::bilateral_levels::LevelWeights;
use super::decay::decay;
use super::median::widened;
use super::pairs::PairSums;
use crate::image::Edges;
use crate::op::{
    Arguments, BORDER, Channels, Formula, Graph, Kind, Neighbourhood, NeighbourhoodRows, NodeId, Operation,
    OrderWindow, Parameter, Refusal, Shape, Spec, VALUE, WindowRows,
};
use crate::shader_struct;
use crate::simd::vectorized;

pub static SPEC: Spec = Spec {
    name: "bilateral",
    summary: "smooths and keeps edges: a mean of the near and alike",
    definition: "Mean over dx² + dy² <= radius², weighted by exp(-d² / 2 sigma_color²) with d the sum of absolute channel \
                 differences, times exp(-(dx² + dy²) / 2 sigma_space²), times the neighbour's alpha. Alpha stays; where it \
                 is 0, colour is 0.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: &[
        // A GPU invocation loops over the square of it.
        Parameter::new("radius", Kind::Whole { low: 0, high: 50 }, "4", "of the window").unit("px").starred(),
        Parameter::new("sigma_color", Kind::Number { low: 0.01, high: 10_000.0 }, "50", "of the colour distance")
            .unit("levels"),
        Parameter::new("sigma_space", Kind::Number { low: 0.01, high: 1000.0 }, "3", "of the distance in place")
            .unit("px"),
        BORDER,
        VALUE,
    ],
    reference: "cv2.bilateralFilter",
    tolerance: 1,
    example: "bilateral:4",
    make: |arguments| Ok(Box::new(BilateralOperation { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct BilateralOperation {
    arguments: Arguments,
}

impl Operation for BilateralOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let fall = |sigma: f64| (0.5 / (sigma * sigma)) as f32;
        let parameters = Bilateral {
            radius: self.arguments.whole("radius") as i32,
            color: fall(self.arguments.number("sigma_color")),
            space: fall(self.arguments.number("sigma_space")),
        };
        let colours = graph.layout(input).colours;
        let edges = self.arguments.edges(colours);
        Ok(graph.neighbourhood(colours, BilateralNeighbourhood { parameters, edges }, input))
    }
}

shader_struct! {
    struct Bilateral {
        radius: i32,
        /// One over twice the squared sigma, of colour and of place.
        color: f32,
        space: f32,
    }
}

#[derive(Debug)]
struct BilateralNeighbourhood {
    parameters: Bilateral,
    edges: Edges,
}

impl Neighbourhood for BilateralNeighbourhood {
    fn formula(&self) -> Formula {
        Formula::new("bilateral", include_str!("../../shaders/ops/bilateral.wgsl"), &self.parameters)
    }

    fn reach(&self) -> u32 {
        self.parameters.radius as u32
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn block(&self) -> (u32, u32) {
        (8, 1)
    }

    fn rounded(&self) -> Option<&dyn OrderWindow> {
        Some(self)
    }

    fn row(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]) {
        self.rows(rows, output);
    }

    fn rows(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]) {
        let mut total = vec![0.0; output[0].len()];
        let mut sums = PairSums::new(rows, self.reach(), output, &mut total);
        sums.add_own();
        let radius = self.parameters.radius as isize;
        let half: Vec<(isize, isize)> = (0..=radius)
            .flat_map(|dy| (-radius..=radius).map(move |dx| (dx, dy)))
            .filter(|&(dx, dy)| dx * dx + dy * dy <= radius * radius && (dy > 0 || dx > 0))
            .collect();
        let mut weights = vec![0.0; sums.width + radius as usize];
        for y in -radius..sums.height as isize {
            for &(dx, dy) in half.iter().filter(|(_, dy)| y + dy >= 0) {
                let weights = &mut weights[..sums.columns(dx).1];
                match sums.colours() {
                    1 => self.weights::<1>(&sums, y, (dx, dy), weights),
                    _ => self.weights::<3>(&sums, y, (dx, dy), weights),
                }
                sums.add_pairs(y, (dx, dy), weights);
            }
        }
        sums.divide();
    }
}

impl OrderWindow for BilateralNeighbourhood {
    fn level_rows(&self, window: WindowRows<u8>, output: &mut [&mut [u8]]) {
        let Bilateral { radius, color, space } = self.parameters;
        let weights = LevelWeights::new(radius, color, space);
        widened(window, self.reach(), output, |window, output| {
            window.each_row(self.reach(), output).for_each(|(window, target)| weights.row(window, target));
        });
    }
}

impl BilateralNeighbourhood {
    /// The weights of the pairs of row `y`, of `C` colour channels.
    fn weights<const C: usize>(&self, sums: &PairSums, y: isize, (dx, dy): (isize, isize), weights: &mut [f32]) {
        let n = weights.len();
        let x = sums.columns(dx).0;
        let own: [&[f32]; C] = std::array::from_fn(|c| sums.seen(c, x, y, n));
        let other: [&[f32]; C] = std::array::from_fn(|c| sums.seen(c, x + dx, y + dy, n));
        let Bilateral { color, space, .. } = self.parameters;
        let far = (dx * dx + dy * dy) as f32 * space;
        vectorized(
            #[inline(always)]
            || fall_off(weights, own, other, color, far),
        );
    }
}

/// `exp(-color d² - far)` with d the sum of absolute differences of the channels.
#[inline(always)]
fn fall_off<const C: usize>(weights: &mut [f32], own: [&[f32]; C], other: [&[f32]; C], color: f32, far: f32) {
    let n = weights.len();
    for c in 0..C {
        assert!(own[c].len() == n && other[c].len() == n, "rows of one length");
    }
    for i in 0..n {
        let mut d = (other[0][i] - own[0][i]).abs();
        for c in 1..C {
            d += (other[c][i] - own[c][i]).abs();
        }
        weights[i] = decay(d * d * color + far);
    }
}
