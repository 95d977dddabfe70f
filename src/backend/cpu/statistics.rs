//! Statistics of whole images: histograms and the tables made from them, and the greatest value.

use rayon::prelude::*;

use super::evaluate::Evaluation;
use super::gather::View;
use super::pooled::Pooled;
use super::tile::{Held, Tile, Value, with_tile};
use super::whole::over_strips;
use crate::image::colour::luma_code;
use crate::image::{Border, Layout, Region, Samples};
use crate::op::{NodeId, Reduce, Statistic, Tiles, luma_bytes};
use crate::simd::{blockwise, fold_taps, singles};

/// The greatest value of the first channel, or 0.
pub fn maximum(evaluation: &Evaluation, id: NodeId) -> f32 {
    let greatest = |most: &mut f32, held: &Held| {
        held.as_reals(held.region(), |tile| {
            let rows: Vec<&[f32]> = tile.ys().map(|y| tile.row(0, y)).collect();
            // Of columns first, many at once.
            let mut columns = f32::taken(tile.region.width as usize);
            fold_taps(
                &singles(&rows),
                &mut columns,
                *most,
                #[inline(always)]
                |a, _, [b]| if b > a { b } else { a },
                std::convert::identity,
            );
            *most = columns.iter().fold(*most, |a, b| if *b > a { *b } else { a });
            f32::keep(columns);
        });
    };
    over_strips(evaluation, id, || 0.0, greatest, f32::max).unwrap_or(0.0)
}

/// The tables of all lanes, one after another, of a node that holds whole codes.
pub fn histogram_tables(evaluation: &Evaluation, kernel: &dyn Reduce, id: NodeId) -> Vec<f32> {
    let layout = evaluation.graph.layout(id);
    let codes = evaluation.graph.depth.codes() as usize;
    let histogram = Histogram { layout, codes };
    match kernel.statistic() {
        Statistic::Luma => histogram.whole(evaluation, kernel, id, &[Lane::Luma]),
        Statistic::Each => histogram.whole(evaluation, kernel, id, &Lane::each(layout)),
        Statistic::LumaTiles(tiles) => histogram.tiled(evaluation, kernel, id, tiles, &[Lane::Luma]),
        Statistic::EachTiles(tiles) => histogram.tiled(evaluation, kernel, id, tiles, &Lane::each(layout)),
    }
}

/// What is counted of a pixel.
#[derive(Clone, Copy)]
enum Lane {
    Luma,
    Channel(usize),
}

impl Lane {
    fn each(layout: Layout) -> Vec<Lane> {
        (0..layout.colours as usize).map(Lane::Channel).collect()
    }
}

/// Rows that are counted at once: they should stay in a core's cache.
const ROWS: usize = 64;

struct Histogram {
    layout: Layout,
    codes: usize,
}

