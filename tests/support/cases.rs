//! Recipes to try, made from what the registry says of each parameter; none is listed by hand.

use fastrand::Rng;
use imgproc::image::{Image, Layout};
use imgproc::op::{Channels, Kind, Parameter, Spec};
use imgproc::ops::registry;
use imgproc::recipe::{Recipe, RecipeError};

/// Random parameter sets for each operation and image.
pub const RANDOM_SETS: usize = 8;

/// Least, every extreme in turn, and random ones. Extremes may be refused by the image, such as a box larger than it; an
/// operation on gray is behind `grayscale` in the random ones of an image with colour.
pub fn of_operation(spec: &Spec, image: &Image, rng: &mut Rng) -> Vec<String> {
    let least = readable(|| step(spec, &[], image.layout, rng));
    let mut recipes = vec![least.unwrap_or_else(|error| panic!("{}: {error}", spec.name))];
    for parameter in spec.parameters {
        for value in extremes(parameter, image.layout) {
            let given = &[(parameter, value)];
            recipes.extend(readable(|| step(spec, given, image.layout, rng)));
        }
    }
    let gray_first = spec.channels == Channels::GrayOnly && image.layout.colours == 3;
    let before = if gray_first { "grayscale," } else { "" };
    for _ in 0..RANDOM_SETS {
        recipes.push(accepted(image, || before.to_owned() + &random_step(spec, image.layout, rng, Range::Wide)));
    }
    recipes.dedup();
    recipes
}

/// Two to five operations whose values stay of a size that f32 holds well.
pub fn chain(image: &Image, rng: &mut Rng) -> String {
    let length = rng.usize(2..=5);
    let mut recipe = String::new();
    for _ in 0..length {
        recipe = accepted(image, || {
            let layout = output_layout(&recipe, image).expect("it was accepted");
            let spec = registry()[rng.usize(..registry().len())];
            let step = without_lobes(random_step(spec, layout, rng, Range::Mild), layout);
            if recipe.is_empty() { step } else { format!("{recipe},{step}") }
        });
    }
    recipe
}

/// A resampling without negative weights where there is alpha: they leave alpha near 0, what is divided by it becomes
/// huge, and the next operation spreads it.
fn without_lobes(step: String, layout: Layout) -> String {
    match step.split(':').next() {
        Some("resize") if layout.alpha && !step.contains("filter=") => step + ":filter=bilinear",
        Some("resize" | "rotate") if layout.alpha => step.replace("lanczos3", "box").replace("bicubic", "bilinear"),
        _ => step,
    }
}

/// Whether the recipe can be read and applies to the image.
pub fn applies(recipe: &str, image: &Image) -> bool {
    output_layout(recipe, image).is_some()
}

fn output_layout(recipe: &str, image: &Image) -> Option<Layout> {
    if recipe.is_empty() {
        return Some(image.layout);
    }
    Some(Recipe::parse(recipe).ok()?.graph(image.layout, image.depth()).ok()?.output_layout())
}

/// The first of many tries that can be read: a required parameter that is not the one tried is random, an operation
/// may read fewer values than its range holds, and one extreme may exclude another's default.
fn readable(mut make: impl FnMut() -> String) -> Result<String, RecipeError> {
    let tries: Vec<String> = (0..50).map(|_| make()).collect();
    let read = tries.iter().find(|recipe| Recipe::parse(recipe).is_ok());
    read.cloned().ok_or_else(|| Recipe::parse(&tries[0]).expect_err("none can be read"))
}

/// The first of many tries that applies to the image and keeps it small.
fn accepted(image: &Image, mut make: impl FnMut() -> String) -> String {
    let small = |layout: Layout| layout.pixels() <= 20_000;
    let mut good = (0..200).map(|_| make()).filter(|recipe| output_layout(recipe, image).is_some_and(small));
    good.next().expect("one of many random parameter sets applies")
}

