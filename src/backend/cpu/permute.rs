//! Permutations over a tile, and of whole images.

use std::ops::Range;

use rayon::prelude::*;

use super::row::{Reader, border_value};
use super::samples::Code;
use super::tile::{Held, Tile, Value};
use crate::image::{Border, Layout, Region};
use crate::op::Permutation;

/// Bytes stay bytes, where the border reads bytes too.
pub fn tile(permutation: &Permutation, input: &Held, layout: Layout, region: Region) -> Held {
    match input {
        Held::Bytes(tile) if permutation.edges.are_levels() => Held::Bytes(moved(permutation, tile, layout, region)),
        _ => Held::Reals(input.as_reals(input.region(), |tile| moved(permutation, tile, layout, region))),
    }
}

/// A whole image whose samples are codes.
#[derive(Clone, Copy)]
pub struct Source<'a, C> {
    pub samples: &'a [C],
    pub layout: Layout,
    /// Turns a border's constant into codes.
    pub codes_per_unit: f32,
}

/// A whole image's pixels moved as they are, by so many threads.
pub fn pixels<C: Code>(permutation: &Permutation, source: Source<C>, to: Layout, target: &mut [C], threads: usize) {
    match to.channels() {
        1 => whole_pixels::<C, 1>(permutation, source, to, target, threads),
        2 => whole_pixels::<C, 2>(permutation, source, to, target, threads),
        3 => whole_pixels::<C, 3>(permutation, source, to, target, threads),
        _ => whole_pixels::<C, 4>(permutation, source, to, target, threads),
    }
}

fn whole_pixels<C: Code, const N: usize>(
    permutation: &Permutation,
    Source { samples, layout, codes_per_unit }: Source<C>,
    to: Layout,
    target: &mut [C],
    threads: usize,
) {
    let edges = permutation.edges;
    let constant = std::array::from_fn(|c| C::nearest(border_value(edges.value, to, c) * codes_per_unit));
    let source = Pixels::<C, N> { pixels: samples.as_chunks().0, layout, border: edges.border, constant };
    let lines = |(index, target): (usize, &mut [C])| {
        let target = target.as_chunks_mut::<N>().0;
        source.move_rows(permutation, index as u32 * SQUARE, to.width, target);
    };
    let part = (SQUARE * to.width) as usize * N;
    if threads == 1 {
        target.chunks_mut(part).enumerate().for_each(lines);
    } else {
        target.par_chunks_mut(part).enumerate().for_each(lines);
    }
}

/// Interleaved pixels of an image.
struct Pixels<'a, C, const N: usize> {
    pixels: &'a [[C; N]],
    layout: Layout,
    border: Border,
    constant: [C; N],
}