impl Histogram {
    /// Of the whole image: counted by bands, which are added up.
    fn whole(&self, evaluation: &Evaluation, kernel: &dyn Reduce, id: NodeId, lanes: &[Lane]) -> Vec<f32> {
        if let Some(bytes) = Bytes::of(evaluation, id) {
            let tables = lanes.iter().map(|lane| kernel.table(&bytes.counted(*lane, evaluation.threads)));
            return tables.flatten().collect();
        }
        let counts = over_strips(
            evaluation,
            id,
            || vec![0u32; lanes.len() * self.codes],
            |counts, held| {
                for (lane, counts) in lanes.iter().zip(counts.chunks_exact_mut(self.codes)) {
                    with_tile!(held, tile => self.count(tile, *lane, counts));
                }
            },
            |mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            },
        );
        counts.unwrap_or_default().chunks_exact(self.codes).flat_map(|c| kernel.table(c)).collect()
    }

    fn count<T: Value>(&self, tile: &Tile<T>, lane: Lane, counts: &mut [u32]) {
        tile.ys().for_each(|y| self.each_code(tile, lane, y, |_, code| counts[code] += 1));
    }

    /// Of each tile by itself, so that no more than its own counts are held.
    fn tiled(&self, evaluation: &Evaluation, kernel: &dyn Reduce, id: NodeId, t: Tiles, lanes: &[Lane]) -> Vec<f32> {
        let tiles = (t.across * t.down) as usize;
        let mut tables = vec![0.0; lanes.len() * tiles * self.codes];
        let fill = |(i, table): (usize, &mut [f32])| {
            let (lane, place) = (lanes[i / tiles], (i % tiles) as u32);
            let (left, top) = (place % t.across * t.width, place / t.across * t.height);
            let columns = Seen::new(left, t.width, self.layout.width);
            let rows = Seen::new(top, t.height, self.layout.height);
            if let Some(bytes) = Bytes::of(evaluation, id) {
                table.copy_from_slice(&kernel.table(&bytes.counted_in_tile(lane, &columns, &rows)));
                return;
            }
            let mut counts = vec![0u32; self.codes];
            for begin in (rows.span.0..rows.span.1).step_by(ROWS) {
                let end = rows.span.1.min(begin + ROWS as u32);
                let held = evaluation.tile(id, Region::from_spans(columns.span, (begin, end)));
                with_tile!(&held, tile => for y in tile.ys() {
                    let times = rows.times[(y - rows.span.0) as usize];
                    self.each_code(tile, lane, y, |x, code| counts[code] += times * columns.times[x]);
                });
            }
            table.copy_from_slice(&kernel.table(&counts));
        };
        if evaluation.threads == 1 {
            tables.chunks_exact_mut(self.codes).enumerate().for_each(fill);
        } else {
            tables.par_chunks_exact_mut(self.codes).enumerate().for_each(fill);
        }
        tables
    }

    /// The code of each pixel of a tile's row, with its place in the row.
    fn each_code<T: Value>(&self, tile: &Tile<T>, lane: Lane, y: u32, mut visit: impl FnMut(usize, usize)) {
        let channel = match lane {
            Lane::Channel(c) => c,
            Lane::Luma if self.layout.colours == 1 => 0,
            Lane::Luma => {
                let (r, g, b) = (tile.row(0, y), tile.row(1, y), tile.row(2, y));
                let mut codes = u16::taken(r.len());
                blockwise(
                    [&mut codes],
                    [r, g, b],
                    #[inline(always)]
                    |[r, g, b]| [luma_code(r.index() as u32, g.index() as u32, b.index() as u32) as u16],
                );
                codes.iter().enumerate().for_each(|(x, code)| visit(x, usize::from(*code)));
                u16::keep(codes);
                return;
            }
        };
        tile.row(channel, y).iter().enumerate().for_each(|(x, v)| visit(x, v.index()));
    }
}

/// Whole levels of an image without alpha, interleaved.
struct Bytes<'a> {
    codes: &'a [u8],
    layout: Layout,
}

/// Pixels whose codes are put together at once.
const PART: usize = 1024;

