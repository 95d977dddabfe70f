//! `rotate`: quarter turns as permutations, other angles by an inverse map.

use super::crop::moved;
use super::premultiply::{premultiplied, premultiplied_edges};
use super::resize::MAX_SIDE;
use crate::image::Edges;
use crate::op::{
    Arguments, Channels, Gather, Graph, Kind, NodeId, Operation, Parameter, Refusal, Sampling, Shape, Spec, Tipping,
};

pub static SPEC: Spec = Spec {
    name: "rotate",
    summary: "turns the image counter-clockwise",
    definition: "Multiples of 90 degrees are exact permutations of the pixels (but for a quarter turn that may not expand \
                 an image that is no square). Else each pixel samples the place that it came from, about the centres \
                 ((w-1)/2, (h-1)/2) of both; expanded to floor(w abs(cos) + h abs(sin) + 0.5) and its like; bicubic has \
                 a = -0.5; taps outside are background. On premultiplied colour.",
    shape: Shape::Gather,
    channels: Channels::Any,
    parameters: &[
        Parameter::required("angle", Kind::Number { low: -360_000.0, high: 360_000.0 }, "counter-clockwise")
            .unit("degrees")
            .starred(),
        Parameter::new("expand", Kind::Flag, "true", "false keeps the size and cuts the corners"),
        Parameter::new("filter", Kind::OneOf(Sampling::NAMES), "bilinear", "how values between pixels are made"),
        Parameter::new("background", Kind::Color, "0/0/0/0", "what lies outside the image"),
    ],
    reference: "numpy.rot90; oracle",
    tolerance: 1,
    example: "rotate:30",
    make: |arguments| Ok(Box::new(Rotate { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct Rotate {
    arguments: Arguments,
}

impl Rotate {
    /// 0 up to 360 degrees.
    fn angle(&self) -> f64 {
        // The remainder of a tiny negative angle rounds to 360.
        self.arguments.number("angle").rem_euclid(360.0) % 360.0
    }

    /// Sine and cosine, exact for quarter turns.
    fn sin_cos(&self) -> (f64, f64) {
        match self.angle() {
            90.0 => (1.0, 0.0),
            180.0 => (0.0, -1.0),
            270.0 => (-1.0, 0.0),
            angle => angle.to_radians().sin_cos(),
        }
    }

    /// Quarter turns, 0 to 3, where the image is turned by a permutation.
    fn quarter_turns(&self, width: u32, height: u32) -> Option<u32> {
        let turns = self.angle() / 90.0;
        let fits = self.arguments.flag("expand") || turns % 2.0 == 0.0 || width == height;
        (turns.fract() == 0.0 && fits).then_some(turns as u32)
    }

    fn permuted(turns: u32, graph: &mut Graph, input: NodeId) -> NodeId {
        let layout = graph.layout(input);
        let (width, height) = (layout.width, layout.height);
        let (right, bottom) = (width as i32 - 1, height as i32 - 1);
        let mut p = moved(0, 0);
        match turns {
            0 => return input,
            1 => (p.transposed, p.step_x, p.origin_x) = (true, -1, right),
            2 => (p.step_x, p.origin_x, p.step_y, p.origin_y) = (-1, right, -1, bottom),
            _ => (p.transposed, p.step_y, p.origin_y) = (true, -1, bottom),
        }
        let (out_width, out_height) = if p.transposed { (height, width) } else { (width, height) };
        graph.permute(p, input, out_width, out_height)
    }

    /// Width and height of the result.
    fn size(&self, width: u32, height: u32) -> Result<(u32, u32), Refusal> {
        if !self.arguments.flag("expand") {
            return Ok((width, height));
        }
        let (sin, cos) = self.sin_cos();
        let side = |a: u32, b: u32| (f64::from(a) * cos.abs() + f64::from(b) * sin.abs() + 0.5).floor().max(1.0);
        let (w, h) = (side(width, height), side(height, width));
        if w.max(h) > MAX_SIDE as f64 {
            return Err(Refusal(format!("rotate would give {w}x{h}; a side may have at most {MAX_SIDE} px")));
        }
        Ok((w as u32, h as u32))
    }
}

impl Operation for Rotate {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        if let Some(turns) = self.quarter_turns(layout.width, layout.height) {
            return Ok(Rotate::permuted(turns, graph, input));
        }
        let (width, height) = self.size(layout.width, layout.height)?;
        let (sin, cos) = self.sin_cos();
        let centre = |w: u32, h: u32| [w, h].map(|side| (side as f32 - 1.0) / 2.0);
        let background =
            Edges { value: self.arguments.color("background").channels(layout.colours), ..Edges::constant(0.0) };
        let gather = Gather {
            matrix: [cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0].map(|v| v as f32),
            input_centre: centre(layout.width, layout.height),
            output_centre: centre(width, height),
            sampling: Sampling::from_name(self.arguments.name("filter"))
                .expect("the registry lists the filters' names"),
            background: premultiplied_edges(background, layout.alpha).value,
        };
        Ok(premultiplied(graph, input, |graph, node| graph.gather(gather, node, width, height)))
    }

    fn is_identity(&self) -> bool {
        self.angle() == 0.0
    }

    fn tipping(&self) -> Tipping {
        let turns = self.angle() / 90.0;
        let is_exact = turns.fract() == 0.0 && (turns % 2.0 == 0.0 || self.arguments.flag("expand"));
        if self.arguments.name("filter") == "nearest" && !is_exact { Tipping::Always } else { Tipping::Never }
    }
}
