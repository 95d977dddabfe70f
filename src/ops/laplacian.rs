//! `laplacian`: curvature by the kernel of the four neighbours.

use crate::image::Edges;
use crate::op::{
    Arguments, BORDER, Channels, Formula, Graph, Kind, NodeId, Operation, OrderWindow, Parameter, Refusal, Shape, Spec,
    VALUE, Window, WindowRows,
};
use crate::shader_struct;
use crate::simd::blockwise;

pub static SPEC: Spec = Spec {
    name: "laplacian",
    summary: "edges: the curvature by the Laplacian of the four neighbours",
    definition: "scale times the absolute value of the kernel 0 1 0 / 1 -4 1 / 0 1 0. Alpha stays.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("scale", Kind::Number { low: 0.0, high: 1000.0 }, "1", "what the curvature is multiplied by"),
        BORDER,
        VALUE,
    ],
    reference: "cv2.Laplacian(ksize=1)",
    tolerance: 0,
    example: "laplacian:scale=2",
    make: |arguments| Ok(Box::new(Laplacian { arguments: arguments.clone() })),
};

/// A scale of whole numbers, at most, so that its products with any curvature are some of 16 bits.
const MOST_WHOLE_SCALE: f32 = 32.0;

#[derive(Debug)]
struct Laplacian {
    arguments: Arguments,
}

impl Operation for Laplacian {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let parameters = Curvature::new(self.arguments.number("scale"));
        let edges = self.arguments.edges(graph.layout(input).colours);
        Ok(graph.window(LaplacianWindow { parameters, edges }, input))
    }
}

shader_struct! {
    /// The scale as the sum of a number of 12 bits, whose product with a whole curvature is exact, and the small rest.
    /// The sum of both products is rounded once, so that what lies halfway between two levels stays there.
    struct Curvature { coarse: f32, fine: f32, }
}

impl Curvature {
    fn new(scale: f64) -> Curvature {
        let coarse = f64::from_bits(scale.to_bits() >> 41 << 41);
        Curvature { coarse: coarse as f32, fine: (scale - coarse) as f32 }
    }
}

#[derive(Debug)]
struct LaplacianWindow {
    parameters: Curvature,
    edges: Edges,
}

impl Window for LaplacianWindow {
    fn formula(&self) -> Formula {
        Formula::new("laplacian", include_str!("../../shaders/ops/laplacian.wgsl"), &self.parameters)
    }

    fn reach(&self) -> u32 {
        1
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn rounded(&self) -> Option<&dyn OrderWindow> {
        let Curvature { coarse, fine } = self.parameters;
        (fine == 0.0 && coarse.fract() == 0.0 && coarse <= MOST_WHOLE_SCALE).then_some(self)
    }

    fn row(&self, window: WindowRows, output: &mut [f32]) {
        let Curvature { coarse, fine } = self.parameters;
        let (n, step) = (output.len(), window.step);
        let [above, here, below] = window.rows else { panic!("a 3×3 kernel reads three rows") };
        blockwise(
            [output],
            [&above[step..][..n], &here[..n], &here[step..][..n], &here[2 * step..][..n], &below[step..][..n]],
            #[inline(always)]
            |[north, west, v, east, south]| {
                let across = (west - v) + (east - v);
                let down = (north - v) + (south - v);
                let curvature = across + down;
                [coarse * curvature.abs() + (fine * curvature).abs()]
            },
        );
    }
}

impl OrderWindow for LaplacianWindow {
    /// In whole numbers, which are as exact.
    fn level_rows(&self, window: WindowRows<u8>, output: &mut [&mut [u8]]) {
        let scale = self.parameters.coarse as i16;
        for (window, target) in window.each_row(1, output) {
            let (n, step) = (target.len(), window.step);
            let [above, here, below] = window.rows else { panic!("a 3×3 kernel reads three rows") };
            blockwise(
                [target],
                [&above[step..][..n], &here[..n], &here[step..][..n], &here[2 * step..][..n], &below[step..][..n]],
                #[inline(always)]
                |taps| {
                    let [north, west, v, east, south] = taps.map(i16::from);
                    let curvature = (west + east) + (north + south) - 4 * v;
                    [curvature.abs().wrapping_mul(scale).min(255) as u8]
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_scale_leaves_halves_where_they_are() {
        for thousandths in 1..=1500u16 {
            let scale = f64::from(thousandths) / 1000.0;
            let window = LaplacianWindow { parameters: Curvature::new(scale), edges: Edges::constant(0.0) };
            for curvature in 1..=1020u16 {
                let middle = [0.0, 0.0, f32::from(curvature)];
                let mut output = [0.0];
                window.row(WindowRows { rows: &[&[0.0; 3], &middle, &[0.0; 3]], step: 1 }, &mut output);
                let exact = f64::from(u32::from(thousandths) * u32::from(curvature)) / 1000.0;
                assert_eq!(output[0], exact as f32, "{scale} times {curvature}");
            }
        }
    }
}
