//! Weighted sums of bytes in fixed point: a vector holds twice as many values of 16 bits as `f32`, and they are multiplied and
//! added in half as many steps.
//!
//! Columns are summed first, then rows. Each product keeps its upper 16 bits; what is cut off is half a unit on average, and
//! the sum begins with that. Results lie within a tenth of a level of what `f32` gives, mostly within a few hundredths.

use super::repeated::Period;
use super::row::{Around, Reader};
use super::sums;
use super::tile::{Fine, Value};
use crate::image::{Depth, Image, Region, Samples};
use crate::op::{self, Graph, Kernel, NodeId, Place, Taps};
use crate::simd::{fold_taps, singles};

/// Sums of the absolute values of an axis's weights, at most, so that after both no level is beyond what [`Fine`] holds:
/// 1.41² times 128.
const MOST_OVERSHOOT: f32 = 1.41;

/// Taps of an axis, at most: each cuts something off.
const MOST_TAPS: usize = 257;

/// How much of a level's hundredth a recipe may make, at most: its steepness times the root of the taps, as what products cut
/// off grows.
const MOST_STEEPNESS: f64 = 80.0;

/// Weights of the taps of an axis as parts of `2^(16 - doublings)`, in the order of the axis's own.
pub struct Weights {
    pub parts: Vec<i16>,
    /// How often a sum is doubled at its end.
    pub doublings: u32,
    /// Of a resampling whose weights are few.
    pub period: Option<Period>,
    /// Whether those that read its sums take them as they are: other sums, and points.
    pub stay_fine: bool,
}

/// How an axis is summed in whole numbers.
pub enum Method {
    Weights(Weights),
    /// With equal weights, exactly: what the sum over both axes counts.
    Sums(f32),
}

/// The graph with its wide blurs decimated, where an image and its result are such as sums in fixed point ask.
pub fn decimated(graph: &Graph, image: &Image, result: Depth) -> Option<Graph> {
    are_levels(image, result).then(|| op::decimated(graph)).flatten()
}

/// The methods for nodes that can be summed so, by node: those of columns whose only reader sums rows likewise. Both read and
/// give levels. `readers` tells how many a node has.
pub fn methods(graph: &Graph, readers: impl Fn(NodeId) -> usize) -> Vec<Option<Method>> {
    let nodes = graph.nodes();
    let mut methods: Vec<Option<Method>> = nodes.iter().map(|_| None).collect();
    for (id, node) in nodes.iter().enumerate() {
        let Kernel::Axis(rows) = &node.kernel else { continue };
        let input = node.inputs[0];
        let Kernel::Axis(columns) = &graph.node(input).kernel else { continue };
        if (columns.place, rows.place) != (Place::Vertical, Place::Horizontal) {
            // The way back of a decimated blur: its rows come first.
            continue_sums(graph, &mut methods, NodeId(id), &readers);
            continue;
        }
        let are_levels = columns.edges.are_levels() && rows.edges.are_levels();
        let [from, to] = [columns, rows].map(|axis| matches!(axis.taps, Taps::Resample(_)));
        if readers(input) == 1 && are_levels && columns.alpha == rows.alpha && from == to {
            let has_alpha = graph.layout(input).alpha;
            if let (false, Some(scale)) = (has_alpha, sums::scale(&columns.taps, &rows.taps)) {
                (methods[input.0], methods[id]) = (Some(Method::Sums(scale)), Some(Method::Sums(scale)));
                continue;
            }
            let fixed = |taps| Weights::new(taps, graph.steepness);
            if let (Some(a), Some(b)) = (fixed(&columns.taps), fixed(&rows.taps)) {
                let a = Weights { stay_fine: true, ..a };
                (methods[input.0], methods[id]) = (Some(Method::Weights(a)), Some(Method::Weights(b)));
            }
        }
    }
    methods
}

