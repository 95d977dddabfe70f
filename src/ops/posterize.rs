//! `posterize`: few levels.

use crate::op::{
    Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec, Tipping,
};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "posterize",
    summary: "leaves few levels in every colour channel",
    definition: "255 clamp(floor(v n / 255), 0, n - 1) / (n - 1) for n levels, in whole numbers.",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[Parameter::new("levels", Kind::Whole { low: 2, high: 256 }, "4", "how many are left").starred()],
    reference: "oracle",
    tolerance: 0,
    example: "posterize:4",
    make: |arguments| Ok(Box::new(Posterize { levels: arguments.whole("levels") as u32 })),
};

shader_struct! {
    struct Posterize { levels: u32, }
}

impl Posterize {
    /// `clamp(floor(v levels / 255), 0, levels - 1)`. What lies below `v` by less than 2^-24 is no step.
    fn step(self, v: f32) -> u32 {
        let v = v.clamp(0.0, 255.0);
        let whole = v.floor();
        let part = ((v - whole) * 16777216.0) as u32;
        ((whole as u32 * self.levels + ((part * self.levels) >> 24)) / 255).min(self.levels - 1)
    }

    /// `255 step / (levels - 1)`, rounded down in its 24th bit: so its code at 16 bits is that of the exact value.
    fn value(self, step: u32) -> f32 {
        let last = self.levels - 1;
        let (parts, part) = if 2 * step <= last { (131072, 1.0 / 131072.0) } else { (65536, 1.0 / 65536.0) };
        (255 * step * parts / last) as f32 * part
    }
}

impl Operation for Posterize {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

impl Point for Posterize {
    fn formula(&self) -> Formula {
        Formula::new("posterize", include_str!("../../shaders/ops/posterize.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let values: Vec<f32> = (0..self.levels).map(|step| self.value(step)).collect();
        row.map_channels(output, |v| values[self.step(v) as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::colour::quantise;

    #[test]
    fn every_step_begins_at_its_own_16_bit_code() {
        for levels in 2..=256u32 {
            let posterize = Posterize { levels };
            for step in 1..levels {
                let first = (65535 * step).div_ceil(levels);
                let of = |code: u32| posterize.step(code as f32 / 257.0);
                assert_eq!((of(first - 1), of(first)), (step - 1, step), "{levels} levels, code {first}");
            }
            assert_eq!([-1e30, 255.0, 1e30].map(|v| posterize.step(v)), [0, levels - 1, levels - 1]);
        }
    }

    #[test]
    fn every_level_has_the_code_of_the_exact_value_at_8_and_16_bits() {
        for levels in 2..=256u32 {
            for step in 0..levels {
                let value = Posterize { levels }.value(step);
                for (white, codes_per_level) in [(255, 1.0), (65535, 257.0)] {
                    let exact = (2 * white * step + levels - 1) / (2 * (levels - 1));
                    assert_eq!(quantise(value, codes_per_level), exact as f32, "step {step} of {levels}");
                }
            }
        }
    }
}
