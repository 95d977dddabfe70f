//! What works on the histogram of whole codes.

use super::{Picture, Step};

/// OpenCV's `equalizeHist`, on luma or on each channel.
pub fn equalize(step: &Step, picture: &Picture) -> Picture {
    let per_level = picture.codes_per_level();
    let codes = picture.colour(|x, y, c| f64::from(picture.code(picture.at(x, y, c))));
    let size = (picture.width, picture.height);
    if picture.colours() == 1 || step.word("channels", "luma") == "each" {
        let maps: Vec<Map> = (0..picture.colours())
            .map(|c| {
                Map::new(
                    picture.bits,
                    (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y))).map(|(x, y)| codes.at(x, y, c) as u32),
                )
            })
            .collect();
        return codes.colour(|x, y, c| f64::from(maps[c].of(codes.at(x, y, c) as u32)) / per_level);
    }
    let luma = |x: usize, y: usize| {
        let [r, g, b] = [0, 1, 2].map(|c| codes.at(x, y, c) as u32);
        (299 * r + 587 * g + 114 * b + 500) / 1000
    };
    let map =
        Map::new(picture.bits, (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y))).map(|(x, y)| luma(x, y)));
    codes.colour(|x, y, c| {
        let shift = f64::from(map.of(luma(x, y))) - f64::from(luma(x, y));
        (codes.at(x, y, c) + shift) / per_level
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
