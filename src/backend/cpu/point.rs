//! Point kernels over a tile: runs of them row by row, so that what one gives the next still finds in the fastest cache.

use std::ops::Range;

use super::interleave::{gather_colours, spread_colours};
use super::pooled::Pooled;
use super::room::{Room, Wanted};
use super::row::parts;
use super::samples::Code;
use super::tile::{Held, Tile, Value, convert};
use crate::image::{Layout, Region};
use crate::op::{Alpha, LevelPoint, Point, PointRow};
use crate::simd::blockwise;

/// One kernel of a run.
pub struct Stage<'a> {
    pub kernel: &'a dyn Point,
    pub table: &'a [f32],
    /// Of its result.
    pub to: Layout,
}

/// A run of kernels, each of which reads the one before it. `images`, of one size and each with its layout, are read by
/// the first.
pub fn tile(run: &[Stage], images: &[(&Held, Layout)], region: Region, wanted: Wanted) -> Option<Held> {
    if images.iter().any(|(held, _)| held.step() > 1) {
        // Kernels that are the same to all channels see one.
        let one = |layout: Layout| Layout { colours: 1, ..layout };
        let run: Vec<Stage> = run.iter().map(|stage| Stage { to: one(stage.to), ..*stage }).collect();
        let images: Vec<(&Held, Layout)> = images.iter().map(|(held, layout)| (*held, one(*layout))).collect();
        return computed_as(&run, &images, region, wanted);
    }
    let of_samples = run.iter().take_while(|stage| stage.kernel.is_of_sample()).count();
    let [(Held::Bytes(levels), layout)] = images else { return computed_as(run, images, region, wanted) };
    if of_samples == 0 {
        return computed_as(run, images, region, wanted);
    }
    let tables = tables(&run[..of_samples], *layout);
    let (to, rest) = (run[of_samples - 1].to, &run[of_samples..]);
    if rest.is_empty() && wanted.rounds {
        return Some(Held::Bytes(looked_up(levels, &tables, region, u8::nearest)));
    }
    let values = looked_up(levels, &tables, region, |v| v);
    if rest.is_empty() {
        return Some(Held::Reals(values));
    }
    computed_as(rest, &[(&Held::Reals(values), to)], region, wanted)
}

fn computed_as(run: &[Stage], images: &[(&Held, Layout)], region: Region, wanted: Wanted) -> Option<Held> {
    if let ([stage], [(Held::Bytes(v), layout), (Held::Bytes(w), _)]) = (run, images)
        && let Some(levels) = stage.kernel.levels()
        && !layout.alpha
    {
        return wanted.bytes(v.shape(), region, |out| of_levels(levels, [v, w], out));
    }
    if !wanted.rounds {
        return Some(Held::Reals(computed(run, images, region)));
    }
    let shape = (run[run.len() - 1].to.channels() as usize, images[0].0.step());
    wanted.bytes(shape, region, |out| rounded(run, images, out))
}

/// Levels of pairs of levels.
fn of_levels(kernel: &dyn LevelPoint, [v, w]: [&Tile<u8>; 2], out: &mut Room<u8>) {
    let Region { x, width, .. } = out.region;
    for channel in 0..v.channels() {
        for y in out.ys() {
            let inputs = [v, w].map(|tile| tile.part(channel, y, x, width));
            kernel.level_row(inputs, out.row(channel, y));
        }
    }
}

/// What a run makes of each level, by colour channel of its result: of kernels that see samples alone, or on gray none of
/// which sees the place.
pub fn tables(run: &[Stage], layout: Layout) -> Vec<[f32; 256]> {
    let mut tables = vec![std::array::from_fn(|level| level as f32); layout.colours as usize];
    for stage in run {
        let levels = std::mem::replace(&mut tables, vec![[0.0; 256]; stage.to.colours as usize]);
        let inputs: Vec<&[f32]> = levels.iter().map(|table| &table[..]).collect();
        let mut outputs: Vec<&mut [f32]> = tables.iter_mut().map(|table| &mut table[..]).collect();
        stage.kernel.row(PointRow { inputs: &inputs, table: stage.table, x: 0, y: 0 }, &mut outputs);
    }
    tables
}

/// Levels by their channel's table; alpha, which has none, as it is.
fn looked_up<T: Value + From<u8>>(
    levels: &Tile<u8>,
    tables: &[[f32; 256]],
    region: Region,
    value: impl Fn(f32) -> T,
) -> Tile<T> {
    let mut out = Tile::new(region, levels.channels());
    for (channel, table) in tables.iter().enumerate() {
        let mut values = [T::default(); 256];
        values.iter_mut().zip(table).for_each(|(t, v)| *t = value(*v));
        for y in region.y..region.bottom() {
            let row = levels.part(channel, y, region.x, region.width);
            T::look_up(&values, row, out.row_mut(channel, y));
        }
    }
    for channel in tables.len()..levels.channels() {
        out.copy_channel(channel, levels, channel);
    }
    out
}

