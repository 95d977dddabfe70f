//! CPU and GPU give the same pixels: every operation of the registry over hostile images, alone with extreme and
//! random parameters, and in random chains. The adapter is a software one unless `IMGPROC_TEST_ADAPTER=gpu`;
//! without an adapter these tests fail.
#![cfg(feature = "gpu")]

#[macro_use]
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;
use imgproc::backend::both::Both;
use imgproc::backend::cpu::CpuBackend;
use imgproc::backend::{Backend, Computed, DeviceTimes, Done, Task};
use imgproc::image::{Image, Layout, Samples};
use imgproc::op::{Formula, Graph, Kernel, Reduce, Statistic};
use imgproc::ops::{find, registry};
use imgproc::recipe::Recipe;
use support::compare::{Difference, Limit, Side, compare};
use support::images::{Content, Sample, hostile, sample};
use support::runs::{self, Device, Tally, agreement, with_adapter, with_cutting_adapter};
use support::{cases, tolerance};

/// Cases of one operation: images times the least, at least two extremes where it has parameters, and random sets.
fn least_cases(parameters: usize) -> usize {
    let sets = if parameters == 0 { 1 } else { 1 + cases::RANDOM_SETS / 2 };
    hostile().len() * sets
}

/// On a software adapter f32 is rounded as on the CPU, so 16-bit images are held to more than the page asks; a GPU's
/// arithmetic may fuse and reassociate. Even Mesa takes the 255 out of sums of floats, which are no whole codes.
fn agrees(recipe: &str, sample: &Sample, limit: Limit) -> Result<Difference, String> {
    with_adapter(|device| agreement(device, recipe, sample, held(recipe, sample, limit)))
}

fn held(recipe: &str, sample: &Sample, limit: Limit) -> Limit {
    let exact = runs::adapter().adapter().is_software();
    let at_depth = tolerance::at_depth(recipe, &sample.image, limit).levels;
    let finer = if matches!(sample.image.samples, Samples::F32(_)) { at_depth } else { at_depth.min(limit.levels) };
    Limit { levels: if exact { finer } else { limit.levels.max(finer) }, ..limit }
}

fn operation_agrees(name: &str) {
    let spec = find(name).expect("an operation of the registry");
    let mut rng = Rng::with_seed(7);
    let mut tally = Tally::default();
    for sample in hostile() {
        for recipe in cases::of_operation(spec, &sample.image, &mut rng) {
            if !cases::applies(&recipe, &sample.image) {
                tally.refused += 1;
                continue;
            }
            tally.add(&recipe, &sample, |limit| agrees(&recipe, &sample, limit));
        }
    }
    tally.finish(name, least_cases(spec.parameters.len()));
}

test_each_operation!(operation_agrees);

/// Of each operation on an image of several tiles: the least parameters and random ones.
mod in_tiles {
    use super::*;

    const RANDOM_SETS: usize = 2;

    fn operation_agrees_in_tiles(name: &str) {
        let spec = find(name).expect("an operation of the registry");
        let mut rng = Rng::with_seed(17);
        let mut tally = Tally::default();
        let sample = sample(107, 95, 4, 8, Content::HoledAlpha);
        assert!(4 * sample.image.layout.samples() > runs::CUT_BYTES);
        let all = cases::of_operation(spec, &sample.image, &mut rng);
        let (least, others) = all.split_first().expect("the least parameters");
        let sets = [least].into_iter().chain(&others[others.len().saturating_sub(RANDOM_SETS)..]);
        for recipe in sets.filter(|recipe| cases::applies(recipe, &sample.image)) {
            tally.add(recipe, &sample, |limit| {
                with_cutting_adapter(|device| agreement(device, recipe, &sample, held(recipe, &sample, limit)))
            });
        }
        tally.finish(name, 1);
    }

    test_each_operation!(operation_agrees_in_tiles);
}

