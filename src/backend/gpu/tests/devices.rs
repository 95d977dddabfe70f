//! Whole graphs on an adapter against the evaluation in f64.

use std::sync::Arc;

use super::kernels::*;
use super::reference::{BORDERS, evaluate};
use super::*;
use crate::image::weights::{Filter, Resampling, gaussian};
use crate::image::{Border, Edges};
use crate::op::{Alpha, Axis, Kernel, NodeId, Permutation, Place, Statistic, Taps};

const SIZES: [(u32, u32); 6] = [(1, 1), (1, 9), (13, 1), (3, 5), (67, 33), (130, 70)];

/// A named graph for a source.
type Case = (&'static str, fn(Layout, Depth, &mut fastrand::Rng) -> Graph);

fn edges(rng: &mut fastrand::Rng) -> Edges {
    Edges { border: BORDERS[rng.usize(0..5)], value: [10.0, 20.0, 30.0, 40.0] }
}

fn axis(place: Place, taps: Taps, edges: Edges, alpha: Alpha) -> Kernel {
    Kernel::Axis(Arc::new(Axis { place, taps, edges, alpha }))
}

fn blur(sigma: f64, edges: Edges, alpha: Alpha) -> Vec<Kernel> {
    let taps = || Taps::Sum { weights: gaussian(sigma), scale: 1.0 };
    [Place::Horizontal, Place::Vertical].map(|place| axis(place, taps(), edges, alpha)).into()
}

fn resized(source: Layout, depth: Depth, (w, h): (u32, u32), filter: Filter) -> Graph {
    let mut graph = Graph::new(source, depth);
    let across = Taps::Resample(Resampling::new(source.width, w, filter));
    let down = Taps::Resample(Resampling::new(source.height, h, filter));
    let layout = source.sized(w, source.height);
    let edges = Edges::new(Border::Clamp);
    let wide = graph.push(axis(Place::Horizontal, across, edges, Alpha::Work), &[graph.output], layout);
    graph.output = graph.push(axis(Place::Vertical, down, edges, Alpha::Work), &[wide], source.sized(w, h));
    graph
}

const CASES: &[Case] = &[
    ("nothing", |l, d, _| Graph::new(l, d)),
    ("points", |l, d, _| chain(l, d, vec![linear(0.5, 20.0), linear(-1.0, 255.0), linear(1.25, -3.0)])),
    ("alpha worked on", |l, d, _| chain(l, d, vec![premultiply(), linear_with_alpha(0.9, 3.0)])),
    ("gray between points", |l, d, _| {
        let mut graph = chain(l, d, vec![linear(0.5, 20.0)]);
        let gray_layout = Layout { colours: 1, ..l };
        let g = graph.push(gray(), &[graph.output], gray_layout);
        graph.output = graph.push(linear(-1.0, 255.0), &[g], gray_layout);
        graph
    }),
    ("colour from gray", |l, d, rng| {
        let (gray_layout, colour) = (Layout { colours: 1, ..l }, Layout { colours: 3, ..l });
        let mut graph = Graph::new(l, d);
        let g = graph.push(gray(), &[NodeId(0)], gray_layout);
        let soft = graph.push(square(1, edges(rng), Alpha::Keep), &[g], gray_layout);
        let spread = graph.push(spread(), &[soft], colour);
        graph.output = graph.push(less(), &[spread, g], colour);
        graph
    }),
    ("short window", |l, d, rng| chain(l, d, vec![square(1, edges(rng), Alpha::Keep)])),
    ("window and points", |l, d, rng| {
        chain(l, d, vec![linear(0.5, 9.0), square(2, edges(rng), Alpha::Work), linear(2.0, 0.0)])
    }),
    ("long window", |l, d, rng| chain(l, d, vec![square(4, edges(rng), Alpha::Keep), linear(0.5, 1.0)])),
    ("long window last", |l, d, rng| chain(l, d, vec![linear(0.5, 1.0), square(3, edges(rng), Alpha::Work)])),
    ("blur", |l, d, rng| chain(l, d, blur(rng.f64() * 4.0, edges(rng), Alpha::Work))),
    ("blur and points", |l, d, rng| {
        let mut kernels = blur(0.3 + rng.f64() * 9.0, edges(rng), Alpha::Keep);
        kernels.insert(0, linear(0.5, 0.0));
        kernels.extend([linear(1.5, 0.0), linear(1.0, 2.0)]);
        chain(l, d, kernels)
    }),
    ("least and greatest", |l, d, rng| {
        let (reach, far) = (rng.u32(0..9), Edges::constant(1.0e6));
        let least = |place| axis(place, Taps::Min { reach }, far, Alpha::Keep);
        let greatest = |place, e| axis(place, Taps::Max { reach: reach + 3 }, e, Alpha::Work);
        let e = edges(rng);
        chain(
            l,
            d,
            vec![
                least(Place::Horizontal),
                least(Place::Vertical),
                greatest(Place::Vertical, e),
                greatest(Place::Horizontal, e),
            ],
        )
    }),
    ("box", |l, d, rng| {
        let (n, e) = (2 * rng.usize(0..12) + 1, edges(rng));
        let taps = Taps::Sum { weights: vec![1.0; n], scale: 1.0 / n as f32 };
        let mean = Taps::Mean { reach: n as u32 / 2 };
        chain(l, d, vec![axis(Place::Vertical, taps, e, Alpha::Work), axis(Place::Horizontal, mean, e, Alpha::Work)])
    }),
    ("running means and extremes", |l, d, rng| {
        let (reach, e, alpha) = (rng.u32(17..60), edges(rng), [Alpha::Keep, Alpha::Work][rng.usize(0..2)]);
        let extreme = |place| match reach % 2 {
            0 => axis(place, Taps::Min { reach }, e, alpha),
            _ => axis(place, Taps::Max { reach }, e, alpha),
        };
        let mean = |place| axis(place, Taps::Mean { reach: reach + 5 }, e, alpha);
        let (across, down) = (Place::Horizontal, Place::Vertical);
        chain(l, d, vec![mean(across), linear(0.5, 9.0), extreme(down), extreme(across), mean(down), linear(2.0, 1.0)])
    }),
    ("resize", |l, d, rng| {
        let filters = [Filter::Nearest, Filter::Box, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos3];
        resized(l, d, (rng.u32(1..90), rng.u32(1..90)), filters[rng.usize(0..5)])
    }),
    ("shrunk to a pixel", |l, d, _| resized(l, d, (1, 1), Filter::Lanczos3)),
    ("permutation", |l, d, rng| {
        let transposed = rng.bool();
        let (w, h) = if transposed { (l.height, l.width) } else { (l.width, l.height) };
        let mut step = || if rng.bool() { 1 } else { -1 };
        let (step_x, step_y) = (step(), step());
        let origin = |step: i32, n: u32| if step < 0 { n as i32 - 1 } else { 0 };
        let p = Permutation {
            transposed,
            step_x,
            step_y,
            origin_x: origin(step_x, l.width),
            origin_y: origin(step_y, l.height),
            edges: Edges::new(Border::Clamp),
        };
        let mut graph = Graph::new(l, d);
        let moved = graph.push(Kernel::Permute(Arc::new(p)), &[NodeId(0)], l.sized(w, h));
        graph.output = graph.push(linear(-1.0, 255.0), &[moved], l.sized(w, h));
        graph
    }),
    ("padding", |l, d, rng| {
        let p = Permutation {
            transposed: false,
            step_x: 1,
            step_y: 1,
            origin_x: rng.i32(-40..3),
            origin_y: rng.i32(-40..3),
            edges: edges(rng),
        };
        let mut graph = Graph::new(l, d);
        let layout = l.sized(l.width + rng.u32(0..50), l.height + rng.u32(0..50));
        graph.output = graph.push(Kernel::Permute(Arc::new(p)), &[NodeId(0)], layout);
        graph
    }),
    ("two images", |l, d, rng| {
        let mut graph = chain(l, d, vec![linear(0.5, 60.0)]);
        let sharp = graph.output;
        let mut soft = sharp;
        for kernel in blur(1.5, edges(rng), Alpha::Work) {
            soft = graph.push(kernel, &[soft], l);
        }
        let mixed = graph.push(less(), &[sharp, soft], l);
        let bright = graph.push(linear(1.0, 30.0), &[mixed], l);
        graph.output = graph.push(less(), &[bright, sharp], l);
        graph
    }),
    ("output read by others", |l, d, rng| {
        let mut graph = chain(l, d, vec![linear(0.5, 60.0)]);
        let output = graph.output;
        graph.push(square(1, edges(rng), Alpha::Keep), &[output], l);
        graph
    }),
];

/// Where a result differs from the evaluation by more than half a code and what f32 loses; on real hardware, whose
/// division and functions may be less exact, by more than the level that most operations are allowed.
fn difference(got: &Image, expected: &[f64], software: bool) -> Option<String> {
    let codes: Vec<f64> = match &got.samples {
        Samples::U8(v) => v.iter().map(|v| f64::from(*v)).collect(),
        Samples::U16(v) => v.iter().map(|v| f64::from(*v)).collect(),
        Samples::F32(_) => return Some("results are codes".into()),
    };
    let slack = match got.samples {
        _ if !software => 0.5 + f64::from(got.depth().codes_per_level()),
        Samples::U8(_) => 0.501,
        _ => 0.6,
    };
    assert_eq!(codes.len(), expected.len());
    let worst = codes.iter().zip(expected).position(|(g, e)| (g - e).abs() > slack)?;
    let channels = got.layout.channels() as usize;
    let (pixel, c) = (worst / channels, worst % channels);
    let (x, y) = (pixel % got.layout.width as usize, pixel / got.layout.width as usize);
    Some(format!("at ({x}, {y}) channel {c}: {} instead of {}", codes[worst], expected[worst]))
}

fn run_cases(gpu: &GpuBackend, cases: impl Iterator<Item = (String, Graph, Image, Depth)>) {
    let (mut names, mut tasks, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (name, graph, image, depth) in cases {
        expected.push(evaluate(&graph, &image, depth));
        names.push(format!("{name} on {:?} {:?}", image.layout, image.depth()));
        tasks.push(Task { graph: Arc::new(graph), image, depth, divides: true, remaining: 0 });
    }
    for ((name, expected), result) in names.iter().zip(&expected).zip(compute_all(gpu, tasks)) {
        let image = result.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(difference(&image, expected, gpu.adapter().is_software()), None, "{name}");
    }
}

#[test]
fn graphs_give_what_their_evaluation_gives() {
    let gpu = open();
    let mut rng = fastrand::Rng::with_seed(7);
    let formats =
        [(1, Kind::U8), (2, Kind::U16), (3, Kind::U8), (4, Kind::F32), (3, Kind::U16), (4, Kind::U8), (2, Kind::U8)];
    // Each size in two formats, the next graph in others: the time goes into compiling.
    for (i, (name, build)) in CASES.iter().enumerate() {
        let mut cases = Vec::new();
        for (width, height) in SIZES {
            for (channels, kind) in [formats[i % 7], formats[(i + 3) % 7]] {
                let layout = Layout::new(width, height, channels);
                let image = noise(layout, kind, &mut rng);
                let depth = if rng.bool() { Depth::Eight } else { Depth::Sixteen };
                cases.push((name.to_string(), build(layout, image.depth(), &mut rng), image, depth));
            }
        }
        run_cases(&gpu, cases.into_iter());
    }
    assert!(gpu.dispatches() > 0);
}

#[test]
fn histograms_make_tables() {
    let gpu = open();
    let mut rng = fastrand::Rng::with_seed(8);
    let mut cases = Vec::new();
    for (width, height) in [(1, 1), (5, 3), (67, 133), (300, 200)] {
        for channels in 1..=4 {
            let layout = Layout::new(width, height, channels);
            let gray = Layout { colours: 1, ..layout };
            let mut graph = Graph::new(layout, Depth::Eight);
            let table = graph.push(remainders(Statistic::Luma), &[NodeId(0)], layout);
            graph.output = graph.push(lookup(), &[NodeId(0), table], gray);
            cases.push(("luma".to_string(), graph, noise(layout, Kind::U8, &mut rng), Depth::Eight));
        }
        let layout = Layout::new(width, height, 3);
        let mut graph = chain(layout, Depth::Eight, vec![linear(-1.0, 255.0)]);
        let codes = graph.output;
        let table = graph.push(remainders(Statistic::Each), &[codes], layout);
        let looked = graph.push(lanes(), &[codes, table], layout);
        graph.output = graph.push(linear(1.0, 5.0), &[looked], layout);
        cases.push(("each".to_string(), graph, noise(layout, Kind::U8, &mut rng), Depth::Sixteen));

        // 16-bit codes stand in planes as they are.
        let layout = Layout::new(width, height, 1);
        let mut graph = chain(layout, Depth::Sixteen, vec![linear(257.0, 0.0)]);
        let codes = graph.output;
        let table = graph.push(remainders(Statistic::Luma), &[codes], layout);
        graph.output = graph.push(lookup(), &[codes, table], layout);
        let samples = (0..layout.samples()).map(|_| 257 * rng.u16(0..256)).collect();
        cases.push(("16 bits".to_string(), graph, Image::new(layout, Samples::U16(samples)), Depth::Eight));
    }
    run_cases(&gpu, cases.into_iter());
}

#[test]
fn staging_gives_the_same() {
    let staged = GpuBackend::open_with(choice(), None, Tuning { staged: true, ..Tuning::default() }).unwrap();
    let direct = open();
    let mut rng = fastrand::Rng::with_seed(10);
    let tasks = || {
        let mut rng = fastrand::Rng::with_seed(11);
        let sizes = [(67, 33), (1, 1), (67, 33), (68, 33), (300, 200), (5, 3)];
        let tasks = sizes.map(|(width, height)| {
            let layout = Layout::new(width, height, 3);
            let image = noise(layout, if rng.bool() { Kind::U8 } else { Kind::U16 }, &mut rng);
            task(chain(layout, Depth::Eight, vec![linear(0.5, 20.0)]), image)
        });
        Vec::from(tasks)
    };
    assert_eq!(compute_all(&staged, tasks()), compute_all(&direct, tasks()));
    let layout = Layout::new(67, 33, 2);
    let kernels = || vec![linear(0.5, 0.0), square(1, Edges::new(Border::Wrap), Alpha::Keep)];
    let image = noise(layout, Kind::U8, &mut rng);
    run_cases(
        &staged,
        [("staged".to_string(), chain(layout, Depth::Eight, kernels()), image, Depth::Eight)].into_iter(),
    );
}

#[test]
fn a_device_with_a_clock_tells_how_long_it_worked() {
    for staged in [false, true] {
        let gpu = GpuBackend::open_with(choice(), None, Tuning { staged, ..Tuning::default() }).unwrap();
        let layout = Layout::new(640, 480, 3);
        let image = noise(layout, Kind::U8, &mut fastrand::Rng::with_seed(1));
        gpu.compute(task(chain(layout, Depth::Eight, vec![square(3, Edges::new(Border::Clamp), Alpha::Keep)]), image))
            .unwrap();
        let Some(times) = gpu.device_times() else {
            assert!(!gpu.adapter().timestamps);
            continue;
        };
        let worked = [times.upload, times.kernels, times.readback].map(|time| time.as_secs_f64());
        assert!((1.0e-6..10.0).contains(&worked[1]), "{worked:?}");
        // What is copied takes time; what is shared takes none.
        assert!(staged || worked[0] == 0.0 && worked[2] == 0.0, "{worked:?}");
    }
}

#[test]
fn divided_work_gives_the_same() {
    let (usual, mut rng) = (open(), fastrand::Rng::with_seed(12));
    // A workgroup a dispatch, and three of the smallest a submission.
    let effort = Effort { dispatch: 1, submission: 64 * 4 * 3 };
    let divided = GpuBackend::open_with(choice(), None, Tuning { effort, ..Tuning::default() }).unwrap();
    for (name, build) in CASES {
        let layout = Layout::new(67, 33, 1 + rng.u32(0..4));
        let image = noise(layout, Kind::U8, &mut rng);
        let graph = Arc::new(build(layout, Depth::Eight, &mut rng));
        let tasks = || {
            vec![Task {
                graph: graph.clone(),
                image: image.clone(),
                depth: Depth::Sixteen,
                divides: true,
                remaining: 0,
            }]
        };
        assert_eq!(compute_all(&divided, tasks()), compute_all(&usual, tasks()), "{name} on {layout:?}");
    }
    assert!(divided.dispatches() > 5 * usual.dispatches());
}

#[test]
fn sixteen_bit_codes_survive() {
    let gpu = open();
    let layout = Layout::new(256, 256, 1);
    let samples = Samples::U16((0..=u16::MAX).collect());
    let image = Image::new(layout, samples.clone());
    let got = gpu.compute(task(Graph::new(layout, Depth::Sixteen), image)).unwrap();
    assert_eq!(got.samples, samples);
}

#[test]
fn long_axes_are_not_cut_short() {
    let gpu = open();
    let mut rng = fastrand::Rng::with_seed(9);
    let mut cases = Vec::new();
    for (layout, to) in [(Layout::new(30_000, 1, 3), (1, 1)), (Layout::new(1, 30_000, 4), (1, 1))] {
        cases.push((
            "shrink".to_string(),
            resized(layout, Depth::Eight, to, Filter::Lanczos3),
            noise(layout, Kind::U8, &mut rng),
            Depth::Eight,
        ));
    }
    let mirror = Edges::new(Border::Reflect101);
    let means = [Place::Horizontal, Place::Vertical];
    let means = means.map(|place| axis(place, Taps::Mean { reach: 10_000 }, mirror, Alpha::Work)).into();
    let blurred = ("wide blur", Layout::new(300, 40, 3), blur(1000.0, mirror, Alpha::Work));
    for (name, layout, kernels) in [blurred, ("wide means", Layout::new(60, 7, 3), means)] {
        cases.push((
            name.to_string(),
            chain(layout, Depth::Eight, kernels),
            noise(layout, Kind::U8, &mut rng),
            Depth::Eight,
        ));
    }
    run_cases(&gpu, cases.into_iter());
}
