//! Kernels that read a list of places: around each pixel, or anywhere in the image.

use std::fmt::Debug;

use super::{Alpha, Formula, OrderWindow};
use crate::image::{Edges, Layout, Region};

/// A weighted sum of neighbours at any offsets, of each channel: `scale sum(weight v(x + dx, y + dy)) + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stencil {
    pub taps: Vec<Tap>,
    pub scale: f32,
    /// Added, in levels.
    pub offset: f32,
    pub edges: Edges,
    pub alpha: Alpha,
}

/// A neighbour and its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// px
    pub dx: i32,
    pub dy: i32,
    pub weight: f32,
}

impl Stencil {
    /// How far the taps reach to each side, px.
    pub fn reach(&self) -> u32 {
        self.taps.iter().map(|t| t.dx.unsigned_abs().max(t.dy.unsigned_abs())).max().unwrap_or(0)
    }

    /// The taps that are to be read: what weighs nothing need not be.
    pub fn counted(&self) -> impl Iterator<Item = &Tap> {
        self.taps.iter().filter(|tap| tap.weight != 0.0)
    }
}

/// Rows of every channel, alpha last, from `reach` above the first row of the result to `reach` below its last, each
/// with `reach` more columns at both ends.
pub struct NeighbourhoodRows<'a, T = f32> {
    /// By channel, then by row from the top.
    pub channels: &'a [Vec<&'a [T]>],
}

impl<T> NeighbourhoodRows<'_, T> {
    /// Calls `work` with what each row of the result reads, and that row of each channel, of planes of them.
    pub fn each(&self, reach: u32, output: &mut [&mut [T]], work: impl Fn(NeighbourhoodRows<T>, &mut [&mut [T]])) {
        let reach = reach as usize;
        let width = self.channels[0][0].len() - 2 * reach;
        for y in 0..self.channels[0].len() - 2 * reach {
            let channels: Vec<Vec<&[T]>> = self.channels.iter().map(|c| c[y..=y + 2 * reach].to_vec()).collect();
            let mut targets: Vec<&mut [T]> =
                output.iter_mut().map(|plane| &mut plane[y * width..(y + 1) * width]).collect();
            work(NeighbourhoodRows { channels: &channels }, &mut targets);
        }
    }
}

/// A square neighbourhood of whole pixels; alpha is seen. The result may have other colour channels than the input.
/// WGSL: `fn stem(x: i32, y: i32, p: Struct) -> vec4f`, which reads the input by `pixel(x, y) -> vec4f`, borders
/// included: colour in `rgb` (gray in all three; `COLOURS` says how many there are), alpha in `a`, 255 where there is
/// none. Where `block` is more than one pixel it gives `array<vec4f, PIXELS>`: those of the block that begins at
/// (x, y), row after row.
pub trait Neighbourhood: Debug + Send + Sync {
    fn formula(&self) -> Formula;

    /// How far the neighbourhood reaches to each side, px.
    fn reach(&self) -> u32;

    fn edges(&self) -> Edges;

    /// Under [`Alpha::Work`] the result has alpha, which the kernel gives as its last channel.
    fn alpha(&self) -> Alpha {
        Alpha::Keep
    }

    /// Values that the shader reads of each channel for a pixel; long dispatches are divided by it.
    fn reads(&self) -> u64 {
        u64::from(2 * self.reach() + 1).pow(2)
    }

    /// Pixels across and down that a call of the WGSL formula computes.
    fn block(&self) -> (u32, u32) {
        (1, 1)
    }

    /// One row of each channel of the result (without alpha under [`Alpha::Keep`]): `output[c][i]` from the
    /// neighbourhood around column `i + reach` of the middle row.
    fn row(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]);

    /// Many rows of the result, one after another in each `output[c]`. For kernels whose rows share work.
    fn rows(&self, rows: NeighbourhoodRows, output: &mut [&mut [f32]]) {
        rows.each(self.reach(), output, |rows, output| self.row(rows, output));
    }

    /// Itself, where it gives the bytes that its results round to, of gray ones without alpha.
    fn rounded(&self) -> Option<&dyn OrderWindow> {
        None
    }

    /// Whether it has a `whole_row`.
    fn is_whole(&self) -> bool {
        false
    }

    /// The same as `row` of whole numbers, where these and the result fit into 16 bits; without alpha.
    fn whole_row(&self, _rows: NeighbourhoodRows<i16>, _output: &mut [&mut [i16]]) {
        unreachable!("{self:?} is of real numbers");
    }
}

/// How a value between pixels is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// The pixel whose centre is nearest: `floor(x + 0.5)`.
    Nearest,
    /// 2 × 2 taps.
    Bilinear,
    /// 4 × 4 taps, a = -0.5.
    Bicubic,
}

impl Sampling {
    pub const NAMES: &'static [&'static str] = &["nearest", "bilinear", "bicubic"];

    pub fn from_name(name: &str) -> Option<Sampling> {
        let all = [Sampling::Nearest, Sampling::Bilinear, Sampling::Bicubic];
        Self::NAMES.iter().position(|n| *n == name).map(|i| all[i])
    }
}

