//! Interleaved samples to planes, and back.

use fearless_simd::{Simd, dispatch, prelude::*, u8x16};

use crate::simd::level;

/// `planes[c][x]` from sample `c` of pixel `x`.
pub fn split<const C: usize, T: Copy>(source: &[T], planes: [&mut [T]; C]) {
    for (x, pixel) in source.chunks_exact(C).enumerate() {
        for c in 0..C {
            planes[c][x] = pixel[c];
        }
    }
}

/// Sample `c` of pixel `x` from `planes[c][x]`.
pub fn join<const C: usize, T: Copy>(planes: [&[T]; C], target: &mut [T]) {
    for (x, pixel) in target.chunks_exact_mut(C).enumerate() {
        for c in 0..C {
            pixel[c] = planes[c][x];
        }
    }
}

/// Pixels whose bytes are shuffled at once: three vectors of colours, one of each channel.
const PIXELS: usize = 16;

/// [`split`] for bytes of three channels, which compilers do byte by byte.
pub fn split_colours(source: &[u8], planes: [&mut [u8]; 3]) {
    let whole = planes[0].len() / PIXELS * PIXELS;
    let (head, tail) = source.split_at(3 * whole);
    let [(r, rest_r), (g, rest_g), (b, rest_b)] = planes.map(|plane| plane.split_at_mut(whole));
    dispatch!(level(), simd => split_vectors(simd, head, [r, g, b]));
    split(tail, [rest_r, rest_g, rest_b]);
}

/// [`join`] for bytes of three channels.
pub fn join_colours(planes: [&[u8]; 3], target: &mut [u8]) {
    let whole = planes[0].len() / PIXELS * PIXELS;
    let (head, tail) = target.split_at_mut(3 * whole);
    let [(r, rest_r), (g, rest_g), (b, rest_b)] = planes.map(|plane| plane.split_at(whole));
    dispatch!(level(), simd => join_vectors(simd, [r, g, b], head));
    join([rest_r, rest_g, rest_b], tail);
}

/// For each of 16 pixels, where its sample of a channel stands in vector `from` of the three that hold them; past the end,
/// so nothing, where it stands in another.
const fn split_indices(channel: usize, from: usize) -> [u8; PIXELS] {
    let mut indices = [u8::MAX; PIXELS];
    let mut pixel = 0;
    while pixel < PIXELS {
        let place = 3 * pixel + channel;
        if place / PIXELS == from {
            indices[pixel] = (place % PIXELS) as u8;
        }
        pixel += 1;
    }
    indices
}

/// Which pixel of a channel stands in each byte of vector `to`; past the end where none does.
const fn join_indices(channel: usize, to: usize) -> [u8; PIXELS] {
    let mut indices = [u8::MAX; PIXELS];
    let mut lane = 0;
    while lane < PIXELS {
        let place = PIXELS * to + lane;
        if place % 3 == channel {
            indices[lane] = (place / 3) as u8;
        }
        lane += 1;
    }
    indices
}

#[inline(always)]
fn split_vectors<S: Simd>(simd: S, source: &[u8], [r, g, b]: [&mut [u8]; 3]) {
    let targets = r.chunks_exact_mut(PIXELS).zip(g.chunks_exact_mut(PIXELS)).zip(b.chunks_exact_mut(PIXELS));
    for (pixels, ((r, g), b)) in source.chunks_exact(3 * PIXELS).zip(targets) {
        let (first, rest) = pixels.split_at(PIXELS);
        let (second, third) = rest.split_at(PIXELS);
        let vectors = [u8x16::from_slice(simd, first), u8x16::from_slice(simd, second), u8x16::from_slice(simd, third)];
        gathered(simd, vectors, const { [split_indices(0, 0), split_indices(0, 1), split_indices(0, 2)] }, r);
        gathered(simd, vectors, const { [split_indices(1, 0), split_indices(1, 1), split_indices(1, 2)] }, g);
        gathered(simd, vectors, const { [split_indices(2, 0), split_indices(2, 1), split_indices(2, 2)] }, b);
    }
}

#[inline(always)]
fn join_vectors<S: Simd>(simd: S, [r, g, b]: [&[u8]; 3], target: &mut [u8]) {
    let sources = r.chunks_exact(PIXELS).zip(g.chunks_exact(PIXELS)).zip(b.chunks_exact(PIXELS));
    for (pixels, ((r, g), b)) in target.chunks_exact_mut(3 * PIXELS).zip(sources) {
        let vectors = [u8x16::from_slice(simd, r), u8x16::from_slice(simd, g), u8x16::from_slice(simd, b)];
        let (first, rest) = pixels.split_at_mut(PIXELS);
        let (second, third) = rest.split_at_mut(PIXELS);
        gathered(simd, vectors, const { [join_indices(0, 0), join_indices(1, 0), join_indices(2, 0)] }, first);
        gathered(simd, vectors, const { [join_indices(0, 1), join_indices(1, 1), join_indices(2, 1)] }, second);
        gathered(simd, vectors, const { [join_indices(0, 2), join_indices(1, 2), join_indices(2, 2)] }, third);
    }
}

/// Sixteen bytes, each from the one vector whose index for it is within it.
#[inline(always)]
fn gathered<S: Simd>(simd: S, vectors: [u8x16<S>; 3], indices: [[u8; PIXELS]; 3], target: &mut [u8]) {
    let [a, b, c] = vectors;
    let [from_a, from_b, from_c] = indices;
    let a = a.swizzle_dyn_precise(u8x16::from_slice(simd, &from_a));
    let b = b.swizzle_dyn_precise(u8x16::from_slice(simd, &from_b));
    let c = c.swizzle_dyn_precise(u8x16::from_slice(simd, &from_c));
    (a | b | c).store_slice(target);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_any_number_of_pixels_are_split_and_joined_again() {
        for pixels in [1usize, 15, 16, 17, 64, 100] {
            let source: Vec<u8> = (0..3 * pixels).map(|i| (i * 37 % 251) as u8).collect();
            let mut planes = vec![vec![0u8; pixels]; 3];
            let [r, g, b] = &mut planes[..] else { unreachable!() };
            split_colours(&source, [r, g, b]);
            for (i, v) in source.iter().enumerate() {
                assert_eq!(planes[i % 3][i / 3], *v, "{pixels} pixels");
            }
            let mut again = vec![0; source.len()];
            join_colours([&planes[0], &planes[1], &planes[2]], &mut again);
            assert_eq!(again, source);
        }
    }
}
