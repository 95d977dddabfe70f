//! Weighted sums over lists of neighbours, from levels to levels, in 16 bits.

use super::fixed::{cut_off, in_parts, product};
use super::samples::Code;
use super::stencil::taps;
use crate::op::{Stencil, WindowRows};
use crate::simd::fold_taps;

/// How a stencil's sums are made.
pub struct LevelSum<'a> {
    stencil: &'a Stencil,
    method: Method,
}

enum Method {
    /// Whole weights: as exact as in `f32`.
    Whole { weights: Vec<i16> },
    /// The same, of which only a whole offset is wanted.
    Plain { weights: Vec<i16>, offset: i16 },
    /// Products with parts, of which each keeps its upper 16 bits: they lie within a tenth of a level, mostly within a few hundredths.
    Fixed { parts: Vec<i16>, start: i16, fraction: u32 },
}

/// What a sum cuts off, in levels, at most: by the root of its taps, as it grows.
const MOST_CUT_OFF: f32 = 0.04;

/// The deviation of what one product cuts off, in its last bit.
const CUT_OFF: f32 = 0.29;

impl LevelSum<'_> {
    /// None where 16 bits don't hold sums, or not all of them though they are to be exact.
    pub fn new(stencil: &Stencil, exact: bool) -> Option<LevelSum<'_>> {
        let method = Method::whole(stencil).or_else(|| if exact { None } else { Method::fixed(stencil) })?;
        Some(LevelSum { stencil, method })
    }

    pub fn row(&self, window: WindowRows<u8>, target: &mut [u8]) {
        let taps = taps(self.stencil, window, target.len());
        match &self.method {
            Method::Whole { weights } => {
                let Stencil { scale, offset, .. } = *self.stencil;
                fold_taps(
                    &taps,
                    target,
                    0,
                    #[inline(always)]
                    |sum: i16, k, [v]| sum.wrapping_add(weights[k].wrapping_mul(v.into())),
                    #[inline(always)]
                    |sum| u8::nearest(scale * f32::from(sum) + offset),
                );
            }
            Method::Plain { weights, offset } => fold_taps(
                &taps,
                target,
                *offset,
                #[inline(always)]
                |sum: i16, k, [v]| sum.wrapping_add(weights[k].wrapping_mul(v.into())),
                #[inline(always)]
                |sum| sum.clamp(0, 255) as u8,
            ),
            Method::Fixed { parts, start, fraction } => {
                let fraction = *fraction;
                fold_taps(
                    &taps,
                    target,
                    *start,
                    #[inline(always)]
                    |sum: i16, k, [v]: [u8; 1]| sum.wrapping_add(product(i16::from(v) << 7, parts[k])),
                    #[inline(always)]
                    |sum| (sum >> fraction).clamp(0, 255) as u8,
                );
            }
        }
    }
}

impl Method {
    fn whole(stencil: &Stencil) -> Option<Method> {
        let Stencil { scale, offset, .. } = *stencil;
        let counted = || stencil.counted().map(|tap| tap.weight);
        let most = 255.0 * counted().map(f32::abs).sum::<f32>() + offset.abs();
        if counted().any(|weight| weight.fract() != 0.0) || most > f32::from(i16::MAX) {
            return None;
        }
        let weights = counted().map(|weight| weight as i16).collect();
        let is_plain = scale == 1.0 && offset.fract() == 0.0;
        Some(if is_plain { Method::Plain { weights, offset: offset as i16 } } else { Method::Whole { weights } })
    }