impl<'a> Bytes<'a> {
    /// A node that is there as such.
    fn of(evaluation: &'a Evaluation, id: NodeId) -> Option<Bytes<'a>> {
        let View { samples, layout, .. } = evaluation.view(id);
        match samples {
            Samples::U8(codes) if !layout.alpha => Some(Bytes { codes, layout }),
            _ => None,
        }
    }

    /// How often each code occurs; by so many threads.
    fn counted(&self, lane: Lane, threads: usize) -> Vec<u32> {
        let of_part = |codes: &[u8]| {
            let mut counts = Counts::new();
            self.each_part(codes, lane, |codes| counts.add(codes));
            counts.sum()
        };
        if threads == 1 {
            return of_part(self.codes);
        }
        let pixels = self.layout.pixels().div_ceil(4 * threads as u64) as usize;
        let parts = self.codes.par_chunks(pixels.max(1) * self.layout.colours as usize);
        let add = |a: Vec<u32>, b: Vec<u32>| a.iter().zip(b).map(|(a, b)| a + b).collect();
        parts.map(of_part).reduce(|| vec![0; 256], add)
    }

    /// The same of what a tile sees, which counts some pixels more than once.
    fn counted_in_tile(&self, lane: Lane, columns: &Seen, rows: &Seen) -> Vec<u32> {
        let (mut counts, mut again) = (Counts::new(), vec![0; 256]);
        let (width, colours) = (self.layout.width as usize, self.layout.colours as usize);
        for (y, times) in (rows.span.0..).zip(&rows.times) {
            let pixels = |x: u32| (y as usize * width + x as usize) * colours;
            let row = &self.codes[pixels(columns.span.0)..pixels(columns.span.1)];
            let mut seen = columns.times.iter();
            self.each_part(row, lane, |codes| {
                counts.add(codes);
                for (code, columns) in
                    codes.iter().zip(seen.by_ref().take(codes.len())).filter(|(_, c)| *times * **c > 1)
                {
                    again[usize::from(*code)] += times * columns - 1;
                }
            });
        }
        counts.sum().iter().zip(again).map(|(once, again)| once + again).collect()
    }

    /// The codes of `pixels`, part by part.
    fn each_part(&self, pixels: &[u8], lane: Lane, mut visit: impl FnMut(&[u8])) {
        let colours = self.layout.colours as usize;
        if colours == 1 {
            visit(pixels);
            return;
        }
        let mut codes = [0; PART];
        for pixels in pixels.chunks(PART * colours) {
            let codes = &mut codes[..pixels.len() / colours];
            match lane {
                Lane::Luma => luma_bytes(pixels, codes),
                Lane::Channel(c) => {
                    codes.iter_mut().zip(pixels[c..].iter().step_by(colours)).for_each(|(t, v)| *t = *v)
                }
            }
            visit(codes);
        }
    }
}

/// How often each byte occurs. Neighbours are often alike: counted in turns, they don't wait for one another.
struct Counts {
    turns: [[u32; 256]; TURNS],
}

const TURNS: usize = 8;

impl Counts {
    fn new() -> Counts {
        Counts { turns: [[0; 256]; TURNS] }
    }

    fn add(&mut self, codes: &[u8]) {
        let (words, rest) = codes.as_chunks::<TURNS>();
        for word in words {
            // One load for all of them.
            let word = u64::from_le_bytes(*word);
            for (i, turn) in self.turns.iter_mut().enumerate() {
                turn[usize::from((word >> (8 * i)) as u8)] += 1;
            }
        }
        rest.iter().for_each(|code| self.turns[0][usize::from(*code)] += 1);
    }

    fn sum(&self) -> Vec<u32> {
        (0..256).map(|code| self.turns.iter().map(|turn| turn[code]).sum()).collect()
    }
}

/// What a tile sees along one axis.
struct Seen {
    /// Positions of the image, half-open.
    span: (u32, u32),
    /// How often it sees each of them: more than once where reflect101 repeats them behind the end.
    times: Vec<u32>,
}

impl Seen {
    fn new(begin: u32, size: u32, n: u32) -> Seen {
        let (low, high) = (i64::from(begin), i64::from(begin) + i64::from(size));
        let span = Border::Reflect101.span(low, high, n);
        let mut times = vec![0; (span.1 - span.0) as usize];
        for position in (low..high).filter_map(|i| Border::Reflect101.index(i, n)) {
            times[(position - span.0) as usize] += 1;
        }
        Seen { span, times }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_that_reaches_beyond_the_image_sees_what_lies_before_its_end() {
        let seen = Seen::new(6, 5, 8);
        assert_eq!((seen.span, &seen.times[..]), ((4, 8), &[1, 1, 2, 1][..]));
        let seen = Seen::new(8, 4, 8);
        assert_eq!((seen.span, &seen.times[..]), ((3, 7), &[1, 1, 1, 1][..]));
        let seen = Seen::new(0, 7, 1);
        assert_eq!((seen.span, &seen.times[..]), ((0, 1), &[7][..]));
    }
}
