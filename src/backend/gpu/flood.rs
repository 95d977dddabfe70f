//! The passes of a flood.

use std::ops::Range;

use super::access::push_format_files;
use super::effort::Effort;
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
    effort: Effort,
) -> Vec<Pass> {
    let bindings = vec![
        Binding::Params,
        Binding::Write(result),
        Binding::Read(buffer),
        Binding::Write(parents),
        Binding::Write(marks),
    ];
    let parts: Vec<Range<u64>> = effort.dispatches(input.layout.pixels(), READS_EACH).collect();
    let mut passes = Vec::new();
    for step in STEPS {
        for part in &parts {
            let [x, y] = groups(part.end - part.start, WORKGROUP);
            let params = params(flood, input, output, part, x * WORKGROUP);
            passes.push(Pass {
                label: format!("flood {step}"),
                text: text(step, input, &params).into(),
                params: params.into_bytes(),
                bindings: bindings.clone(),
                groups: [x, y, 1],
                clear: None,
                reads: READS_EACH * (part.end - part.start),
            });
        }
    }
    passes
}

/// The parameters of a dispatch over those pixels, `span` invocations in a row of it.
fn params(flood: Flood, input: Stored, output: Stored, pixels: &Range<u64>, span: u32) -> Params {
    let mut params = Params::default();
    let (first, end) = (pixels.start as u32, pixels.end as u32);
    params.push_words("flood", "Flood", &[flood.low.to_bits(), flood.high.to_bits(), span, first, end]);
    params.push_extent("input_0", input);
    params.push_extent("output", output);
    params
}

fn text(step: &str, input: Stored, params: &Params) -> String {
    let mut text = include_str!("../../../shaders/shapes/flood.wgsl").to_string();
    push_format_files(&mut text, &[input.format]);
    text += include_str!("../../../shaders/shared/extent.wgsl");
    text += &params.text();
    text += "@group(0) @binding(1) var<storage, read_write> output: array<f32>;\n";
    text += &input_text(input);
    text += "@group(0) @binding(3) var<storage, read_write> parents: array<atomic<u32>>;\n";
    text += "@group(0) @binding(4) var<storage, read_write> marks: array<atomic<u32>>;\n";
    text + &format!("fn step(i: u32) {{\n    {step}(i);\n}}\n")
}
