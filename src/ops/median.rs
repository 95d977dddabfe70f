//! `median`: the middle value of a square window.
//!
//! Small windows sort with a network. Large ones slide on the CPU (`sliding_median`); a shader selects from columns
//! that are kept sorted.

use std::fmt::Write as _;
use std::sync::OnceLock;

use super::sliding_median;
use crate::image::{Border, Edges};
use crate::op::{
    Arguments, Channels, Formula, Graph, Kind, NodeId, Operation, OrderWindow, Parameter, Refusal, Shape, Spec, VALUE,
    Window, WindowRows,
};
use crate::shader_struct;
use crate::simd::vectorized;

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

/// Greatest radius whose window a shader sorts by a network. On the CPU sliding is faster from a radius of 3.
const NETWORK_RADIUS: u32 = 3;

/// Pixels of a row that go through a network together.
const LANES: usize = 64;

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
        self.rows(window, output);
    }

    fn rows(&self, window: WindowRows, output: &mut [f32]) {
        match self.reach() {
            1 => by_network::<f32, 3, 9>(window.rows, output),
            2 => by_network::<f32, 5, 25>(window.rows, output),
            reach => sliding_median::medians(window.rows, 2 * reach as usize + 1, output),
        }
    }

    fn order(&self) -> Option<&dyn OrderWindow> {
        Some(self)
    }
}

impl OrderWindow for MedianWindow {
    fn level_rows(&self, window: WindowRows<u8>, output: &mut [u8]) {
        match self.reach() {
            1 => by_network::<u8, 3, 9>(window.rows, output),
            2 => by_network::<u8, 5, 25>(window.rows, output),
            reach => sliding_median::medians_of_levels(window.rows, 2 * reach as usize + 1, output),
        }
    }
}

/// Puts pairs in order, one after another: `both` of them, or only the `low` or the `high` one where nobody asks for the
/// other.
macro_rules! network {
    ($values:expr, $($which:ident($a:literal $b:literal))*) => {{
        $($which($values, $a, $b);)*
    }};
}

#[inline(always)]
fn both<T: Copy + PartialOrd, const N: usize>(values: &mut [[T; LANES]; N], a: usize, b: usize) {
    let (first, second) = (values[a], values[b]);
    for lane in 0..LANES {
        values[a][lane] = if second[lane] < first[lane] { second[lane] } else { first[lane] };
        values[b][lane] = if second[lane] < first[lane] { first[lane] } else { second[lane] };
    }
}

#[inline(always)]
fn low<T: Copy + PartialOrd, const N: usize>(values: &mut [[T; LANES]; N], a: usize, b: usize) {
    let (first, second) = (values[a], values[b]);
    for lane in 0..LANES {
        values[a][lane] = if second[lane] < first[lane] { second[lane] } else { first[lane] };
    }
}

#[inline(always)]
fn high<T: Copy + PartialOrd, const N: usize>(values: &mut [[T; LANES]; N], a: usize, b: usize) {
    let (first, second) = (values[a], values[b]);
    for lane in 0..LANES {
        values[b][lane] = if second[lane] < first[lane] { first[lane] } else { second[lane] };
    }
}

/// Medians of square windows, `LANES` of them at a time; the last ones again where they are fewer. Values are put in order
/// down the columns, once for all windows that share one; a network finds the middle of what is sorted so.
fn by_network<T: Copy + Default + PartialOrd, const SIDE: usize, const N: usize>(rows: &[&[T]], output: &mut [T]) {
    let width = rows[0].len() + 1 - SIDE;
    let mut columns: [Vec<T>; SIDE] = std::array::from_fn(|_| vec![T::default(); rows[0].len().max(LANES)]);
    vectorized(
        #[inline(always)]
        || {
            for (rows, target) in rows.windows(SIDE).zip(output.chunks_exact_mut(width)) {
                sort_columns(rows, &mut columns);
                one_row::<T, SIDE, N>(&columns, target);
            }
        },
    );
}

