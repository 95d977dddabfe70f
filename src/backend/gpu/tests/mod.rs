//! Tests of the GPU backend: plans as data, and whole graphs on an adapter against an obvious evaluation.

mod devices;
mod faults;
mod kernels;
mod memory;
mod plans;
mod reference;
mod tiled;
mod twins;

use super::job::{Message, Test};
use super::*;
use crate::backend::{BackendError, Computed};
use crate::image::{Image, Layout, Samples};

/// What the tests run on: a software adapter, or real hardware with `IMGPROC_TEST_ADAPTER=gpu`.
fn choice() -> Choice {
    match std::env::var("IMGPROC_TEST_ADAPTER").as_deref() {
        Ok("gpu") => Choice::Hardware,
        Ok("software") | Err(_) => Choice::Software,
        Ok(other) => panic!("IMGPROC_TEST_ADAPTER={other}: expected gpu or software"),
    }
}

/// The adapter to test; its absence is a failure.
fn open() -> GpuBackend {
    GpuBackend::open(choice(), None).unwrap_or_else(|e| panic!("{e}; ./scripts/test installs what is needed"))
}

/// Asks the engine for something once what was submitted before is taken.
fn ask(gpu: &GpuBackend, test: Test) {
    let submitter = gpu.submitter.as_ref().expect("it is open");
    submitter.jobs.send(Message::Test(test)).expect("the engine runs");
}

/// Results in the order of the tasks, all of them submitted before the first is waited for.
fn compute_all(gpu: &GpuBackend, tasks: Vec<Task>) -> Vec<Result<Image, BackendError>> {
    let (sender, receiver) = channel();
    let mut results: Vec<_> = tasks.iter().map(|_| None).collect();
    for (i, task) in tasks.into_iter().enumerate() {
        let sender = sender.clone();
        gpu.submit(task, Box::new(move |result| sender.send((i, result.map(|c| c.image))).unwrap()));
    }
    drop(sender);
    for (i, result) in receiver {
        assert!(results[i].replace(result).is_none(), "task {i} is answered twice");
    }
    results.into_iter().map(|r| r.expect("every task is answered")).collect()
}

/// Random samples, with many 0 and full ones among them.
fn noise(layout: Layout, kind: Kind, rng: &mut fastrand::Rng) -> Image {
    let len = layout.samples() as usize;
    let mut pick = |full: u32| match rng.u32(0..8) {
        0 => 0,
        1 => full,
        _ => rng.u32(0..=full),
    };
    let samples = match kind {
        Kind::U8 => Samples::U8((0..len).map(|_| pick(255) as u8).collect()),
        Kind::U16 => Samples::U16((0..len).map(|_| pick(65535) as u16).collect()),
        Kind::F32 => Samples::F32((0..len).map(|_| pick(65535) as f32 / 65535.0).collect()),
    };
    Image::new(layout, samples)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    U8,
    U16,
    F32,
}

fn task(graph: Graph, image: Image) -> Task {
    let depth = image.depth();
    Task { graph: Arc::new(graph), image, depth, divides: true, remaining: 0 }
}

/// A graph of one chain.
fn chain(source: Layout, depth: Depth, kernels: Vec<crate::op::Kernel>) -> Graph {
    let mut graph = Graph::new(source, depth);
    for kernel in kernels {
        let input = graph.output;
        let layout = graph.layout(input);
        graph.output = graph.push(kernel, &[input], layout);
    }
    graph
}
