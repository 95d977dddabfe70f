//! WGSL that loads and stores the samples of an image, by its format.

use super::storage::{Format, Stored};
use crate::image::Layout;

/// Pixel `i` of the quad of a further input, as an argument.
pub fn other_pixel(k: usize, layout: Layout, i: u32) -> String {
    let channel = |c: u32| format!("w{k}_{c}[{i}]");
    let colour = |c: u32| channel(if layout.colours == 3 { c } else { 0 });
    let alpha = if layout.alpha { channel(layout.colours) } else { "255.0".into() };
    format!(", vec4f({}, {}, {}, {alpha})", colour(0), colour(1), colour(2))
}

/// Stores the quad of pixels p0 to p3.
pub fn stores(output: Stored) -> String {
    let channels = output.layout.channels();
    let sample = |k: u32| format!("p{}.{}", k / channels, channel_name(output.layout, k % channels));
    let words = |per_word: u32, pack: &str| -> String {
        let count = 4 * channels / per_word;
        let word = |w: u32| {
            let samples: Vec<String> = (0..per_word).map(|i| sample(w * per_word + i)).collect();
            format!("    output[base + {w}u] = {pack}({}));\n", samples.join(", "))
        };
        format!("    let base = y * params.output.row + q * {count}u;\n") + &(0..count).map(word).collect::<String>()
    };
    match output.format {
        Format::Codes8 => words(4, "codes8_from_levels(vec4f"),
        Format::Codes16 => words(2, "codes16_from_levels(vec2f"),
        Format::Float32 => unreachable!("results are codes"),
        Format::Planes => (0..channels)
            .map(|c| {
                let n = channel_name(output.layout, c);
                let v = format!("vec4f(p0.{n}, p1.{n}, p2.{n}, p3.{n})");
                format!("    output[{c}u * params.output.plane + y * params.output.row + q] = {v};\n")
            })
            .collect(),
    }
}

fn channel_name(layout: Layout, c: u32) -> &'static str {
    if layout.is_alpha(c) { "a" } else { ["r", "g", "b"][c as usize] }
}

/// The files that unpack and pack these formats, each once.
pub fn push_format_files(text: &mut String, formats: &[Format]) {
    if formats.contains(&Format::Codes8) {
        *text += include_str!("../../../shaders/shared/codes8.wgsl");
    }
    if formats.contains(&Format::Codes16) {
        *text += include_str!("../../../shaders/shared/codes16.wgsl");
    }
    if formats.contains(&Format::Float32) {
        *text += include_str!("../../../shaders/shared/float32.wgsl");
    }
}

/// `load_k`, a pixel's channel, and `load4_k`, a quad's, both at places inside the padded image.
pub fn loads(k: usize, input: Stored) -> String {
    let extent = format!("params.input_{k}");
    let (name, shift) = match input.format {
        Format::Planes => {
            let quad = format!("input_{k}[c * {extent}.plane + y * {extent}.row");
            return format!(
                "fn load_{k}(x: u32, y: u32, c: u32) -> f32 {{\n    return {quad} + x / 4u][x & 3u];\n}}\n\
                 fn load4_{k}(q: u32, y: u32, c: u32) -> vec4f {{\n    return {quad} + q];\n}}\n"
            );
        }
        Format::Codes8 => ("level_from_codes8", 2),
        Format::Codes16 => ("level_from_codes16", 1),
        Format::Float32 => ("level_from_float32", 0),
    };
    let channels = input.layout.channels();
    let words = channels * input.format.sample_bytes();
    let one = |i: u32| format!("{name}(input_{k}[base + (k.{} >> {shift}u)], k.{})", lane(i), lane(i));
    let four: Vec<String> = (0..4).map(one).collect();
    format!(
        "fn load_{k}(x: u32, y: u32, c: u32) -> f32 {{\n    let k = x * {channels}u + c;\n    \
         return {name}(input_{k}[y * {extent}.row + (k >> {shift}u)], k);\n}}\n\
         fn load4_{k}(q: u32, y: u32, c: u32) -> vec4f {{\n    let base = y * {extent}.row + q * {words}u;\n    \
         let k = vec4u(0u, 1u, 2u, 3u) * {channels}u + c;\n    return vec4f({});\n}}\n",
        four.join(", ")
    )
}

fn lane(i: u32) -> char {
    ['x', 'y', 'z', 'w'][i as usize]
}
