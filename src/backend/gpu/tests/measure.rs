//! Times on the software adapter; run by hand: `cargo test --release --lib gpu::tests::measure -- --ignored --nocapture`.

use std::time::Instant;

use super::kernels::*;
use super::*;
use crate::image::weights::{Filter, Resampling, gaussian};
use crate::image::{Border, Edges};
use crate::op::{Alpha, Axis, Formula, Kernel, Place, Taps, Window, WindowRows};

const SOBEL: &str = "fn sobel(x: i32, y: i32, c: u32, p: Scale) -> f32 {
    let gx = tap(x + 1, y - 1, c) - tap(x - 1, y - 1, c) + 2.0 * (tap(x + 1, y, c) - tap(x - 1, y, c))
        + tap(x + 1, y + 1, c) - tap(x - 1, y + 1, c);
    let gy = tap(x - 1, y + 1, c) - tap(x - 1, y - 1, c) + 2.0 * (tap(x, y + 1, c) - tap(x, y - 1, c))
        + tap(x + 1, y + 1, c) - tap(x + 1, y - 1, c);
    return p.scale * sqrt(gx * gx + gy * gy);
}
";

crate::shader_struct! {
    struct Scale { scale: f32, }
}

#[derive(Debug)]
struct Sobel;

impl Window for Sobel {
    fn formula(&self) -> Formula {
        Formula::new("sobel", SOBEL, &Scale { scale: 1.0 })
    }

    fn reach(&self) -> u32 {
        1
    }

    fn edges(&self) -> Edges {
        Edges::new(Border::Reflect101)
    }

    fn row(&self, _window: WindowRows, _output: &mut [f32]) {
        unreachable!("measured on the GPU only")
    }
}

fn axis(place: Place, taps: Taps) -> Kernel {
    Kernel::Axis(Arc::new(Axis { place, taps, edges: Edges::new(Border::Reflect101), alpha: Alpha::Work }))
}

fn sum(place: Place, sigma: f64) -> Kernel {
    axis(place, Taps::Sum { weights: gaussian(sigma), scale: 1.0 })
}

/// ms of processor time that this process has used, in steps of 10; 0 where the system doesn't say so in /proc.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    10.0 * (ticks(11) + ticks(12))
}

/// For each image, ms: one at a time, processor time of that, and with 4 in flight.
fn times(gpu: &GpuBackend, graph: &Graph, image: &Image) -> [f64; 3] {
    let graph = Arc::new(graph.clone());
    let task = || Task { graph: graph.clone(), image: image.clone(), depth: Depth::Eight };
    (0..3).for_each(|_| drop(gpu.compute(task()).unwrap()));
    let one = || {
        let task = task();
        let start = Instant::now();
        gpu.compute(task).unwrap();
        start.elapsed().as_secs_f64() * 1e3
    };
    let before = cpu_ms();
    let alone = (0..10).map(|_| one()).fold(f64::INFINITY, f64::min);
    let cpu = (cpu_ms() - before) / 10.0;
    let start = Instant::now();
    let (sender, receiver) = channel();
    for i in 0..12 {
        if i >= 4 {
            let _: Result<Image, BackendError> = receiver.recv().unwrap();
        }
        let sender = sender.clone();
        gpu.submit(task(), Box::new(move |r| sender.send(r).unwrap()));
    }
    receiver.iter().take(4).for_each(|r| drop(r.unwrap()));
    [alone, cpu, start.elapsed().as_secs_f64() * 1e3 / 12.0]
}

#[test]
#[ignore = "a measurement"]
fn passes() {
    let gpu = open();
    let layout = Layout::new(2048, 1536, 3);
    let image = noise(layout, Kind::U8, &mut fastrand::Rng::with_seed(1));
    let wide = layout.sized(1024, 1536);
    let half = axis(Place::Horizontal, Taps::Resample(Resampling::new(2048, 1024, Filter::Lanczos3)));
    let half_down = axis(Place::Vertical, Taps::Resample(Resampling::new(1536, 768, Filter::Lanczos3)));
    let one = |kernel: Kernel| chain(layout, Depth::Eight, vec![kernel]);
    let mut resize = Graph::new(layout, Depth::Eight);
    let across = resize.push(half, &[resize.output], wide);
    resize.output = resize.push(half_down, &[across], wide.sized(1024, 768));
    let mut to_gray = Graph::new(layout, Depth::Eight);
    to_gray.output = to_gray.push(gray(), &[to_gray.output], Layout { colours: 1, ..layout });
    let mut sobel_like = to_gray.clone();
    for kernel in [sum(Place::Horizontal, 2.0), sum(Place::Vertical, 2.0), Kernel::Window(Arc::new(Sobel))] {
        let l = sobel_like.layout(sobel_like.output);
        sobel_like.output = sobel_like.push(kernel, &[sobel_like.output], l);
    }
    let both = |sigma| chain(layout, Depth::Eight, vec![sum(Place::Horizontal, sigma), sum(Place::Vertical, sigma)]);
    let cases = [
        ("nothing (transfer and repacking)", Graph::new(layout, Depth::Eight)),
        ("point", one(linear(-1.0, 255.0))),
        ("gray", to_gray),
        ("horizontal, sigma 2", one(sum(Place::Horizontal, 2.0))),
        ("vertical, sigma 2", one(sum(Place::Vertical, 2.0))),
        ("both, sigma 2", both(2.0)),
        ("both, sigma 8", both(8.0)),
        ("sobel", one(Kernel::Window(Arc::new(Sobel)))),
        ("7x7 window", one(square(3, Edges::new(Border::Reflect101), Alpha::Keep))),
        ("gray, both, sobel", sobel_like),
        ("half size lanczos3", resize),
    ];
    let wanted = std::env::var("CASES").unwrap_or_default();
    for (name, graph) in cases.into_iter().filter(|c| c.0.contains(&wanted)) {
        let [alone, cpu, flying] = times(&gpu, &graph, &image);
        println!("{name}: {alone:.1} ms alone (processor {cpu:.0} ms), {flying:.1} ms with 4 in flight");
    }
}
