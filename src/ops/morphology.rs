//! Minimum and maximum over a shape: a square by its two axes, a cross or a disk by its window.

use std::fmt::Write as _;
use std::ops::Range;

use crate::image::Edges;
use crate::op::{
    Alpha, Arguments, Axis, Formula, Graph, Kind, NodeId, Operation, OrderWindow, Parameter, Place, Refusal, Taps,
    Window, WindowRows,
};
use crate::shader_struct;
use crate::simd::Ordered;

pub const PARAMETERS: &[Parameter] = &[
    Parameter::new("radius", Kind::Whole { low: 0, high: 100 }, "1", "of the shape").unit("px").starred(),
    Parameter::new("shape", Kind::OneOf(&["square", "cross", "disk"]), "square", "the neighbours that count"),
    Parameter::new("iterations", Kind::Whole { low: 1, high: 100 }, "1", "how often it is done"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extreme {
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

/// The shape, and how often it is applied.
#[derive(Debug)]
pub struct Element {
    radius: u32,
    shape: &'static str,
    iterations: u32,
}

impl Element {
    pub fn erode(&self, graph: &mut Graph, input: NodeId) -> NodeId {
        self.extreme(graph, input, Extreme::Least)
    }

    pub fn dilate(&self, graph: &mut Graph, input: NodeId) -> NodeId {
        self.extreme(graph, input, Extreme::Greatest)
    }

    /// Erosions, then dilations.
    pub fn open(&self, graph: &mut Graph, input: NodeId) -> NodeId {
        let eroded = self.erode(graph, input);
        self.dilate(graph, eroded)
    }

    /// Dilations, then erosions.
    pub fn close(&self, graph: &mut Graph, input: NodeId) -> NodeId {
        let dilated = self.dilate(graph, input);
        self.erode(graph, dilated)
    }

    fn extreme(&self, graph: &mut Graph, input: NodeId, extreme: Extreme) -> NodeId {
        if self.radius == 0 {
            return input;
        }
        if self.shape == "square" {
            return self.square(graph, input, extreme);
        }
        let parameters = MorphologyWindow {
            radius: self.radius as i32,
            disk: u32::from(self.shape == "disk"),
            greatest: u32::from(extreme == Extreme::Greatest),
        };
        (0..self.iterations).fold(input, |node, _| graph.window(parameters, node))
    }

    /// n squares of radius r, one after another, are one of radius n r. None needs to reach
    /// beyond the image's far end.
    fn square(&self, graph: &mut Graph, mut node: NodeId, extreme: Extreme) -> NodeId {
        let layout = graph.layout(node);
        // Columns first: their results are read once, and rows of them while they are in cache.
        for (place, length) in [(Place::Vertical, layout.height), (Place::Horizontal, layout.width)] {
            let reach = (self.radius * self.iterations).min(length - 1);
            if reach == 0 {
                continue;
            }
            let taps = match extreme {
                Extreme::Least => Taps::Min { reach },
                Extreme::Greatest => Taps::Max { reach },
            };
            node = graph.axis(Axis { place, taps, edges: extreme.edges(), alpha: Alpha::Keep }, node);
        }
        node
    }
}

/// Adds an operation's kernels for an element, and returns the node with the result.
type Composition = fn(&Element, &mut Graph, NodeId) -> NodeId;

/// An operation made of erosions and dilations.
#[derive(Debug)]
pub struct Morphology {
    element: Element,
    compose: Composition,
    /// Whether it is a difference of images, so that a radius of 0 gives black.
    differs: bool,
}

impl Morphology {
    /// One that leaves the image as it is where the radius is 0.
    pub fn filter(arguments: &Arguments, compose: Composition) -> Morphology {
        let element = Element {
            radius: arguments.whole("radius") as u32,
            shape: arguments.name("shape"),
            iterations: arguments.whole("iterations") as u32,
        };
        Morphology { element, compose, differs: false }
    }

    /// One that gives how far two images lie apart.
    pub fn difference(arguments: &Arguments, compose: Composition) -> Morphology {
        Morphology { differs: true, ..Morphology::filter(arguments, compose) }
    }
}

impl Operation for Morphology {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        Ok((self.compose)(&self.element, graph, input))
    }

    fn is_identity(&self) -> bool {
        self.element.radius == 0 && !self.differs
    }
}

shader_struct! {
    struct MorphologyWindow { radius: i32, disk: u32, greatest: u32, }
}

/// Radius up to which a shader has the shape's pixels written out.
const WRITTEN_OUT: i32 = 2;

impl MorphologyWindow {
    /// The formula for this shape.
    fn text(&self) -> String {
        let mut text = String::from(
            "// Minimum or maximum over a cross or a disk.\n\n\
             fn morphology_with(extreme: f32, v: f32, p: MorphologyWindow) -> f32 {\n    \
             return select(min(extreme, v), max(extreme, v), p.greatest != 0u);\n}\n\n\
             fn morphology(x: i32, y: i32, c: u32, p: MorphologyWindow) -> f32 {\n    var v = near(x, y, c);\n",
        );
        for dy in -self.radius..=self.radius {
            let half = self.half_width(dy) as i32;
            for dx in -half..=half {
                let _ = writeln!(text, "    v = morphology_with(v, near(x + {dx}, y + {dy}, c), p);");
            }
        }
        text + "    return v;\n}\n"
    }

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
        if self.radius <= WRITTEN_OUT {
            return Formula::new("morphology", self.text(), self);
        }
        Formula::new("morphology", include_str!("../../shaders/ops/morphology.wgsl"), self)
    }

    fn reach(&self) -> u32 {
        self.radius as u32
    }

    fn edges(&self) -> Edges {
        self.extreme().edges()
    }

    fn reads(&self) -> u64 {
        (-self.radius..=self.radius).map(|dy| 2 * self.half_width(dy) as u64 + 1).sum()
    }

    fn row(&self, window: WindowRows, output: &mut [f32]) {
        self.rows(window, &mut [output]);
    }

    fn rows(&self, window: WindowRows, output: &mut [&mut [f32]]) {
        self.extreme_rows(window, output, self.edges().value[0]);
    }

    fn order(&self) -> Option<&dyn OrderWindow> {
        Some(self)
    }
}

impl OrderWindow for MorphologyWindow {
    fn level_rows(&self, window: WindowRows<u8>, output: &mut [&mut [u8]]) {
        let start = if self.extreme() == Extreme::Least { u8::MAX } else { u8::MIN };
        self.extreme_rows(window, output, start);
    }
}

/// Bytes of a row whose runs are kept at once, at most: those of all rows of a small shape stay in the fastest cache.
const PART: usize = 4096;

impl MorphologyWindow {
    /// Some rows of extremes; `start` is what never is the extreme. The extremes of the shape's runs along a row are taken once,
    /// for all windows that hold them.
    fn extreme_rows<T: Ordered>(&self, window: WindowRows<T>, output: &mut [&mut [T]], start: T) {
        let width = window.width(self.reach());
        let (count, least) = (width.div_ceil(PART / size_of::<T>()), self.extreme() == Extreme::Least);
        let mut halves: Vec<usize> = (0..=self.radius).rev().map(|dy| self.half_width(dy)).collect();
        halves.dedup();
        // By row of the shape, which of them it has.
        let kinds = (-self.radius..=self.radius).map(|dy| halves.iter().position(|half| *half == self.half_width(dy)));
        let kinds: Vec<usize> = kinds.flatten().collect();
        for i in 0..count {
            let part = i * width / count..(i + 1) * width / count;
            let mut runs = Runs::new(self, &halves, window, part.clone(), start);
            for (y, target) in output.iter_mut().enumerate() {
                runs.take_to(y + 2 * self.radius as usize, least);
                let taps: Vec<&[T]> = kinds.iter().zip(y..).map(|(kind, row)| runs.run(row, *kind)).collect();
                T::extreme_of(&taps, &mut target[part.clone()], start, least);
            }
        }
    }
}

/// Extremes of runs along the rows of a part: around each place of a row, one of each half width that the shape has.
struct Runs<'a, T> {
    shape: &'a MorphologyWindow,
    halves: &'a [usize],
    window: WindowRows<'a, T>,
    part: Range<usize>,
    start: T,
    /// Of the latest rows, by the row's number modulo their count, then by half width.
    values: Vec<T>,
    /// Rows that were taken.
    taken: usize,
}

