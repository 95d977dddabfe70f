//! Parameters of operations: what may be written, its range, and what it reads as.

use crate::image::colour::luma;
use crate::image::{Border, Edges};

/// A parameter of an operation.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    /// As a recipe writes it; none where the parameter is required, empty where it may be left out.
    pub default: Option<&'static str>,
    /// `px`, `levels`, …; empty where it has none.
    pub unit: &'static str,
    pub doc: &'static str,
    /// Whether it may stand first without its key.
    pub starred: bool,
}

impl Parameter {
    pub const fn new(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Parameter {
        Parameter { name, kind, default: Some(default), unit: "", doc, starred: false }
    }

    pub const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Parameter {
        Parameter { name, kind, default: None, unit: "", doc, starred: false }
    }

    pub const fn unit(self, unit: &'static str) -> Parameter {
        Parameter { unit, ..self }
    }

    pub const fn starred(self) -> Parameter {
        Parameter { starred: true, ..self }
    }
}

/// What is read beyond the image, as most windows have it.
pub const BORDER: Parameter =
    Parameter::new("border", Kind::OneOf(Border::NAMES), "reflect101", "what the window reads beyond the image");

/// The colour of `border=constant`.
pub const VALUE: Parameter = Parameter::new("value", Kind::Color, "0/0/0/0", "the colour that border=constant reads");

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Number {
        low: f64,
        high: f64,
    },
    Whole {
        low: i64,
        high: i64,
    },
    /// An odd whole number.
    Odd {
        low: i64,
        high: i64,
    },
    OneOf(&'static [&'static str]),
    Flag,
    Color,
    /// Eight numbers: four points.
    Quad,
    /// Rows of numbers, of one length.
    Matrix,
    /// `WxH`
    Size,
    /// `WxH`, `Wx`, `xH` or `N%`
    ResizeSize,
    /// `L/T/R/B`
    Sides,
}

/// A colour in straight levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    pub red: f32,
    pub green: f32,
    pub blue: f32,
    pub alpha: f32,
}

impl Color {
    /// The colour as the channels of an image: gray takes its bt601 luma; alpha stands last.
    pub fn channels(self, colours: u32) -> [f32; 4] {
        match colours {
            1 => [luma(self.red, self.green, self.blue), 0.0, 0.0, self.alpha],
            _ => [self.red, self.green, self.blue, self.alpha],
        }
    }
}

/// Size asked of `resize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeSize {
    Box {
        width: u32,
        height: u32,
    },
    Width(u32),
    Height(u32),
    /// Percent as an exact fraction.
    Percent {
        numerator: u64,
        denominator: u64,
    },
}

/// Numbers in rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub columns: usize,
    /// Row after row.
    pub values: Vec<f64>,
}

impl Matrix {
    /// Longest side that a recipe may write.
    pub const MAX_SIDE: usize = 63;

    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Whole(i64),
    Name(&'static str),
    Flag(bool),
    Color(Color),
    Size(u32, u32),
    ResizeSize(ResizeSize),
    Quad([f64; 8]),
    Matrix(Matrix),
    /// Left, top, right, bottom.
    Sides([u32; 4]),
}

impl Kind {
    /// The value that a text reads as; none where it isn't one of this kind or lies outside the range.
    pub fn parse(self, text: &str) -> Option<Value> {
        match self {
            Kind::Number { low, high } => {
                let v: f64 = text.parse().ok()?;
                (v.is_finite() && low <= v && v <= high).then_some(Value::Number(v))
            }
            Kind::Whole { low, high } => {
                let v: i64 = text.parse().ok()?;
                (low <= v && v <= high).then_some(Value::Whole(v))
            }
            Kind::Odd { low, high } => match (Kind::Whole { low, high }).parse(text)? {
                Value::Whole(v) if v % 2 != 0 => Some(Value::Whole(v)),
                _ => None,
            },
            Kind::OneOf(names) => {
                let text = text.replace('-', "_");
                names.iter().find(|n| **n == text).map(|n| Value::Name(n))
            }
            Kind::Flag => text.parse().ok().map(Value::Flag),
            Kind::Color => parse_color(text).map(Value::Color),
            Kind::Size => parse_box(text).map(|(w, h)| Value::Size(w, h)),
            Kind::ResizeSize => parse_resize_size(text).map(Value::ResizeSize),
            Kind::Quad => {
                let quad = <[f64; 8]>::try_from(parse_numbers(text, &['/', 'x'])?).ok()?;
                quad.iter().all(|v| v.abs() <= FARTHEST_CORNER).then_some(Value::Quad(quad))
            }
            Kind::Matrix => parse_matrix(text).map(Value::Matrix),
            Kind::Sides => parse_sides(text).map(Value::Sides),
        }
    }

