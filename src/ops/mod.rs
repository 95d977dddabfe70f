//! The registry, a line per operation, and the operations, one file each.

mod bilateral;
mod blur;
mod box_blur;
mod brightness;
mod canny;
mod colormap;
mod contrast;
mod convolve;
mod crop;
mod decay;
mod dilate;
mod emboss;
mod equalize;
mod erode;
mod flip;
mod gaussian_blur;
mod grayscale;
mod harris;
mod invert;
mod linear;
mod luma_codes;
mod luma_slopes;
mod median;
mod morphology;
mod motion_blur;
mod non_local_means;
mod pairs;
mod perspective;
mod premultiply;
mod quantise;
mod resize;
mod rotate;
mod sobel;
mod sums;
mod threshold;
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
    &invert::SPEC,
    &threshold::SPEC,
    &equalize::SPEC,
    &colormap::SPEC,
    &vignette::SPEC,
    &box_blur::SPEC,
    &gaussian_blur::SPEC,
    &motion_blur::SPEC,
    &median::SPEC,
    &bilateral::SPEC,
    &non_local_means::SPEC,
    &unsharp_mask::SPEC,
    &convolve::SPEC,
    &emboss::SPEC,
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
