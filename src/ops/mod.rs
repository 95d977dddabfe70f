//! The registry, a line per operation, and the operations, one file each.

mod black_hat;
mod blur;
mod box_blur;
mod brightness;
mod close;
mod contrast;
mod crop;
mod difference;
mod difference_of_gaussians;
mod dilate;
mod equalize;
mod erode;
mod flip;
mod gaussian_blur;
mod grayscale;
mod invert;
mod laplacian;
mod linear;
mod median;
mod morph_gradient;
mod morphology;
mod open;
mod pad;
mod pixelate;
mod premultiply;
mod prewitt;
mod quantise;
mod resize;
mod rotate;
mod scharr;
mod slope;
mod sobel;
mod threshold;
mod top_hat;
mod transpose;
mod unsharp_mask;

use crate::op::Spec;

static REGISTRY: &[&Spec] = &[
    &resize::SPEC,
    &crop::SPEC,
    &pad::SPEC,
    &flip::SPEC,
    &rotate::SPEC,
    &transpose::SPEC,
    &grayscale::SPEC,
    &brightness::SPEC,
    &contrast::SPEC,
    &invert::SPEC,
    &threshold::SPEC,
    &equalize::SPEC,
    &box_blur::SPEC,
    &gaussian_blur::SPEC,
    &median::SPEC,
    &unsharp_mask::SPEC,
    &pixelate::SPEC,
    &sobel::SPEC,
    &scharr::SPEC,
    &prewitt::SPEC,
    &laplacian::SPEC,
    &difference_of_gaussians::SPEC,
    &erode::SPEC,
    &dilate::SPEC,
    &open::SPEC,
    &close::SPEC,
    &morph_gradient::SPEC,
    &top_hat::SPEC,
    &black_hat::SPEC,
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
