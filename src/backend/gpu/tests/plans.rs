//! Plans as data; no device.

use std::ops::Range;

use super::kernels::*;
use super::plan::{Dispatch, Pass, Plan};
use super::*;
use crate::image::weights::gaussian;
use crate::image::{Border, Edges};
use crate::op::{Alpha, Axis, Kernel, Place, Taps};

fn plan_by(graph: &Graph, source: Format, depth: Depth, effort: Effort) -> Result<Plan, String> {
    build::plan(whole_sketch(graph, source, depth)?, effort)
}

fn plan(graph: &Graph, source: Format, depth: Depth) -> Plan {
    plan_by(graph, source, depth, Effort::default()).unwrap()
}

/// Of each pass: points in its load, its shape, points in its store.
fn labels(plan: &Plan) -> Vec<String> {
    let label = |p: &Pass| [&p.before[..], &[p.shape.as_str()], &p.after[..]].concat().join(" ");
    plan.passes.iter().map(label).collect()
}

fn recipe_plan(recipe: &str, layout: Layout) -> Plan {
    let graph = crate::recipe::Recipe::parse(recipe).unwrap().graph(layout, Depth::Eight).unwrap();
    plan(&graph, Format::Codes8, Depth::Eight)
}

fn sum(place: Place) -> Kernel {
    let taps = Taps::Sum { weights: gaussian(1.0), scale: 1.0 };
    Kernel::Axis(Arc::new(Axis { place, taps, edges: Edges::new(Border::Clamp), alpha: Alpha::Work }))
}

fn mean(reach: u32) -> Kernel {
    square(reach, Edges::new(Border::Clamp), Alpha::Keep)
}

#[test]
fn points_share_one_pass_from_codes_to_codes() {
    let layout = Layout::new(50, 20, 3);
    let graph = chain(layout, Depth::Eight, vec![linear(2.0, 0.0), linear(1.0, 1.0), linear(0.5, 0.0)]);
    let plan = plan(&graph, Format::Codes8, Depth::Sixteen);
    assert_eq!(labels(&plan), ["point linear linear linear"]);
    assert_eq!(plan.buffers, [13 * 12 * 20, 13 * 24 * 20]);
    assert_eq!(plan.dispatches[0].groups, [(13u32 * 20).div_ceil(64), 1, 1]);
    // The formula stands in the text once, its three sets of parameters in the bytes.
    assert_eq!(plan.dispatches[0].text.matches("fn linear(").count(), 1);
    let sets: &[[f32; 4]] = &[[2.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]];
    assert!([&plan.dispatches[0].params[..], &[0; 8]].concat().ends_with(bytemuck::cast_slice(sets)));
}

#[test]
fn five_point_operations_move_the_image_once() {
    let plan = recipe_plan("brightness:10,contrast:0.8,gamma:1.2,saturation:1.5,invert", Layout::new(200, 100, 3));
    assert_eq!(labels(&plan), ["point brightness contrast gamma saturation invert"]);
    assert_eq!((plan.passes[0].read, plan.passes[0].written), (60_000, 60_000));
    assert_eq!((plan.buffers, plan.dispatches.len()), (vec![60_000, 60_000], 1));
}

#[test]
fn points_ride_in_loads_and_stores_but_not_of_long_windows() {
    let layout = Layout::new(200, 100, 1);
    let kernels =
        vec![linear(2.0, 0.0), sum(Place::Horizontal), sum(Place::Vertical), linear(0.5, 0.0), mean(1), mean(5)];
    let plan = plan(&chain(layout, Depth::Eight, kernels), Format::Codes8, Depth::Eight);
    let expected = ["linear axis horizontal", "axis vertical linear", "window square", "window square", "point"];
    assert_eq!(labels(&plan), expected);
    // Source, two images of floats that take turns, result.
    assert_eq!(plan.buffers, [20_000, 80_000, 80_000, 20_000]);
}

#[test]
fn a_recipe_for_edges_reads_colour_once_and_writes_codes() {
    let layout = Layout::new(200, 100, 3);
    let plan = recipe_plan("grayscale,gaussian_blur:1.4,sobel,invert", layout);
    assert_eq!(labels(&plan), ["grayscale axis vertical", "axis horizontal", "window slope invert"]);
    let moved: Vec<(u64, u64)> = plan.passes.iter().map(|p| (p.read, p.written)).collect();
    assert_eq!(moved, [(60_000, 80_000), (80_000, 80_000), (80_000, 20_000)]);
}

