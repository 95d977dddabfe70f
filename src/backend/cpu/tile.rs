//! A rectangle of a node's values, as planes.

pub use super::fine::Fine;
use super::interleave::{split, split_colours};
use super::pooled::Pooled;
use super::room::Room;
use crate::image::{Layout, Region};
use crate::simd::blockwise;
use crate::simd::tables::look_up;

/// What tiles are made of: bytes for whole levels 0..=255, which kernels that only move or order values keep, and `f32`.
pub trait Value: Pooled + PartialOrd + Into<f32> {
    /// The sum of two, exact where they are levels.
    fn sum(self, other: Self) -> f32;

    /// `table[v]` for each `v`.
    fn look_up(table: &[Self; 256], source: &[u8], target: &mut [Self]) {
        for (t, v) in target.iter_mut().zip(source) {
            *t = table[usize::from(*v)];
        }
    }

    /// As an index, where it is a whole number.
    fn index(self) -> usize;

    /// A border's constant. Bytes saturate, which changes no least and no greatest of levels.
    fn of_border(value: f32) -> Self;
}

impl Value for u8 {
    #[inline(always)]
    fn sum(self, other: u8) -> f32 {
        f32::from(u16::from(self) + u16::from(other))
    }

    fn look_up(table: &[u8; 256], source: &[u8], target: &mut [u8]) {
        look_up(table, source, target);
    }

    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }

    fn of_border(value: f32) -> u8 {
        value as u8
    }
}

/// A sum of levels.
impl Value for u16 {
    #[inline(always)]
    fn sum(self, other: u16) -> f32 {
        f32::from(self) + f32::from(other)
    }

    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }

    fn of_border(value: f32) -> u16 {
        value as u16
    }
}

/// A whole number of either sign.
impl Value for i16 {
    #[inline(always)]
    fn sum(self, other: i16) -> f32 {
        f32::from(self) + f32::from(other)
    }

    #[inline(always)]
    fn index(self) -> usize {
        self as usize
    }

    fn of_border(value: f32) -> i16 {
        value as i16
    }
}

impl Value for f32 {
    #[inline(always)]
    fn sum(self, other: f32) -> f32 {
        self + other
    }

    #[inline(always)]
    fn index(self) -> usize {
        self as usize
    }

    fn of_border(value: f32) -> f32 {
        value
    }
}

/// Planes of `region.height` rows of `region.width` values.
pub struct Tile<T: Value = f32> {
    pub region: Region,
    /// Values of a pixel that stand beside one another in the one plane of a packed tile; else 1.
    pub step: usize,
    planes: Vec<Vec<T>>,
}

impl<T: Value> Tile<T> {
    /// A tile whose values are still to be written.
    pub fn new(region: Region, channels: usize) -> Tile<T> {
        Tile { region, step: 1, planes: (0..channels).map(|_| T::taken(region.pixels())).collect() }
    }

    /// One whose pixels stand as in a file, `step` values each, for kernels that do the same to all channels: they see one
    /// channel, whose neighbours stand `step` apart.
    pub fn packed(region: Region, step: usize) -> Tile<T> {
        Tile { region, step, planes: vec![T::taken(region.pixels() * step)] }
    }

    /// The codes of a whole image as a tile: packed where they have several channels.
    pub fn of_codes(codes: Vec<T>, layout: Layout) -> Tile<T> {
        Tile { region: layout.region(), step: layout.channels() as usize, planes: vec![codes] }
    }

    /// Those codes again.
    pub fn into_codes(mut self) -> Vec<T> {
        self.planes.pop().unwrap_or_default()
    }

    /// A tile of a region with the channels of this one.
    pub fn like<U: Value>(&self, region: Region) -> Tile<U> {
        Tile::shaped(self.shape(), region)
    }

    /// Its planes, and the values of a pixel beside one another in one.
    pub fn shape(&self) -> (usize, usize) {
        (self.channels(), self.step)
    }

    /// A tile of that shape.
    pub fn shaped((channels, step): (usize, usize), region: Region) -> Tile<T> {
        if step > 1 { Tile::packed(region, step) } else { Tile::new(region, channels) }
    }

