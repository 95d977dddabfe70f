//! Permutations over a tile.

use super::row::Reader;
use super::tile::{Held, Tile, Value};
use crate::image::{Border, Layout, Region};
use crate::op::Permutation;

/// Bytes stay bytes, where the border reads bytes too.
pub fn tile(permutation: &Permutation, input: &Held, layout: Layout, region: Region) -> Held {
    let edges = permutation.edges;
    let reads_levels = edges.border != Border::Constant || edges.value.iter().all(|v| f32::from(*v as u8) == *v);
    match input {
        Held::Bytes(tile) if reads_levels => Held::Bytes(moved(permutation, tile, layout, region)),
        _ => Held::Reals(input.as_reals(|tile| moved(permutation, tile, layout, region))),
    }
}

fn moved<T: Value>(permutation: &Permutation, input: &Tile<T>, layout: Layout, region: Region) -> Tile<T> {
    let mut out = Tile::new(region, layout.channels() as usize);
    for channel in 0..out.channels() {
        let reader = Reader::new(input, channel, layout, permutation.edges);
        if permutation.transposed {
            turned(permutation, &reader, &mut out, channel);
            continue;
        }
        let mut row = T::taken(region.width as usize);
        for y in region.y..region.bottom() {
            from_row(permutation, &reader, region.x, y, out.row_mut(channel, y), &mut row);
        }
        T::keep(row);
    }
    out
}

/// Output row `y` from column `x` on, where output rows are input rows; `row` is room for one.
fn from_row<T: Value>(
    permutation: &Permutation,
    reader: &Reader<T>,
    x: u32,
    y: u32,
    target: &mut [T],
    row: &mut [T],
) {
    let (first, line) = permutation.source(x, y);
    let (last, _) = permutation.source(x + target.len() as u32 - 1, y);
    reader.fill(reader.line(line), first.min(last), row);
    if last < first {
        row.reverse();
    }
    target.copy_from_slice(row);
}

/// Side of the squares that are turned at once, px: lines of both images stay in the fastest cache.
const SQUARE: u32 = 32;

/// Where output rows are input columns.
fn turned<T: Value>(permutation: &Permutation, reader: &Reader<T>, out: &mut Tile<T>, channel: usize) {
    let region = out.region;
    let constant = T::of_border(reader.value);
    for top in (region.y..region.bottom()).step_by(SQUARE as usize) {
        for left in (region.x..region.right()).step_by(SQUARE as usize) {
            let (bottom, right) = (region.bottom().min(top + SQUARE), region.right().min(left + SQUARE));
            for x in left..right {
                // All of an output column comes from one input row.
                let (_, line) = permutation.source(x, top);
                let row = reader.line(line).map(|y| reader.tile.row(reader.channel, y));
                for y in top..bottom {
                    let (column, _) = permutation.source(x, y);
                    let column = reader.border.index(column, reader.layout.width);
                    let value = row.zip(column).map_or(constant, |(row, x)| row[(x - reader.tile.region.x) as usize]);
                    out.row_mut(channel, y)[(x - region.x) as usize] = value;
                }
            }
        }
    }
}
