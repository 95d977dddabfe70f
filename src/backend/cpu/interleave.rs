//! Interleaved samples to planes, and back.

use fearless_simd::{Simd, dispatch, prelude::*, u8x16, u8x64};

use super::samples::Code;
use crate::simd::colours::{closed, spread};
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

/// Pixels whose bytes are shuffled at once, three vectors of colours and one of each channel: those of 64 bytes where there
/// are such.
const PIXELS: usize = 16;
const WIDE: usize = 64;

/// [`split`] for bytes of three channels, which compilers do byte by byte.
pub fn split_colours(source: &[u8], [r, g, b]: [&mut [u8]; 3]) {
    let wide = dispatch!(level(), simd => split_wide(simd, source, [&mut *r, &mut *g, &mut *b]));
    let whole = wide + (r.len() - wide) / PIXELS * PIXELS;
    let narrow = [&mut r[wide..whole], &mut g[wide..whole], &mut b[wide..whole]];
    dispatch!(level(), simd => split_vectors(simd, &source[3 * wide..3 * whole], narrow));
    split(&source[3 * whole..], [&mut r[whole..], &mut g[whole..], &mut b[whole..]]);
}

/// [`join`] for bytes of three channels.
pub fn join_colours([r, g, b]: [&[u8]; 3], target: &mut [u8]) {
    let wide = dispatch!(level(), simd => join_wide(simd, [r, g, b], target));
    let whole = wide + (r.len() - wide) / PIXELS * PIXELS;
    let narrow = [&r[wide..whole], &g[wide..whole], &b[wide..whole]];
    dispatch!(level(), simd => join_vectors(simd, narrow, &mut target[3 * wide..3 * whole]));
    join([&r[whole..], &g[whole..], &b[whole..]], &mut target[3 * whole..]);
}

/// Where a byte of one vector that is made of three comes from: from the first two, and then from that and the third.
type Woven = [[u8; WIDE]; 2];

/// Bytes each at a `place` of three vectors in a row.
const fn woven(places: [usize; WIDE]) -> Woven {
    let mut steps = [[0; WIDE]; 2];
    let mut i = 0;
    while i < WIDE {
        if places[i] < 2 * WIDE {
            (steps[0][i], steps[1][i]) = (places[i] as u8, i as u8);
        } else {
            steps[1][i] = (places[i] - WIDE) as u8;
        }
        i += 1;
    }
    steps
}

/// Channel `channel` of 64 pixels.
const fn woven_split(channel: usize) -> Woven {
    let mut places = [0; WIDE];
    let mut i = 0;
    while i < WIDE {
        places[i] = 3 * i + channel;
        i += 1;
    }
    woven(places)
}

/// The `part`th third of 64 pixels whose channels stand one after another.
const fn woven_join(part: usize) -> Woven {
    let mut places = [0; WIDE];
    let mut i = 0;
    while i < WIDE {
        let at = WIDE * part + i;
        places[i] = WIDE * (at % 3) + at / 3;
        i += 1;
    }
    woven(places)
}

#[inline(always)]
fn weave<S: Simd>(simd: S, [a, b, c]: [u8x64<S>; 3], [first, second]: &Woven) -> u8x64<S> {
    let both = a.concat_swizzle_dyn(b, u8x64::from_slice(simd, first));
    both.concat_swizzle_dyn(c, u8x64::from_slice(simd, second))
}

/// How many pixels it split: none where vectors are shorter.
#[inline(always)]
fn split_wide<S: Simd>(simd: S, source: &[u8], [r, g, b]: [&mut [u8]; 3]) -> usize {
    if S::u8s::LEN != WIDE {
        return 0;
    }
    let whole = r.len() / WIDE * WIDE;
    for x in (0..whole).step_by(WIDE) {
        let vector = |i: usize| u8x64::from_slice(simd, &source[3 * x + WIDE * i..][..WIDE]);
        let pixels = [vector(0), vector(1), vector(2)];
        weave(simd, pixels, const { &woven_split(0) }).store_slice(&mut r[x..x + WIDE]);
        weave(simd, pixels, const { &woven_split(1) }).store_slice(&mut g[x..x + WIDE]);
        weave(simd, pixels, const { &woven_split(2) }).store_slice(&mut b[x..x + WIDE]);
    }
    whole
}

#[inline(always)]
fn join_wide<S: Simd>(simd: S, [r, g, b]: [&[u8]; 3], target: &mut [u8]) -> usize {
    if S::u8s::LEN != WIDE {
        return 0;
    }
    let whole = r.len() / WIDE * WIDE;
    for x in (0..whole).step_by(WIDE) {
        let vector = |row: &[u8]| u8x64::from_slice(simd, &row[x..x + WIDE]);
        store_joined(simd, [vector(r), vector(g), vector(b)], &mut target[3 * x..3 * (x + WIDE)]);
    }
    whole
}

