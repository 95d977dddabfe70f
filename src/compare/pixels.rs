//! How far apart two images are: the largest difference, how many samples differ, PSNR, SSIM.

use crate::image::{Image, Layout, Samples};
use crate::recipe::Tolerance;
use crate::report::document::Pixels;

/// Samples of the images compared so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// How far apart they may be.
    tolerance: Tolerance,
    samples: u64,
    differing: u64,
    /// Levels.
    largest: f64,
    /// Sum of the squared differences, levels².
    squares: f64,
    pixels: u64,
    /// Pixels further apart than the tolerance.
    beyond: u64,
    /// Of the image that is least alike.
    ssim: f64,
    /// Images that are not of the same size and channels; others can't be compared.
    of_other_layout: usize,
}

impl Difference {
    pub fn new(tolerance: Tolerance) -> Difference {
        Difference {
            tolerance,
            samples: 0,
            differing: 0,
            largest: 0.0,
            squares: 0.0,
            pixels: 0,
            beyond: 0,
            ssim: 1.0,
            of_other_layout: 0,
        }
    }

    /// Of images that are known to be the same.
    pub fn add_same(&mut self, layout: Layout) {
        self.samples += layout.samples();
        self.pixels += layout.pixels();
    }

    /// Takes in the difference of two images, and returns the largest one of theirs.
    pub fn add(&mut self, expected: &Image, actual: &Image) -> f64 {
        let layout = expected.layout;
        if layout != actual.layout {
            self.of_other_layout += 1;
            return f64::INFINITY;
        }
        self.samples += layout.samples();
        self.pixels += layout.pixels();
        let mut largest: f64 = 0.0;
        for pixel in 0..layout.pixels() as usize {
            let mut furthest: f64 = 0.0;
            for difference in pixel_differences(expected, actual, pixel).filter(|d| *d > 0.0) {
                self.differing += 1;
                self.squares += difference * difference;
                furthest = furthest.max(difference);
            }
            self.beyond += u64::from(furthest > f64::from(self.tolerance.levels));
            largest = largest.max(furthest);
        }
        self.largest = self.largest.max(largest);
        if largest > 0.0 {
            self.ssim = self.ssim.min(ssim(expected, actual));
        }
        largest
    }

    /// Whether the specification allows it.
    pub fn is_allowed(&self) -> bool {
        self.of_other_layout == 0 && self.beyond as f64 <= self.tolerance.share * self.pixels as f64
    }

    pub fn pixels(&self, against: &str) -> Pixels {
        let mean_square = self.squares / self.samples.max(1) as f64;
        Pixels {
            against: against.into(),
            samples: self.samples,
            largest: if self.of_other_layout > 0 { 255.0 } else { self.largest },
            differing: self.differing as f64 / self.samples.max(1) as f64,
            psnr: (mean_square > 0.0).then(|| 10.0 * (WHITE * WHITE / mean_square).log10()),
            ssim: if self.of_other_layout > 0 { 0.0 } else { self.ssim },
            tolerance: f64::from(self.tolerance.levels),
        }
    }
}

const WHITE: f64 = 255.0;

/// Of each channel of a pixel, in levels; none but alpha where alpha is 0 in both.
pub fn pixel_differences<'a>(a: &'a Image, b: &'a Image, pixel: usize) -> impl Iterator<Item = f64> + 'a {
    let channels = a.layout.channels() as usize;
    let first = pixel * channels;
    let clear = |image: &Image| image.layout.alpha && level(image, first + channels - 1) == 0.0;
    let colourless = if clear(a) && clear(b) { channels - 1 } else { 0 };
    (first + colourless..first + channels).map(|i| (level(a, i) - level(b, i)).abs())
}

/// Levels that are multiples of 1/257 exactly where the sample has 16 bits.
fn level(image: &Image, i: usize) -> f64 {
    match &image.samples {
        Samples::U8(v) => f64::from(v[i]),
        other => other.level(i),
    }
}

/// Side of the squares that structural similarity is looked for in, and how far one is from the next, px.
const SIDE: usize = 8;
const STEP: usize = 4;

/// Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004), with the paper's constants, of the mean of the colour
/// channels, as the mean over squares of 8x8 px at every 4th: 1 where the images are the same.
pub fn ssim(a: &Image, b: &Image) -> f64 {
    let (width, height) = (a.layout.width as usize, a.layout.height as usize);
    let (a, b) = (mean_of_colours(a), mean_of_colours(b));
    let starts = |size: usize| (0..=size.saturating_sub(SIDE)).step_by(STEP);
    let (mut sum, mut count) = (0.0, 0u64);
    for y in starts(height) {
        for x in starts(width) {
            let square = Square { x, y, width: SIDE.min(width), height: SIDE.min(height), stride: width };
            sum += square.similarity(&a, &b);
            count += 1;
        }
    }
    sum / count as f64
}

