//! Weighted sums over lists of neighbours, and neighbourhoods of whole pixels, over a tile.

use super::evaluate::Evaluation;
use super::level_sum::LevelSum;
use super::room::Wanted;
use super::row::{Extended, Reader};
use super::tile::{Held, Tile, Value, with_tile};
use super::window::Rows;
use crate::image::{Layout, Region, Samples};
use crate::op::{Alpha, Kernel, Neighbourhood, NeighbourhoodRows, Node, Stencil, Tap, WindowRows};
use crate::simd::fold_taps;

pub fn tile(stencil: &Stencil, wanted: Wanted, input: &Held, layout: Layout, region: Region) -> Option<Held> {
    let rows = Rows { edges: stencil.edges, reach: stencil.reach(), alpha: stencil.alpha, layout };
    match (input, LevelSum::new(stencil, wanted.exact)) {
        (Held::Bytes(tile), Some(sum)) if wanted.rounds && stencil.edges.are_levels() => {
            wanted.bytes(tile.shape(), region, |out| {
                rows.in_place(tile, out, |window, targets| {
                    window.each_row(rows.reach, targets).for_each(|(window, target)| sum.row(window, target));
                });
            })
        }
        _ => rows.tile(wanted, input, region, |window, target| sum(stencil, window, target)),
    }
}

/// What each tap that counts reads for a row of so many values.
pub fn taps<'a, T>(stencil: &Stencil, window: WindowRows<'a, T>, width: usize) -> Vec<[&'a [T]; 1]> {
    let reach = window.rows.len() as i32 / 2;
    let place = |d: i32| (reach + d) as usize;
    let part = |tap: &Tap| &window.rows[place(tap.dy)][place(tap.dx) * window.step..][..width];
    stencil.counted().map(|tap| [part(tap)]).collect()
}

/// One row of sums.
fn sum(stencil: &Stencil, window: WindowRows, target: &mut [f32]) {
    let taps = taps(stencil, window, target.len());
    let weights: Vec<f32> = stencil.counted().map(|tap| tap.weight).collect();
    let (scale, offset) = (stencil.scale, stencil.offset);
    fold_taps(
        &taps,
        target,
        0.0,
        #[inline(always)]
        |sum, k, [v]| sum + weights[k] * v,
        #[inline(always)]
        |sum| scale * sum + offset,
    );
}

pub fn neighbourhood(
    kernel: &dyn Neighbourhood,
    wanted: Wanted,
    input: &Held,
    (from, to): (Layout, Layout),
    region: Region,
) -> Option<Held> {
    let is_gray = from.channels() == 1 && to.channels() == 1;
    let may_round = wanted.rounds && !wanted.exact && kernel.edges().are_levels();
    match (input, kernel.rounded()) {
        (Held::Bytes(tile), Some(rounded)) if may_round && is_gray => {
            let rows = Rows { edges: kernel.edges(), reach: kernel.reach(), alpha: kernel.alpha(), layout: from };
            wanted.bytes(tile.shape(), region, |out| {
                rows.in_place(tile, out, |window, targets| rounded.level_rows(window, targets));
            })
        }
        _ => Some(Held::Reals(with_tile!(input, tile => neighbourhoods(kernel, tile, from, to, region)))),
    }
}

fn neighbourhoods<T: Value>(
    kernel: &dyn Neighbourhood,
    input: &Tile<T>,
    from: Layout,
    to: Layout,
    region: Region,
) -> Tile
where
    f32: From<T>,
{
    let keeps = kernel.alpha() == Alpha::Keep;
    let given = if keeps { to.colours } else { to.channels() } as usize;
    let mut out = Tile::new(region, to.channels() as usize);
    over_rows(kernel, input, from, region, |rows| kernel.rows(rows, &mut out.planes_mut()[..given]));
    if keeps && to.alpha {
        out.copy_channel(to.colours as usize, input, from.colours as usize);
    }
    out
}

/// Which neighbourhoods are computed in whole numbers: of bytes or of one another, where nothing else reads them but
/// floods.
pub fn are_whole(evaluation: &Evaluation) -> Vec<bool> {
    let nodes = evaluation.graph.nodes();
    let is_bytes = |id: usize| match evaluation.source_samples() {
        Samples::U8(_) if id == 0 => nodes[0].layout.channels() == 1,
        _ => evaluation.levels(id).is_some(),
    };
    let mut wholes = vec![false; nodes.len()];
    for (id, node) in nodes.iter().enumerate() {
        wholes[id] = match &node.kernel {
            Kernel::Neighbourhood(kernel) => {
                let input = node.inputs[0].0;
                kernel.is_whole() && !node.layout.alpha && (is_bytes(input) || wholes[input])
            }
            _ => false,
        };
    }
    let is_read_well = |(id, node): (usize, &Node)| {
        let reads = node.inputs.iter().any(|input| wholes[input.0]);
        !reads || wholes[id] || matches!(node.kernel, Kernel::Flood(_))
    };
    if nodes.iter().enumerate().all(is_read_well) { wholes } else { vec![false; nodes.len()] }
}

/// The same in whole numbers, of bytes or such numbers.
pub fn wholes(kernel: &dyn Neighbourhood, input: &Held, from: Layout, to: Layout, region: Region) -> Tile<i16> {
    let mut out = Tile::new(region, to.channels() as usize);
    let work = |rows: NeighbourhoodRows<i16>| {
        rows.each(kernel.reach(), &mut out.planes_mut(), |rows, output| kernel.whole_row(rows, output));
    };
    match input {
        Held::Bytes(tile) => over_rows(kernel, tile, from, region, work),
        Held::Whole(tile) => over_rows(kernel, tile, from, region, work),
        _ => unreachable!("whole numbers are made of levels or of one another"),
    }
    out
}

/// `work` with the rows that a region reads.
fn over_rows<T: Value, U: Value + From<T>>(
    kernel: &dyn Neighbourhood,
    input: &Tile<T>,
    from: Layout,
    region: Region,
    work: impl FnOnce(NeighbourhoodRows<U>),
) {
    let reach = i64::from(kernel.reach());
    let readers: Vec<Reader<T>> =
        (0..input.channels()).map(|channel| Reader::new(input, channel, from, kernel.edges())).collect();
    let around = (kernel.reach(), kernel.reach());
    let extended: Vec<Extended<U>> = readers.iter().map(|r| Extended::new(r, region, around)).collect();
    let ys = i64::from(region.y) - reach..i64::from(region.bottom()) + reach;
    let channels = readers.iter().zip(&extended);
    let channels: Vec<Vec<&[U]>> =
        channels.map(|(reader, extended)| ys.clone().map(|y| extended.row(reader, y)).collect()).collect();
    work(NeighbourhoodRows { channels: &channels });
}
