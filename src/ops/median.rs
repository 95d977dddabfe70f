//! `median`: the middle value of a square window.
//!
//! Small windows sort with a network. Larger ones of bytes are found by their level sets on the CPU (`level_set_median`), all others
//! slide (`sliding_median`); a shader selects from columns that are kept sorted.

use std::fmt::Write as _;

use fearless_simd::{Simd, SimdBase, dispatch};

use super::median_networks::{Keeps, Step, column_of_3, column_of_5, median_of, middle_of_3, middle_of_5};
use super::{level_set_median, sliding_median};
use crate::image::{Border, Edges};
use crate::op::{
    Arguments, Channels, Formula, Graph, Kind, NodeId, Operation, OrderWindow, Parameter, Refusal, Shape, Spec, VALUE,
    Window, WindowRows,
};
use crate::shader_struct;
use crate::simd::{Lane, MOST_LANES, level, vectors};

pub static SPEC: Spec = Spec {
    name: "median",
    summary: "removes specks: the middle value of a square window",
    definition: "Median of the (2 radius + 1)² window of each colour channel. Alpha stays.",
    shape: Shape::Window,
    channels: Channels::Any,
    parameters: &[
        Parameter::new("radius", Kind::Whole { low: 0, high: MAX_RADIUS as i64 }, "1", "of the window")
            .unit("px")
            .starred(),
        Parameter::new("border", Kind::OneOf(Border::NAMES), "clamp", "what the window reads beyond the image"),
        VALUE,
    ],
    reference: "cv2.medianBlur",
    tolerance: 0,
    example: "median:2",
    make: |arguments| Ok(Box::new(MedianOperation { arguments: arguments.clone() })),
};

/// Beyond it the workgroup memory that every API has would hold too few sorted columns.
const MAX_RADIUS: u32 = 20;

/// Greatest radius whose window a shader sorts by a network.
const NETWORK_RADIUS: u32 = 3;

/// Greatest radius at which levels are tried on the CPU.
const LEVEL_SET_RADIUS: u32 = level_set_median::MOST_REACH;

#[derive(Debug)]
struct MedianOperation {
    arguments: Arguments,
}

impl Operation for MedianOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        let parameters = Median { radius: self.arguments.whole("radius") as i32 };
        let edges = self.arguments.edges(graph.layout(input).colours);
        Ok(graph.window(MedianWindow { parameters, edges }, input))
    }

    fn is_identity(&self) -> bool {
        self.arguments.whole("radius") == 0
    }

    fn steepness(&self) -> f64 {
        1.0
    }
}

shader_struct! {
    struct Median { radius: i32, }
}

#[derive(Debug)]
struct MedianWindow {
    parameters: Median,
    edges: Edges,
}

impl Window for MedianWindow {
    fn formula(&self) -> Formula {
        match self.reach() {
            r @ ..=NETWORK_RADIUS => Formula::new("median", network_text(r), &self.parameters),
            _ => Formula::new("median", include_str!("../../shaders/ops/median.wgsl"), &self.parameters),
        }
    }

    fn reach(&self) -> u32 {
        self.parameters.radius as u32
    }

    fn edges(&self) -> Edges {
        self.edges
    }

    fn reads(&self) -> u64 {
        let side = u64::from(2 * self.reach() + 1);
        // Sorted columns: about four rounds of a binary search in each.
        if self.sorts_columns() { 4 * side * u64::from(side.ilog2() + 1) } else { side * side }
    }

    fn sorts_columns(&self) -> bool {
        self.reach() > NETWORK_RADIUS
    }

    fn row(&self, window: WindowRows, output: &mut [f32]) {
        self.rows(window, &mut [output]);
    }

    fn rows(&self, window: WindowRows, output: &mut [&mut [f32]]) {
        match self.reach() {
            1 => by_network::<f32, 3, 9>(window, output),
            2 => by_network::<f32, 5, 25>(window, output),
            reach => by_channel(window, reach, output, sliding_median::medians),
        }
    }

