//! Permutations over a tile, and of whole images.

use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};
use fearless_simd::{Simd, dispatch};
use rayon::prelude::*;

use super::row::{Reader, border_value};
use super::samples::Code;
use super::shuffle::{self, Steps};
use super::tile::{Held, Tile, Value};
use crate::image::{Border, Layout, Region};
use crate::op::Permutation;
use crate::simd::level;

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

/// A part of a result that begins at row `top`, whose columns are input rows: columns `xs` of rows `ys` from there on.
struct Part {
    top: u32,
    xs: Range<u32>,
    ys: Range<u32>,
    /// Of the result.
    width: u32,
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
                let rows = target.len() as u32 / width;
                let part = Part { top, xs: left..width.min(left + SQUARE), ys: 0..rows, width };
                dispatch!(level(), simd => self.turn(simd, permutation, &part, target));
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
            self.surround(row, first, step, before);
            if target.is_empty() {
                // No column lies within the image.
            } else if step == 1 {
                target.copy_from_slice(&row[(first + begin) as usize..][..target.len()]);
            } else {
                shuffle::reverse(&row[(first - end + 1) as usize..=(first - begin) as usize], target);
            }
            self.surround(row, first + step * end, step, after);
        }
    }

    /// Pixels outside the image, the first of them at column `x`.
    fn surround(&self, row: &[[C; N]], x: i64, step: i64, target: &mut [[C; N]]) {
        if self.border == Border::Constant {
            target.fill(self.constant);
        } else {
            target.iter_mut().zip(0..).for_each(|(t, i)| *t = self.pixel(row, x + step * i));
        }
    }

    /// A part of the result, where output rows are input columns: by squares that lie within the image, else pixel by pixel.
    #[inline(always)]
    fn turn<S: Simd>(&self, simd: S, turned: &Permutation, part: &Part, target: &mut [[C; N]]) {
        let (side, Part { top, xs, ys, width }) = (shuffle::side(size_of::<[C; N]>()), part);
        let (first, last) = (turned.source(xs.start, top + ys.start), turned.source(xs.end - 1, top + ys.end - 1));
        let (left, above) = (first.0.min(last.0), first.1.min(last.1));
        let (right, below) = (first.0.max(last.0) + 1, first.1.max(last.1) + 1);
        let size = size_of::<[C; N]>() as i64;
        let row = i64::from(self.layout.width) * size;
        let is_inside =
            left >= 0 && above >= 0 && right <= self.layout.width.into() && below <= self.layout.height.into();
        // Of a row as many bytes are read as a vector holds.
        let is_read = (below - 1) * row + right * size + shuffle::READ as i64 <= self.pixels.len() as i64 * size;
        let Some(side) = side.filter(|_| is_inside && is_read) else {
            self.turn_columns(turned, part, target);
            return;
        };
        let end = |all: &Range<u32>| all.start + all.len() as u32 / side * side;
        let (end_x, end_y) = (end(xs), end(ys));
        let source: &[u8] = cast_slice(self.pixels.as_flattened());
        let bytes: &mut [u8] = cast_slice_mut(target.as_flattened_mut());
        for x in (xs.start..end_x).step_by(side as usize) {
            for y in (ys.start..end_y).step_by(side as usize) {
                let (column, line) = turned.source(x, top + y);
                let column = if turned.step_x < 0 { column + 1 - i64::from(side) } else { column };
                let from = Steps { first: line * row + column * size, step: row * i64::from(turned.step_y) };
                let to_row = i64::from(*width) * size;
                let to_first = i64::from(y) * to_row + i64::from(x) * size;
                let to = if turned.step_x < 0 {
                    Steps { first: to_first + i64::from(side - 1) * to_row, step: -to_row }
                } else {
                    Steps { first: to_first, step: to_row }
                };
                shuffle::turn::<S, C, N>(simd, source, from, bytes, to, x + side == *width);
            }
        }
        self.turn_columns(turned, &Part { xs: end_x..xs.end, ys: ys.start..end_y, ..*part }, target);
        self.turn_columns(turned, &Part { xs: xs.clone(), ys: end_y..ys.end, ..*part }, target);
    }

    /// Column by column.
    fn turn_columns(&self, turned: &Permutation, Part { top, xs, ys, width }: &Part, target: &mut [[C; N]]) {
        let step = i64::from(turned.step_x);
        for x in xs.clone().filter(|_| !ys.is_empty()) {
            let (first, line) = turned.source(x, top + ys.start);
            let begin = (ys.start * width + x) as usize;
            let column = target[begin..].iter_mut().step_by(*width as usize).take(ys.len());
            match self.row(line) {
                None => column.for_each(|t| *t = self.constant),
                Some(row) => {
                    let last = first + step * (ys.len() as i64 - 1);
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

/// Side of the squares that are turned at once, px: their lines stay in a core's cache, and pages are seldom changed.
const SQUARE: u32 = 256;

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
