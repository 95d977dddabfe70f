//! Axis kernels over a tile: weighted sums and extremes along rows or columns.

use super::fixed::Method;
use super::row::Reader;
use super::tile::{Held, Tile, Value, with_tile};
use super::{resample, resampled, running};
use crate::image::weights::Resampling;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Axis, Place, Taps};
use crate::simd::{Ordered, fold_taps, singles};

/// Extremes of bytes are bytes; sums in fixed point, where there are such weights, may be rounded to bytes; all else is `f32`.
pub fn tile(axis: &Axis, method: Option<&Method>, rounds: bool, input: &Held, layout: Layout, region: Region) -> Held {
    let is_extreme = matches!(axis.taps, Taps::Min { .. } | Taps::Max { .. });
    if let Some(Method::Weights(weights)) = method
        && let Some(held) = resampled::resampled(axis, weights, rounds, input, layout, region)
    {
        return held;
    }
    let read = axis.source_region(region, layout);
    if axis.runs() && axis.place == Place::Horizontal && input.step() > 1 {
        return tile(axis, method, rounds, &input.unpacked(read), layout, region);
    }
    match input {
        Held::Bytes(tile) if is_extreme => Held::Bytes(extremes(axis, tile, layout, region)),
        Held::Reals(tile) if is_extreme => Held::Reals(extremes(axis, tile, layout, region)),
        _ if axis.runs() => input.as_reals(read, |tile| {
            let means = |reader: &Reader<f32>, out: &mut Tile, c| running::means(axis, reader, out, c);
            Held::Reals(each_channel(axis, tile, layout, region, means))
        }),
        _ if !axis.edges.are_levels() => input.as_reals(read, |tile| Held::Reals(weighted(axis, tile, layout, region))),
        _ => with_tile!(input, tile => Held::Reals(weighted(axis, tile, layout, region))),
    }
}

/// Each channel by `fill`, but for an alpha that is kept.
fn each_channel<T: Value, U: Value + From<T>>(
    axis: &Axis,
    input: &Tile<T>,
    layout: Layout,
    region: Region,
    fill: impl Fn(&Reader<T>, &mut Tile<U>, usize),
) -> Tile<U> {
    let mut out = input.like(region);
    for channel in 0..input.channels() {
        if layout.is_alpha(channel as u32) && axis.alpha == Alpha::Keep {
            out.copy_channel(channel, input, channel);
        } else {
            fill(&Reader::new(input, channel, layout, axis.edges), &mut out, channel);
        }
    }
    out
}

/// Whether extremes along columns are combined from running ones.
pub fn runs_columns(axis: &Axis) -> bool {
    axis.runs() || axis.reach() > running::DIRECT_REACH
}

pub fn extremes<T: Value + Ordered>(axis: &Axis, input: &Tile<T>, layout: Layout, region: Region) -> Tile<T> {
    each_channel(axis, input, layout, region, |reader, out, channel| match axis.place {
        Place::Horizontal if !axis.runs() => along_rows(axis, reader, out, channel, |taps, t| extreme(axis, taps, t)),
        Place::Vertical if !runs_columns(axis) => {
            along_columns(axis, reader, out, channel, |taps, t| extreme(axis, taps, t));
        }
        _ => running::extremes(axis, reader, out, channel),
    })
}

/// `target[x]` from `rows[k][x]` over all taps `k`.
pub fn extreme<T: Value + Ordered>(axis: &Axis, rows: &[&[T]], target: &mut [T]) {
    let least = matches!(axis.taps, Taps::Min { .. });
    let start = T::of_border(if least { f32::INFINITY } else { f32::NEG_INFINITY });
    T::extreme_of(rows, target, start, least);
}

fn weighted<T: Value>(axis: &Axis, input: &Tile<T>, layout: Layout, region: Region) -> Tile
where
    f32: From<T>,
{
    each_channel(axis, input, layout, region, |reader, out, channel| match (&axis.taps, axis.place) {
        (Taps::Resample(resampling), Place::Horizontal) => resample::rows(resampling, reader, out, channel),
        (Taps::Resample(resampling), Place::Vertical) => resampled_columns(resampling, reader, out, channel),
        (taps, Place::Horizontal) => along_rows(axis, reader, out, channel, |rows: &[&[f32]], t| sum(taps, rows, t)),
        (taps, Place::Vertical) => along_columns(axis, reader, out, channel, |rows, t| sum(taps, rows, t)),
    })
}

