//! `threshold`: levels split in two.

use crate::op::{Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec};
use crate::shader_struct;

/// As OpenCV names them.
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
        Parameter::new("mode", Kind::OneOf(MODES), "binary", "what becomes of either side"),
    ],
    reference: "cv2.threshold",
    tolerance: 0,
    decides: true,
    example: "threshold:100",
    make: |arguments| {
        let mode = MODES.iter().position(|m| *m == arguments.name("mode")).unwrap_or(0) as u32;
        Ok(Box::new(Threshold { level: arguments.number("level") as f32, mode }))
    },
};

shader_struct! {
    struct Threshold { level: f32, mode: u32, }
}

impl Operation for Threshold {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }
}

impl Point for Threshold {
    fn formula(&self) -> Formula {
        Formula::new("threshold", include_str!("../../shaders/ops/threshold.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let level = self.level;
        match self.mode {
            0 => row.map_channels(output, |v| if v > level { 255.0 } else { 0.0 }),
            1 => row.map_channels(output, |v| if v > level { 0.0 } else { 255.0 }),
            2 => row.map_channels(output, |v| if v > level { level } else { v }),
            3 => row.map_channels(output, |v| if v > level { v } else { 0.0 }),
            _ => row.map_channels(output, |v| if v > level { 0.0 } else { v }),
        }
    }
}