#[test]
fn levels_that_stay_whole_are_moved_as_bytes() {
    let layout = Layout::new(200, 100, 3);
    let moved = |recipe: &str| {
        let plan = recipe_plan(recipe, layout);
        let passes = plan.passes.iter().map(|p| (p.read, p.written)).collect::<Vec<_>>();
        (labels(&plan), passes)
    };
    let (labels, passes) = moved("median:2,bilateral");
    assert_eq!(labels, ["split", "window median", "neighbourhood bilateral"]);
    assert_eq!(passes, [(60_000, 60_000); 3]);
    // Its border is no level, and may be the median.
    let (_, passes) = moved("median:2:border=constant:value=0.5/0/0/0,bilateral");
    assert_eq!(passes[1], (60_000, 240_000));
}

#[test]
fn sums_of_levels_take_16_bits_where_the_recipe_makes_little_of_what_they_cut_off() {
    let written = |recipe: &str, depth| {
        let layout = Layout::new(200, 100, 1);
        let graph = crate::recipe::Recipe::parse(recipe).unwrap().graph(layout, depth).unwrap();
        plan(&graph, Format::of_depth(depth), depth).passes.iter().map(|p| p.written).collect::<Vec<_>>()
    };
    assert_eq!(written("gaussian_blur:2,sobel", Depth::Eight), [40_000, 40_000, 20_000]);
    assert_eq!(written("gaussian_blur:2,contrast:100", Depth::Eight), [80_000, 20_000]);
    assert_eq!(written("gaussian_blur:2", Depth::Sixteen), [80_000, 40_000]);
    // A second overshoot may be more than they hold, and what a point gives may be anything.
    assert_eq!(written("resize:200%,flip", Depth::Eight)[..2], [80_000, 320_000]);
    assert_eq!(written("brightness:20,gaussian_blur:2", Depth::Eight), [80_000, 20_000]);
}

#[test]
fn a_point_is_not_computed_again_for_every_tap_of_many() {
    let layout = Layout::new(200, 100, 3);
    for recipe in ["gamma:2,bilateral", "gamma:2,median:3", "gamma:2,gaussian_blur:40"] {
        let labels = labels(&recipe_plan(recipe, layout));
        assert_eq!(labels[0], "point gamma", "{recipe}: {labels:?}");
    }
    assert_eq!(labels(&recipe_plan("gamma:2,flip", layout)), ["gamma permute"]);
    // Its result is read twice.
    assert_eq!(labels(&recipe_plan("gamma:2,unsharp_mask:1", layout))[0], "point gamma");
}

#[test]
fn an_image_smaller_than_its_window_is_all_rim() {
    let plan = plan(&chain(Layout::new(3, 3, 1), Depth::Eight, vec![mean(1)]), Format::Codes8, Depth::Eight);
    assert_eq!(plan.dispatches.iter().map(|d| d.label.as_str()).collect::<Vec<_>>(), ["window square at the rim"]);
}

