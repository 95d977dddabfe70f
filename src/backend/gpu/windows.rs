//! WGSL of windows that an invocation walks down: what they see, and how a row is written. Its shape is
//! `shaders/shapes/window.wgsl`.

use super::shader::{ImagePass, Mode};
use super::storage::{Format, QUAD};

impl ImagePass<'_> {
    /// Whether its invocations walk down rows.
    pub fn walks(&self) -> bool {
        self.head.window.is_some() && matches!(self.mode, Mode::Pixels | Mode::Channels)
    }

    /// What a window's formula reads.
    pub fn near(&self) -> String {
        if !self.walks() || self.border.is_some() {
            return "fn near(x: i32, y: i32, c: u32) -> f32 {\n    return tap(x, y, c);\n}\n".into();
        }
        let reach = self.head.reach;
        let (side, columns) = (2 * reach + 1, QUAD + 2 * reach);
        let channel = if self.mode == Mode::Pixels { "c" } else { "0" };
        format!(
            "var<private> around: array<array<array<f32, {columns}>, {side}>, {}>;\n\
             fn near(x: i32, y: i32, c: u32) -> f32 {{\n    return around[{channel}][y][x];\n}}\n",
            self.walked().len()
        )
    }

    /// The channels of the window, as expressions.
    fn walked(&self) -> Vec<String> {
        match self.mode {
            Mode::Pixels => (0..self.source.channels())
                .filter(|c| !(self.keeps_alpha() && self.source.is_alpha(*c)))
                .map(|c| format!("{c}u"))
                .collect(),
            _ => vec!["c".into()],
        }
    }

    /// `begin` and `write_row`.
    pub fn write_rows(&self) -> String {
        let row = if self.border.is_some() { self.row_at_the_rim() } else { self.row_inside() };
        row + &match self.mode {
            Mode::Pixels => self.finish_row(),
            _ => self.put_row(),
        }
    }

    /// `begin`, and the results of a row as `row_windows(q, y, c)`: of windows that may see beyond the image.
    fn row_at_the_rim(&self) -> String {
        "fn begin(q: i32, y: i32, c: u32) {\n}\n\
         fn row_windows(q: u32, y: u32, c: u32) -> vec4f {\n    var v = vec4f();\n    \
         for (var i = 0; i < params.quad; i++) {\n        v[i] = window(4 * i32(q) + i, i32(y), c);\n    }\n    return v;\n}\n\
         fn step_down(q: u32, y: u32, c: u32) {\n}\n"
            .into()
    }

    /// The same inside the image: rows move up as an invocation steps down.
    fn row_inside(&self) -> String {
        let reach = self.head.reach;
        let mut text = self.look();
        let (mut begin, mut step) = (String::new(), String::new());
        for (k, c) in self.walked().iter().enumerate() {
            for row in 1..=2 * reach {
                let ahead = i64::from(row) - 1 - i64::from(reach);
                begin += &format!("    around[{k}][{row}] = look(q, y + {ahead}, {c});\n");
                step += &format!("    around[{k}][{}] = around[{k}][{row}];\n", row - 1);
            }
            step += &format!("    around[{k}][{}] = look(i32(q), i32(y) + {reach}, {c});\n", 2 * reach);
        }
        text += &format!(
            "fn begin(q: i32, y: i32, c: u32) {{\n{begin}}}\nfn step_down(q: u32, y: u32, c: u32) {{\n{step}}}\n"
        );
        let windows = [0, 1, 2, 3].map(|i| format!("window({}, {reach}, c)", reach + i)).join(", ");
        text + &format!("fn row_windows(q: u32, y: u32, c: u32) -> vec4f {{\n    return vec4f({windows});\n}}\n")
    }

    /// `look(q, y, c)`: what windows see of a row. Of vectors of floats a single one is loaded sooner, and of words that
    /// hold several samples the whole.
    fn look(&self) -> String {
        let reach = self.head.reach;
        let in_words = !self.before.is_empty() || matches!(self.inputs[0].format, Format::Codes8 | Format::Planes8);
        let (mut sides, columns) = (String::new(), QUAD + 2 * reach);
        if in_words {
            sides += "    let left = quad(q - 1, y, c);\n    let right = quad(q + 1, y, c);\n";
        }
        let side = |word: &str, k: u32, x: i64| match in_words {
            true => format!("{word}[{k}]"),
            false => format!("tap(4 * q + {x}, y, c)"),
        };
        let left = (QUAD - reach..QUAD).map(|k| side("left", k, i64::from(k) - i64::from(QUAD)));
        let own = (0..QUAD).map(|k| format!("own[{k}]"));
        let right = (0..reach).map(|k| side("right", k, i64::from(QUAD + k)));
        let values: Vec<String> = left.chain(own).chain(right).collect();
        let kind = format!("array<f32, {columns}>");
        format!(
            "fn look(q: i32, y: i32, c: u32) -> {kind} {{\n{sides}    let own = quad(q, y, c);\n    \
             return {kind}({});\n}}\n",
            values.join(", ")
        )
    }

    /// `write_row` of one channel; alpha that is kept is copied.
    fn put_row(&self) -> String {
        let copy = match self.keeps_alpha() {
            true => format!(
                "    if (c == {}u) {{\n        put(q, y, c, quad_along_row(i32(q), y, c));\n        return;\n    }}\n",
                self.source.colours
            ),
            false => String::new(),
        };
        format!(
            "fn write_row(q: u32, y: u32, c: u32) {{\n{copy}    step_down(q, y, c);\n    put(q, y, c, row_windows(q, y, c));\n}}\n{}",
            self.put()
        )
    }

    /// `write_row` of all channels.
    fn finish_row(&self) -> String {
        let colours = self.source.colours;
        let rows: String = (0..colours).map(|c| format!("    let v{c} = row_windows(q, y, {c}u);\n")).collect();
        let [r, g, b] = if colours == 3 { [0, 1, 2] } else { [0, 0, 0] };
        let alpha = match (self.source.alpha, self.keeps_alpha()) {
            (false, _) => "vec4f(255.0)".into(),
            (true, true) => format!("quad_along_row(i32(q), y, {}u)", self.source.colours),
            (true, false) => format!("row_windows(q, y, {}u)", self.source.colours),
        };
        format!(
            "fn write_row(q: u32, y: u32, c: u32) {{\n    step_down(q, y, c);\n{rows}    finish(q, y, v{r}, v{g}, v{b}, {alpha});\n}}\n"
        )
    }
}
