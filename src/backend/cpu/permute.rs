//! Permutations over a tile.

use super::row::{Reader, border_value};
use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::Permutation;

pub fn tile(permutation: &Permutation, input: &Tile, layout: Layout, region: Region) -> Tile {
    let channels = layout.channels() as usize;
    let mut out = Tile::new(region, channels);
    for channel in 0..channels {
        let value = border_value(permutation.edges.value, layout, channel);
        let reader = Reader { tile: input, channel, layout, border: permutation.edges.border, value };
        for y in region.y..region.bottom() {
            let target = out.row_mut(channel, y);
            if permutation.transposed {
                from_column(permutation, &reader, region.x, y, target);
            } else {
                from_row(permutation, &reader, region.x, y, target);
            }
        }
    }
    out
}

/// Output row `y` from column `x` on, where output rows are input rows.
fn from_row(permutation: &Permutation, reader: &Reader, x: u32, y: u32, target: &mut [f32]) {
    let (first, line) = permutation.source(x, y);
    let (last, _) = permutation.source(x + target.len() as u32 - 1, y);
    let mut row = Vec::with_capacity(target.len());
    let y = reader.line(line);
    reader.extend(y, first.min(last)..first.max(last) + 1, &mut row);
    if last < first {
        row.reverse();
    }
    target.copy_from_slice(&row);
}

/// Output row `y` from column `x` on, where output rows are input columns.
fn from_column(permutation: &Permutation, reader: &Reader, x: u32, y: u32, target: &mut [f32]) {
    for (x, t) in (x..).zip(target) {
        let (column, line) = permutation.source(x, y);
        let position = reader.border.index(column, reader.layout.width).zip(reader.line(line));
        *t = position.map_or(reader.value, |(column, line)| reader.tile.part(reader.channel, line, column, 1)[0]);
    }
}
