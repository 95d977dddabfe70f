//! `non_local_means`: a mean of pixels whose surroundings are alike (Buades, Coll and Morel 2005).
//!
//! The search window is gone through by pairs of opposite offsets, in parts that are short enough for one invocation
//! of a GPU each; then the parts' sums are added and divided.

use super::decay::decay;
use super::pairs::PairSums;
use super::sums::{Mean, Plus};
use crate::image::Edges;
use crate::op::{
    Alpha, Arguments, BORDER, Channels, Formula, Graph, Kind, Neighbourhood, NeighbourhoodRows, NodeId, Operation,
    Parameter, Refusal, Shape, Spec, VALUE,
};
use crate::shader_struct;
use crate::simd::{blockwise, fold_taps, singles};

pub static SPEC: Spec = Spec {
    name: "non_local_means",
    summary: "removes noise: a mean of pixels with like surroundings",
    definition: "Mean over the (2 search + 1)² window, weighted by exp(-max(D - 2 noise², 0) / h²) with D the mean squared \
                 difference over the (2 patch + 1)² pixels around both and the channels, times the neighbour's alpha. \
                 Alpha stays; where it is 0, colour is 0.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("h", Kind::Number { low: 0.01, high: 1000.0 }, "10", "how unlike patches may be")
            .unit("levels")
            .starred(),
        Parameter::new("patch", Kind::Whole { low: 0, high: 10 }, "3", "radius of the patches compared").unit("px"),
        Parameter::new("search", Kind::Whole { low: 0, high: 20 }, "10", "radius of the window").unit("px"),
        Parameter::new(
            "noise",
            Kind::Number { low: 0.0, high: 255.0 },
            "0",
            "standard deviation that is no unlikeness",
        )
        .unit("levels"),
        BORDER,
        VALUE,
    ],
    reference: "oracle",
    tolerance: 1,
    example: "non_local_means:25:search=5",
    make: |arguments| Ok(Box::new(NonLocalMeansOperation { arguments: arguments.clone() })),
};

/// Loop rounds of a GPU invocation for one part of the window: some drivers end long loops without a word.
const ROUNDS: i32 = 25_000;

/// Side of the block of pixels that a GPU invocation computes.
const BLOCK_SIDE: i32 = 4;

#[derive(Debug)]
struct NonLocalMeansOperation {
    arguments: Arguments,
}

impl Operation for NonLocalMeansOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let colours = graph.layout(input).colours;
        let edges = self.arguments.edges(colours);
        let mut sums = None;
        for parameters in self.parts(colours) {
            let part = graph.neighbourhood(colours, SearchWindow { parameters, edges }, input);
            sums = Some(sums.map_or(part, |sums| graph.point(Plus { factor: 1.0 }, &[sums, part])));
        }
        Ok(sums.map_or(input, |sums| graph.point(Mean { factor: 1.0 }, &[input, sums])))
    }
}

impl NonLocalMeansOperation {
    /// The window in parts of few enough rounds.
    fn parts(&self, colours: u32) -> Vec<NonLocalMeans> {
        let [patch, search] = ["patch", "search"].map(|name| self.arguments.whole(name) as i32);
        let [h, noise] = ["h", "noise"].map(|name| self.arguments.number(name));
        let (patch_side, search_side) = (2 * patch + 1, 2 * search + 1);
        let samples = f64::from(patch_side * patch_side) * f64::from(colours);
        let centre = search_side * search_side / 2;
        let pairs = centre + 1;
        let rows = BLOCK_SIDE + patch_side - 1;
        let pair_rounds = rows * (1 + rows) + BLOCK_SIDE + BLOCK_SIDE * BLOCK_SIDE + 1;
        let parts = (pairs * pair_rounds + ROUNDS - 1) / ROUNDS;
        let part = |k: i32| NonLocalMeans {
            patch_radius: patch,
            search_radius: search,
            first: centre + pairs * k / parts,
            end: centre + pairs * (k + 1) / parts,
            share: (1.0 / samples) as f32,
            noise: (2.0 * noise * noise) as f32,
            sharpness: (1.0 / (h * h)) as f32,
        };
        (0..parts).map(part).collect()
    }
}

shader_struct! {
    struct NonLocalMeans {
        /// px
        patch_radius: i32,
        search_radius: i32,
        /// Offsets of the window, row after row, from its centre on; each stands for its opposite too.
        first: i32,
        end: i32,
        /// One over the samples of a patch.
        share: f32,
        /// Twice the square of the noise's deviation.
        noise: f32,
        /// One over h squared.
        sharpness: f32,
    }
}

/// A part of the window: sums of weight times alpha times colour, and in alpha that of weight times alpha.
#[derive(Debug)]
struct SearchWindow {
    parameters: NonLocalMeans,
    edges: Edges,
}

impl Neighbourhood for SearchWindow {
    fn formula(&self) -> Formula {
        Formula::new("non_local_means", include_str!("../../shaders/ops/non_local_means.wgsl"), &self.parameters)
    }