/// Whoever of the two computes an image, it is the same: each operation by both at once, half of the images each.
#[test]
fn both_backends_at_once_give_the_same_images() {
    let mut rng = Rng::with_seed(19);
    let sample = sample(107, 95, 4, 8, Content::HoledAlpha);
    let (mut by_device, mut here) = (0, 0);
    for spec in registry() {
        let recipe = cases::of_operation(spec, &sample.image, &mut rng).swap_remove(0);
        if !cases::applies(&recipe, &sample.image) {
            continue;
        }
        let graph = Arc::new(runs::graph(&recipe, &sample.image).unwrap());
        let expected = CpuBackend.compute(runs::task(&graph, &sample.image)).unwrap();
        let both = Both::new(Arc::new(CpuBackend), Arc::new(Shared));
        let computed: Vec<Computed> = with_adapter(|_| {
            let (sender, receiver) = std::sync::mpsc::channel();
            for _ in 0..6 {
                let sender = sender.clone();
                both.submit(runs::task(&graph, &sample.image), Box::new(move |result| sender.send(result).unwrap()));
            }
            drop(sender);
            receiver.iter().map(|result| result.unwrap()).collect()
        });
        assert_eq!(computed.len(), 6);
        let device = computed.iter().filter(|computed| computed.device.is_some()).count();
        by_device += device;
        here += 6 - device;
        let limit = held(&recipe, &sample, tolerance::limit(&recipe));
        for Computed { image, .. } in &computed {
            let sides = [Side { by: "cpu", image: &expected }, Side { by: "both", image }];
            compare(&recipe, &sample.name, sides[0], sides[1], limit).unwrap_or_else(|failure| panic!("{failure}"));
        }
    }
    let many = registry().len() / 2;
    assert!(by_device >= many && here >= many, "{by_device} by the device, {here} not");
}

/// The adapter that all tests share.
struct Shared;

impl Backend for Shared {
    fn name(&self) -> String {
        runs::adapter().name()
    }

    fn computes_here(&self) -> bool {
        false
    }

    fn depth(&self) -> usize {
        runs::adapter().depth()
    }

    fn submit(&self, task: Task, done: Done) {
        runs::adapter().submit(task, done);
    }
}

