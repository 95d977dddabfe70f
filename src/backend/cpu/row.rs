//! Rows with what lies beyond the image, by the border's rule.

use super::tile::{Tile, Value, convert};
use crate::image::{Border, Edges, Layout, Region};

/// Where rows and columns are read from, for one channel of a tile.
pub struct Reader<'a, T: Value> {
    pub tile: &'a Tile<T>,
    pub channel: usize,
    /// Of the image that the tile is part of.
    pub layout: Layout,
    pub border: Border,
    /// What a constant border reads in this channel; in a packed tile, in each.
    pub value: [f32; 4],
}

impl<'a, T: Value> Reader<'a, T> {
    pub fn new(tile: &'a Tile<T>, channel: usize, layout: Layout, edges: Edges) -> Reader<'a, T> {
        let value = border_values(edges.value, layout, channel, tile.step);
        Reader { tile, channel, layout, border: edges.border, value }
    }

    /// The pixels of row `y` of the image (which may lie outside it) at those columns, none being the constant.
    pub fn pick(&self, y: i64, columns: &[Option<u32>], target: &mut [T]) {
        let (step, constant) = (self.tile.step, self.value.map(T::of_border));
        let row = self.line(y).map(|y| self.tile.row(self.channel, y));
        for (pixel, x) in target.chunks_exact_mut(step).zip(columns) {
            let place = |x: u32| (x - self.tile.region.x) as usize * step;
            let seen = row.zip(*x).map_or(&constant[..step], |(row, x)| &row[place(x)..][..step]);
            pixel.iter_mut().zip(seen).for_each(|(t, v)| *t = *v);
        }
    }

    /// Columns of row `y` of the image from `x` (which may lie outside the image) on. Where `y` is none, the constant.
    pub fn fill<U: Value + From<T>>(&self, y: Option<u32>, x: i64, target: &mut [U]) {
        let step = self.tile.step;
        let Some(y) = y else {
            self.fill_constant(target);
            return;
        };
        let xs = x..x + (target.len() / step) as i64;
        let inside = xs.start.max(0)..xs.end.min(i64::from(self.layout.width));
        if inside.is_empty() {
            self.fill_outside(y, x, target);
            return;
        }
        let (before, rest) = target.split_at_mut((inside.start - xs.start) as usize * step);
        let (within, after) = rest.split_at_mut((inside.end - inside.start) as usize * step);
        self.fill_outside(y, xs.start, before);
        convert(self.tile.part(self.channel, y, inside.start as u32, (inside.end - inside.start) as u32), within);
        self.fill_outside(y, inside.end, after);
    }

    /// The same of columns that lie outside the image.
    fn fill_outside<U: Value + From<T>>(&self, y: u32, x: i64, target: &mut [U]) {
        for (pixel, x) in target.chunks_exact_mut(self.tile.step).zip(x..) {
            match self.border.index(x, self.layout.width) {
                Some(x) => {
                    let seen = self.tile.part(self.channel, y, x, 1);
                    pixel.iter_mut().zip(seen).for_each(|(t, v)| *t = U::from(*v));
                }
                None => self.fill_constant(pixel),
            }
        }
    }

    pub fn fill_constant<U: Value>(&self, target: &mut [U]) {
        let constant = self.value.map(U::of_border);
        match self.tile.step {
            1 => target.fill(constant[0]),
            step => target.chunks_exact_mut(step).for_each(|pixel| pixel.copy_from_slice(&constant[..step])),
        }
    }

    /// What windows over a region that reach so far read above and below the image, as wide as the region, where that is the constant.
    pub fn outside(&self, region: Region, reach: u32) -> Vec<T> {
        if region.y >= reach && region.bottom() + reach <= self.layout.height {
            return Vec::new();
        }
        let mut outside = vec![T::default(); region.width as usize * self.tile.step];
        self.fill_constant(&mut outside);
        outside
    }

    /// The row of the image that position `y` reads; none for the constant.
    pub fn line(&self, y: i64) -> Option<u32> {
        self.border.index(y, self.layout.height)
    }
}

/// All rows of a channel of a tile, each extended beyond both ends once, so that windows are slices of rows.
pub struct Extended<U: Value> {
    rows: Vec<U>,
    width: usize,
    /// The lines of the image that they are, half-open; the constant stands behind them.
    lines: (u32, u32),
}

impl<U: Value> Extended<U> {
    /// For windows that reach so far around `region`, along rows and along columns.
    pub fn new<T: Value>(reader: &Reader<T>, region: Region, (reach, reach_y): (u32, u32)) -> Extended<U>
    where
        U: From<T>,
    {
        let x = i64::from(region.x) - i64::from(reach);
        let width = (region.width + 2 * reach) as usize * reader.tile.step;
        // A tile may hold more, where a border read the other end of the image.
        let (top, bottom) = (i64::from(region.y) - i64::from(reach_y), i64::from(region.bottom()) + i64::from(reach_y));
        let lines = reader.border.span(top, bottom, reader.layout.height);
        let count = (lines.1 - lines.0) as usize;
        let mut rows = U::taken((count + 1) * width);
        let (extended, constant) = rows.split_at_mut(count * width);
        for (y, row) in (lines.0..lines.1).zip(extended.chunks_exact_mut(width)) {
            reader.fill(Some(y), x, row);
        }
        reader.fill(None, x, constant);
        Extended { rows, width, lines }
    }

