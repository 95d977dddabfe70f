//! Point kernels on interleaved bytes.

use crate::image::colour::luma;
use crate::simd::colours::map_to_gray;

/// Pixels of whole levels whose channels stand beside one another: R, G and B, or gray where the kernel sees the place (else
/// tables of 256 levels stand for it). Of a kernel that sees no place they may be of several rows.
pub struct ByteRow<'a> {
    pub pixels: &'a [u8],
    /// As that of a `PointRow`.
    pub table: &'a [f32],
    /// Place of the first pixel, px.
    pub x: u32,
    pub y: u32,
}

/// The bt601 luma in whole levels of R, G and B.
pub fn luma_bytes(pixels: &[u8], target: &mut [u8]) {
    map_to_gray(
        pixels,
        target,
        #[inline(always)]
        |[r, g, b]| luma(r, g, b),
    );
}