    /// What the parameter accepts, in words that fit behind "expects".
    pub fn expected(self) -> String {
        match self {
            Kind::Number { low, high } if low == f64::NEG_INFINITY && high == f64::INFINITY => "a number".into(),
            Kind::Number { low, high } => format!("a number from {low} to {high}"),
            Kind::Whole { low, high } => format!("a whole number from {low} to {high}"),
            Kind::Odd { low, high } => format!("an odd whole number from {low} to {high}"),
            Kind::OneOf(names) => format!("one of {}", names.join(", ")),
            Kind::Flag => "true or false".into(),
            Kind::Color => "a colour (L, R/G/B, R/G/B/A or #rrggbb[aa], levels 0 to 255)".into(),
            Kind::Size => "a size WxH in px, sides 1 to 65535".into(),
            Kind::ResizeSize => "a size WxH, Wx, xH (px, sides 1 to 65535) or N%".into(),
            Kind::Quad => format!("eight numbers X/Y/X/Y/X/Y/X/Y, each within ±{FARTHEST_CORNER}"),
            Kind::Matrix => format!("rows of numbers as 0/1/0;1/4/1;0/1/0, at most {0}x{0}", Matrix::MAX_SIDE),
            Kind::Sides => "four widths L/T/R/B in px, each 0 to 65535".into(),
        }
    }
}

fn parse_color(text: &str) -> Option<Color> {
    let levels: Vec<f32> = match text.strip_prefix('#') {
        Some(hex) if matches!(hex.len(), 6 | 8) && hex.is_ascii() => (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok().map(f32::from))
            .collect::<Option<_>>()?,
        Some(_) => return None,
        None => text
            .split('/')
            .map(|t| t.trim().parse().ok().filter(|v| (0.0..=255.0).contains(v)))
            .collect::<Option<_>>()?,
    };
    match levels[..] {
        [l] => Some(Color { red: l, green: l, blue: l, alpha: 255.0 }),
        [red, green, blue] => Some(Color { red, green, blue, alpha: 255.0 }),
        [red, green, blue, alpha] => Some(Color { red, green, blue, alpha }),
        _ => None,
    }
}

/// Finite numbers between separators.
fn parse_numbers(text: &str, separators: &[char]) -> Option<Vec<f64>> {
    let number = |t: &str| t.trim().parse().ok().filter(|v: &f64| v.is_finite());
    text.split(separators).map(number).collect()
}

fn parse_matrix(text: &str) -> Option<Matrix> {
    let rows: Vec<Vec<f64>> = text.split(';').map(|row| parse_numbers(row, &['/'])).collect::<Option<_>>()?;
    let columns = rows[0].len();
    let fits = rows.iter().all(|row| row.len() == columns) && rows.len().max(columns) <= Matrix::MAX_SIDE;
    fits.then(|| Matrix { columns, values: rows.concat() })
}

/// How far from the image's corner a quad's may lie, px.
const FARTHEST_CORNER: f64 = 1.0e6;

/// A side of an image, px.
fn parse_side(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|v| (1..=65535).contains(v))
}

fn parse_box(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(['x', '/'])?;
    Some((parse_side(width)?, parse_side(height)?))
}

/// Left, top, right and bottom, px.
fn parse_sides(text: &str) -> Option<[u32; 4]> {
    let side = |t: &str| t.trim().parse().ok().filter(|v| *v <= 65535);
    let sides: Vec<u32> = text.split(['x', '/']).map(side).collect::<Option<_>>()?;
    sides.try_into().ok()
}

