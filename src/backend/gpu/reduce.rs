//! The passes of statistics: counts of each code and the table made from them, and the greatest value.

use super::access::{loads, push_format_files};
use super::grid::groups;
use super::params::Params;
use super::plan::{Binding, BufferId, Pass};
use super::storage::{QUAD, Stored};
use crate::image::Layout;
use crate::op::{Reduce, Statistic};

/// Invocations in a workgroup of these passes.
const WORKGROUP: u32 = 256;

/// Quads that an invocation sees, as in `shaders/shapes/histogram_image.wgsl` and `maximum.wgsl`.
const QUADS_EACH: u64 = 16;

/// Pixels of a tile that an invocation counts, as in `shaders/shapes/histogram_tiles.wgsl`.
const PIXELS_EACH: u64 = 16;

/// Bytes of the counts, and of the table.
pub fn bytes(statistic: Statistic, layout: Layout, codes: u32) -> u64 {
    4 * u64::from(codes) * u64::from(statistic.lanes(layout.colours))
}

/// Bytes of a table of one value; buffers are bound by whole vectors.
pub const MAXIMUM_BYTES: u64 = 16;

/// Counting, then the table.
pub fn passes(
    kernel: &dyn Reduce,
    input: (BufferId, Stored),
    counts: BufferId,
    table: BufferId,
    codes: u32,
) -> [Pass; 2] {
    [count_pass(kernel.statistic(), input, counts, codes), table_pass(kernel, input.1.layout, counts, table, codes)]
}

fn count_pass(statistic: Statistic, (buffer, input): (BufferId, Stored), counts: BufferId, codes: u32) -> Pass {
    let layout = input.layout;
    let (tiles, each) = match statistic {
        Statistic::Luma => (None, false),
        Statistic::Each => (None, true),
        Statistic::LumaTiles(tiles) => (Some(tiles), false),
        Statistic::EachTiles(tiles) => (Some(tiles), true),
    };
    let quads = u64::from(input.quads()) * u64::from(layout.height);
    let share = match tiles {
        None => quads.div_ceil(QUADS_EACH),
        Some(t) => (u64::from(t.width) * u64::from(t.height)).div_ceil(PIXELS_EACH),
    };
    let [x, y] = groups(share, WORKGROUP);
    let grid = tiles.map_or([1, 1, 0, 0], |t| [t.across * t.down, t.across, t.width, t.height]);
    let mut params = Params::default();
    params.push_words("reduce", "Reduce", &[&[quads as u32, input.quads(), x], &grid[..]].concat());
    params.push_extent("input_0", input);
    let part = match tiles {
        None => include_str!("../../../shaders/shapes/histogram_image.wgsl"),
        Some(_) => include_str!("../../../shaders/shapes/histogram_tiles.wgsl"),
    };
    let entry = match codes {
        256 => include_str!("../../../shaders/shapes/histogram_local.wgsl"),
        _ => include_str!("../../../shaders/shapes/histogram_global.wgsl"),
    };
    let mut text = [include_str!("../../../shaders/shapes/histogram.wgsl"), part, entry].concat();
    text += include_str!("../../../shaders/shared/colour.wgsl");
    text += include_str!("../../../shaders/shared/border.wgsl");
    push_format_files(&mut text, &[input.format]);
    text += &format!("const CODES = {codes}u;\nconst COLOURS = {}u;\n", layout.colours);
    text += &format!("const LANES = {}u;\nconst LUMA = {};\n", if each { layout.colours } else { 1 }, !each);
    text += include_str!("../../../shaders/shared/extent.wgsl");
    text += &params.text();
    text += "@group(0) @binding(1) var<storage, read_write> output: array<atomic<u32>>;\n";
    text += &input_text(input);
    Pass {
        label: "histogram".into(),
        text: text.into(),
        params: params.into_bytes(),
        bindings: vec![Binding::Params, Binding::Write(counts), Binding::Read(buffer)],
        groups: [x, y, tiles.map_or(1, |t| t.across * t.down)],
        clear: Some(counts),
        reads: quads * u64::from(QUAD * layout.channels()),
    }
}

/// The greatest value of an image's first channel into a table.
pub fn maximum_pass((buffer, input): (BufferId, Stored), table: BufferId) -> Pass {
    let quads = u64::from(input.quads()) * u64::from(input.layout.height);
    let [x, y] = groups(quads.div_ceil(QUADS_EACH), WORKGROUP);
    let mut params = Params::default();
    params.push_words("maximum", "Maximum", &[quads as u32, input.quads(), x]);
    params.push_extent("input_0", input);
    let mut text = include_str!("../../../shaders/shapes/maximum.wgsl").to_string();
    push_format_files(&mut text, &[input.format]);
    text += include_str!("../../../shaders/shared/extent.wgsl");
    text += &params.text();
    text += "@group(0) @binding(1) var<storage, read_write> output: array<atomic<u32>>;\n";
    text += &input_text(input);
    Pass {
        label: "maximum".into(),
        text: text.into(),
        params: params.into_bytes(),
        bindings: vec![Binding::Params, Binding::Write(table), Binding::Read(buffer)],
        groups: [x, y, 1],
        clear: Some(table),
        reads: input.layout.pixels(),
    }
}

/// Binding 2, and the functions that read it.
pub fn input_text(input: Stored) -> String {
    let element = if input.format == super::storage::Format::Planes { "vec4f" } else { "u32" };
    format!("@group(0) @binding(2) var<storage, read> input_0: array<{element}>;\n") + &loads(0, input)
}

fn table_pass(kernel: &dyn Reduce, layout: Layout, counts: BufferId, table: BufferId, codes: u32) -> Pass {
    let formula = kernel.formula();
    let mut params = Params::default();
    params.push("p", formula.structure, &formula.bytes);
    let mut text = format!("{}\n{}", formula.text, formula.structure_text);
    text += include_str!("../../../shaders/shapes/table.wgsl");
    text += include_str!("../../../shaders/shared/colour.wgsl");
    text += &params.text();
    text += &format!("const CODES = {codes}u;\n");
    text += "@group(0) @binding(1) var<storage, read_write> output: array<f32>;\n";
    text += "@group(0) @binding(2) var<storage, read> input_0: array<u32>;\n";
    text += &format!("fn make_table(lane: u32) {{\n    {}(lane, params.p);\n}}\n", formula.stem);
    Pass {
        label: format!("table {}", formula.stem),
        text: text.into(),
        params: params.into_bytes(),
        bindings: vec![Binding::Params, Binding::Write(table), Binding::Read(counts)],
        groups: [kernel.statistic().lanes(layout.colours), 1, 1],
        clear: None,
        reads: u64::from(codes),
    }
}