/// Operation and parameters; those required and not given get a plain value.
fn step(spec: &Spec, given: &[(&Parameter, String)], layout: Layout, rng: &mut Rng) -> String {
    let mut text = spec.name.to_owned();
    for parameter in spec.parameters {
        let value = match given.iter().find(|(p, _)| p.name == parameter.name) {
            Some((_, value)) => value.clone(),
            None if parameter.default.is_none() => random(parameter, layout, rng, Range::Mild),
            None => continue,
        };
        text += &format!(":{}={value}", parameter.name);
    }
    text
}

fn random_step(spec: &Spec, layout: Layout, rng: &mut Rng, range: Range) -> String {
    let chosen = spec.parameters.iter().filter(|p| p.default.is_none() || rng.u8(..10) < 6);
    let chosen: Vec<&Parameter> = chosen.collect();
    let given: Vec<_> = chosen.into_iter().map(|p| (p, random(p, layout, rng, range))).collect();
    step(spec, &given, layout, rng)
}

/// How far random numbers reach.
#[derive(Clone, Copy, PartialEq)]
enum Range {
    Wide,
    /// Factors stay small, so that a chain of them does not use up what f32 can hold.
    Mild,
}

/// Radii and sigmas above this cost time and show nothing new on small images; the extremes go beyond it.
const FAR: f64 = 7.0;

/// On images of more pixels than this the extremes of lengths are held to `FAR_EXTREME`, for the oracle's sake.
const SMALL: u64 = 130;
const FAR_EXTREME: f64 = 12.0;

/// Numbers of a wider range are held to this: whole turns, where they are degrees.
const FARTHEST: f64 = 1080.0;

fn extremes(parameter: &Parameter, layout: Layout) -> Vec<String> {
    let Layout { width, height, .. } = layout;
    let held = |v: f64| if parameter.unit == "px" && layout.pixels() > SMALL { v.min(FAR_EXTREME) } else { v };
    match parameter.kind {
        Kind::Number { low, high } => vec![number(low.max(-FARTHEST)), number(held(high.min(FARTHEST)))],
        Kind::Whole { low, high } => vec![low.to_string(), number(held(high as f64))],
        Kind::Odd { low, high } => vec![low.to_string(), number(high.min(2 * FAR_EXTREME as i64 + 1) as f64)],
        Kind::OneOf(names) => names.iter().map(|name| (*name).to_owned()).collect(),
        Kind::Flag => ["true", "false"].map(String::from).to_vec(),
        Kind::Color => ["0", "255/0/128/0", "#ff8000", "40/200.5/90/128", "#00ff0080"].map(String::from).to_vec(),
        Kind::Size => vec!["1x1".into(), format!("{width}x{height}"), format!("1x{height}"), format!("{width}x1")],
        Kind::ResizeSize => vec![
            "1x1".into(),
            "1x".into(),
            "x1".into(),
            "0.5%".into(),
            "37.5%".into(),
            "250%".into(),
            format!("{}x{}", width.min(100) * 2 + 1, height.min(50) * 3),
            format!("{width}x{height}"),
        ],
        Kind::Quad => {
            let (right, bottom) = (width.max(2) - 1, height.max(2) - 1);
            vec![
                format!("0/0/{right}/0/{right}/{bottom}/0/{bottom}"),
                format!("{right}/0/{right}/{bottom}/0/{bottom}/0/0"),
                format!("-5.5/-2/{}/1/{}/{}/2/{}", right + 3, right, bottom + 7, bottom),
            ]
        }
        Kind::Matrix => {
            ["3", "1/2", "1;2;1", "-1/0/1;-2/0/2;-1/0/1", "1/4/6/4/1;4/16/24/16/4;6/24/36/24/6;0.5/0/0/0/1"]
                .map(String::from)
                .to_vec()
        }
        // Nothing, a side each, more than the image is wide or high, more than any image may have.
        Kind::Sides => vec![
            "0/0/0/0".into(),
            "1/0/0/0".into(),
            "0x0x0x3".into(),
            format!("{}/0/2/{}", 2 * width + 1, 3 * height),
            "65535/0/0/0".into(),
        ],
    }
}

