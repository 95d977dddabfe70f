//! What begins a pass: the shape's files, its parameters, its weights, how its work is divided, and what that reads.

use std::sync::Arc;

use super::grid::{Grid, Part, Reach, Side, WORKGROUP};
use super::shader::Mode;
use super::storage::QUAD;
use crate::image::{Border, Edges, Layout, Region};
use crate::op::{Alpha, Formula, Gather, Kernel, Neighbourhood, Permutation, Place, Sampling, Stencil, Window};

/// Loop rounds that one invocation may take. Mesa's software rasterizer ends loops silently after 65,535.
pub const MAX_ROUNDS: u32 = 64_000;

/// Windows that reach further loop too long for an invocation to compute more than one sample.
const BLOCK_REACH: u32 = 2;

/// Times that a formula may go over the columns of a window.
const PASSES: u32 = 43;

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
    /// Whether all invocations read the same weights at a time.
    pub even_weights: bool,
    pub edges: Edges,
    pub alpha: Alpha,
    pub grid: Grid,
    pub footprint: Footprint,
    /// What an invocation writes, where the shape knows only one way.
    pub mode: Option<Mode>,
    /// Of a window: how far it reaches, px.
    pub reach: u32,
    /// Values that a unit reads of each channel, border and all.
    pub reads: u64,
    /// Rounds that a unit's loops take for each channel, where there are many.
    pub rounds: u32,
}

/// What some units read of the input.
#[derive(Debug)]
pub enum Footprint {
    /// What their grid says, by the border.
    Around,
    /// Along one side, for each unit, `span` px from its start on; starts never fall.
    Blocks { place: Place, starts: Vec<u32>, span: u32 },
    /// What the kernel says of their pixels.
    Of(Kernel),
}

impl Head {
    /// The part of an input of that layout that some units read; what padding reads and does not count is in it, because
    /// it must be a number. At least one pixel: what is read and thrown away.
    pub fn source_region(&self, part: &Part, input: Layout) -> Region {
        let Grid { columns, rows } = self.grid;
        let around = |side: Side, units, n| {
            let (low, high) = side.reads(units);
            self.edges.border.span(low, high, n)
        };
        let region = match &self.footprint {
            Footprint::Of(kernel) => kernel.source_region(part.region(), input),
            Footprint::Around => {
                Region::from_spans(around(columns, &part.columns, input.width), around(rows, &part.rows, input.height))
            }
            Footprint::Blocks { place, starts, span } => {
                let blocks = |units: &std::ops::Range<u32>, n: u32| {
                    (starts[units.start as usize], (starts[units.end as usize - 1] + span).min(n))
                };
                match place {
                    Place::Horizontal => {
                        Region::from_spans(blocks(&part.columns, input.width), rows.pixels(&part.rows))
                    }
                    Place::Vertical => {
                        Region::from_spans(columns.pixels(&part.columns), blocks(&part.rows, input.height))
                    }
                }
            }
        };
        if region.is_empty() { Region { x: 0, y: 0, width: 1, height: 1 } } else { region }
    }
}

impl Head {
    /// Of an input that is repeated beyond its borders: what some units read there, where that is less than all of it. It
    /// begins in the image and may end in its repetition; taken in the image alone, it would lie on both sides of it.
    pub fn repeated_region(&self, part: &Part, input: Layout) -> Option<Region> {
        let around = |side: Side| matches!(side.reach, Reach::Around { .. });
        let Grid { columns, rows } = self.grid;
        if self.edges.border != Border::Wrap || !around(columns) || !around(rows) {
            return None;
        }
        let ((left, right), (top, bottom)) = (columns.reads(&part.columns), rows.reads(&part.rows));
        let crosses = left < 0 || top < 0 || right > input.width.into() || bottom > input.height.into();
        // At most one repetition, begun at a whole quad.
        let along = |low: i64, high: i64, n: u32, unit: i64| {
            let begin = low.rem_euclid(n.into()) / unit * unit;
            let length = (high - low + unit - 1).min(n.into());
            (begin as u32, (begin + length) as u32)
        };
        let unit = i64::from(QUAD);
        let region = Region::from_spans(along(left, right, input.width, unit), along(top, bottom, input.height, 1));
        (crosses && region.pixels() < input.region().pixels()).then_some(region)
    }
}

const INSIDE_ONLY: Edges = Edges { border: Border::Clamp, value: [0.0; 4] };

pub fn point(layout: Layout) -> Head {
    Head {
        label: "point".into(),
        shape: vec![include_str!("../../../shaders/shapes/point.wgsl")],
        quads: (1, 1),
        words: None,
        window: None,
        weights: None,
        even_weights: false,
        edges: INSIDE_ONLY,
        // The formulas see to alpha themselves.
        alpha: Alpha::Work,
        grid: whole(layout),
        footprint: Footprint::Around,
        mode: None,
        reach: 0,
        reads: QUAD.into(),
        rounds: 0,
    }
}