/// 108 megapixels: no plane of it fits a buffer of 128 MiB, which is all that lavapipe binds.
#[test]
fn an_image_of_many_buffers_agrees() {
    let sample = Sample { name: "12000x9000".into(), image: large(12_000, 9_000) };
    agrees("box_blur:2,equalize", &sample, Limit::levels(1.0)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Bright and dark places of all sizes, gray.
fn large(width: u32, height: u32) -> Image {
    let level = |x: u32, y: u32| ((x / 7 * (y / 5 + 3)) ^ ((x * y) >> 9)) as u8;
    let levels = (0..height).flat_map(|y| (0..width).map(move |x| level(x, y))).collect();
    Image::new(Layout::new(width, height, 1), Samples::U8(levels))
}

#[test]
fn the_registry_allows_no_more_than_the_page() {
    for spec in registry() {
        assert!(spec.tolerance <= tolerance::levels(spec.name), "{}", spec.name);
    }
}

#[test]
fn a_recipe_allows_no_more_than_the_page() {
    let mut recipes: Vec<String> = registry().iter().map(|spec| spec.example.to_owned()).collect();
    recipes.extend(recipes.clone().iter().flat_map(|r| [format!("grayscale,{r}"), format!("gaussian_blur:1,{r}")]));
    recipes.extend(
        [
            "rotate:90:filter=nearest",
            "rotate:90:filter=nearest:expand=false",
            "rotate:30:filter=nearest",
            "adaptive_threshold:5:method=gaussian",
            "unsharp_mask:1:threshold=3",
            "contrast:2,gamma:2",
            "contrast:2,gamma:0.5",
            "contrast:2,levels:gamma=2",
        ]
        .map(str::to_owned),
    );
    let mut tipped = 0;
    for text in recipes {
        // Some operations take no gray, some nothing else.
        let Ok(recipe) = Recipe::parse(&text) else { continue };
        let (own, page) = (recipe.tolerance(), tolerance::limit(&text));
        assert!(f64::from(own.levels) <= page.levels.max(1.0) && own.share == page.share, "{text}: {own:?}, {page:?}");
        tipped += usize::from(own.share > 0.0);
    }
    assert!(tipped > 12, "{tipped}");
}

#[test]
fn large_medians_agree_across_strips_whatever_the_values() {
    let mut rng = Rng::with_seed(13);
    let mut spread = |_| if rng.bool() { rng.f32() } else { rng.f32() * f32::from(rng.i8(-100..0)).exp2() };
    let values = (0..150 * 70).map(&mut spread).collect();
    let spread = Image::new(Layout::new(150, 70, 1), Samples::F32(values));
    let samples = [Sample { name: "spread".into(), image: spread }, sample(131, 67, 4, 8, Content::HoledAlpha)];
    for sample in &samples {
        for recipe in
            ["median:4", "median:8:border=wrap", "median:15", "median:16", "median:20:border=constant:value=3"]
        {
            agrees(recipe, sample, Limit::levels(0.0)).unwrap_or_else(|failure| panic!("{failure}"));
        }
    }
}

/// Each is a few shaders of its own to compile.
const CHAINS_PER_IMAGE: usize = 4;

#[test]
fn chains_agree() {
    let mut rng = Rng::with_seed(11);
    let mut tally = Tally::default();
    for sample in hostile() {
        for _ in 0..CHAINS_PER_IMAGE {
            let recipe = cases::chain(&sample.image, &mut rng);
            tally.add(&recipe, &sample, |limit| agrees(&recipe, &sample, limit));
        }
    }
    tally.finish("chains", hostile().len() * CHAINS_PER_IMAGE);
}

/// A faint band that winds around the middle, where it is bright: its edges count only because a very long path joins
/// them to strong ones.
fn spiral(side: u32) -> Sample {
    let layout = Layout::new(side, side, 1);
    let middle = f64::from(side) / 2.0;
    let level = |i: u32| {
        let (x, y) = (f64::from(i % side) - middle, f64::from(i / side) - middle);
        let turns = x.hypot(y) / 10.0 - y.atan2(x) / std::f64::consts::TAU;
        let faded = (200.0 - 4.0 * x.hypot(y)).max(120.0);
        if turns.rem_euclid(1.0) < 0.5 { faded as u8 } else { 100 }
    };
    let levels = (0..side * side).map(level).collect();
    Sample { name: format!("a spiral in {side}x{side}"), image: Image::new(layout, Samples::U8(levels)) }
}

#[test]
fn canny_follows_a_winding_edge_to_its_end() {
    let sample = spiral(400);
    let edges = |recipe: &str| match runs::cpu(recipe, &sample.image).unwrap().samples {
        Samples::U8(levels) => levels.into_iter().filter(|v| *v == 255).count(),
        other => panic!("{other:?}"),
    };
    let (far, near) = (edges("canny:30:high=300"), edges("canny:300:high=300"));
    assert!(far > 20_000 && near < 1000, "{far} pixels from {near} strong ones");
    agrees("canny:30:high=300", &sample, Limit::levels(0.0)).unwrap();
}

/// The table of another kernel if there were many more pixels: `MORE` times each count, and 0 to 6 besides.
#[derive(Debug)]
struct Many(Arc<dyn Reduce>);

const MORE: u32 = 2_600_000;

impl Reduce for Many {
    fn formula(&self) -> Formula {
        let Formula { text, .. } = self.0.formula();
        let many = "fn many(i: u32) -> u32 {
    let n = histogram(i);
    return MORE * n + select(i % 7u, 0u, n == 0u);
}
";
        let text = format!("{}{many}const MORE = {MORE}u;\n", text.replace("histogram(", "many("));
        Formula { text: text.into(), ..self.0.formula() }
    }

    fn statistic(&self) -> Statistic {
        self.0.statistic()
    }

    fn table(&self, counts: &[u32]) -> Vec<f32> {
        let many = |(i, n): (u32, &u32)| MORE * n + if *n == 0 { 0 } else { i % 7 };
        self.0.table(&(0..).zip(counts).map(many).collect::<Vec<u32>>())
    }
}

#[test]
fn otsu_parts_billions_of_pixels_where_the_cpu_does() {
    for (case, bits) in [8, 16].into_iter().cycle().take(24).enumerate() {
        // Noise (another one for each size) and its opposite, so that levels part it nearly equally well.
        let (width, height) = (30 + case as u32 % 10, 20);
        let mut image = sample(width, 2 * height, 1, bits, Content::Noise).image;
        let last = image.samples.len() - 1;
        match &mut image.samples {
            Samples::U8(v) => (0..=last / 2).for_each(|i| v[i] = 255 - v[last - i]),
            Samples::U16(v) => (0..=last / 2).for_each(|i| v[i] = 65_535 - v[last - i]),
            Samples::F32(_) => unreachable!("no such bits were asked for"),
        }
        let plain = runs::graph("otsu:mode=trunc", &image).unwrap();
        let mut graph = Graph::new(image.layout, image.depth());
        for node in &plain.nodes()[1..] {
            let kernel = match &node.kernel {
                Kernel::Reduce(kernel) => Kernel::Reduce(Arc::new(Many(kernel.clone()))),
                other => other.clone(),
            };
            graph.output = graph.push(kernel, &node.inputs, node.layout);
        }
        let expected = runs::compute(&CpuBackend, &graph, &image).unwrap();
        let actual = with_adapter(|device| runs::compute(device.backend, &graph, &image)).unwrap();
        assert_eq!(expected, actual, "{case}: {width} px wide, {bits} bits");
    }
}

/// A backend of another name that changes one sample of what the CPU gives, by one level.
#[derive(Default)]
struct Perturbing {
    dispatches: AtomicU64,
    by: u8,
}

impl Backend for Perturbing {
    fn name(&self) -> String {
        "perturbing".into()
    }

    fn computes_here(&self) -> bool {
        false
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&self, task: Task, done: Done) {
        self.dispatches.fetch_add(1, Ordering::Relaxed);
        done(CpuBackend.compute(task).map(|mut image| {
            if let Samples::U8(v) = &mut image.samples {
                v[0] = if v[0] > 127 { v[0] - self.by } else { v[0] + self.by };
            }
            Computed { image, device: Some(DeviceTimes::default()) }
        }));
    }
}

#[test]
fn the_harness_fails_on_one_perturbed_sample() {
    let sample = sample(20, 10, 3, 8, Content::Noise);
    for (by, limit, passes) in [(0, 0.0, true), (1, 0.0, false), (1, 1.0, true), (2, 1.0, false)] {
        let backend = Perturbing { by, ..Perturbing::default() };
        let device = Device { backend: &backend, dispatches: &|| backend.dispatches.load(Ordering::Relaxed) };
        let outcome = agreement(&device, "invert", &sample, Limit::levels(limit));
        assert_eq!(outcome.is_ok(), passes, "{by} levels, {limit} allowed: {outcome:?}");
    }
}

#[test]
fn the_harness_fails_where_nothing_was_dispatched() {
    let backend = Perturbing::default();
    let device = Device { backend: &backend, dispatches: &|| 5 };
    let outcome = agreement(&device, "invert", &sample(4, 4, 1, 8, Content::Noise), Limit::levels(1.0));
    assert!(outcome.unwrap_err().contains("dispatched nothing"));
}

#[test]
fn the_harness_fails_where_both_sides_are_one_backend() {
    let dispatches = AtomicU64::new(0);
    let device = Device { backend: &CpuBackend, dispatches: &|| dispatches.fetch_add(1, Ordering::Relaxed) };
    let outcome = agreement(&device, "invert", &sample(4, 4, 1, 8, Content::Noise), Limit::levels(1.0));
    assert!(outcome.unwrap_err().contains("both sides"));
}

#[test]
fn a_tally_fails_on_a_failed_case_on_too_few_cases_and_on_too_great_a_share() {
    let sample = sample(100, 100, 1, 8, Content::Constant);
    let fails = |run: fn(&mut Tally, &Sample)| {
        let mut tally = Tally::default();
        run(&mut tally, &sample);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tally.finish("harness", 1))).is_err()
    };
    assert!(fails(|_, _| ()));
    assert!(fails(|tally, sample| tally.add("invert", sample, |_| Err("apart".into()))));
    assert!(!fails(|tally, sample| tally.add(DECIDING, sample, |_| beyond(10))));
    assert!(fails(|tally, sample| tally.add(DECIDING, sample, |_| beyond(11))));
}

const DECIDING: &str = "gaussian_blur:2,threshold:100";

/// So many of ten thousand pixels beyond the tolerance.
fn beyond(beyond: u64) -> Result<Difference, String> {
    Ok(Difference { worst: 9.0, pixels: 10_000, beyond })
}

#[test]
fn the_adapter_is_the_one_asked_for() {
    let adapter = runs::adapter().adapter();
    let hardware = std::env::var("IMGPROC_TEST_ADAPTER").is_ok_and(|v| v == "gpu");
    assert_eq!(adapter.is_software(), !hardware, "{adapter:?}");
}
