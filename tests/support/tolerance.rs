//! How far a result may lie from the reference, from the operations page; the registry must say the same.

use imgproc::image::{Image, Samples};

use super::compare::Limit;
use super::oracle::{Step, steps};

/// Levels for 8-bit input, of the whole catalogue.
const LEVELS: &[(u32, &[&str])] = &[
    (0, &["crop", "pad", "flip", "transpose", "brightness", "invert", "posterize", "threshold", "otsu"]),
    (0, &["adaptive_threshold", "equalize", "clahe", "colormap", "median", "laplacian", "canny", "harris"]),
    (0, &["erode", "dilate", "open", "close", "morph_gradient", "top_hat", "black_hat"]),
    (1, &["resize", "rotate", "perspective", "grayscale", "contrast", "exposure", "gamma", "levels", "saturation"]),
    (1, &["hue", "tint", "sepia", "normalize", "vignette", "box_blur", "gaussian_blur", "motion_blur", "bilateral"]),
    (1, &["non_local_means", "unsharp_mask", "convolve", "emboss", "pixelate", "sobel", "scharr", "prewitt"]),
    (1, &["difference_of_gaussians"]),
];

/// Of an operation alone.
///
/// # Panics
/// Where the page lists no such operation.
pub fn levels(operation: &str) -> u32 {
    let row = LEVELS.iter().find(|(_, names)| names.contains(&operation));
    row.unwrap_or_else(|| panic!("no tolerance for {operation}: take it from the operations page")).0
}

/// Of a recipe: each operation's own, and a share of pixels where one decides about values that are not exact.
pub fn limit(recipe: &str) -> Limit {
    let mut limit = Limit::levels(0.0);
    for step in steps(recipe) {
        let own = step_levels(&step);
        let inexact = limit.levels > 0.0;
        if decides(&step) && limit.levels.max(own) > 0.0
            || makes_much_of_a_code(&step) && inexact
            || rounds_a_place(&step)
            || rounds_a_mean(&step)
        {
            limit.share = 0.001;
        }
        limit.levels = limit.levels.max(own);
    }
    limit
}

fn step_levels(step: &Step) -> f64 {
    if turns_exactly(step) { 0.0 } else { f64::from(levels(&step.name)) }
}

/// Whether it is a rotation that moves pixels and computes none. A quarter turn that may not expand is left to the
/// wider tolerance, since only a square image is permuted by it.
fn turns_exactly(step: &Step) -> bool {
    let whole_turns_of = |degrees: f64| step.number("*angle", 0.0) % degrees == 0.0;
    step.name == "rotate" && (whole_turns_of(180.0) || whole_turns_of(90.0) && step.word("expand", "true") == "true")
}

/// Whether its output jumps where its input crosses a value.
fn decides(step: &Step) -> bool {
    matches!(
        step.name.as_str(),
        "threshold"
            | "otsu"
            | "adaptive_threshold"
            | "canny"
            | "harris"
            | "posterize"
            | "colormap"
            | "equalize"
            | "clahe"
    ) || step.name == "unsharp_mask" && step.number("threshold", 0.0) > 0.0
}

/// Whether it rounds its input, and spreads codes that lie close together.
fn makes_much_of_a_code(step: &Step) -> bool {
    step.name == "normalize"
}

/// Whether it decides by a rounded sum of weights that f32 does not hold exactly.
fn rounds_a_mean(step: &Step) -> bool {
    step.name == "adaptive_threshold" && step.word("method", "mean") == "gaussian"
}

/// Whether it takes the nearest pixel to a place that is not exact.
fn rounds_a_place(step: &Step) -> bool {
    step.name == "rotate" && step_levels(step) > 0.0 && step.word("filter", "bilinear") == "nearest"
}

/// The page's tolerance, which is for 8-bit input; at 16 bits rounding hides less. There f32 keeps far within a level,
/// so that a slightly wrong weight shows. One code is allowed where the page has 0 and f32 can't settle every rounding
/// as f64 does: for floats, and for sums that are not whole codes.
pub fn at_depth(recipe: &str, image: &Image, limit: Limit) -> Limit {
    let code = 1.0 / 257.0;
    let levels = match (&image.samples, limit.levels) {
        (Samples::U8(_), levels) => levels,
        (Samples::U16(_), 0.0) if !recipe.contains("brightness") => 0.0,
        (_, 0.0) => code,
        _ => 5.0 * code,
    };
    Limit { levels, ..limit }
}
