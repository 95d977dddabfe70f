//! The registry, a line per operation, and the operations, one file each.

mod adaptive_threshold;
mod bilateral;
mod bilateral_levels;
mod black_hat;
mod blur;
mod box_blur;
mod brightness;
mod canny;
mod clahe;
mod close;
mod colormap;
mod contrast;
mod convolve;
mod crop;
mod decay;
mod difference;
mod difference_of_gaussians;
mod dilate;
mod emboss;
mod equalize;
mod erode;
mod exposure;
mod flatten;
mod flip;
mod gamma;
mod gaussian_blur;
mod grayscale;
mod harris;
mod hue;
mod invert;
mod laplacian;
mod level_set_median;
mod levels;
mod linear;
mod lookup;
mod luma_codes;
mod luma_slopes;
mod median;
mod median_networks;
mod morph_gradient;
mod morphology;
mod motion_blur;
mod non_local_means;
mod normalize;
mod open;
mod otsu;
mod pad;
mod pairs;
mod perspective;
mod pixelate;
mod posterize;
mod premultiply;
mod prewitt;
mod quantise;
mod resize;
mod rotate;
mod saturation;
mod scharr;
mod sepia;
mod sliding_median;
mod slope;
mod sobel;
mod sums;
mod threshold;
mod tint;
mod top_hat;
mod transpose;
mod unsharp_mask;
mod vignette;

use crate::op::Spec;

static REGISTRY: &[&Spec] = &[
    &resize::SPEC,
    &crop::SPEC,
    &pad::SPEC,
    &flip::SPEC,
    &rotate::SPEC,
    &transpose::SPEC,
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
    &otsu::SPEC,
    &adaptive_threshold::SPEC,
    &normalize::SPEC,
    &equalize::SPEC,
    &clahe::SPEC,
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
    &pixelate::SPEC,
    &sobel::SPEC,
    &scharr::SPEC,
    &prewitt::SPEC,
    &laplacian::SPEC,
    &difference_of_gaussians::SPEC,
    &canny::SPEC,
    &harris::SPEC,
    &erode::SPEC,
    &dilate::SPEC,
    &open::SPEC,
    &close::SPEC,
    &morph_gradient::SPEC,
    &top_hat::SPEC,
    &black_hat::SPEC,
    &flatten::SPEC,
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
