//! Text to operations and back. The syntax is that of the operations page; `imgproc ops` shows it.

use crate::image::{Demand, Depth, Layout, Reduction};
use crate::op::{Arguments, Channels, Graph, Operation, Parameter, Refusal, Spec, Tipping};
use crate::ops;

/// Operations in the order in which they apply; at least one.
#[derive(Debug)]
pub struct Recipe {
    steps: Vec<Step>,
}

/// An operation as the recipe asks for it.
#[derive(Debug)]
pub struct Step {
    pub spec: &'static Spec,
    pub operation: Box<dyn Operation>,
    /// `name:key=value`, as written.
    pub text: String,
}

/// How far apart two results of a recipe on 8-bit input may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Levels after the final quantisation.
    pub levels: u32,
    /// Of pixels that may be further apart, 0 to 1.
    pub share: f64,
}

/// Of the pixels of an operation that decides by values which may be rounded.
const TIPPED_SHARE: f64 = 0.001;

/// Why a text is no recipe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}column {column}: {message}", if *line > 1 { format!("line {line}, ") } else { String::new() })]
pub struct RecipeError {
    /// From 1.
    pub line: usize,
    /// In characters of its line, from 1.
    pub column: usize,
    /// What stands there, what was expected, the nearest name.
    pub message: String,
}

impl Recipe {
    /// Reads `name`, `name:value`, `name:key=value:key=value`, separated by commas or line ends; `#` begins a comment
    /// unless it begins a colour.
    pub fn parse(text: &str) -> Result<Recipe, RecipeError> {
        let mut steps = Vec::new();
        let mut known = Known::Nothing;
        for (number, line) in text.lines().enumerate() {
            let error = |(column, message)| RecipeError { line: number + 1, column, message };
            for part in parts(without_comment(line), ',', 1) {
                let (spec, step) = parse_step(&part).map_err(error)?;
                known = known.after(spec).map_err(|message| error((part.column, message)))?;
                steps.push(step);
            }
        }
        if steps.is_empty() {
            let message = "expected an operation, such as grayscale; 'imgproc ops' lists them".into();
            return Err(RecipeError { line: 1, column: 1, message });
        }
        Ok(Recipe { steps })
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The recipe in one line, as it can be given to `--ops`.
    pub fn text(&self) -> String {
        self.steps.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(",")
    }

    /// The steps that change anything.
    fn working_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|s| !s.operation.is_identity())
    }

    /// The greatest tolerance of its operations; and a share of pixels, where one decides by values that are not exact.
    pub fn tolerance(&self) -> Tolerance {
        let mut tolerance = Tolerance { levels: 0, share: 0.0 };
        for step in self.working_steps() {
            let rounded_input = tolerance.levels > 0;
            match step.operation.tipping() {
                Tipping::Always => tolerance.share = TIPPED_SHARE,
                Tipping::RoundedInput if rounded_input => tolerance.share = TIPPED_SHARE,
                _ => {}
            }
            tolerance.levels = tolerance.levels.max(step.spec.tolerance);
        }
        tolerance
    }

    /// What of an image of that layout is enough for this recipe.
    pub fn demand(&self, source: Layout) -> Demand {
        let mut operations = self.working_steps().map(|step| &step.operation).peekable();
        let luma = operations.peek().is_some_and(|operation| operation.takes_luma());
        let _ = operations.next_if(|operation| operation.gives_luma());
        let least = operations.next().and_then(|operation| operation.least_size(source.width, source.height));
        Demand { luma, least }
    }

    /// The kernels for an image of that layout and depth; operations that change nothing are left out.
    ///
    /// # Errors
    /// Where an operation does not apply to such an image.
    pub fn graph(&self, source: Layout, depth: Depth) -> Result<Graph, Refusal> {
        self.graph_of_reduced(source, depth, None)
    }

    /// The same for an image that may be reduced, as far as `demand` allows.
    ///
    /// # Errors
    /// As `graph`.
    pub fn graph_of_reduced(
        &self,
        source: Layout,
        depth: Depth,
        reduction: Option<Reduction>,
    ) -> Result<Graph, Refusal> {
        let mut graph = Graph::of_reduced(source, depth, reduction);
        graph.steepness = self.working_steps().map(|step| step.operation.steepness()).product();
        for step in self.working_steps() {
            let input = graph.output;
            graph.output = step
                .operation
                .build(&mut graph, input)
                .map_err(|refusal| Refusal(format!("{}: {refusal}", step.text)))?;
        }
        Ok(graph)
    }
}

