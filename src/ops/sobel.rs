//! `sobel`: slope by a 3×3 kernel.

use crate::image::Edges;
use crate::op::{
    Arguments, BORDER, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec, VALUE,
    Window, WindowRows,
};
use crate::shader_struct;

const OUTPUTS: &[&str] = &["magnitude", "x", "y"];

pub static SPEC: Spec = Spec {
    name: "sobel",
    summary: "edges: the slope by Sobel's 3×3 kernels",
    definition: "gx by the unnormalised kernel -1 0 1 / -2 0 2 / -1 0 1, gy by its transpose; \
                 scale sqrt(gx² + gy²), or scale times the absolute value of one. Alpha stays.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("output", Kind::OneOf(OUTPUTS), "magnitude", "both slopes, or one of them"),
        Parameter::new("scale", Kind::Number { low: 0.0, high: 1000.0 }, "1", "what the slope is multiplied by"),
        BORDER,
        VALUE,
    ],
    reference: "cv2.Sobel in f32",
    tolerance: 1,
    decides: false,
    example: "sobel",
    make: |arguments| Ok(Box::new(SobelOperation { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct SobelOperation {
    arguments: Arguments,
}

shader_struct! {
    struct Sobel { scale: f32, output: u32, }
}

#[derive(Debug)]
struct SobelWindow {
    parameters: Sobel,
    edges: Edges,
}

impl Operation for SobelOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let output = OUTPUTS.iter().position(|o| *o == self.arguments.name("output")).unwrap_or(0) as u32;
        let parameters = Sobel { scale: self.arguments.number("scale") as f32, output };
        let edges = self.arguments.edges(graph.layout(input).colours);
        Ok(graph.window(SobelWindow { parameters, edges }, input))
    }
}

impl Window for SobelWindow {
    fn formula(&self) -> Formula {
        Formula::new("sobel", include_str!("../../shaders/ops/sobel.wgsl"), &self.parameters)
    }

    fn reach(&self) -> u32 {
        1
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn row(&self, window: WindowRows, output: &mut [f32]) {
        let scale = self.parameters.scale;
        match self.parameters.output {
            0 => window.slopes(output, |gx, gy| scale * (gx * gx + gy * gy).sqrt()),
            1 => window.slopes(output, |gx, _| scale * gx.abs()),
            _ => window.slopes(output, |_, gy| scale * gy.abs()),
        }
    }
}

impl WindowRows<'_> {
    /// A function of both slopes at each pixel.
    fn slopes(&self, output: &mut [f32], function: impl Fn(f32, f32) -> f32) {
        let n = output.len();
        let [above, here, below] = self.rows else { panic!("sobel reads three rows") };
        let (above, here, below) = (&above[..n + 2], &here[..n + 2], &below[..n + 2]);
        for (x, target) in output.iter_mut().enumerate() {
            let gx = (above[x + 2] - above[x]) + 2.0 * (here[x + 2] - here[x]) + (below[x + 2] - below[x]);
            let gy = (below[x] - above[x]) + 2.0 * (below[x + 1] - above[x + 1]) + (below[x + 2] - above[x + 2]);
            *target = function(gx, gy);
        }
    }
}
