//! `motion_blur`: a mean along a line.

use std::collections::BTreeMap;

use super::premultiply::{premultiplied, premultiplied_edges};
use crate::op::{
    Alpha, Arguments, BORDER, Channels, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec, Stencil, Tap,
    VALUE,
};

pub static SPEC: Spec = Spec {
    name: "motion_blur",
    summary: "blurs along a line",
    definition: "Mean of floor(length + 0.5) samples along the line, a pixel apart and centred, bilinear; counter-clockwise \
                 from the right; on premultiplied colour.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("length", Kind::Number { low: 1.0, high: 1000.0 }, "9", "of the line").unit("px").starred(),
        Parameter::new("angle", Kind::Number { low: f64::NEG_INFINITY, high: f64::INFINITY }, "0", "of the line")
            .unit("degrees"),
        BORDER,
        VALUE,
    ],
    reference: "oracle",
    tolerance: 1,
    decides: false,
    example: "motion_blur:9:angle=30",
    make: |arguments| Ok(Box::new(MotionBlur { arguments: arguments.clone() })),
};

/// Shares of a sample below it come from rounding in the sine.
const LEAST_SHARE: f64 = 1.0e-9;

#[derive(Debug)]
struct MotionBlur {
    arguments: Arguments,
}

impl Operation for MotionBlur {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let count = (self.arguments.number("length") + 0.5).floor();
        let taps = line(count, self.arguments.number("angle").to_radians());
        let layout = graph.layout(input);
        let edges = premultiplied_edges(self.arguments.edges(layout.colours), layout.alpha);
        let stencil = Stencil { taps, scale: (1.0 / count) as f32, offset: 0.0, edges, alpha: Alpha::Work };
        Ok(premultiplied(graph, input, |graph, node| graph.stencil(stencil, node)))
    }
}

/// The shares that pixels have in `count` samples of a line at `angle` radians.
fn line(count: f64, angle: f64) -> Vec<Tap> {
    let (sin, cos) = angle.sin_cos();
    // By row, then by column.
    let mut shares = BTreeMap::new();
    for i in 0..count as u32 {
        let t = f64::from(i) - (count - 1.0) / 2.0;
        let (x, y) = (t * cos, -t * sin);
        for (column, across) in [(x.floor(), 1.0 - (x - x.floor())), (x.floor() + 1.0, x - x.floor())] {
            for (row, down) in [(y.floor(), 1.0 - (y - y.floor())), (y.floor() + 1.0, y - y.floor())] {
                *shares.entry((row as i32, column as i32)).or_insert(0.0) += across * down;
            }
        }
    }
    let tap = |((dy, dx), share): ((i32, i32), f64)| Tap { dx, dy, weight: share as f32 };
    shares.into_iter().filter(|(_, share)| *share > LEAST_SHARE).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_along_an_axis_reads_its_pixels_once() {
        for (angle, across) in [(0.0, true), (90.0, false), (180.0, true), (-270.0, false)] {
            let taps = line(9.0, f64::to_radians(angle));
            let places: Vec<i32> = taps.iter().map(|t| if across { t.dx } else { t.dy }).collect();
            assert_eq!(places, [-4, -3, -2, -1, 0, 1, 2, 3, 4], "{angle}");
            assert!(taps.iter().all(|t| t.weight == 1.0 && (if across { t.dy } else { t.dx }) == 0), "{taps:?}");
        }
    }
}
