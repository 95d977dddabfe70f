//! `clahe`: the histogram of each part of the image spread, its steepness limited.

use std::ops::Range;

use super::lookup::{CHANNELS, Lookup};
use super::luma_codes::{add_by_luma, shift_by_luma};
use super::quantise::quantised;
use crate::image::{Depth, Layout};
use crate::op::{
    Arguments, ByteRow, Channels, Formula, Graph, Kind, NodeId, Operation, Parameter, Point, PointRow, Reduce, Refusal,
    Shape, Spec, Statistic, Tiles, Tipping,
};
use crate::shader_struct;
use crate::simd::{blockwise, vectorized};

pub static SPEC: Spec = Spec {
    name: "clahe",
    summary: "spreads the histogram of each part of the image, with limited contrast",
    definition: "As OpenCV, in f32 as it computes: tables of equalised tiles, counts over max(1, floor(clip tile / 256)) \
                 spread over all codes, bilinear between tiles. If either side is no multiple of tiles, both get tiles - \
                 side % tiles px more (reflect101). Colour, luma: v + (result[Y] - Y) with Y in whole codes; each: \
                 every channel by itself. On 256 levels, or 65,536 of a 16-bit image, after quantising. Alpha stays.",
    shape: Shape::Reduce,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("clip", Kind::Number { low: 0.0, high: 1000.0 }, "2", "limit of contrast; 0: none").starred(),
        Parameter::new("tiles", Kind::Whole { low: 1, high: 64 }, "8", "parts along each side"),
        Parameter::new("channels", Kind::OneOf(CHANNELS), "luma", "whose histograms are spread"),
    ],
    reference: "cv2.createCLAHE",
    tolerance: 0,
    example: "clahe:3:tiles=4",
    make: |arguments| Ok(Box::new(ClaheOperation { arguments: arguments.clone() })),
};

#[derive(Debug)]
struct ClaheOperation {
    arguments: Arguments,
}

/// Entries of all tables together, 128 MiB: the largest buffer that every GPU takes.
const MAX_ENTRIES: u32 = 1 << 25;

impl ClaheOperation {
    /// The tiles of an image.
    fn tiles(&self, layout: Layout) -> Tiles {
        let count = self.arguments.whole("tiles") as u32;
        let even = layout.width.is_multiple_of(count) && layout.height.is_multiple_of(count);
        // OpenCV widens both sides, by a whole pixel a tile where one is even.
        let size = |side: u32| if even { side / count } else { side / count + 1 };
        Tiles { across: count, down: count, width: size(layout.width), height: size(layout.height) }
    }

    /// The most that a code may count in a tile of that many pixels.
    fn limit(&self, pixels: u32, codes: u32) -> u32 {
        match self.arguments.number("clip") {
            0.0 => u32::MAX,
            clip => ((clip * f64::from(pixels) / f64::from(codes)) as u32).max(1),
        }
    }
}

impl Operation for ClaheOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let (depth, layout) = (graph.depth, graph.layout(input));
        let lookup = Lookup::of(self.arguments.name("channels"), layout.colours);
        let tiles = self.tiles(layout);
        let statistic = match lookup {
            Lookup::Each => Statistic::EachTiles(tiles),
            _ => Statistic::LumaTiles(tiles),
        };
        check_size(statistic, layout, depth)?;
        let (codes, pixels) = (depth.codes(), tiles.width * tiles.height);
        let parameters = Clahe { codes, limit: self.limit(pixels, codes), scale: (codes - 1) as f32 / pixels as f32 };
        let image = quantised(graph, input, depth);
        let table = graph.reduce(ClaheTable { parameters, statistic }, image);
        let apply = ClaheApply {
            by_luma: u32::from(lookup == Lookup::Luma),
            colours: layout.colours,
            codes,
            tiles: tiles.across,
            tiles_per_column: 1.0 / tiles.width as f32,
            tiles_per_row: 1.0 / tiles.height as f32,
            levels_per_code: depth.levels_per_code(),
            zero: 0,
        };
        Ok(graph.point(apply, &[image, table]))
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

/// # Errors
/// Where the tables would be too large.
fn check_size(statistic: Statistic, layout: Layout, depth: Depth) -> Result<(), Refusal> {
    let lanes = MAX_ENTRIES / depth.codes();
    if statistic.lanes(layout.colours) <= lanes {
        return Ok(());
    }
    let channels = if matches!(statistic, Statistic::EachTiles(_)) { layout.colours } else { 1 };
    let most = (lanes / channels).isqrt();
    Err(Refusal(format!("the tables of so many tiles are too large for a 16-bit image; at most tiles={most}")))
}

