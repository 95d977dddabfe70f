//! What goes wrong stays with its image, and a lost device ends nothing but itself.

use super::kernels::*;
use super::*;
use crate::backend::gpu::engine::Message;

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
fn an_image_beyond_the_limits_is_refused() {
    let gpu = open();
    let limit = gpu.adapter().limits.max_binding_bytes.min(gpu.adapter().limits.max_buffer_bytes);
    // One channel of floats between two passes; nothing of that size is allocated.
    let layout = Layout::new(65_532, (limit / 4 / 65_532 + 1) as u32, 1);
    let graph = chain(layout, Depth::Eight, vec![square_of_reach(1), square_of_reach(1)]);
    let error = build::plan(&graph, Format::Codes8, Depth::Eight, &gpu.adapter().limits).unwrap_err();
    assert!(error.contains(&limit.to_string()) && error.contains("--backend cpu"), "{error}");
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
            gpu.send(Message::Destroy);
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