    /// Row `y` of the image, or what the border reads there.
    pub fn row<T: Value>(&self, reader: &Reader<T>, y: i64) -> &[U] {
        let (first, end) = self.lines;
        let index = reader.line(y).map_or(end - first, |y| y - first) as usize;
        &self.rows[index * self.width..(index + 1) * self.width]
    }
}

impl<U: Value> Drop for Extended<U> {
    fn drop(&mut self) {
        U::keep(std::mem::take(&mut self.rows));
    }
}

/// The rows around one row after another, extended beyond both ends, as windows of a part of them read them: each is made once,
/// in place of one that no window reads any more.
pub struct Around<'a, T: Value, U: Value> {
    reader: &'a Reader<'a, T>,
    x: i64,
    reach: i64,
    width: usize,
    lines: Vec<U>,
    /// Behind the last one that was made.
    next: i64,
}

impl<'a, T: Value, U: Value + From<T>> Around<'a, T, U> {
    /// Columns from `x` on (which may lie outside the image), so many values; `reach` rows above and below.
    pub fn new(reader: &'a Reader<'a, T>, x: i64, width: usize, reach: u32) -> Around<'a, T, U> {
        let lines = U::taken((2 * reach as usize + 1) * width);
        Around { reader, x, reach: reach.into(), width, lines, next: i64::MIN }
    }

    /// Those around row `y`, which is no higher than the one before it.
    pub fn rows(&mut self, y: u32) -> Vec<&[U]> {
        let (width, count) = (self.width, 2 * self.reach + 1);
        let place = |y: i64| y.rem_euclid(count) as usize * width;
        let (top, bottom) = (i64::from(y) - self.reach, i64::from(y) + self.reach);
        for y in self.next.max(top)..=bottom {
            self.reader.fill(self.reader.line(y), self.x, &mut self.lines[place(y)..][..width]);
        }
        self.next = bottom + 1;
        (top..=bottom).map(|y| &self.lines[place(y)..][..width]).collect()
    }
}

impl<T: Value, U: Value> Drop for Around<'_, T, U> {
    fn drop(&mut self) {
        U::keep(std::mem::take(&mut self.lines));
    }
}

/// A region in parts of about the same width, so many px at most.
pub fn parts(region: Region, most: u32) -> impl Iterator<Item = Region> {
    let count = region.width.div_ceil(most.max(1));
    let place = move |i: u32| (u64::from(i) * u64::from(region.width) / u64::from(count)) as u32;
    (0..count).map(move |i| Region { x: region.x + place(i), width: place(i + 1) - place(i), ..region })
}

/// What a constant border reads in each value of a pixel: of `step` beside one another, or of one channel.
pub fn border_values(value: [f32; 4], layout: Layout, channel: usize, step: usize) -> [f32; 4] {
    if step > 1 { value } else { [border_value(value, layout, channel); 4] }
}

/// What a constant border reads in each channel of a layout.
pub fn border_value(value: [f32; 4], layout: Layout, channel: usize) -> f32 {
    if layout.is_alpha(channel as u32) { value[3] } else { value[channel] }
}