fn parse_resize_size(text: &str) -> Option<ResizeSize> {
    if let Some(percent) = text.strip_suffix('%') {
        return parse_percent(percent.trim());
    }
    let (width, height) = text.split_once(['x', '/'])?;
    match (width.trim(), height.trim()) {
        ("", "") => None,
        (width, "") => parse_side(width).map(ResizeSize::Width),
        ("", height) => parse_side(height).map(ResizeSize::Height),
        (width, height) => Some(ResizeSize::Box { width: parse_side(width)?, height: parse_side(height)? }),
    }
}

/// A decimal number of at most six places, above 0 and at most 10,000, as a fraction of 1.
fn parse_percent(text: &str) -> Option<ResizeSize> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + places.len() == 0 || places.len() > 6 || whole.len() > 5 || !digits(whole) || !digits(places) {
        return None;
    }
    let denominator = 10u64.pow(places.len() as u32);
    let numerator = format!("{whole}{places}").parse::<u64>().ok()?;
    (numerator > 0 && numerator <= 10_000 * denominator)
        .then_some(ResizeSize::Percent { numerator, denominator: 100 * denominator })
}

/// Values by parameter, every parameter of the operation present but for those that may be left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(Vec<(&'static str, Value)>);

impl Arguments {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    pub fn set(&mut self, name: &'static str, value: Value) {
        self.0.push((name, value));
    }

    /// # Panics
    /// These getters panic where the registry declares no such parameter, or another kind: a fault of this program.
    pub fn number(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Number(v)) => *v,
            other => panic!("parameter {name} is no number: {other:?}"),
        }
    }

    pub fn whole(&self, name: &str) -> i64 {
        self.optional_whole(name).unwrap_or_else(|| panic!("parameter {name} is no whole number"))
    }

    pub fn optional_whole(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Whole(v)) => Some(*v),
            None => None,
            other => panic!("parameter {name} is no whole number: {other:?}"),
        }
    }

    pub fn optional_number(&self, name: &str) -> Option<f64> {
        self.get(name).map(|_| self.number(name))
    }

    pub fn name(&self, name: &str) -> &'static str {
        match self.get(name) {
            Some(Value::Name(v)) => v,
            other => panic!("parameter {name} is no name: {other:?}"),
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Flag(v)) => *v,
            other => panic!("parameter {name} is no flag: {other:?}"),
        }
    }

    pub fn color(&self, name: &str) -> Color {
        match self.get(name) {
            Some(Value::Color(v)) => *v,
            other => panic!("parameter {name} is no colour: {other:?}"),
        }
    }

    pub fn size(&self, name: &str) -> (u32, u32) {
        match self.get(name) {
            Some(Value::Size(w, h)) => (*w, *h),
            other => panic!("parameter {name} is no size: {other:?}"),
        }
    }

    pub fn optional_size(&self, name: &str) -> Option<(u32, u32)> {
        self.get(name).map(|_| self.size(name))
    }

    pub fn quad(&self, name: &str) -> [f64; 8] {
        match self.get(name) {
            Some(Value::Quad(v)) => *v,
            other => panic!("parameter {name} is no quad: {other:?}"),
        }
    }

    pub fn matrix(&self, name: &str) -> &Matrix {
        match self.get(name) {
            Some(Value::Matrix(v)) => v,
            other => panic!("parameter {name} is no matrix: {other:?}"),
        }
    }

    pub fn resize_size(&self, name: &str) -> ResizeSize {
        match self.get(name) {
            Some(Value::ResizeSize(v)) => *v,
            other => panic!("parameter {name} is no size: {other:?}"),
        }
    }

    /// Left, top, right, bottom.
    pub fn sides(&self, name: &str) -> [u32; 4] {
        match self.get(name) {
            Some(Value::Sides(v)) => *v,
            other => panic!("parameter {name} is no list of sides: {other:?}"),
        }
    }

    /// `border` and `value`, for colour channels of that number.
    pub fn edges(&self, colours: u32) -> Edges {
        Edges { border: self.border(), value: self.color("value").channels(colours) }
    }

    pub fn border(&self) -> Border {
        Border::from_name(self.name("border")).expect("the registry lists the borders' own names")
    }
}