fn random(parameter: &Parameter, layout: Layout, rng: &mut Rng, range: Range) -> String {
    match parameter.kind {
        Kind::Number { low, high } if parameter.unit == "degrees" && rng.bool() => {
            number((90.0 * f64::from(rng.i32(-9..=9))).clamp(low, high))
        }
        Kind::Number { low, high } => {
            let far = match (parameter.unit, range) {
                ("px", _) => FAR,
                ("" | "stops", Range::Mild) => 4.0,
                _ => 720.0,
            };
            // A range above 0 that has no unit is one of ratios: powers.
            let near = if (parameter.unit, range) == ("", Range::Mild) && low > 0.0 { 1.0 / far } else { -far };
            number(random_number(low.max(near), high.min(far).max(low), rng))
        }
        Kind::Whole { low, high } => rng.i64(low..=high.min(low + 6)).to_string(),
        Kind::Odd { low, high } => (low + 2 * rng.i64(0..=((high - low) / 2).min(6))).to_string(),
        Kind::OneOf(names) => names[rng.usize(..names.len())].to_owned(),
        Kind::Flag => rng.bool().to_string(),
        Kind::Color => random_color(rng),
        Kind::Size => format!("{}x{}", rng.u32(1..=layout.width), rng.u32(1..=layout.height)),
        Kind::ResizeSize => random_resize_size(layout, rng),
        Kind::Quad => random_quad(layout, rng),
        Kind::Matrix => random_matrix(rng),
        Kind::Sides => random_sides(layout, rng),
    }
}

/// Whole, half or of three places; small ones more often where all are positive.
fn random_number(low: f64, high: f64, rng: &mut Rng) -> f64 {
    let u = rng.f64();
    let v = low + (high - low) * if low < 0.0 { u } else { u * u };
    let step = [1.0, 2.0, 1000.0][rng.usize(..3)];
    ((v * step).round() / step).clamp(low, high)
}

fn random_color(rng: &mut Rng) -> String {
    let mut level = || rng.u8(..).to_string();
    let levels = [level(), level(), level(), level()];
    match rng.u8(..4) {
        0 => levels[0].clone(),
        1 => levels[..3].join("/"),
        2 => format!("#{:02x}{:02x}{:02x}{:02x}", rng.u8(..), rng.u8(..), rng.u8(..), rng.u8(..)),
        _ => levels.join("/"),
    }
}

/// The corners of the image, each moved by up to a third of it: never in one line.
fn random_quad(layout: Layout, rng: &mut Rng) -> String {
    let (width, height) = (f64::from(layout.width.max(2) - 1), f64::from(layout.height.max(2) - 1));
    let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
    let mut moved = |v: f64, side: f64| number(v + side * (rng.f64() - 0.5) * 0.66);
    corners.map(|(x, y)| format!("{}/{}", moved(x, width), moved(y, height))).join("/")
}

fn random_matrix(rng: &mut Rng) -> String {
    let columns = rng.usize(1..=5);
    let rows = rng.usize(1..=5);
    let mut row = || (0..columns).map(|_| rng.i8(-3..=9).to_string()).collect::<Vec<_>>().join("/");
    (0..rows).map(|_| row()).collect::<Vec<_>>().join(";")
}

fn random_resize_size(layout: Layout, rng: &mut Rng) -> String {
    let width = rng.u32(1..=(layout.width * 2).min(140));
    let height = rng.u32(1..=(layout.height * 2).min(140));
    match rng.u8(..6) {
        0 => format!("{width}x"),
        1 => format!("x{height}"),
        2 => format!("{}%", number(f64::from(rng.u32(20..=2500)) / 10.0)),
        _ => format!("{width}x{height}"),
    }
}

/// None, few, or about as many as the image has.
fn random_sides(layout: Layout, rng: &mut Rng) -> String {
    let mut side = |n: u32| match rng.u8(..3) {
        0 => 0,
        1 => rng.u32(1..=5),
        _ => rng.u32(0..=2 * n.min(30)),
    };
    let sides = [side(layout.width), side(layout.height), side(layout.width), side(layout.height)];
    sides.map(|n| n.to_string()).join("/")
}

/// At most three places, and no exponent.
fn number(v: f64) -> String {
    let text = format!("{v:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
