//! What goes wrong stays with its image, and a lost device ends nothing but itself.

use std::time::Duration;

use super::kernels::*;
use super::*;
use crate::backend::gpu::engine::Message;
use crate::op::{Formula, Kernel, Point, PointRow};

/// Does something to the device once what was submitted before is taken.
fn run(gpu: &GpuBackend, act: impl FnOnce(&wgpu::Device) + Send + 'static) {
    gpu.send(Message::Run(Box::new(act)));
}

/// Keeps the engine from taking jobs until what this gives is dropped.
fn hold(gpu: &GpuBackend) -> std::sync::mpsc::Sender<()> {
    let (sender, receiver) = channel::<()>();
    run(gpu, move |_| _ = receiver.recv());
    sender
}

fn image() -> Image {
    noise(Layout::new(40, 30, 3), Kind::U8, &mut fastrand::Rng::with_seed(1))
}

#[test]
fn a_wrong_shader_fails_its_image_only() {
    let gpu = open();
    let graph = |kernel| chain(image().layout, Depth::Eight, vec![kernel]);
    let tasks = vec![
        task(graph(linear(-1.0, 255.0)), image()),
        task(graph(broken()), image()),
        task(graph(linear(-1.0, 255.0)), image()),
    ];
    let results = compute_all(&gpu, tasks);
    let Err(BackendError::Image(message)) = &results[1] else { panic!("{:?}", results[1]) };
    assert!(message.contains("nowhere"), "{message}");
    assert!(results[0].is_ok());
    assert_eq!(results[0], results[2]);
    // And again after it.
    assert_eq!(gpu.compute(task(graph(linear(-1.0, 255.0)), image())), results[0]);
}

#[test]
fn each_choice_opens_its_own_kind_or_nothing() {
    let tested = open();
    for choice in [Choice::Hardware, Choice::Software] {
        let software = matches!(choice, Choice::Software);
        match GpuBackend::open(choice, None) {
            Ok(gpu) => assert_eq!(gpu.adapter().is_software(), software),
            Err(e) => {
                assert_ne!(tested.adapter().is_software(), software, "{e}");
                assert!(e.0.contains("--backend cpu") && e.0.contains(&tested.name()), "{e}");
            }
        }
    }
    assert!(GpuBackend::open(choice(), Some("no such adapter")).is_err());
    assert!(adapters().iter().enumerate().all(|(i, a)| a.index == i));
}

#[test]
fn an_image_that_not_even_tiles_can_hold_is_refused() {
    let options = Options { largest_image_bytes: Some(200), ..Options::default() };
    let gpu = GpuBackend::open_as(choice(), None, options).unwrap();
    // A row of its window alone is longer.
    let graph = || chain(image().layout, Depth::Eight, vec![linear(1.0, 0.0), square_of_reach(9)]);
    let Err(BackendError::Image(message)) = gpu.compute(task(graph(), image())) else { panic!("it has no room") };
    assert!(message.contains("200") && message.contains("--backend cpu"), "{message}");
}

fn square_of_reach(reach: u32) -> crate::op::Kernel {
    square(reach, crate::image::Edges::new(crate::image::Border::Clamp), crate::op::Alpha::Keep)
}

#[test]
fn a_lost_device_answers_every_image_with_an_error() {
    let gpu = open();
    let graph = || chain(image().layout, Depth::Eight, vec![linear(-1.0, 255.0), square_of_reach(1)]);
    assert!(gpu.compute(task(graph(), image())).is_ok());
    let (sender, receiver) = channel();
    for i in 0..6 {
        if i == 2 {
            run(&gpu, |device| device.destroy());
        }
        let sender = sender.clone();
        gpu.submit(task(graph(), image()), Box::new(move |result| sender.send((i, result)).unwrap()));
    }
    drop(sender);
    let results: Vec<_> = receiver.iter().collect();
    assert_eq!(results.len(), 6);
    for (i, result) in results {
        assert!(i < 2 || matches!(result, Err(BackendError::Device(_))), "{i}: {result:?}");
    }
    assert!(matches!(gpu.compute(task(graph(), image())), Err(BackendError::Device(_))));
}