    fn reach(&self) -> u32 {
        (self.parameters.patch_radius + self.parameters.search_radius) as u32
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn alpha(&self) -> Alpha {
        Alpha::Work
    }

    fn reads(&self) -> u64 {
        let p = &self.parameters;
        let side = BLOCK_SIDE + 2 * p.patch_radius;
        // For a block and each pair of offsets: its pixels with their patches' rims, and those that they are compared with.
        (4 * (p.end - p.first) * side * side / (BLOCK_SIDE * BLOCK_SIDE)) as u64
    }

    fn block(&self) -> (u32, u32) {
        (BLOCK_SIDE as u32, BLOCK_SIDE as u32)
    }

    fn row(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]) {
        self.rows(rows, output);
    }

    fn rows(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]) {
        let (total, colours) = output.split_last_mut().expect("the sum of weights stands last");
        let mut sums = PairSums::new(rows, self.reach(), colours, total);
        let (search, side) = (self.parameters.search_radius as isize, 2 * self.parameters.search_radius as isize + 1);
        let mut lines = Lines::new(sums.width + search as usize, self.parameters.patch_radius as usize);
        for i in self.parameters.first as isize..self.parameters.end as isize {
            match (i % side - search, i / side - search) {
                (0, 0) => sums.add_own(),
                offset => self.add_pairs(&mut sums, offset, &mut lines),
            }
        }
    }
}

/// Rows that are used again for each offset.
struct Lines {
    differences: Vec<f32>,
    /// Sums of differences along rows, of the last rows that a patch is high; by row modulo that.
    sums: Vec<Vec<f32>>,
    weights: Vec<f32>,
}

impl Lines {
    fn new(width: usize, patch: usize) -> Lines {
        let row = || vec![0.0; width];
        Lines {
            differences: vec![0.0; width + 2 * patch],
            sums: (0..=2 * patch).map(|_| row()).collect(),
            weights: row(),
        }
    }
}

impl SearchWindow {
    /// Adds the pairs of pixels that lie `(dx, dy)` apart.
    fn add_pairs(&self, sums: &mut PairSums, (dx, dy): (isize, isize), lines: &mut Lines) {
        let NonLocalMeans { patch_radius, share, noise, sharpness, .. } = self.parameters;
        let (patch, side) = (patch_radius as isize, 2 * patch_radius as usize + 1);
        let n = sums.columns(dx).1;
        for (y, line) in (-dy - patch..sums.height as isize + patch).zip(0..) {
            let differences = &mut lines.differences[..n + side - 1];
            squared_differences(sums, y, (dx, dy), patch, differences);
            let places: Vec<&[f32]> = (0..side).map(|k| &differences[k..]).collect();
            let target = &mut lines.sums[line % side][..n];
            add_up(&places, target, std::convert::identity);
            if line + 1 < side {
                continue;
            }
            let weights = &mut lines.weights[..n];
            let rows: Vec<&[f32]> = (0..side).map(|k| &lines.sums[(line + 1 + k) % side][..]).collect();
            add_up(
                &rows,
                weights,
                #[inline(always)]
                |sum| {
                    let unlike = sum * share - noise;
                    decay(if unlike > 0.0 { unlike } else { 0.0 } * sharpness)
                },
            );
            sums.add_pairs(y - patch, (dx, dy), weights);
        }
    }
}

/// Squared differences of row `y` from its neighbours, summed over the channels, for patches around the pairs' columns.
fn squared_differences(sums: &PairSums, y: isize, (dx, dy): (isize, isize), patch: isize, target: &mut [f32]) {
    let (n, x) = (target.len(), sums.columns(dx).0 - patch);
    let seen = |c: usize| (sums.seen(c, x, y, n), sums.seen(c, x + dx, y + dy, n));
    let (own, other) = seen(0);
    if sums.colours() == 1 {
        blockwise(
            [target],
            [own, other],
            #[inline(always)]
            |[a, b]| [squared(a - b)],
        );
        return;
    }
    let ((own_1, other_1), (own_2, other_2)) = (seen(1), seen(2));
    blockwise(
        [target],
        [own, other, own_1, other_1, own_2, other_2],
        #[inline(always)]
        |[a, b, a_1, b_1, a_2, b_2]| [squared(a - b) + squared(a_1 - b_1) + squared(a_2 - b_2)],
    );
}

#[inline(always)]
fn squared(v: f32) -> f32 {
    v * v
}

/// A function of sums of rows. They are added anew for each place: a sum that slides along would carry the rounding of
/// great terms on to where only small ones are left.
fn add_up(rows: &[&[f32]], target: &mut [f32], function: impl Fn(f32) -> f32) {
    fold_taps(
        &singles(rows),
        target,
        0.0,
        #[inline(always)]
        |sum, _, [v]| sum + v,
        function,
    );
}
