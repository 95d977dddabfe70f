//! Window kernels: a square neighbourhood of each channel.

use std::fmt::Debug;

use super::{Alpha, Formula};
use crate::image::Edges;

/// Rows of one channel, each with `reach` more columns at both ends, and `reach` more rows above and below.
#[derive(Clone, Copy)]
pub struct WindowRows<'a, T = f32> {
    pub rows: &'a [&'a [T]],
    /// How far neighbours in a row stand apart: rows of `step` channels side by side are treated as of one.
    pub step: usize,
}

impl<'a, T> WindowRows<'a, T> {
    /// Values of a row of windows that reach so far.
    pub fn width(&self, reach: u32) -> usize {
        self.rows[0].len() - 2 * reach as usize * self.step
    }

    /// Windows that reach so far, row by row, with the places of their results.
    pub fn each_row<'o>(
        self,
        reach: u32,
        output: &'o mut [&mut [T]],
    ) -> impl Iterator<Item = (WindowRows<'a, T>, &'o mut [T])>
    where
        'a: 'o,
    {
        let windows = self.rows.windows(2 * reach as usize + 1);
        windows.map(move |rows| WindowRows { rows, step: self.step }).zip(output.iter_mut().map(|row| &mut **row))
    }
}

/// A window that gives bytes of bytes: one of the values that it reads, by their order alone, or what its results round to.
pub trait OrderWindow {
    /// Some rows of one channel, as [`Window::rows`] gives them, of whole levels.
    fn level_rows(&self, window: WindowRows<u8>, output: &mut [&mut [u8]]);
}

/// A square neighbourhood of each channel. WGSL: `fn stem(x: i32, y: i32, c: u32, p: Struct) -> f32`, which reads
/// the input by `tap(x, y, c)`, borders included.
pub trait Window: Debug + Send + Sync {
    fn formula(&self) -> Formula;

    /// How far the window reaches to each side, px.
    fn reach(&self) -> u32;

    fn edges(&self) -> Edges;

    fn alpha(&self) -> Alpha {
        Alpha::Keep
    }

    /// Values that the shader reads for one sample; long dispatches are divided by it.
    fn reads(&self) -> u64 {
        u64::from(2 * self.reach() + 1).pow(2)
    }

    /// Whether the formula sees sorted columns, as `shaders/shapes/strip.wgsl` says, and none of the window's taps.
    fn sorts_columns(&self) -> bool {
        false
    }

    /// Itself, where it chooses among the values that it reads.
    fn order(&self) -> Option<&dyn OrderWindow> {
        None
    }

    /// Itself, where it gives the bytes that its results round to, of bytes.
    fn rounded(&self) -> Option<&dyn OrderWindow> {
        None
    }

    /// One row of one channel: `output[i]` from the window around place `i + reach step` of the middle row.
    fn row(&self, window: WindowRows, output: &mut [f32]);

    /// Some rows of one channel, for kernels that share work between them: those that choose among values are asked for it.
    fn rows(&self, window: WindowRows, output: &mut [&mut [f32]]) {
        window.each_row(self.reach(), output).for_each(|(window, target)| self.row(window, target));
    }
}
