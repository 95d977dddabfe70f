//! What works on the histogram of whole codes.

use super::tone::split;
use super::{Picture, Step};

/// OpenCV's `equalizeHist`, on luma or on each channel.
pub fn equalize(step: &Step, picture: &Picture) -> Picture {
    let per_level = picture.codes_per_level();
    let codes = codes(picture);
    let pixel = |x: usize, y: usize| &codes[(y * picture.width + x) * picture.channels..][..picture.channels];
    let map_of = |key: &dyn Fn(&[u32]) -> u32| Map::new(picture.bits, codes.chunks(picture.channels).map(key));
    if picture.colours() == 1 || step.word("channels", "luma") == "each" {
        let maps: Vec<Map> = (0..picture.colours()).map(|c| map_of(&|p| p[c])).collect();
        return picture.colour(|x, y, c| f64::from(maps[c].of(pixel(x, y)[c])) / per_level);
    }
    let map = map_of(&luma);
    picture.colour(|x, y, c| {
        let p = pixel(x, y);
        let shift = f64::from(map.of(luma(p))) - f64::from(luma(p));
        (f64::from(p[c]) + shift) / per_level
    })
}

/// Every sample in whole codes.
pub fn codes(picture: &Picture) -> Vec<u32> {
    picture.values.iter().map(|v| picture.code(*v)).collect()
}

/// In whole codes; the gray of a gray pixel.
pub fn luma(p: &[u32]) -> u32 {
    if p.len() < 3 { p[0] } else { (299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000 }
}

/// How often each code of luma occurs.
fn histogram(picture: &Picture) -> Vec<u64> {
    let mut counts = vec![0; 1 << picture.bits];
    codes(picture).chunks(picture.channels).for_each(|p| counts[luma(p) as usize] += 1);
    counts
}

/// # Errors
/// Where the picture has colour.
pub fn otsu(step: &Step, picture: &Picture) -> Result<Picture, String> {
    if picture.colours() != 1 {
        return Err("otsu needs a gray image".into());
    }
    let per_level = picture.codes_per_level();
    let counts: Vec<f64> = histogram(picture).iter().map(|n| *n as f64).collect();
    let pixels: f64 = counts.iter().sum();
    let sum: f64 = (0..).zip(&counts).map(|(code, n)| f64::from(code) * n).sum();
    let (mut below, mut sum_below) = (0.0, 0.0);
    let mut variances = Vec::new();
    for (code, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0.0) {
        below += n;
        sum_below += code as f64 * n;
        let above = pixels - below;
        if above > 0.0 {
            let apart = (sum - sum_below) / above - sum_below / below;
            variances.push((code, below * above * apart * apart));
        }
    }
    let greatest = variances.iter().map(|(_, variance)| *variance).fold(0.0, f64::max);
    let best = variances.iter().find(|(_, variance)| *variance >= greatest * (1.0 - 1e-9));
    let level = best.map_or(0.0, |(code, _)| *code as f64 / per_level);
    let mode = step.word("mode", "binary");
    Ok(picture.colour(|x, y, c| split(&mode, level, f64::from(picture.code(picture.at(x, y, c))) / per_level)))
}

pub fn normalize(step: &Step, picture: &Picture) -> Picture {
    let counts = histogram(picture);
    let pixels: u64 = counts.iter().sum();
    // Percentages have at most three places here: in thousandths all is whole.
    let level_of = |percent: f64| {
        let thousandths = (1000.0 * percent).round() as u64;
        let mut below = 0;
        let code = counts.iter().position(|n| {
            below += n;
            below >= 1 && below * 100_000 >= thousandths * pixels
        });
        code.expect("all pixels are at or below the last code") as f64 / picture.codes_per_level()
    };
    let (black, white) = (level_of(step.number("low", 1.0)), level_of(step.number("high", 99.0)));
    picture.colour(|x, y, c| {
        let v = f64::from(picture.code(picture.at(x, y, c))) / picture.codes_per_level();
        if black == white { v } else { (v - black) * 255.0 / (white - black) }
    })
}

/// Where each code goes.
struct Map(Vec<u32>);

impl Map {
    fn new(bits: u32, codes: impl Iterator<Item = u32>) -> Map {
        let mut counts = vec![0u32; 1 << bits];
        codes.for_each(|code| counts[code as usize] += 1);
        let all: u32 = counts.iter().sum();
        let lowest = counts.iter().position(|n| *n > 0).expect("an image has a pixel");
        if counts[lowest] == all {
            return Map((0..counts.len() as u32).collect());
        }
        // In f32 and half to even, as OpenCV computes it.
        let scale = (counts.len() - 1) as f32 / (all - counts[lowest]) as f32;
        let mut above = 0;
        let mut map = vec![0; counts.len()];
        for code in lowest + 1..counts.len() {
            above += counts[code];
            map[code] = (above as f32 * scale).round_ties_even() as u32;
        }
        Map(map)
    }

    fn of(&self, code: u32) -> u32 {
        self.0[code as usize]
    }
}
