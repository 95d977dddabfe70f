//! Extremes of windows of up to a few dozen taps: each window is covered by shorter ones, which many windows share.

use super::axis::extreme;
use super::running::DIRECT_REACH;
use super::tile::Value;
use crate::op::Axis;
use crate::simd::Ordered;

/// Windows as shorter ones of equal length, which may overlap.
struct Cover {
    /// Taps of a shorter one; 1 where windows are no longer than is done tap by tap.
    part: usize,
    /// Where they begin in a window.
    starts: Vec<usize>,
}

impl Cover {
    /// About as many parts as a part has taps: so both together are least.
    fn new(axis: &Axis) -> Cover {
        let length = 2 * axis.reach() as usize + 1;
        let part = if axis.reach() <= DIRECT_REACH { 1 } else { (length - 1).isqrt() + 1 };
        let last = length - part;
        Cover { part, starts: (0..last).step_by(part).chain([last]).collect() }
    }

    /// How much longer a window is than a part.
    fn last(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }
}

/// Extremes along columns, one row of windows after another.
pub struct Columns<'a, T> {
    axis: &'a Axis,
    cover: Cover,
    /// Rows of extremes of parts, each at the place of its first tap modulo their count.
    parts: Vec<T>,
    /// The first one that wasn't made.
    next: i64,
}

impl<'a, T: Value + Ordered> Columns<'a, T> {
    pub fn new(axis: &'a Axis) -> Columns<'a, T> {
        Columns { axis, cover: Cover::new(axis), parts: Vec::new(), next: i64::MIN }
    }

    /// Those of the windows that begin at `top`, which is one more than in the call before. `row(y)` is a row of taps.
    pub fn row<'r>(&mut self, top: i64, row: impl Fn(i64) -> &'r [T], target: &mut [T]) {
        let Cover { part, starts, .. } = &self.cover;
        let taps = |first: i64, count: usize| (first..).take(count).map(&row).collect::<Vec<&[T]>>();
        if *part == 1 {
            extreme(self.axis, &taps(top, starts.len()), target);
            return;
        }
        let (width, last) = (target.len(), self.cover.last() as i64);
        self.parts.resize((last as usize + 1) * width, T::default());
        let place = |y: i64| y.rem_euclid(last + 1) as usize * width;
        for y in self.next.max(top)..=top + last {
            extreme(self.axis, &taps(y, *part), &mut self.parts[place(y)..][..width]);
        }
        self.next = top + last + 1;
        let taps: Vec<&[T]> = starts.iter().map(|start| &self.parts[place(top + *start as i64)..][..width]).collect();
        extreme(self.axis, &taps, target);
    }
}

/// Extremes along rows, whose neighbours stand `step` apart.
pub struct Rows<'a, T> {
    axis: &'a Axis,
    step: usize,
    cover: Cover,
    /// Extremes of parts.
    parts: Vec<T>,
}

impl<'a, T: Value + Ordered> Rows<'a, T> {
    pub fn new(axis: &'a Axis, step: usize) -> Rows<'a, T> {
        Rows { axis, step, cover: Cover::new(axis), parts: Vec::new() }
    }

    /// Those of the windows along a line.
    pub fn row(&mut self, line: &[T], target: &mut [T]) {
        let (n, Cover { part, starts }) = (target.len(), &self.cover);
        let mut of_parts = line;
        if *part > 1 {
            self.parts.resize(n + self.cover.last() * self.step, T::default());
            let taps: Vec<&[T]> = line.windows(self.parts.len()).step_by(self.step).collect();
            extreme(self.axis, &taps, &mut self.parts);
            of_parts = &self.parts;
        }
        let taps: Vec<&[T]> = starts.iter().map(|start| &of_parts[start * self.step..][..n]).collect();
        extreme(self.axis, &taps, target);
    }
}