#[test]
fn texts_do_not_depend_on_sizes_and_values() {
    let texts = |layout, factor| {
        let graph = chain(layout, Depth::Eight, vec![linear(factor, 0.0), sum(Place::Horizontal), mean(1)]);
        plan(&graph, Format::Codes8, Depth::Eight).dispatches.into_iter().map(|d| d.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(Layout::new(200, 100, 3), 1.0), texts(Layout::new(321, 55, 3), 2.0));
}

#[test]
fn what_leads_nowhere_is_not_computed() {
    let layout = Layout::new(20, 20, 1);
    let mut graph = chain(layout, Depth::Eight, vec![linear(1.0, 1.0)]);
    let dead = graph.push(mean(1), &[graph.output], layout);
    graph.push(mean(1), &[dead], layout);
    assert_eq!(labels(&plan(&graph, Format::Codes8, Depth::Eight)), ["point linear"]);
}

#[test]
fn a_huge_dispatch_is_spread_over_two_dimensions() {
    let layout = Layout::new(60_000, 2_000, 1);
    let graph = chain(layout, Depth::Eight, vec![mean(5)]);
    let undivided = Effort { dispatch: u64::MAX, submission: u64::MAX };
    let plan = plan_by(&graph, Format::Codes8, Depth::Eight, undivided).unwrap();
    assert!(plan.dispatches.iter().all(|p| p.groups.iter().all(|g| *g <= 65_535)));
    assert!(plan.dispatches[0].groups[1] > 1);
}

/// Of the units of a pass's grid: all of them, and those that each of its dispatches computes.
type Units = (u64, Vec<Range<u64>>);

/// The units of each pass over an image, by its text and what it writes; those of the inside and the rim apart.
fn units(plan: &Plan) -> Vec<Units> {
    let same = |a: &&Dispatch, b: &&Dispatch| a.text == b.text && a.bindings == b.bindings;
    let dispatches: Vec<&Dispatch> = plan.dispatches.iter().collect();
    let of = |group: &[&Dispatch]| {
        let words: Vec<[u32; 11]> = group.iter().map(|p| bytemuck::pod_read_unaligned(&p.params[..44])).collect();
        let [_, columns, rows, left, right, top, bottom, ..] = words[0].map(u64::from);
        let (all, inside) = (columns * rows, (columns - left - right) * (rows - top - bottom));
        for (pass, [span, .., first, end, _, _]) in group.iter().zip(&words) {
            let workgroup = if pass.label.starts_with("strip") { 1 } else { 64 };
            assert!(*span == pass.groups[0] * workgroup && span * pass.groups[1] >= end - first, "{}", pass.label);
        }
        let rim = group[0].label.ends_with("at the rim");
        let ranges = words.iter().map(|w| u64::from(w[7])..u64::from(w[8])).collect();
        (if rim { all - inside } else { inside }, ranges)
    };
    dispatches.chunk_by(same).map(of).collect()
}

#[test]
fn long_work_is_divided_and_every_unit_computed_once() {
    let layout = Layout::new(4000, 3000, 3);
    let effort = Effort::default();
    for (recipe, divided) in [("gaussian_blur:100", true), ("median:14", true), ("box_blur:300", false)] {
        let graph = crate::recipe::Recipe::parse(recipe).unwrap().graph(layout, Depth::Eight).unwrap();
        let plan = plan_by(&graph, Format::Codes8, Depth::Eight, effort).unwrap();
        for (count, ranges) in units(&plan) {
            assert!(ranges[0].start == 0 && ranges[ranges.len() - 1].end == count, "{recipe}: {count} {ranges:?}");
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start), "{recipe}: {ranges:?}");
        }
        assert!(plan.dispatches.iter().all(|p| p.reads <= effort.dispatch), "{recipe}");
        assert_eq!(plan.submissions.len() > 1, divided, "{recipe}");
        assert_eq!(
            plan.submissions.iter().cloned().flatten().collect::<Vec<_>>(),
            Vec::from_iter(0..plan.dispatches.len())
        );
        for dispatches in &plan.submissions {
            let reads: u64 = plan.dispatches[dispatches.clone()].iter().map(|p| p.reads).sum();
            assert!(reads <= effort.submission, "{recipe}: {dispatches:?}");
        }
    }
}

#[test]
fn a_small_image_takes_one_dispatch_a_pass_and_one_submission() {
    let graph = chain(Layout::new(640, 480, 3), Depth::Eight, vec![linear(2.0, 0.0), sum(Place::Horizontal), mean(5)]);
    let plan = plan(&graph, Format::Codes8, Depth::Eight);
    assert!(units(&plan).iter().all(|(_, ranges)| ranges.len() == 1));
    assert_eq!(plan.submissions.len(), 1);
}

#[test]
fn a_mean_costs_the_same_at_any_radius() {
    let layout = Layout::new(4000, 3000, 3);
    let reads = |reach| {
        let axis = |place| {
            let edges = Edges::new(Border::Clamp);
            Kernel::Axis(Arc::new(Axis { place, taps: Taps::Mean { reach }, edges, alpha: Alpha::Work }))
        };
        let graph = chain(layout, Depth::Eight, vec![axis(Place::Horizontal), axis(Place::Vertical)]);
        let plan = plan(&graph, Format::Codes8, Depth::Eight);
        plan.dispatches.iter().map(|p| p.reads).sum::<u64>() as f64
    };
    let reads = [20, 100, 400].map(reads);
    assert!(reads.iter().all(|r| (r / reads[0] - 1.0).abs() < 0.25), "{reads:?}");
}

#[test]
fn too_many_taps_are_refused() {
    let taps = Taps::Min { reach: 100_000 };
    let edges = Edges::new(Border::Clamp);
    let kernel = Kernel::Axis(Arc::new(Axis { place: Place::Horizontal, taps, edges, alpha: Alpha::Work }));
    let graph = chain(Layout::new(9, 9, 3), Depth::Eight, vec![kernel]);
    let error = plan_by(&graph, Format::Codes8, Depth::Eight, Effort::default()).unwrap_err();
    assert!(error.contains("taps"), "{error}");
}
