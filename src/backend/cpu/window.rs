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
        _ => match (input, kernel.rounded()) {
            (Held::Bytes(tile), Some(rounded)) if wanted.rounds && edges.are_levels() => {
                wanted.bytes(tile.shape(), region, |out| {
                    rows.in_place(tile, out, |window, targets| rounded.level_rows(window, targets));
                })
            }
            _ => rows.tile(wanted, input, region, |window, target| kernel.row(window, target)),
        },
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

    /// The same, of rows where they stand, but for the pixels at both ends, whose windows may reach beyond the image.
    pub fn in_place<T: Value>(
        &self,
        input: &Tile<T>,
        out: &mut Room<T>,
        write: impl Fn(WindowRows<T>, &mut [&mut [T]]),
    ) {
        let (region, there, reach) = (out.region, input.region, self.reach);
        let (begin, end) = (region.x + reach, region.right().saturating_sub(reach));
        let are_there = there.x <= region.x && region.right() <= there.right();
        // Less fills no vector.
        if !are_there || end < begin + MOST_LANES as u32 {
            self.whole(input, out, write);
            return;
        }
        for channel in out.worked(input, self.layout, self.alpha, |v| v) {
            let reader = Reader::new(input, channel, self.layout, self.edges);
            if reach > 0 {
                self.ends(&reader, out, &write);
            }
            let outside = reader.outside(region, reach);
            let row = |y: i64| reader.line(y).map_or(&outside[..], |y| input.part(channel, y, region.x, region.width));
            let rows: Vec<&[T]> = self.lines(region).map(row).collect();
            write(WindowRows { rows: &rows, step: input.step }, &mut out.parts(channel, begin, end - begin));
        }
    }

    /// The windows at both ends of all rows, by one call: what those of a row read stands behind what those of the row above it
    /// read, so that a slice is a row of windows' taps. Windows that hold pixels of two ends or rows are made too, for nothing.
    fn ends<T: Value>(&self, reader: &Reader<T>, out: &mut Room<T>, write: &impl Fn(WindowRows<T>, &mut [&mut [T]])) {
        let (region, step, reach) = (out.region, reader.tile.step, self.reach as usize);
        let (left, right) = (i64::from(region.x), i64::from(region.right()));
        let (results, reach_x) = (reach * step, i64::from(self.reach));
        let places = (left - reach_x..left + 2 * reach_x).chain(right - 2 * reach_x..right + reach_x);
        let places: Vec<Option<u32>> = places.map(|x| reader.border.index(x, self.layout.width)).collect();
        let width = 6 * results;
        let mut around = T::taken((region.height as usize + 2 * reach) * width);
        for (y, ends) in self.lines(region).zip(around.chunks_exact_mut(width)) {
            reader.pick(y, &places, ends);
        }
        let read = region.height as usize * width;
        let taps: Vec<&[T]> = (0..=2 * reach).map(|dy| &around[dy * width..][..read]).collect();
        let mut made = T::taken(read - 2 * results);
        write(WindowRows { rows: &taps, step }, &mut [&mut made]);
        for (y, made) in out.ys().zip(made.chunks(width)) {
            let row = out.row(reader.channel, y);
            let end = row.len() - results;
            row[..results].copy_from_slice(&made[..results]);
            row[end..].copy_from_slice(&made[width / 2..][..results]);
        }
        T::keep(made);
        T::keep(around);
    }

    /// The rows that windows over a region read.
    fn lines(&self, region: Region) -> impl Iterator<Item = i64> {
        let reach = i64::from(self.reach);
        i64::from(region.y) - reach..i64::from(region.bottom()) + reach
    }

    fn extended<T: Value, U: Value + From<T>>(
        &self,
        reader: &Reader<T>,
        out: &mut Room<U>,
        part: Region,
        write: &impl Fn(WindowRows<U>, &mut [&mut [U]]),
    ) {
        let extended = Extended::new(reader, part, (self.reach, self.reach));
        let rows: Vec<&[U]> = self.lines(part).map(|y| extended.row(reader, y)).collect();
        let window = WindowRows { rows: &rows, step: reader.tile.step };
        write(window, &mut out.parts(reader.channel, part.x, part.width));
    }
}