    fn order(&self) -> Option<&dyn OrderWindow> {
        Some(self)
    }
}

impl OrderWindow for MedianWindow {
    fn level_rows(&self, window: WindowRows<u8>, output: &mut [&mut [u8]]) {
        match self.reach() {
            1 => by_network::<u8, 3, 9>(window, output),
            2 => by_network::<u8, 5, 25>(window, output),
            reach @ ..=LEVEL_SET_RADIUS => level_set_median::medians(window, reach, output),
            reach => by_channel(window, reach, output, sliding_median::medians_of_levels),
        }
    }
}

/// Medians of square windows, a vector of them at a time. Values are put in order down the columns, once for all windows
/// that share one; a network finds the middle of what is sorted so.
fn by_network<T: Lane, const SIDE: usize, const N: usize>(window: WindowRows<T>, output: &mut [&mut [T]]) {
    widened(window, SIDE as u32 / 2, output, |window, output| {
        dispatch!(level(), simd => rows_by_network::<_, T, SIDE, N>(simd, window, output));
    });
}

/// `medians(windows, output)` where a row of windows fills a vector; else of rows that are lengthened until it does.
pub fn widened<T: Lane>(
    window: WindowRows<T>,
    reach: u32,
    output: &mut [&mut [T]],
    medians: impl Fn(WindowRows<T>, &mut [&mut [T]]),
) {
    let width = window.width(reach);
    if width >= MOST_LANES {
        medians(window, output);
        return;
    }
    let wide = |row: &&[T]| row.iter().copied().chain(std::iter::repeat_n(T::default(), MOST_LANES - width)).collect();
    let wide: Vec<Vec<T>> = window.rows.iter().map(wide).collect();
    let wide: Vec<&[T]> = wide.iter().map(Vec::as_slice).collect();
    let mut wide_output = vec![T::default(); output.len() * MOST_LANES];
    let targets = &mut wide_output.chunks_exact_mut(MOST_LANES).collect::<Vec<_>>();
    medians(WindowRows { rows: &wide, ..window }, targets);
    for (target, medians) in output.iter_mut().zip(targets) {
        target.copy_from_slice(&medians[..width]);
    }
}

/// `medians(rows, side, output)` of each channel by itself.
fn by_channel<T: Lane>(
    window: WindowRows<T>,
    reach: u32,
    output: &mut [&mut [T]],
    medians: impl Fn(&[&[T]], usize, &mut [T]),
) {
    let (step, side) = (window.step, 2 * reach as usize + 1);
    let width = window.width(reach) / step;
    let mut results = vec![T::default(); output.len() * width];
    for channel in 0..step {
        let own = |row: &&[T]| row[channel..].iter().step_by(step).copied().collect();
        let rows: Vec<Vec<T>> = window.rows.iter().map(own).collect();
        let rows: Vec<&[T]> = rows.iter().map(Vec::as_slice).collect();
        medians(&rows, side, &mut results);
        for (target, medians) in output.iter_mut().zip(results.chunks_exact(width)) {
            target[channel..].iter_mut().step_by(step).zip(medians).for_each(|(t, v)| *t = *v);
        }
    }
}

#[inline(always)]
fn rows_by_network<S: Simd, T: Lane, const SIDE: usize, const N: usize>(
    simd: S,
    window: WindowRows<T>,
    output: &mut [&mut [T]],
) {
    let around = (SIDE - 1) * window.step;
    let mut columns = vec![T::default(); SIDE * (PART + around)];
    for (window, target) in window.each_row(SIDE as u32 / 2, output) {
        // The last part may overlap the one before it.
        let n = target.len();
        for x in vectors(n, PART.min(n)) {
            let target = &mut target[x..n.min(x + PART)];
            let read = target.len() + around;
            let mut rows = [&[][..]; SIDE];
            for (part, row) in rows.iter_mut().zip(window.rows) {
                *part = &row[x..x + read];
            }
            sort_columns::<S, T, SIDE>(simd, rows, &mut columns[..SIDE * read]);
            let mut taps = [&[][..]; N];
            for i in 0..N {
                taps[i] = &columns[i / SIDE * read + i % SIDE * window.step..][..target.len()];
            }
            one_row::<S, T, SIDE, N>(simd, taps, target);
        }
    }
}