fn computed(run: &[Stage], images: &[(&Held, Layout)], region: Region) -> Tile {
    let step = images[0].0.step();
    let mut run = Run::new(run, part_width(region, step) * step as u32);
    let mut inputs = Inputs::new(images, region);
    let mut out = Tile::shaped((run.channels(), step), region);
    for y in region.y..region.bottom() {
        for part in parts(Region { y, height: 1, ..region }, part_width(region, step)) {
            let columns = (part.x - region.x) as usize * step..(part.right() - region.x) as usize * step;
            let mut rows: Vec<&mut [f32]> = out.rows_mut(y).into_iter().map(|row| &mut row[columns.clone()]).collect();
            run.row(&inputs.row(part), (part.x, y), &mut rows);
        }
    }
    out
}

/// As `computed`, each row rounded while it is at hand.
fn rounded(run: &[Stage], images: &[(&Held, Layout)], out: &mut Room<u8>) {
    let (region, step) = (out.region, images[0].0.step());
    let most = part_width(region, step);
    let (mut run, mut inputs) = (Run::new(run, most * step as u32), Inputs::new(images, region));
    let mut values = Rows::new(run.last.to, most * step as u32);
    for y in out.ys() {
        for part in parts(Region { y, height: 1, ..region }, most) {
            let width = part.width * step as u32;
            run.row(&inputs.row(part), (part.x, y), &mut values.targets(width));
            for (channel, values) in values.image(width).rows.into_iter().take(run.channels()).enumerate() {
                round(values, out.part(channel, y, part.x, part.width));
            }
        }
    }
}

fn round(values: &[f32], target: &mut [u8]) {
    blockwise(
        [target],
        [values],
        #[inline(always)]
        |[v]| [u8::nearest(v)],
    );
}

/// Pixels of a row that a run takes at once: their values stay in the fastest cache.
const PART: u32 = 1024;

/// How wide the parts of a region's rows are, px, of about one width; `step` values of a pixel stand beside one another.
fn part_width(region: Region, step: usize) -> u32 {
    region.width.div_ceil(region.width.div_ceil(PART / step as u32).max(1))
}

/// The pixels from row `top` on of an image of interleaved bytes without alpha, computed by a run that gives none, and rounded.
pub fn interleaved(run: &[Stage], from: Layout, source: &[u8], top: u32, target: &mut [u8]) {
    let width = part_width(from.region(), 1);
    let mut run = Run::new(run, width);
    let (mut input, mut output) = (Rows::new(from, width), Rows::new(run.last.to, width));
    let (taken, given) = (input.planes.len(), output.planes.len());
    let rows = source.chunks_exact(from.width as usize * taken);
    for (y, (source, target)) in (top..).zip(rows.zip(target.chunks_exact_mut(from.width as usize * given))) {
        for x in (0..from.width).step_by(width as usize) {
            let width = width.min(from.width - x);
            let part = |channels: usize| x as usize * channels..(x + width) as usize * channels;
            match &mut input.targets(width)[..] {
                [r, g, b] => spread_colours(&source[part(3)], [r, g, b]),
                [gray, ..] => convert(&source[part(1)], gray),
                [] => {}
            }
            run.row(&[input.image(width)], (x, y), &mut output.targets(width));
            match output.image(width).rows {
                [r, g, b, _] if given == 3 => gather_colours([r, g, b], &mut target[part(3)]),
                [gray, ..] => round(gray, &mut target[part(1)]),
            }
        }
    }
}

/// A run with room for the rows that its kernels pass on.
struct Run<'a> {
    before: &'a [Stage<'a>],
    last: &'a Stage<'a>,
    /// What each kernel but the last gives.
    steps: Vec<Rows>,
}

