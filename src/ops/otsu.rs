//! `otsu`: a threshold at the level that parts an image's histogram best.

use std::cmp::Ordering;

use super::lookup::Lookup;
use super::quantise::quantised;
use super::threshold::{self, MODE, MODE_TEXT};
use crate::op::{Channels, Formula, Graph, NodeId, Operation, Reduce, Refusal, Shape, Spec, Statistic, Tipping};
use crate::shader_struct;

pub static SPEC: Spec = Spec {
    name: "otsu",
    summary: "splits levels in two at the level that parts the histogram best",
    definition: "threshold at the lowest level within 1e-9 of the greatest variance between the two classes, of 256 \
                 levels, or 65,536 of a 16-bit image, after quantising. As OpenCV, a class of less than 2^-23 of the \
                 pixels is none; where no level parts the image, the level is 0. A gray image only. Alpha stays.",
    shape: Shape::Reduce,
    channels: Channels::GrayOnly,
    parameters: &[MODE],
    reference: "cv2.threshold(THRESH_OTSU)",
    tolerance: 0,
    example: "grayscale,otsu",
    make: |arguments| Ok(Box::new(OtsuOperation { mode: threshold::mode(arguments) })),
};

#[derive(Debug)]
struct OtsuOperation {
    mode: u32,
}

impl Operation for OtsuOperation {
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal> {
        if graph.layout(input).colours != 1 {
            return Err(Refusal("it works on gray, and this image has colour; put grayscale before it".into()));
        }
        let depth = graph.depth;
        let image = quantised(graph, input, depth);
        let (codes, levels_per_code) = (depth.codes(), depth.levels_per_code());
        let table = graph.reduce(Otsu { codes, mode: self.mode, levels_per_code }, image);
        Ok(Lookup::Shared.apply(graph, image, table, 1.0))
    }

    fn tipping(&self) -> Tipping {
        Tipping::RoundedInput
    }
}

shader_struct! {
    /// The table of what becomes of each code, in levels.
    struct Otsu { codes: u32, mode: u32, levels_per_code: f32, }
}

impl Reduce for Otsu {
    fn formula(&self) -> Formula {
        let text = [MODE_TEXT, include_str!("../../shaders/ops/otsu.wgsl")].concat();
        Formula::new("otsu_table", text, self)
    }

    fn statistic(&self) -> Statistic {
        Statistic::Luma
    }

    fn table(&self, counts: &[u32]) -> Vec<f32> {
        let levels: Vec<f32> = (0..counts.len()).map(|code| code as f32 * self.levels_per_code).collect();
        let mut table = vec![0.0; levels.len()];
        threshold::split(&levels, levels[otsu_code(counts)], self.mode, &mut table);
        table
    }
}

/// A histogram parted in two. The variance between the classes, times the square of all pixels, is
/// `distance² / (below above)`: a fraction of whole numbers, so that variances are compared exactly, on a GPU too, which
/// has no f64.
#[derive(Clone, Copy)]
struct Split {
    /// `below` times the sum of all codes, less all pixels times the sum of the codes below: less than 2^78.
    distance: u128,
    /// Pixels up to the level.
    below: u32,
    /// Pixels over it.
    above: u32,
}

/// What variances are multiplied by before they are compared: one in this many decides.
const PARTS: u32 = 1_000_000_000;

/// The lowest code within 1e-9 of the greatest variance; 0 where none parts the image.
fn otsu_code(counts: &[u32]) -> usize {
    let splits = splits(counts);
    let greatest = splits.iter().map(|(_, split)| *split).reduce(|a, b| match compare(b, PARTS, a, PARTS) {
        Ordering::Greater => b,
        _ => a,
    });
    let is_near = |split: Split| greatest.is_some_and(|g| compare(split, PARTS, g, PARTS - 1) != Ordering::Less);
    splits.iter().find(|(_, split)| is_near(*split)).map_or(0, |(code, _)| *code)
}