/// Windows of a row whose columns are sorted at once: they stay in the fastest cache.
const PART: usize = 1024;

/// The values of each column, from the least to the greatest: the least of all columns, then the next of all, and so on.
#[inline(always)]
fn sort_columns<S: Simd, T: Lane, const SIDE: usize>(simd: S, rows: [&[T]; SIDE], columns: &mut [T]) {
    let (lanes, read) = (T::Vector::<S>::LEN, rows[0].len());
    for x in vectors(read, lanes) {
        let mut values = [T::Vector::<S>::splat(simd, T::default()); SIDE];
        for i in 0..SIDE {
            values[i] = T::Vector::<S>::from_slice(simd, &rows[i][x..x + lanes]);
        }
        match SIDE {
            3 => column_of_3::order(&mut values),
            _ => column_of_5::order(&mut values),
        }
        for i in 0..SIDE {
            values[i].store_slice(&mut columns[i * read + x..][..lanes]);
        }
    }
}

/// Medians of what stands at each place of the `taps`, row by row of sorted columns.
#[inline(always)]
fn one_row<S: Simd, T: Lane, const SIDE: usize, const N: usize>(simd: S, taps: [&[T]; N], output: &mut [T]) {
    let lanes = T::Vector::<S>::LEN;
    for x in vectors(output.len(), lanes) {
        let mut values = [T::Vector::<S>::splat(simd, T::default()); N];
        for i in 0..N {
            values[i] = T::Vector::<S>::from_slice(simd, &taps[i][x..x + lanes]);
        }
        match SIDE {
            3 => middle_of_3::order(&mut values),
            _ => middle_of_5::order(&mut values),
        }
        values[if SIDE == 3 { 4 } else { 15 }].store_slice(&mut output[x..x + lanes]);
    }
}

/// The formula for a radius of at most `NETWORK_RADIUS`, the network written out. It works on whole numbers in the order of
/// the values: the least of two floats takes more where either may be NaN.
fn network_text(radius: u32) -> String {
    let (r, side) = (radius as i32, 2 * radius as usize + 1);
    let mut text = String::from(
        "// Middle value of a window by a network that puts pairs in order.\n\n\
         fn median_order(bits: i32) -> i32 {\n    return bits ^ ((bits >> 31u) & 0x7fffffff);\n}\n\n\
         fn median(x: i32, y: i32, c: u32, p: Median) -> f32 {\n    var least: i32;\n",
    );
    let places = (-r..=r).flat_map(|dy| (-r..=r).map(move |dx| (dx, dy)));
    for (i, (dx, dy)) in places.enumerate() {
        let _ = writeln!(text, "    var v{i} = median_order(bitcast<i32>(near(x + {dx}, y + {dy}, c)));");
    }
    let (steps, middle) = steps(side);
    for (keeps, a, b) in steps {
        let (least, greatest) = (format!("min(v{a}, v{b})"), format!("max(v{a}, v{b})"));
        let _ = match keeps {
            Keeps::both => writeln!(text, "    least = {least}; v{b} = {greatest}; v{a} = least;"),
            Keeps::low => writeln!(text, "    v{a} = {least};"),
            Keeps::high => writeln!(text, "    v{b} = {greatest};"),
        };
    }
    let _ = writeln!(text, "    return bitcast<f32>(median_order(v{middle}));\n}}");
    text
}

