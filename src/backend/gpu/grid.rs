//! How the work of a pass is divided among invocations. Twin: `shaders/shared/grid.wgsl`.

use std::ops::Range;

/// Invocations in a workgroup of a pass over an image.
pub const WORKGROUP: u32 = 64;

/// Workgroups that a dispatch may have in one dimension, by every API's least limit.
pub const MAX_GROUPS: u32 = 65_535;

/// Units along one side of an image: how many, and how many of them at both ends need pixels beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub units: u32,
    pub first: u32,
    pub last: u32,
}

impl Side {
    /// Units that read nothing beyond the image.
    pub fn inside(units: u32) -> Side {
        Side { units, first: 0, last: 0 }
    }

    /// Units of `unit` px that read `span` px, beginning `before` px ahead of their own first, along `length` px.
    pub fn reaching(length: u32, unit: u32, before: u32, span: u32) -> Side {
        let units = length.div_ceil(unit);
        let first = before.div_ceil(unit).min(units);
        let end = match (length + before).checked_sub(span) {
            Some(room) => (room / unit + 1).min(units),
            None => 0,
        };
        Side { units, first, last: units - end.max(first) }
    }

    fn middle(self) -> u32 {
        self.units - self.first - self.last
    }
}

/// The units of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub columns: Side,
    pub rows: Side,
}

impl Grid {
    /// Units that read the image only.
    pub fn inside(self) -> u64 {
        u64::from(self.columns.middle()) * u64::from(self.rows.middle())
    }

    /// The other units.
    pub fn rim(self) -> u64 {
        u64::from(self.columns.units) * u64::from(self.rows.units) - self.inside()
    }

    /// The words of `Grid` in WGSL, for a dispatch of these units.
    pub fn words(self, units: &Range<u64>) -> [u32; 9] {
        let (c, r) = (self.columns, self.rows);
        let span = groups(units.end - units.start, WORKGROUP)[0] * WORKGROUP;
        let (first, end) = (units.start as u32, units.end as u32);
        [span, c.units, r.units, c.first, c.last, r.first, r.last, first, end]
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
                        let side = Side::reaching(length, unit, before, span);
                        let inside = |i: &u32| reads_inside(*i, length, unit, before, span);
                        let middle = side.first..side.units - side.last;
                        assert_eq!(middle.len(), (0..side.units).filter(inside).count());
                        assert!(middle.clone().all(|i| inside(&i)), "{length} {unit} {before} {span}: {side:?}");
                    }
                }
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