/// What is known of an image's colour channels within a recipe, whatever the file held, and by which operation.
#[derive(Clone, Copy)]
enum Known {
    Nothing,
    Gray(&'static str),
    Colour(&'static str),
}

impl Known {
    /// # Errors
    /// Where the operation asks for other channels than there are, or works on colour that is gone.
    fn after(self, spec: &'static Spec) -> Result<Known, String> {
        let name = spec.name;
        match (spec.channels, self) {
            (Channels::OfColour, Known::Gray(by)) => {
                Err(format!("{name} works on colour, and {by} before it leaves a gray image"))
            }
            (Channels::GrayOnly, Known::Colour(by)) => {
                Err(format!("{name} works on gray, and {by} before it gives colour; put grayscale between them"))
            }
            (Channels::ToGray, _) => Ok(Known::Gray(name)),
            (Channels::ToColour, _) => Ok(Known::Colour(name)),
            (Channels::GrayOnly, Known::Nothing) => Ok(Known::Gray(name)),
            _ => Ok(self),
        }
    }
}

/// A piece of text, trimmed, and the column at which it begins.
struct Part<'a> {
    text: &'a str,
    column: usize,
}

/// The non-empty pieces between separators.
fn parts(text: &str, separator: char, column: usize) -> Vec<Part<'_>> {
    let mut at = column;
    let mut found = Vec::new();
    for piece in text.split(separator) {
        let begin = piece.chars().take_while(|c| c.is_whitespace()).count();
        if !piece.trim().is_empty() {
            found.push(Part { text: piece.trim(), column: at + begin });
        }
        at += piece.chars().count() + 1;
    }
    found
}

/// The line up to the first `#` that does not begin a colour: six or eight hexadecimal digits where a value stands.
fn without_comment(line: &str) -> &str {
    let is_color = |at: usize| {
        let digits = line[at + 1..].bytes().take_while(u8::is_ascii_alphanumeric);
        let (hex, other): (Vec<u8>, Vec<u8>) = digits.partition(u8::is_ascii_hexdigit);
        line[..at].trim_end().ends_with(['=', ':']) && other.is_empty() && matches!(hex.len(), 6 | 8)
    };
    let comment = line.char_indices().find(|&(i, c)| c == '#' && !is_color(i));
    comment.map_or(line, |(i, _)| &line[..i])
}

type Located<T> = Result<T, (usize, String)>;

fn parse_step(part: &Part) -> Located<(&'static Spec, Step)> {
    let fields = parts(part.text, ':', part.column);
    let Some((name, fields)) = fields.split_first() else {
        return Err((part.column, "expected an operation before ':'".into()));
    };
    let spec = ops::find(name.text).ok_or_else(|| {
        let names = ops::registry().iter().map(|s| s.name);
        (name.column, format!("no operation '{}'{}", name.text, nearest(name.text, names)))
    })?;
    let mut arguments = Arguments::default();
    for (index, field) in fields.iter().enumerate() {
        let (parameter, text) = parse_field(spec, field, index == 0)?;
        if arguments.get(parameter.name).is_some() {
            return Err((field.column, format!("{} {} stands twice", spec.name, parameter.name)));
        }
        let value = parameter.kind.parse(text).ok_or_else(|| {
            let expected = parameter.kind.expected();
            (field.column, format!("{} {} expects {expected}, not '{text}'", spec.name, parameter.name))
        })?;
        arguments.set(parameter.name, value);
    }
    fill_defaults(spec, &mut arguments).map_err(|message| (part.column, message))?;
    let operation = (spec.make)(&arguments).map_err(|refusal| (part.column, refusal.0))?;
    Ok((spec, Step { spec, operation, text: part.text.to_string() }))
}

