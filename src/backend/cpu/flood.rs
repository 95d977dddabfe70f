//! Floods: from seeds over whatever joins them.

use super::evaluate::Evaluation;
use super::in_strips;
use super::tile::{Held, Tile};
use crate::image::buffers;
use crate::op::{Flood, NodeId};
use crate::simd::{blockwise, vectorized};

/// What a pixel is to a flood.
const LOW: u8 = 0;
const JOINS: u8 = 1;
const SEED: u8 = 2;
const REACHED: u8 = 255;

/// 255 where the flood of a one-channel node comes, else 0.
pub fn flood(flood: Flood, evaluation: &Evaluation, node: NodeId) -> Vec<u8> {
    let (width, height) = (evaluation.graph.layout(node).width as usize, evaluation.graph.layout(node).height as usize);
    // A low pixel stands before all and at the end of each row, and low rows above and below: so every pixel has eight neighbours.
    let stride = width + 1;
    let mut kinds = buffers::take::<u8>((height + 2) * stride + 1);
    let (above, rest) = kinds.split_at_mut(stride + 1);
    let (rows, below) = rest.split_at_mut(height * stride);
    above.fill(LOW);
    below.fill(LOW);
    in_strips(evaluation, node, false, stride, rows, |strips, region, rows| {
        if let Some(held) = strips.next(region, None) {
            tell_kinds(flood, held, rows);
        }
    });
    spread(&mut kinds, stride);
    let mut reached = buffers::take::<u8>(width * height);
    for (row, kinds) in reached.chunks_exact_mut(width).zip(kinds[stride + 1..].chunks_exact(stride)) {
        blockwise([row], [&kinds[..width]], |[kind]| [if kind == REACHED { 255 } else { 0 }]);
    }
    buffers::give_back(kinds);
    reached
}

fn tell_kinds(flood: Flood, held: &Held, rows: &mut [u8]) {
    let least = flood.high.max(flood.low);
    if let Held::Whole(tile) = held {
        let [low, least] = [flood.low, least].map(|level| level.floor() as i16);
        let width = tile.region.width as usize;
        for (y, row) in tile.ys().zip(rows.chunks_exact_mut(width + 1)) {
            blockwise(
                [&mut row[..width]],
                [tile.row(0, y)],
                #[inline(always)]
                |[v]| [u8::from(v > low) + u8::from(v > least)],
            );
            row[width] = LOW;
        }
        return;
    }
    held.as_reals(held.region(), |tile: &Tile| {
        let width = tile.region.width as usize;
        for (y, row) in tile.ys().zip(rows.chunks_exact_mut(width + 1)) {
            let kind = |v: f32| u8::from(v > flood.low) + u8::from(v > least);
            blockwise(
                [&mut row[..width]],
                [tile.row(0, y)],
                #[inline(always)]
                |[v]| [kind(v)],
            );
            row[width] = LOW;
        }
    });
}

/// Marks what the seeds reach. The first pixel, the last of each row, and the first and the last row are low.
fn spread(kinds: &mut [u8], stride: usize) {
    let mut open = Vec::new();
    for part in (0..kinds.len()).step_by(PART) {
        let end = kinds.len().min(part + PART);
        if !holds_seed(&kinds[part..end]) {
            continue;
        }
        for seed in part..end {
            if kinds[seed] != SEED {
                continue;
            }
            kinds[seed] = REACHED;
            open.push(seed);
            while let Some(at) = open.pop() {
                for first in [at - stride - 1, at - 1, at + stride - 1] {
                    let three: &mut [u8; 3] = (&mut kinds[first..first + 3]).try_into().expect("three in a row");
                    for (i, kind) in three.iter_mut().enumerate() {
                        if matches!(*kind, JOINS | SEED) {
                            *kind = REACHED;
                            open.push(first + i);
                        }
                    }
                }
            }
        }
    }
}

/// Pixels that are looked over at once: most parts of a picture hold no seed.
const PART: usize = 64;

fn holds_seed(part: &[u8]) -> bool {
    vectorized(
        #[inline(always)]
        || part.iter().fold(false, |any, kind| any | (*kind == SEED)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_as_far_as_neighbours_reach_and_no_further() {
        let picture = ["......", "2....1", ".1..1.", "..1...", "1.....", "......"];
        let kind = |c: char| c.to_digit(10).map_or(LOW, |d| d as u8);
        let mut kinds: Vec<u8> =
            [LOW].into_iter().chain(picture.iter().flat_map(|row| row.chars().map(kind).chain([LOW]))).collect();
        spread(&mut kinds, 7);
        let expected = ["......", "#....1", ".#..1.", "..#...", "1.....", "......"];
        let kind = |c: char| if c == '#' { REACHED } else { kind(c) };
        let expected: Vec<u8> = expected.iter().flat_map(|row| row.chars().map(kind).chain([LOW])).collect();
        assert_eq!(kinds[1..], expected);
    }
}