impl<'a, T: Ordered> Runs<'a, T> {
    fn new(
        shape: &'a MorphologyWindow,
        halves: &'a [usize],
        window: WindowRows<'a, T>,
        part: Range<usize>,
        start: T,
    ) -> Runs<'a, T> {
        let values = vec![T::default(); (2 * shape.radius as usize + 1) * halves.len() * part.len()];
        Runs { shape, halves, window, part, start, values, taken: 0 }
    }

    /// Takes the runs of all rows up to one.
    fn take_to(&mut self, row: usize, least: bool) {
        for row in self.taken..=row {
            let (radius, part, step) = (self.shape.radius as usize, self.part.clone(), self.window.step);
            let values = self.window.rows[row];
            let begin = self.place(row, 0);
            let mut shorter: Option<(usize, usize)> = None;
            for (half, place) in self.halves.iter().zip((begin..).step_by(part.len())) {
                let (before, rest) = self.values.split_at_mut(place);
                let tap = |x: usize| &values[part.start + x * step..part.end + x * step];
                let mut taps: Vec<&[T]> = Vec::with_capacity(2 * half + 1);
                // A run holds the next shorter one.
                let inner = shorter.map_or(radius..radius, |(half, place)| {
                    taps.push(&before[place..place + part.len()]);
                    radius - half..radius + half + 1
                });
                taps.extend((radius - half..inner.start).chain(inner.end..radius + half + 1).map(tap));
                T::extreme_of(&taps, &mut rest[..part.len()], self.start, least);
                shorter = Some((*half, place));
            }
        }
        self.taken = self.taken.max(row + 1);
    }

    /// The runs of a row of half width `k`.
    fn run(&self, row: usize, k: usize) -> &[T] {
        let begin = self.place(row, k);
        &self.values[begin..begin + self.part.len()]
    }

    fn place(&self, row: usize, k: usize) -> usize {
        ((row % (2 * self.shape.radius as usize + 1)) * self.halves.len() + k) * self.part.len()
    }
}