    fn fixed(stencil: &Stencil) -> Option<Method> {
        let weights: Vec<f32> = stencil.counted().map(|tap| tap.weight * stencil.scale).collect();
        let sum = |sign: f32| 255.0 * weights.iter().map(|w| (sign * w).max(0.0)).sum::<f32>();
        let most = (sum(1.0) + stencil.offset).max(sum(-1.0) - stencil.offset);
        let greatest = weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        let fits = |fraction: u32| {
            let unit = (1_u32 << fraction) as f32;
            let cut_off = CUT_OFF * (weights.len() as f32).sqrt() / unit;
            // Rounding begins with half a level, and half a unit for each product.
            let added = 1.0 + (unit + weights.len() as f32) / 2.0;
            most * unit + added < 32_767.0 && greatest * unit < 63.9 && cut_off < MOST_CUT_OFF
        };
        let fraction = (1..=7).rev().find(|fraction| fits(*fraction))?;
        // A level is 2^7, and a product loses 16 bits.
        let unit = 1 << (9 + fraction);
        let whole = (weights.iter().sum::<f32>() * unit as f32).round() as i32;
        let mut parts = vec![0; weights.len()];
        in_parts(&weights, unit, whole, &mut parts)?;
        let half = 1 << (fraction - 1);
        let offset = (stencil.offset * (1 << fraction) as f32).round() as i16;
        Some(Method::Fixed { start: offset + half + cut_off(&parts), parts, fraction })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Edges;
    use crate::op::{Alpha, Tap};

    /// By a row of weights.
    fn stencil(weights: &[f32], scale: f32, offset: f32) -> Stencil {
        let tap = |(k, weight): (usize, &f32)| Tap { dx: k as i32 - weights.len() as i32 / 2, dy: 0, weight: *weight };
        let taps = weights.iter().enumerate().map(tap).collect();
        Stencil { taps, scale, offset, edges: Edges::constant(0.0), alpha: Alpha::Keep }
    }

    /// Most levels apart from the sum in reals, before that is rounded.
    fn error(stencil: &Stencil) -> f32 {
        let (reach, n) = (stencil.reach() as usize, 3000);
        let level = |i: usize| match i / 500 {
            0 => [0, 255][i % 2],
            1 => 255,
            _ => (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0],
        };
        let row: Vec<u8> = (0..n + 2 * reach).map(level).collect();
        let mut rows = vec![&row[..]; 2 * reach + 1];
        rows[reach] = &row;
        let mut target = vec![0; n];
        LevelSum::new(stencil, false).expect("it fits").row(WindowRows { rows: &rows, step: 1 }, &mut target);
        let real = |x: usize| {
            let tap = |tap: &Tap| tap.weight * f32::from(row[(x as i32 + reach as i32 + tap.dx) as usize]);
            (stencil.scale * stencil.taps.iter().map(tap).sum::<f32>() + stencil.offset).clamp(0.0, 255.0)
        };
        target.iter().enumerate().map(|(x, v)| (f32::from(*v) - real(x)).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn sums_round_to_the_nearest_level_or_almost() {
        for (weights, scale, offset, most) in [
            (&[-1.0, 3.0, -1.0][..], 1.0, 0.0, 0.5),
            (&[1.0, 2.0, 3.0, 2.0, 1.0], 1.0 / 9.0, 0.0, 0.5),
            (&[0.11, 0.2, 0.38, 0.2, 0.11], 1.0, 0.0, 0.6),
            (&[-0.707, -1.414, 0.0, 1.414, 0.707], 1.0, 128.0, 0.6),
            (&[0.05; 20], 1.0, 0.0, 0.6),
            (&[0.9, 0.9, 0.9], -0.5, 255.0, 0.6),
        ] {
            let error = error(&stencil(weights, scale, offset));
            assert!(error <= most + 1e-4, "{weights:?} times {scale}: {error}");
        }
    }

    #[test]
    fn sums_that_16_bits_do_not_hold_are_left_to_reals() {
        let is_made = |stencil: &Stencil, exact| LevelSum::new(stencil, exact).is_some();
        assert!(!is_made(&stencil(&[100.5, -100.5], 1.0, 0.0), false));
        assert!(!is_made(&stencil(&[0.5; 3], 1.0, 40_000.0), false));
        assert!(is_made(&stencil(&[0.5; 2], 1.0, 0.0), false));
        assert!(!is_made(&stencil(&[0.5; 2], 1.0, 0.0), true) && is_made(&stencil(&[3.0; 2], 0.5, 0.0), true));
    }
}
