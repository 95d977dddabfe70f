//! Rows with what lies beyond the image, by the border's rule.

use std::ops::Range;

use super::tile::Tile;
use crate::image::{Border, Layout, Region};

/// Where rows and columns are read from, for one channel of a tile.
pub struct Reader<'a> {
    pub tile: &'a Tile,
    pub channel: usize,
    /// Of the image that the tile is part of.
    pub layout: Layout,
    pub border: Border,
    /// What a constant border reads in this channel.
    pub value: f32,
}

impl Reader<'_> {
    /// Columns `xs` (which may lie outside the image) of row `y` of the image, appended to `target`.
    /// Where `y` is none, the constant.
    pub fn extend(&self, y: Option<u32>, xs: Range<i64>, target: &mut Vec<f32>) {
        let Some(y) = y else {
            target.extend(xs.map(|_| self.value));
            return;
        };
        let (width, left) = (i64::from(self.layout.width), i64::from(self.tile.region.x));
        let outside = |x: i64| match self.border.index(x, self.layout.width) {
            Some(x) => self.tile.part(self.channel, y, x, 1)[0],
            None => self.value,
        };
        let inside = xs.start.max(0)..xs.end.min(width);
        if inside.is_empty() {
            target.extend(xs.map(outside));
            return;
        }
        let row = self.tile.row(self.channel, y);
        target.extend((xs.start..inside.start).map(outside));
        target.extend_from_slice(&row[(inside.start - left) as usize..(inside.end - left) as usize]);
        target.extend((inside.end..xs.end).map(outside));
    }

    /// The row of the image that position `y` reads; none for the constant.
    pub fn line(&self, y: i64) -> Option<u32> {
        self.border.index(y, self.layout.height)
    }
}

/// All rows of a channel of a tile, each extended beyond both ends once, so that windows are slices of rows.
pub struct Extended {
    rows: Vec<f32>,
    width: usize,
}

impl Extended {
    /// For windows of that reach around `region`.
    pub fn new(reader: &Reader, region: Region, reach: u32) -> Extended {
        let reach = i64::from(reach);
        let xs = i64::from(region.x) - reach..i64::from(region.right()) + reach;
        let width = (xs.end - xs.start) as usize;
        let mut rows = Vec::with_capacity((reader.tile.region.height as usize + 1) * width);
        for y in reader.tile.ys() {
            reader.extend(Some(y), xs.clone(), &mut rows);
        }
        reader.extend(None, xs, &mut rows);
        Extended { rows, width }
    }

    /// Row `y` of the image, or what the border reads there.
    pub fn row(&self, reader: &Reader, y: i64) -> &[f32] {
        let tile = reader.tile.region;
        let index = reader.line(y).map_or(tile.height, |y| y - tile.y) as usize;
        &self.rows[index * self.width..(index + 1) * self.width]
    }
}

/// What a constant border reads in each channel of a layout.
pub fn border_value(value: [f32; 4], layout: Layout, channel: usize) -> f32 {
    if layout.is_alpha(channel as u32) { value[3] } else { value[channel] }
}
