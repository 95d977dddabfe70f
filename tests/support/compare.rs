//! Two images held against each other, and what is said where they differ too much.

use std::fmt;
use std::path::PathBuf;

use imgproc::image::{Image, Samples};

use super::png;

/// How far two results may lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Levels of the working scale after quantisation.
    pub levels: f64,
    /// Share of pixels that may lie beyond `levels`, 0 to 1.
    pub share: f64,
}

impl Limit {
    pub fn levels(levels: f64) -> Limit {
        Limit { levels, share: 0.0 }
    }
}

/// What a comparison found within its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Difference {
    /// Greatest difference of a sample, levels.
    pub worst: f64,
    pub pixels: u64,
    /// Pixels beyond the limit's levels.
    pub beyond: u64,
}

impl Difference {
    pub fn add(&mut self, other: Difference) {
        self.worst = self.worst.max(other.worst);
        self.pixels += other.pixels;
        self.beyond += other.beyond;
    }

    /// Of pixels beyond the limit's levels, 0 to 1.
    pub fn share(&self) -> f64 {
        if self.pixels == 0 { 0.0 } else { self.beyond as f64 / self.pixels as f64 }
    }
}

/// A result and who computed it.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    pub by: &'a str,
    pub image: &'a Image,
}

/// The sample furthest apart.
#[derive(Debug)]
pub struct Place {
    pub x: u32,
    pub y: u32,
    /// All channels there, in codes.
    pub expected: Vec<f64>,
    pub actual: Vec<f64>,
}

/// A comparison that failed, with what is needed to see why.
#[derive(Debug)]
pub struct Failure {
    pub recipe: String,
    pub image: String,
    pub sides: [String; 2],
    pub limit: Limit,
    pub difference: Difference,
    pub place: Option<Place>,
    pub reason: String,
    pub picture: Option<PathBuf>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [expected, actual] = &self.sides;
        writeln!(f, "`{}` on {}: {}", self.recipe, self.image, self.reason)?;
        if let Some(place) = &self.place {
            writeln!(f, "  furthest at ({}, {}):", place.x, place.y)?;
            writeln!(f, "    {expected}: {:?}\n    {actual}: {:?} (codes)", place.expected, place.actual)?;
            let d = &self.difference;
            writeln!(
                f,
                "  worst {:.4} levels, {} allowed; beyond that {} of {} pixels, {:.4} % ({} % allowed)",
                d.worst,
                self.limit.levels,
                d.beyond,
                d.pixels,
                100.0 * d.share(),
                100.0 * self.limit.share
            )?;
        }
        match &self.picture {
            Some(path) => writeln!(f, "  see {}", path.display()),
            None => Ok(()),
        }
    }
}

/// Compares `actual` with `expected`: same layout, same depth, every sample within the limit, colour left out where
/// alpha is 0 in both. A failure leaves a picture of the differences in `target/tmp`.
pub fn compare(
    recipe: &str,
    image: &str,
    expected: Side,
    actual: Side,
    limit: Limit,
) -> Result<Difference, Box<Failure>> {
    let failure = |reason: String, difference, place, picture| {
        let sides = [expected.by.to_owned(), actual.by.to_owned()];
        let (recipe, image) = (recipe.to_owned(), image.to_owned());
        Box::new(Failure { recipe, image, sides, limit, difference, place, reason, picture })
    };
    let (e, a) = (expected.image, actual.image);
    if e.layout != a.layout || kind(&e.samples) != kind(&a.samples) {
        let reason = format!("{:?} {} expected, {:?} {} given", e.layout, kind(&e.samples), a.layout, kind(&a.samples));
        return Err(failure(reason, Difference::default(), None, None));
    }
    let differences = differences(e, a);
    let beyond = differences.iter().filter(|d| **d > limit.levels).count() as u64;
    let (at, worst) =
        differences.iter().copied().enumerate().fold((0, 0.0), |best, d| if d.1 > best.1 { d } else { best });
    let difference = Difference { worst, pixels: e.layout.pixels(), beyond };
    if difference.share() <= limit.share {
        return Ok(difference);
    }
    let picture = png::write_differences(recipe, image, e.layout, &differences);
    let (x, y) = (at as u32 % e.layout.width, at as u32 / e.layout.width);
    let place = Place { x, y, expected: codes(e, at), actual: codes(a, at) };
    Err(failure("too far apart".into(), difference, Some(place), Some(picture)))
}

fn kind(samples: &Samples) -> &'static str {
    match samples {
        Samples::U8(_) => "8-bit",
        Samples::U16(_) => "16-bit",
        Samples::F32(_) => "float",
    }
}

/// Of each pixel the greatest difference of its channels, levels.
fn differences(a: &Image, b: &Image) -> Vec<f64> {
    let channels = a.layout.channels() as usize;
    let clear = |image: &Image, pixel: usize| image.samples.level(pixel * channels + channels - 1) == 0.0;
    (0..a.layout.pixels() as usize)
        .map(|pixel| {
            if a.layout.alpha && clear(a, pixel) && clear(b, pixel) {
                return 0.0;
            }
            let samples = pixel * channels..(pixel + 1) * channels;
            // Of whole codes and divided after, so that one level apart at 16 bits is 1 and not 1 and a rounding.
            samples.map(|i| (code(a, i) - code(b, i)).abs() / per_level(a)).fold(0.0, f64::max)
        })
        .collect()
}