/// Pixels sampled where an inverse map says. With `(u, v) = (x, y) - output_centre` for output pixel `(x, y)` and
/// `w = g u + h v + i`, it reads the place `input_centre + ((a u + b v + c) / w, (d u + e v + f) / w)` of the input.
/// Places count from centre to centre of pixels, and are computed about centres because `f32` is finer near 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// a to i
    pub matrix: [f32; 9],
    /// px
    pub input_centre: [f32; 2],
    /// px
    pub output_centre: [f32; 2],
    pub sampling: Sampling,
    /// What taps outside the image read: a constant. All channels, alpha too, are sampled.
    pub background: [f32; 4],
}

/// Where `w` is 0 the place is far outside, whatever its sign.
pub const LEAST_W: f32 = 1.0e-30;

/// Places are held to this, px, so that they can be whole numbers.
pub const FARTHEST: f32 = 1.0e6;

/// Pixels of a part of the output that are looked at one by one.
const SMALL_PART: usize = 16;

fn corners(region: Region) -> [(u32, u32); 4] {
    let (right, bottom) = (region.right() - 1, region.bottom() - 1);
    [(region.x, region.y), (right, region.y), (region.x, bottom), (right, bottom)]
}

impl Sampling {
    /// How far taps lie from a place, px, and one more for places that another device rounds otherwise.
    fn reach(self) -> f32 {
        if self == Sampling::Bicubic { 3.0 } else { 2.0 }
    }
}

impl Gather {
    /// Whether places lie on a plane: `w` is 1 everywhere.
    pub fn is_affine(&self) -> bool {
        self.matrix[6..] == [0.0, 0.0, 1.0]
    }

    /// The place of the input that an output pixel reads, px; within `FARTHEST`.
    #[inline(always)]
    pub fn place(&self, x: u32, y: u32) -> (f32, f32) {
        let [.., g, h, i] = self.matrix;
        let w = g * (x as f32 - self.output_centre[0]) + h * (y as f32 - self.output_centre[1]) + i;
        self.place_over(x, y, if w == 0.0 { LEAST_W } else { w })
    }

    /// The same where `w` is known.
    #[inline(always)]
    pub fn place_over(&self, x: u32, y: u32, w: f32) -> (f32, f32) {
        let [a, b, c, d, e, f, ..] = self.matrix;
        let (u, v) = (x as f32 - self.output_centre[0], y as f32 - self.output_centre[1]);
        let place = |centre: f32, sum: f32| (centre + sum / w).clamp(-FARTHEST, FARTHEST);
        (place(self.input_centre[0], a * u + b * v + c), place(self.input_centre[1], d * u + e * v + f))
    }

    /// The part of an input of that layout that a region of the output, which is not empty, reads; it may be empty.
    pub fn source_region(&self, output: Region, input: Layout) -> Region {
        let corners = corners(output);
        let bounds = if self.keeps_quads(corners) {
            corners.iter().fold(Bounds::NONE, |bounds, (x, y)| bounds.with(self.place(*x, *y)))
        } else {
            self.read_places(output, input)
        };
        bounds.region(self.sampling.reach(), input)
    }

    /// The places of a part of the output that read anything of an input. Beyond a horizon near places lie beside far ones,
    /// so the part is divided until pieces lie on one side of it and read all or nothing; of small ones each pixel tells.
    fn read_places(&self, part: Region, input: Layout) -> Bounds {
        let corners = corners(part);
        let places = corners.map(|(x, y)| self.place(x, y));
        let bounds = places.into_iter().fold(Bounds::NONE, Bounds::with);
        let keeps = self.keeps_quads(corners);
        if keeps && bounds.region(self.sampling.reach(), input).is_empty() {
            return Bounds::NONE;
        }
        if keeps && places.into_iter().all(|place| self.reads(place, input)) {
            return bounds;
        }
        let Region { x, y, width, height } = part;
        if part.pixels() <= SMALL_PART {
            let pixels = (y..part.bottom()).flat_map(|y| (x..part.right()).map(move |x| self.place(x, y)));
            return pixels.filter(|place| self.reads(*place, input)).fold(Bounds::NONE, Bounds::with);
        }
        let pieces = if width > height {
            [Region { width: width / 2, ..part }, Region { x: x + width / 2, width: width - width / 2, ..part }]
        } else {
            [Region { height: height / 2, ..part }, Region { y: y + height / 2, height: height - height / 2, ..part }]
        };
        pieces.into_iter().map(|piece| self.read_places(piece, input)).fold(Bounds::NONE, Bounds::union)
    }

    /// Whether what lies between those places of the output lies between theirs in the input: no horizon is near.
    fn keeps_quads(&self, corners: [(u32, u32); 4]) -> bool {
        let [.., g, h, i] = self.matrix;
        let depth =
            |(x, y): (u32, u32)| g * (x as f32 - self.output_centre[0]) + h * (y as f32 - self.output_centre[1]) + i;
        let depths = corners.map(depth);
        let (low, high) = (depths.into_iter().fold(f32::MAX, f32::min), depths.into_iter().fold(f32::MIN, f32::max));
        low > 0.001 * high && low > 0.0 || high < 0.001 * low && high < 0.0
    }