/// The values of each column, from the least to the greatest.
#[inline(always)]
fn sort_columns<T: Copy + Default + PartialOrd, const SIDE: usize>(rows: &[&[T]], columns: &mut [Vec<T>; SIDE]) {
    let n = rows[0].len();
    for start in (0..n).step_by(LANES) {
        let start = start.min(n.saturating_sub(LANES));
        let lanes = LANES.min(n - start);
        let mut values = [[T::default(); LANES]; SIDE];
        for (value, row) in values.iter_mut().zip(rows) {
            load(value, &row[start..start + lanes]);
        }
        match SIDE {
            3 => network!(&mut values, both(0 2) both(0 1) both(1 2)),
            _ => {
                network!(&mut values, both(0 4) both(0 2) both(1 3) both(2 4) both(0 1) both(2 3) both(1 4) both(1 2) both(3 4))
            }
        }
        for (column, value) in columns.iter_mut().zip(&values) {
            column[start..start + lanes].copy_from_slice(&value[..lanes]);
        }
    }
}

#[inline(always)]
fn load<T: Copy>(value: &mut [T; LANES], row: &[T]) {
    match row.try_into() {
        Ok(row) => *value = row,
        Err(_) => value[..row.len()].copy_from_slice(row),
    }
}

#[inline(always)]
fn one_row<T: Copy + Default + PartialOrd, const SIDE: usize, const N: usize>(
    columns: &[Vec<T>; SIDE],
    output: &mut [T],
) {
    for start in (0..output.len()).step_by(LANES) {
        let start = start.min(output.len().saturating_sub(LANES));
        let lanes = LANES.min(output.len() - start);
        let mut values = [[T::default(); LANES]; N];
        for (i, value) in values.iter_mut().enumerate() {
            load(value, &columns[i / SIDE][start + i % SIDE..][..lanes]);
        }
        let middle = match SIDE {
            3 => middle_of_3(&mut values),
            _ => middle_of_5(&mut values),
        };
        output[start..start + lanes].copy_from_slice(&values[middle][..lanes]);
    }
}

/// Where the median of 3 × 3 values comes to stand, whose columns are sorted: row by row, the least first.
#[inline(always)]
fn middle_of_3<T: Copy + PartialOrd, const N: usize>(values: &mut [[T; LANES]; N]) -> usize {
    network!(values,
        both(0 2) high(0 1) high(1 2) both(3 5) high(3 4) low(4 5) low(6 8) low(6 7) both(2 6) high(2 4) low(4 6)
    );
    4
}

/// The same of 5 × 5. Sorted along the rows too, a value at (i, j) has (i + 1) (j + 1) of the 25 not above it, so that only
/// 13 of them can be the median.
#[inline(always)]
fn middle_of_5<T: Copy + PartialOrd, const N: usize>(values: &mut [[T; LANES]; N]) -> usize {
    network!(values,
        both(0 4) both(0 2) both(1 3) both(2 4) high(0 1) high(2 3) high(1 4) both(3 4) both(5 9) both(5 7)
        both(6 8) both(7 9) high(5 6) both(7 8) both(6 9) high(6 7) both(8 9) both(10 14) both(10 12) both(11 13)
        both(12 14) high(10 11) both(12 13) both(11 14) both(11 12) low(13 14) both(15 19) both(15 17) both(16 18)
        both(17 19) both(15 16) low(17 18) low(16 19) both(16 17) both(20 24) both(20 22) both(21 23) both(22 24)
        both(20 21) low(22 23) low(21 24) low(21 22) both(4 17) high(11 3) both(20 8) high(7 15) both(4 12)
        low(16 13) both(3 16) both(8 21) both(15 9) both(20 4) high(3 15) low(8 12) low(16 9) low(21 17) low(4 21)
        both(4 8) both(15 16) high(20 16) high(4 15) low(8 16) high(8 15)
    );
    15
}

