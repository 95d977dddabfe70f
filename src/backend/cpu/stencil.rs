//! Weighted sums over lists of neighbours, and neighbourhoods of whole pixels, over a tile.

use super::row::{Extended, Reader};
use super::tile::{Held, Tile, Value, with_tile};
use crate::image::{Layout, Region};
use crate::op::{Alpha, Neighbourhood, NeighbourhoodRows, Stencil, Tap};
use crate::simd::fold_taps;

pub fn tile(stencil: &Stencil, input: &Held, layout: Layout, region: Region) -> Tile {
    with_tile!(input, tile => sums(stencil, tile, layout, region))
}

fn sums<T: Value>(stencil: &Stencil, input: &Tile<T>, layout: Layout, region: Region) -> Tile
where
    f32: From<T>,
{
    let mut out = input.like(region);
    for channel in 0..input.channels() {
        if layout.is_alpha(channel as u32) && stencil.alpha == Alpha::Keep {
            out.copy_channel(channel, input, channel);
            continue;
        }
        let reader = Reader::new(input, channel, layout, stencil.edges);
        let reach = stencil.reach();
        let extended = Extended::new(&reader, region, (reach, reach));
        for y in region.y..region.bottom() {
            sum(stencil, input.step, |dy| extended.row(&reader, i64::from(y) + dy), out.row_mut(channel, y));
        }
    }
    out
}

/// One row of sums; `row` gives extended rows by their offset. Pixels stand `step` apart.
fn sum<'a>(stencil: &Stencil, step: usize, row: impl Fn(i64) -> &'a [f32], target: &mut [f32]) {
    let place = |dx: i32| (stencil.reach() as i32 + dx) as usize * step;
    let part = |tap: &Tap| &row(i64::from(tap.dy))[place(tap.dx)..][..target.len()];
    let taps: Vec<[&[f32]; 1]> = stencil.taps.iter().map(|tap| [part(tap)]).collect();
    let (weights, scale, offset) = (&stencil.taps, stencil.scale, stencil.offset);
    fold_taps(
        &taps,
        target,
        0.0,
        #[inline(always)]
        |sum, k, [v]| sum + weights[k].weight * v,
        #[inline(always)]
        |sum| scale * sum + offset,
    );
}

pub fn neighbourhood(kernel: &dyn Neighbourhood, input: &Held, from: Layout, to: Layout, region: Region) -> Tile {
    with_tile!(input, tile => neighbourhoods(kernel, tile, from, to, region))
}

fn neighbourhoods<T: Value>(
    kernel: &dyn Neighbourhood,
    input: &Tile<T>,
    from: Layout,
    to: Layout,
    region: Region,
) -> Tile
where
    f32: From<T>,
{
    let keeps = kernel.alpha() == Alpha::Keep;
    let given = if keeps { to.colours } else { to.channels() } as usize;
    let mut out = Tile::new(region, to.channels() as usize);
    over_rows(kernel, input, from, region, |rows| kernel.rows(rows, &mut out.planes_mut()[..given]));
    if keeps && to.alpha {
        out.copy_channel(to.colours as usize, input, from.colours as usize);
    }
    out
}

/// The same in whole numbers, of bytes or such numbers.
pub fn wholes(kernel: &dyn Neighbourhood, input: &Held, from: Layout, to: Layout, region: Region) -> Tile<i16> {
    let mut out = Tile::new(region, to.channels() as usize);
    let work = |rows: NeighbourhoodRows<i16>| {
        rows.each(kernel.reach(), &mut out.planes_mut(), |rows, output| kernel.whole_row(rows, output));
    };
    match input {
        Held::Bytes(tile) => over_rows(kernel, tile, from, region, work),
        Held::Whole(tile) => over_rows(kernel, tile, from, region, work),
        _ => unreachable!("whole numbers are made of levels or of one another"),
    }
    out
}

/// `work` with the rows that a region reads.
fn over_rows<T: Value, U: Value + From<T>>(
    kernel: &dyn Neighbourhood,
    input: &Tile<T>,
    from: Layout,
    region: Region,
    work: impl FnOnce(NeighbourhoodRows<U>),
) {
    let reach = i64::from(kernel.reach());
    let readers: Vec<Reader<T>> =
        (0..input.channels()).map(|channel| Reader::new(input, channel, from, kernel.edges())).collect();
    let around = (kernel.reach(), kernel.reach());
    let extended: Vec<Extended<U>> = readers.iter().map(|r| Extended::new(r, region, around)).collect();
    let ys = i64::from(region.y) - reach..i64::from(region.bottom()) + reach;
    let channels = readers.iter().zip(&extended);
    let channels: Vec<Vec<&[U]>> =
        channels.map(|(reader, extended)| ys.clone().map(|y| extended.row(reader, y)).collect()).collect();
    work(NeighbourhoodRows { channels: &channels });
}
