//! The kernels that operations are made of, by shape. The shape owns the loop; the kernel owns the formula.
//!
//! A kernel says its formula twice, as Rust on rows of `f32` and as WGSL; the agreement tests hold the two together.

use std::fmt::Debug;
use std::sync::Arc;

use super::bytes::ByteRow;
use super::gather::square_region;
use super::{Flood, Formula, Gather, Neighbourhood, Stencil, Window};
use crate::image::weights::Resampling;
use crate::image::{Edges, Layout, Region};
use crate::simd::blockwise;

/// What becomes of alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpha {
    /// It is copied from the first input.
    Keep,
    /// The kernel treats it itself, as one channel more.
    Work,
}

/// A node's kernel. All values are on the working scale (0..255, not clamped) unless a kernel says otherwise.
#[derive(Clone, Debug)]
pub enum Kernel {
    /// The decoded image.
    Source,
    Point(Arc<dyn Point>),
    Window(Arc<dyn Window>),
    Axis(Arc<Axis>),
    Permute(Arc<Permutation>),
    Stencil(Arc<Stencil>),
    Neighbourhood(Arc<dyn Neighbourhood>),
    Gather(Arc<Gather>),
    Flood(Flood),
    /// A table from the histogram of the input, which must hold whole codes.
    Reduce(Arc<dyn Reduce>),
    /// A table of one value: the greatest of the first channel, or 0 where all are below.
    Maximum,
    /// A table of constants; reads nothing.
    Table(Arc<[f32]>),
}

/// The rows that a point kernel reads: one of each channel, of each image among its inputs in turn. All have the size of
/// the first; a second one may have other channels.
pub struct PointRow<'a> {
    /// Colour channels of the first image, then of the second; with [`Alpha::Work`] each followed by its alpha.
    pub inputs: &'a [&'a [f32]],
    /// The table of the node among the inputs that gives one; empty without one.
    pub table: &'a [f32],
    /// Place of the first pixel, px.
    pub x: u32,
    pub y: u32,
}

impl PointRow<'_> {
    /// Applies one function to each sample of two images and the same place of the other.
    pub fn map_pairs(&self, output: &mut [&mut [f32]], function: impl Fn(f32, f32) -> f32) {
        let (first, second) = self.inputs.split_at(self.inputs.len() / 2);
        for ((target, first), second) in output.iter_mut().zip(first).zip(second) {
            blockwise(
                [target],
                [first, second],
                #[inline(always)]
                |[v, w]| [function(v, w)],
            );
        }
    }

    /// Applies one function to each sample of the first `output.len()` channels.
    pub fn map_channels(&self, output: &mut [&mut [f32]], function: impl Fn(f32) -> f32) {
        for (target, source) in output.iter_mut().zip(self.inputs) {
            blockwise(
                [target],
                [source],
                #[inline(always)]
                |[v]| [function(v)],
            );
        }
    }

    /// Applies one function to R, G, B of each pixel; gray stands for all three.
    ///
    /// # Panics
    /// Where the input has other colours than gray or R, G, B, or the output not three channels.
    pub fn map_colours(&self, output: &mut [&mut [f32]], function: impl Fn([f32; 3]) -> [f32; 3]) {
        let [red, green, blue] = match self.inputs {
            [gray] => [*gray; 3],
            [r, g, b] => [*r, *g, *b],
            other => panic!("colours of {} channels", other.len()),
        };
        let [r, g, b] = output else { panic!("a colour of {} channels", output.len()) };
        blockwise([r, g, b], [red, green, blue], function);
    }
}

/// Each pixel by itself. WGSL: `fn stem(v: vec4f, p: Struct) -> vec4f`, or with a second image
/// `fn stem(v: vec4f, w: vec4f, p: Struct) -> vec4f`; colour in `rgb` (gray stands in all three), alpha in `a`;
/// `table(i: u32) -> f32` reads the table where a node that gives one is among the inputs; `position` is the pixel's
/// place as `vec2f`, px.
pub trait Point: Debug + Send + Sync {
    fn formula(&self) -> Formula;

    fn alpha(&self) -> Alpha {
        Alpha::Keep
    }

    /// Whether each sample of the result is a function of the same one of its only image, wherever that lies, so that for
    /// whole levels 256 values stand for it.
    fn is_of_sample(&self) -> bool {
        false
    }

    /// Whether it does the same to each sample, whatever its channel and place; of two images, to each pair of them.
    fn is_blind(&self) -> bool {
        false
    }

    /// Whether a pixel's place makes a difference.
    fn sees_place(&self) -> bool {
        false
    }

    /// Itself, where it makes whole levels of pairs of them.
    fn levels(&self) -> Option<&dyn LevelPoint> {
        None
    }

    /// One row. `output` holds the channels of the result (without alpha under [`Alpha::Keep`]); all rows have one length.
    fn row(&self, row: PointRow, output: &mut [&mut [f32]]);

