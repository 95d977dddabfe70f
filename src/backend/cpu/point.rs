//! Point kernels over a tile: runs of them row by row, so that what one gives the next still finds in the fastest cache.

use super::samples::Code;
use super::tile::{Held, Pooled, Tile, Value, convert};
use crate::image::{Layout, Region};
use crate::op::{Alpha, Point, PointRow};

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
    let of_samples = run.iter().take_while(|stage| stage.kernel.is_of_sample()).count();
    let [(Held::Bytes(levels), layout)] = images else { return Held::Reals(computed(run, images, region)) };
    if of_samples == 0 {
        return Held::Reals(computed(run, images, region));
    }
    let tables = tables(&run[..of_samples], *layout);
    let (to, rest) = (run[of_samples - 1].to, &run[of_samples..]);
    if rest.is_empty() && rounds {
        return Held::Bytes(looked_up(levels, &tables, region, u8::nearest));
    }
    let values = looked_up(levels, &tables, region, |v| v);
    if rest.is_empty() {
        Held::Reals(values)
    } else {
        Held::Reals(computed(rest, &[(&Held::Reals(values), to)], region))
    }
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
    let (last, before) = run.split_last().expect("a run has a kernel");
    let mut out = Tile::new(region, last.to.channels() as usize);
    let mut read: Vec<Rows> = images.iter().map(|(_, layout)| Rows::new(*layout, region)).collect();
    let mut steps: Vec<Rows> = before.iter().map(|stage| Rows::new(stage.to, region)).collect();
    for y in region.y..region.bottom() {
        let images: Vec<ImageRow> = images.iter().zip(&mut read).map(|((held, _), rows)| rows.read(held, y)).collect();
        for (i, stage) in before.iter().enumerate() {
            let (given, rest) = steps.split_at_mut(i);
            let input = given.last().map(Rows::image);
            let mut output = rest[0].planes.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>();
            stage_row(stage, input.as_ref().map_or(&images[..], std::slice::from_ref), region.x, y, &mut output);
        }
        let input = steps.last().map(Rows::image);
        let input = input.as_ref().map_or(&images[..], std::slice::from_ref);
        stage_row(last, input, region.x, y, &mut out.rows_mut(y));
    }
    out
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
    fn new(layout: Layout, region: Region) -> Rows {
        let plane = |_| f32::taken(region.width as usize);
        Rows { planes: (0..layout.channels()).map(plane).collect(), layout, region }
    }

    fn image(&self) -> ImageRow<'_> {
        ImageRow { rows: self.planes.iter().map(Vec::as_slice).collect(), layout: self.layout }
    }

    /// A row of a tile as `f32`, converted where it is none.
    fn read<'a>(&'a mut self, held: &'a Held, y: u32) -> ImageRow<'a> {
        let Region { x, width, .. } = self.region;
        match held {
            Held::Reals(tile) => {
                let rows = (0..tile.channels()).map(|c| tile.part(c, y, x, width)).collect();
                ImageRow { rows, layout: self.layout }
            }
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
