//! Interleaved bytes of R, G and B, as they stand in images, computed on in registers.

use fearless_simd::{Simd, dispatch, prelude::*};

use super::{MOST_LANES, level};

/// Values of a vector of `f32`, at most.
const MOST_REALS: usize = MOST_LANES / 4;

/// A pixel in each 32 bits; what stands in the highest byte is to be left out.
const SPREAD: [u8; MOST_LANES] = {
    let mut places = [0; MOST_LANES];
    let mut i = 0;
    while i < MOST_LANES {
        places[i] = (i / 4 * 3 + if i % 4 < 3 { i % 4 } else { 2 }) as u8;
        i += 1;
    }
    places
};

/// The way back, in the first three quarters of a vector.
const CLOSE: [u8; MOST_LANES] = {
    let mut places = [0; MOST_LANES];
    let mut i = 0;
    while i < MOST_LANES / 4 * 3 {
        places[i] = (i / 3 * 4 + i % 3) as u8;
        i += 1;
    }
    places
};

/// As many pixels as a vector of `f32` holds, in the first three quarters of one of bytes.
#[inline(always)]
pub fn spread<S: Simd>(simd: S, source: &[u8]) -> [S::f32s; 3] {
    let places = S::u8s::from_slice(simd, &SPREAD[..S::u8s::LEN]);
    let v: S::u32s = S::u8s::from_slice(simd, source).swizzle_dyn(places).bitcast();
    [lowest::<S>(v), lowest::<S>(v >> 8), lowest::<S>(v >> 16)]
}

/// The lowest byte of each.
#[inline(always)]
fn lowest<S: Simd>(v: S::u32s) -> S::f32s {
    (v & 255).bitcast::<S::i32s>().to_float()
}

/// The way back: what their values round to, clamped, halves up; something stands behind them.
#[inline(always)]
pub fn closed<S: Simd>(simd: S, [r, g, b]: [S::f32s; 3]) -> S::u8s {
    let places = S::u8s::from_slice(simd, &CLOSE[..S::u8s::LEN]);
    let v = rounded::<S>(simd, r) | (rounded::<S>(simd, g) << 8) | (rounded::<S>(simd, b) << 16);
    v.bitcast::<S::u8s>().swizzle_dyn(places)
}

#[inline(always)]
fn rounded<S: Simd>(simd: S, values: S::f32s) -> S::u32s {
    let (least, most) = (S::f32s::splat(simd, 0.0), S::f32s::splat(simd, 255.0));
    (values.max(least).min(most) + 0.5).to_int::<S::i32s>().bitcast()
}

/// R, G and B of each pixel to what `function` of their levels rounds to.
#[inline(always)]
pub fn map_colours(source: &[u8], target: &mut [u8], function: impl Fn([f32; 3]) -> [f32; 3]) {
    dispatch!(level(), simd => mapped::<_, 3>(simd, source, target, function));
}

