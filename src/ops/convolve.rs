//! `convolve`: correlation with a kernel of any weights.

use crate::op::{
    Alpha, Arguments, BORDER, Channels, Graph, Kind, Matrix, NodeId, Operation, Parameter, Refusal, Shape, Spec,
    Stencil, Tap, VALUE,
};

pub static SPEC: Spec = Spec {
    name: "convolve",
    summary: "weighs neighbours by a kernel of any numbers",
    definition: "The sum of kernel times neighbours, not turned around, over scale (the kernel's sum, or 1 if it is 0), plus \
                 offset. An even side reaches one further up or left. Alpha stays.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: &[
        Parameter::required("kernel", Kind::Matrix, "rows of weights from the top").starred(),
        Parameter::new("scale", ANY, "", "what the sum is divided by; left out, the kernel's sum, or 1 if it is 0"),
        Parameter::new("offset", ANY, "0", "what is added").unit("levels"),
        BORDER,
        VALUE,
    ],
    reference: "cv2.filter2D",
    tolerance: 1,
    decides: false,
    example: "convolve:0/-1/0;-1/5/-1;0/-1/0",
    make: |arguments| {
        let kernel = arguments.matrix("kernel").clone();
        let scale = arguments.optional_number("scale").unwrap_or_else(|| sum_or_one(&kernel.values));
        let greatest = kernel.values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        if scale == 0.0 || greatest > FAR || greatest / scale.abs() > FAR {
            return Err(Refusal(format!("kernel and scale: weights over scale must lie within ±{FAR:e}")));
        }
        Ok(Box::new(Convolve { kernel, scale, arguments: arguments.clone() }))
    },
};

const ANY: Kind = Kind::Number { low: f64::NEG_INFINITY, high: f64::INFINITY };

/// Weights beyond it could leave what `f32` holds, by way of which comes NaN.
const FAR: f64 = 1.0e9;

#[derive(Debug)]
struct Convolve {
    kernel: Matrix,
    scale: f64,
    arguments: Arguments,
}

/// The sum; 1 where it is 0 but for rounding.
fn sum_or_one(values: &[f64]) -> f64 {
    let (sum, size) = values.iter().fold((0.0, 0.0), |(sum, size), v| (sum + v, size + v.abs()));
    if sum.abs() <= 1e-12 * size { 1.0 } else { sum }
}

impl Operation for Convolve {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let columns = self.kernel.columns;
        let (left, top) = (columns as i32 / 2, self.kernel.rows() as i32 / 2);
        let tap = |(i, weight): (usize, &f64)| Tap {
            dx: (i % columns) as i32 - left,
            dy: (i / columns) as i32 - top,
            weight: *weight as f32,
        };
        let stencil = Stencil {
            taps: self.kernel.values.iter().enumerate().map(tap).collect(),
            scale: (1.0 / self.scale) as f32,
            offset: self.arguments.number("offset") as f32,
            edges: self.arguments.edges(graph.layout(input).colours),
            alpha: Alpha::Keep,
        };
        Ok(graph.stencil(stencil, input))
    }
}

#[cfg(test)]
mod tests {
    use super::sum_or_one;

    #[test]
    fn a_sum_that_is_0_but_for_rounding_scales_by_1() {
        assert_ne!(0.1 + 0.2 - 0.3, 0.0);
        assert_eq!(sum_or_one(&[0.1, 0.2, -0.3]), 1.0);
        assert_eq!(sum_or_one(&[1.0, 2.0, -4.0]), -1.0);
    }
}
