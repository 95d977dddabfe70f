//! `clahe`, as OpenCV computes it: in f32, so that its roundings are the same.

use super::levels::{codes, luma};
use super::{Picture, Step, border_position};

/// # Errors
/// Where the tables of a 16-bit picture would take more than 2^25 entries.
pub fn clahe(step: &Step, picture: &Picture) -> Result<Picture, String> {
    let tiles = step.whole("tiles", 8) as usize;
    let clip = step.number("*clip", 2.0);
    let each = picture.colours() == 3 && step.word("channels", "luma") == "each";
    let planes = if each { 3 } else { 1 };
    if (planes * tiles * tiles) << picture.bits > 1 << 25 {
        return Err("too many tiles".into());
    }
    let codes = codes(picture);
    let pixel = |x: usize, y: usize| &codes[(y * picture.width + x) * picture.channels..][..picture.channels];
    let plane = |key: &dyn Fn(&[u32]) -> u32| Plane {
        width: picture.width,
        height: picture.height,
        levels: 1 << picture.bits,
        codes: codes.chunks(picture.channels).map(key).collect(),
    };
    let per_level = picture.codes_per_level();
    if each || picture.colours() == 1 {
        let spread: Vec<Vec<f32>> = (0..planes).map(|c| plane(&|p| p[c]).spread(tiles, clip)).collect();
        return Ok(picture.colour(|x, y, c| f64::from(spread[c][y * picture.width + x]) / per_level));
    }
    let spread = plane(&luma).spread(tiles, clip);
    Ok(picture.colour(|x, y, c| {
        let p = pixel(x, y);
        let shift = f64::from(spread[y * picture.width + x]) - f64::from(luma(p));
        (f64::from(p[c]) + shift) / per_level
    }))
}

/// One channel in whole codes.
struct Plane {
    width: usize,
    height: usize,
    levels: usize,
    codes: Vec<u32>,
}

impl Plane {
    fn spread(&self, tiles: usize, clip: f64) -> Vec<f32> {
        let even = self.width.is_multiple_of(tiles) && self.height.is_multiple_of(tiles);
        let padded = |side: usize| if even { side } else { side + tiles - side % tiles };
        let (tile_width, tile_height) = (padded(self.width) / tiles, padded(self.height) / tiles);
        let mut tables = Vec::new();
        for i in 0..tiles * tiles {
            let (left, top) = (i % tiles * tile_width, i / tiles * tile_height);
            let mut counts = vec![0usize; self.levels];
            for y in top..top + tile_height {
                for x in left..left + tile_width {
                    let inside = |i: usize, n: usize| border_position("reflect101", i as i64, n).expect("no constant");
                    counts[self.codes[inside(y, self.height) * self.width + inside(x, self.width)] as usize] += 1;
                }
            }
            tables.push(table(counts, tile_width * tile_height, clip));
        }
        let mut result = Vec::new();
        for y in 0..self.height {
            let (upper, lower, down) = between(y, tile_height, tiles);
            for x in 0..self.width {
                let (left, right, across) = between(x, tile_width, tiles);
                let value =
                    |row: usize, column: usize| tables[row * tiles + column][self.codes[y * self.width + x] as usize];
                let top = value(upper, left) * (1.0 - across) + value(upper, right) * across;
                let bottom = value(lower, left) * (1.0 - across) + value(lower, right) * across;
                result.push((top * (1.0 - down) + bottom * down).round_ties_even());
            }
        }
        result
    }
}

/// The tiles before and after a position, and the share of the one after.
fn between(position: usize, size: usize, tiles: usize) -> (usize, usize, f32) {
    let place = position as f32 * (1.0 / size as f32) - 0.5;
    let first = place.floor();
    let tile = |i: i64| i.clamp(0, tiles as i64 - 1) as usize;
    (tile(first as i64), tile(first as i64 + 1), place - first)
}

fn table(mut counts: Vec<usize>, pixels: usize, clip: f64) -> Vec<f32> {
    let levels = counts.len();
    if clip > 0.0 {
        let limit = ((clip * pixels as f64 / levels as f64) as usize).max(1);
        let mut excess = 0;
        for n in &mut counts {
            excess += n.saturating_sub(limit);
            *n = limit.min(*n);
        }
        counts.iter_mut().for_each(|n| *n += excess / levels);
        let mut left = excess % levels;
        let mut code = 0;
        let step = (levels / left.max(1)).max(1);
        while left > 0 && code < levels {
            counts[code] += 1;
            left -= 1;
            code += step;
        }
    }
    let scale = (levels - 1) as f32 / pixels as f32;
    let mut sum = 0;
    let ranks = counts.iter().map(|n| {
        sum += n;
        (sum as f32 * scale).round_ties_even()
    });
    ranks.collect()
}