shader_struct! {
    struct Clahe {
        codes: u32,
        /// The most that a code may count.
        limit: u32,
        /// Codes for each pixel of a tile.
        scale: f32,
    }
}

#[derive(Debug)]
struct ClaheTable {
    parameters: Clahe,
    statistic: Statistic,
}

impl Reduce for ClaheTable {
    fn formula(&self) -> Formula {
        Formula::new("clahe_table", include_str!("../../shaders/ops/clahe.wgsl"), &self.parameters)
    }

    fn statistic(&self) -> Statistic {
        self.statistic
    }

    fn table(&self, counts: &[u32]) -> Vec<f32> {
        let Clahe { codes, limit, scale } = self.parameters;
        let excess: u32 = counts.iter().map(|n| n.saturating_sub(limit)).sum();
        // Every code gets as many; what is left goes to every `step`th code.
        let (batch, rest) = (excess / codes, excess % codes);
        let step = (codes / rest.max(1)).max(1);
        let mut kept = 0;
        let value = |(code, n): (u32, &u32)| {
            kept += n.min(&limit);
            let sum = kept + batch * (code + 1) + (code / step + 1).min(rest);
            (sum as f32 * scale).round_ties_even()
        };
        (0..).zip(counts).map(value).collect()
    }
}

shader_struct! {
    struct ClaheApply {
        by_luma: u32,
        colours: u32,
        codes: u32,
        /// Along each side.
        tiles: u32,
        /// For each pixel along a row, and down a column.
        tiles_per_column: f32,
        tiles_per_row: f32,
        levels_per_code: f32,
        /// What no shader compiler knows to be 0.
        zero: u32,
    }
}

/// Two neighbouring tiles along one side.
#[derive(Clone, Copy, PartialEq)]
struct Between {
    first: u32,
    second: u32,
}

/// Pixels that are looked up, and then weighed, at once.
const BLOCK: usize = 64;

impl ClaheApply {
    /// The tiles that a position lies between, and how much the second counts.
    #[inline(always)]
    fn between(&self, position: u32, tiles_per_pixel: f32) -> (Between, f32) {
        let place = position as f32 * tiles_per_pixel - 0.5;
        let first = place.floor();
        let tile = |i: f32| i.clamp(0.0, (self.tiles - 1) as f32) as u32;
        (Between { first: tile(first), second: tile(first + 1.0) }, place - first)
    }

    /// The runs of `n` columns from column `x` of row `y` on that lie between the same tiles, given the tables of their channel.
    fn spans<'a>(&self, tables: &'a [f32], (x, y): (u32, u32), n: usize) -> Vec<Span<'a>> {
        let (down, below) = self.between(y, self.tiles_per_row);
        let across = |x: u32| self.between(x, self.tiles_per_column).0;
        let table = |down: u32, across: u32| {
            &tables[((down * self.tiles + across) * self.codes) as usize..][..self.codes as usize]
        };
        let (mut begin, end, mut spans) = (x, x + n as u32, Vec::new());
        while begin < end {
            // Tiles change only from one to the next, so that halves of what is left tell where.
            let (columns, mut same, mut other) = (across(begin), begin, end);
            while same + 1 < other {
                let middle = same + (other - same) / 2;
                if across(middle) == columns { same = middle } else { other = middle }
            }
            let corners = [
                table(down.first, columns.first),
                table(down.first, columns.second),
                table(down.second, columns.first),
                table(down.second, columns.second),
            ];
            spans.push(Span { columns: (begin - x) as usize..(other - x) as usize, first: begin, below, corners });
            begin = other;
        }
        spans
    }

    /// What becomes of the whole codes of row `y` from column `x` on, given the tables of their channel, in codes.
    fn codes(&self, tables: &[f32], place: (u32, u32), codes: &[f32], target: &mut [f32]) {
        for span in self.spans(tables, place, codes.len()) {
            let blocks = codes[span.columns.clone()].chunks(BLOCK).zip(target[span.columns.clone()].chunks_mut(BLOCK));
            for (i, (codes, target)) in blocks.enumerate() {
                let mut entries = [[0.0; 4]; BLOCK];
                for (entry, code) in entries.iter_mut().zip(codes) {
                    *entry = span.corners.map(|corner| corner[*code as usize]);
                }
                let results = self.weighed(
                    &span,
                    i * BLOCK,
                    &entries,
                    #[inline(always)]
                    |entry| entry,
                    #[inline(always)]
                    |v| v.round_ties_even(),
                );
                target.copy_from_slice(&results[..target.len()]);
            }
        }
    }

    /// The same of bytes.
    fn byte_codes(&self, tables: &[f32], place: (u32, u32), codes: &[u8], target: &mut [u8]) {
        for span in self.spans(tables, place, codes.len()) {
            // Entries are whole codes: one load for all four of them.
            let packed = packed(span.corners);
            let blocks = codes[span.columns.clone()].chunks(BLOCK).zip(target[span.columns.clone()].chunks_mut(BLOCK));
            for (i, (codes, target)) in blocks.enumerate() {
                let mut entries = [0; BLOCK];
                for (entry, code) in entries.iter_mut().zip(codes) {
                    *entry = packed[usize::from(*code)];
                }
                let results = self.weighed(
                    &span,
                    i * BLOCK,
                    &entries,
                    #[inline(always)]
                    |e: u32| [lowest(e), lowest(e >> 8), lowest(e >> 16), lowest(e >> 24)],
                    #[inline(always)]
                    |v| (v + TO_LOWEST_BITS).to_bits() as u8,
                );
                target.copy_from_slice(&results[..target.len()]);
            }
        }
    }

    /// A block of results, from column `begin` of a span on; `corners` of an entry are what the tables there hold.
    #[inline(always)]
    fn weighed<E: Copy, T: Copy + Default>(
        &self,
        span: &Span,
        begin: usize,
        entries: &[E; BLOCK],
        corners: impl Fn(E) -> [f32; 4],
        rounded: impl Fn(f32) -> T,
    ) -> [T; BLOCK] {
        // Values of its own, so that compilers see that no result changes them.
        let (first, below, tiles_per_column) = (span.first + begin as u32, span.below, self.tiles_per_column);
        vectorized(
            #[inline(always)]
            || {
                let mut results = [T::default(); BLOCK];
                for i in 0..BLOCK {
                    let place = (first + i as u32) as f32 * tiles_per_column - 0.5;
                    let right = place - place.floor();
                    let [a, b, c, d] = corners(entries[i]);
                    let above = a * (1.0 - right) + b * right;
                    let under = c * (1.0 - right) + d * right;
                    results[i] = rounded(above * (1.0 - below) + under * below);
                }
                results
            },
        )
    }
}

