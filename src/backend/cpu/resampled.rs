//! Tiles of bytes, or of sums of them, resampled in fixed point.

use super::fixed::{Level, Weights, cut_off, product, sum};
use super::pooled::Pooled;
use super::repeated;
use super::resample;
use super::row::Reader;
use super::samples::Code;
use super::tile::{Fine, Held, Tile, Value};
use crate::image::weights::Resampling;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Axis, Place, Taps};
use crate::simd::{blockwise, fold_taps, singles};

/// A tile resampled along an axis: to levels, rounded where that is wanted, or to sums for others. None where it holds what
/// such sums don't read.
pub fn resampled(
    axis: &Axis,
    weights: &Weights,
    rounds: bool,
    input: &Held,
    layout: Layout,
    region: Region,
) -> Option<Held> {
    if weights.stay_fine {
        resampled_as(axis, weights, input, layout, region).map(Held::Fine)
    } else if rounds {
        resampled_as(axis, weights, input, layout, region).map(Held::Bytes)
    } else {
        resampled_as(axis, weights, input, layout, region).map(Held::Reals)
    }
}

fn resampled_as<V: Level + Code>(
    axis: &Axis,
    weights: &Weights,
    input: &Held,
    layout: Layout,
    region: Region,
) -> Option<Tile<V>> {
    let Taps::Resample(resampling) = &axis.taps else { return None };
    match (input, axis.place, &weights.period) {
        (Held::Bytes(tile), Place::Vertical, _) => Some(each_channel(axis, tile, layout, region, |reader, out, c| {
            resampled_bytes(resampling, weights, reader, out, c);
        })),
        (Held::Fine(tile), Place::Vertical, _) => Some(each_channel(axis, tile, layout, region, |reader, out, c| {
            resampled_columns(resampling, weights, reader, out, c);
        })),
        (Held::Fine(tile), Place::Horizontal, Some(period)) => {
            Some(each_channel(axis, tile, layout, region, |reader, out, c| {
                repeated::rows(period, resampling, weights, reader, out, c);
            }))
        }
        (Held::Fine(tile), Place::Horizontal, None) => {
            Some(each_channel(axis, tile, layout, region, |reader, out, c| {
                resample::fixed_rows(resampling, weights, reader, out, c);
            }))
        }
        _ => None,
    }
}

/// Each channel by `fill`, but for an alpha that is kept.
fn each_channel<T: Value, V: Level>(
    axis: &Axis,
    input: &Tile<T>,
    layout: Layout,
    region: Region,
    fill: impl Fn(&Reader<T>, &mut Tile<V>, usize),
) -> Tile<V>
where
    Fine: From<T>,
{
    let mut out = input.like(region);
    for channel in 0..input.channels() {
        if layout.is_alpha(channel as u32) && axis.alpha == Alpha::Keep {
            for y in region.y..region.bottom() {
                levels(input.part(channel, y, region.x, region.width), out.row_mut(channel, y));
            }
        } else {
            fill(&Reader::new(input, channel, layout, axis.edges), &mut out, channel);
        }
    }
    out
}

fn resampled_columns<T: Value, V: Level>(
    resampling: &Resampling,
    weights: &Weights,
    reader: &Reader<T>,
    out: &mut Tile<V>,
    channel: usize,
) where
    Fine: From<T>,
{
    let Region { x, width, .. } = out.region;
    let (first, end) = resampling.span(out.region.y, out.region.bottom(), reader.layout.height);
    let lines_of: Vec<[&[T]; 1]> = (first..end).map(|y| [reader.tile.part(channel, y, x, width)]).collect();
    for y in out.ys() {
        let (start, taps) = (resampling.starts[y as usize], resampling.taps);
        // Behind the last line there are weights of 0 alone.
        let lines = &lines_of[(start - first) as usize..][..taps.min((end - start) as usize)];
        let parts = &weights.parts[y as usize * taps..][..lines.len()];
        sum(parts, weights.doublings, lines, out.row_mut(channel, y));
    }
}

/// Columns of bytes that are converted at once, where each is read several times: so they stay in a core's cache.
const CONVERTED: usize = 512;