impl<C: Code, const N: usize> Pixels<'_, C, N> {
    /// Rows of the result from `top` on.
    fn move_rows(&self, permutation: &Permutation, top: u32, width: u32, target: &mut [[C; N]]) {
        if permutation.transposed {
            for left in (0..width).step_by(SQUARE as usize) {
                self.turn(permutation, top, left..width.min(left + SQUARE), width, target);
            }
            return;
        }
        for (y, target) in (top..).zip(target.chunks_exact_mut(width as usize)) {
            let (first, line) = permutation.source(0, y);
            let Some(row) = self.row(line) else {
                target.fill(self.constant);
                continue;
            };
            // The columns that lie within the image are copied at once.
            let (step, n) = (i64::from(permutation.step_x), row.len() as i64);
            let within = if step == 1 { -first..n - first } else { first + 1 - n..first + 1 };
            let begin = within.start.clamp(0, i64::from(width));
            let end = within.end.clamp(begin, i64::from(width));
            let (target, after) = target.split_at_mut(end as usize);
            let (before, target) = target.split_at_mut(begin as usize);
            (0..).zip(before).for_each(|(i, t)| *t = self.pixel(row, first + step * i));
            if target.is_empty() {
                // No column lies within the image.
            } else if step == 1 {
                target.copy_from_slice(&row[(first + begin) as usize..][..target.len()]);
            } else {
                target.iter_mut().zip(row[..=(first - begin) as usize].iter().rev()).for_each(|(t, v)| *t = *v);
            }
            (end..).zip(after).for_each(|(i, t)| *t = self.pixel(row, first + step * i));
        }
    }

    /// A square of the result, where output rows are input columns.
    fn turn(&self, permutation: &Permutation, top: u32, xs: Range<u32>, width: u32, target: &mut [[C; N]]) {
        let height = target.len() / width as usize;
        let step = i64::from(permutation.step_x);
        for x in xs {
            let (first, line) = permutation.source(x, top);
            let column = target[x as usize..].iter_mut().step_by(width as usize);
            match self.row(line) {
                None => column.for_each(|t| *t = self.constant),
                Some(row) => {
                    let last = first + step * (height as i64 - 1);
                    let n = row.len() as i64;
                    if (0..n).contains(&first) && (0..n).contains(&last) {
                        let part = &row[first.min(last) as usize..=first.max(last) as usize];
                        if step == 1 {
                            column.zip(part).for_each(|(t, v)| *t = *v);
                        } else {
                            column.zip(part.iter().rev()).for_each(|(t, v)| *t = *v);
                        }
                    } else {
                        column.zip(0..).for_each(|(t, i)| *t = self.pixel(row, first + step * i));
                    }
                }
            }
        }
    }

    fn row(&self, y: i64) -> Option<&[[C; N]]> {
        let width = self.layout.width as usize;
        self.border.index(y, self.layout.height).map(|y| &self.pixels[y as usize * width..][..width])
    }

    fn pixel(&self, row: &[[C; N]], x: i64) -> [C; N] {
        self.border.index(x, self.layout.width).map_or(self.constant, |x| row[x as usize])
    }
}

fn moved<T: Value>(permutation: &Permutation, input: &Tile<T>, layout: Layout, region: Region) -> Tile<T> {
    let mut out = Tile::new(region, layout.channels() as usize);
    for channel in 0..out.channels() {
        let reader = Reader::new(input, channel, layout, permutation.edges);
        if permutation.transposed {
            turned(permutation, &reader, &mut out, channel);
            continue;
        }
        let mut row = T::taken(region.width as usize);
        for y in region.y..region.bottom() {
            from_row(permutation, &reader, region.x, y, out.row_mut(channel, y), &mut row);
        }
        T::keep(row);
    }
    out
}

/// Output row `y` from column `x` on, where output rows are input rows; `row` is room for one.
fn from_row<T: Value>(permutation: &Permutation, reader: &Reader<T>, x: u32, y: u32, target: &mut [T], row: &mut [T]) {
    let (first, line) = permutation.source(x, y);
    let (last, _) = permutation.source(x + target.len() as u32 - 1, y);
    reader.fill(reader.line(line), first.min(last), row);
    if last < first {
        row.reverse();
    }
    target.copy_from_slice(row);
}

/// Side of the squares that are turned at once, px: lines of both images stay in the fastest cache.
const SQUARE: u32 = 32;

/// Where output rows are input columns.
fn turned<T: Value>(permutation: &Permutation, reader: &Reader<T>, out: &mut Tile<T>, channel: usize) {
    let region = out.region;
    let constant = T::of_border(reader.value[0]);
    for top in (region.y..region.bottom()).step_by(SQUARE as usize) {
        for left in (region.x..region.right()).step_by(SQUARE as usize) {
            let (bottom, right) = (region.bottom().min(top + SQUARE), region.right().min(left + SQUARE));
            for x in left..right {
                // All of an output column comes from one input row.
                let (_, line) = permutation.source(x, top);
                let row = reader.line(line).map(|y| reader.tile.row(reader.channel, y));
                for y in top..bottom {
                    let (column, _) = permutation.source(x, y);
                    let column = reader.border.index(column, reader.layout.width);
                    let value = row.zip(column).map_or(constant, |(row, x)| row[(x - reader.tile.region.x) as usize]);
                    out.row_mut(channel, y)[(x - region.x) as usize] = value;
                }
            }
        }
    }
}
