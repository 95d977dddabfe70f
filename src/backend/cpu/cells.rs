//! Cells of one colour each, the mean of what stood there: whole sums of interleaved bytes, and rows copied.

use crate::image::Layout;
use crate::image::weights::Resampling;
use crate::op::Place;
use crate::simd::fold_taps;

/// An image divided into cells of one size; the last of a row or column hold what is left.
pub struct Cells {
    /// px
    width: u32,
    height: u32,
    from: Layout,
}

/// Rows whose sums 16 bits hold.
const MOST_ROWS: usize = 257;

impl Cells {
    /// Of resamplings of an image without alpha, the last one first: each position from its cell's, which is the mean of all
    /// of them. None where they are something else.
    pub fn new(axes: &[(Place, &Resampling)], from: Layout) -> Option<Cells> {
        use Place::{Horizontal, Vertical};
        let [(Vertical, down), (Horizontal, along), (Horizontal, means), (Vertical, means_down)] = axes else {
            return None;
        };
        let (width, height) = (size(means, along, from.width)?, size(means_down, down, from.height)?);
        (!from.alpha).then_some(Cells { width, height, from })
    }

    /// Rows of a cell.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// A row of cells, which begins at row `top`.
    pub fn fill(&self, source: &[u8], top: u32, target: &mut [u8]) {
        match self.from.channels() {
            1 => self.fill_row::<1>(source, top, target),
            _ => self.fill_row::<3>(source, top, target),
        }
    }

    fn fill_row<const N: usize>(&self, source: &[u8], top: u32, target: &mut [u8]) {
        let (row, cell) = (self.from.width as usize * N, self.width as usize * N);
        let source = &source[top as usize * row..][..target.len()];
        let mut sums = vec![0u16; row];
        let mut totals = vec![[0u64; N]; row.div_ceil(cell)];
        for rows in source.chunks(MOST_ROWS * row) {
            let taps: Vec<[&[u8]; 1]> = rows.chunks_exact(row).map(|row| [row]).collect();
            fold_taps(
                &taps,
                &mut sums,
                0,
                #[inline(always)]
                |sum: u16, _, [v]| sum + u16::from(v),
                std::convert::identity,
            );
            for (total, sums) in totals.iter_mut().zip(sums.chunks(cell)) {
                let mut sum = [0u32; N];
                for pixel in sums.as_chunks::<N>().0 {
                    for c in 0..N {
                        sum[c] += u32::from(pixel[c]);
                    }
                }
                for c in 0..N {
                    total[c] += u64::from(sum[c]);
                }
            }
        }
        let height = source.len() / row;
        let mut first = vec![0; row];
        for (total, pixels) in totals.iter().zip(first.chunks_mut(cell)) {
            let count = (pixels.len() / N * height) as u64;
            // Halves up.
            pixels.as_chunks_mut().0.fill(total.map(|total| ((2 * total + count) / (2 * count)) as u8));
        }
        target.chunks_exact_mut(row).for_each(|target| target.copy_from_slice(&first));
    }
}

/// The size of the cells along an axis of `n` px: `means` over them, and `copies` of these.
fn size(means: &Resampling, copies: &Resampling, n: u32) -> Option<u32> {
    let size = means.starts.get(1).copied().unwrap_or(n);
    let is_cell = |(k, start): (usize, &u32)| {
        let count = size.min(n.checked_sub(*start)?);
        let (held, behind) = means.at(k).1.split_at_checked(count as usize)?;
        let is_mean =
            held.iter().all(|weight| *weight == 1.0 / count as f32) && behind.iter().all(|weight| *weight == 0.0);
        (is_mean && *start == k as u32 * size).then_some(())
    };
    means.starts.iter().enumerate().try_for_each(is_cell)?;
    let is_copied = copies.taps == 1 && (0..).zip(&copies.starts).all(|(i, cell): (u32, _)| *cell == i / size);
    (is_copied && copies.starts.len() == n as usize && means.starts.len() == n.div_ceil(size) as usize).then_some(size)
}
