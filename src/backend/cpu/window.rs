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
    for y in region.y..region.bottom() {
        let rows: Vec<&[f32]> = (-reach..=reach).map(|dy| extended.row(reader, i64::from(y) + dy)).collect();
        kernel.row(WindowRows { rows: &rows }, out.row_mut(channel, y));
    }
}