fn mean_of_colours(image: &Image) -> Vec<f64> {
    let (channels, colours) = (image.layout.channels() as usize, image.layout.colours as usize);
    let mean = |p: usize| (0..colours).map(|c| level(image, p * channels + c)).sum::<f64>() / colours as f64;
    (0..image.layout.pixels() as usize).map(mean).collect()
}

struct Square {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    stride: usize,
}

impl Square {
    fn similarity(&self, a: &[f64], b: &[f64]) -> f64 {
        let rows = |y: usize| (self.y + y) * self.stride + self.x;
        let places = (0..self.height).flat_map(|y| rows(y)..rows(y) + self.width);
        let [mut sum_a, mut sum_b, mut aa, mut bb, mut ab] = [0.0; 5];
        for i in places {
            let (a, b) = (a[i], b[i]);
            sum_a += a;
            sum_b += b;
            aa += a * a;
            bb += b * b;
            ab += a * b;
        }
        let n = (self.width * self.height) as f64;
        let (mean_a, mean_b) = (sum_a / n, sum_b / n);
        let (var_a, var_b, cov) = (aa / n - mean_a * mean_a, bb / n - mean_b * mean_b, ab / n - mean_a * mean_b);
        let (c1, c2) = ((0.01 * WHITE).powi(2), (0.03 * WHITE).powi(2));
        (2.0 * mean_a * mean_b + c1) * (2.0 * cov + c2)
            / ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width: u32, height: u32, code: impl Fn(u32, u32) -> u8) -> Image {
        let codes = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| code(x, y));
        Image::new(Layout::new(width, height, 1), Samples::U8(codes.collect()))
    }

    const EXACT: Tolerance = Tolerance { levels: 0, share: 0.0 };

    #[test]
    fn one_level_in_one_of_a_hundred_samples() {
        let a = gray(10, 10, |x, y| (10 * y + x) as u8);
        let b = gray(10, 10, |x, y| (10 * y + x) as u8 + u8::from(x == 3 && y == 3));
        let mut difference = Difference::new(EXACT);
        assert_eq!(difference.add(&a, &b), 1.0);
        let pixels = difference.pixels("sequential, cpu");
        assert_eq!((pixels.samples, pixels.largest, pixels.differing), (100, 1.0, 0.01));
        // 10 log10(255² / 0.01)
        assert!((pixels.psnr.unwrap() - 68.1308).abs() < 1e-4, "{pixels:?}");
        assert!(pixels.ssim < 1.0 && pixels.ssim > 0.999, "{pixels:?}");
        let is_allowed = |levels, share| {
            let mut difference = Difference::new(Tolerance { levels, share });
            difference.add(&a, &b);
            difference.is_allowed()
        };
        assert!(!is_allowed(0, 0.0) && is_allowed(1, 0.0) && is_allowed(0, 0.01) && !is_allowed(0, 0.009));
    }

    #[test]
    fn the_same_is_all_alike() {
        let a = gray(9, 5, |x, y| (x * y) as u8);
        let mut difference = Difference::new(EXACT);
        difference.add(&a, &a);
        difference.add_same(a.layout);
        let pixels = difference.pixels("");
        assert_eq!((pixels.samples, pixels.largest, pixels.psnr, pixels.ssim), (90, 0.0, None, 1.0));
    }

    #[test]
    fn similarity_follows_the_papers_formula() {
        // Flat squares: only the means speak. (2 * 100 * 110 + c1) / (100² + 110² + c1) with c1 = 6.5025.
        let similarity = ssim(&gray(8, 8, |_, _| 100), &gray(8, 8, |_, _| 110));
        assert!((similarity - 22006.5025 / 22106.5025).abs() < 1e-12, "{similarity}");
        // The negative of a picture is the least like it.
        let (wave, negative) = (gray(8, 8, |x, _| 100 + x as u8), gray(8, 8, |x, _| 107 - x as u8));
        assert!(ssim(&wave, &negative) < 0.9);
    }

    #[test]
    fn what_nobody_sees_is_not_compared() {
        let rgba = |red, alpha| Image::new(Layout::new(1, 1, 4), Samples::U8(vec![red, 0, 0, alpha]));
        let mut difference = Difference::new(EXACT);
        assert_eq!(difference.add(&rgba(9, 0), &rgba(200, 0)), 0.0);
        assert_eq!(difference.add(&rgba(9, 0), &rgba(10, 2)), 2.0);
    }

    #[test]
    fn another_size_is_never_allowed() {
        let mut difference = Difference::new(Tolerance { levels: 255, share: 1.0 });
        difference.add(&gray(4, 4, |_, _| 0), &gray(4, 5, |_, _| 0));
        assert!(!difference.is_allowed());
        assert_eq!(difference.pixels("").largest, 255.0);
    }
}
