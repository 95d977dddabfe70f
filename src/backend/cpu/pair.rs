//! Sums and extremes over rectangles: along columns, then along rows, a row at a time and in parts of it, so that what the one
//! gives the other still finds in the fastest cache.

use super::axis;
use super::cover;
use super::fixed::{self, Level, Method};
use super::room::{Room, Wanted};
use super::row::{Reader, border_values, parts};
use super::samples::Code;
use super::sums;
use super::tile::{Held, Tile, Value};
use crate::image::{Edges, Layout, Region};
use crate::op::{Axis, Place, Taps};
use crate::simd::Ordered;

/// Bytes of the rows that a part of one is computed from, about.
const PART: usize = 32 << 10;

/// Values of a part, at least: what a row of one costs by itself is shared by so many.
const LEAST_VALUES: usize = 1024;

/// As often as the rows reach a part is wide, at least: both its neighbours sum up the columns that they reach into it.
const LEAST_REACHES: usize = 32;

/// Bytes of a line of the cache.
const LINE: usize = 64;

/// Whether the second reads what the first gives, and neither changes a length.
pub fn are_pair(columns: &Axis, rows: &Axis) -> bool {
    let are_resampled = [columns, rows].iter().any(|axis| matches!(axis.taps, Taps::Resample(_)));
    (columns.place, rows.place) == (Place::Vertical, Place::Horizontal) && columns.alpha == rows.alpha && !are_resampled
}

/// An axis along columns, and the one along rows that alone reads it.
pub struct Pair<'a> {
    pub columns: &'a Axis,
    pub rows: &'a Axis,
    pub method: Option<(&'a Method, &'a Method)>,
}

impl Pair<'_> {
    /// Extremes of bytes are bytes; sums in whole numbers are bytes where they are wanted so; all else is `f32`.
    pub fn tile(&self, wanted: Wanted, input: &Held, layout: Layout, region: Region) -> Option<Held> {
        match (input, self.method) {
            (Held::Bytes(tile), Some(_)) if wanted.rounds => {
                wanted.bytes(tile.shape(), region, |out| self.whole_sums(tile, layout, out))
            }
            (Held::Bytes(tile), Some(_)) => {
                let mut out = tile.like::<f32>(region);
                self.whole_sums(tile, layout, &mut out.room());
                Some(Held::Reals(out))
            }
            (Held::Bytes(tile), _) if self.is_extreme() => {
                wanted.bytes(tile.shape(), region, |out| self.extremes(tile, layout, out))
            }
            (Held::Reals(tile), _) if self.is_extreme() => {
                let mut out = tile.like(region);
                self.extremes(tile, layout, &mut out.room());
                Some(Held::Reals(out))
            }
            _ => {
                let between = self.rows.source_region(region, layout);
                let between = axis::tile(self.columns, None, false, input, layout, between);
                Some(axis::tile(self.rows, None, false, &between, layout, region))
            }
        }
    }

    /// Whether both are extremes of no more taps than are covered by parts.
    fn is_extreme(&self) -> bool {
        let is_extreme = |axis: &Axis| matches!(axis.taps, Taps::Min { .. } | Taps::Max { .. });
        is_extreme(self.columns) && is_extreme(self.rows) && !self.columns.runs() && !self.rows.runs()
    }

    fn extremes<T: Value + Ordered>(&self, input: &Tile<T>, layout: Layout, out: &mut Room<T>) {
        let reach = i64::from(self.columns.reach());
        for channel in out.worked(input, layout, self.rows.alpha, |v| v) {
            let reader = Reader::new(input, channel, layout, self.columns.edges);
            let columns = |read: Region| {
                let outside = reader.outside(read, self.columns.reach());
                let reader = &reader;
                let mut extremes = cover::Columns::new(self.columns);
                move |y: u32, target: &mut [T]| {
                    let part = |y| input.part(channel, y, read.x, read.width);
                    let row = |y: i64| reader.line(y).map_or(&outside[..], part);
                    extremes.row(i64::from(y) - reach, row, target);
                }
            };
            let mut along = cover::Rows::new(self.rows, input.step);
            let rows = |line: &[T], target: &mut [T]| along.row(line, target);
            self.row_by_row(out, channel, layout, self.rows.edges, columns, rows);
        }
    }

    fn whole_sums<U: Value + Level + Code>(&self, input: &Tile<u8>, layout: Layout, out: &mut Room<U>) {
        for channel in out.worked(input, layout, self.rows.alpha, |v| U::of_level(v, 1.0)) {
            let reader = Reader::new(input, channel, layout, self.columns.edges);
            match self.method {
                Some((Method::Sums(_), Method::Sums(scale))) => {
                    let columns = |read| sums::columns(self.columns.reach(), &reader, read);
                    let rows = sums::rows(self.rows.reach() as usize, *scale, input.step);
                    self.row_by_row(out, channel, layout, sums::edges(self.rows), columns, rows);
                }
                Some((Method::Weights(a), Method::Weights(b))) => {
                    let columns = |read| fixed::columns(a, self.columns.reach(), &reader, read);
                    let rows = |taps: &[_], target: &mut [U]| fixed::row(b, input.step, taps, target);
                    self.row_by_row(out, channel, layout, self.rows.edges, columns, rows);
                }
                _ => unreachable!("both axes have one method"),
            }
        }
    }

    /// One channel. `columns(region)` gives the values of that region one row after another, `rows(taps, target)` makes a row of
    /// the result of those, extended beyond both ends.
    fn row_by_row<M: Value, U: Value, C: FnMut(u32, &mut [M])>(
        &self,
        out: &mut Room<U>,
        channel: usize,
        layout: Layout,
        edges: Edges,
        columns: impl Fn(Region) -> C,
        mut rows: impl FnMut(&[M], &mut [U]),
    ) {
        let (reach, step) = (i64::from(self.rows.reach()), out.step);
        let constant = border_values(edges.value, layout, channel, step).map(M::of_border);
        let read = (2 * self.columns.reach() as usize + 1) * size_of::<M>();
        let most = (PART / read).max(LEAST_VALUES).max(LEAST_REACHES * reach as usize * step) / step;
        for part in parts(out.region, most as u32) {
            let read = self.rows.source_region(part, layout);
            let mut columns = columns(read);
            let (first, end) = (i64::from(part.x) - reach, i64::from(part.right()) + reach);
            // What is read may go further than windows reach, to the other end of the image.
            let origin = first.min(read.x.into());
            let at = |x: i64| (x - origin) as usize * step;
            let mut aligned = M::taken(at(end.max(read.right().into())) + LINE);
            // What columns give is stored in whole lines of the cache.
            let before = aligned[at(read.x.into())..].as_ptr().align_offset(LINE).min(LINE);
            let line = &mut aligned[before..];
            let is_beyond = |x: &i64| !(0..i64::from(layout.width)).contains(x);
            let seen = |x: i64| edges.border.index(x, layout.width).map(|x| at(x.into()));
            let beyond: Vec<_> = (first..end).filter(is_beyond).map(|x| (at(x), seen(x))).collect();
            for y in part.y..part.bottom() {
                columns(y, &mut line[at(read.x.into())..at(read.right().into())]);
                for (target, source) in &beyond {
                    for i in 0..step {
                        line[target + i] = source.map_or(constant[i], |source| line[source + i]);
                    }
                }
                rows(&line[at(first)..at(end)], out.part(channel, y, part.x, part.width));
            }
            M::keep(aligned);
        }
    }
}
