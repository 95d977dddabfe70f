//! Floods: from seeds over whatever joins them.

use crate::op::Flood;

/// 255 where the flood of a one-channel image comes, else 0.
pub fn flood(flood: Flood, values: &[f32], width: usize) -> Vec<u8> {
    let height = values.len() / width;
    let mut reached = vec![0u8; values.len()];
    let mut open = Vec::new();
    for seed in (0..values.len()).filter(|i| values[*i] > flood.high && values[*i] > flood.low) {
        if reached[seed] != 0 {
            continue;
        }
        reached[seed] = 255;
        open.push(seed);
        while let Some(at) = open.pop() {
            let (x, y) = (at % width, at / width);
            for row in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for column in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let next = row * width + column;
                    if reached[next] == 0 && values[next] > flood.low {
                        reached[next] = 255;
                        open.push(next);
                    }
                }
            }
        }
    }
    reached
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
