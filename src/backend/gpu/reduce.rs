//! The passes of a reduce kernel: counts of each code, and the table made from them.

use super::grid::groups;
use super::params::Params;
use super::plan::{Binding, BufferId, Pass};
use super::shader::{loads, push_format_files};
use super::storage::{QUAD, Stored};
use crate::image::Layout;
use crate::op::{Reduce, Statistic};

/// Invocations in a workgroup of these passes.
const WORKGROUP: u32 = 256;

/// Quads that an invocation counts, as in `shaders/shapes/histogram.wgsl`.
const QUADS_EACH: u64 = 16;

fn lanes(statistic: Statistic, layout: Layout) -> u32 {
    match statistic {
        Statistic::Luma => 1,
        Statistic::Each => layout.colours,
    }
}

/// Bytes of the counts, and of the table.
pub fn bytes(statistic: Statistic, layout: Layout, codes: u32) -> u64 {
    4 * u64::from(codes) * u64::from(lanes(statistic, layout))
}

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
    let quads = u64::from(input.quads()) * u64::from(layout.height);
    let [x, y] = groups(quads.div_ceil(QUADS_EACH), WORKGROUP);
    let mut params = Params::default();
    params.push_words("reduce", "Reduce", &[quads as u32, input.quads(), x]);
    params.push_extent("input_0", input);
    let entry = match codes {
        256 => include_str!("../../../shaders/shapes/histogram_local.wgsl"),
        _ => include_str!("../../../shaders/shapes/histogram_global.wgsl"),
    };
    let mut text = [include_str!("../../../shaders/shapes/histogram.wgsl"), entry].concat();
    text += include_str!("../../../shaders/shared/colour.wgsl");
    push_format_files(&mut text, &[input.format]);
    text += &format!("const CODES = {codes}u;\nconst COLOURS = {}u;\n", layout.colours);
    text += &format!("const LANES = {}u;\nconst LUMA = {};\n", lanes(statistic, layout), statistic == Statistic::Luma);
    text += include_str!("../../../shaders/shared/extent.wgsl");
    text += &params.text();
    text += "@group(0) @binding(1) var<storage, read_write> output: array<atomic<u32>>;\n";
    text += &input_text(input);
    Pass {
        label: "histogram".into(),
        text: text.into(),
        params: params.into_bytes(),
        bindings: vec![Binding::Params, Binding::Write(counts), Binding::Read(buffer)],
        groups: [x, y, 1],
        clear: Some(counts),
        reads: quads * u64::from(QUAD * layout.channels()),
    }
}

fn input_text(input: Stored) -> String {
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
        groups: [lanes(kernel.statistic(), layout), 1, 1],
        clear: None,
        reads: u64::from(codes),
    }
}
