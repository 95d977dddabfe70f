//! Weighted sums over lists of neighbours, and neighbourhoods of whole pixels, over a tile.

use super::row::{Extended, Reader, border_value};
use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Neighbourhood, NeighbourhoodRows, Stencil};

pub fn tile(stencil: &Stencil, input: &Tile, layout: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, input.channels);
    for channel in 0..input.channels {
        if layout.is_alpha(channel as u32) && stencil.alpha == Alpha::Keep {
            out.copy_channel(channel, input, channel);
            continue;
        }
        let value = border_value(stencil.edges.value, layout, channel);
        let reader = Reader { tile: input, channel, layout, border: stencil.edges.border, value };
        let reach = stencil.reach();
        let extended = Extended::new(&reader, region, reach);
        for y in region.y..region.bottom() {
            sum(stencil, reach, |dy| extended.row(&reader, i64::from(y) + dy), out.row_mut(channel, y));
        }
    }
    out
}

/// One row of sums; `row` gives extended rows by their offset.
fn sum<'a>(stencil: &Stencil, reach: u32, row: impl Fn(i64) -> &'a [f32], target: &mut [f32]) {
    target.fill(0.0);
    for tap in &stencil.taps {
        let first = (reach as i32 + tap.dx) as usize;
        let source = &row(i64::from(tap.dy))[first..first + target.len()];
        for (t, v) in target.iter_mut().zip(source) {
            *t += tap.weight * v;
        }
    }
    for t in target {
        *t = stencil.scale * *t + stencil.offset;
    }
}

pub fn neighbourhood(kernel: &dyn Neighbourhood, input: &Tile, from: Layout, to: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, to.channels() as usize);
    let (reach, edges, keeps) = (i64::from(kernel.reach()), kernel.edges(), kernel.alpha() == Alpha::Keep);
    let readers: Vec<Reader> = (0..input.channels)
        .map(|channel| {
            let value = border_value(edges.value, from, channel);
            Reader { tile: input, channel, layout: from, border: edges.border, value }
        })
        .collect();
    let extended: Vec<Extended> = readers.iter().map(|r| Extended::new(r, region, kernel.reach())).collect();
    let ys = i64::from(region.y) - reach..i64::from(region.bottom()) + reach;
    let channels = readers.iter().zip(&extended);
    let channels: Vec<Vec<&[f32]>> =
        channels.map(|(reader, extended)| ys.clone().map(|y| extended.row(reader, y)).collect()).collect();
    let given = if keeps { to.colours } else { to.channels() } as usize;
    kernel.rows(NeighbourhoodRows { channels: &channels }, &mut out.planes_mut()[..given]);
    if keeps && to.alpha {
        out.copy_channel(to.colours as usize, input, from.colours as usize);
    }
    out
}
