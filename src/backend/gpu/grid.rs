//! How the work of a pass is divided among invocations. Twin: `shaders/shared/grid.wgsl`.

use std::ops::Range;

use crate::image::Region;

/// Invocations in a workgroup of a pass over an image.
pub const WORKGROUP: u32 = 64;

/// Workgroups that a dispatch may have in one dimension, by every API's least limit.
pub const MAX_GROUPS: u32 = 65_535;

/// What a unit reads along one side of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing beyond the image.
    Inside,
    /// `span` px, beginning `before` px ahead of its own first.
    Around { before: u32, span: u32 },
    /// Places that may lie beyond the image, for any of them.
    Anywhere,
}

/// Units along one side of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// Of the result, px.
    pub length: u32,
    /// Of a unit, px; the last may reach beyond the image.
    pub unit: u32,
    pub reach: Reach,
}

impl Side {
    /// Units that read nothing beyond the image.
    pub fn inside(length: u32, unit: u32) -> Side {
        Side { length, unit, reach: Reach::Inside }
    }

    /// Units that read `span` px, beginning `before` px ahead of their own first.
    pub fn around(length: u32, unit: u32, before: u32, span: u32) -> Side {
        Side { length, unit, reach: Reach::Around { before, span } }
    }

    fn units(self) -> u32 {
        self.length.div_ceil(self.unit)
    }

    /// The units that hold the pixels of a half-open span.
    fn holding(self, (low, high): (u32, u32)) -> Range<u32> {
        low / self.unit..high.div_ceil(self.unit)
    }

    /// The pixels of some units, a half-open span.
    pub fn pixels(self, units: &Range<u32>) -> (u32, u32) {
        (units.start * self.unit, (units.end * self.unit).min(self.length))
    }

    /// The positions that some units read, a half-open span; it may lie beyond the image.
    pub fn reads(self, units: &Range<u32>) -> (i64, i64) {
        let (low, high) = self.pixels(units);
        match self.reach {
            Reach::Around { before, span } => {
                let first = |unit: u32| i64::from(unit) * i64::from(self.unit) - i64::from(before);
                (first(units.start), first(units.end - 1) + i64::from(span))
            }
            Reach::Inside | Reach::Anywhere => (low.into(), high.into()),
        }
    }

    /// The units that read nothing beyond the image.
    fn middle(self) -> Range<u32> {
        let units = self.units();
        match self.reach {
            Reach::Inside => 0..units,
            Reach::Anywhere => units..units,
            Reach::Around { before, span } => {
                let first = before.div_ceil(self.unit).min(units);
                let end = match (self.length + before).checked_sub(span) {
                    Some(room) => (room / self.unit + 1).min(units),
                    None => 0,
                };
                first..end.max(first)
            }
        }
    }

    /// Of some units: how many at their begin and at their end are of the rim.
    fn rim(self, units: &Range<u32>) -> (u32, u32) {
        let middle = self.middle();
        let within = |unit: u32| unit.clamp(units.start, units.end);
        (within(middle.start) - units.start, units.end - within(middle.end))
    }
}

/// The units of a pass over a whole image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub columns: Side,
    pub rows: Side,
}

/// A rectangle of units: those of a tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    grid: Grid,
    pub columns: Range<u32>,
    pub rows: Range<u32>,
}

impl Grid {
    /// The units that hold a region, which is not empty.
    pub fn part(self, region: Region) -> Part {
        let columns = self.columns.holding((region.x, region.right()));
        let rows = self.rows.holding((region.y, region.bottom()));
        Part { grid: self, columns, rows }
    }
}

impl Part {
    /// The pixels of the units.
    pub fn region(&self) -> Region {
        Region::from_spans(self.grid.columns.pixels(&self.columns), self.grid.rows.pixels(&self.rows))
    }

    /// The same units, all of them counted to the rim.
    pub fn all_rim(self) -> Part {
        let rows = Side { reach: Reach::Anywhere, ..self.grid.rows };
        Part { grid: Grid { rows, ..self.grid }, ..self }
    }

    /// Units that read the image only.
    pub fn inside(&self) -> u64 {
        let middle = |side: Side, units: &Range<u32>| {
            let (first, last) = side.rim(units);
            u64::from(units.end - units.start - first - last)
        };
        middle(self.grid.columns, &self.columns) * middle(self.grid.rows, &self.rows)
    }

    /// The other units.
    pub fn rim(&self) -> u64 {
        self.columns.len() as u64 * self.rows.len() as u64 - self.inside()
    }

    /// The words of `Grid` in WGSL, for a dispatch of these of its units, so many in a workgroup.
    pub fn words(&self, units: &Range<u64>, workgroup: u32) -> [u32; 11] {
        let (columns, rows) = (&self.columns, &self.rows);
        let ((left, right), (top, bottom)) = (self.grid.columns.rim(columns), self.grid.rows.rim(rows));
        let span = groups(units.end - units.start, workgroup)[0] * workgroup;
        let (across, down) = (columns.len() as u32, rows.len() as u32);
        let (first, end) = (units.start as u32, units.end as u32);
        [span, across, down, left, right, top, bottom, first, end, columns.start, rows.start]
    }
}

/// Workgroups in x and y for that many invocations; as few in y as the limit allows.
pub fn groups(invocations: u64, workgroup: u32) -> [u32; 2] {
    let groups = invocations.div_ceil(u64::from(workgroup)).max(1);
    let rows = groups.div_ceil(u64::from(MAX_GROUPS));
    [groups.div_ceil(rows) as u32, rows as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether unit `i` reads pixels of the image only.
    fn reads_inside(i: u32, length: u32, unit: u32, before: u32, span: u32) -> bool {
        let start = i64::from(i * unit) - i64::from(before);
        start >= 0 && start + i64::from(span) <= i64::from(length)
    }

    #[test]
    fn the_middle_of_a_side_reads_the_image_only_and_the_ends_do_not() {
        for length in 1..40 {
            for unit in [1, 4, 8] {
                for before in [0, 1, 4, 9] {
                    for span in unit..unit + 2 * before + 4 {
                        let side = Side::around(length, unit, before, span);
                        let inside = |i: &u32| reads_inside(*i, length, unit, before, span);
                        assert_eq!(side.middle().len(), (0..side.units()).filter(inside).count());
                        assert!(side.middle().all(|i| inside(&i)), "{length} {unit} {before} {span}: {side:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn parts_have_the_rim_of_the_whole_and_no_other() {
        let side = Side::around(50, 4, 6, 16);
        let inside = |i: &u32| reads_inside(*i, 50, 4, 6, 16);
        for start in 0..side.units() {
            for end in start + 1..=side.units() {
                let (first, last) = side.rim(&(start..end));
                assert_eq!((start + first..end - last).len(), (start..end).filter(inside).count(), "{start}..{end}");
                let (low, high) = side.reads(&(start..end));
                assert_eq!((low, high), (i64::from(start) * 4 - 6, i64::from(end) * 4 + 6));
            }
        }
    }

    #[test]
    fn groups_stay_under_the_limit_and_cover_the_work() {
        for invocations in [1, 64, 65, 65_535 * 64, 65_535 * 64 + 1, 10_000_000_000] {
            let [x, y] = groups(invocations, 64);
            assert!(x <= MAX_GROUPS && y <= MAX_GROUPS);
            assert!(u64::from(x) * u64::from(y) * 64 >= invocations);
            assert!(u64::from(x) * u64::from(y) * 64 < invocations + 64 * u64::from(y) + 64);
        }
    }
}
