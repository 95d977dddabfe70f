//! `perspective`: a quadrilateral pulled straight onto the output.

use super::premultiply::{premultiplied, premultiplied_edges};
use crate::image::Edges;
use crate::op::{
    Arguments, Channels, Gather, Graph, Kind, NodeId, Operation, Parameter, Refusal, Sampling, Shape, Spec,
};

pub static SPEC: Spec = Spec {
    name: "perspective",
    summary: "pulls a quadrilateral straight: rectifies pages, signs, facades",
    definition: "Inverse mapping, bilinear, on premultiplied colour: the output's corner pixels (0, 0), (max(w-1, 1), 0), … \
                 read the input at the quad's points TL, TR, BR, BL (centres of pixels); taps outside are background.",
    shape: Shape::Gather,
    channels: Channels::Any,
    parameters: &[
        Parameter::required("quad", Kind::Quad, "where the corners TL TR BR BL of the output lie in the input")
            .unit("px")
            .starred(),
        Parameter::new("size", Kind::Size, "", "of the output, or else the input's").unit("px"),
        Parameter::new("background", Kind::Color, "0/0/0/0", "what lies outside the image"),
    ],
    reference: "cv2.warpPerspective (OpenCV 5) in f32; oracle",
    tolerance: 1,
    example: "perspective:4/2/40/6/44/30/2/26",
    make: |arguments| {
        let quad = arguments.quad("quad");
        if has_three_in_line(&quad) {
            return Err(Refusal("three corners of the perspective's quad lie on one line".into()));
        }
        Ok(Box::new(Perspective { quad, arguments: arguments.clone() }))
    },
};

#[derive(Debug)]
struct Perspective {
    /// x and y of TL, TR, BR, BL, px.
    quad: [f64; 8],
    arguments: Arguments,
}

fn point(quad: &[f64; 8], i: usize) -> (f64, f64) {
    (quad[2 * (i % 4)], quad[2 * (i % 4) + 1])
}

/// Whether no homography gives that quad.
fn has_three_in_line(quad: &[f64; 8]) -> bool {
    (0..4).any(|i| {
        let [(ax, ay), (bx, by), (cx, cy)] = [0, 1, 2].map(|k| point(quad, i + k));
        let (ux, uy, vx, vy) = (bx - ax, by - ay, cx - ax, cy - ay);
        (ux * vy - uy * vx).abs() <= 1e-12 * (ux * ux + uy * uy + vx * vx + vy * vy)
    })
}

/// Rows of the matrix that takes the corners of the unit square, in the quad's order, to the quad
/// (Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", 2.2.3).
fn from_unit_square(quad: &[f64; 8]) -> [f64; 9] {
    let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = [0, 1, 2, 3].map(|i| point(quad, i));
    let (sx, sy) = (x0 - x1 + x2 - x3, y0 - y1 + y2 - y3);
    let (dx1, dy1, dx2, dy2) = (x1 - x2, y1 - y2, x3 - x2, y3 - y2);
    let determinant = dx1 * dy2 - dx2 * dy1;
    let g = (sx * dy2 - dx2 * sy) / determinant;
    let h = (dx1 * sy - sx * dy1) / determinant;
    [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1.0]
}

impl Perspective {
    /// The map from the output's pixels, about its centre, to places about the input's centre.
    fn matrix(&self, input_centre: [f64; 2], output_centre: [f64; 2], size: (u32, u32)) -> [f32; 9] {
        let (w, h) = (f64::from(size.0.max(2) - 1), f64::from(size.1.max(2) - 1));
        let mut m = from_unit_square(&self.quad);
        for row in m.chunks_exact_mut(3) {
            (row[0], row[1]) = (row[0] / w, row[1] / h);
            row[2] += row[0] * output_centre[0] + row[1] * output_centre[1];
        }
        for (row, centre) in input_centre.into_iter().enumerate() {
            (0..3).for_each(|column| m[3 * row + column] -= centre * m[6 + column]);
        }
        m.map(|v| v as f32)
    }
}

impl Operation for Perspective {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let layout = graph.layout(input);
        let (width, height) = self.arguments.optional_size("size").unwrap_or((layout.width, layout.height));
        let centre = |w: u32, h: u32| [w, h].map(|side| (f64::from(side) - 1.0) / 2.0);
        let (input_centre, output_centre) = (centre(layout.width, layout.height), centre(width, height));
        let background =
            Edges { value: self.arguments.color("background").channels(layout.colours), ..Edges::constant(0.0) };
        let gather = Gather {
            matrix: self.matrix(input_centre, output_centre, (width, height)),
            input_centre: input_centre.map(|v| v as f32),
            output_centre: output_centre.map(|v| v as f32),
            sampling: Sampling::Bilinear,
            background: premultiplied_edges(background, layout.alpha).value,
        };
        Ok(premultiplied(graph, input, |graph, node| graph.gather(gather, node, width, height)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_go_to_the_quad() {
        let quad = [4.0, 2.0, 40.0, 6.0, 44.0, 30.0, 2.0, 26.0];
        let m = from_unit_square(&quad);
        for (i, (x, y)) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].into_iter().enumerate() {
            let w = m[6] * x + m[7] * y + m[8];
            let (u, v) = ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w);
            let (expected_u, expected_v) = point(&quad, i);
            assert!((u - expected_u).abs() < 1e-9 && (v - expected_v).abs() < 1e-9, "corner {i}: {u}, {v}");
        }
    }

    #[test]
    fn three_points_on_a_line_are_no_quad() {
        assert!(has_three_in_line(&[0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 0.0, 5.0]));
        assert!(has_three_in_line(&[3.0; 8]));
        assert!(!has_three_in_line(&[0.0, 0.0, 9.0, 0.0, 9.0, 9.0, 0.0, 9.0]));
    }
}
