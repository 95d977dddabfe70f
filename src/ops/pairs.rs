//! Sums over neighbours whose weight is the same seen from either pixel of a pair, so that it is computed once.

use crate::op::NeighbourhoodRows;
use crate::simd::{blockwise, vectorized};

/// The sums of a tile's pixels over their neighbours. Places count from the tile's first pixel; those beyond it by up
/// to `reach` are there to be read.
pub struct PairSums<'a, 'b, 'c> {
    rows: NeighbourhoodRows<'a>,
    reach: usize,
    pub width: usize,
    pub height: usize,
    /// Of weight times alpha times colour, by colour channel; without alpha, of weight times colour.
    colours: &'b mut [&'c mut [f32]],
    /// Of weight times alpha.
    total: &'b mut [f32],
    /// A row of weights times alpha.
    weights: Vec<f32>,
}

impl<'a, 'b, 'c> PairSums<'a, 'b, 'c> {
    /// Sums of nothing yet.
    pub fn new(
        rows: NeighbourhoodRows<'a>,
        reach: u32,
        colours: &'b mut [&'c mut [f32]],
        total: &'b mut [f32],
    ) -> PairSums<'a, 'b, 'c> {
        let reach = reach as usize;
        let (width, height) = (rows.channels[0][0].len() - 2 * reach, rows.channels[0].len() - 2 * reach);
        colours.iter_mut().for_each(|plane| plane.fill(0.0));
        total.fill(0.0);
        PairSums { rows, reach, width, height, colours, total, weights: vec![0.0; width] }
    }

    /// Adds each pixel itself, of weight 1.
    pub fn add_own(&mut self) {
        let ones = vec![1.0; self.width];
        for y in 0..self.height {
            self.add(y, &ones, 0, y as isize);
        }
    }

    /// `n` values of a row of a channel from column `x` on.
    pub fn seen(&self, channel: usize, x: isize, y: isize, n: usize) -> &'a [f32] {
        let reach = self.reach as isize;
        &self.rows.channels[channel][(y + reach) as usize][(x + reach) as usize..][..n]
    }

    pub fn colours(&self) -> usize {
        self.colours.len()
    }

    /// The columns of the pixels that, or whose neighbours `dx` further, lie in the tile: the first, and how many.
    pub fn columns(&self, dx: isize) -> (isize, usize) {
        ((-dx).min(0), self.width + dx.unsigned_abs())
    }

    /// Adds pairs: the pixels of row `y` in `columns(dx)` and their neighbours at `(dx, dy)`, each to the other's sums
    /// where it lies in the tile. `dy` is not negative.
    pub fn add_pairs(&mut self, y: isize, (dx, dy): (isize, isize), weights: &[f32]) {
        let first = self.columns(dx).0;
        if y >= 0 {
            self.add(y as usize, &weights[-first as usize..], dx, y + dy);
        }
        if y + dy < self.height as isize {
            self.add((y + dy) as usize, &weights[(-dx - first) as usize..], -dx, y);
        }
    }

    /// Adds neighbours to a row of sums: those of row `y` from column `x` on.
    fn add(&mut self, row: usize, weights: &[f32], x: isize, y: isize) {
        let n = self.width;
        let sums = row * n..(row + 1) * n;
        let mut weights = &weights[..n];
        if self.rows.channels.len() > self.colours.len() {
            let alpha = self.seen(self.colours.len(), x, y, n);
            blockwise(
                [&mut self.weights],
                [weights, alpha],
                #[inline(always)]
                |[w, a]| [w * a],
            );
            weights = &self.weights;
        }
        let (rows, reach) = (self.rows.channels, self.reach as isize);
        let total = &mut self.total[sums.clone()];
        vectorized(
            #[inline(always)]
            || {
                add_weights(total, weights);
                for (plane, rows) in self.colours.iter_mut().zip(rows) {
                    let values = &rows[(y + reach) as usize][(x + reach) as usize..][..n];
                    add_products(&mut plane[sums.clone()], weights, values);
                }
            },
        );
    }

    /// The sums become means; 0 where alpha is 0 (or below, as the sum of weights may be by negative lobes).
    pub fn divide(self) {
        let alpha = self.rows.channels.get(self.colours.len());
        for y in 0..self.height {
            let sums = y * self.width..(y + 1) * self.width;
            let total = &self.total[sums.clone()];
            for plane in self.colours.iter_mut() {
                let sums = &mut plane[sums.clone()];
                match alpha {
                    None => sums.iter_mut().zip(total).for_each(|(v, t)| *v /= t),
                    Some(rows) => {
                        let alpha = &rows[y + self.reach][self.reach..];
                        for ((v, t), a) in sums.iter_mut().zip(total).zip(alpha) {
                            *v = if *t > 0.0 && *a > 0.0 { *v / t } else { 0.0 };
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn add_weights(total: &mut [f32], weights: &[f32]) {
    for (t, w) in total.iter_mut().zip(weights) {
        *t += w;
    }
}

#[inline(always)]
fn add_products(sums: &mut [f32], weights: &[f32], values: &[f32]) {
    for ((t, w), v) in sums.iter_mut().zip(weights).zip(values) {
        *t += w * v;
    }
}