/// As `resampled_columns`.
fn resampled_bytes<V: Level>(
    resampling: &Resampling,
    weights: &Weights,
    reader: &Reader<u8>,
    out: &mut Tile<V>,
    channel: usize,
) {
    let (region, taps) = (out.region, resampling.taps);
    let (first, end) = resampling.span(region.y, region.bottom(), reader.layout.height);
    let count = (end - first) as usize;
    if region.height as usize * taps < 2 * count {
        resampled_columns(resampling, weights, reader, out, channel);
        return;
    }
    let parts =
        |y: u32| &weights.parts[y as usize * taps..][..taps.min((end - resampling.starts[y as usize]) as usize)];
    let twins: Vec<Option<Vec<i16>>> = out.ys().map(|y| twins(parts(y))).collect();
    let mut room = Fine::taken(count * CONVERTED);
    for begin in (0..region.width as usize).step_by(CONVERTED) {
        let columns = begin..region.width.min((begin + CONVERTED) as u32) as usize;
        for (y, room) in (first..end).zip(room.chunks_exact_mut(CONVERTED)) {
            let line = reader.tile.part(channel, y, region.x, region.width);
            levels(&line[columns.clone()], &mut room[..columns.len()]);
        }
        let lines: Vec<&[Fine]> = room.chunks_exact(CONVERTED).map(|line| &line[..columns.len()]).collect();
        for (y, twins) in out.ys().zip(&twins) {
            let lines = &lines[(resampling.starts[y as usize] - first) as usize..][..parts(y).len()];
            let target = &mut out.row_mut(channel, y)[columns.clone()];
            match twins {
                Some(twins) => mirrored_sum(twins, weights.doublings, lines, target),
                None => sum(parts(y), weights.doublings, &singles(lines), target),
            }
        }
    }
    Fine::keep(room);
}

/// How far apart parts may be that stand for the same weight: one of them took what rounding left.
const MOST_APART: i32 = 8;

/// The first half of weights that read alike from both ends. The middle one is its own twin, at half its weight.
fn twins(parts: &[i16]) -> Option<Vec<i16>> {
    let pairs = || parts.iter().zip(parts.iter().rev()).take(parts.len().div_ceil(2));
    let are_alike = |(a, b): (&i16, &i16)| (i32::from(*a) - i32::from(*b)).abs() <= MOST_APART;
    let middle = if parts.len() % 2 == 1 { parts.len() / 2 } else { parts.len() };
    let half = |(k, (a, b)): (usize, (&i16, &i16))| {
        let mean = (i32::from(*a) + i32::from(*b)) / 2;
        (if k == middle { mean / 2 } else { mean }) as i16
    };
    pairs().all(are_alike).then(|| pairs().enumerate().map(half).collect())
}

/// A sum whose weights are [`twins`], of what bytes were: two of those are no more than one value holds.
fn mirrored_sum<V: Level>(twins: &[i16], doublings: u32, lines: &[&[Fine]], target: &mut [V]) {
    let last = lines.len() - 1;
    let taps: Vec<[&[Fine]; 2]> = (0..twins.len()).map(|k| [lines[k], lines[last - k]]).collect();
    fold_taps(
        &taps,
        target,
        cut_off(twins),
        #[inline(always)]
        |sum: i16, k, [Fine(a), Fine(b)]| sum.wrapping_add(product(a.wrapping_add(b), twins[k])),
        #[inline(always)]
        |sum| V::of_fine(Fine(sum << doublings)),
    );
}

/// The same values as another kind.
fn levels<T: Value, V: Level>(from: &[T], to: &mut [V])
where
    Fine: From<T>,
{
    blockwise(
        [to],
        [from],
        #[inline(always)]
        |[v]| [V::of_fine(Fine::from(v))],
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_read_alike_from_both_ends_have_twins() {
        assert_eq!(twins(&[10, 205, 210, 8]), Some(vec![9, 207]));
        assert_eq!(twins(&[10, 200, 10]), Some(vec![10, 100]));
        assert_eq!(twins(&[10, 200, 230]), None);
    }
}