/// R, G and B of each pixel to the one byte that `function` of their levels rounds to.
#[inline(always)]
pub fn map_to_gray(source: &[u8], target: &mut [u8], function: impl Fn([f32; 3]) -> f32) {
    dispatch!(level(), simd => mapped::<_, 1>(simd, source, target, #[inline(always)] |v| [function(v)]));
}

#[inline(always)]
fn mapped<S: Simd, const N: usize>(simd: S, source: &[u8], target: &mut [u8], function: impl Fn([f32; 3]) -> [f32; N]) {
    let (bytes, pixels) = (S::u8s::LEN, S::f32s::LEN);
    let written = if N == 3 { bytes } else { pixels };
    let n = source.len() / 3;
    let mut x = 0;
    // What is written behind the pixels is written over by the next ones.
    while 3 * x + bytes <= source.len() && N * x + written <= target.len() {
        map_vector(simd, &source[3 * x..3 * x + bytes], &mut target[N * x..N * x + written], &function);
        x += pixels;
    }
    while x < n {
        let count = pixels.min(n - x);
        let (mut rest, mut results) = ([0; MOST_LANES], [0; MOST_LANES]);
        rest[..3 * count].copy_from_slice(&source[3 * x..3 * (x + count)]);
        map_vector(simd, &rest[..bytes], &mut results[..written], &function);
        target[N * x..N * (x + count)].copy_from_slice(&results[..N * count]);
        x += count;
    }
}

#[inline(always)]
fn map_vector<S: Simd, const N: usize>(
    simd: S,
    source: &[u8],
    target: &mut [u8],
    function: &impl Fn([f32; 3]) -> [f32; N],
) {
    let pixels = S::f32s::LEN;
    let colours = spread(simd, source);
    let mut values = [[0.0; MOST_REALS]; 3];
    for c in 0..3 {
        colours[c].store_slice(&mut values[c][..pixels]);
    }
    let mut results = [[0.0; MOST_REALS]; N];
    for i in 0..pixels {
        let result = function([values[0][i], values[1][i], values[2][i]]);
        for c in 0..N {
            results[c][i] = result[c];
        }
    }
    let mut vectors = [S::f32s::splat(simd, 0.0); 3];
    for c in 0..N {
        vectors[c] = S::f32s::from_slice(simd, &results[c][..pixels]);
    }
    if N == 3 {
        closed(simd, vectors).store_slice(target);
    } else {
        let mut codes = [0; MOST_REALS];
        rounded::<S>(simd, vectors[0]).store_slice(&mut codes[..pixels]);
        for i in 0..pixels {
            target[i] = codes[i] as u8;
        }
    }
}

/// Each of R, G and B as far up or down as its pixel's byte is from `from` to `to`, clamped.
pub fn shift_colours(source: &[u8], from: &[u8], to: &[u8], target: &mut [u8]) {
    dispatch!(level(), simd => shifted(simd, source, [from, to], target));
}

/// Which of a vector's pixels the bytes of the three vectors that hold them are of.
const fn thirds(lanes: usize) -> [[u8; MOST_LANES]; 3] {
    let mut places = [[0; MOST_LANES]; 3];
    let mut i = 0;
    while i < 3 * lanes {
        places[i / lanes][i % lanes] = (i / 3) as u8;
        i += 1;
    }
    places
}

#[inline(always)]
fn shifted<S: Simd>(simd: S, source: &[u8], [from, to]: [&[u8]; 2], target: &mut [u8]) {
    let lanes = S::u8s::LEN;
    let whole = from.len() / lanes * lanes;
    let places = const { thirds(S::u8s::LEN) };
    for x in (0..whole).step_by(lanes) {
        let (mut up, mut down) = ([0; MOST_LANES], [0; MOST_LANES]);
        let (from, to) = (&from[x..x + lanes], &to[x..x + lanes]);
        for i in 0..lanes {
            up[i] = to[i].saturating_sub(from[i]);
            down[i] = from[i].saturating_sub(to[i]);
        }
        let (up, down) = (S::u8s::from_slice(simd, &up[..lanes]), S::u8s::from_slice(simd, &down[..lanes]));
        for part in 0..3 {
            let places = S::u8s::from_slice(simd, &places[part][..lanes]);
            let (mut ups, mut downs) = ([0; MOST_LANES], [0; MOST_LANES]);
            up.swizzle_dyn(places).store_slice(&mut ups[..lanes]);
            down.swizzle_dyn(places).store_slice(&mut downs[..lanes]);
            let begin = 3 * x + part * lanes;
            let (source, target) = (&source[begin..begin + lanes], &mut target[begin..begin + lanes]);
            let mut results = [0; MOST_LANES];
            for i in 0..lanes {
                results[i] = source[i].saturating_add(ups[i]).saturating_sub(downs[i]);
            }
            S::u8s::from_slice(simd, &results[..lanes]).store_slice(target);
        }
    }
    for x in whole..from.len() {
        for i in 3 * x..3 * (x + 1) {
            let (up, down) = (to[x].saturating_sub(from[x]), from[x].saturating_sub(to[x]));
            target[i] = source[i].saturating_add(up).saturating_sub(down);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_any_number_of_pixels_are_mapped_and_shifted() {
        for pixels in [1usize, 3, 15, 16, 17, 21, 22, 64, 65, 100, 233] {
            let source: Vec<u8> = (0..3 * pixels).map(|i| (i * 37 % 251) as u8).collect();
            let mut target = vec![7; source.len()];
            map_colours(&source, &mut target, |[r, g, b]| [b * 1.5 - 60.0, r + 0.5, g - 0.6]);
            let expected = source.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| {
                [(f32::from(b) * 1.5 - 60.0 + 0.5) as u8, r.saturating_add(1), g.saturating_sub(1)]
            });
            assert!(target.iter().copied().eq(expected), "{pixels} pixels");

            let mut gray = vec![7; pixels];
            map_to_gray(&source, &mut gray, |[r, g, b]| (r + g + b) / 3.0);
            let sums = source.as_chunks::<3>().0.iter().map(|v| v.map(u32::from).iter().sum::<u32>());
            assert!(gray.iter().map(|v| u32::from(*v)).eq(sums.map(|sum| (2 * sum + 3) / 6)), "{pixels} pixels");

            let to: Vec<u8> = gray.iter().map(|v| v.wrapping_mul(29)).collect();
            shift_colours(&source, &gray, &to, &mut target);
            for (i, v) in target.iter().enumerate() {
                let sum = i32::from(source[i]) + i32::from(to[i / 3]) - i32::from(gray[i / 3]);
                assert_eq!(i32::from(*v), sum.clamp(0, 255), "{pixels} pixels");
            }
        }
    }
}
