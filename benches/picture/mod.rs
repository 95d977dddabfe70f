//! A drawn image that stresses kernels as a photo does: shading, edges at many scales, grain.

use imgproc::image::{Image, Layout, Samples};

/// An 8-bit image of `channels` 1 or 3. The same on every run and machine.
pub fn drawn(width: u32, height: u32, channels: u32) -> Image {
    let layout = Layout::new(width, height, channels);
    let mut codes = Vec::with_capacity(layout.samples() as usize);
    for y in 0..height {
        for x in 0..width {
            let relief = [(512, 70.0), (128, 40.0), (32, 20.0), (8, 10.0)]
                .map(|(cell, amount)| amount * (smooth(x, y, cell) - 0.5))
                .iter()
                .sum::<f32>();
            // Outlines of things: steps where a slow function passes its middle.
            let step = if smooth(x + 5000, y, 96) > 0.5 { 35.0 } else { -35.0 };
            for channel in 0..channels {
                let tint = 30.0 * (smooth(x + 9000 * (channel + 1), y, 256) - 0.5);
                let grain = 12.0 * (at(x, y, 77 + channel) - 0.5);
                codes.push((127.5 + relief + step + tint + grain) as u8);
            }
        }
    }
    Image::new(layout, Samples::U8(codes))
}

/// Random values at the corners of cells of that many pixels, bilinear between them; 0 to 1.
fn smooth(x: u32, y: u32, cell: u32) -> f32 {
    let (left, top) = (x / cell, y / cell);
    let (u, v) = ((x % cell) as f32 / cell as f32, (y % cell) as f32 / cell as f32);
    let row = |y| at(left, y, cell) * (1.0 - u) + at(left + 1, y, cell) * u;
    row(top) * (1.0 - v) + row(top + 1) * v
}

/// A random number of a place, 0 to 1.
fn at(x: u32, y: u32, seed: u32) -> f32 {
    let mut hash = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ seed.wrapping_mul(0xc2b2_ae3d);
    for _ in 0..2 {
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    }
    ((hash ^ (hash >> 16)) >> 8) as f32 / (1 << 24) as f32
}