    /// Whether a place reads anything of an input.
    fn reads(&self, (x, y): (f32, f32), input: Layout) -> bool {
        let reach = self.sampling.reach();
        let near = |place: f32, n: u32| place > -reach && place < n as f32 + reach;
        near(x, input.width) && near(y, input.height)
    }
}

/// A rectangle about places.
#[derive(Clone, Copy)]
struct Bounds {
    low: [f32; 2],
    high: [f32; 2],
}

impl Bounds {
    const NONE: Bounds = Bounds { low: [f32::MAX; 2], high: [f32::MIN; 2] };

    fn with(self, (x, y): (f32, f32)) -> Bounds {
        let [left, top] = self.low;
        let [right, bottom] = self.high;
        Bounds { low: [left.min(x), top.min(y)], high: [right.max(x), bottom.max(y)] }
    }

    fn union(self, other: Bounds) -> Bounds {
        let low = [0, 1].map(|i| self.low[i].min(other.low[i]));
        let high = [0, 1].map(|i| self.high[i].max(other.high[i]));
        Bounds { low, high }
    }

    /// What of an image lies within `reach`, px.
    fn region(self, reach: f32, image: Layout) -> Region {
        let side = |i: usize, n: u32| {
            let within = |v: f32| v.clamp(0.0, n as f32) as u32;
            (within((self.low[i] - reach).floor()), within((self.high[i] + reach).ceil() + 1.0))
        };
        Region::from_spans(side(0, image.width), side(1, image.height))
    }
}

/// Pixels above `low` that are joined to one above `high` by neighbours (8 of them) above `low`: 255 there, else 0.
/// The image has one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flood {
    pub low: f32,
    pub high: f32,
}

/// The part of an image that squares of that reach around `output` read.
pub fn square_region(output: Region, reach: u32, edges: Edges, input: Layout) -> Region {
    let (r, border) = (i64::from(reach), edges.border);
    Region::from_spans(
        border.span(i64::from(output.x) - r, i64::from(output.right()) + r, input.width),
        border.span(i64::from(output.y) - r, i64::from(output.bottom()) + r, input.height),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tap_of_a_region_lies_in_what_it_says_that_it_reads() {
        let mut rng = fastrand::Rng::with_seed(5);
        let input = Layout::new(60, 40, 1);
        let mut partial = 0;
        for _ in 0..500 {
            let mut part = |by: f32| (rng.f32() - 0.5) * by;
            let gather = Gather {
                matrix: [part(4.0), part(4.0), part(9.0), part(4.0), part(4.0), part(9.0), part(0.1), part(0.1), 1.0],
                input_centre: [29.5, 19.5],
                output_centre: [24.5, 14.5],
                sampling: [Sampling::Nearest, Sampling::Bilinear, Sampling::Bicubic][rng.usize(0..3)],
                background: [0.0; 4],
            };
            let (x, y) = (rng.u32(0..50), rng.u32(0..30));
            let output = Region { x, y, width: rng.u32(1..=50 - x), height: rng.u32(1..=30 - y) };
            let region = gather.source_region(output, input);
            partial += usize::from(!region.is_empty() && region != input.region());
            for (x, y) in (y..output.bottom()).flat_map(|y| (x..output.right()).map(move |x| (x, y))) {
                let (u, v) = gather.place(x, y);
                let taps = |at: f32, n: u32| {
                    let first = if gather.sampling == Sampling::Bicubic { at.floor() - 1.0 } else { at.floor() };
                    let last = if gather.sampling == Sampling::Bicubic { at.floor() + 2.0 } else { at.floor() + 1.0 };
                    (first as i64..=last as i64).filter(move |i| (0..i64::from(n)).contains(i)).map(|i| i as u32)
                };
                for (column, row) in taps(v, 40).flat_map(|row| taps(u, 60).map(move |column| (column, row))) {
                    let inside =
                        region.x <= column && column < region.right() && region.y <= row && row < region.bottom();
                    assert!(inside, "{gather:?} {output:?}: ({column}, {row}) is not in {region:?}");
                }
            }
        }
        assert!(partial > 100, "{partial}");
    }

    #[test]
    fn what_lies_before_a_horizon_is_found_without_looking_at_every_pixel() {
        // A plane seen to its horizon, in 3.6 billion pixels: looking at each takes more than a minute.
        let output = Region { x: 0, y: 0, width: 60_000, height: 60_000 };
        let gather = Gather {
            matrix: [1.0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.0, 0.001, 0.0],
            input_centre: [29.5, 19.5],
            output_centre: [29_999.5, 29_999.5],
            sampling: Sampling::Bilinear,
            background: [0.0; 4],
        };
        let input = Layout::new(60, 4000, 1);
        assert_eq!(gather.source_region(output, input), Region { x: 0, y: 0, width: 60, height: 3945 });
        // No row looks between 3,941.1 and 4,024, and below the horizon none above 22.8.
        let below = gather.source_region(Region { y: 30_000, height: 30_000, ..output }, input);
        assert_eq!(below, Region { x: 0, y: 20, width: 60, height: 3925 });
    }
}
