//! Minimum and maximum over a shape: a square by its two axes, a cross or a disk by its window.

use crate::image::Edges;
use crate::op::{
    Alpha, Arguments, Axis, Formula, Graph, Kind, NodeId, Operation, Parameter, Place, Refusal, Taps, Window,
    WindowRows,
};
use crate::shader_struct;

pub const PARAMETERS: &[Parameter] = &[
    Parameter::new("radius", Kind::Whole { low: 0, high: 100 }, "1", "of the shape").unit("px").starred(),
    Parameter::new("shape", Kind::OneOf(&["square", "cross", "disk"]), "square", "the neighbours that count"),
    Parameter::new("iterations", Kind::Whole { low: 1, high: 100 }, "1", "how often it is done"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    Least,
    Greatest,
}

impl Extreme {
    /// What the outside reads as, so that it never is the extreme.
    fn edges(self) -> Edges {
        Edges::constant(match self {
            Extreme::Least => f32::MAX,
            Extreme::Greatest => f32::MIN,
        })
    }
}

/// `erode` or `dilate`.
#[derive(Debug)]
pub struct Morphology {
    extreme: Extreme,
    radius: u32,
    shape: &'static str,
    iterations: u32,
}

impl Morphology {
    pub fn new(arguments: &Arguments, extreme: Extreme) -> Morphology {
        Morphology {
            extreme,
            radius: arguments.whole("radius") as u32,
            shape: arguments.name("shape"),
            iterations: arguments.whole("iterations") as u32,
        }
    }

    /// n squares of radius r, one after another, are one of radius n r. None needs to reach
    /// beyond the image's far end.
    fn square(&self, graph: &mut Graph, mut node: NodeId) -> NodeId {
        let layout = graph.layout(node);
        for (place, length) in [(Place::Horizontal, layout.width), (Place::Vertical, layout.height)] {
            let reach = (self.radius * self.iterations).min(length - 1);
            if reach == 0 {
                continue;
            }
            let taps = match self.extreme {
                Extreme::Least => Taps::Min { reach },
                Extreme::Greatest => Taps::Max { reach },
            };
            node = graph.axis(Axis { place, taps, edges: self.extreme.edges(), alpha: Alpha::Keep }, node);
        }
        node
    }
}

impl Operation for Morphology {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        if self.shape == "square" {
            return Ok(self.square(graph, input));
        }
        let parameters = MorphologyWindow {
            radius: self.radius as i32,
            disk: u32::from(self.shape == "disk"),
            greatest: u32::from(self.extreme == Extreme::Greatest),
        };
        Ok((0..self.iterations).fold(input, |node, _| graph.window(parameters, node)))
    }

    fn is_identity(&self) -> bool {
        self.radius == 0
    }
}

shader_struct! {
    struct MorphologyWindow { radius: i32, disk: u32, greatest: u32, }
}

impl MorphologyWindow {
    fn extreme(&self) -> Extreme {
        if self.greatest == 0 { Extreme::Least } else { Extreme::Greatest }
    }

    /// How far the shape reaches to each side, `dy` rows from its centre.
    fn half_width(&self, dy: i32) -> usize {
        let r = self.radius;
        match (self.disk, dy) {
            (0, 0) => r as usize,
            (0, _) => 0,
            _ => (r * r + r - dy * dy).isqrt() as usize,
        }
    }
}

impl Window for MorphologyWindow {
    fn formula(&self) -> Formula {
        Formula::new("morphology", include_str!("../../shaders/ops/morphology.wgsl"), self)
    }

    fn reach(&self) -> u32 {
        self.radius as u32
    }

    fn edges(&self) -> Edges {
        self.extreme().edges()
    }

    fn row(&self, window: WindowRows, output: &mut [f32]) {
        match self.extreme() {
            Extreme::Least => self.fold(window, output, |a, b| if b < a { b } else { a }),
            Extreme::Greatest => self.fold(window, output, |a, b| if b > a { b } else { a }),
        }
    }
}

impl MorphologyWindow {
    fn fold(&self, window: WindowRows, output: &mut [f32], choose: impl Fn(f32, f32) -> f32) {
        let (r, n) = (self.radius as usize, output.len());
        output.copy_from_slice(&window.rows[r][r..r + n]);
        for (row, dy) in window.rows.iter().zip(-self.radius..) {
            let half = self.half_width(dy);
            for x in r - half..=r + half {
                for (t, v) in output.iter_mut().zip(&row[x..x + n]) {
                    *t = choose(*t, *v);
                }
            }
        }
    }
}
