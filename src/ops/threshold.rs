//! `threshold`: levels split in two.

use crate::op::{
    Arguments, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec,
    Tipping,
};
use crate::shader_struct;
use crate::simd::blockwise;

/// The formula of the modes.
pub const MODE_TEXT: &str = include_str!("../../shaders/ops/threshold_mode.wgsl");

/// What becomes of either side, as OpenCV names it.
pub const MODE: Parameter = Parameter::new("mode", Kind::OneOf(MODES), "binary", "what becomes of either side");

const MODES: &[&str] = &["binary", "binary_inv", "trunc", "tozero", "tozero_inv"];

pub static SPEC: Spec = Spec {
    name: "threshold",
    summary: "splits levels in two",
    definition: "Where v > level, else: binary 255, 0; binary_inv 0, 255; trunc level, v; tozero v, 0; tozero_inv 0, v. \
                 Each colour channel alone.",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("level", Kind::Number { low: 0.0, high: 255.0 }, "128", "the greatest level below")
            .unit("levels")
            .starred(),
        MODE,
    ],
    reference: "cv2.threshold",
    tolerance: 0,
    example: "threshold:100",
    make: |arguments| Ok(Box::new(Threshold { level: arguments.number("level") as f32, mode: mode(arguments) })),
};

/// The number of the mode in shaders.
pub fn mode(arguments: &Arguments) -> u32 {
    MODES.iter().position(|m| *m == arguments.name("mode")).unwrap_or(0) as u32
}

/// `source` split at a level into `target`.
pub fn split(source: &[f32], level: f32, mode: u32, target: &mut [f32]) {
    match mode {
        0 => map(source, target, |v| if v > level { 255.0 } else { 0.0 }),
        1 => map(source, target, |v| if v > level { 0.0 } else { 255.0 }),
        2 => map(source, target, |v| if v > level { level } else { v }),
        3 => map(source, target, |v| if v > level { v } else { 0.0 }),
        _ => map(source, target, |v| if v > level { 0.0 } else { v }),
    }
}

fn map(source: &[f32], target: &mut [f32], function: impl Fn(f32) -> f32) {
    blockwise(
        [target],
        [source],
        #[inline(always)]
        |[v]| [function(v)],
    );
}

shader_struct! {
    struct Threshold { level: f32, mode: u32, }
}

impl Operation for Threshold {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

impl Point for Threshold {
    fn formula(&self) -> Formula {
        let text = [MODE_TEXT, include_str!("../../shaders/ops/threshold.wgsl")].concat();
        Formula::new("threshold", text, self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        for (target, source) in output.iter_mut().zip(row.inputs) {
            split(source, self.level, self.mode, target);
        }
    }
}
