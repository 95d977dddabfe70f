//! Means and extremes of long windows from running ones; the method stands at [`Axis::runs`].

use super::row::Reader;
use super::tile::{Tile, Value};
use crate::op::{Axis, Place, Taps};
use crate::simd::vectorized;

/// Lines that run side by side, so that a step is a few vector operations.
const LANES: usize = 32;

/// How far extremes along columns reach that are no slower tap by tap.
pub const DIRECT_REACH: u32 = 3;

/// Windows along lines.
struct Running<T, C, F> {
    /// Positions of a window, and of a block.
    length: usize,
    /// What changes nothing when it is combined.
    start: T,
    combine: C,
    finish: F,
}

/// One channel of a tile: the mean of each window.
pub fn means(axis: &Axis, reader: &Reader<f32>, out: &mut Tile, channel: usize) {
    let length = 2 * axis.reach() as usize + 1;
    let scale = 1.0 / length as f32;
    let running = Running { length, start: 0.0, combine: |a, b| a + b, finish: |v| v * scale };
    running.channel(axis.place, reader, out, channel);
}

/// One channel of a tile: the least of each window, or the greatest, as the taps say.
pub fn extremes<T: Value>(axis: &Axis, reader: &Reader<T>, out: &mut Tile<T>, channel: usize) {
    let length = 2 * axis.reach() as usize + 1;
    if matches!(axis.taps, Taps::Min { .. }) {
        let combine = |a, b| if b < a { b } else { a };
        let running = Running { length, start: T::of_border(f32::INFINITY), combine, finish: |v| v };
        running.channel(axis.place, reader, out, channel);
    } else {
        let combine = |a, b| if b > a { b } else { a };
        let running = Running { length, start: T::of_border(f32::NEG_INFINITY), combine, finish: |v| v };
        running.channel(axis.place, reader, out, channel);
    }
}

impl<T: Value, C: Fn(T, T) -> T, F: Fn(T) -> T> Running<T, C, F> {
    fn channel(&self, place: Place, reader: &Reader<T>, out: &mut Tile<T>, channel: usize) {
        vectorized(
            #[inline(always)]
            || match place {
                Place::Horizontal => self.along_rows(reader, out, channel),
                Place::Vertical => self.along_columns(reader, out, channel),
            },
        );
    }

    /// Rows are turned into lanes, a few at a time.
    #[inline(always)]
    fn along_rows(&self, reader: &Reader<T>, out: &mut Tile<T>, channel: usize) {
        let region = out.region;
        let (first, width, reach) = (region.x as usize, region.width as usize, (self.length / 2) as i64);
        let padded = (width + self.length - 1).next_multiple_of(LANES);
        let mut rows = vec![T::default(); padded * LANES];
        let mut lanes = vec![T::default(); padded * LANES];
        let mut result = vec![T::default(); padded * LANES];
        for y in (region.y..region.bottom()).step_by(LANES) {
            let ys = y..region.bottom().min(y + LANES as u32);
            for (y, row) in ys.clone().zip(rows.chunks_exact_mut(padded)) {
                reader.fill(Some(y), i64::from(region.x) - reach, &mut row[..width + self.length - 1]);
            }
            transpose(&rows, padded, &mut lanes, LANES);
            let tap = |p: usize| &lanes[(p - first) * LANES..];
            self.strip::<LANES>(first, &tap, 0, &mut result[..width * LANES], LANES);
            transpose(&result, LANES, &mut rows, padded);
            for (y, row) in ys.zip(rows.chunks_exact(padded)) {
                out.row_mut(channel, y).copy_from_slice(&row[..width]);
            }
        }
    }

    #[inline(always)]
    fn along_columns(&self, reader: &Reader<T>, out: &mut Tile<T>, channel: usize) {
        let region = out.region;
        let (first, width, reach) = (region.y as usize, region.width as usize * out.step, (self.length / 2) as i64);
        let outside = reader.outside(region, reach as u32);
        let part = |y: u32| reader.tile.part(channel, y, region.x, region.width);
        let rows: Vec<&[T]> = (i64::from(region.y) - reach..i64::from(region.bottom()) + reach)
            .map(|y| reader.line(y).map_or(&outside[..], part))
            .collect();
        let tap = |p: usize| rows[p - first];
        let plane = out.plane_mut(channel);
        if width < LANES {
            (0..width).for_each(|x| self.strip::<1>(first, &tap, x, plane, width));
            return;
        }
        // The last strip may overlap the one before it, and gives the same there.
        for x in (0..width).step_by(LANES) {
            self.strip::<LANES>(first, &tap, x.min(width - LANES), plane, width);
        }
    }

