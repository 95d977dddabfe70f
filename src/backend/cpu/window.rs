//! Window kernels over a tile.

use super::row::{Extended, Reader};
use super::tile::{Held, Tile, Value, with_tile};
use crate::image::{Layout, Region};
use crate::op::{Alpha, Window, WindowRows};

/// Those that choose among levels give bytes.
pub fn tile(kernel: &dyn Window, input: &Held, layout: Layout, region: Region) -> Held {
    let edges = kernel.edges();
    match (input, kernel.order()) {
        // What lies beyond all levels and so is never chosen may as well be the last of them.
        (Held::Bytes(tile), Some(order))
            if edges.are_levels() || edges.value.iter().all(|v| !(0.0..=255.0).contains(v)) =>
        {
            let rows = |window: WindowRows<u8>, out: &mut [u8]| order.level_rows(window, out);
            Held::Bytes(by_channel(kernel, tile, layout, region, rows))
        }
        _ => {
            let rows = |window: WindowRows, out: &mut [f32]| kernel.rows(window, out);
            with_tile!(input, tile => Held::Reals(by_channel(kernel, tile, layout, region, rows)))
        }
    }
}

fn by_channel<T: Value, U: Value + From<T>>(
    kernel: &dyn Window,
    input: &Tile<T>,
    layout: Layout,
    region: Region,
    write: impl Fn(WindowRows<U>, &mut [U]),
) -> Tile<U> {
    let mut out = input.like(region);
    let reach = i64::from(kernel.reach());
    for channel in 0..input.channels() {
        if layout.is_alpha(channel as u32) && kernel.alpha() == Alpha::Keep {
            out.copy_channel(channel, input, channel);
            continue;
        }
        let reader = Reader::new(input, channel, layout, kernel.edges());
        let extended = Extended::new(&reader, region, (kernel.reach(), kernel.reach()));
        let ys = i64::from(region.y) - reach..i64::from(region.bottom()) + reach;
        let rows: Vec<&[U]> = ys.map(|y| extended.row(&reader, y)).collect();
        write(WindowRows { rows: &rows, step: input.step }, out.plane_mut(channel));
    }
    out
}
