//! A wide Gaussian as two narrower ones by way of every n-th pixel.
//!
//! Where a blur leaves nothing that so few pixels could not hold, the rest of it needs only them. With `a² + b² = sigma²`, the
//! sum over all `k` of `G(a; x - nk) G(b; nk - y)` is `G(sigma; x - y)` but for what aliases: a Gaussian of deviation
//! `ab / sigma` sampled every `n` px (cf. Burt 1981, Fast filter transforms for image processing). With `a = b` that is
//! `2 exp(-(pi sigma / n)² / 2)` of the whole.

use super::Edges;
use super::border::Border;
use super::weights::Resampling;

/// Every how many pixels: products of 2 and 3, as kernels for them are best at. The first that is good enough is taken.
const FACTORS: [usize; 8] = [16, 12, 9, 8, 6, 4, 3, 2];

/// Sum of absolute differences from the weights that are stood for, at most: an image from black to white shows half of 255
/// times that, a tenth of a level.
const MOST_DIFFERENCE: f64 = 0.1 / 127.5;

/// How far the first Gaussian reaches, in its deviations.
const REACH: f64 = 3.6;

/// An axis has so many times the weights at least: ends cost more than what is between.
const LEAST_LENGTHS: usize = 2;

/// Weights of both, for any length of the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Decimation {
    factor: usize,
    /// Centred on every `factor`-th pixel.
    down: Vec<f64>,
    /// `taps` for each place within a period of `factor` pixels, the first taken of decimated pixel `firsts[place]`.
    up: Vec<f64>,
    taps: usize,
    firsts: Vec<i64>,
    /// How many weights it stands for.
    length: usize,
}

impl Decimation {
    /// None where the weights are no Gaussian, or too short for this to be less work.
    pub fn of(weights: &[f32]) -> Option<Decimation> {
        let radius = weights.len() / 2;
        let at = radius / 4;
        let (middle, beside) = (f64::from(*weights.get(radius)?), f64::from(*weights.get(radius + at)?));
        if at == 0 || beside <= 0.0 || beside >= middle {
            return None;
        }
        let sigma = ((at * at) as f64 / (2.0 * (middle / beside).ln())).sqrt();
        let own: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
        let reach = REACH * sigma / std::f64::consts::SQRT_2;
        let mut choices = FACTORS.iter().flat_map(|factor| {
            let least = (2.0 * reach) as usize / factor;
            (least..least + 3).map(|taps| (*factor, taps.max(2)))
        });
        choices.find_map(|(factor, taps)| {
            let decimation = Decimation::by(factor, taps, sigma, own.len());
            // Of both axes, of which the second one takes only every `factor`-th line.
            let work = (decimation.down.len() / factor + taps) * (factor + 1) / factor;
            (2 * work < 3 * own.len() && decimation.difference(&own) < MOST_DIFFERENCE).then_some(decimation)
        })
    }

    fn by(factor: usize, taps: usize, sigma: f64, length: usize) -> Decimation {
        let deviation = sigma / std::f64::consts::SQRT_2;
        let weight = |x: i64| (-(x * x) as f64 / (2.0 * deviation * deviation)).exp();
        let (n, half) = (factor as i64, taps as i64 / 2);
        // Of the decimated pixels nearest to each place.
        let first = |place: i64| if taps % 2 == 1 { (2 * place + n) / (2 * n) - half } else { 1 - half };
        let firsts: Vec<i64> = (0..n).map(first).collect();
        let up = (0..n).zip(&firsts).flat_map(|(place, first)| {
            normalised((*first..first + taps as i64).map(|k| weight(n * k - place)).collect())
        });
        let taken = |(place, first): (i64, &i64)| (place - n * first).max(n * (first + taps as i64 - 1) - place);
        let farthest = (0..n).zip(&firsts).map(taken).max().unwrap_or(0);
        // Decimated pixels beyond the ends still reach into the axis, so that what they read lies within their own length.
        let reach = farthest.max((REACH * deviation).round() as i64);
        let down = normalised((-reach..=reach).map(weight).collect());
        Decimation { factor, down, up: up.collect(), taps, firsts, length }
    }

    /// The sum of absolute differences from these weights, at the place where it is greatest.
    fn difference(&self, weights: &[f64]) -> f64 {
        let half = (self.down.len() / 2) as i64;
        let ends = |place: usize| {
            let first = self.factor as i64 * self.firsts[place] - place as i64;
            (first - half, first + self.factor as i64 * (self.taps as i64 - 1) + half)
        };
        let difference = |place: usize| {
            let reach = ends(place).0.abs().max(ends(place).1).max(weights.len() as i64 / 2);
            let mut both = vec![0.0; 2 * reach as usize + 1];
            for (k, up) in (self.firsts[place]..).zip(&self.up[place * self.taps..][..self.taps]) {
                let begin = self.factor as i64 * k - place as i64 - half + reach;
                both[begin as usize..].iter_mut().zip(&self.down).for_each(|(sum, down)| *sum += up * down);
            }
            let begin = reach as usize - weights.len() / 2;
            both[begin..].iter_mut().zip(weights).for_each(|(sum, weight)| *sum -= weight);
            both.iter().map(|d| d.abs()).sum::<f64>()
        };
        (0..self.factor).map(difference).fold(0.0, f64::max)
    }

