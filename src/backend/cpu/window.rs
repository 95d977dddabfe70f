//! Window kernels over a tile.

use super::row::{Reader, border_value};
use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Window, WindowRows};

pub fn tile(kernel: &dyn Window, input: &Tile, layout: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, input.channels);
    for channel in 0..input.channels {
        if layout.is_alpha(channel as u32) && kernel.alpha() == Alpha::Keep {
            for y in region.y..region.bottom() {
                out.row_mut(channel, y).copy_from_slice(input.part(channel, y, region.x, region.width));
            }
        } else {
            let edges = kernel.edges();
            let value = border_value(edges.value, layout, channel);
            let reader = Reader { tile: input, channel, layout, border: edges.border, value };
            channel_rows(kernel, &reader, &mut out, channel);
        }
    }
    out
}

/// Each row of the input is extended beyond both ends once; windows then are slices of rows.
fn channel_rows(kernel: &dyn Window, reader: &Reader, out: &mut Tile, channel: usize) {
    let (reach, region) = (i64::from(kernel.reach()), out.region);
    let xs = i64::from(region.x) - reach..i64::from(region.right()) + reach;
    let width = (xs.end - xs.start) as usize;
    let mut extended = Vec::with_capacity((reader.tile.region.height as usize + 1) * width);
    for y in reader.tile.ys() {
        reader.extend(Some(y), xs.clone(), &mut extended);
    }
    reader.extend(None, xs, &mut extended);
    let row_of = |y: i64| {
        let index = reader.line(y).map_or(reader.tile.region.height, |y| y - reader.tile.region.y) as usize;
        &extended[index * width..(index + 1) * width]
    };
    for y in region.y..region.bottom() {
        let rows: Vec<&[f32]> = (-reach..=reach).map(|dy| row_of(i64::from(y) + dy)).collect();
        kernel.row(WindowRows { rows: &rows }, out.row_mut(channel, y));
    }
}
