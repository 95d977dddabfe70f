//! `rotate`: quarter turns, as permutations.

use super::crop::moved;
use crate::op::{Channels, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec};

pub static SPEC: Spec = Spec {
    name: "rotate",
    summary: "turns the image counter-clockwise by multiples of 90 degrees",
    definition: "Exact permutations of the pixels.",
    shape: Shape::Gather,
    channels: Channels::Any,
    parameters: &[Parameter::required(
        "angle",
        Kind::Number { low: -360_000.0, high: 360_000.0 },
        "counter-clockwise, a multiple of 90",
    )
    .unit("degrees")
    .starred()],
    reference: "numpy.rot90",
    tolerance: 0,
    decides: false,
    example: "rotate:90",
    make: |arguments| {
        let turns = arguments.number("angle") / 90.0;
        if turns.fract() != 0.0 {
            return Err(Refusal("rotate expects an angle that is a multiple of 90".into()));
        }
        Ok(Box::new(Rotate { turns: turns.rem_euclid(4.0) as u32 }))
    },
};

#[derive(Debug)]
struct Rotate {
    /// Quarter turns, 0 to 3.
    turns: u32,
}

impl Operation for Rotate {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let (width, height) = (layout.width, layout.height);
        let (right, bottom) = (width as i32 - 1, height as i32 - 1);
        let mut p = moved(0, 0);
        match self.turns {
            0 => return Ok(input),
            1 => (p.transposed, p.step_x, p.origin_x) = (true, -1, right),
            2 => (p.step_x, p.origin_x, p.step_y, p.origin_y) = (-1, right, -1, bottom),
            _ => (p.transposed, p.step_y, p.origin_y) = (true, -1, bottom),
        }
        let (out_width, out_height) = if p.transposed { (height, width) } else { (width, height) };
        Ok(graph.permute(p, input, out_width, out_height))
    }

    fn is_identity(&self) -> bool {
        self.turns == 0
    }
}