/// Pairs to be put in order so that the middle of `n` values stands in the middle: Batcher's merge exchange
/// (Knuth, volume 3, algorithm 5.2.2 M) without the comparators that the middle does not depend on.
fn median_network(n: usize) -> Vec<(usize, usize)> {
    let mut sorting = Vec::new();
    let top = n.next_power_of_two() / 2;
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            sorting.extend((0..n.saturating_sub(d)).filter(|i| i & p == r).map(|i| (i, i + d)));
            if q == p {
                break;
            }
            (d, q, r) = (q - p, q / 2, p);
        }
        p /= 2;
    }
    let mut needed = vec![false; n];
    needed[n / 2] = true;
    let mut network: Vec<_> = sorting
        .into_iter()
        .rev()
        .filter(|&(low, high)| {
            let counts = needed[low] || needed[high];
            (needed[low], needed[high]) = (needed[low] || counts, needed[high] || counts);
            counts
        })
        .collect();
    network.reverse();
    network
}

/// The network for a window of that radius, at most `NETWORK_RADIUS`.
fn network_of(radius: usize) -> &'static [(usize, usize)] {
    static NETWORKS: [OnceLock<Vec<(usize, usize)>>; NETWORK_RADIUS as usize + 1] =
        [const { OnceLock::new() }; NETWORK_RADIUS as usize + 1];
    NETWORKS[radius].get_or_init(|| median_network((2 * radius + 1).pow(2)))
}

/// The formula for a radius of at most `NETWORK_RADIUS`, the network written out.
fn network_text(radius: u32) -> String {
    let r = radius as i32;
    let side = 2 * radius as usize + 1;
    let mut text = String::from(
        "// Middle value of a window by a sorting network.\n\nfn median(x: i32, y: i32, c: u32, p: Median) -> f32 {\n",
    );
    let offsets = (-r..=r).flat_map(|dy| (-r..=r).map(move |dx| (dx, dy)));
    for (i, (dx, dy)) in offsets.enumerate() {
        let _ = writeln!(text, "    var v{i} = tap(x + {dx}, y + {dy}, c);");
    }
    let _ = writeln!(text, "    var t: f32;");
    for (low, high) in network_of(radius as usize) {
        let _ = writeln!(text, "    t = min(v{low}, v{high}); v{high} = max(v{low}, v{high}); v{low} = t;");
    }
    let _ = writeln!(text, "    return v{};\n}}", side * side / 2);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_finds_the_median_of_every_input_of_zeros_and_ones() {
        // By the zero-one principle that holds for all inputs; of 25 and 49 values they are sampled.
        for (n, step) in [(9usize, 1u64), (25, 1009), (49, 17_179_869_209)] {
            let network = median_network(n);
            for bits in (0..1u64 << n).step_by(step as usize) {
                let mut values: Vec<u64> = (0..n).map(|i| bits >> i & 1).collect();
                for &(low, high) in &network {
                    (values[low], values[high]) = (values[low].min(values[high]), values[low].max(values[high]));
                }
                assert_eq!(values[n / 2], u64::from(bits.count_ones() as usize > n / 2), "{n} values, {bits:b}");
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
        by_network::<u8, SIDE, N>(&rows, &mut medians);
        for window in 0..windows {
            let count: usize = (0..SIDE).map(|column| ones(window, column)).sum();
            assert_eq!(medians[window * SIDE], u8::from(count > N / 2), "window {window}");
        }
    }

    fn agrees<const SIDE: usize, const N: usize>(rows: &[&[f32]]) {
        let side = SIDE;
        let (width, height) = (rows[0].len() + 1 - side, rows.len() + 1 - side);
        let mut medians = vec![0.0; width * height];
        by_network::<f32, SIDE, N>(rows, &mut medians);
        for (i, median) in medians.iter().enumerate() {
            let (x, y) = (i % width, i / width);
            let mut values: Vec<f32> = rows[y..y + side].iter().flat_map(|row| &row[x..x + side]).copied().collect();
            values.sort_by(f32::total_cmp);
            assert_eq!(*median, values[N / 2], "{side} px at {x}, {y}");
        }
    }
}
