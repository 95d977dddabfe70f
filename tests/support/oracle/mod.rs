//! The operations once more: slow, in f64, one loop per sentence of their definition. Shares no code with the crate
//! but its `Image`, so that both can't be wrong together.

mod clahe;
mod features;
mod filters;
mod levels;
mod morphology;
mod neighbours;
mod perspective;
mod resize;
mod shade;
mod step;
mod tone;
mod turn;

use imgproc::image::{Image, Layout, Samples};

pub use step::{Step, steps};

/// Interleaved values on the working scale.
#[derive(Clone, Debug)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    /// 8 or 16
    pub bits: u32,
    pub values: Vec<f64>,
}

impl Picture {
    pub fn of(image: &Image) -> Picture {
        let Layout { width, height, .. } = image.layout;
        let values = (0..image.samples.len()).map(|i| image.samples.level(i)).collect();
        let bits = if matches!(image.samples, Samples::U8(_)) { 8 } else { 16 };
        let channels = image.layout.channels() as usize;
        Picture { width: width as usize, height: height as usize, channels, bits, values }
    }

    /// Rounded and clamped, as at the end of a recipe.
    pub fn image(&self) -> Image {
        let codes = self.values.iter().map(|v| self.code(*v));
        let samples = match self.bits {
            8 => Samples::U8(codes.map(|c| c as u8).collect()),
            _ => Samples::U16(codes.map(|c| c as u16).collect()),
        };
        Image::new(Layout::new(self.width as u32, self.height as u32, self.channels as u32), samples)
    }

    /// Codes in a level: 1 or 257.
    fn codes_per_level(&self) -> f64 {
        if self.bits == 8 { 1.0 } else { 257.0 }
    }

    fn code(&self, level: f64) -> u32 {
        (level.clamp(0.0, 255.0) * self.codes_per_level() + 0.5).floor() as u32
    }

    fn has_alpha(&self) -> bool {
        self.channels.is_multiple_of(2)
    }

    /// Colour channels: 1 or 3.
    fn colours(&self) -> usize {
        self.channels - usize::from(self.has_alpha())
    }

    fn at(&self, x: usize, y: usize, c: usize) -> f64 {
        self.values[(y * self.width + x) * self.channels + c]
    }

    /// The value at a place that may lie outside, where it is the background's.
    fn at_or(&self, x: i64, y: i64, c: usize, background: &[f64]) -> f64 {
        let inside = (0..self.width as i64).contains(&x) && (0..self.height as i64).contains(&y);
        if inside { self.at(x as usize, y as usize, c) } else { background[c] }
    }

    /// The recipe's background as this picture's channels, premultiplied where it has alpha.
    fn background(&self, step: &Step) -> Vec<f64> {
        let mut colour = step.colour("background");
        if self.has_alpha() {
            (0..3).for_each(|c| colour[c] *= colour[3] / 255.0);
        }
        self.channels_of(colour)
    }

    /// A picture of that size and as many channels, computed sample by sample.
    fn sized(&self, width: usize, height: usize, value: impl Fn(usize, usize, usize) -> f64) -> Picture {
        let mut values = Vec::with_capacity(width * height * self.channels);
        for y in 0..height {
            for x in 0..width {
                values.extend((0..self.channels).map(|c| value(x, y, c)));
            }
        }
        Picture { width, height, values, ..*self }
    }

    /// Every colour sample computed, alpha kept.
    fn colour(&self, value: impl Fn(usize, usize, usize) -> f64) -> Picture {
        let colours = self.colours();
        self.sized(self.width, self.height, |x, y, c| if c < colours { value(x, y, c) } else { self.at(x, y, c) })
    }

    /// Colour times alpha.
    fn premultiplied(&self) -> Picture {
        match self.has_alpha() {
            true => self.colour(|x, y, c| self.at(x, y, c) * self.at(x, y, self.channels - 1) / 255.0),
            false => self.clone(),
        }
    }

    /// Colour divided by alpha; 0 where alpha is 0 or below.
    fn straight(&self) -> Picture {
        if !self.has_alpha() {
            return self.clone();
        }
        self.colour(|x, y, c| match self.at(x, y, self.channels - 1) {
            alpha if alpha > 0.0 => self.at(x, y, c) * 255.0 / alpha,
            _ => 0.0,
        })
    }

    /// An R, G, B, A colour as values of this picture's channels; gray takes its luma.
    fn channels_of(&self, colour: [f64; 4]) -> Vec<f64> {
        let [r, g, b, a] = colour;
        let mut values = if self.colours() == 3 { vec![r, g, b] } else { vec![luma(r, g, b)] };
        if self.has_alpha() {
            values.push(a);
        }
        values
    }
}

