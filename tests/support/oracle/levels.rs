//! What works on the histogram of whole codes.

use super::{Picture, Step};

/// OpenCV's `equalizeHist`, on luma or on each channel.
pub fn equalize(step: &Step, picture: &Picture) -> Picture {
    let per_level = picture.codes_per_level();
    let codes: Vec<u32> = picture.values.iter().map(|v| picture.code(*v)).collect();
    let pixel = |x: usize, y: usize| &codes[(y * picture.width + x) * picture.channels..][..picture.channels];
    let map_of = |key: &dyn Fn(&[u32]) -> u32| Map::new(picture.bits, codes.chunks(picture.channels).map(key));
    if picture.colours() == 1 || step.word("channels", "luma") == "each" {
        let maps: Vec<Map> = (0..picture.colours()).map(|c| map_of(&|p| p[c])).collect();
        return picture.colour(|x, y, c| f64::from(maps[c].of(pixel(x, y)[c])) / per_level);
    }
    let luma = |p: &[u32]| (299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000;
    let map = map_of(&luma);
    picture.colour(|x, y, c| {
        let p = pixel(x, y);
        let shift = f64::from(map.of(luma(p))) - f64::from(luma(p));
        (f64::from(p[c]) + shift) / per_level
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
