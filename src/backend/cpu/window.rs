//! Window kernels over a tile.

use super::row::{Extended, Reader, border_value};
use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Window, WindowRows};

pub fn tile(kernel: &dyn Window, input: &Tile, layout: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, input.channels);
    for channel in 0..input.channels {
        if layout.is_alpha(channel as u32) && kernel.alpha() == Alpha::Keep {
            out.copy_channel(channel, input, channel);
        } else {
            let edges = kernel.edges();
            let value = border_value(edges.value, layout, channel);
            let reader = Reader { tile: input, channel, layout, border: edges.border, value };
            channel_rows(kernel, &reader, &mut out, channel);
        }
    }
    out
}

fn channel_rows(kernel: &dyn Window, reader: &Reader, out: &mut Tile, channel: usize) {
    let (reach, region) = (i64::from(kernel.reach()), out.region);
    let extended = Extended::new(reader, region, kernel.reach());
    let ys = i64::from(region.y) - reach..i64::from(region.bottom()) + reach;
    let rows: Vec<&[f32]> = ys.map(|y| extended.row(reader, y)).collect();
    kernel.rows(WindowRows { rows: &rows }, out.plane_mut(channel));
}
