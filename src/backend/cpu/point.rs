//! Point kernels over a tile: runs of them row by row, so that what one gives the next still finds in the fastest cache.

use super::samples::Code;
use super::tile::{Held, Pooled, Tile, Value, convert};
use crate::image::{Layout, Region};
use crate::op::{Alpha, Point, PointRow};
use crate::simd::blockwise;

/// One kernel of a run.
pub struct Stage<'a> {
    pub kernel: &'a dyn Point,
    pub table: &'a [f32],
    /// Of its result.
    pub to: Layout,
}

/// A run of kernels, each of which reads the one before it. `images`, of one size and each with its layout, are read by
/// the first. Where `rounds`, the result may be rounded to bytes.
pub fn tile(run: &[Stage], images: &[(&Held, Layout)], region: Region, rounds: bool) -> Held {
    if images.iter().any(|(held, _)| held.step() > 1) {
        // Kernels that are the same to all channels see one.
        let one = |layout: Layout| Layout { colours: 1, ..layout };
        let run: Vec<Stage> = run.iter().map(|stage| Stage { to: one(stage.to), ..*stage }).collect();
        let images: Vec<(&Held, Layout)> = images.iter().map(|(held, layout)| (*held, one(*layout))).collect();
        return computed_as(&run, &images, region, rounds);
    }
    let of_samples = run.iter().take_while(|stage| stage.kernel.is_of_sample()).count();
    let [(Held::Bytes(levels), layout)] = images else { return computed_as(run, images, region, rounds) };
    if of_samples == 0 {
        return computed_as(run, images, region, rounds);
    }
    let tables = tables(&run[..of_samples], *layout);
    let (to, rest) = (run[of_samples - 1].to, &run[of_samples..]);
    if rest.is_empty() && rounds {
        return Held::Bytes(looked_up(levels, &tables, region, u8::nearest));
    }
    let values = looked_up(levels, &tables, region, |v| v);
    if rest.is_empty() {
        return Held::Reals(values);
    }
    computed_as(rest, &[(&Held::Reals(values), to)], region, rounds)
}

fn computed_as(run: &[Stage], images: &[(&Held, Layout)], region: Region, rounds: bool) -> Held {
    if rounds { Held::Bytes(rounded(run, images, region)) } else { Held::Reals(computed(run, images, region)) }
}

/// What a run of kernels that see samples alone makes of each level, by colour channel.
pub fn tables(run: &[Stage], layout: Layout) -> Vec<[f32; 256]> {
    let mut tables = vec![std::array::from_fn(|level| level as f32); layout.colours as usize];
    for stage in run {
        let levels = tables.clone();
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
    let mut run = Run::new(run, images, region);
    let mut out = run.tile();
    for y in region.y..region.bottom() {
        run.row(y, &mut out.rows_mut(y));
    }
    out
}

/// As `computed`, each row rounded while it is at hand.
fn rounded(run: &[Stage], images: &[(&Held, Layout)], region: Region) -> Tile<u8> {
    let mut run = Run::new(run, images, region);
    let mut out = run.tile();
    let mut values = Rows::new(run.last.to, region, run.step);
    for y in region.y..region.bottom() {
        run.row(y, &mut values.targets());
        for (values, target) in values.planes.iter().zip(out.rows_mut(y)) {
            blockwise(
                [target],
                [values],
                #[inline(always)]
                |[v]| [u8::nearest(v)],
            );
        }
    }
    out
}

/// A run with room for the rows that its kernels pass on.
struct Run<'a> {
    before: &'a [Stage<'a>],
    last: &'a Stage<'a>,
    images: &'a [(&'a Held, Layout)],
    /// What is read of each image.
    read: Vec<Rows>,
    /// What each kernel but the last gives.
    steps: Vec<Rows>,
    region: Region,
    /// Of its tiles.
    step: usize,
}

