//! Statistics of whole images: histograms and the tables made from them, and the greatest value.

use super::evaluate::Evaluation;
use super::tile::Tile;
use super::whole::over_bands;
use crate::image::colour::luma_code;
use crate::image::{Border, Layout};
use crate::op::{NodeId, Reduce, Statistic, Tiles};

/// The greatest value of the first channel, or 0.
pub fn maximum(evaluation: &Evaluation, id: NodeId) -> f32 {
    let greatest = |most: &mut f32, tile: &Tile| {
        for y in tile.ys() {
            *most = tile.row(0, y).iter().fold(*most, |a, b| if *b > a { *b } else { a });
        }
    };
    over_bands(evaluation, id, || 0.0, greatest, f32::max).unwrap_or(0.0)
}

/// The tables of all lanes, one after another, of a node that holds whole codes.
pub fn histogram_tables(evaluation: &Evaluation, kernel: &dyn Reduce, id: NodeId) -> Vec<f32> {
    let layout = evaluation.graph.layout(id);
    let codes = evaluation.graph.depth.codes() as usize;
    let histogram = Histogram { layout, statistic: kernel.statistic(), codes };
    let lanes = kernel.statistic().lanes(layout.colours) as usize;
    let counts = over_bands(
        evaluation,
        id,
        || vec![0u32; lanes * codes],
        |counts, tile| histogram.count(tile, counts),
        |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        },
    );
    counts.unwrap_or_default().chunks_exact(codes).flat_map(|c| kernel.table(c)).collect()
}

/// What is counted.
struct Histogram {
    layout: Layout,
    statistic: Statistic,
    codes: usize,
}

impl Histogram {
    /// Adds the codes of a tile of the image to the counts of each lane.
    fn count(&self, tile: &Tile, counts: &mut [u32]) {
        for y in tile.ys() {
            match self.statistic {
                Statistic::Luma => self.each_luma(tile, y, |_, code| counts[code] += 1),
                Statistic::Each => {
                    for (lane, counts) in counts.chunks_exact_mut(self.codes).enumerate() {
                        tile.row(lane, y).iter().for_each(|code| counts[*code as usize] += 1);
                    }
                }
                Statistic::LumaTiles(tiles) => {
                    self.count_tiles(tiles, y, counts, |visit| self.each_luma(tile, y, visit))
                }
                Statistic::EachTiles(tiles) => {
                    let lanes = (tiles.across * tiles.down) as usize * self.codes;
                    for (channel, counts) in counts.chunks_exact_mut(lanes).enumerate() {
                        self.count_tiles(tiles, y, counts, |visit| {
                            tile.row(channel, y).iter().enumerate().for_each(|(x, code)| visit(x, *code as usize));
                        });
                    }
                }
            }
        }
    }

    /// The column and luma of each pixel of a row.
    fn each_luma(&self, tile: &Tile, y: u32, mut visit: impl FnMut(usize, usize)) {
        if self.layout.colours == 1 {
            return tile.row(0, y).iter().enumerate().for_each(|(x, code)| visit(x, *code as usize));
        }
        let (r, g, b) = (tile.row(0, y), tile.row(1, y), tile.row(2, y));
        for (x, ((r, g), b)) in r.iter().zip(g).zip(b).enumerate() {
            visit(x, luma_code(*r as u32, *g as u32, *b as u32) as usize);
        }
    }

    /// Counts a row's codes in the tiles that see it; `row` visits column and code of each pixel.
    fn count_tiles(&self, tiles: Tiles, y: u32, counts: &mut [u32], row: impl Fn(&mut dyn FnMut(usize, usize))) {
        let columns = seen_in(tiles.across, tiles.width, self.layout.width);
        let rows = seen_at(y, tiles.down, tiles.height, self.layout.height);
        row(&mut |x, code| {
            for (down, times) in &rows {
                for (across, again) in &columns[x] {
                    let lane = (down * tiles.across + across) as usize;
                    counts[lane * self.codes + code] += times * again;
                }
            }
        });
    }
}

/// For each position of an axis of `n` px, the tiles that see it and how often.
fn seen_in(tiles: u32, size: u32, n: u32) -> Vec<Vec<(u32, u32)>> {
    (0..n).map(|i| seen_at(i, tiles, size, n)).collect()
}

/// The tiles that see a position of an axis of `n` px: its own, and those in which reflect101 repeats it behind the end.
fn seen_at(position: u32, tiles: u32, size: u32, n: u32) -> Vec<(u32, u32)> {
    let mut seen: Vec<(u32, u32)> = vec![(position / size, 1)];
    for beyond in n..tiles * size {
        if Border::Reflect101.index(i64::from(beyond), n) == Some(position) {
            match seen.iter_mut().find(|(tile, _)| *tile == beyond / size) {
                Some((_, times)) => *times += 1,
                None => seen.push((beyond / size, 1)),
            }
        }
    }
    seen
}