/// Columns of a row that lie between the same tiles.
struct Span<'a> {
    /// Counted from the first that are looked up.
    columns: Range<usize>,
    /// Of the image.
    first: u32,
    /// How much the lower tiles count.
    below: f32,
    /// Tables of the tiles at the upper left, upper right, lower left and lower right.
    corners: [&'a [f32]; 4],
}

/// Leaves a value below 2^22 in the lowest bits, rounded to the nearest whole number, halves to even.
const TO_LOWEST_BITS: f32 = 12_582_912.0;

/// The bytes that four tables hold for each code.
fn packed(tables: [&[f32]; 4]) -> [u32; 256] {
    let mut packed = [0; 256];
    blockwise(
        [&mut packed],
        tables,
        #[inline(always)]
        |[a, b, c, d]| [byte(a) | byte(b) << 8 | byte(c) << 16 | byte(d) << 24],
    );
    packed
}

#[inline(always)]
fn byte(v: f32) -> u32 {
    (v + TO_LOWEST_BITS).to_bits() & 255
}

#[inline(always)]
fn lowest(packed: u32) -> f32 {
    (packed & 255) as i32 as f32
}

impl Point for ClaheApply {
    fn formula(&self) -> Formula {
        Formula::new("clahe_apply", include_str!("../../shaders/ops/clahe_apply.wgsl"), self)
    }

    fn sees_place(&self) -> bool {
        true
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let place = (row.x, row.y);
        if self.by_luma == 0 {
            let tables = row.table.chunks_exact((self.tiles * self.tiles * self.codes) as usize);
            for ((target, source), tables) in output.iter_mut().zip(row.inputs).zip(tables) {
                self.codes(tables, place, source, target);
                target.iter_mut().for_each(|v| *v *= self.levels_per_code);
            }
            return;
        }
        add_by_luma(&row, output, self.levels_per_code, |luma, target| self.codes(row.table, place, luma, target));
    }

    fn bytes(&self, row: ByteRow, target: &mut [u8]) -> bool {
        if self.codes != 256 || self.by_luma == 0 && self.colours == 3 {
            return false;
        }
        if self.by_luma == 0 {
            self.byte_codes(row.table, (row.x, row.y), row.pixels, target);
        } else {
            shift_by_luma(row.pixels, target, |first, luma, results| {
                self.byte_codes(row.table, (row.x + first as u32, row.y), luma, results);
            });
        }
        true
    }
}
