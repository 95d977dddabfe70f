//! What begins a pass: the shape's files, its parameters, its weights, and how its work is divided.

use super::grid::{Grid, Side, WORKGROUP};
use super::shader::Mode;
use super::storage::{QUAD, Stored};
use crate::image::weights::Resampling;
use crate::image::{Edges, Layout};
use crate::op::{Alpha, Axis, Formula, Gather, Neighbourhood, Permutation, Place, Sampling, Stencil, Taps, Window};

/// Loop rounds that one invocation may take. Mesa's software rasterizer ends loops silently after 65,535.
pub const MAX_ROUNDS: u32 = 30_000;

/// Windows that reach further loop too long for an invocation to compute more than one sample.
const BLOCK_REACH: u32 = 2;

/// Times that a formula may go over the columns of a window.
const PASSES: u32 = 43;

/// A weight that moves the padding of a least or greatest tap beyond every value.
const FAR: f32 = 1.0e30;

#[derive(Debug)]
pub struct Head {
    pub label: String,
    pub shape: Vec<&'static str>,
    /// Quads of a block in x and y.
    pub quads: (u32, u32),
    /// The shape's own parameters: name, type, words.
    pub words: Option<(&'static str, &'static str, Vec<u32>)>,
    pub window: Option<Formula>,
    pub weights: Option<Vec<u32>>,
    pub edges: Edges,
    pub alpha: Alpha,
    pub grid: Grid,
    /// What an invocation writes, where the shape knows only one way.
    pub mode: Option<Mode>,
    /// Values that a unit reads of each channel, border and all.
    pub reads: u64,
    /// Rounds that a unit's loops take for each channel, where there are many.
    pub rounds: u32,
}

const INSIDE_ONLY: Edges = Edges { border: crate::image::Border::Clamp, value: [0.0; 4] };

pub fn point(layout: Layout) -> Head {
    Head {
        label: "point".into(),
        shape: vec![include_str!("../../../shaders/shapes/point.wgsl")],
        quads: (1, 1),
        words: None,
        window: None,
        weights: None,
        edges: INSIDE_ONLY,
        // The formulas see to alpha themselves.
        alpha: Alpha::Work,
        grid: whole(layout),
        mode: None,
        reads: QUAD.into(),
        rounds: 0,
    }
}

/// A grid of single quads that read the image only.
fn whole(layout: Layout) -> Grid {
    Grid { columns: Side::inside(Stored::planes(layout).quads()), rows: Side::inside(layout.height) }
}

pub fn window(kernel: &dyn Window, layout: Layout) -> Head {
    let (reach, formula) = (kernel.reach(), kernel.formula());
    if kernel.sorts_columns() {
        return strips(kernel, layout);
    }
    let long = reach > BLOCK_REACH;
    let (unit, rows) = if long { (1, 1) } else { (QUAD, 2) };
    let grid = Grid {
        columns: Side::reaching(layout.width, unit, reach, unit + 2 * reach),
        rows: Side::reaching(layout.height, rows, reach, rows + 2 * reach),
    };
    Head {
        label: format!("window {}", formula.stem),
        shape: vec![include_str!("../../../shaders/shapes/window.wgsl")],
        quads: (1, 2),
        window: Some(formula),
        edges: kernel.edges(),
        alpha: kernel.alpha(),
        grid,
        mode: long.then_some(Mode::Samples),
        reads: u64::from(unit * rows) * kernel.reads(),
        ..point(layout)
    }
}

/// Values that a strip keeps in workgroup memory, by `shaders/shapes/strip.wgsl`.
const STRIP_VALUES: u32 = 4096;

/// Rows of a strip: above it what its first row costs hardly counts.
const STRIP_ROWS: u32 = 64;

fn strips(kernel: &dyn Window, layout: Layout) -> Head {
    let (reach, formula) = (kernel.reach(), kernel.formula());
    let side = 2 * reach + 1;
    let width = (STRIP_VALUES / side - 2 * reach).min(WORKGROUP);
    let columns_each = (width + 2 * reach).div_ceil(WORKGROUP);
    // At worst: columns sorted from nothing; in each row a value moved through each, and `PASSES` over a window.
    let first = columns_each * side * (side / 2 + 2);
    let row = (side + 2) * (columns_each + PASSES);
    let height = ((MAX_ROUNDS - first) / row).min(STRIP_ROWS);
    Head {
        label: format!("strip {}", formula.stem),
        shape: vec![include_str!("../../../shaders/shapes/strip.wgsl")],
        words: Some(("strip", "Strip", vec![reach, width, height])),
        window: Some(formula),
        mode: Some(Mode::Strips { side }),
        reads: u64::from(width * height) * kernel.reads(),
        edges: kernel.edges(),
        alpha: kernel.alpha(),
        grid: Grid {
            columns: Side::reaching(layout.width, width, reach, width + 2 * reach),
            rows: Side::reaching(layout.height, height, reach, height + 2 * reach),
        },
        ..point(layout)
    }
}