/// `write(taps, target)` for each row of the tile: tap `k` of every pixel of it as a slice.
fn along_rows<T: Value, U: Value + From<T>, V: Value>(
    axis: &Axis,
    reader: &Reader<T>,
    out: &mut Tile<V>,
    channel: usize,
    write: impl Fn(&[&[U]], &mut [V]),
) {
    let (reach, region, step) = (i64::from(axis.reach()), out.region, out.step);
    let mut extended = U::taken((i64::from(region.width) + 2 * reach) as usize * step);
    for y in region.y..region.bottom() {
        reader.fill(Some(y), i64::from(region.x) - reach, &mut extended);
        let taps: Vec<&[U]> = extended.windows(region.width as usize * step).step_by(step).collect();
        write(&taps, out.row_mut(channel, y));
    }
    U::keep(extended);
}

/// The same along columns: the taps are parts of rows.
fn along_columns<T: Value, V: Value>(
    axis: &Axis,
    reader: &Reader<T>,
    out: &mut Tile<V>,
    channel: usize,
    write: impl Fn(&[&[T]], &mut [V]),
) {
    let (reach, region) = (i64::from(axis.reach()), out.region);
    let outside = reader.outside(region, axis.reach());
    let part = |y: u32| reader.tile.part(channel, y, region.x, region.width);
    for y in region.y..region.bottom() {
        let taps: Vec<&[T]> =
            (-reach..=reach).map(|dy| reader.line(i64::from(y) + dy).map_or(&outside[..], part)).collect();
        write(&taps, out.row_mut(channel, y));
    }
}

fn resampled_columns<T: Value>(resampling: &Resampling, reader: &Reader<T>, out: &mut Tile, channel: usize) {
    let Region { x, width, .. } = out.region;
    for y in out.ys() {
        let (start, weights) = resampling.at(y as usize);
        let taps = weights.len().min((reader.tile.region.bottom() - start) as usize);
        let rows: Vec<&[T]> = (start..).take(taps).map(|y| reader.tile.part(channel, y, x, width)).collect();
        weighted_sum(&weights[..taps], 1.0, &rows, out.row_mut(channel, y));
    }
}

/// `target[x]` from `rows[k][x]` over all taps `k`.
fn sum<T: Value>(taps: &Taps, rows: &[&[T]], target: &mut [f32]) {
    match taps {
        Taps::Sum { weights, scale } => weighted_sum(weights, *scale, rows, target),
        Taps::Mean { .. } => {
            let scale = 1.0 / rows.len() as f32;
            fold_taps(
                &singles(rows),
                target,
                0.0,
                #[inline(always)]
                |sum, _, [v]| sum + v.into(),
                #[inline(always)]
                |sum| sum * scale,
            );
        }
        Taps::Min { .. } | Taps::Max { .. } | Taps::Resample(_) => {
            unreachable!("no sums with the same taps everywhere")
        }
    }
}

fn weighted_sum<T: Value>(weights: &[f32], scale: f32, rows: &[&[T]], target: &mut [f32]) {
    if weights.len() % 2 == 1 && weights.iter().eq(weights.iter().rev()) {
        mirrored_sum(weights, scale, rows, target);
        return;
    }
    fold_taps(
        &singles(rows),
        target,
        0.0,
        #[inline(always)]
        |sum, k, [v]| sum + weights[k] * v.into(),
        #[inline(always)]
        |sum| sum * scale,
    );
}

/// The same where the weights read alike from both ends: one product for two taps. The middle one is its own twin, at half
/// its weight.
fn mirrored_sum<T: Value>(weights: &[f32], scale: f32, rows: &[&[T]], target: &mut [f32]) {
    let middle = weights.len() / 2;
    let twins = |k: usize| [rows[k], rows[2 * middle - k]];
    let taps: Vec<[&[T]; 2]> = std::iter::once(middle).chain(0..middle).map(twins).collect();
    let weights: Vec<f32> = std::iter::once(weights[middle] / 2.0).chain(weights[..middle].iter().copied()).collect();
    fold_taps(
        &taps,
        target,
        0.0,
        #[inline(always)]
        |sum, k, [a, b]| sum + weights[k] * a.sum(b),
        #[inline(always)]
        |sum| sum * scale,
    );
}
