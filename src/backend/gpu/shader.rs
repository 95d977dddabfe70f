//! Puts a pass's WGSL together: the formulas' files first, so that errors keep their line numbers, then the files of the
//! shape, then the glue that is written here. Values stand in the parameters, so one text serves every image.

use super::access::{element, loads, planar, push_format_files, stores};
use super::grid::WORKGROUP;
use super::head::Head;
use super::params::Params;
use super::points::{calls, finish, loaded};
use super::storage::{Format, QUAD, Stored};
use crate::image::{Border, Layout};
use crate::op::{Alpha, Formula, Place};

/// Which invocation writes what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All channels of a block, so that point formulas can follow and codes be packed.
    Pixels,
    /// One channel of a block, into planes.
    Channels,
    /// One channel of one pixel, into planes: for windows that loop long.
    Samples,
    /// All channels of a block of rows of whole quads, so that point formulas can follow and codes be packed: for
    /// neighbourhoods of whole pixels, whose formula gives so many of them at a time.
    Neighbourhoods {
        /// px
        across: u32,
        down: u32,
    },
    /// One channel of a stretch of a line, into planes: of a row, or of a column of quads.
    Line(Place),
    /// One channel of a strip by a workgroup, into planes: for windows that are seen as sorted columns of `side` values.
    Strips { side: u32 },
}

impl Mode {
    /// Whether one invocation works on all channels.
    pub fn sees_all_channels(self) -> bool {
        matches!(self, Mode::Pixels | Mode::Neighbourhoods { .. })
    }

    /// Units of a workgroup.
    pub fn units(self) -> u32 {
        if matches!(self, Mode::Strips { .. }) { 1 } else { WORKGROUP }
    }
}

/// What a formula's image argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The value that the pass has so far.
    Current,
    /// An input of the pass, at the same pixel.
    Input(usize),
}

/// Where a pass has its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    None,
    /// Among the parameters, so many vectors: a driver then knows that all invocations read the same at a time.
    Even(u32),
    /// In a buffer of their own.
    Buffer,
}

impl Weights {
    /// Of sizes among the parameters there are few, so that there are few shaders.
    pub fn of(head: &Head) -> Weights {
        match &head.weights {
            None => Weights::None,
            Some(words) => {
                let vectors = (words.len() as u32 / 4).next_power_of_two().max(8);
                if head.even_weights && vectors <= MOST_EVEN { Weights::Even(vectors) } else { Weights::Buffer }
            }
        }
    }
}

/// Vectors of weights that parameters hold: half of what every adapter binds as a uniform buffer.
const MOST_EVEN: u32 = 512;

/// A point formula within a pass.
#[derive(Clone, Debug)]
pub struct PointStep {
    pub formula: Formula,
    pub alpha: Alpha,
    /// One or two.
    pub operands: Vec<Operand>,
    /// Of the result.
    pub layout: Layout,
}

/// A pass over an image, before it is text.
#[derive(Clone, Copy, Debug)]
pub struct ImagePass<'a> {
    pub head: &'a Head,
    pub mode: Mode,
    /// Border of the rim's units; none where all taps lie inside the image.
    pub border: Option<Border>,
    pub inputs: &'a [Stored],
    /// Of what the shape sees: the first input, or what points make of it.
    pub source: Layout,
    pub output: Stored,
    pub weights: Weights,
    /// Whether a formula reads a table.
    pub table: bool,
    /// Points on the way from the first input.
    pub before: &'a [PointStep],
    pub after: &'a [PointStep],
}

/// Binding numbers after `params`: the output, the constants, the inputs, the table.
const OUTPUT: &str = "@group(0) @binding(1) var<storage, read_write> output";