/// The methods for the way back of a decimated blur, rows and then columns, whose result is node `id`: where they alone read
/// sums in fixed point, and no weight is below 0, so that no level is beyond what sums hold.
fn continue_sums(
    graph: &Graph,
    methods: &mut [Option<Method>],
    id: NodeId,
    readers: &impl Fn(NodeId) -> usize,
) -> Option<()> {
    let rows = graph.node(id).inputs[0];
    let sums = *graph.node(rows).inputs.first()?;
    let weights = |id: NodeId| match &graph.node(id).kernel {
        Kernel::Axis(axis) if matches!(axis.taps, Taps::Resample(_)) => Weights::new(&axis.taps, graph.steepness),
        _ => None,
    };
    let (a, b) = (weights(rows)?, weights(id)?);
    let are_alone = readers(rows) == 1 && readers(sums) == 1;
    let Some(Method::Weights(before)) = &mut methods[sums.0] else { return None };
    if !are_alone || [&before.parts, &a.parts, &b.parts].into_iter().flatten().any(|part| *part < 0) {
        return None;
    }
    before.stay_fine = true;
    methods[rows.0] = Some(Method::Weights(Weights { stay_fine: true, ..a }));
    let mut all = graph.nodes().iter().filter(|node| node.inputs.contains(&id)).peekable();
    let stay_fine = all.peek().is_some() && all.all(|node| matches!(node.kernel, Kernel::Point(_)));
    methods[id.0] = Some(Method::Weights(Weights { stay_fine, ..b }));
    Some(())
}

/// Whether an image and its result hold whole levels, as sums in fixed point ask.
pub fn are_levels(image: &Image, result: Depth) -> bool {
    matches!((&image.samples, result), (Samples::U8(_), Depth::Eight))
}

impl Weights {
    /// None where a recipe of that steepness would show what is cut off, or a weight or a sum is too great.
    fn new(taps: &Taps, steepness: f64) -> Option<Weights> {
        let (weights, count) = match taps {
            Taps::Sum { weights, scale: 1.0 } => (weights, weights.len()),
            Taps::Resample(resampling) if resampling.taps > 1 => (&resampling.weights, resampling.taps),
            _ => return None,
        };
        let is_wild = |weights: &[f32]| {
            let sum: f32 = weights.iter().sum();
            (sum - 1.0).abs() > 1e-4 || weights.iter().map(|w| w.abs()).sum::<f32>() > MOST_OVERSHOOT
        };
        let is_steep = steepness * (count as f64).sqrt() > MOST_STEEPNESS;
        if is_steep || count > MOST_TAPS || weights.chunks_exact(count).any(is_wild) {
            return None;
        }
        let greatest = weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        let doublings = u32::from(greatest > 0.499);
        let mut parts = vec![0; weights.len()];
        for (weights, parts) in weights.chunks_exact(count).zip(parts.chunks_exact_mut(count)) {
            let unit = 1 << (16 - doublings);
            in_parts(weights, unit, unit, parts)?;
        }
        let period = match taps {
            Taps::Resample(resampling) => Period::new(resampling, &parts),
            _ => None,
        };
        Some(Weights { parts, doublings, period, stay_fine: false })
    }
}

/// Weights as parts of a unit that sum to just `whole`: the greatest takes what rounding left. None where one is too great.
pub fn in_parts(weights: &[f32], unit: i32, whole: i32, parts: &mut [i16]) -> Option<()> {
    let mut rest = whole;
    let mut greatest = (0, i32::MIN);
    for (k, (weight, part)) in weights.iter().zip(parts.iter_mut()).enumerate() {
        let rounded = (weight * unit as f32).round() as i32;
        rest -= rounded;
        *part = fitting(rounded)?;
        if rounded > greatest.1 {
            greatest = (k, rounded);
        }
    }
    parts[greatest.0] = fitting(greatest.1 + rest)?;
    Some(())
}

/// A weight of just 1 loses 2^-15.
fn fitting(part: i32) -> Option<i16> {
    i16::try_from(if part == 1 << 15 { part - 1 } else { part }).ok()
}

/// The upper half of a product.
#[inline(always)]
pub fn product(value: i16, weight: i16) -> i16 {
    ((i32::from(value) * i32::from(weight)) >> 16) as i16
}

/// Sums along columns of the rows of `read`, one after another.
pub fn columns<'a>(
    weights: &'a Weights,
    reach: u32,
    reader: &'a Reader<'a, u8>,
    read: Region,
) -> impl FnMut(u32, &mut [Fine]) + 'a {
    let mut around = Around::<u8, Fine>::new(reader, read.x.into(), read.width as usize * reader.tile.step, reach);
    move |y, target| sum(&weights.parts, weights.doublings, &singles(&around.rows(y)), target)
}

