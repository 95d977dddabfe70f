//! A rectangle of a node's values, as planes of `f32`.

use std::cell::RefCell;

use crate::image::Region;

/// Planes one after another, each `region.height` rows of `region.width` values.
pub struct Tile {
    pub region: Region,
    pub channels: usize,
    data: Vec<f32>,
}

thread_local! {
    /// Buffers of tiles that are gone: fresh ones cost page faults.
    static SPARE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Spare buffers that a thread keeps, and values in each: more than bands need is given back.
const SPARE_BUFFERS: usize = 8;
const SPARE_VALUES: usize = 1 << 20;

impl Tile {
    /// A tile whose values are still to be written.
    pub fn new(region: Region, channels: usize) -> Tile {
        let mut data = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        data.resize(region.pixels() * channels, 0.0);
        Tile { region, channels, data }
    }

    /// Row `y` of the image, which must lie in the tile, of one channel.
    pub fn row(&self, channel: usize, y: u32) -> &[f32] {
        &self.data[self.at(channel, y)]
    }

    pub fn row_mut(&mut self, channel: usize, y: u32) -> &mut [f32] {
        let at = self.at(channel, y);
        &mut self.data[at]
    }

    /// Every row of one channel.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        let pixels = self.region.pixels();
        &mut self.data[channel * pixels..][..pixels]
    }

    /// Columns `x..x + width` of the image, of one row of one channel.
    pub fn part(&self, channel: usize, y: u32, x: u32, width: u32) -> &[f32] {
        let begin = (x - self.region.x) as usize;
        &self.row(channel, y)[begin..begin + width as usize]
    }

    /// Copies a channel of another tile that holds this one's region.
    pub fn copy_channel(&mut self, channel: usize, from: &Tile, its: usize) {
        let Region { x, width, .. } = self.region;
        for y in self.ys() {
            self.row_mut(channel, y).copy_from_slice(from.part(its, y, x, width));
        }
    }

    /// Row `y` of every channel.
    pub fn rows_mut(&mut self, y: u32) -> Vec<&mut [f32]> {
        let (width, offset) = (self.region.width as usize, (y - self.region.y) as usize * self.region.width as usize);
        self.data.chunks_exact_mut(self.region.pixels()).map(|plane| &mut plane[offset..offset + width]).collect()
    }

    /// All rows of every channel.
    pub fn planes_mut(&mut self) -> Vec<&mut [f32]> {
        self.data.chunks_exact_mut(self.region.pixels()).collect()
    }

    fn at(&self, channel: usize, y: u32) -> std::ops::Range<usize> {
        let width = self.region.width as usize;
        let begin = channel * self.region.pixels() + (y - self.region.y) as usize * width;
        begin..begin + width
    }

    /// The lines of the image that the tile holds.
    pub fn ys(&self) -> std::ops::Range<u32> {
        self.region.y..self.region.bottom()
    }
}

impl Drop for Tile {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        if data.capacity() <= SPARE_VALUES {
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < SPARE_BUFFERS {
                    spare.push(data);
                }
            });
        }
    }
}
