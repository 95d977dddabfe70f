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
    (1, &["flatten"]),
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
        if decides(&step) && (inexact || own > 0.0)
            || (takes_a_root(&step) || makes_much_of_a_code(&step)) && inexact
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

/// Whether it is infinitely steep at 0, where a sum that should be 0 may be a rounding beside it.
fn takes_a_root(step: &Step) -> bool {
    step.name == "gamma" && step.number("*gamma", 1.0) > 1.0 || step.name == "levels" && step.number("gamma", 1.0) > 1.0
}

/// Whether it takes the nearest pixel to a place that is not exact.
fn rounds_a_place(step: &Step) -> bool {
    step.name == "rotate" && step_levels(step) > 0.0 && step.word("filter", "bilinear") == "nearest"
}

/// Whether it samples at places that are not exact.
fn samples_between(step: &Step) -> bool {
    step.name == "perspective" || step.name == "rotate" && !turns_exactly(step)
}

/// The page's tolerance, which is for 8-bit input; at 16 bits rounding hides less. There f32 keeps far within a level,
/// so that a slightly wrong weight shows. One code is allowed where the page has 0 and f32 can't settle every rounding
/// as f64 does: for floats, and for sums that are not whole codes.
pub fn at_depth(recipe: &str, image: &Image, limit: Limit) -> Limit {
    let code = 1.0_f64 / 257.0;
    let steps = steps(recipe);
    if steps.len() > 1 && steps.iter().any(samples_between) {
        // A place is as exact as f32 allows, and after other operations values may lie thousands of levels apart.
        return limit;
    }
    let levels = match (&image.samples, limit.levels) {
        (Samples::U8(_), levels) => levels,
        (Samples::U16(_), 0.0) if !["brightness", "laplacian"].iter().any(|name| recipe.contains(name)) => 0.0,
        (_, 0.0) => code.max(amplified_rounding(recipe)),
        _ => (5.0 * code).max(amplified_rounding(recipe)),
    };
    Limit { levels, ..limit }
}

/// Levels by which f32's rounding of a sample, at most 2^-17, has grown where kernels add up differences of neighbours; at
/// most the page's one level.
fn amplified_rounding(recipe: &str) -> f64 {
    let gain = |step: &Step| {
        let weights = match step.name.as_str() {
            "prewitt" => 6.0,
            "sobel" | "laplacian" => 8.0,
            "scharr" => 32.0,
            _ => return 1.0,
        };
        weights * step.number("scale", 1.0)
    };
    (steps(recipe).iter().map(gain).product::<f64>() / 131_072.0).min(1.0)
}
