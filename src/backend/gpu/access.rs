//! WGSL that loads and stores the samples of an image, by its format.

use super::storage::{Format, Stored};
use crate::image::Layout;

/// Stores the quad of pixels p0 to p3.
pub fn stores(output: Stored) -> String {
    let channels = output.layout.channels();
    let sample = |k: u32| format!("p{}.{}", k / channels, channel_name(output.layout, k % channels));
    let words = |per_word: u32, packed: fn(String) -> String| -> String {
        let count = 4 * channels / per_word;
        let word = |w: u32| {
            let samples: Vec<String> = (0..per_word).map(|i| sample(w * per_word + i)).collect();
            format!("    output[base + {w}u] = {};\n", packed(samples.join(", ")))
        };
        let base = format!("    let base = y * params.output.row + q * {count}u - params.output.origin;\n");
        (0..count).map(word).fold(base, |text, word| text + &word)
    };
    match output.format {
        Format::Codes8 => words(4, |samples| format!("codes8_from_levels(vec4f({samples}))")),
        Format::Codes16 => words(2, |samples| format!("codes16_from_levels(vec2f({samples}))")),
        Format::Values => words(1, |sample| format!("bitcast<u32>({sample})")),
        Format::Float32 => unreachable!("results are codes or values"),
        Format::Planes | Format::Planes8 | Format::Planes16 => (0..channels)
            .map(|c| {
                let n = channel_name(output.layout, c);
                let v = planar(output.format, &format!("vec4f(p0.{n}, p1.{n}, p2.{n}, p3.{n})"));
                format!("    output[{c}u * extent.plane + y * extent.row + q - extent.origin] = {v};\n")
            })
            .fold("    let extent = params.output;\n".into(), |text, store| text + &store),
    }
}

/// What planes of that format hold of a quad.
pub fn planar(format: Format, quad: &str) -> String {
    match format {
        Format::Planes8 => format!("word_of_levels({quad})"),
        Format::Planes16 => format!("halves_of_levels({quad})"),
        _ => quad.into(),
    }
}

/// WGSL's type of the elements of a buffer.
pub fn element(format: Format) -> &'static str {
    match format {
        Format::Planes => "vec4f",
        Format::Planes16 => "vec2u",
        _ => "u32",
    }
}

fn channel_name(layout: Layout, c: u32) -> &'static str {
    if layout.is_alpha(c) { "a" } else { ["r", "g", "b"][c as usize] }
}

/// The files that unpack and pack these formats, each once.
pub fn push_format_files(text: &mut String, formats: &[Format]) {
    if formats.contains(&Format::Codes8) || formats.contains(&Format::Planes8) {
        *text += include_str!("../../../shaders/shared/codes8.wgsl");
    }
    if formats.contains(&Format::Codes16) {
        *text += include_str!("../../../shaders/shared/codes16.wgsl");
    }
    if formats.contains(&Format::Planes16) {
        *text += include_str!("../../../shaders/shared/planes16.wgsl");
    }
    if formats.contains(&Format::Float32) || formats.contains(&Format::Values) {
        *text += include_str!("../../../shaders/shared/float32.wgsl");
    }
}

/// `{name}_k`, a pixel's channel, and `{name}4_k`, a quad's, of the k-th input; both at places of its region, padding
/// included.
pub fn loads(name: &str, k: usize, input: Stored) -> String {
    let (one, four) = (
        format!("fn {name}_{k}(x: u32, y: u32, c: u32) -> f32"),
        format!("fn {name}4_{k}(q: u32, y: u32, c: u32) -> vec4f"),
    );
    let channels = input.layout.channels();
    let element = match input.format {
        Format::Planes => Some((format!("input_{k}[row + x / 4u][x & 3u]"), format!("input_{k}[row + q]"))),
        Format::Planes16 => {
            let level = format!("level_from_half(input_{k}[row + x / 4u][(x >> 1u) & 1u], x)");
            Some((level, format!("levels_of_halves(input_{k}[row + q])")))
        }
        // Codes of one channel are a plane.
        format if format == Format::Planes8 || (format, channels) == (Format::Codes8, 1) => {
            let level = format!("level_from_codes8(input_{k}[row + x / 4u], x)");
            Some((level, format!("levels_of_word(input_{k}[row + q])")))
        }
        _ => None,
    };
    if let Some((level, levels)) = element {
        let row = format!("let e = params.input_{k};\n    let row = c * e.plane + y * e.row - e.origin");
        return format!(
            "{one} {{\n    {row};\n    return {level};\n}}\n{four} {{\n    {row};\n    return {levels};\n}}\n"
        );
    }
    let (level, shift) = match input.format {
        Format::Codes8 => ("level_from_codes8", 2),
        Format::Codes16 => ("level_from_codes16", 1),
        Format::Float32 => ("level_from_float32", 0),
        Format::Values => ("value_from_float32", 0),
        Format::Planes | Format::Planes8 | Format::Planes16 => unreachable!("planes are loaded above"),
    };
    let words = channels * input.format.sample_bytes();
    let row = format!("let row = y * params.input_{k}.row - params.input_{k}.origin");
    let lane = |i: char| format!("{level}(input_{k}[base + (k.{i} >> {shift}u)], k.{i})");
    let lanes = ['x', 'y', 'z', 'w'].map(lane).join(", ");
    format!(
        "{one} {{\n    {row};\n    let k = x * {channels}u + c;\n    \
         return {level}(input_{k}[row + (k >> {shift}u)], k);\n}}\n\
         {four} {{\n    {row};\n    let base = row + q * {words}u;\n    \
         let k = vec4u(0u, 1u, 2u, 3u) * {channels}u + c;\n    return vec4f({lanes});\n}}\n"
    )
}
