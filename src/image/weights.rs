//! Filter weights, computed once on the host in f64 and used as f32 by every backend.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Gaussian weights `exp(-x² / 2 sigma²)` normalised, radius `floor(4 sigma + 0.5)`; one weight where `sigma` is 0.
/// As `scipy.ndimage.gaussian_filter(truncate=4)`. `sigma` in px.
pub fn gaussian(sigma: f64) -> Vec<f32> {
    if sigma == 0.0 {
        return vec![1.0];
    }
    gaussian_taps(sigma, (4.0 * sigma + 0.5).floor() as usize)
}

/// `2 radius + 1` weights `exp(-x² / 2 sigma²)`, normalised. `sigma` in px, above 0.
pub fn gaussian_taps(sigma: f64, radius: usize) -> Vec<f32> {
    let radius = radius as i64;
    let weights: Vec<f64> = (-radius..=radius).map(|x| (-((x * x) as f64) / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| (w / sum) as f32).collect()
}

/// How resampling weighs its taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    Nearest,
    Box,
    Bilinear,
    Bicubic,
    Lanczos3,
}

impl Filter {
    pub const NAMES: &'static [&'static str] = &["nearest", "box", "bilinear", "bicubic", "lanczos3"];

    pub fn from_name(name: &str) -> Option<Filter> {
        let all = [Filter::Nearest, Filter::Box, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos3];
        Self::NAMES.iter().position(|n| *n == name).map(|i| all[i])
    }

    /// Half the width of the kernel at scale 1, px.
    fn support(self) -> f64 {
        match self {
            Filter::Nearest | Filter::Box => 0.5,
            Filter::Bilinear => 1.0,
            Filter::Bicubic => 2.0,
            Filter::Lanczos3 => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let a = x.abs();
        match self {
            Filter::Nearest | Filter::Box => f64::from(u8::from(x > -0.5 && x <= 0.5)),
            Filter::Bilinear => (1.0 - a).max(0.0),
            Filter::Bicubic if a < 1.0 => (1.5 * a - 2.5) * a * a + 1.0,
            Filter::Bicubic if a < 2.0 => ((-0.5 * a + 2.5) * a - 4.0) * a + 2.0,
            Filter::Lanczos3 if a < 3.0 => sinc(x) * sinc(x / 3.0),
            Filter::Bicubic | Filter::Lanczos3 => 0.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let t = std::f64::consts::PI * x;
    t.sin() / t
}

/// Resamplings that were computed last, with what they were computed from. The images of a run are often of few sizes, and
/// sines are a tenth of the work on small ones.
static RECENT: Mutex<VecDeque<(Request, Resampling)>> = Mutex::new(VecDeque::new());

/// Resamplings that are kept.
const MOST_RECENT: usize = 64;

/// Weights of one that is kept, at most.
const MOST_WEIGHTS: usize = 1 << 15;

/// From how many px, where the part begins and how long it is (the bits of both), to how many px.
type Request = (u32, u64, u64, u32, Filter);

/// One axis of a resampling: for each output position, where its taps begin and their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampling {
    /// First input position of each output position.
    pub starts: Vec<u32>,
    /// `taps` weights for each output position; those past its last tap are 0.
    pub weights: Vec<f32>,
    /// Taps of the widest output position.
    pub taps: usize,
}

impl Resampling {
    /// From `from` px to `to` px. The kernel widens when shrinking, taps outside the image are left out, weights
    /// sum to 1; as Pillow's `resize` on floats. `nearest` takes `((2x + 1) from) div (2 to)`.
    pub fn new(from: u32, to: u32, filter: Filter) -> Resampling {
        Resampling::of_part(from, 0.0, f64::from(from), to, filter)
    }

    /// The same of the part of `from` px that begins at `start` and is `length` long, both in px; it may lie between pixels.
    /// Taps are taken from beyond it too. `nearest` takes all for the part.
    pub fn of_part(from: u32, start: f64, length: f64, to: u32, filter: Filter) -> Resampling {
        let recent = || RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        let request = (from, start.to_bits(), length.to_bits(), to, filter);
        if let Some((_, known)) = recent().iter().find(|(known, _)| *known == request) {
            return known.clone();
        }
        let computed = Resampling::computed(from, start, length, to, filter);
        if computed.weights.len() <= MOST_WEIGHTS {
            let mut recent = recent();
            recent.push_back((request, computed.clone()));
            if recent.len() > MOST_RECENT {
                recent.pop_front();
            }
        }
        computed
    }

    fn computed(from: u32, start: f64, length: f64, to: u32, filter: Filter) -> Resampling {
        if filter == Filter::Nearest {
            let place = |x: u64| ((2 * x + 1) * u64::from(from) / (2 * u64::from(to))) as u32;
            return Resampling {
                starts: (0..u64::from(to)).map(place).collect(),
                weights: vec![1.0; to as usize],
                taps: 1,
            };
        }
        let scale = length / f64::from(to);
        let widen = scale.max(1.0);
        let rows: Vec<(u32, Vec<f64>)> = (0..to)
            .map(|i| {
                let centre = start + (f64::from(i) + 0.5) * scale;
                let low = (centre - filter.support() * widen + 0.5).max(0.0) as u32;
                let high = ((centre + filter.support() * widen + 0.5) as u32).min(from);
                (low, (low..high).map(|j| filter.weight((f64::from(j) + 0.5 - centre) / widen)).collect())
            })
            .collect();
        let taps = rows.iter().map(|(_, w)| w.len()).max().unwrap_or(1);
        let mut weights = vec![0.0; taps * to as usize];
        for (target, (_, row)) in weights.chunks_exact_mut(taps).zip(&rows) {
            let sum: f64 = row.iter().sum();
            for (t, w) in target.iter_mut().zip(row) {
                *t = (w / sum) as f32;
            }
        }
        Resampling { starts: rows.iter().map(|r| r.0).collect(), weights, taps }
    }

    /// First input position of an output position, and the weights of the taps from there on.
    #[inline]
    pub fn at(&self, output: usize) -> (u32, &[f32]) {
        (self.starts[output], &self.weights[output * self.taps..][..self.taps])
    }

    /// The half-open span of input positions that outputs `low..high` read, in an axis of `n`.
    pub fn span(&self, low: u32, high: u32, n: u32) -> (u32, u32) {
        if low >= high {
            return (0, 0);
        }
        let first = self.starts[low as usize];
        let end = self.starts[high as usize - 1] + self.taps as u32;
        (first, end.min(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaussian_weights_sum_to_one_and_reach_four_sigma() {
        for sigma in [0.3, 1.0, 2.0, 7.7] {
            let weights = gaussian(sigma);
            assert_eq!(weights.len(), 2 * (4.0 * sigma + 0.5f64).floor() as usize + 1);
            assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
        assert_eq!(gaussian(0.0), [1.0]);
    }

    #[test]
    fn resampling_keeps_a_constant_and_stays_inside() {
        for filter in [Filter::Nearest, Filter::Box, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos3] {
            for (from, to) in [(1, 1), (1, 5), (7, 3), (3, 7), (100, 1), (64, 63)] {
                let r = Resampling::new(from, to, filter);
                assert_eq!(r.starts.len(), to as usize);
                for (start, weights) in r.starts.iter().zip(r.weights.chunks_exact(r.taps)) {
                    assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{filter:?} {from} to {to}");
                    let used = weights.iter().rposition(|w| *w != 0.0).unwrap() as u32;
                    assert!(start + used < from, "{filter:?} {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn a_part_is_resampled_as_if_it_stood_alone() {
        let inner = |filter, start: u32| {
            let r = Resampling::of_part(200, f64::from(start), 60.0, 20, filter);
            let middle = 10 * r.taps..11 * r.taps;
            (r.starts[10] - start, r.weights[middle].to_vec())
        };
        for filter in [Filter::Bilinear, Filter::Bicubic, Filter::Lanczos3] {
            let alone = Resampling::new(60, 20, filter);
            let middle = 10 * alone.taps..11 * alone.taps;
            assert_eq!(inner(filter, 70), (alone.starts[10], alone.weights[middle].to_vec()));
        }
        let shifted = Resampling::of_part(10, 0.5, 8.0, 4, Filter::Box);
        assert_eq!(shifted.starts, [1, 3, 5, 7], "a pixel whose centre lies on the edge of a box is of the next");
    }

    #[test]
    fn halving_by_box_averages_pairs() {
        let r = Resampling::new(4, 2, Filter::Box);
        assert_eq!((r.starts, r.weights), (vec![0, 2], vec![0.5, 0.5, 0.5, 0.5]));
    }
}