/// What finds the median of a square of values, row by row, and where it comes to stand. Where columns are sorted first,
/// neighbouring windows have those in common, as a compiler sees.
fn steps(side: usize) -> (Vec<Step>, usize) {
    let (column, middle, place) = match side {
        3 => (column_of_3::STEPS, middle_of_3::STEPS, 4),
        5 => (column_of_5::STEPS, middle_of_5::STEPS, 15),
        _ => return (median_of(side * side), side * side / 2),
    };
    let columns = (0..side).flat_map(|x| column.iter().map(move |&(keeps, a, b)| (keeps, a * side + x, b * side + x)));
    (columns.chain(middle.iter().copied()).collect(), place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shaders_find_the_median_of_every_input_of_zeros_and_ones() {
        // By the zero-one principle that holds for all inputs; of 25 and 49 values they are sampled.
        for (side, stride) in [(3usize, 1u64), (5, 1009), (7, 17_179_869_209)] {
            let (n, (steps, middle)) = (side * side, steps(side));
            for bits in (0..1u64 << n).step_by(stride as usize) {
                let mut values: Vec<u64> = (0..n).map(|i| bits >> i & 1).collect();
                for &(keeps, a, b) in &steps {
                    let (least, greatest) = (values[a].min(values[b]), values[a].max(values[b]));
                    match keeps {
                        Keeps::both => (values[a], values[b]) = (least, greatest),
                        Keeps::low => values[a] = least,
                        Keeps::high => values[b] = greatest,
                    }
                }
                assert_eq!(values[middle], u64::from(bits.count_ones() as usize > n / 2), "{n} values, {bits:b}");
            }
        }
    }

    #[test]
    fn networks_agree_with_selection_on_levels_and_on_other_values() {
        let mut random = fastrand::Rng::with_seed(7);
        for scale in [1.0, 0.3] {
            let mut row = || (0..46).map(|_| scale * f32::from(random.u8(0..20))).collect::<Vec<f32>>();
            let rows: Vec<Vec<f32>> = (0..9).map(|_| row()).collect();
            let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
            agrees::<3, 9>(&rows);
            agrees::<5, 25>(&rows);
        }
    }

    #[test]
    fn networks_over_sorted_columns_find_the_median_of_all_zeros_and_ones() {
        all_columns::<3, 9>();
        all_columns::<5, 25>();
    }

    /// Windows side by side, with any number of ones in each column.
    fn all_columns<const SIDE: usize, const N: usize>() {
        let windows = (SIDE + 1).pow(SIDE as u32);
        let ones = |window: usize, column: usize| window / (SIDE + 1).pow(column as u32) % (SIDE + 1);
        let row =
            |i: usize| (0..windows * SIDE).map(move |x| u8::from(i < ones(x / SIDE, x % SIDE))).collect::<Vec<u8>>();
        let rows: Vec<Vec<u8>> = (0..SIDE).map(row).collect();
        let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
        let mut medians = vec![0; windows * SIDE + 1 - SIDE];
        by_network::<u8, SIDE, N>(WindowRows { rows: &rows, step: 1 }, &mut [&mut medians]);
        for window in 0..windows {
            let count: usize = (0..SIDE).map(|column| ones(window, column)).sum();
            assert_eq!(medians[window * SIDE], u8::from(count > N / 2), "window {window}");
        }
    }

    fn agrees<const SIDE: usize, const N: usize>(rows: &[&[f32]]) {
        let side = SIDE;
        let (width, height) = (rows[0].len() + 1 - side, rows.len() + 1 - side);
        let mut medians = vec![0.0; width * height];
        let targets = &mut medians.chunks_exact_mut(width).collect::<Vec<_>>();
        by_network::<f32, SIDE, N>(WindowRows { rows, step: 1 }, targets);
        for (i, median) in medians.iter().enumerate() {
            let (x, y) = (i % width, i / width);
            let mut values: Vec<f32> = rows[y..y + side].iter().flat_map(|row| &row[x..x + side]).copied().collect();
            values.sort_by(f32::total_cmp);
            assert_eq!(*median, values[N / 2], "{side} px at {x}, {y}");
        }
    }
}