/// The parameter that a field names (the first may leave the name out), and its value's text.
fn parse_field<'a>(spec: &'static Spec, field: &Part<'a>, is_first: bool) -> Located<(&'static Parameter, &'a str)> {
    let names = || spec.parameters.iter().map(|p| p.name);
    let Some((key, value)) = field.text.split_once('=') else {
        let starred = spec.parameters.iter().find(|p| p.starred).filter(|_| is_first);
        let keys = if spec.parameters.is_empty() {
            "it has no parameters".to_string()
        } else {
            format!("expected key=value, with a key of {}", names().collect::<Vec<_>>().join(", "))
        };
        return starred
            .map(|p| (p, field.text))
            .ok_or((field.column, format!("{} '{}': {keys}", spec.name, field.text)));
    };
    let key = key.trim().replace('-', "_");
    let parameter = spec.parameters.iter().find(|p| p.name == key).ok_or_else(|| {
        let known = if spec.parameters.is_empty() { "; it has none".to_string() } else { nearest(&key, names()) };
        (field.column, format!("{} has no parameter '{key}'{known}", spec.name))
    })?;
    Ok((parameter, value.trim()))
}

fn fill_defaults(spec: &'static Spec, arguments: &mut Arguments) -> Result<(), String> {
    for parameter in spec.parameters {
        if arguments.get(parameter.name).is_some() {
            continue;
        }
        match parameter.default {
            None => {
                let (name, expected) = (parameter.name, parameter.kind.expected());
                return Err(format!("{} needs {name}, {expected}; for example {}", spec.name, spec.example));
            }
            Some("") => {}
            Some(text) => {
                let value = parameter.kind.parse(text);
                arguments.set(
                    parameter.name,
                    value.unwrap_or_else(|| panic!("default of {} {}", spec.name, parameter.name)),
                );
            }
        }
    }
    Ok(())
}

