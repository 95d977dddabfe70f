//! `levels`: a range of levels stretched to another, with a gamma between.

use crate::op::{
    Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape, Spec, Tipping,
};
use crate::shader_struct;

const GAMMA: Kind = Kind::Number { low: 0.01, high: 100.0 };
const OUTPUT: Kind = Kind::Number { low: 0.0, high: 255.0 };

pub static SPEC: Spec = Spec {
    name: "levels",
    summary: "stretches the levels from black to white to those from out_black to out_white",
    definition: "out_black + t^(1 / gamma) (out_white - out_black) with t = (v - black) / (white - black) clamped to 0..1. \
                 White must lie above black; out_white below out_black gives a negative.",
    shape: Shape::Point,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("black", Kind::Number { low: 0.0, high: 254.0 }, "0", "becomes out_black").unit("levels"),
        Parameter::new("white", Kind::Number { low: 1.0, high: 255.0 }, "255", "becomes out_white").unit("levels"),
        Parameter::new("gamma", GAMMA, "1", "above 1 brightens the middle"),
        Parameter::new("out_black", OUTPUT, "0", "what black becomes").unit("levels"),
        Parameter::new("out_white", OUTPUT, "255", "what white becomes").unit("levels"),
    ],
    reference: "oracle",
    tolerance: 1,
    example: "levels:black=40:white=200:gamma=1.2",
    make: |arguments| {
        let level = |name| arguments.number(name) as f32;
        let (black, white) = (level("black"), level("white"));
        if white <= black {
            return Err(Refusal("levels expects white above black".into()));
        }
        let exponent = (1.0 / arguments.number("gamma")) as f32;
        Ok(Box::new(Levels { black, white, exponent, out_black: level("out_black"), out_white: level("out_white") }))
    },
};

shader_struct! {
    struct Levels { black: f32, white: f32, exponent: f32, out_black: f32, out_white: f32, }
}

impl Operation for Levels {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok(graph.point(*self, &[input]))
    }

    fn tipping(&self) -> Tipping {
        if self.exponent < 1.0 { Tipping::RoundedInput } else { Tipping::Never }
    }
}

impl Point for Levels {
    fn formula(&self) -> Formula {
        Formula::new("levels", include_str!("../../shaders/ops/levels.wgsl"), self)
    }

    fn is_of_sample(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        row.map_channels(output, |v| {
            let t = ((v - self.black) / (self.white - self.black)).clamp(0.0, 1.0);
            self.out_black + t.powf(self.exponent) * (self.out_white - self.out_black)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Arguments, Value};

    #[test]
    fn white_that_does_not_lie_above_black_in_f32_is_refused() {
        for (black, white, reads) in
            [(100.0, 101.0, true), (100.0, 100.0, false), (9.0, 3.0, false), (64.0, 64.0 + 1e-9, false)]
        {
            let mut arguments = Arguments::default();
            for (name, value) in
                [("black", black), ("white", white), ("gamma", 1.0), ("out_black", 0.0), ("out_white", 255.0)]
            {
                arguments.set(name, Value::Number(value));
            }
            assert_eq!((SPEC.make)(&arguments).is_ok(), reads, "{black} {white}");
        }
    }
}
