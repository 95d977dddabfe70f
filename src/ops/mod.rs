//! The registry, a line per operation, and the operations, one file each.

mod blur;
mod box_blur;
mod brightness;
mod canny;
mod colormap;
mod contrast;
mod crop;
mod dilate;
mod equalize;
mod erode;
mod exposure;
mod flip;
mod gamma;
mod gaussian_blur;
mod grayscale;
mod harris;
mod hue;
mod invert;
mod levels;
mod linear;
mod luma_codes;
mod luma_slopes;
mod median;
mod morphology;
mod perspective;
mod posterize;
mod premultiply;
mod quantise;
mod resize;
mod rotate;
mod saturation;
mod sepia;
mod sliding_median;
mod sobel;
mod threshold;
mod tint;
mod unsharp_mask;
mod vignette;

use crate::op::Spec;

static REGISTRY: &[&Spec] = &[
    &resize::SPEC,
    &crop::SPEC,
    &flip::SPEC,
    &rotate::SPEC,
    &perspective::SPEC,
    &grayscale::SPEC,
    &brightness::SPEC,
    &contrast::SPEC,
    &exposure::SPEC,
    &gamma::SPEC,
    &levels::SPEC,
    &saturation::SPEC,
    &hue::SPEC,
    &tint::SPEC,
    &sepia::SPEC,
    &invert::SPEC,
    &posterize::SPEC,
    &threshold::SPEC,
    &equalize::SPEC,
    &colormap::SPEC,
    &vignette::SPEC,
    &box_blur::SPEC,
    &gaussian_blur::SPEC,
    &median::SPEC,
    &unsharp_mask::SPEC,
    &sobel::SPEC,
    &canny::SPEC,
    &harris::SPEC,
    &erode::SPEC,
    &dilate::SPEC,
];

/// Every operation, in the order of the catalogue.
pub fn registry() -> &'static [&'static Spec] {
    REGISTRY
}

/// The operation of that name; a hyphen may stand for an underscore.
pub fn find(name: &str) -> Option<&'static Spec> {
    let name = name.replace('-', "_");
    registry().iter().copied().find(|spec| spec.name == name)
}