    pub fn channels(&self) -> usize {
        self.planes.len()
    }

    pub fn room(&mut self) -> Room<'_, T> {
        Room::new(self.region, self.step, self.planes_mut())
    }

    /// Row `y` of the image, which must lie in the tile, of one channel.
    pub fn row(&self, channel: usize, y: u32) -> &[T] {
        &self.planes[channel][self.at(y)]
    }

    pub fn row_mut(&mut self, channel: usize, y: u32) -> &mut [T] {
        let at = self.at(y);
        &mut self.planes[channel][at]
    }

    /// Every row of one channel.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [T] {
        &mut self.planes[channel]
    }

    /// Columns `x..x + width` of the image, of one row of one channel.
    pub fn part(&self, channel: usize, y: u32, x: u32, width: u32) -> &[T] {
        let begin = (x - self.region.x) as usize * self.step;
        &self.row(channel, y)[begin..begin + width as usize * self.step]
    }

    /// Copies a channel of another tile that holds this one's region.
    pub fn copy_channel<U: Value>(&mut self, channel: usize, from: &Tile<U>, its: usize)
    where
        T: From<U>,
    {
        let Region { x, width, .. } = self.region;
        for y in self.ys() {
            let row = from.part(its, y, x, width);
            convert(row, self.row_mut(channel, y));
        }
    }

    /// Row `y` of every channel.
    pub fn rows_mut(&mut self, y: u32) -> Vec<&mut [T]> {
        let at = self.at(y);
        self.planes.iter_mut().map(|plane| &mut plane[at.clone()]).collect()
    }

    /// All rows of every channel.
    pub fn planes_mut(&mut self) -> Vec<&mut [T]> {
        self.planes.iter_mut().map(Vec::as_mut_slice).collect()
    }

    /// The values of a region as `f32`.
    fn converted(&self, region: Region) -> Tile
    where
        f32: From<T>,
    {
        let mut reals = self.like::<f32>(region);
        (0..self.channels()).for_each(|channel| reals.copy_channel(channel, self, channel));
        reals
    }

    fn unpacked(&self, region: Region, split: impl Fn(&[T], [&mut [T]; 3])) -> Tile<T> {
        assert_eq!(self.step, 3, "R, G and B are packed");
        let mut planes = Tile::new(region, 3);
        for y in planes.ys() {
            let [r, g, b] = &mut planes.rows_mut(y)[..] else { unreachable!("three channels") };
            split(self.part(0, y, region.x, region.width), [r, g, b]);
        }
        planes
    }

    fn at(&self, y: u32) -> std::ops::Range<usize> {
        let width = self.region.width as usize * self.step;
        let begin = (y - self.region.y) as usize * width;
        begin..begin + width
    }

    /// The lines of the image that the tile holds.
    pub fn ys(&self) -> std::ops::Range<u32> {
        self.region.y..self.region.bottom()
    }

    /// Lets go of the rows above `top` and takes those of `below`, which begins where this one ends.
    fn slide(&mut self, top: u32, below: &Tile<T>) {
        self.let_go(top);
        for (plane, more) in self.planes.iter_mut().zip(&below.planes) {
            plane.extend_from_slice(more);
        }
        self.region.height += below.region.height;
    }

    fn let_go(&mut self, top: u32) {
        let gone = (top - self.region.y) as usize * self.region.width as usize * self.step;
        for plane in &mut self.planes {
            plane.copy_within(gone.., 0);
            plane.truncate(plane.len() - gone);
        }
        self.region = Region { y: top, height: self.region.bottom() - top, ..self.region };
    }
}

impl Tile {
    /// Another one with the same values.
    fn same(&self) -> Tile {
        let mut same = self.like(self.region);
        same.planes.iter_mut().zip(&self.planes).for_each(|(to, from)| to.copy_from_slice(from));
        same
    }
}

impl<T: Value> Drop for Tile<T> {
    fn drop(&mut self) {
        self.planes.drain(..).for_each(T::keep);
    }
}