    /// Whether its result holds whole levels 0..=255 alone, so that bytes are all of it.
    fn gives_levels(&self) -> bool {
        false
    }

    /// The bytes that `row` gives rounded, beside one another too: in one pass, where the kernel has such a one; else it says
    /// false.
    fn bytes(&self, _row: ByteRow, _target: &mut [u8]) -> bool {
        false
    }
}

/// A point kernel that makes whole levels, 0..=255, of the same sample of two images of whole levels, and so keeps bytes.
pub trait LevelPoint {
    /// One row of one channel, as [`Point::row`] gives it.
    fn level_row(&self, inputs: [&[u8]; 2], output: &mut [u8]);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Along rows: neighbours differ in x.
    Horizontal,
    /// Along columns: neighbours differ in y.
    Vertical,
}

/// What an axis kernel does with its taps.
#[derive(Clone, Debug, PartialEq)]
pub enum Taps {
    /// `scale` times the weighted sum over `weights.len()` (odd) taps centred on the pixel.
    Sum { weights: Vec<f32>, scale: f32 },
    /// Mean of the `2 reach + 1` taps centred on the pixel.
    Mean { reach: u32 },
    /// Least of the `2 reach + 1` taps centred on the pixel.
    Min { reach: u32 },
    /// Greatest of the `2 reach + 1` taps centred on the pixel.
    Max { reach: u32 },
    /// Weighted sums that change the length of the axis; reads nothing outside the image.
    Resample(Resampling),
}

/// Means and extremes that reach further, px, are combined from running ones. Up to here tap by tap is as fast: its loops
/// are vector code on the CPU, and on a GPU it writes each value once.
const TAP_BY_TAP_REACH: u32 = 16;

/// A one-dimensional neighbourhood of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub place: Place,
    pub taps: Taps,
    pub edges: Edges,
    pub alpha: Alpha,
}

impl Axis {
    /// How far the taps reach to each side, px; 0 for a resampling.
    pub fn reach(&self) -> u32 {
        match &self.taps {
            Taps::Sum { weights, .. } => weights.len() as u32 / 2,
            Taps::Mean { reach } | Taps::Min { reach } | Taps::Max { reach } => *reach,
            Taps::Resample(_) => 0,
        }
    }

    /// Whether the taps are combined from running sums or extremes, at a cost that does not grow with the reach (van Herk
    /// 1992, Gil and Werman 1993). The axis, continued beyond the image by `reach` at both ends, is cut into blocks as
    /// long as the window. A window is what runs back from the end of the block that it starts in to its own start,
    /// combined with what runs forward from the start of the next block to its own end; where it is a block, the first
    /// alone. No run is longer than a window, so sums don't drift. Backends combine in this order.
    pub fn runs(&self) -> bool {
        match &self.taps {
            Taps::Mean { reach } | Taps::Min { reach } | Taps::Max { reach } => *reach > TAP_BY_TAP_REACH,
            Taps::Sum { .. } | Taps::Resample(_) => false,
        }
    }
}

/// Pixels moved, none computed: output `(x, y)` reads input
/// `(origin_x + step_x u, origin_y + step_y v)` with `(u, v)` = `(x, y)`, or `(y, x)` where transposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permutation {
    pub transposed: bool,
    /// 1 or -1
    pub step_x: i32,
    /// 1 or -1
    pub step_y: i32,
    pub origin_x: i32,
    pub origin_y: i32,
    pub edges: Edges,
}

impl Permutation {
    /// The input position that an output position reads; it may lie outside the image.
    pub fn source(&self, x: u32, y: u32) -> (i64, i64) {
        let (u, v) = if self.transposed { (y, x) } else { (x, y) };
        (
            i64::from(self.origin_x) + i64::from(self.step_x) * i64::from(u),
            i64::from(self.origin_y) + i64::from(self.step_y) * i64::from(v),
        )
    }
}

/// Which histograms a reduce kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// One, of the whole-code bt601 luma (of a gray image: its gray).
    Luma,
    /// One of each colour channel.
    Each,
    /// One of each tile of the luma, row after row.
    LumaTiles(Tiles),
    /// The same of each colour channel, channel after channel.
    EachTiles(Tiles),
}

/// A grid of tiles of one size. They may reach beyond the right and bottom edges, where reflect101 is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tiles {
    pub across: u32,
    pub down: u32,
    /// Of a tile, px.
    pub width: u32,
    pub height: u32,
}

impl Statistic {
    /// Histograms that it takes of an image of that many colour channels.
    pub fn lanes(self, colours: u32) -> u32 {
        match self {
            Statistic::Luma => 1,
            Statistic::Each => colours,
            Statistic::LumaTiles(t) => t.across * t.down,
            Statistic::EachTiles(t) => t.across * t.down * colours,
        }
    }
}

