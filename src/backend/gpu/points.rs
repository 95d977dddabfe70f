//! WGSL that calls point formulas, on the way from an input and on the way to the output.

use super::shader::{Operand, PointStep};
use super::storage::Stored;
use crate::image::Layout;
use crate::op::Alpha;

/// A function of that name: the formulas one after another on one pixel, with parameters `{prefix}0`, `{prefix}1`, …; the
/// pass's inputs but the first as arguments w1, w2, …
pub fn calls(name: &str, points: &[PointStep], prefix: &str, inputs: usize) -> String {
    let arguments: String = (1..inputs).map(|k| format!(", w{k}: vec4f")).collect();
    let mut text = format!("fn {name}(first: vec4f{arguments}) -> vec4f {{\n    var v = first;\n");
    for (i, point) in points.iter().enumerate() {
        let operand = |o: &Operand| match o {
            Operand::Current => "v".to_string(),
            Operand::Input(k) => format!("w{k}"),
        };
        let operands: Vec<String> = point.operands.iter().map(operand).collect();
        let call = format!("{}({}, params.{prefix}{i})", point.formula.stem, operands.join(", "));
        text += &match (point.alpha, point.layout.alpha) {
            (Alpha::Keep, _) => format!("    v = vec4f({call}.rgb, {}.a);\n", operands[0]),
            (Alpha::Work, true) => format!("    v = {call};\n"),
            (Alpha::Work, false) => format!("    v = vec4f({call}.rgb, 255.0);\n"),
        };
        if point.layout.colours == 1 {
            text += "    v = v.rrra;\n";
        }
    }
    text + "    return v;\n}\n"
}

/// `load_0` and `load4_0`: what `points_before` makes of pixels of the first input, by `raw_0` and `raw4_0`.
pub fn loaded(input: Stored, result: Layout) -> String {
    let raw: Vec<String> = (0..input.layout.channels()).map(|c| format!("raw_0(x, y, {c}u)")).collect();
    let channel = if result.colours == 3 { "v[c]" } else { "select(v.r, v.a, c == 1u)" };
    let mut text = format!(
        "fn load_0(x: u32, y: u32, c: u32) -> f32 {{\n    position = vec2f(f32(x), f32(y));\n    \
         let v = points_before({});\n    return {channel};\n}}\n",
        pixel(input.layout, |c| raw[c as usize].clone())
    );
    text += "fn load4_0(q: u32, y: u32, c: u32) -> vec4f {\n";
    for c in 0..input.layout.channels() {
        text += &format!("    let r{c} = raw4_0(q, y, {c}u);\n");
    }
    for i in 0..4 {
        text += &format!("    position = vec2f(f32(4u * q + {i}u), f32(y));\n");
        text += &format!("    let p{i} = points_before({});\n", pixel(input.layout, |c| format!("r{c}[{i}]")));
    }
    let each = |channel: &dyn Fn(String) -> String| [0, 1, 2, 3].map(|i| channel(format!("p{i}"))).join(", ");
    text += &match result.colours {
        3 => format!("    return vec4f({});\n}}\n", each(&|p| format!("{p}[c]"))),
        _ => {
            format!("    return select(vec4f({}), vec4f({}), c == 1u);\n}}\n", each(&|p| p + ".r"), each(&|p| p + ".a"))
        }
    };
    text
}

/// `finish`: the points of a quad, and the store of its pixels p0 to p3.
pub fn finish(inputs: &[Stored], stores: &str) -> String {
    let others = || inputs.iter().enumerate().skip(1);
    let mut text = "fn finish(q: u32, y: u32, r: vec4f, g: vec4f, b: vec4f, a: vec4f) {\n".to_string();
    text += "    if (q >= (params.output.width + 3u) / 4u || y >= params.output.height) {\n";
    text += "        return;\n    }\n";
    for (k, input) in others() {
        for c in 0..input.layout.channels() {
            text += &format!("    let w{k}_{c} = load4_{k}(q, y, {c}u);\n");
        }
    }
    for i in 0..4 {
        let other = |(k, s): (usize, &Stored)| format!(", {}", pixel(s.layout, |c| format!("w{k}_{c}[{i}]")));
        let others: String = others().map(other).collect();
        text += &format!("    position = vec2f(f32(4u * q + {i}u), f32(y));\n");
        text += &format!("    let p{i} = points(vec4f(r[{i}], g[{i}], b[{i}], a[{i}]){others});\n");
    }
    text + stores + "}\n"
}

/// A pixel, given its channels: gray in all three colours, alpha 255 where there is none.
fn pixel(layout: Layout, channel: impl Fn(u32) -> String) -> String {
    let colour = |c: u32| channel(if layout.colours == 3 { c } else { 0 });
    let alpha = if layout.alpha { channel(layout.colours) } else { "255.0".into() };
    format!("vec4f({}, {}, {}, {alpha})", colour(0), colour(1), colour(2))
}
