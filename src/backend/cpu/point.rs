//! Point kernels over a tile.

use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Point, PointRow};

/// `images` are of one size, each with its layout; `to` is the result's.
pub fn tile(kernel: &dyn Point, images: &[(&Tile, Layout)], table: &[f32], to: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, to.channels() as usize);
    let from = images[0].1;
    let keeps = kernel.alpha() == Alpha::Keep;
    let seen = |layout: Layout| if keeps { layout.colours } else { layout.channels() } as usize;
    let copies_alpha = keeps && from.alpha && to.alpha;
    for y in region.y..region.bottom() {
        let inputs: Vec<&[f32]> = images
            .iter()
            .flat_map(|(tile, layout)| (0..seen(*layout)).map(move |c| tile.part(c, y, region.x, region.width)))
            .collect();
        let mut outputs = out.rows_mut(y);
        kernel.row(PointRow { inputs: &inputs, table, x: region.x, y }, &mut outputs[..seen(to)]);
        if copies_alpha {
            outputs[seen(to)].copy_from_slice(images[0].0.part(seen(from), y, region.x, region.width));
        }
    }
    out
}
