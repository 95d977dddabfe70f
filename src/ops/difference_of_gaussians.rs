//! `difference_of_gaussians`: what lies between two scales.

use super::difference::{difference, with_alpha_of};
use super::gaussian_blur::{MAX_SIGMA, gaussian};
use crate::op::{Arguments, BORDER, Channels, Graph, Kind, NodeId, Operation, Parameter, Refusal, Shape, Spec, VALUE};

pub static SPEC: Spec = Spec {
    name: "difference_of_gaussians",
    summary: "edges: how far two Gaussian blurs lie apart",
    definition: "abs(G(sigma) - G(k sigma)), each the colour of gaussian_blur. Alpha stays.",
    shape: Shape::Composite,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("sigma", Kind::Number { low: 0.01, high: MAX_SIGMA }, "1", "of the first blur")
            .unit("px")
            .starred(),
        Parameter::new("k", Kind::Number { low: 0.01, high: 100.0 }, "1.6", "sigma of the second blur, in sigmas"),
        BORDER,
        VALUE,
    ],
    reference: "oracle",
    tolerance: 1,
    example: "difference_of_gaussians:2",
    make: |arguments| {
        let second = arguments.number("k") * arguments.number("sigma");
        if second > MAX_SIGMA {
            return Err(Refusal(format!("k times sigma is {second}; at most {MAX_SIGMA} px are blurred by")));
        }
        Ok(Box::new(DifferenceOfGaussians { arguments: arguments.clone() }))
    },
};

#[derive(Debug)]
struct DifferenceOfGaussians {
    arguments: Arguments,
}

impl Operation for DifferenceOfGaussians {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let sigma = self.arguments.number("sigma");
        let edges = self.arguments.edges(graph.layout(input).colours);
        let first = gaussian(graph, input, sigma, edges);
        let second = gaussian(graph, input, self.arguments.number("k") * sigma, edges);
        let apart = difference(graph, first, second);
        // The blurs have blurred alpha too.
        Ok(if graph.layout(input).alpha { with_alpha_of(graph, input, apart) } else { apart })
    }

    fn steepness(&self) -> f64 {
        2.0
    }
}
