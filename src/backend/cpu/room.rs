//! Where a kernel writes its values.

use super::tile::{Held, Tile, Value};
use crate::image::{Layout, Region};
use crate::op::Alpha;
use crate::simd::blockwise;

/// Rows to be written: of a tile, or of the result itself.
pub struct Room<'a, T> {
    pub region: Region,
    /// As a tile's.
    pub step: usize,
    planes: Vec<&'a mut [T]>,
}

impl<'a, T: Value> Room<'a, T> {
    pub fn new(region: Region, step: usize, planes: Vec<&'a mut [T]>) -> Room<'a, T> {
        Room { region, step, planes }
    }

    pub fn ys(&self) -> std::ops::Range<u32> {
        self.region.y..self.region.bottom()
    }

    /// Columns `x..x + width` of the image, of row `y` of one channel.
    pub fn part(&mut self, channel: usize, y: u32, x: u32, width: u32) -> &mut [T] {
        let Region { x: left, y: top, width: all, .. } = self.region;
        let begin = ((y - top) as usize * all as usize + (x - left) as usize) * self.step;
        &mut self.planes[channel][begin..begin + width as usize * self.step]
    }

    pub fn row(&mut self, channel: usize, y: u32) -> &mut [T] {
        self.part(channel, y, self.region.x, self.region.width)
    }

    /// Columns `x..x + width` of the image, of every row of one channel.
    pub fn parts(&mut self, channel: usize, x: u32, width: u32) -> Vec<&mut [T]> {
        let (row, begin) = (self.region.width as usize * self.step, (x - self.region.x) as usize * self.step);
        let part = |row| -> &mut [T] {
            let row: &mut [T] = row;
            &mut row[begin..begin + width as usize * self.step]
        };
        self.planes[channel].chunks_exact_mut(row).map(part).collect()
    }

    /// The channels to work on, in a tile that holds this region: all but an alpha that is kept, which is copied by `value`.
    pub fn worked<U: Value>(
        &mut self,
        from: &Tile<U>,
        layout: Layout,
        alpha: Alpha,
        value: impl Fn(U) -> T,
    ) -> Vec<usize> {
        let Region { x, width, .. } = self.region;
        let keeps = |channel: &usize| layout.is_alpha(*channel as u32) && alpha == Alpha::Keep;
        let (kept, worked): (Vec<usize>, Vec<usize>) = (0..from.channels()).partition(keeps);
        for channel in kept {
            for y in self.ys() {
                blockwise(
                    [self.row(channel, y)],
                    [from.part(channel, y, x, width)],
                    #[inline(always)]
                    |[v]| [value(v)],
                );
            }
        }
        worked
    }
}

/// How a node's values are wanted.
pub struct Wanted<'a> {
    /// They may be rounded to bytes.
    pub rounds: bool,
    /// Nothing may be cut off on the way to that.
    pub exact: bool,
    /// Bytes of a packed tile, or of one channel, may be written here: rows of the result, or of a tile that is there.
    pub rows: Option<&'a mut [u8]>,
}

impl Wanted<'_> {
    /// Bytes of a region by `fill`, as a tile of that shape: none where they were written into the rows.
    pub fn bytes(self, shape: (usize, usize), region: Region, fill: impl FnOnce(&mut Room<u8>)) -> Option<Held> {
        match (self.rows, shape) {
            (Some(rows), (1, step)) => {
                fill(&mut Room::new(region, step, vec![rows]));
                None
            }
            _ => {
                let mut tile = Tile::shaped(shape, region);
                fill(&mut tile.room());
                Some(Held::Bytes(tile))
            }
        }
    }
}