impl<'a> Run<'a> {
    /// For rows of at most that width.
    fn new(run: &'a [Stage], width: u32) -> Run<'a> {
        let (last, before) = run.split_last().expect("a run has a kernel");
        Run { before, last, steps: before.iter().map(|stage| Rows::new(stage.to, width)).collect() }
    }

    fn channels(&self) -> usize {
        self.last.to.channels() as usize
    }

    /// What the last kernel makes of rows of images that begin at `place`, a slice for each channel.
    fn row(&mut self, images: &[ImageRow], place: (u32, u32), output: &mut [&mut [f32]]) {
        let width = images[0].rows[0].len() as u32;
        for (i, stage) in self.before.iter().enumerate() {
            let (given, rest) = self.steps.split_at_mut(i);
            let input = given.last().map(|rows| rows.image(width));
            let input = input.as_ref().map_or(images, std::slice::from_ref);
            stage_row(stage, input, place, &mut rest[0].targets(width));
        }
        let input = self.steps.last().map(|rows| rows.image(width));
        stage_row(self.last, input.as_ref().map_or(images, std::slice::from_ref), place, output);
    }
}

/// A row of each channel of an image; empty ones behind them.
struct ImageRow<'a> {
    rows: [&'a [f32]; 4],
    layout: Layout,
}

impl<'a> ImageRow<'a> {
    fn new(layout: Layout, row: impl Fn(usize) -> &'a [f32]) -> ImageRow<'a> {
        let channels = layout.channels() as usize;
        ImageRow { rows: std::array::from_fn(|c| if c < channels { row(c) } else { &[] }), layout }
    }
}

/// Room for a row of each channel of an image, from the beginning of a line of the cache on: a vector of the widest kind takes
/// twice as long across two of them.
struct Rows {
    planes: Vec<Vec<f32>>,
    layout: Layout,
}

impl Rows {
    fn new(layout: Layout, width: u32) -> Rows {
        let planes = (0..layout.channels()).map(|_| f32::taken(width as usize + LINE)).collect();
        Rows { planes, layout }
    }

    fn image(&self, width: u32) -> ImageRow<'_> {
        ImageRow::new(self.layout, |c| &self.planes[c][aligned(&self.planes[c], width)])
    }

    /// A row of each channel's values, of another kind, as `f32`.
    fn converted<'t, T: Value>(&mut self, row: impl Fn(usize) -> &'t [T]) -> ImageRow<'_>
    where
        f32: From<T>,
    {
        let width = row(0).len() as u32;
        for (c, target) in self.targets(width).into_iter().enumerate() {
            convert(row(c), target);
        }
        self.image(width)
    }

    fn targets<'a>(&'a mut self, width: u32) -> Vec<&'a mut [f32]> {
        let row = |plane: &'a mut Vec<f32>| {
            let part = aligned(plane, width);
            &mut plane[part]
        };
        self.planes.iter_mut().map(row).collect()
    }
}

/// Values in a line of the cache.
const LINE: usize = 16;

fn aligned(plane: &[f32], width: u32) -> Range<usize> {
    let begin = plane.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
    begin..begin + width as usize
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.planes.drain(..).for_each(f32::keep);
    }
}

/// The images that a run reads, with room for a part of a row of each.
struct Inputs<'a> {
    images: &'a [(&'a Held, Layout)],
    rows: Vec<Rows>,
}

impl<'a> Inputs<'a> {
    fn new(images: &'a [(&'a Held, Layout)], region: Region) -> Inputs<'a> {
        let row =
            |(held, layout): &(&Held, Layout)| Rows::new(*layout, part_width(region, held.step()) * held.step() as u32);
        Inputs { images, rows: images.iter().map(row).collect() }
    }

    /// A part of a row of each as `f32`, converted where it is none.
    fn row(&mut self, Region { x, y, width, .. }: Region) -> Vec<ImageRow<'_>> {
        let mut rows = Vec::with_capacity(self.images.len());
        for ((held, layout), room) in self.images.iter().zip(&mut self.rows) {
            rows.push(match held {
                Held::Reals(tile) => ImageRow::new(*layout, |c| tile.part(c, y, x, width)),
                Held::Bytes(tile) => room.converted(|c| tile.part(c, y, x, width)),
                Held::Fine(tile) => room.converted(|c| tile.part(c, y, x, width)),
                Held::Whole(_) => unreachable!("only kernels of their own read these"),
            });
        }
        rows
    }
}

fn stage_row(stage: &Stage, images: &[ImageRow], (x, y): (u32, u32), output: &mut [&mut [f32]]) {
    let keeps = stage.kernel.alpha() == Alpha::Keep;
    let seen = |layout: Layout| if keeps { layout.colours } else { layout.channels() } as usize;
    let (from, to) = (images[0].layout, stage.to);
    let mut inputs = [&[][..]; 8];
    let mut count = 0;
    for row in images.iter().flat_map(|image| &image.rows[..seen(image.layout)]) {
        inputs[count] = row;
        count += 1;
    }
    stage.kernel.row(PointRow { inputs: &inputs[..count], table: stage.table, x, y }, &mut output[..seen(to)]);
    if keeps && from.alpha && to.alpha {
        output[seen(to)].copy_from_slice(images[0].rows[seen(from)]);
    }
}