pub fn permute(p: &Permutation, input: Layout, output: Layout) -> Head {
    let corners = [p.source(0, 0), p.source(output.width - 1, output.height - 1)];
    let inside = corners
        .iter()
        .all(|(x, y)| (0..i64::from(input.width)).contains(x) && (0..i64::from(input.height)).contains(y));
    let columns = Stored::planes(output).quads();
    // Nothing is inside where anything lies beyond the border.
    let rows = Side { units: output.height, first: if inside { 0 } else { output.height }, last: 0 };
    let signed = [p.step_x, p.step_y, p.origin_x, p.origin_y].map(|v| v as u32);
    Head {
        label: "permute".into(),
        shape: vec![include_str!("../../../shaders/shapes/permute.wgsl")],
        words: Some(("permute", "Permute", [&[u32::from(p.transposed)], &signed[..]].concat())),
        edges: p.edges,
        grid: Grid { columns: Side::inside(columns), rows },
        ..point(output)
    }
}

pub fn neighbourhood(kernel: &dyn Neighbourhood, layout: Layout) -> Head {
    let (reach, (across, down), formula) = (kernel.reach(), kernel.block(), kernel.formula());
    Head {
        label: format!("neighbourhood {}", formula.stem),
        shape: vec![include_str!("../../../shaders/shapes/neighbourhood.wgsl")],
        window: Some(formula),
        mode: Some(Mode::Neighbourhoods { across, down }),
        reads: u64::from(across * down) * kernel.reads(),
        edges: kernel.edges(),
        alpha: kernel.alpha(),
        grid: Grid {
            columns: Side::reaching(layout.width, across, reach, across + 2 * reach),
            rows: Side::reaching(layout.height, down, reach, down + 2 * reach),
        },
        ..point(layout)
    }
}

/// # Errors
/// Where there are too many taps.
pub fn stencil(stencil: &Stencil, layout: Layout) -> Result<Head, String> {
    let (taps, reach) = (stencil.taps.len() as u64, stencil.reach());
    check_rounds(taps, taps * u64::from(layout.channels()))?;
    let tap = |t: &crate::op::Tap| [t.dx as u32, t.dy as u32, t.weight.to_bits(), 0];
    Ok(Head {
        label: "stencil".into(),
        shape: vec![include_str!("../../../shaders/shapes/stencil.wgsl")],
        words: Some(("stencil", "Stencil", vec![taps as u32, stencil.scale.to_bits(), stencil.offset.to_bits()])),
        weights: Some(stencil.taps.iter().flat_map(tap).collect()),
        reads: u64::from(QUAD) * taps,
        edges: stencil.edges,
        alpha: stencil.alpha,
        grid: Grid {
            columns: Side::reaching(layout.width, QUAD, reach, QUAD + 2 * reach),
            rows: Side::reaching(layout.height, 1, reach, 1 + 2 * reach),
        },
        ..point(layout)
    })
}

pub fn gather(gather: &Gather, output: Layout) -> Head {
    let places = [gather.input_centre, gather.output_centre].concat();
    let mut words = words(&[&gather.matrix[..], &places].concat());
    words.push(gather.sampling as u32);
    Head {
        label: "gather".into(),
        shape: vec![include_str!("../../../shaders/shapes/gather.wgsl")],
        words: Some(("gather", "Gather", words)),
        reads: u64::from(QUAD) * if gather.sampling == Sampling::Bicubic { 16 } else { 4 },
        edges: Edges { border: crate::image::Border::Constant, value: gather.background },
        // Any place may lie beyond the image.
        grid: Grid { rows: Side { units: output.height, first: output.height, last: 0 }, ..whole(output) },
        ..point(output)
    }
}

/// # Errors
/// Where an invocation would loop longer than is safe.
fn check_rounds(taps: u64, rounds: u64) -> Result<(), String> {
    if rounds > u64::from(MAX_ROUNDS) {
        return Err(format!("{taps} taps are too many for the GPU backend; use --backend cpu"));
    }
    Ok(())
}