/// A tile as one of the kinds of values.
pub enum Held {
    Bytes(Tile<u8>),
    Reals(Tile),
    /// Weighted sums along columns, for those along rows that alone read them.
    Fine(Tile<Fine>),
    /// Whole numbers, for the kernels of such that alone read them.
    Whole(Tile<i16>),
}

/// Runs `$body` with `$tile` being whichever kind of tile is held, of those that every kernel reads.
macro_rules! with_tile {
    ($held:expr, $tile:ident => $body:expr) => {
        match $held {
            $crate::backend::cpu::tile::Held::Bytes($tile) => $body,
            $crate::backend::cpu::tile::Held::Reals($tile) => $body,
            _ => unreachable!("only kernels of their own read these"),
        }
    };
}
pub(super) use with_tile;

impl Held {
    pub fn region(&self) -> Region {
        match self {
            Held::Bytes(tile) => tile.region,
            Held::Reals(tile) => tile.region,
            Held::Fine(tile) => tile.region,
            Held::Whole(tile) => tile.region,
        }
    }

    pub fn step(&self) -> usize {
        match self {
            Held::Bytes(tile) => tile.step,
            Held::Reals(tile) => tile.step,
            Held::Fine(tile) => tile.step,
            Held::Whole(tile) => tile.step,
        }
    }

    /// The values of a region of a packed tile as planes.
    pub fn unpacked(&self, region: Region) -> Held {
        match self {
            Held::Bytes(tile) => Held::Bytes(tile.unpacked(region, split_colours)),
            Held::Reals(tile) => Held::Reals(tile.unpacked(region, split)),
            Held::Fine(tile) => Held::Fine(tile.unpacked(region, split)),
            Held::Whole(tile) => Held::Whole(tile.unpacked(region, split)),
        }
    }

    /// Runs `work` on a tile of `f32` that holds at least the values of a region.
    pub fn as_reals<R>(&self, region: Region, work: impl FnOnce(&Tile) -> R) -> R {
        match self {
            Held::Reals(tile) => work(tile),
            Held::Bytes(tile) => work(&tile.converted(region)),
            Held::Fine(tile) => work(&tile.converted(region)),
            Held::Whole(tile) => work(&tile.converted(region)),
        }
    }

    /// Lets go of the rows above `top` and has so many more at the end, which are still to be written: those, where it is of bytes
    /// in one plane.
    pub fn slide_for(&mut self, top: u32, more: u32) -> Option<&mut [u8]> {
        let Held::Bytes(tile) = self else { return None };
        if tile.channels() > 1 {
            return None;
        }
        tile.let_go(top);
        let rows = tile.planes[0].len();
        tile.region.height += more;
        tile.planes[0].resize(tile.region.pixels() * tile.step, 0);
        Some(&mut tile.planes[0][rows..])
    }

    /// Lets go of the last rows.
    pub fn shorten(&mut self, rows: u32) {
        if let Held::Bytes(tile) = self {
            tile.region.height -= rows;
            let length = tile.region.pixels() * tile.step;
            tile.planes.iter_mut().for_each(|plane| plane.truncate(length));
        }
    }

    /// Lets go of the rows above `top` and takes those of `below`, which begins where this one ends. Where that is of the
    /// other kind (a strip of padding alone reads no bytes), both become `f32`.
    pub fn slide(&mut self, top: u32, below: &Held) {
        match (self, below) {
            (Held::Bytes(tile), Held::Bytes(below)) => tile.slide(top, below),
            (Held::Reals(tile), Held::Reals(below)) => tile.slide(top, below),
            (Held::Fine(tile), Held::Fine(below)) => tile.slide(top, below),
            (Held::Whole(tile), Held::Whole(below)) => tile.slide(top, below),
            (own, below) => {
                let mut reals = own.as_reals(own.region(), Tile::same);
                below.as_reals(below.region(), |below| reals.slide(top, below));
                *own = Held::Reals(reals);
            }
        }
    }
}

/// The same values as another kind.
pub fn convert<T: Value, U: Value + From<T>>(from: &[T], to: &mut [U]) {
    blockwise(
        [to],
        [from],
        #[inline(always)]
        |[v]| [U::from(v)],
    );
}