/// A row of sums along rows of what `columns` gave, extended beyond both ends.
pub fn row<V: Level>(weights: &Weights, step: usize, extended: &[Fine], target: &mut [V]) {
    let taps: Vec<[&[Fine]; 1]> = extended.windows(target.len()).step_by(step).map(|tap| [tap]).collect();
    sum(&weights.parts, weights.doublings, &taps, target);
}

/// A row of sums by those parts.
pub fn sum<T: Value, V: Level>(parts: &[i16], doublings: u32, taps: &[[&[T]; 1]], target: &mut [V])
where
    Fine: From<T>,
{
    fold_taps(
        taps,
        target,
        cut_off(parts),
        #[inline(always)]
        |sum: i16, k, [v]| sum.wrapping_add(product(Fine::from(v).0, parts[k])),
        #[inline(always)]
        |sum| V::of_fine(Fine(sum << doublings)),
    );
}

/// What products of these weights lose, on average: those of 0, which ends have, nothing.
#[inline(always)]
pub fn cut_off(parts: &[i16]) -> i16 {
    (parts.iter().filter(|part| **part != 0).count() / 2) as i16
}

/// What sums end as.
pub trait Level: Value {
    fn of_fine(value: Fine) -> Self;
}

impl Level for Fine {
    #[inline(always)]
    fn of_fine(value: Fine) -> Fine {
        value
    }
}

impl Level for f32 {
    #[inline(always)]
    fn of_fine(value: Fine) -> f32 {
        value.into()
    }
}