/// # Errors
/// Where there are too many taps.
pub fn axis(axis: &Axis, input: Layout, output: Layout) -> Result<Head, String> {
    let head = match (&axis.taps, axis.place) {
        (Taps::Resample(r), Place::Horizontal) => resample_horizontal(r, output),
        (Taps::Resample(r), Place::Vertical) => resample_vertical(r, output),
        _ if axis.runs() => running(axis, input),
        (_, Place::Horizontal) => taps_horizontal(axis, input),
        (_, Place::Vertical) => taps_vertical(axis, input),
    };
    let channels = if head.mode.is_some() { 1 } else { u64::from(input.channels()) };
    let taps = match &axis.taps {
        Taps::Resample(r) => r.taps,
        _ => 2 * axis.reach() as usize + 1,
    };
    check_rounds(taps as u64, u64::from(head.rounds) * channels)?;
    Ok(Head { edges: axis.edges, alpha: axis.alpha, ..head })
}

/// Weights, scale and the file that combines taps.
fn combination(taps: &Taps) -> (Vec<f32>, f32, f32, &'static str) {
    let uniform = |weight: f32, reach: u32| vec![weight; 2 * reach as usize + 1];
    let sum = include_str!("../../../shaders/shapes/axis_sum.wgsl");
    match taps {
        Taps::Sum { weights, scale } => (weights.clone(), *scale, 0.0, sum),
        Taps::Mean { reach } => (uniform(1.0, *reach), 1.0 / (2 * reach + 1) as f32, 0.0, sum),
        Taps::Min { reach } => (uniform(0.0, *reach), 1.0, FAR, include_str!("../../../shaders/shapes/axis_min.wgsl")),
        Taps::Max { reach } => (uniform(0.0, *reach), 1.0, FAR, include_str!("../../../shaders/shapes/axis_max.wgsl")),
        Taps::Resample(_) => unreachable!("a resampling has shapes of its own"),
    }
}

fn taps_horizontal(axis: &Axis, layout: Layout) -> Head {
    let (weights, scale, padding, combine) = combination(&axis.taps);
    let before = axis.reach().div_ceil(QUAD);
    let mut padded = vec![padding; (before * QUAD - axis.reach()) as usize];
    padded.extend(weights);
    let steps = pad_to_quads(&mut padded, padding);
    let columns = Side::reaching(layout.width, 4 * QUAD, before * QUAD, (steps + 4) * QUAD);
    Head {
        label: "axis horizontal".into(),
        shape: vec![include_str!("../../../shaders/shapes/axis_horizontal.wgsl"), combine],
        quads: (4, 1),
        words: Some(("axis", "Axis", vec![steps, before, scale.to_bits()])),
        weights: Some(words(&padded)),
        grid: Grid { columns, rows: Side::inside(layout.height) },
        reads: u64::from(4 * QUAD * 4 * steps),
        rounds: steps,
        ..point(layout)
    }
}

fn taps_vertical(axis: &Axis, layout: Layout) -> Head {
    let (mut weights, scale, padding, combine) = combination(&axis.taps);
    let steps = pad_to_quads(&mut weights, padding);
    let rows = Side::reaching(layout.height, 8, axis.reach(), 4 * steps + 7);
    Head {
        label: "axis vertical".into(),
        shape: vec![include_str!("../../../shaders/shapes/axis_vertical.wgsl"), combine],
        quads: (1, 8),
        words: Some(("axis", "Axis", vec![steps, axis.reach(), scale.to_bits()])),
        weights: Some(words(&weights)),
        grid: Grid { columns: Side::inside(Stored::planes(layout).quads()), rows },
        reads: u64::from(8 * QUAD * 4 * steps),
        rounds: steps,
        ..point(layout)
    }
}