/// `; did you mean …?`, where a name is close; else the names, where they are few.
pub fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    let close = names
        .clone()
        // What is longer is no slip, and would be compared for long.
        .filter(|name| text.len() <= 4 * name.len())
        .map(|name| (strsim::damerau_levenshtein(text, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4 || name.starts_with(text) && text.len() > 2);
    match close {
        Some((_, name)) => format!("; did you mean {name}?"),
        None if names.clone().count() <= 8 => format!("; it knows {}", names.collect::<Vec<_>>().join(", ")),
        None => "; 'imgproc ops' lists them".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, usize, String) {
        let error = Recipe::parse(text).expect_err(text);
        (error.line, error.column, error.message)
    }

    #[test]
    fn every_default_is_a_value_of_its_kind() {
        for spec in ops::registry() {
            for parameter in spec.parameters {
                if let Some(text) = parameter.default.filter(|t| !t.is_empty()) {
                    assert!(parameter.kind.parse(text).is_some(), "{} {}={text}", spec.name, parameter.name);
                }
            }
            assert!(spec.parameters.iter().filter(|p| p.starred).count() <= 1, "{}", spec.name);
            Recipe::parse(spec.example).unwrap_or_else(|e| panic!("example of {}: {e}", spec.name));
        }
    }

    #[test]
    fn spaces_hyphens_lines_and_comments_read_the_same() {
        let plain = Recipe::parse("grayscale,gaussian_blur:2:border=clamp,sobel").unwrap();
        let spread = Recipe::parse("grayscale  # to gray\n gaussian-blur : 2 : border = clamp,\n\n sobel\n").unwrap();
        let kinds = |r: &Recipe| {
            let graph = r.graph(Layout::new(9, 9, 3), Depth::Eight).unwrap();
            format!("{:?}", graph.nodes())
        };
        assert_eq!(kinds(&plain), kinds(&spread));
        assert_eq!(plain.text(), "grayscale,gaussian_blur:2:border=clamp,sobel");
    }

    #[test]
    fn a_colour_is_no_comment() {
        let recipe = Recipe::parse("resize:4x4:fit=contain:background=#ff8000 # orange").unwrap();
        assert_eq!(recipe.text(), "resize:4x4:fit=contain:background=#ff8000");
        assert_eq!(Recipe::parse("invert #facade of the house\n#decade\nmedian").unwrap().text(), "invert,median");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_column() {
        assert_eq!(refused("grayscale, gausian_blur:2").1, 12);
        assert!(refused("gausian_blur").2.contains("did you mean gaussian_blur?"));
        assert!(refused("grey").2.contains("no operation 'grey'"));
        assert_eq!(
            refused("median:radius=x"),
            (1, 8, "median radius expects a whole number from 0 to 20, not 'x'".into())
        );
        assert_eq!(refused("median:99").1, 8);
        assert_eq!(refused("sobel:3").1, 7);
        assert!(refused("sobel:ouput=x").2.contains("did you mean output?"));
        assert!(refused("median:1:radius=2").2.contains("stands twice"));
        assert!(refused("crop").2.contains("needs size"));
        assert!(refused("perspective:0/0/1/1/2/2/0/9").2.contains("on one line"));
        assert_eq!(refused("adaptive_threshold:10").1, 20);
        assert!(refused("adaptive_threshold:10").2.contains("an odd whole number from 3 to 255"));
        assert!(refused("resize:0x10").2.contains("sides 1 to 65535"));
        assert_eq!(refused("grayscale\nsobel,\n  blur:1").0, 3);
        assert_eq!(refused("grayscale\n  blur:1").1, 3);
        assert_eq!(refused(" , ").1, 1);
        assert_eq!(refused("").1, 1);
        assert_eq!(refused(":1").1, 2);
    }

    #[test]
    fn colour_is_not_asked_of_what_is_gray_by_then() {
        assert_eq!(refused("invert, grayscale, saturation:2").1, 20);
        assert!(refused("canny,hue:90").2.contains("canny before it leaves a gray image"));
        assert!(refused("sepia,otsu").2.contains("put grayscale between them"));
        for fine in ["saturation:2", "grayscale,colormap,saturation:2", "sepia,grayscale,otsu", "otsu"] {
            Recipe::parse(fine).unwrap_or_else(|error| panic!("{fine}: {error}"));
        }
    }

    #[test]
    fn a_decoder_is_asked_for_what_the_first_operations_see() {
        let demand = |text: &str| Recipe::parse(text).unwrap().demand(Layout::new(400, 400, 3));
        let least = demand("resize:50x50").least;
        assert!(least.is_some() && !demand("resize:50x50").luma);
        assert_eq!(demand("grayscale,resize:50x50"), Demand { luma: true, least });
        assert_eq!(demand("canny,resize:50x50"), Demand { luma: true, least: None }, "its edges are of the whole");
        assert_eq!(demand("invert,grayscale"), Demand::default());
        assert_eq!(demand("grayscale:bt709,resize:50x50"), Demand::default());
    }

    #[test]
    fn operations_that_change_nothing_are_left_out() {
        let graph =
            Recipe::parse("brightness:0,contrast:1,gaussian_blur:0,box_blur:0,pixelate:1,median:0,erode:0,rotate:360")
                .unwrap()
                .graph(Layout::new(5, 4, 3), Depth::Eight)
                .unwrap();
        assert_eq!(graph.nodes().len(), 1);
    }

    #[test]
    fn an_operation_that_does_not_apply_names_itself() {
        let recipe = Recipe::parse("grayscale,crop:10x10").unwrap();
        let refusal = recipe.graph(Layout::new(5, 4, 3), Depth::Eight).unwrap_err();
        assert_eq!(refusal.0, "crop:10x10: the box 10x10 does not lie inside the 5x4 image");
    }
}