fn luma(r: f64, g: f64, b: f64) -> f64 {
    (299.0 * r + 587.0 * g + 114.0 * b) / 1000.0
}

/// What position `i` reads on an axis of `n`, found by folding or stepping until inside; none: the constant.
fn border_position(border: &str, mut i: i64, n: usize) -> Option<usize> {
    let n = n as i64;
    while !(0..n).contains(&i) {
        let below = i < 0;
        i = match border {
            "constant" => return None,
            "clamp" => i.clamp(0, n - 1),
            "wrap" if below => i + n,
            "wrap" => i - n,
            "reflect" if below => -1 - i,
            "reflect" => 2 * n - 1 - i,
            "reflect101" if n == 1 => 0,
            "reflect101" if below => -i,
            "reflect101" => 2 * (n - 1) - i,
            other => panic!("no border {other}"),
        };
    }
    Some(i as usize)
}

/// The picture taken through the recipe.
///
/// # Errors
/// Where an operation does not apply to it.
pub fn apply(recipe: &str, image: &Image) -> Result<Image, String> {
    let mut picture = Picture::of(image);
    for step in steps(recipe) {
        picture = apply_step(&step, &picture)?;
    }
    Ok(picture.image())
}

fn apply_step(step: &Step, picture: &Picture) -> Result<Picture, String> {
    Ok(match step.name.as_str() {
        "grayscale" => tone::grayscale(step, picture),
        "brightness" => tone::brightness(step, picture),
        "contrast" => tone::contrast(step, picture),
        "exposure" => tone::exposure(step, picture),
        "gamma" => tone::gamma(step, picture),
        "levels" => tone::levels(step, picture),
        "saturation" => tone::saturation(step, picture),
        "hue" => tone::hue(step, picture),
        "tint" => tone::tint(step, picture),
        "sepia" => tone::sepia(step, picture),
        "invert" => tone::invert(picture),
        "posterize" => tone::posterize(step, picture),
        "threshold" => tone::threshold(step, picture),
        "otsu" => levels::otsu(step, picture)?,
        "adaptive_threshold" => filters::adaptive_threshold(step, picture),
        "normalize" => levels::normalize(step, picture),
        "box_blur" => filters::box_blur(step, picture),
        "gaussian_blur" => filters::gaussian_blur(step, picture),
        "median" => filters::median(step, picture),
        "motion_blur" => neighbours::motion_blur(step, picture),
        "bilateral" => neighbours::bilateral(step, picture),
        "non_local_means" => neighbours::non_local_means(step, picture),
        "convolve" => neighbours::convolve(step, picture),
        "emboss" => neighbours::emboss(step, picture),
        "unsharp_mask" => filters::unsharp_mask(step, picture),
        "pixelate" => filters::pixelate(step, picture),
        "sobel" => filters::slope(step, picture, [1.0, 2.0, 1.0]),
        "scharr" => filters::slope(step, picture, [3.0, 10.0, 3.0]),
        "prewitt" => filters::slope(step, picture, [1.0, 1.0, 1.0]),
        "laplacian" => filters::laplacian(step, picture),
        "difference_of_gaussians" => filters::difference_of_gaussians(step, picture),
        "erode" => morphology::erode(step, picture),
        "dilate" => morphology::dilate(step, picture),
        "open" => morphology::open(step, picture),
        "close" => morphology::close(step, picture),
        "morph_gradient" => morphology::minus(&morphology::dilate(step, picture), &morphology::erode(step, picture)),
        "top_hat" => morphology::minus(picture, &morphology::open(step, picture)),
        "black_hat" => morphology::minus(&morphology::close(step, picture), picture),
        "equalize" => levels::equalize(step, picture),
        "clahe" => clahe::clahe(step, picture)?,
        "resize" => resize::resize(step, picture),
        "crop" => turn::crop(step, picture)?,
        "pad" => turn::pad(step, picture)?,
        "flip" => turn::flip(step, picture),
        "transpose" => turn::transpose(picture),
        "rotate" => turn::rotate(step, picture),
        "perspective" => perspective::perspective(step, picture),
        "colormap" => shade::colormap(step, picture),
        "flatten" => shade::flatten(step, picture),
        "vignette" => shade::vignette(step, picture),
        "canny" => features::canny(step, picture),
        "harris" => features::harris(step, picture),
        other => panic!("the oracle has no {other}: write it from the operations page"),
    })
}
