//! `adaptive_threshold`: levels split in two by what lies around each pixel.

use crate::image::{Border, Edges, weights};
use crate::op::{
    Alpha, Arguments, Axis, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Place, Point, PointRow,
    Refusal, Shape, Spec, Taps, Tipping,
};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "adaptive_threshold",
    summary: "splits levels in two by the mean around each pixel",
    definition: "255 where v > mean - c, else 0; the mean of a square of block px, rounded to whole levels (half to even); \
                 border clamp. gaussian: weights of cv2.getGaussianKernel(block, 0). Each colour channel alone. Alpha \
                 stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("block", Kind::Odd { low: 3, high: 255 }, "11", "side of the square").unit("px").starred(),
        Parameter::new("c", Kind::Number { low: -255.0, high: 255.0 }, "2", "what is taken from the mean")
            .unit("levels"),
        Parameter::new("method", Kind::OneOf(&["mean", "gaussian"]), "mean", "how much each pixel counts"),
    ],
    reference: "cv2.adaptiveThreshold",
    tolerance: 0,
    example: "adaptive_threshold:9:c=5",
    make: |arguments| Ok(Box::new(AdaptiveThresholdOperation { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct AdaptiveThresholdOperation {
    arguments: Arguments,
}

impl Operation for AdaptiveThresholdOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let block = self.arguments.whole("block") as usize;
        // Sums of whole levels over the largest square stay below 2^24, so that the one of equal weights is exact.
        let (weights, pixels) = match self.arguments.name("method") {
            "mean" => (vec![1.0; block], (block * block) as f32),
            _ => (gaussian_weights(block), 1.0),
        };
        let edges = Edges::new(Border::Clamp);
        let sums = [Place::Vertical, Place::Horizontal].into_iter().fold(input, |node, place| {
            let taps = Taps::Sum { weights: weights.clone(), scale: 1.0 };
            graph.axis(Axis { place, taps, edges, alpha: Alpha::Keep }, node)
        });
        let c = self.arguments.number("c") as f32;
        Ok(graph.point(AdaptiveThreshold { pixels, c }, &[input, sums]))
    }

    fn tipping(&self) -> Tipping {
        match self.arguments.name("method") {
            "mean" => Tipping::RoundedInput,
            _ => Tipping::Always,
        }
    }
}

/// `cv2.getGaussianKernel(block, 0)`: up to 9 taps a table, else sampled with a sigma that follows from the block.
fn gaussian_weights(block: usize) -> Vec<f32> {
    let fixed: &[f32] = match block {
        3 => &[1.0, 2.0, 1.0],
        5 => &[1.0, 4.0, 6.0, 4.0, 1.0],
        7 => &[2.0, 7.0, 14.0, 18.0, 14.0, 7.0, 2.0],
        9 => &[4.0, 13.0, 30.0, 51.0, 60.0, 51.0, 30.0, 13.0, 4.0],
        _ => {
            let reach = (block / 2) as f64;
            return weights::gaussian_taps(0.3 * (reach - 1.0) + 0.8, block / 2);
        }
    };
    let total: f32 = fixed.iter().sum();
    fixed.iter().map(|w| w / total).collect()
}

shader_struct! {
    struct AdaptiveThreshold {
        /// What a sum counts as to be a mean: pixels, or the sum of weights.
        pixels: f32,
        /// levels
        c: f32,
    }
}

impl AdaptiveThreshold {
    /// The mean in whole levels, half to even. The quotient may be off by a bit on a GPU; what it leaves of the sum is
    /// exact and says whether it was rounded to the wrong side.
    fn mean(&self, sum: f32) -> f32 {
        let near = (sum / self.pixels).round_ties_even();
        let rest = sum - near * self.pixels;
        let half = 0.5 * self.pixels;
        let is_odd = (0.5 * near).fract() != 0.0;
        if rest.abs() > half || rest.abs() == half && is_odd { near + rest.signum() } else { near }
    }
}

impl Point for AdaptiveThreshold {
    fn formula(&self) -> Formula {
        Formula::new("adaptive_threshold", include_str!("../../shaders/ops/adaptive_threshold.wgsl"), self)
    }

    fn is_blind(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_pairs(output, |v, sum| if v > self.mean(sum) - self.c { 255.0 } else { 0.0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_half_to_even() {
        let kernel = AdaptiveThreshold { pixels: 9.0, c: 0.0 };
        let half = |whole: f32| 9.0 * (whole + 0.5);
        assert_eq!([0.0, 1.0, 254.0, -1.0, -2.0].map(|v| kernel.mean(half(v))), [0.0, 2.0, 254.0, 0.0, -2.0]);
        assert_eq!([4.0, 5.0, 13.0, 14.0, 2290.0, 2291.0].map(|v| kernel.mean(v)), [0.0, 1.0, 1.0, 2.0, 254.0, 255.0]);
    }

    #[test]
    fn gaussian_weights_are_opencvs() {
        assert_eq!(gaussian_weights(7)[..4], [0.03125, 0.109375, 0.21875, 0.28125]);
        let long = gaussian_weights(11);
        assert_eq!(long.len(), 11);
        for (w, expected) in long.iter().zip([0.008_812, 0.027_144, 0.065_114]) {
            assert!((w - expected).abs() < 1e-6, "{w} {expected}");
        }
    }
}