/// 64 pixels of three channels.
#[inline(always)]
pub fn store_joined<S: Simd>(simd: S, colours: [u8x64<S>; 3], target: &mut [u8]) {
    weave(simd, colours, const { &woven_join(0) }).store_slice(&mut target[..WIDE]);
    weave(simd, colours, const { &woven_join(1) }).store_slice(&mut target[WIDE..2 * WIDE]);
    weave(simd, colours, const { &woven_join(2) }).store_slice(&mut target[2 * WIDE..3 * WIDE]);
}

/// Bytes of three channels as planes of `f32`.
pub fn spread_colours(source: &[u8], planes: [&mut [f32]; 3]) {
    dispatch!(level(), simd => spread_vectors(simd, source, planes));
}

/// Planes of three channels as the bytes that they round to.
pub fn gather_colours(planes: [&[f32]; 3], target: &mut [u8]) {
    dispatch!(level(), simd => gather_vectors(simd, planes, target));
}

/// How often a vector of bytes that advances by three quarters of itself fits into `length`.
fn steps(length: usize, vector: usize) -> usize {
    length.saturating_sub(vector / 4) / (vector / 4 * 3)
}

#[inline(always)]
fn spread_vectors<S: Simd>(simd: S, source: &[u8], [r, g, b]: [&mut [f32]; 3]) {
    let (bytes, pixels) = (S::u8s::LEN, S::f32s::LEN);
    let (n, whole) = (source.len() / 3, steps(source.len(), bytes) * pixels);
    if n < pixels {
        split_levels(source, [r, g, b]);
        return;
    }
    for x in (0..whole).step_by(pixels) {
        let planes = [&mut r[x..x + pixels], &mut g[x..x + pixels], &mut b[x..x + pixels]];
        store_planes::<S>(spread(simd, &source[3 * x..3 * x + bytes]), planes);
    }
    for x in (whole..n).step_by(pixels) {
        // The last ones may be done a second time.
        let x = x.min(n - pixels);
        let mut copy = [0; WIDE];
        copy[..3 * pixels].copy_from_slice(&source[3 * x..3 * (x + pixels)]);
        let planes = [&mut r[x..x + pixels], &mut g[x..x + pixels], &mut b[x..x + pixels]];
        store_planes::<S>(spread(simd, &copy[..bytes]), planes);
    }
}

#[inline(always)]
fn store_planes<S: Simd>([red, green, blue]: [S::f32s; 3], [r, g, b]: [&mut [f32]; 3]) {
    red.store_slice(r);
    green.store_slice(g);
    blue.store_slice(b);
}

fn split_levels(source: &[u8], [r, g, b]: [&mut [f32]; 3]) {
    for (x, pixel) in source.chunks_exact(3).enumerate() {
        (r[x], g[x], b[x]) = (f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2]));
    }
}

#[inline(always)]
fn gather_vectors<S: Simd>(simd: S, [r, g, b]: [&[f32]; 3], target: &mut [u8]) {
    let (bytes, pixels) = (S::u8s::LEN, S::f32s::LEN);
    let (n, whole) = (r.len(), steps(target.len(), bytes) * pixels);
    if n < pixels {
        join_levels([r, g, b], target);
        return;
    }
    for x in (0..whole).step_by(pixels) {
        // The next ones write over what stands behind the pixels.
        closed(simd, plane_vectors(simd, [r, g, b], x)).store_slice(&mut target[3 * x..3 * x + bytes]);
    }
    for x in (whole..n).step_by(pixels) {
        let x = x.min(n - pixels);
        let codes = closed(simd, plane_vectors(simd, [r, g, b], x));
        target[3 * x..3 * (x + pixels)].copy_from_slice(&codes.as_slice()[..3 * pixels]);
    }
}

#[inline(always)]
fn plane_vectors<S: Simd>(simd: S, [r, g, b]: [&[f32]; 3], x: usize) -> [S::f32s; 3] {
    let end = x + S::f32s::LEN;
    // No closure: compilers call it.
    [
        S::f32s::from_slice(simd, &r[x..end]),
        S::f32s::from_slice(simd, &g[x..end]),
        S::f32s::from_slice(simd, &b[x..end]),
    ]
}

fn join_levels([r, g, b]: [&[f32]; 3], target: &mut [u8]) {
    for (x, pixel) in target.chunks_exact_mut(3).enumerate() {
        pixel.copy_from_slice(&[u8::nearest(r[x]), u8::nearest(g[x]), u8::nearest(b[x])]);
    }
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
        for pixels in [1usize, 15, 16, 17, 64, 100, 233] {
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

            let mut planes = vec![vec![0.0; pixels]; 3];
            let [r, g, b] = &mut planes[..] else { unreachable!() };
            spread_colours(&source, [r, g, b]);
            for (i, v) in source.iter().enumerate() {
                assert_eq!(planes[i % 3][i / 3], f32::from(*v), "{pixels} pixels");
            }
            planes.iter_mut().flatten().for_each(|v| *v = *v * 1.7 - 60.5);
            let codes: Vec<u8> = source.iter().map(|v| u8::nearest(f32::from(*v) * 1.7 - 60.5)).collect();
            gather_colours([&planes[0], &planes[1], &planes[2]], &mut again);
            assert_eq!(again, codes);
        }
    }
}