fn per_level(image: &Image) -> f64 {
    match image.samples {
        Samples::U8(_) => 1.0,
        Samples::U16(_) => 257.0,
        Samples::F32(_) => 1.0 / 255.0,
    }
}

fn code(image: &Image, i: usize) -> f64 {
    match &image.samples {
        Samples::U8(v) => f64::from(v[i]),
        Samples::U16(v) => f64::from(v[i]),
        Samples::F32(v) => f64::from(v[i]),
    }
}

fn codes(image: &Image, pixel: usize) -> Vec<f64> {
    let channels = image.layout.channels() as usize;
    (pixel * channels..(pixel + 1) * channels).map(|i| code(image, i)).collect()
}

#[cfg(test)]
mod tests {
    use imgproc::image::Layout;

    use super::super::images::{Content, sample};
    use super::*;

    fn verdict(expected: &Image, actual: &Image, limit: Limit) -> Result<Difference, Box<Failure>> {
        let sides = [expected, actual].map(|image| Side { by: "test", image });
        compare("harness", "self test", sides[0], sides[1], limit)
    }

    fn changed(image: &Image, sample: usize, by: i32) -> Image {
        let mut image = image.clone();
        match &mut image.samples {
            Samples::U8(v) => v[sample] = (i32::from(v[sample]) + by) as u8,
            Samples::U16(v) => v[sample] = (i32::from(v[sample]) + by) as u16,
            Samples::F32(v) => v[sample] += by as f32,
        }
        image
    }

    #[test]
    fn one_changed_sample_fails() {
        for (channels, bits, step) in [(1, 8, 1), (3, 8, 1), (4, 8, 1), (3, 16, 257), (2, 16, 257)] {
            let image = sample(13, 7, channels, bits, Content::Gradient).image;
            assert_eq!(verdict(&image, &image, Limit::levels(0.0)).unwrap().worst, 0.0);
            for at in [0, image.samples.len() / 2] {
                let level = image.samples.level(at);
                let by = if level > 128.0 { -step } else { step };
                assert!(verdict(&image, &changed(&image, at, by), Limit::levels(0.0)).is_err());
                assert!(verdict(&image, &changed(&image, at, by), Limit::levels(1.0)).is_ok());
                assert!(verdict(&image, &changed(&image, at, 2 * by), Limit::levels(1.0)).is_err());
            }
        }
    }

    #[test]
    fn one_code_of_sixteen_bits_fails_where_none_may_differ() {
        let image = sample(5, 5, 1, 16, Content::Gradient).image;
        assert!(verdict(&image, &changed(&image, 12, 1), Limit::levels(0.0)).is_err());
    }

    #[test]
    fn swapped_channels_fail() {
        let image = sample(9, 9, 3, 8, Content::Noise).image;
        let Samples::U8(v) = &image.samples else { panic!("8-bit") };
        let swapped = v.chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
        assert!(verdict(&image, &Image::new(image.layout, Samples::U8(swapped)), Limit::levels(1.0)).is_err());
    }

    #[test]
    fn another_size_channel_count_or_depth_fails_even_with_every_pixel_allowed() {
        let any = Limit { levels: 255.0, share: 1.0 };
        let of = |w, h, channels, bits| sample(w, h, channels, bits, Content::Constant).image;
        for other in [of(4, 6, 3, 8), of(6, 4, 4, 8), of(6, 4, 3, 16), of(6, 5, 3, 8)] {
            assert!(verdict(&of(6, 4, 3, 8), &other, any).is_err());
        }
    }

    #[test]
    fn colour_counts_unless_alpha_is_zero_in_both() {
        let of = |gray, alpha| Image::new(Layout::new(1, 1, 2), Samples::U8(vec![gray, alpha]));
        assert!(verdict(&of(9, 0), &of(200, 0), Limit::levels(0.0)).is_ok());
        assert!(verdict(&of(9, 0), &of(200, 1), Limit::levels(1.0)).is_err());
        assert!(verdict(&of(9, 1), &of(200, 1), Limit::levels(0.0)).is_err());
    }

    #[test]
    fn share_counts_pixels_beyond_the_levels() {
        let image = sample(40, 50, 3, 8, Content::Constant).image;
        let limit = Limit { levels: 1.0, share: 0.001 };
        let two = changed(&changed(&image, 0, 100), 3, 100);
        assert_eq!(verdict(&image, &two, limit).unwrap().beyond, 2);
        assert!(verdict(&image, &changed(&two, 6, 100), limit).is_err());
    }

    #[test]
    fn a_failure_says_what_where_and_by_how_much_and_draws_it() {
        let image = sample(6, 4, 3, 8, Content::Constant).image;
        let failure = verdict(&image, &changed(&image, (2 * 6 + 5) * 3 + 1, 9), Limit::levels(1.0)).unwrap_err();
        let text = failure.to_string();
        for part in ["harness", "self test", "(5, 2)", "9.0000 levels", "1 of 24 pixels", "4.1667 %"] {
            assert!(text.contains(part), "{part} missing in {text}");
        }
        assert!(failure.picture.expect("a picture").is_file());
    }
}
