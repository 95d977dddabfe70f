//! The passes of a flood.

use super::access::push_format_files;
use super::grid::{WORKGROUP, groups};
use super::params::Params;
use super::plan::{Binding, BufferId, Pass};
use super::reduce::input_text;
use super::storage::Stored;
use crate::op::Flood;

/// The steps of `shaders/shapes/flood.wgsl`, in order; what each does stands there.
const STEPS: [&str; 5] = ["start", "join", "join", "mark", "flow"];

/// Words that a step reads for a pixel, more or less: its neighbours, and the way to their roots.
const READS_EACH: u64 = 16;

/// `parents` and `marks` hold a word a pixel; the result goes to planes.
pub fn passes(
    flood: Flood,
    (buffer, input): (BufferId, Stored),
    parents: BufferId,
    marks: BufferId,
    (result, output): (BufferId, Stored),
) -> Vec<Pass> {
    let [x, y] = groups(input.layout.pixels(), WORKGROUP);
    let mut params = Params::default();
    params.push_words("flood", "Flood", &[flood.low.to_bits(), flood.high.to_bits(), x * WORKGROUP]);
    params.push_extent("input_0", input);
    params.push_extent("output", output);
    let mut text = include_str!("../../../shaders/shapes/flood.wgsl").to_string();
    push_format_files(&mut text, &[input.format]);
    text += include_str!("../../../shaders/shared/extent.wgsl");
    text += &params.text();
    text += "@group(0) @binding(1) var<storage, read_write> output: array<f32>;\n";
    text += &input_text(input);
    text += "@group(0) @binding(3) var<storage, read_write> parents: array<atomic<u32>>;\n";
    text += "@group(0) @binding(4) var<storage, read_write> marks: array<atomic<u32>>;\n";
    let bindings = vec![
        Binding::Params,
        Binding::Write(result),
        Binding::Read(buffer),
        Binding::Write(parents),
        Binding::Write(marks),
    ];
    let params = params.into_bytes();
    let pass = |step: &&str| Pass {
        label: format!("flood {step}"),
        text: format!("{text}fn step(i: u32) {{\n    {step}(i);\n}}\n").into(),
        params: params.clone(),
        bindings: bindings.clone(),
        groups: [x, y, 1],
        clear: None,
        reads: READS_EACH * input.layout.pixels(),
    };
    STEPS.iter().map(pass).collect()
}