    /// Columns `x..x + N` of the rows of `out`, `stride` apart: the windows from position `first` on. `tap(p)` is the line
    /// at position `p`, counted from the start of the axis continued beyond the image.
    #[inline(always)]
    fn strip<'a, const N: usize>(
        &self,
        first: usize,
        tap: &impl Fn(usize) -> &'a [T],
        x: usize,
        out: &mut [T],
        stride: usize,
    ) {
        let end = first + out.len() / stride;
        let place = |i: usize| (i - first) * stride + x..(i - first) * stride + x + N;
        for block in (first / self.length * self.length..end).step_by(self.length) {
            let next = block + self.length;
            let windows = block.max(first)..next.min(end);
            let mut run = [self.start; N];
            for p in (windows.end..next).rev() {
                run = self.step(run, &tap(p)[x..x + N]);
            }
            for p in windows.clone().rev() {
                run = self.step(run, &tap(p)[x..x + N]);
                out[place(p)].copy_from_slice(&run);
            }
            let mut run = [self.start; N];
            for p in next..windows.start + self.length - 1 {
                run = self.step(run, &tap(p)[x..x + N]);
            }
            for i in windows {
                if i > block {
                    run = self.step(run, &tap(i + self.length - 1)[x..x + N]);
                }
                let target = &mut out[place(i)];
                let whole = self.step(run, target);
                for i in 0..N {
                    target[i] = (self.finish)(whole[i]);
                }
            }
        }
    }

    #[inline(always)]
    fn step<const N: usize>(&self, mut run: [T; N], values: &[T]) -> [T; N] {
        let values: &[T; N] = values.try_into().expect("a value for each lane");
        for i in 0..N {
            run[i] = (self.combine)(run[i], values[i]);
        }
        run
    }
}

/// `to[j][i] = from[i][j]` for rows of these lengths, which are multiples of [`LANES`] as their numbers are; in squares
/// that stay in the fastest cache.
#[inline(always)]
fn transpose<T: Copy>(from: &[T], from_row: usize, to: &mut [T], to_row: usize) {
    for i in (0..to_row).step_by(LANES) {
        for j in (0..from_row).step_by(LANES) {
            let square: [&[T; LANES]; LANES] = std::array::from_fn(|k| {
                let start = (i + k) * from_row + j;
                from[start..start + LANES].try_into().expect("a part of a row")
            });
            for k in 0..LANES {
                for (t, row) in to[(j + k) * to_row + i..][..LANES].iter_mut().zip(square) {
                    *t = row[k];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::axis;
    use super::super::tile::Held;
    use super::*;
    use crate::image::{Border, Edges, Layout, Region};
    use crate::op::Alpha;

    /// `value` at each place of the region.
    fn filled(region: Region, value: impl Fn(u32, u32) -> f32) -> Tile {
        let mut tile = Tile::new(region, 1);
        for y in region.y..region.bottom() {
            tile.row_mut(0, y).iter_mut().zip(region.x..).for_each(|(t, x)| *t = value(x, y));
        }
        tile
    }

    /// The window around a pixel, value by value.
    fn expected(axis: &Axis, layout: Layout, value: impl Fn(u32, u32) -> f32, x: u32, y: u32) -> f32 {
        let (reach, edges) = (i64::from(axis.reach()), axis.edges);
        let taps = (-reach..=reach).map(|d| {
            let (x, y) = match axis.place {
                Place::Horizontal => (edges.border.index(i64::from(x) + d, layout.width), Some(y)),
                Place::Vertical => (Some(x), edges.border.index(i64::from(y) + d, layout.height)),
            };
            x.zip(y).map_or(edges.value[0], |(x, y)| value(x, y))
        });
        match axis.taps {
            Taps::Mean { .. } => taps.sum::<f32>() * (1.0 / (2 * reach + 1) as f32),
            Taps::Min { .. } => taps.fold(f32::INFINITY, f32::min),
            _ => taps.fold(f32::NEG_INFINITY, f32::max),
        }
    }

    #[test]
    fn any_part_of_any_image_is_what_its_windows_hold() {
        let mut random = fastrand::Rng::with_seed(5);
        let borders = [Border::Reflect101, Border::Reflect, Border::Clamp, Border::Wrap, Border::Constant];
        for case in 0..600 {
            let side = |random: &mut fastrand::Rng| if random.u8(..4) == 0 { 1 } else { random.u32(1..130) };
            let layout = Layout::new(side(&mut random), side(&mut random), 1);
            let levels: Vec<f32> = (0..layout.pixels()).map(|_| f32::from(random.u8(..))).collect();
            let value = |x: u32, y: u32| levels[(y * layout.width + x) as usize];
            let reach = random.u32(17..90);
            let taps = [Taps::Mean { reach }, Taps::Min { reach }, Taps::Max { reach }][case % 3].clone();
            let edges = Edges { border: borders[random.usize(..5)], value: [40.0; 4] };
            let place = if random.bool() { Place::Horizontal } else { Place::Vertical };
            let axis = Axis { place, taps, edges, alpha: Alpha::Work };
            assert!(axis.runs());
            let (x, y) = (random.u32(..layout.width), random.u32(..layout.height));
            let (width, height) = (random.u32(1..=layout.width - x), random.u32(1..=layout.height - y));
            let part = Region { x, y, width, height };
            let input = Held::Reals(filled(layout.region(), value));
            let Held::Reals(out) = axis::tile(&axis, None, false, &input, layout, part) else {
                panic!("reals stay reals")
            };
            for y in part.y..part.bottom() {
                for (v, x) in out.row(0, y).iter().zip(part.x..) {
                    // Sums of whole levels are exact in any order.
                    assert_eq!(*v, expected(&axis, layout, value, x, y), "{axis:?} {layout:?} {part:?} at {x}, {y}");
                }
            }
        }
    }
}