    /// Both along an axis of `n` px: to fewer pixels, which stand for those beyond the ends too, and back. None where the axis
    /// is short, or what lies beyond it is not its own end.
    pub fn resamplings(&self, n: u32, edges: Edges) -> Option<(Resampling, Resampling)> {
        let is_own = matches!(edges.border, Border::Reflect101 | Border::Reflect | Border::Clamp);
        if !is_own || (n as usize) < LEAST_LENGTHS * self.length {
            return None;
        }
        let before = -self.firsts.iter().min().expect("a factor of at least 2");
        let starts: Vec<u32> = (0..n as usize)
            .map(|x| ((x / self.factor) as i64 + self.firsts[x % self.factor] + before) as u32)
            .collect();
        let count = starts.iter().max().expect("an axis") + self.taps as u32;
        let places = (0..n as usize).map(|x| x % self.factor);
        let weights = places.flat_map(|place| &self.up[place * self.taps..][..self.taps]).map(|w| *w as f32).collect();
        let up = Resampling { starts, weights, taps: self.taps };
        Some((self.down(n, i64::from(count), before, edges.border), up))
    }

    /// `count` decimated pixels, `before` of them before the first pixel's own.
    fn down(&self, n: u32, count: i64, before: i64, border: Border) -> Resampling {
        let taps = self.down.len();
        let half = taps as i64 / 2;
        let (mut starts, mut weights) = (Vec::new(), vec![0.0; taps * count as usize]);
        for (j, target) in (0..count).zip(weights.chunks_exact_mut(taps)) {
            let first = self.factor as i64 * (j - before) - half;
            let (start, end) = border.span(first, first + taps as i64, n);
            let start = start.min(n - taps as u32);
            assert!(
                end - start <= taps as u32 && starts.last().is_none_or(|last| *last <= start),
                "in order and in length"
            );
            for (x, weight) in (first..).zip(&self.down) {
                let inside = border.index(x, n).expect("borders of own pixels");
                target[(inside - start) as usize] += *weight as f32;
            }
            starts.push(start);
        }
        Resampling { starts, weights, taps }
    }
}

fn normalised(weights: Vec<f64>) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::weights::gaussian;

    fn factor(sigma: f64) -> Option<(usize, usize, usize)> {
        Decimation::of(&gaussian(sigma)).map(|d| (d.factor, d.down.len(), d.taps))
    }

    #[test]
    fn the_wider_a_gaussian_the_fewer_pixels_hold_it() {
        assert_eq!(factor(2.0), None);
        assert_eq!(factor(3.0), Some((2, 17, 8)));
        assert_eq!(factor(8.0), Some((6, 49, 8)));
        assert_eq!(factor(40.0), Some((16, 225, 14)));
    }

    #[test]
    fn weights_of_another_shape_have_none() {
        assert_eq!(Decimation::of(&[1.0 / 41.0; 41]), None);
        let triangle: Vec<f32> = (-20..=20).map(|x: i32| (21 - x.abs()) as f32 / 441.0).collect();
        assert_eq!(Decimation::of(&triangle), None);
        assert_eq!(Decimation::of(&[1.0]), None);
        assert_eq!(Decimation::of(&[]), None);
    }

    /// `axis` resampled, in reals.
    fn resampled(axis: &[f64], by: &Resampling) -> Vec<f64> {
        let at = |i| by.at(i);
        let sum = |(start, weights): (u32, &[f32])| {
            weights.iter().zip(&axis[start as usize..]).map(|(w, v)| f64::from(*w) * v).sum()
        };
        (0..by.starts.len()).map(at).map(sum).collect()
    }

    #[test]
    fn both_together_blur_as_one_up_to_the_ends() {
        let noise = |i: u64| f64::from((i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63) as u32) * 255.0;
        for sigma in [2.5, 3.0, 5.0, 8.0, 20.0, 50.0] {
            let weights = gaussian(sigma);
            let n = 2 * weights.len() as u32 + 3;
            let axis: Vec<f64> = (0..u64::from(n)).map(|i| if i < 40 { 255.0 } else { noise(i) }).collect();
            let decimation = Decimation::of(&weights).expect("a wide one");
            for border in [Border::Reflect101, Border::Reflect, Border::Clamp] {
                let (down, up) = decimation.resamplings(n, Edges::new(border)).expect("a long axis");
                let blurred = resampled(&resampled(&axis, &down), &up);
                for (x, value) in (0..).zip(blurred) {
                    let taps = (x - weights.len() as i64 / 2..).zip(&weights);
                    let tap = |(i, w): (i64, &f32)| f64::from(*w) * axis[border.index(i, n).unwrap() as usize];
                    let direct: f64 = taps.map(tap).sum();
                    assert!((value - direct).abs() < 0.1, "{sigma} {border:?} at {x}: {value} for {direct}");
                }
            }
        }
    }

    #[test]
    fn short_axes_and_foreign_ends_have_none() {
        let decimation = Decimation::of(&gaussian(3.0)).unwrap();
        let is_there = |n, border| decimation.resamplings(n, Edges::new(border)).is_some();
        assert!(is_there(50, Border::Clamp) && !is_there(49, Border::Clamp));
        assert!(!is_there(500, Border::Wrap) && !is_there(500, Border::Constant));
    }
}
