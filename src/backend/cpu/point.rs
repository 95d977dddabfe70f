//! Point kernels over a tile.

use super::tile::Tile;
use crate::image::{Layout, Region};
use crate::op::{Alpha, Point, PointRow};

/// `images` are of one size; `from` is the first one's layout, `to` the result's.
pub fn tile(kernel: &dyn Point, images: &[&Tile], table: &[f32], from: Layout, to: Layout, region: Region) -> Tile {
    let mut out = Tile::new(region, to.channels() as usize);
    let keeps_alpha = from.alpha && kernel.alpha() == Alpha::Keep;
    let seen = if keeps_alpha { from.colours } else { from.channels() } as usize;
    let worked = if keeps_alpha { to.colours } else { to.channels() } as usize;
    for y in region.y..region.bottom() {
        let inputs: Vec<&[f32]> =
            images.iter().flat_map(|image| (0..seen).map(move |c| image.part(c, y, region.x, region.width))).collect();
        let mut outputs = out.rows_mut(y);
        kernel.row(PointRow { inputs: &inputs, table }, &mut outputs[..worked]);
        if keeps_alpha {
            outputs[worked].copy_from_slice(images[0].part(seen, y, region.x, region.width));
        }
    }
    out
}
