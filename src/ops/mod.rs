//! The registry, a line per operation, and the operations, one file each.

mod adaptive_threshold;
mod blur;
mod box_blur;
mod brightness;
mod clahe;
mod contrast;
mod crop;
mod dilate;
mod equalize;
mod erode;
mod flip;
mod gaussian_blur;
mod grayscale;
mod invert;
mod linear;
mod lookup;
mod median;
mod morphology;
mod normalize;
mod otsu;
mod premultiply;
mod quantise;
mod resize;
mod rotate;
mod sobel;
mod threshold;
mod unsharp_mask;

use crate::op::Spec;

static REGISTRY: &[&Spec] = &[
    &resize::SPEC,
    &crop::SPEC,
    &flip::SPEC,
    &rotate::SPEC,
    &grayscale::SPEC,
    &brightness::SPEC,
    &contrast::SPEC,
    &invert::SPEC,
    &threshold::SPEC,
    &otsu::SPEC,
    &adaptive_threshold::SPEC,
    &normalize::SPEC,
    &equalize::SPEC,
    &clahe::SPEC,
    &box_blur::SPEC,
    &gaussian_blur::SPEC,
    &median::SPEC,
    &unsharp_mask::SPEC,
    &sobel::SPEC,
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