/// A grid of single quads that read the image only.
fn whole(layout: Layout) -> Grid {
    Grid { columns: Side::inside(layout.width, QUAD), rows: Side::inside(layout.height, 1) }
}

/// Rows that an invocation walks down, as in `shaders/shapes/window.wgsl`.
const WALKED: u32 = 8;

pub fn window(kernel: &dyn Window, layout: Layout) -> Head {
    let (reach, formula) = (kernel.reach(), kernel.formula());
    if kernel.sorts_columns() {
        return strips(kernel, layout);
    }
    let long = reach > BLOCK_REACH;
    // Rows are read by whole quads.
    let (unit, rows, beside) = if long { (1, 1, reach) } else { (QUAD, WALKED, QUAD) };
    let grid = Grid {
        columns: Side::around(layout.width, unit, beside, unit + 2 * beside),
        rows: Side::around(layout.height, rows, reach, rows + 2 * reach),
    };
    Head {
        label: format!("window {}", formula.stem),
        shape: if long { Vec::new() } else { vec![include_str!("../../../shaders/shapes/window.wgsl")] },
        window: Some(formula),
        edges: kernel.edges(),
        alpha: kernel.alpha(),
        grid,
        mode: long.then_some(Mode::Samples),
        reach,
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
    // No longer than other invocations take.
    let height = ((MAX_ROUNDS / 2 - first) / row).min(STRIP_ROWS);
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
            columns: Side::around(layout.width, width, reach, width + 2 * reach),
            rows: Side::around(layout.height, height, reach, height + 2 * reach),
        },
        ..point(layout)
    }
}

pub fn permute(p: &Arc<Permutation>, input: Layout, output: Layout) -> Head {
    let corners = [p.source(0, 0), p.source(output.width - 1, output.height - 1)];
    let inside = corners
        .iter()
        .all(|(x, y)| (0..i64::from(input.width)).contains(x) && (0..i64::from(input.height)).contains(y));
    let rows = Side { length: output.height, unit: 1, reach: if inside { Reach::Inside } else { Reach::Anywhere } };
    let signed = [p.step_x, p.step_y, p.origin_x, p.origin_y].map(|v| v as u32);
    Head {
        label: "permute".into(),
        shape: vec![include_str!("../../../shaders/shapes/permute.wgsl")],
        words: Some(("permute", "Permute", [&[u32::from(p.transposed)], &signed[..]].concat())),
        edges: p.edges,
        grid: Grid { rows, ..whole(output) },
        footprint: Footprint::Of(Kernel::Permute(p.clone())),
        ..point(output)
    }
}

pub fn neighbourhood(kernel: &dyn Neighbourhood, layout: Layout) -> Head {
    let (reach, (across, down), formula) = (kernel.reach(), kernel.block(), kernel.formula());
    // Formulas read whole quads.
    let (unit, before, after) = (across.max(QUAD), reach.next_multiple_of(QUAD), (reach / QUAD + 1) * QUAD);
    Head {
        label: format!("neighbourhood {}", formula.stem),
        shape: vec![include_str!("../../../shaders/shapes/neighbourhood.wgsl")],
        window: Some(formula),
        mode: Some(Mode::Neighbourhoods { across, down }),
        reads: u64::from(unit * down) * kernel.reads(),
        edges: kernel.edges(),
        alpha: kernel.alpha(),
        grid: Grid {
            columns: Side::around(layout.width, unit, before, before + unit + after),
            rows: Side::around(layout.height, down, reach, down + 2 * reach),
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
        even_weights: true,
        reads: u64::from(QUAD) * taps,
        edges: stencil.edges,
        alpha: stencil.alpha,
        grid: Grid {
            columns: Side::around(layout.width, QUAD, reach, QUAD + 2 * reach),
            rows: Side::around(layout.height, 1, reach, 1 + 2 * reach),
        },
        ..point(layout)
    })
}

pub fn gather(gather: &Arc<Gather>, output: Layout) -> Head {
    let places = [gather.input_centre, gather.output_centre].concat();
    let mut words = words(&[&gather.matrix[..], &places].concat());
    words.push(gather.sampling as u32);
    Head {
        label: "gather".into(),
        shape: vec![include_str!("../../../shaders/shapes/gather.wgsl")],
        words: Some(("gather", "Gather", words)),
        reads: u64::from(QUAD) * if gather.sampling == Sampling::Bicubic { 16 } else { 4 },
        edges: Edges { border: Border::Constant, value: gather.background },
        grid: Grid { rows: Side { length: output.height, unit: 1, reach: Reach::Anywhere }, ..whole(output) },
        footprint: Footprint::Of(Kernel::Gather(gather.clone())),
        ..point(output)
    }
}

/// # Errors
/// Where an invocation would loop longer than is safe.
pub fn check_rounds(taps: u64, rounds: u64) -> Result<(), String> {
    if rounds > u64::from(MAX_ROUNDS) {
        return Err(format!("{taps} taps are too many for the GPU backend; use --backend cpu"));
    }
    Ok(())
}

pub fn words(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}
