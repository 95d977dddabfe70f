//! `bilateral` of gray levels: as a difference of levels is one of 256, weights are looked up.
//!
//! Four neighbours at one distance are summed in 16 bits, weights as whole numbers; then these sums count by the distance, in `f32`.

use fearless_simd::{Simd, dispatch, f32x16, i32x16, prelude::*, u8x64, u16x32, u32x16};

use super::decay::decay;
use crate::op::WindowRows;
use crate::simd::level;
use crate::simd::tables::{LANES, Quarters};

/// The weight of no difference: four such sum up to 16 bits.
const ONE: f32 = 16_383.0;

/// What the window's neighbours weigh.
pub struct LevelWeights {
    reach: usize,
    /// By difference of levels.
    table: [u16; 256],
    fours: Vec<Four>,
}

/// Neighbours at one distance.
struct Four {
    /// Column and row in the window.
    places: [(usize, usize); 4],
    /// What they weigh by that.
    weight: f32,
}

impl LevelWeights {
    /// Differences and distances weigh `exp(-color d²)` and `exp(-space (dx² + dy²))`.
    pub fn new(radius: i32, color: f32, space: f32) -> LevelWeights {
        let table = std::array::from_fn(|d| (decay((d * d) as f32 * color) * ONE + 0.5) as u16);
        let place = |d: i32| (radius + d) as usize;
        // What a quarter turn moves a neighbour to lies as far away.
        let four = |(dx, dy): (i32, i32)| Four {
            places: [(dx, dy), (-dy, dx), (-dx, -dy), (dy, -dx)].map(|(dx, dy)| (place(dx), place(dy))),
            weight: decay((dx * dx + dy * dy) as f32 * space),
        };
        let quarter = (1..=radius).flat_map(|dx| (0..=radius).map(move |dy| (dx, dy)));
        let fours = quarter.filter(|(dx, dy)| dx * dx + dy * dy <= radius * radius).map(four).collect();
        LevelWeights { reach: radius as usize, table, fours }
    }

    /// A row of windows that fills a vector of 64 bytes.
    pub fn row(&self, window: WindowRows<u8>, target: &mut [u8]) {
        dispatch!(level(), simd => self.row_in_blocks(simd, window, target));
    }

    #[inline(always)]
    fn row_in_blocks<S: Simd>(&self, simd: S, window: WindowRows<u8>, target: &mut [u8]) {
        let bytes = |high: bool| self.table.map(|weight| weight.to_le_bytes()[usize::from(high)]);
        let quarters = [Quarters::new(simd, &bytes(false)), Quarters::new(simd, &bytes(true))];
        let n = target.len();
        for i in 0..n.div_ceil(LANES) {
            // The last one may overlap the one before it.
            let x = (i * LANES).min(n - LANES);
            self.block(simd, &quarters, window.rows, x, &mut target[x..x + LANES]);
        }
    }

    /// Sums stand apart by the pixel's place in four: words of 32 bits hold four pixels, halves of them two.
    #[inline(always)]
    fn block<S: Simd>(&self, simd: S, quarters: &[Quarters<S>; 2], rows: &[&[u8]], x: usize, target: &mut [u8]) {
        let load = |(column, row): (usize, usize)| u8x64::from_slice(simd, &rows[row][x + column..][..LANES]);
        let own = load((self.reach, self.reach));
        let mut weights = [f32x16::splat(simd, ONE); 4];
        let mut products = [f32x16::splat(simd, 0.0); 4];
        let own_halves = apart(own);
        for i in 0..2 {
            let [low, high] = reals(own_halves[i] >> 7);
            products[i] = low * (ONE / 256.0);
            products[i + 2] = high * (ONE / 256.0);
        }
        for Four { places, weight } in &self.fours {
            let (mut of_weights, mut of_products) = ([u16x32::splat(simd, 0); 2], [u16x32::splat(simd, 0); 2]);
            for place in *places {
                let other = load(place);
                let (own_weights, values) =
                    (self.look_up(simd, quarters, own.max(other) - own.min(other)), apart(other));
                for i in 0..2 {
                    of_weights[i] += own_weights[i];
                    of_products[i] += product(simd, own_weights[i], values[i]);
                }
            }
            for i in 0..2 {
                let ([w_low, w_high], [p_low, p_high]) = (reals(of_weights[i]), reals(of_products[i]));
                weights[i] += w_low * *weight;
                weights[i + 2] += w_high * *weight;
                products[i] += p_low * *weight;
                products[i + 2] += p_high * *weight;
            }
        }
        let mut levels = u32x16::splat(simd, 0);
        for i in 0..4 {
            // Adding 2^23 leaves the nearest whole number in the lowest bits.
            let mean = (products[i] * 256.0 / weights[i]).min(f32x16::splat(simd, 255.0)) + 8_388_608.0;
            levels |= (mean.bitcast::<u32x16<S>>() & 255) << (8 * i as u32);
        }
        levels.bitcast::<u8x64<S>>().store_slice(target);
    }

    /// Weights of bytes at even places, and of those at odd ones.
    #[inline(always)]
    fn look_up<S: Simd>(&self, simd: S, quarters: &[Quarters<S>; 2], d: u8x64<S>) -> [u16x32<S>; 2] {
        if S::u8s::LEN == LANES {
            let [low, high] = [0, 1].map(|i| quarters[i].of(d).bitcast::<u16x32<S>>());
            return [(low & 255) | (high << 8), (low >> 8) | (high & 0xff00)];
        }
        let mut bytes = [0; LANES];
        d.store_slice(&mut bytes);
        let weights =
            |odd: usize| -> [u16; 32] { std::array::from_fn(|i| self.table[usize::from(bytes[2 * i + odd])]) };
        [0, 1].map(|odd| u16x32::from_slice(simd, &weights(odd)))
    }
}

/// Bytes at even places, and those at odd ones, times 128.
#[inline(always)]
fn apart<S: Simd>(bytes: u8x64<S>) -> [u16x32<S>; 2] {
    let pairs = bytes.bitcast::<u16x32<S>>();
    [(pairs << 8) >> 1, (pairs & 0xff00) >> 1]
}

/// Values at even places, and those at odd ones.
#[inline(always)]
fn reals<S: Simd>(values: u16x32<S>) -> [f32x16<S>; 2] {
    let pairs = values.bitcast::<u32x16<S>>();
    [pairs & 0xffff, pairs >> 16].map(|values| values.bitcast::<i32x16<S>>().to_float())
}

/// A 256th of each weight's product with a byte that is there 128 times, to the nearest: what weighs nothing adds nothing.
#[inline(always)]
fn product<S: Simd>(simd: S, weights: u16x32<S>, values: u16x32<S>) -> u16x32<S> {
    let (mut x, mut y) = ([0; 32], [0; 32]);
    weights.store_slice(&mut x);
    values.store_slice(&mut y);
    for i in 0..32 {
        x[i] = ((i32::from(x[i] as i16) * i32::from(y[i] as i16) + (1 << 14)) >> 15) as u16;
    }
    u16x32::from_slice(simd, &x)
}