/// Units are stretches of lines, as long as the window.
fn running(axis: &Axis, layout: Layout) -> Head {
    let (_, scale, _, combine) = combination(&axis.taps);
    let (reach, length) = (axis.reach(), 2 * axis.reach() + 1);
    let along = |n: u32| Side::reaching(n, length, reach, length + 2 * reach);
    let (label, lines, lanes, grid) = match axis.place {
        Place::Horizontal => (
            "running horizontal",
            include_str!("../../../shaders/shapes/running_horizontal.wgsl"),
            1,
            Grid { columns: along(layout.width), rows: Side::inside(layout.height) },
        ),
        Place::Vertical => (
            "running vertical",
            include_str!("../../../shaders/shapes/running_vertical.wgsl"),
            QUAD,
            Grid { columns: Side::inside(Stored::planes(layout).quads()), rows: along(layout.height) },
        ),
    };
    Head {
        label: label.into(),
        shape: vec![include_str!("../../../shaders/shapes/running.wgsl"), lines, combine],
        words: Some(("axis", "Axis", vec![reach, scale.to_bits()])),
        grid,
        mode: Some(Mode::Line(axis.place)),
        // Back, forward, and what was kept between.
        reads: u64::from(lanes) * 3 * u64::from(length),
        rounds: length,
        ..point(layout)
    }
}

fn resample_horizontal(r: &Resampling, output: Layout) -> Head {
    let blocks = Blocks::new(r, QUAD);
    let quads = blocks.starts.len();
    let mut table = vec![0; 4 * quads * (1 + blocks.span)];
    for (x, start) in blocks.starts.iter().enumerate() {
        table[4 * x] = start / QUAD;
    }
    blocks.weights(r, |block, place, i, weight| table[4 * ((1 + place) * quads + block) + i] = weight);
    let steps = blocks.span as u32 / 4;
    Head {
        label: "resample horizontal".into(),
        shape: vec![include_str!("../../../shaders/shapes/resample_horizontal.wgsl")],
        words: Some(("axis", "Axis", vec![steps, quads as u32])),
        ..resample(output, table, steps)
    }
}

fn resample_vertical(r: &Resampling, output: Layout) -> Head {
    let blocks = Blocks::new(r, 1);
    let (row, steps) = (4 * (1 + blocks.span), blocks.span as u32 / 4);
    let mut table = vec![0; row * blocks.starts.len()];
    for (y, start) in blocks.starts.iter().enumerate() {
        table[y * row] = *start;
    }
    blocks.weights(r, |block, place, i, weight| table[block * row + 4 * (1 + place) + i] = weight);
    Head {
        label: "resample vertical".into(),
        shape: vec![include_str!("../../../shaders/shapes/resample_vertical.wgsl")],
        words: Some(("axis", "Axis", vec![steps])),
        ..resample(output, table, steps)
    }
}

/// What both directions have alike: blocks of one quad and 4 rows, each sample from `steps` groups of 4 taps.
fn resample(output: Layout, table: Vec<u32>, steps: u32) -> Head {
    let columns = Side::inside(Stored::planes(output).quads());
    let rows = Side::inside(output.height.div_ceil(4));
    let reads = u64::from(4 * QUAD * 4 * steps);
    Head { quads: (1, 4), weights: Some(table), grid: Grid { columns, rows }, reads, rounds: steps, ..point(output) }
}

/// Output positions of a resampling in blocks of 4, which read one span of the source each.
struct Blocks {
    /// First source position of each block.
    starts: Vec<u32>,
    /// Source positions that the widest block reads, a multiple of 4.
    span: usize,
}

impl Blocks {
    /// `align`: starts are multiples of it. The starts of a resampling never fall.
    fn new(r: &Resampling, align: u32) -> Blocks {
        let blocks = || r.starts.chunks(4);
        let starts: Vec<u32> = blocks().map(|b| b[0] / align * align).collect();
        let ends = blocks().map(|b| b[b.len() - 1] as usize + r.taps);
        let span = ends.zip(&starts).map(|(end, start)| end - *start as usize).max().unwrap_or(0);
        Blocks { starts, span: span.next_multiple_of(4) }
    }

    /// Calls `set` with each block, place in its span, place of the output in the block, and weight as bits.
    fn weights(&self, r: &Resampling, mut set: impl FnMut(usize, usize, usize, u32)) {
        for ((output, start), weights) in r.starts.iter().enumerate().zip(r.weights.chunks_exact(r.taps)) {
            let first = (start - self.starts[output / 4]) as usize;
            for (t, weight) in weights.iter().enumerate() {
                set(output / 4, first + t, output % 4, weight.to_bits());
            }
        }
    }
}

/// Pads to whole groups of 4 and returns their number.
fn pad_to_quads(weights: &mut Vec<f32>, padding: f32) -> u32 {
    weights.resize(weights.len().next_multiple_of(QUAD as usize), padding);
    weights.len() as u32 / QUAD
}

fn words(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}