impl<'a> Run<'a> {
    fn new(run: &'a [Stage], images: &'a [(&'a Held, Layout)], region: Region) -> Run<'a> {
        let (last, before) = run.split_last().expect("a run has a kernel");
        let step = images[0].0.step();
        let read = images.iter().map(|(_, layout)| Rows::new(*layout, region, step)).collect();
        let steps = before.iter().map(|stage| Rows::new(stage.to, region, step)).collect();
        Run { before, last, images, read, steps, region, step }
    }

    /// One for its result.
    fn tile<T: Value>(&self) -> Tile<T> {
        let channels = self.last.to.channels() as usize;
        if self.step > 1 { Tile::packed(self.region, self.step) } else { Tile::new(self.region, channels) }
    }

    /// The last kernel's row `y`, a slice for each channel.
    fn row(&mut self, y: u32, output: &mut [&mut [f32]]) {
        let images: Vec<ImageRow> =
            self.images.iter().zip(&mut self.read).map(|((held, _), rows)| rows.read(held, y)).collect();
        for (i, stage) in self.before.iter().enumerate() {
            let (given, rest) = self.steps.split_at_mut(i);
            let input = given.last().map(Rows::image);
            let input = input.as_ref().map_or(&images[..], std::slice::from_ref);
            stage_row(stage, input, self.region.x, y, &mut rest[0].targets());
        }
        let input = self.steps.last().map(Rows::image);
        stage_row(self.last, input.as_ref().map_or(&images[..], std::slice::from_ref), self.region.x, y, output);
    }
}

/// A row of each channel of an image.
struct ImageRow<'a> {
    rows: Vec<&'a [f32]>,
    layout: Layout,
}

/// Room for a row of each channel of an image.
struct Rows {
    planes: Vec<Vec<f32>>,
    layout: Layout,
    region: Region,
}

impl Rows {
    fn new(layout: Layout, region: Region, step: usize) -> Rows {
        let plane = |_| f32::taken(region.width as usize * step);
        Rows { planes: (0..layout.channels()).map(plane).collect(), layout, region }
    }

    fn image(&self) -> ImageRow<'_> {
        ImageRow { rows: self.planes.iter().map(Vec::as_slice).collect(), layout: self.layout }
    }

    fn targets(&mut self) -> Vec<&mut [f32]> {
        self.planes.iter_mut().map(Vec::as_mut_slice).collect()
    }

    /// A row of a tile as `f32`, converted where it is none.
    fn read<'a>(&'a mut self, held: &'a Held, y: u32) -> ImageRow<'a> {
        let Region { x, width, .. } = self.region;
        match held {
            Held::Reals(tile) => {
                let rows = (0..tile.channels()).map(|c| tile.part(c, y, x, width)).collect();
                ImageRow { rows, layout: self.layout }
            }
            Held::Fine(_) | Held::Sums(_) => unreachable!("only sums along rows read these"),
            Held::Bytes(tile) => {
                for (c, plane) in self.planes.iter_mut().enumerate() {
                    convert(tile.part(c, y, x, width), plane);
                }
                self.image()
            }
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.planes.drain(..).for_each(f32::keep);
    }
}

fn stage_row(stage: &Stage, images: &[ImageRow], x: u32, y: u32, output: &mut [&mut [f32]]) {
    let keeps = stage.kernel.alpha() == Alpha::Keep;
    let seen = |layout: Layout| if keeps { layout.colours } else { layout.channels() } as usize;
    let inputs: Vec<&[f32]> = images.iter().flat_map(|image| &image.rows[..seen(image.layout)]).copied().collect();
    let (from, to) = (images[0].layout, stage.to);
    stage.kernel.row(PointRow { inputs: &inputs, table: stage.table, x, y }, &mut output[..seen(to)]);
    if keeps && from.alpha && to.alpha {
        output[seen(to)].copy_from_slice(images[0].rows[seen(from)]);
    }
}
