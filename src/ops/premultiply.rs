//! Premultiplied colour, for what averages pixels by place.

use crate::image::Edges;
use crate::op::{Alpha, Formula, Graph, NodeId, Point, PointRow};
use crate::shader_struct;

/// `work` on premultiplied colour and alpha; straight again after. Without alpha, just `work`.
pub fn premultiplied(graph: &mut Graph, input: NodeId, work: impl FnOnce(&mut Graph, NodeId) -> NodeId) -> NodeId {
    if !graph.layout(input).alpha {
        return work(graph, input);
    }
    let premultiplied = graph.point(Premultiply { white: 255.0 }, &[input]);
    let worked = work(graph, premultiplied);
    graph.point(Unpremultiply { white: 255.0 }, &[worked])
}

/// Edges whose constant colour is premultiplied where the image has alpha.
pub fn premultiplied_edges(edges: Edges, alpha: bool) -> Edges {
    if !alpha {
        return edges;
    }
    let [r, g, b, a] = edges.value;
    Edges { value: [r * a / 255.0, g * a / 255.0, b * a / 255.0, a], ..edges }
}

shader_struct! {
    /// `v alpha / 255`
    struct Premultiply { white: f32, }
}

shader_struct! {
    /// `255 v / alpha`; 0 where alpha is 0 or, by negative lobes, below.
    struct Unpremultiply { white: f32, }
}

impl Point for Premultiply {
    fn formula(&self) -> Formula {
        Formula::new("premultiply", include_str!("../../shaders/ops/premultiply.wgsl"), self)
    }

    fn alpha(&self) -> Alpha {
        Alpha::Work
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        scale_colour(row, output, |v, alpha| v * alpha / self.white);
    }
}

impl Point for Unpremultiply {
    fn formula(&self) -> Formula {
        Formula::new("unpremultiply", include_str!("../../shaders/ops/unpremultiply.wgsl"), self)
    }

    fn alpha(&self) -> Alpha {
        Alpha::Work
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        scale_colour(row, output, |v, alpha| if alpha > 0.0 { v * self.white / alpha } else { 0.0 });
    }
}

/// Each colour sample by `function` of it and its alpha; alpha is copied.
fn scale_colour(row: PointRow, output: &mut [&mut [f32]], function: impl Fn(f32, f32) -> f32) {
    let (alpha, colours) = row.inputs.split_last().expect("premultiplied colour has alpha");
    let (alpha_out, colours_out) = output.split_last_mut().expect("premultiplied colour has alpha");
    for (target, source) in colours_out.iter_mut().zip(colours) {
        for ((t, v), a) in target.iter_mut().zip(*source).zip(*alpha) {
            *t = function(*v, *a);
        }
    }
    alpha_out.copy_from_slice(alpha);
}