#[test]
fn jobs_in_flight_are_answered_when_the_backend_is_dropped() {
    let gpu = open();
    let (sender, receiver) = channel();
    for _ in 0..4 {
        let sender = sender.clone();
        let graph = chain(image().layout, Depth::Eight, vec![linear(-1.0, 255.0)]);
        gpu.submit(task(graph, image()), Box::new(move |result| sender.send(result).unwrap()));
    }
    drop((gpu, sender));
    let results: Vec<_> = receiver.iter().collect();
    assert!(results.len() == 4 && results.iter().all(|r| r.is_ok()));
}

#[test]
fn a_device_that_hangs_is_given_up_and_every_image_answered() {
    let tuning = Tuning { limit: Some(Duration::from_millis(50)), ..Tuning::default() };
    let gpu = GpuBackend::open_with(choice(), None, tuning).unwrap();
    let (sender, receiver) = channel();
    // All are queued before the first is taken: as many as there are slots fly, the others wait.
    let held = hold(&gpu);
    gpu.send(Message::Hang);
    for _ in 0..SLOTS + 4 {
        let sender = sender.clone();
        let graph = chain(image().layout, Depth::Eight, vec![linear(-1.0, 255.0)]);
        gpu.submit(task(graph, image()), Box::new(move |result| drop(sender.send(result))));
    }
    drop(held);
    for i in 0..SLOTS + 4 {
        let result = receiver.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|e| panic!("{i}: {e}"));
        let Err(BackendError::Device(message)) = result else { panic!("{i}: {result:?}") };
        assert!(message.contains("did not answer"), "{message}");
    }
    let (dropped, ended) = channel();
    std::thread::spawn(move || {
        drop(gpu);
        dropped.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(60)).expect("the engine's thread ends");
}

#[derive(Debug)]
struct Panics;

impl Point for Panics {
    fn formula(&self) -> Formula {
        panic!("on purpose")
    }

    fn row(&self, _row: PointRow, _output: &mut [&mut [f32]]) {
        unreachable!("this kernel is only planned")
    }
}

#[test]
fn a_panic_while_planning_fails_its_image_only() {
    let gpu = open();
    let graph = |kernel| chain(image().layout, Depth::Eight, vec![kernel]);
    let result = gpu.compute(task(graph(Kernel::Point(Arc::new(Panics))), image()));
    let Err(BackendError::Image(message)) = &result else { panic!("{result:?}") };
    assert!(message.contains("panicked"), "{message}");
    assert!(gpu.compute(task(graph(linear(-1.0, 255.0)), image())).is_ok());
}

#[test]
fn an_error_outside_any_scope_fails_what_is_in_flight() {
    let gpu = open();
    let graph = || chain(image().layout, Depth::Eight, vec![linear(-1.0, 255.0)]);
    let (sender, receiver) = channel();
    let held = hold(&gpu);
    for i in 0..3 {
        if i == 2 {
            run(&gpu, |device| {
                let usage = wgpu::BufferUsages::empty();
                let useless = wgpu::BufferDescriptor { label: None, size: 16, usage, mapped_at_creation: false };
                drop(device.create_buffer(&useless));
            });
        }
        let sender = sender.clone();
        gpu.submit(task(graph(), image()), Box::new(move |result| sender.send((i, result)).unwrap()));
    }
    drop((held, sender));
    let results: Vec<_> = receiver.iter().collect();
    assert_eq!(results.len(), 3);
    for (i, result) in results {
        match result {
            Err(BackendError::Image(message)) => assert!(i < 2 && message.contains("refused"), "{i}: {message}"),
            result => assert!(i == 2 && result.is_ok(), "{i}: {result:?}"),
        }
    }
    assert!(gpu.compute(task(graph(), image())).is_ok());
}
