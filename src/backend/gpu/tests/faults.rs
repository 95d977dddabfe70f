//! What goes wrong stays with its image, and what a lost device had is done again.

use std::time::Duration;

use super::kernels::*;
use super::*;
use crate::op::{Formula, Kernel, Point, PointRow};
use crate::recipe::Recipe;

/// Keeps the engine from taking jobs until what this gives is dropped.
fn hold(gpu: &GpuBackend) -> std::sync::mpsc::Sender<()> {
    let (sender, receiver) = channel::<()>();
    ask(gpu, Test::Run(Box::new(move |_| _ = receiver.recv())));
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
    assert!(adapters().unwrap().iter().enumerate().all(|(i, a)| a.index == i));
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

fn destroy() -> Test {
    Test::Run(Box::new(|device| device.destroy()))
}

fn inverted(image: &Image) -> Task {
    let graph = Recipe::parse("invert,median:1").unwrap().graph(image.layout, image.depth()).unwrap();
    task(graph, image.clone())
}

/// What comes of six images, before the third of which something is asked.
fn six(gpu: &GpuBackend, test: Test) -> Vec<Result<Image, BackendError>> {
    let (sender, receiver) = channel();
    let (held, mut test) = (hold(gpu), Some(test));
    for i in 0..6 {
        if i == 2 {
            ask(gpu, test.take().expect("it is asked once"));
        }
        let sender = sender.clone();
        gpu.submit(inverted(&image()), Box::new(move |result| sender.send((i, result.map(|c| c.image))).unwrap()));
    }
    drop((sender, held));
    let mut results: Vec<_> = receiver.iter().collect();
    results.sort_by_key(|(i, _)| *i);
    assert_eq!(results.len(), 6);
    results.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn what_a_lost_device_had_is_done_again_on_another() {
    let gpu = open();
    let expected = gpu.compute(inverted(&image())).unwrap();
    for round in 1..=4 {
        for result in six(&gpu, destroy()) {
            assert!(result.as_ref() == Ok(&expected), "round {round}");
        }
        let times = if round == 1 { "once".to_owned() } else { format!("{round} times") };
        assert!(gpu.remarks()[0].contains(&format!("lost {times}")), "{:?}", gpu.remarks());
    }
}

#[test]
fn a_loss_amid_tiles_costs_nothing_but_time() {
    let image = noise(Layout::new(300, 200, 3), Kind::U8, &mut fastrand::Rng::with_seed(2));
    let expected = open().compute(inverted(&image)).unwrap();
    let options = Options { largest_image_bytes: Some(20_000), ..Options::default() };
    let gpu = GpuBackend::open_as(choice(), None, options).unwrap();
    let (sender, receiver) = channel();
    gpu.submit(inverted(&image), Box::new(move |result| sender.send(result.map(|c| c.image)).unwrap()));
    while gpu.dispatches() < 20 {
        std::thread::yield_now();
    }
    ask(&gpu, destroy());
    assert!(receiver.recv().unwrap() == Ok(expected));
    assert!(gpu.remarks()[0].contains("lost once"), "{:?}", gpu.remarks());
}

/// A backend that leaves every image as it is.
struct Steady;

impl Backend for Steady {
    fn name(&self) -> String {
        "steady".into()
    }

    fn computes_here(&self) -> bool {
        true
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&self, task: Task, done: Done) {
        done(Ok(Computed { image: task.image, device: None }));
    }
}

#[test]
fn an_adapter_that_disappears_ends_all_or_leaves_it_to_the_fallback() {
    let gpu = open();
    ask(&gpu, Test::Vanish);
    for result in six(&gpu, destroy()).into_iter().skip(2) {
        let Err(BackendError::Device(message)) = result else { panic!("it was computed") };
        assert!(message.contains("3 times") && message.contains("no adapter"), "{message}");
    }
    let gpu = open().with_fallback(Arc::new(Steady));
    ask(&gpu, Test::Vanish);
    let results = six(&gpu, destroy());
    assert!(results.iter().skip(2).all(|result| result.as_ref() == Ok(&image())), "the source is given back");
    assert!(gpu.remarks()[1].contains("the CPU computed"), "{:?}", gpu.remarks());
}

#[test]
fn less_memory_than_promised_is_made_do_with() {
    let image = noise(Layout::new(300, 200, 3), Kind::U8, &mut fastrand::Rng::with_seed(3));
    let expected = open().compute(inverted(&image)).unwrap();
    let options = Options { memory_bytes: Some(8 << 20), ..Options::default() };
    let gpu = GpuBackend::open_as(choice(), None, options).unwrap();
    ask(&gpu, Test::Scarce(600_000));
    let results = compute_all(&gpu, (0..3).map(|_| inverted(&image)).collect());
    assert!(results.iter().all(|result| result.as_ref() == Ok(&expected)));
    ask(&gpu, Test::Scarce(1000));
    let Err(BackendError::Image(message)) = gpu.compute(inverted(&image)) else { panic!("it has no memory") };
    assert!(message.contains("too little memory"), "{message}");
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
    ask(&gpu, Test::Hang);
    for _ in 0..SLOTS + 4 {
        let sender = sender.clone();
        let graph = chain(image().layout, Depth::Eight, vec![linear(-1.0, 255.0)]);
        gpu.submit(task(graph, image()), Box::new(move |result| drop(sender.send(result))));
    }
    drop(held);
    for i in 0..SLOTS + 4 {
        let result = receiver.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|e| panic!("{i}: {e}"));
        let Err(BackendError::Device(message)) = result else { panic!("{i}: {result:?}") };
        assert!(message.contains("3 times") && message.contains("did not answer"), "{message}");
    }
    let (dropped, ended) = channel();
    std::thread::spawn(move || {
        drop(gpu);
        dropped.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(60)).expect("the engine's thread ends");
}

#[test]
fn a_shader_that_never_compiles_is_compiled_on_another_device_or_ends_all() {
    let (gpu, expected) = (open(), open().compute(inverted(&image())).unwrap());
    ask(&gpu, Test::Stick);
    assert_eq!(gpu.compute(inverted(&image())).map_err(|e| e.to_string()).as_ref(), Ok(&expected));
    assert!(gpu.remarks()[0].contains("lost once"), "{:?}", gpu.remarks());
    let gpu = open();
    ask(&gpu, Test::Vanish);
    ask(&gpu, Test::Stick);
    let Err(BackendError::Device(message)) = gpu.compute(inverted(&image())) else { panic!("it was computed") };
    assert!(message.contains("no adapter"), "{message}");
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
            let spoil = |device: &wgpu::Device| {
                let usage = wgpu::BufferUsages::empty();
                let useless = wgpu::BufferDescriptor { label: None, size: 16, usage, mapped_at_creation: false };
                drop(device.create_buffer(&useless));
            };
            ask(&gpu, Test::Run(Box::new(spoil)));
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
