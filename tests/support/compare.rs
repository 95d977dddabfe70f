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
