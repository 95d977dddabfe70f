//! Floods: from seeds over whatever joins them.

use crate::image::buffers;
use crate::op::Flood;
use crate::simd::vectorized;

/// 255 where the flood of a one-channel image comes, else 0.
pub fn flood(flood: Flood, values: &[f32], width: usize) -> Vec<u8> {
    let height = values.len() / width;
    let mut reached = buffers::take::<u8>(values.len());
    reached.fill(0);
    let mut open = Vec::new();
    let least = flood.high.max(flood.low);
    let seeds = values.chunks(PART).enumerate().filter(|(_, part)| holds_above(part, least));
    let seeds = seeds.flat_map(|(i, part)| (i * PART..).zip(part).filter(|(_, v)| **v > least).map(|(at, _)| at));
    for seed in seeds {
        if reached[seed] != 0 {
            continue;
        }
        reached[seed] = 255;
        open.push(seed);
        while let Some(at) = open.pop() {
            let (x, y) = (at % width, at / width);
            let mut reach = |next: usize| {
                // Most neighbours lie low: the cheapest question comes first.
                if values[next] > flood.low && reached[next] == 0 {
                    reached[next] = 255;
                    open.push(next);
                }
            };
            if x > 0 && x + 1 < width && y > 0 && y + 1 < height {
                let (above, below) = (at - width, at + width);
                for next in [above - 1, above, above + 1, at - 1, at + 1, below - 1, below, below + 1] {
                    reach(next);
                }
                continue;
            }
            for row in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for column in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    reach(row * width + column);
                }
            }
        }
    }
    reached
}

/// Values that are looked over at once: most parts of a picture hold no seed.
const PART: usize = 64;

fn holds_above(part: &[f32], least: f32) -> bool {
    vectorized(
        #[inline(always)]
        || part.iter().fold(false, |any, v| any | (*v > least)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_as_far_as_neighbours_reach_and_no_further() {
        let picture = ["9....5", ".5..5.", "..5...", "5....."];
        let value = |c: char| c.to_digit(10).map_or(0.0, |d| d as f32);
        let values: Vec<f32> = picture.iter().flat_map(|row| row.chars().map(value)).collect();
        let reached = flood(Flood { low: 4.0, high: 8.0 }, &values, 6);
        let expected = ["#.....", ".#....", "..#...", "......"];
        let expected: Vec<u8> =
            expected.iter().flat_map(|r| r.chars().map(|c| if c == '#' { 255 } else { 0 })).collect();
        assert_eq!(reached, expected);
    }
}
