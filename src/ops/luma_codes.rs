//! bt601 luma in whole 8-bit levels, for operations that are defined on them.

use crate::image::colour::{luma_code, luma_level, quantise};
use crate::image::{Depth, Layout};
use crate::op::{ByteRow, Formula, Graph, Kernel, NodeId, Point, PointRow, luma_bytes};
use crate::shader_struct;
use crate::simd::blockwise;
use crate::simd::colours::shift_colours;

shader_struct! {
    /// The luma of channels rounded to codes, `codes_per_level` of them in a level (1).
    struct LumaCodes { codes_per_level: f32, }
}

/// One channel of whole levels, whatever the depth; without alpha. A gray source of 8 bits is that already.
pub fn luma_codes(graph: &mut Graph, input: NodeId) -> NodeId {
    let layout = Layout { colours: 1, alpha: false, ..graph.layout(input) };
    if input == NodeId(0) && graph.layout(input) == layout && graph.depth == Depth::Eight {
        return input;
    }
    graph.push(Kernel::Point(std::sync::Arc::new(LumaCodes { codes_per_level: 1.0 })), &[input], layout)
}

/// The luma of a pixel in whole levels; of gray, which stands for all three, its own level.
pub fn rounded_luma(r: f32, g: f32, b: f32) -> f32 {
    luma_level(quantise(r, 1.0), quantise(g, 1.0), quantise(b, 1.0))
}

/// R, G and B of a row; of gray, its one channel for each.
pub fn red_green_blue<'a>(row: &PointRow<'a>) -> [&'a [f32]; 3] {
    [0, 1, 2].map(|c| row.inputs[c.min(row.inputs.len() - 1)])
}

/// Adds to the three channels of whole codes how far `result(luma, its results)` takes luma, and scales by `unit`.
pub fn add_by_luma(row: &PointRow, output: &mut [&mut [f32]], unit: f32, result: impl Fn(&[f32], &mut [f32])) {
    let [r, g, b] = row.inputs else { panic!("luma is that of three channels") };
    let (mut lumas, mut changes) = (vec![0.0; r.len()], vec![0.0; r.len()]);
    if unit == 1.0 {
        blockwise(
            [&mut lumas],
            [*r, *g, *b],
            #[inline(always)]
            |[r, g, b]| [luma_level(r, g, b)],
        );
    } else {
        // Sums of 16-bit codes are beyond what floats hold whole.
        for (luma, ((r, g), b)) in lumas.iter_mut().zip(r.iter().zip(*g).zip(*b)) {
            *luma = luma_code(*r as u32, *g as u32, *b as u32) as f32;
        }
    }
    result(&lumas, &mut changes);
    for (target, source) in output.iter_mut().zip(row.inputs) {
        blockwise(
            [target],
            [source, &lumas, &changes],
            #[inline(always)]
            |[v, luma, result]| [(v + (result - luma)) * unit],
        );
    }
}

/// Pixels whose luma is changed at once.
const PART: usize = 1024;

/// As `add_by_luma`, of bytes in which the results are whole, too; `result(first pixel, luma, its results)`.
pub fn shift_by_luma(pixels: &[u8], target: &mut [u8], result: impl Fn(usize, &[u8], &mut [u8])) {
    let parts = pixels.chunks(3 * PART).zip(target.chunks_mut(3 * PART));
    for (i, (pixels, target)) in parts.enumerate() {
        let (mut lumas, mut results) = ([0; PART], [0; PART]);
        let (lumas, results) = (&mut lumas[..pixels.len() / 3], &mut results[..pixels.len() / 3]);
        luma_bytes(pixels, lumas);
        result(i * PART, lumas, results);
        shift_colours(pixels, lumas, results, target);
    }
}

impl Point for LumaCodes {
    fn formula(&self) -> Formula {
        Formula::new("luma_codes", include_str!("../../shaders/ops/luma_codes.wgsl"), self)
    }

    fn row(&self, row: PointRow, output: &mut [&mut [f32]]) {
        let [r, g, b] = red_green_blue(&row);
        blockwise(
            [&mut *output[0]],
            [r, g, b],
            #[inline(always)]
            |[r, g, b]| [rounded_luma(r, g, b)],
        );
    }

    fn gives_levels(&self) -> bool {
        true
    }

    fn bytes(&self, row: ByteRow, target: &mut [u8]) -> bool {
        luma_bytes(row.pixels, target);
        true
    }
}
