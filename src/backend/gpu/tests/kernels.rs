//! Small kernels for these tests: WGSL here, their meaning in `reference`.

use std::sync::Arc;

use crate::image::{Edges, Layout};
use crate::op::{Alpha, Formula, Kernel, Point, PointRow, Reduce, Statistic, Window, WindowRows};
use crate::shader_struct;

shader_struct! {
    pub struct Linear { factor: f32, offset: f32, }
}

shader_struct! {
    pub struct Square { reach: i32, }
}

shader_struct! {
    pub struct Nothing { unused: u32, }
}

const LINEAR: &str = "fn linear(v: vec4f, p: Linear) -> vec4f {\n    return v * p.factor + p.offset;\n}\n";
const GRAY: &str = "fn gray(v: vec4f, p: Nothing) -> vec4f {\n    return vec4f(luma(v.r, v.g, v.b));\n}\n";
const PREMULTIPLY: &str =
    "fn premultiply(v: vec4f, p: Nothing) -> vec4f {\n    return vec4f(v.rgb * v.a / 255.0, v.a);\n}\n";
const SPREAD: &str = "fn spread(v: vec4f, p: Nothing) -> vec4f {
    return vec4f(v.r, 255.0 - v.g, 0.5 * v.b, 0.0);
}
";
const LESS: &str = "fn less(v: vec4f, w: vec4f, p: Nothing) -> vec4f {\n    return v - 0.5 * w;\n}\n";
const LOOKUP: &str = "fn lookup(v: vec4f, p: Nothing) -> vec4f {\n    return vec4f(table(u32(v.r + 0.5)));\n}\n";
const LANES: &str = "fn lanes(v: vec4f, p: Nothing) -> vec4f {
    return vec4f(table(u32(v.r)), table(256u + u32(v.g)), table(512u + u32(v.b)), 0.0);
}
";
const SQUARE: &str = "fn square(x: i32, y: i32, c: u32, p: Square) -> f32 {
    var sum = 0.0;
    for (var dy = -p.reach; dy <= p.reach; dy++) {
        for (var dx = -p.reach; dx <= p.reach; dx++) {
            sum += near(x + dx, y + dy, c);
        }
    }
    let n = f32(2 * p.reach + 1);
    return sum / (n * n);
}
";
const REMAINDERS: &str = "fn remainders(lane: u32, p: Nothing) {
    for (var i = invocation; i < CODES; i += 256u) {
        set_table(lane * CODES + i, f32(histogram(lane * CODES + i) % 200u));
    }
}
";

/// A point kernel with this text.
#[derive(Clone, Debug)]
pub struct TestPoint {
    pub formula: Formula,
    pub alpha: Alpha,
}

impl Point for TestPoint {
    fn formula(&self) -> Formula {
        self.formula.clone()
    }

    fn alpha(&self) -> Alpha {
        self.alpha
    }

    fn row(&self, _row: PointRow, _output: &mut [&mut [f32]]) {
        unreachable!("these kernels run on the GPU only")
    }
}

fn point(formula: Formula, alpha: Alpha) -> Kernel {
    Kernel::Point(Arc::new(TestPoint { formula, alpha }))
}

pub fn linear(factor: f32, offset: f32) -> Kernel {
    point(Formula::new("linear", LINEAR, &Linear { factor, offset }), Alpha::Keep)
}

pub fn linear_with_alpha(factor: f32, offset: f32) -> Kernel {
    point(Formula::new("linear", LINEAR, &Linear { factor, offset }), Alpha::Work)
}

pub fn gray() -> Kernel {
    point(Formula::new("gray", GRAY, &Nothing { unused: 0 }), Alpha::Keep)
}

/// Three colours of one.
pub fn spread() -> Kernel {
    point(Formula::new("spread", SPREAD, &Nothing { unused: 0 }), Alpha::Keep)
}

pub fn premultiply() -> Kernel {
    point(Formula::new("premultiply", PREMULTIPLY, &Nothing { unused: 0 }), Alpha::Work)
}

pub fn less() -> Kernel {
    point(Formula::new("less", LESS, &Nothing { unused: 0 }), Alpha::Keep)
}

/// One lane's table.
pub fn lookup() -> Kernel {
    point(Formula::new("lookup", LOOKUP, &Nothing { unused: 0 }), Alpha::Keep)
}

/// A table of three lanes of 256 codes.
pub fn lanes() -> Kernel {
    point(Formula::new("lanes", LANES, &Nothing { unused: 0 }), Alpha::Keep)
}

/// A point whose WGSL is wrong.
pub fn broken() -> Kernel {
    let text = "fn broken(v: vec4f, p: Nothing) -> vec4f {\n    return v + nowhere;\n}\n";
    point(Formula::new("broken", text, &Nothing { unused: 0 }), Alpha::Keep)
}

#[derive(Debug)]
struct TestWindow {
    reach: u32,
    edges: Edges,
    alpha: Alpha,
}

impl Window for TestWindow {
    fn formula(&self) -> Formula {
        Formula::new("square", SQUARE, &Square { reach: self.reach as i32 })
    }

    fn reach(&self) -> u32 {
        self.reach
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn alpha(&self) -> Alpha {
        self.alpha
    }

    fn row(&self, _window: WindowRows, _output: &mut [f32]) {
        unreachable!("these kernels run on the GPU only")
    }
}

/// The mean of a square.
pub fn square(reach: u32, edges: Edges, alpha: Alpha) -> Kernel {
    Kernel::Window(Arc::new(TestWindow { reach, edges, alpha }))
}

#[derive(Debug)]
struct TestReduce(Statistic);

impl Reduce for TestReduce {
    fn formula(&self) -> Formula {
        Formula::new("remainders", REMAINDERS, &Nothing { unused: 0 })
    }

    fn statistic(&self) -> Statistic {
        self.0
    }

    fn table(&self, counts: &[u32]) -> Vec<f32> {
        counts.iter().map(|n| (n % 200) as f32).collect()
    }
}

/// A table of each code's count, modulo 200.
pub fn remainders(statistic: Statistic) -> Kernel {
    Kernel::Reduce(Arc::new(TestReduce(statistic)))
}

/// The counts of each code that a reduce kernel is to see, lane after lane.
pub fn counts(statistic: Statistic, layout: Layout, codes: u32, pixels: impl Iterator<Item = [u32; 3]>) -> Vec<u32> {
    let lanes = statistic.lanes(layout.colours);
    let mut counts = vec![0; (lanes * codes) as usize];
    for [r, g, b] in pixels {
        match (layout.colours, statistic) {
            (1, _) => counts[r as usize] += 1,
            (_, Statistic::Luma) => counts[((299 * r + 587 * g + 114 * b + 500) / 1000) as usize] += 1,
            (_, Statistic::Each) => {
                [r, g, b].iter().zip(0..).for_each(|(v, lane)| counts[(lane * codes + v) as usize] += 1);
            }
            (_, tiles) => panic!("{tiles:?} has no reference: clahe holds it to the CPU"),
        }
    }
    counts
}
