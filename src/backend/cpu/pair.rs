//! Sums and extremes over rectangles: along columns, then along rows, a row at a time and in parts of it, so that what the one
//! gives the other still finds in the fastest cache.

use super::axis;
use super::fixed::{self, Level, Method};
use super::room::{Room, Wanted};
use super::row::{Reader, parts};
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
                Some(axis::tile(self.rows, None, wanted.rounds, &between, layout, region))
            }
        }
    }

    /// Whether both are extremes, that along rows of few taps.
    fn is_extreme(&self) -> bool {
        let is_extreme = |axis: &Axis| matches!(axis.taps, Taps::Min { .. } | Taps::Max { .. });
        is_extreme(self.columns) && is_extreme(self.rows) && !self.rows.runs()
    }

    fn extremes<T: Value + Ordered>(&self, input: &Tile<T>, layout: Layout, out: &mut Room<T>) {
        let between = axis::runs_columns(self.columns).then(|| {
            let read = self.rows.source_region(out.region, layout);
            axis::extremes(self.columns, input, layout, read)
        });
        let reach = i64::from(self.columns.reach());
        for channel in out.worked(input, layout, self.rows.alpha, |v| v) {
            let reader = Reader::new(input, channel, layout, self.columns.edges);
            let columns = |read: Region| {
                let outside = reader.outside(read, self.columns.reach());
                let (reader, between) = (&reader, &between);
                move |y: u32, target: &mut [T]| match between {
                    Some(tile) => target.copy_from_slice(tile.part(channel, y, read.x, read.width)),
                    None => {
                        let part = |y| input.part(channel, y, read.x, read.width);
                        let ys = i64::from(y) - reach..=i64::from(y) + reach;
                        let taps: Vec<&[T]> = ys.map(|y| reader.line(y).map_or(&outside[..], part)).collect();
                        axis::extreme(self.columns, &taps, target);
                    }
                }
            };
            let rows = |line: &[T], target: &mut [T]| {
                let taps: Vec<&[T]> = line.windows(target.len()).step_by(input.step).collect();
                axis::extreme(self.rows, &taps, target);
            };
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
        let (reach, step) = (self.rows.reach(), out.step);
        let read = (2 * self.columns.reach() as usize + 1) * size_of::<M>();
        let most = (PART / read).max(LEAST_VALUES).max(LEAST_REACHES * reach as usize * step) / step;
        for part in parts(out.region, most as u32) {
            let read = self.rows.source_region(part, layout);
            let mut columns = columns(read);
            let mut line = Tile::<M>::packed(Region { height: 1, ..read }, step);
            let mut extended = M::taken((part.width + 2 * reach) as usize * step);
            for y in part.y..part.bottom() {
                columns(y, line.plane_mut(0));
                line.region.y = y;
                let reader = Reader { channel: 0, ..Reader::new(&line, channel, layout, edges) };
                reader.fill(Some(y), i64::from(part.x) - i64::from(reach), &mut extended);
                rows(&extended, out.part(channel, y, part.x, part.width));
            }
            M::keep(extended);
        }
    }
}