impl ImagePass<'_> {
    /// The whole text for these parameters.
    pub fn text(&self, params: &Params) -> String {
        let mut text = String::new();
        self.push_formulas(&mut text);
        for file in &self.head.shape {
            text += file;
        }
        text += include_str!("../../../shaders/shared/grid.wgsl");
        if self.mode.units() > 1 {
            text += include_str!("../../../shaders/shared/units.wgsl");
        }
        text += include_str!("../../../shaders/shared/extent.wgsl");
        if let Some(border) = self.border {
            text += include_str!("../../../shaders/shared/rim.wgsl");
            text += include_str!("../../../shaders/shared/border.wgsl");
            text += &border_text(border);
        } else {
            text += include_str!("../../../shaders/shared/inside.wgsl");
        }
        text += include_str!("../../../shaders/shared/colour.wgsl");
        let formats: Vec<Format> = self.inputs.iter().chain([&self.output]).map(|s| s.format).collect();
        push_format_files(&mut text, &formats);
        text += &params.text();
        text += &self.bindings_text();
        text += &self.loads();
        text += &self.window_text();
        text += &match self.mode {
            Mode::Pixels if self.walks() => {
                self.write_rows() + &calls("points", self.after, "p", self.inputs.len()) + &self.store()
            }
            Mode::Channels if self.walks() => self.write_rows(),
            Mode::Pixels => self.write_pixels() + &calls("points", self.after, "p", self.inputs.len()) + &self.store(),
            Mode::Channels => self.write_channel(),
            Mode::Samples => self.write_sample(),
            Mode::Neighbourhoods { across, down } => {
                self.write_neighbourhoods(across, down)
                    + &calls("points", self.after, "p", self.inputs.len())
                    + &self.store()
            }
            Mode::Line(_) => self.write_line(),
            Mode::Strips { .. } => self.write_strip(),
        };
        text
    }

    /// What reads the inputs, the first through points where there are some.
    fn loads(&self) -> String {
        let mut text = String::new();
        if self.mode.sees_all_channels() || !self.before.is_empty() {
            text += "var<private> position: vec2f;\n";
        }
        let Some((first, others)) = self.inputs.split_first() else { return text };
        if self.before.is_empty() {
            text += &loads("load", 0, *first);
        } else {
            text += &loads("raw", 0, *first);
            text += &calls("points_before", self.before, "b", 1);
            text += &loaded(*first, self.source);
        }
        others.iter().zip(1..).for_each(|(input, k)| text += &loads("load", k, *input));
        text
    }

    /// What calls the window's formula, and for whole pixels what the formula reads.
    fn window_text(&self) -> String {
        let Some(Formula { stem, .. }) = &self.head.window else { return String::new() };
        if let Mode::Strips { side } = self.mode {
            return format!(
                "const LONGEST = {}u;\n\
                 fn window(first: u32, guess: f32) -> f32 {{\n    return {stem}(first, guess, params.window);\n}}\n",
                1 << side.ilog2()
            );
        }
        let Mode::Neighbourhoods { across, down } = self.mode else {
            let call = format!("    return {stem}(x, y, c, params.window);\n");
            return format!("{}fn window(x: i32, y: i32, c: u32) -> f32 {{\n{call}}}\n", self.near());
        };
        let call = |x: &str| format!("{stem}({x}, y, params.window)");
        let pixels = match (across * down, self.border) {
            // A loop of a length that only parameters tell, so that drivers don't unroll it: taps at a rim are long code.
            (1, Some(_)) => format!(
                "    var v = array<vec4f, PIXELS>();\n    for (var i = 0; i < params.quad; i++) {{\n        v[i] = {};\n    }}\n    return v;\n",
                call("x + i")
            ),
            (1, None) => format!(
                "    return array<vec4f, PIXELS>({}, {}, {}, {});\n",
                call("x"),
                call("x + 1"),
                call("x + 2"),
                call("x + 3")
            ),
            _ => format!("    return {};\n", call("x")),
        };
        let across = across.max(QUAD);
        let layout = self.source;
        let colours = layout.colours;
        let alpha = if layout.alpha { format!("tap_at(at, {colours}u)") } else { "255.0".into() };
        let colour = match colours {
            1 => "vec3f(tap_at(at, 0u))",
            _ => "tap_at(at, 0u), tap_at(at, 1u), tap_at(at, 2u)",
        };
        let of_quad = |c: u32| format!("quad(q, y, {c}u)");
        let quads = match colours {
            1 => format!("{0}, {0}, {0}", of_quad(0)),
            _ => [0, 1, 2].map(of_quad).join(", "),
        };
        let quad_alpha = if layout.alpha { of_quad(colours) } else { "vec4f(255.0)".into() };
        format!(
            "const COLOURS = {colours}u;\nconst ALPHA = {};\nconst PIXELS = {};\n\
             fn pixel(x: i32, y: i32) -> vec4f {{\n    let at = tap_place(x, y);\n    return vec4f({colour}, {alpha});\n}}\n\
             fn quad_pixels(q: i32, y: i32) -> mat4x4f {{\n    return mat4x4f({quads}, {quad_alpha});\n}}\n\
             fn neighbourhood(x: i32, y: i32) -> array<vec4f, PIXELS> {{\n{pixels}}}\n",
            layout.alpha,
            across * down,
        )
    }

    /// Formulas, each file and struct once.
    fn push_formulas(&self, text: &mut String) {
        let formulas: Vec<&Formula> =
            self.head.window.iter().chain(self.before.iter().chain(self.after).map(|s| &s.formula)).collect();
        let mut structures = String::new();
        for (i, f) in formulas.iter().enumerate() {
            if !formulas[..i].iter().any(|g| g.stem == f.stem) {
                *text += &f.text;
            }
            if !formulas[..i].iter().any(|g| g.structure == f.structure) {
                structures += &f.structure_text;
            }
        }
        *text += "\n";
        *text += &structures;
    }

    fn bindings_text(&self) -> String {
        let written = match (self.output.format, self.mode) {
            (Format::Planes, Mode::Samples | Mode::Strips { .. } | Mode::Line(Place::Horizontal)) => "f32",
            (format, _) => element(format),
        };
        let mut text = format!("{OUTPUT}: array<{written}>;\n");
        let mut declarations = Vec::new();
        if self.weights == Weights::Buffer {
            declarations.push("weights: array<vec4f>".to_string());
        }
        for (k, input) in self.inputs.iter().enumerate() {
            declarations.push(format!("input_{k}: array<{}>", element(input.format)));
        }
        if self.table {
            declarations.push("table_values: array<f32>".to_string());
        }
        for (i, declaration) in declarations.iter().enumerate() {
            text += &format!("@group(0) @binding({}) var<storage, read> {declaration};\n", i + 2);
        }
        if self.head.even_weights {
            let weights = if self.weights == Weights::Buffer { "weights" } else { "params.weights" };
            text += &format!("fn weights_at(k: u32) -> vec4f {{\n    return {weights}[k];\n}}\n");
        }
        if self.table {
            text += "fn table(i: u32) -> f32 {\n    return table_values[i];\n}\n";
        }
        text
    }

    /// Whether the shape copies alpha.
    pub fn keeps_alpha(&self) -> bool {
        self.head.alpha == Alpha::Keep && self.source.alpha
    }

    /// Quads of a block: place in the block, and its quad and row as expressions.
    fn places(&self) -> impl Iterator<Item = (u32, String, String)> {
        let (across, down) = self.head.quads;
        (0..across * down)
            .map(move |i| (i, format!("{across}u * x + {}u", i % across), format!("{down}u * y + {}u", i / across)))
    }

    /// The block of a channel, or its copy where the shape keeps alpha.
    fn channel_block(&self, c: u32) -> String {
        let layout = self.source;
        if !(self.keeps_alpha() && layout.is_alpha(c)) {
            return format!("block(x, y, {c}u)");
        }
        let loads: Vec<String> =
            self.places().map(|(_, q, row)| format!("quad_along_row(i32({q}), {row}, {c}u)")).collect();
        format!("array<vec4f, QUADS>({})", loads.join(", "))
    }

    fn write_pixels(&self) -> String {
        let layout = self.source;
        let mut text = "fn write(x: u32, y: u32, c: u32) {\n".to_string();
        for c in 0..layout.channels() {
            text += &format!("    let b{c} = {};\n", self.channel_block(c));
        }
        for (i, q, row) in self.places() {
            let [r, g, b] = if layout.colours == 3 { [0, 1, 2] } else { [0, 0, 0] };
            let alpha = if layout.alpha { format!("b{}[{i}]", layout.colours) } else { "vec4f(255.0)".into() };
            text += &format!("    finish({q}, {row}, b{r}[{i}], b{g}[{i}], b{b}[{i}], {alpha});\n");
        }
        text + "}\n"
    }

    /// The pixels of a block of a neighbourhood, quad after quad.
    fn write_neighbourhoods(&self, across: u32, down: u32) -> String {
        let across = across.max(QUAD);
        let mut text = "fn write(x: u32, y: u32, c: u32) {\n".to_string();
        text += &format!("    let v = neighbourhood(i32({across}u * x), i32({down}u * y));\n");
        for (i, first) in (0..across * down).step_by(QUAD as usize).enumerate() {
            let quads = across / QUAD;
            let (q, row) = (i as u32 % quads, i as u32 / quads);
            let (q, row) = (format!("{quads}u * x + {q}u"), format!("{down}u * y + {row}u"));
            let quad = |c: char| format!("vec4f({})", [0, 1, 2, 3].map(|k| format!("v[{}].{c}", first + k)).join(", "));
            let alpha = match self.keeps_alpha() {
                true => format!("quad(i32({q}), i32({row}), {}u)", self.source.colours),
                false => quad('a'),
            };
            text += &format!("    finish({q}, {row}, {}, {}, {}, {alpha});\n", quad('r'), quad('g'), quad('b'));
        }
        text + "}\n"
    }

    fn write_channel(&self) -> String {
        let layout = self.source;
        let mut text = "fn write(x: u32, y: u32, c: u32) {\n".to_string();
        if self.keeps_alpha() {
            let alpha = layout.colours;
            text += &format!("    if (c == {alpha}u) {{\n        let b = {};\n", self.channel_block(alpha));
            text += &self.puts("        ");
            text += "        return;\n    }\n";
        }
        text += "    let b = block(x, y, c);\n";
        text += &self.puts("    ");
        text + "}\n\n" + &self.put()
    }

    /// `put`: the store of a quad of one channel.
    pub fn put(&self) -> String {
        let mut text = "fn put(q: u32, y: u32, c: u32, v: vec4f) {\n".to_string();
        text += "    let extent = params.output;\n";
        text += "    if (q < (extent.width + 3u) / 4u && y < extent.height) {\n";
        let v = planar(self.output.format, "v");
        text + &format!("        output[c * extent.plane + y * extent.row + q - extent.origin] = {v};\n    }}\n}}\n")
    }

    fn puts(&self, indent: &str) -> String {
        self.places().map(|(i, q, row)| format!("{indent}put({q}, {row}, c, b[{i}]);\n")).collect()
    }

    fn write_sample(&self) -> String {
        let layout = self.source;
        let mut text = "fn write(x: u32, y: u32, c: u32) {\n".to_string();
        text += "    let extent = params.output;\n";
        text += "    let at = 4u * (c * extent.plane + y * extent.row - extent.origin) + x;\n";
        if self.keeps_alpha() {
            text += &format!("    if (c == {}u) {{\n", layout.colours);
            text += "        output[at] = tap(i32(x), i32(y), c);\n        return;\n    }\n";
        }
        text + "    output[at] = window(i32(x), i32(y), c);\n}\n"
    }

    fn write_line(&self) -> String {
        let mut text = "fn write_line(unit: u32, line: u32, c: u32) {\n".to_string();
        if self.keeps_alpha() {
            text += &format!("    if (c == {}u) {{\n", self.source.colours);
            text += "        copy_unit(unit, line, c);\n        return;\n    }\n";
        }
        text + "    run_unit(unit, line, c);\n}\n"
    }

    fn write_strip(&self) -> String {
        let mut text = "fn strip(first: vec2u, end: vec2u, c: u32, local: u32) {\n".to_string();
        if self.keeps_alpha() {
            text += &format!("    if (c == {}u) {{\n", self.source.colours);
            text += "        copy_strip(first, end, c, local);\n        return;\n    }\n";
        }
        text + "    walk_strip(first, end, c, local);\n}\n"
    }

    /// `finish`: the points of a quad, and the store of its pixels.
    fn store(&self) -> String {
        finish(self.inputs, &stores(self.output))
    }
}

/// `border`, which the rim asks at every tap. One text serves the four that read the image, so that there are fewer
/// shaders to compile; gathers and morphology read a constant, and many taps.
fn border_text(border: Border) -> String {
    let code = match border {
        Border::Constant => format!("{}u", border.code()),
        _ => "params.border".into(),
    };
    format!("fn border() -> u32 {{\n    return {code};\n}}\n")
}
