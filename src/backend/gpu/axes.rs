//! What begins a pass along one axis.

use super::grid::{Grid, Side};
use super::head::{Footprint, Head, check_rounds, point, words};
use super::shader::Mode;
use super::storage::QUAD;
use crate::image::Layout;
use crate::image::weights::Resampling;
use crate::op::{Axis, Place, Taps};

/// A weight that moves the padding of a least or greatest tap beyond every value.
const FAR: f32 = 1.0e30;

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
    let columns = Side::around(layout.width, 4 * QUAD, before * QUAD, (steps + 4) * QUAD);
    Head {
        label: "axis horizontal".into(),
        shape: vec![include_str!("../../../shaders/shapes/axis_horizontal.wgsl"), combine],
        quads: (4, 1),
        words: Some(("axis", "Axis", vec![steps, before, scale.to_bits()])),
        weights: Some(words(&padded)),
        even_weights: true,
        grid: Grid { columns, rows: Side::inside(layout.height, 1) },
        reads: u64::from(4 * QUAD * 4 * steps),
        // At the rim a quad takes a loop of its own.
        rounds: (1 + QUAD) * steps,
        ..point(layout)
    }
}

fn taps_vertical(axis: &Axis, layout: Layout) -> Head {
    let (mut weights, scale, padding, combine) = combination(&axis.taps);
    let steps = pad_to_quads(&mut weights, padding);
    let rows = Side::around(layout.height, 8, axis.reach(), 4 * steps + 7);
    Head {
        label: "axis vertical".into(),
        shape: vec![include_str!("../../../shaders/shapes/axis_vertical.wgsl"), combine],
        quads: (1, 8),
        words: Some(("axis", "Axis", vec![steps, axis.reach(), scale.to_bits()])),
        weights: Some(words(&weights)),
        even_weights: true,
        grid: Grid { columns: Side::inside(layout.width, QUAD), rows },
        reads: u64::from(8 * QUAD * 4 * steps),
        rounds: steps,
        ..point(layout)
    }
}

/// Units are stretches of lines, as long as the window.
fn running(axis: &Axis, layout: Layout) -> Head {
    let (_, scale, _, combine) = combination(&axis.taps);
    let (reach, length) = (axis.reach(), 2 * axis.reach() + 1);
    let along = |n: u32| Side::around(n, length, reach, length + 2 * reach);
    let (label, lines, lanes, grid) = match axis.place {
        Place::Horizontal => (
            "running horizontal",
            include_str!("../../../shaders/shapes/running_horizontal.wgsl"),
            1,
            Grid { columns: along(layout.width), rows: Side::inside(layout.height, 1) },
        ),
        Place::Vertical => (
            "running vertical",
            include_str!("../../../shaders/shapes/running_vertical.wgsl"),
            QUAD,
            Grid { columns: Side::inside(layout.width, QUAD), rows: along(layout.height) },
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
        ..resample(Place::Horizontal, output, blocks, table, steps)
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
        ..resample(Place::Vertical, output, blocks, table, steps)
    }
}

/// What both directions have alike: blocks of one quad and 4 rows, each sample from `steps` groups of 4 taps.
fn resample(place: Place, output: Layout, blocks: Blocks, table: Vec<u32>, steps: u32) -> Head {
    let grid = Grid { columns: Side::inside(output.width, QUAD), rows: Side::inside(output.height, 4) };
    let reads = u64::from(4 * QUAD * 4 * steps);
    let footprint = Footprint::Blocks { place, starts: blocks.starts, span: blocks.span as u32 };
    Head { quads: (1, 4), weights: Some(table), grid, footprint, reads, rounds: steps, ..point(output) }
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
