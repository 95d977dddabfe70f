//! `normalize`: the levels that most pixels have, stretched over all levels.

use super::lookup::Lookup;
use super::quantise::quantised;
use crate::op::{
    Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Reduce, Refusal, Shape, Spec, Statistic, Tipping,
};
use crate::shader_struct;

const PERCENT: Kind = Kind::Number { low: 0.0, high: 100.0 };

pub static SPEC: Spec = Spec {
    name: "normalize",
    summary: "stretches the levels between two percentiles over all levels",
    definition: "255 (v - black) / (white - black), one map for all channels; black and white are the percentiles low \
                 and high of luma in whole codes: the lowest with max(1, p N / 100) of the N pixels at or below. Where \
                 both are equal the image stays. On 256 levels, or 65,536 of a 16-bit image, after quantising; not \
                 clamped before the end. Alpha stays.",
    shape: Shape::Reduce,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("low", PERCENT, "1", "the percentile that becomes 0; below high").unit("%"),
        Parameter::new("high", PERCENT, "99", "the percentile that becomes 255").unit("%"),
    ],
    reference: "oracle",
    tolerance: 1,
    example: "normalize:low=5:high=95",
    make: |arguments| {
        let (low, high) = (arguments.number("low"), arguments.number("high"));
        if low >= high {
            return Err(Refusal(format!("normalize low must be less than high, not {low} to {high}")));
        }
        Ok(Box::new(NormalizeOperation { low, high }))
    },
};

/// percent
#[derive(Debug)]
struct NormalizeOperation {
    low: f64,
    high: f64,
}

impl Operation for NormalizeOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let (depth, pixels) = (graph.depth, graph.layout(input).pixels());
        let image = quantised(graph, input, depth);
        let kernel = Normalize {
            codes: depth.codes(),
            low: pixels_at(self.low, pixels),
            high: pixels_at(self.high, pixels),
            levels_per_code: depth.levels_per_code(),
        };
        let table = graph.reduce(kernel, image);
        Ok(Lookup::Shared.apply(graph, image, table, 1.0))
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

/// The least whole number of pixels that is at least `max(1, percent pixels / 100)`. `percent` counts as the decimal
/// number that a recipe wrote, not as the f64 next to it: 0.1 % of 1000 pixels is one, and not one and a little.
fn pixels_at(percent: f64, pixels: u64) -> u32 {
    // The shortest decimal that reads as this f64, without an exponent.
    let text = percent.to_string();
    let (whole, places) = text.split_once('.').unwrap_or((&text, ""));
    // So small a number has at most 17 digits, and makes no whole pixel.
    if places.len() > 28 {
        return 1;
    }
    let digits: u128 = format!("{whole}{places}").parse().unwrap_or(0);
    let hundredth = 100 * 10u128.pow(places.len() as u32);
    (digits * u128::from(pixels)).div_ceil(hundredth).max(1) as u32
}

shader_struct! {
    /// The table of what becomes of each code, in levels.
    struct Normalize {
        codes: u32,
        /// Pixels at or below black.
        low: u32,
        /// Pixels at or below white.
        high: u32,
        levels_per_code: f32,
    }
}

impl Reduce for Normalize {
    fn formula(&self) -> Formula {
        Formula::new("normalize_table", include_str!("../../shaders/ops/normalize.wgsl"), self)
    }

    fn statistic(&self) -> Statistic {
        Statistic::Luma
    }

    fn table(&self, counts: &[u32]) -> Vec<f32> {
        let code_at = |pixels: u32| {
            let mut below = 0;
            let reaches = |n: &u32| {
                below += n;
                below >= pixels
            };
            counts.iter().position(reaches).unwrap_or(0)
        };
        let (black, white) = (code_at(self.low), code_at(self.high));
        let level = |code: usize| match white - black {
            0 => code as f32 * self.levels_per_code,
            range => (code as f32 - black as f32) * 255.0 / range as f32,
        };
        (0..counts.len()).map(level).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_count_as_they_are_written() {
        for (percent, pixels, expected) in [
            (1.0, 100, 1),
            (1.0, 101, 2),
            (0.0, 100, 1),
            (100.0, 268_000_000, 268_000_000),
            // In f64 each of these lies beside the whole number.
            (0.1, 1_000, 1),
            (0.3, 1_000, 3),
            (0.29, 10_000, 29),
            (99.9, 1_000, 999),
            (99.999_999_999_999_9, 1_000, 1_000),
            (1e-300, u64::from(u32::MAX), 1),
            (2.5e-8, u64::from(u32::MAX), 2),
        ] {
            assert_eq!(pixels_at(percent, pixels), expected, "{percent} % of {pixels}");
        }
    }
}