/// Rounded and clamped, halves up.
impl Level for u8 {
    #[inline(always)]
    fn of_fine(Fine(v): Fine) -> u8 {
        ((v.saturating_add(64) >> 7) + 128).clamp(0, 255) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cpu::evaluate::Evaluation;
    use crate::backend::cpu::tile::{Held, Tile};
    use crate::image::Layout;
    use crate::recipe::Recipe;

    /// Noise from black to white, flat parts and hard edges.
    fn source() -> Image {
        sized(90, 70)
    }

    fn sized(width: u32, height: u32) -> Image {
        let layout = Layout::new(width, height, 3);
        let value = |i: u64| match i / 3 % 90 {
            0..20 => [0, 255][usize::from(i.is_multiple_of(2))],
            20..40 => 255,
            40..50 => 0,
            _ => (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8,
        };
        Image::new(layout, Samples::U8((0..layout.samples()).map(value).collect()))
    }

    fn values(recipe: &str, steepness: f64) -> Tile {
        let source = source();
        let mut graph = Recipe::parse(recipe).unwrap().graph(source.layout, Depth::Eight).unwrap();
        graph.steepness *= steepness;
        let evaluation = Evaluation::new(&graph, &source, 1, Depth::Eight);
        let is_fixed = steepness.is_finite();
        assert_eq!(evaluation.methods.iter().flatten().count(), 2 * usize::from(is_fixed), "{recipe}");
        let held = evaluation.tile(graph.output, graph.output_layout().region());
        let held = if held.step() > 1 { held.unpacked(held.region()) } else { held };
        let Held::Reals(tile) = held else { panic!("reals") };
        tile
    }

    #[test]
    fn sums_lie_within_a_tenth_of_a_level_of_real_ones() {
        for recipe in [
            "gaussian_blur:0.3",
            "gaussian_blur:2",
            "gaussian_blur:8:border=constant:value=40",
            "resize:50%",
            "resize:31x35:fit=fill",
            "resize:200x90:fit=fill:filter=bilinear",
            "resize:33%:filter=bicubic",
            "resize:40%:filter=bilinear",
            "resize:89x69:fit=fill:filter=box",
        ] {
            let (fixed, real) = (values(recipe, 1.0), values(recipe, f64::INFINITY));
            let mut worst = 0.0_f32;
            for (y, c) in fixed.ys().flat_map(|y| (0..3).map(move |c| (y, c))) {
                let differences = fixed.row(c, y).iter().zip(real.row(c, y)).map(|(a, b)| (a - b).abs());
                worst = differences.fold(worst, f32::max);
            }
            assert!(0.0 < worst && worst < 0.1, "{recipe}: {worst} levels apart");
        }
    }

    #[test]
    fn wide_blurs_by_fewer_pixels_lie_within_two_tenths_of_a_level_of_real_ones() {
        let source = sized(300, 270);
        for recipe in ["gaussian_blur:3", "gaussian_blur:8:border=clamp", "gaussian_blur:12:border=reflect"] {
            let graph = Recipe::parse(recipe).unwrap().graph(source.layout, Depth::Eight).unwrap();
            let decimated = decimated(&graph, &source, Depth::Eight).expect("a wide blur");
            let values = |graph: &Graph, sums: usize| {
                let evaluation = Evaluation::new(graph, &source, 1, Depth::Eight);
                assert_eq!(evaluation.methods.iter().flatten().count(), sums, "{recipe}");
                match evaluation.tile(graph.output, graph.output_layout().region()) {
                    Held::Reals(tile) => tile,
                    _ => panic!("reals"),
                }
            };
            let mut real = graph;
            real.steepness = f64::INFINITY;
            let (fixed, real) = (values(&decimated, 4), values(&real, 0));
            let mut worst = 0.0_f32;
            for (y, c) in fixed.ys().flat_map(|y| (0..3).map(move |c| (y, c))) {
                let value = |x: usize| if real.step > 1 { real.row(0, y)[3 * x + c] } else { real.row(c, y)[x] };
                let differences = fixed.row(c, y).iter().enumerate().map(|(x, v)| (v - value(x)).abs());
                worst = differences.fold(worst, f32::max);
            }
            assert!(0.0 < worst && worst < 0.2, "{recipe}: {worst} levels apart");
        }
    }

    #[test]
    fn sizes_made_on_bytes_are_what_real_ones_round_to() {
        for recipe in [
            "resize:50%:filter=box",
            "resize:50%:filter=bilinear",
            "resize:50%:filter=bicubic",
            "resize:50%",
            "resize:150%:filter=bilinear",
            "resize:200%:filter=bilinear",
            "resize:180x33:fit=fill:filter=bilinear",
        ] {
            let (source, real) = (source(), values(recipe, f64::INFINITY));
            let graph = Recipe::parse(recipe).unwrap().graph(source.layout, Depth::Eight).unwrap();
            let evaluation = Evaluation::new(&graph, &source, 1, Depth::Eight);
            let image = evaluation.interleaved(graph.output).expect(recipe);
            let Samples::U8(codes) = &source.samples else { unreachable!() };
            let to = graph.output_layout();
            let row = to.width as usize * 3;
            let mut resized = vec![0; to.samples() as usize];
            image.fill(codes, 0, &mut resized);
            for (i, code) in resized.iter().enumerate() {
                let value = real.row(i % 3, (i / row) as u32)[i % row / 3].clamp(0.0, 255.0);
                assert!((f32::from(*code) - value).abs() < 0.6, "{recipe}: {code} for {value} at {i}");
            }
            let mut lower = vec![0; resized.len() - 20 * row];
            image.fill(codes, 20, &mut lower);
            assert_eq!(lower, resized[20 * row..], "{recipe}");
        }
    }

    #[test]
    fn recipes_that_make_much_of_a_difference_are_summed_in_reals() {
        let is_fixed = |recipe: &str| {
            let source = source();
            let graph = Recipe::parse(recipe).unwrap().graph(source.layout, Depth::Eight).unwrap();
            Evaluation::new(&graph, &source, 1, Depth::Eight).methods.iter().any(Option::is_some)
        };
        for gentle in
            ["gaussian_blur:2", "resize:50%,unsharp_mask:1", "gaussian_blur:2,sobel", "gaussian_blur:2,contrast:3"]
        {
            assert!(is_fixed(gentle), "{gentle}");
        }
        for steep in [
            "gaussian_blur:2,threshold:100",
            "gaussian_blur:2,contrast:90",
            "gaussian_blur:2,gamma:2",
            "gaussian_blur:40",
        ] {
            assert!(!is_fixed(steep), "{steep}");
        }
    }
}