/// The codes that part the image, each as the greatest of the lower class. A code that does not occur parts it as the
/// one before.
fn splits(counts: &[u32]) -> Vec<(usize, Split)> {
    let weighed = |code: usize| code as u64 * u64::from(counts[code]);
    let pixels: u32 = counts.iter().sum();
    let sum: u64 = (0..counts.len()).map(weighed).sum();
    let least = pixels.saturating_sub(1) / (1 << 23) + 1;
    let (mut below, mut sum_below) = (0, 0);
    let mut splits = Vec::new();
    for code in (0..counts.len()).filter(|code| counts[*code] > 0) {
        below += counts[code];
        sum_below += weighed(code);
        let above = pixels - below;
        if below.min(above) >= least {
            let distance = u128::from(below) * u128::from(sum) - u128::from(pixels) * u128::from(sum_below);
            splits.push((code, Split { distance, below, above }));
        }
    }
    splits
}

/// The order of `a_times` the variance of `a` and `b_times` that of `b`.
fn compare(a: Split, a_times: u32, b: Split, b_times: u32) -> Ordering {
    let left = product(a.distance, [b.below, b.above, a_times]);
    let right = product(b.distance, [a.below, a.above, b_times]);
    left.iter().rev().cmp(right.iter().rev())
}

/// The square of `distance` times the factors, lowest word first: less than 2^156, 2^62 and 2^30 multiplied.
fn product(distance: u128, factors: [u32; 3]) -> [u32; 8] {
    let mut words = [0; 8];
    for (i, word) in words.iter_mut().take(3).enumerate() {
        *word = (distance >> (32 * i)) as u32;
    }
    let square = (0..3).rev().fold([0; 8], |sum, i| {
        let [a, b, c, d, e, f, g, _] = sum;
        times_plus(words, words[i], [0, a, b, c, d, e, f, g])
    });
    factors.into_iter().fold(square, |v, factor| times_plus(v, factor, [0; 8]))
}

/// `words * factor + more`
fn times_plus(words: [u32; 8], factor: u32, more: [u32; 8]) -> [u32; 8] {
    let mut carry = 0u64;
    std::array::from_fn(|i| {
        carry += u64::from(words[i]) * u64::from(factor) + u64::from(more[i]);
        let word = carry as u32;
        carry >>= 32;
        word
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Depth, Layout};

    #[test]
    fn an_image_with_colour_is_refused_by_naming_what_makes_it_gray() {
        let mut graph = Graph::new(Layout::new(4, 4, 3), Depth::Eight);
        let refusal = OtsuOperation { mode: 0 }.build(&mut graph, NodeId(0)).unwrap_err();
        assert!(refusal.0.contains("put grayscale before it"), "{refusal}");
    }

    #[test]
    fn of_levels_that_part_equally_well_the_lowest_is_taken() {
        let mut counts = vec![0; 256];
        counts[10] = 5;
        counts[200] = 5;
        assert_eq!(otsu_code(&counts), 10);
        counts[105] = 4;
        assert_eq!(otsu_code(&counts), 10, "10 and 105 part it equally");
    }

    #[test]
    fn a_variance_within_a_billionth_of_the_greatest_is_as_good() {
        let parted_at = |more: u32| {
            let mut counts = vec![0; 256];
            (counts[10], counts[105], counts[200]) = (400_000_000, 1_000_000_000, 400_000_000 + more);
            otsu_code(&counts)
        };
        // The upper part is better by 0.99 and by 1.98 billionths.
        assert_eq!([0, 1, 2].map(parted_at), [10, 10, 105]);
    }

    #[test]
    fn an_image_of_one_level_and_one_of_a_single_other_pixel_in_ten_million_are_not_parted() {
        let mut counts = vec![0; 256];
        counts[70] = 10_000_000;
        assert_eq!(otsu_code(&counts), 0);
        counts[200] = 1;
        assert_eq!(otsu_code(&counts), 0);
        counts[200] = 2;
        assert_eq!(otsu_code(&counts), 70);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let mut counts = vec![0; 65_536];
        (counts[0], counts[65_535]) = (1 << 31, (1 << 31) - 1);
        assert_eq!(otsu_code(&counts), 0);
        (counts[0], counts[1]) = (0, 1 << 31);
        assert_eq!(otsu_code(&counts), 1);
    }
}
