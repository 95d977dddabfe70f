//! `gaussian_blur`: separable correlation with a sampled Gaussian.

use super::blur::Blur;
use crate::image::{Edges, weights};
use crate::op::{
    Arguments, BORDER, Channels, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec, Taps, VALUE,
};

/// Greatest standard deviation, px.
pub const MAX_SIGMA: f64 = 1000.0;

pub static SPEC: Spec = Spec {
    name: "gaussian_blur",
    summary: "blurs with a Gaussian",
    definition: "Separable, radius floor(4 sigma + 0.5), weights exp(-x² / 2 sigma²) normalised; on premultiplied colour.",
    shape: Shape::Axis,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("sigma", Kind::Number { low: 0.0, high: MAX_SIGMA }, "1", "standard deviation")
            .unit("px")
            .starred(),
        BORDER,
        VALUE,
    ],
    reference: "scipy.ndimage.gaussian_filter(truncate=4, mode=\"mirror\")",
    tolerance: 1,
    example: "gaussian_blur:2",
    make: |arguments| Ok(Box::new(GaussianBlur { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct GaussianBlur {
    arguments: Arguments,
}

/// The blur of `sigma` px, as `gaussian_blur` and the operations made of it have it.
pub fn gaussian(graph: &mut Graph, input: NodeId, sigma: f64, edges: Edges) -> NodeId {
    let taps = Taps::Sum { weights: weights::gaussian(sigma), scale: 1.0 };
    Blur { taps, edges }.build(graph, input)
}

impl Operation for GaussianBlur {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let edges = self.arguments.edges(graph.layout(input).colours);
        Ok(gaussian(graph, input, self.arguments.number("sigma"), edges))
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}
