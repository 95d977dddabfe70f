//! `grayscale`: colour to one channel.

use crate::image::colour::{linear_from_srgb, luma, srgb_from_linear};
use crate::op::{
    Arguments, ByteRow, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Refusal, Shape,
    Spec, luma_bytes,
};
use crate::shader_struct;
use crate::simd::blockwise;
use crate::simd::colours::map_to_gray;

const WEIGHTS: &[&str] = &["bt601", "bt709", "average", "linear"];

pub static SPEC: Spec = Spec {
    name: "grayscale",
    summary: "colour to one gray channel",
    definition: "bt601: (299 R + 587 G + 114 B) / 1000; bt709: 0.2126 R + 0.7152 G + 0.0722 B; average: (R + G + B) / 3; \
                 linear: bt709 on decoded sRGB, encoded again. A gray image stays as it is; alpha stays.",
    shape: Shape::Point,
    channels: Channels::ToGray,
    parameters: &[Parameter::new("weights", Kind::OneOf(WEIGHTS), "bt601", "how much each colour counts").starred()],
    reference: "cv2.cvtColor (bt601)",
    tolerance: 1,
    example: "grayscale",
    make: |arguments| Ok(Box::new(Grayscale::new(arguments))),
};

#[derive(Clone, Copy, Debug)]
struct Grayscale {
    weights: &'static str,
}

shader_struct! {
    struct GrayscaleParameters { weights: u32, }
}

impl Grayscale {
    fn new(arguments: &Arguments) -> Grayscale {
        Grayscale { weights: arguments.name("weights") }
    }

    fn gray(self, r: f32, g: f32, b: f32) -> f32 {
        match self.weights {
            "bt601" => luma(r, g, b),
            "bt709" => 0.2126 * r + 0.7152 * g + 0.0722 * b,
            "average" => (r + g + b) / 3.0,
            _ => srgb_from_linear(
                0.2126 * linear_from_srgb(r) + 0.7152 * linear_from_srgb(g) + 0.0722 * linear_from_srgb(b),
            ),
        }
    }
}

impl Operation for Grayscale {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        if graph.layout(input).colours == 1 {
            return Ok(input);
        }
        Ok(graph.point_to(1, *self, &[input]))
    }

    fn gives_luma(&self) -> bool {
        self.weights == "bt601"
    }

    fn steepness(&self) -> f64 {
        if self.weights == "linear" { f64::INFINITY } else { 1.0 }
    }
}

impl Point for Grayscale {
    fn formula(&self) -> Formula {
        let weights = WEIGHTS.iter().position(|w| *w == self.weights).unwrap_or(0) as u32;
        Formula::new("grayscale", include_str!("../../shaders/ops/grayscale.wgsl"), &GrayscaleParameters { weights })
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let [r, g, b] = row.inputs else { panic!("grayscale reads three channels") };
        let target = [&mut *output[0]];
        match self.weights {
            "bt601" => blockwise(
                target,
                [r, g, b],
                #[inline(always)]
                |[r, g, b]| [luma(r, g, b)],
            ),
            _ => blockwise(
                target,
                [r, g, b],
                #[inline(always)]
                |[r, g, b]| [self.gray(r, g, b)],
            ),
        }
    }

    fn bytes(&self, row: ByteRow, target: &mut [u8]) -> bool {
        match self.weights {
            "bt601" => luma_bytes(row.pixels, target),
            _ => map_to_gray(
                row.pixels,
                target,
                #[inline(always)]
                |[r, g, b]| self.gray(r, g, b),
            ),
        }
        true
    }
}
