//! Window kernels over a tile.

use super::pooled::Pooled;
use super::room::{Room, Wanted};
use super::row::{Around, Extended, Reader, parts};
use super::samples::Code;
use super::tile::{Held, Tile, Value, with_tile};
use crate::image::{Edges, Layout, Region};
use crate::op::{Alpha, Window, WindowRows};
use crate::simd::{MOST_LANES, blockwise};

/// Those that choose among levels give bytes.
pub fn tile(kernel: &dyn Window, wanted: Wanted, input: &Held, layout: Layout, region: Region) -> Option<Held> {
    let edges = kernel.edges();
    let rows = Rows { edges, reach: kernel.reach(), alpha: kernel.alpha(), layout };
    match (input, kernel.order()) {
        // What lies beyond all levels and so is never chosen may as well be the last of them.
        (Held::Bytes(tile), Some(order))
            if edges.are_levels() || edges.value.iter().all(|v| !(0.0..=255.0).contains(v)) =>
        {
            wanted.bytes(tile.shape(), region, |out| {
                rows.in_place(tile, out, |window, targets| order.level_rows(window, targets));
            })
        }
        (_, Some(_)) => with_tile!(input, tile => {
            let mut out = tile.like(region);
            rows.whole(tile, &mut out.room(), |window, targets| kernel.rows(window, targets));
            Some(Held::Reals(out))
        }),
        _ => rows.tile(wanted, input, region, |window, target| kernel.row(window, target)),
    }
}

/// How windows read an image.
pub struct Rows {
    pub edges: Edges,
    pub reach: u32,
    pub alpha: Alpha,
    pub layout: Layout,
}

/// Values of a row that are computed at once, at most: those of the rows that windows of 3 x 3 read stay in the fastest cache as
/// `f32`, and don't begin at addresses that end alike, for which loads wait.
const PART: usize = 1500;

impl Rows {
    /// Values by `row(windows, target)`, rounded at once where they are wanted so.
    pub fn tile(
        &self,
        wanted: Wanted,
        input: &Held,
        region: Region,
        row: impl Fn(WindowRows, &mut [f32]),
    ) -> Option<Held> {
        with_tile!(input, tile => if wanted.rounds {
            wanted.bytes(tile.shape(), region, |out| self.by_rows(tile, out, &row))
        } else {
            let mut out = tile.like(region);
            self.by_rows::<_, f32>(tile, &mut out.room(), &row);
            Some(Held::Reals(out))
        })
    }

    fn by_rows<T: Value, U: Value + Code>(
        &self,
        input: &Tile<T>,
        out: &mut Room<U>,
        row: &impl Fn(WindowRows, &mut [f32]),
    ) where
        f32: From<T>,
    {
        let step = input.step;
        for channel in out.worked(input, self.layout, self.alpha, |v| U::nearest(v.into())) {
            let reader = Reader::new(input, channel, self.layout, self.edges);
            for part in parts(out.region, (PART / step) as u32) {
                let x = i64::from(part.x) - i64::from(self.reach);
                let width = (part.width + 2 * self.reach) as usize * step;
                let mut around = Around::<T, f32>::new(&reader, x, width, self.reach);
                let mut values = f32::taken(part.width as usize * step);
                for y in part.y..part.bottom() {
                    row(WindowRows { rows: &around.rows(y), step }, &mut values);
                    blockwise(
                        [out.part(channel, y, part.x, part.width)],
                        [&values],
                        #[inline(always)]
                        |[v]| [U::nearest(v)],
                    );
                }
                f32::keep(values);
            }
        }
    }

    /// All rows by `write(windows, targets)`.
    fn whole<T: Value, U: Value + From<T>>(
        &self,
        input: &Tile<T>,
        out: &mut Room<U>,
        write: impl Fn(WindowRows<U>, &mut [&mut [U]]),
    ) {
        for channel in out.worked(input, self.layout, self.alpha, U::from) {
            let reader = Reader::new(input, channel, self.layout, self.edges);
            self.extended(&reader, out, out.region, &write);
        }
    }

    /// The same, of rows where they stand, but for the pixels at both ends, whose windows reach beyond the image.
    fn in_place<T: Value>(&self, input: &Tile<T>, out: &mut Room<T>, write: impl Fn(WindowRows<T>, &mut [&mut [T]])) {
        let (region, there, reach) = (out.region, input.region, self.reach);
        // Enough of them to fill vectors.
        let at_ends = reach.max((MOST_LANES as u32).div_ceil(input.step as u32));
        let (begin, end) = (region.x + at_ends, region.right().saturating_sub(at_ends));
        let are_there = there.x + reach <= begin && end + reach <= there.right();
        if !are_there || end < begin + at_ends {
            self.whole(input, out, write);
            return;
        }
        let reach = i64::from(reach);
        for channel in out.worked(input, self.layout, self.alpha, |v| v) {
            let reader = Reader::new(input, channel, self.layout, self.edges);
            self.extended(&reader, out, Region { width: at_ends, ..region }, &write);
            self.extended(&reader, out, Region { x: end, width: at_ends, ..region }, &write);
            let (x, width) = (begin - self.reach, end - begin + 2 * self.reach);
            let outside = reader.outside(Region { x, width, ..region }, self.reach);
            let ys = i64::from(region.y) - reach..i64::from(region.bottom()) + reach;
            let row = |y: i64| reader.line(y).map_or(&outside[..], |y| input.part(channel, y, x, width));
            let rows: Vec<&[T]> = ys.map(row).collect();
            write(WindowRows { rows: &rows, step: input.step }, &mut out.parts(channel, begin, end - begin));
        }
    }

    fn extended<T: Value, U: Value + From<T>>(
        &self,
        reader: &Reader<T>,
        out: &mut Room<U>,
        part: Region,
        write: &impl Fn(WindowRows<U>, &mut [&mut [U]]),
    ) {
        let reach = i64::from(self.reach);
        let extended = Extended::new(reader, part, (self.reach, self.reach));
        let ys = i64::from(part.y) - reach..i64::from(part.bottom()) + reach;
        let rows: Vec<&[U]> = ys.map(|y| extended.row(reader, y)).collect();
        let window = WindowRows { rows: &rows, step: reader.tile.step };
        write(window, &mut out.parts(reader.channel, part.x, part.width));
    }
}