/// A table made from the histogram of a whole image of codes, as long as the histogram.
/// WGSL: `fn stem(lane: u32, p: Struct)` run by one workgroup of 256 invocations a lane: reads `histogram(i)`,
/// writes `set_table(i, value)`; `i` counts the codes of all lanes, `CODES` is the number in each.
pub trait Reduce: Debug + Send + Sync {
    fn formula(&self) -> Formula;

    fn statistic(&self) -> Statistic;

    /// The table of one lane from its counts.
    fn table(&self, counts: &[u32]) -> Vec<f32>;
}

impl Kernel {
    /// Whether its result is a table and no image.
    pub fn gives_table(&self) -> bool {
        matches!(self, Kernel::Reduce(_) | Kernel::Maximum | Kernel::Table(_))
    }

    /// Whether a row of its result reads rows above or below it.
    pub fn reads_rows_around(&self) -> bool {
        match self {
            Kernel::Window(w) => w.reach() > 0,
            Kernel::Stencil(s) => s.reach() > 0,
            Kernel::Neighbourhood(n) => n.reach() > 0,
            Kernel::Axis(axis) => axis.place == Place::Vertical,
            _ => false,
        }
    }

    /// Whether it does the same to each channel, whatever the others hold, and sees them side by side as soon as apart.
    pub fn is_blind(&self) -> bool {
        match self {
            Kernel::Window(_) | Kernel::Stencil(_) => true,
            Kernel::Axis(axis) => !matches!(axis.taps, Taps::Resample(_)),
            Kernel::Point(point) => point.is_blind(),
            _ => false,
        }
    }

    /// Whether it gives levels of whole levels: some of those that it reads, or how far two lie apart.
    pub fn keeps_levels(&self) -> bool {
        match self {
            Kernel::Axis(axis) => matches!(axis.taps, Taps::Min { .. } | Taps::Max { .. }),
            Kernel::Window(window) => window.order().is_some(),
            Kernel::Point(point) => point.levels().is_some(),
            Kernel::Permute(_) => true,
            _ => false,
        }
    }

    /// Rows' worth of work that computing some rows of it costs beside these rows: running sums are begun, and neighbours'
    /// pairs are shared among the rows.
    pub fn warm_up(&self) -> u32 {
        match self {
            Kernel::Window(w) => 2 * w.reach(),
            Kernel::Neighbourhood(n) => 2 * n.reach(),
            Kernel::Axis(axis) if axis.runs() => 2 * axis.reach(),
            Kernel::Axis(axis) if matches!(axis.taps, Taps::Min { .. } | Taps::Max { .. }) => axis.reach(),
            // Lines of an input's columns, of which memory gives many at once.
            Kernel::Permute(p) if p.transposed => 16,
            _ => 0,
        }
    }

    /// The part of an input of that layout that the region `output` is computed from.
    pub fn source_region(&self, output: Region, input: Layout) -> Region {
        if output.is_empty() {
            return Region::EMPTY;
        }
        match self {
            Kernel::Source | Kernel::Point(_) => output,
            Kernel::Gather(g) => g.source_region(output, input),
            Kernel::Flood(_) => input.region(),
            Kernel::Reduce(_) | Kernel::Maximum | Kernel::Table(_) => input.region(),
            Kernel::Window(w) => square_region(output, w.reach(), w.edges(), input),
            Kernel::Stencil(s) => square_region(output, s.reach(), s.edges, input),
            Kernel::Neighbourhood(n) => square_region(output, n.reach(), n.edges(), input),
            Kernel::Axis(axis) => axis.source_region(output, input),
            Kernel::Permute(p) => p.source_region(output, input),
        }
    }
}

impl Axis {
    /// The part of an input of that layout that the region `output` is computed from.
    pub fn source_region(&self, output: Region, input: Layout) -> Region {
        let along = |low: u32, high: u32, n: u32| match &self.taps {
            Taps::Resample(r) => r.span(low, high, n),
            _ => {
                let reach = i64::from(self.reach());
                self.edges.border.span(i64::from(low) - reach, i64::from(high) + reach, n)
            }
        };
        let (columns, rows) = ((output.x, output.right()), (output.y, output.bottom()));
        match self.place {
            Place::Horizontal => Region::from_spans(along(columns.0, columns.1, input.width), rows),
            Place::Vertical => Region::from_spans(columns, along(rows.0, rows.1, input.height)),
        }
    }
}

impl Permutation {
    fn source_region(&self, output: Region, input: Layout) -> Region {
        let (x0, y0) = self.source(output.x, output.y);
        let (x1, y1) = self.source(output.right() - 1, output.bottom() - 1);
        let border = self.edges.border;
        Region::from_spans(
            border.span(x0.min(x1), x0.max(x1) + 1, input.width),
            border.span(y0.min(y1), y0.max(y1) + 1, input.height),
        )
    }
}
