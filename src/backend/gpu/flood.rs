//! The dispatches of a flood, and what it sees of an image that is too large for the device.

use std::ops::Range;

use super::access::push_format_files;
use super::effort::Effort;
use super::grid::{WORKGROUP, groups};
use super::params::Params;
use super::plan::{Binding, BufferId, Dispatch};
use super::reduce::input_text;
use super::shader::{Operand, PointStep};
use super::sketch::Place;
use super::storage::Stored;
use crate::image::Layout;
use crate::op::{Alpha, Flood, Formula};
use crate::shader_struct;

/// The steps of `shaders/shapes/flood.wgsl`, in order; what each does stands there.
const STEPS: [&str; 5] = ["start", "join", "join", "mark", "flow"];

/// Words that a step reads for a pixel, more or less: its neighbours, and the way to their roots.
const READS_EACH: u64 = 16;

/// `parents` and `marks` hold a word a pixel; the result goes to planes.
pub fn dispatches(
    flood: Flood,
    (buffer, input): Place,
    parents: BufferId,
    marks: BufferId,
    (result, output): Place,
    effort: Effort,
) -> Vec<Dispatch> {
    let bindings = vec![
        Binding::Params,
        Binding::Write(result),
        Binding::Read(buffer),
        Binding::Write(parents),
        Binding::Write(marks),
    ];
    let parts: Vec<Range<u64>> = effort.dispatches(input.layout.pixels(), READS_EACH).collect();
    let mut dispatches = Vec::new();
    for step in STEPS {
        for part in &parts {
            let [x, y] = groups(part.end - part.start, WORKGROUP);
            let params = params(flood, input, output, part, x * WORKGROUP);
            dispatches.push(Dispatch {
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
    dispatches
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

shader_struct! {
    /// 1 above `low`, 2 above `high` too, else 0.
    struct FloodClasses { low: f32, high: f32, }
}

/// What a flood sees in each pixel, as codes.
pub fn classes(flood: Flood, layout: Layout) -> PointStep {
    let parameters = FloodClasses { low: flood.low, high: flood.high };
    let text = include_str!("../../../shaders/shapes/flood_classes.wgsl");
    let formula = Formula::new("flood_classes", text, &parameters);
    PointStep { formula, alpha: Alpha::Keep, operands: vec![Operand::Current], layout }
}

/// Runs a flood over classes, 1 and 2 of them: 255 where it comes, else 0.
pub fn run_over(classes: &mut [u8], width: usize) {
    let mut open = Vec::new();
    for seed in 0..classes.len() {
        if classes[seed] == 2 {
            classes[seed] = 255;
            open.push(seed);
        }
        while let Some(at) = open.pop() {
            let (first, last) = (at - usize::from(at % width > 0), at + usize::from(at % width + 1 < width));
            for step in [first.checked_sub(width), Some(first), Some(first + width)] {
                let Some(row) = step else { continue };
                for next in row..=row + (last - first) {
                    if classes.get(next).is_some_and(|class| matches!(class, 1 | 2)) {
                        classes[next] = 255;
                        open.push(next);
                    }
                }
            }
        }
    }
    for class in classes.iter_mut().filter(|class| **class < 255) {
        *class = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_over_classes_comes_as_far_as_neighbours_reach() {
        let picture = ["2....1", ".1..1.", "..1...", "1.....", "..1222"];
        let class = |c: char| c.to_digit(10).unwrap_or(0) as u8;
        let mut classes: Vec<u8> = picture.iter().flat_map(|row| row.chars().map(class)).collect();
        run_over(&mut classes, 6);
        let expected = ["#.....", ".#....", "..#...", "......", "..####"];
        let reached = |c: char| if c == '#' { 255 } else { 0 };
        assert_eq!(classes, expected.iter().flat_map(|row| row.chars().map(reached)).collect::<Vec<u8>>());
    }
}
