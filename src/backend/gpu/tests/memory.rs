//! The budget of the device's memory: it is kept, buffers are used again, and nothing is left behind.

use super::kernels::*;
use super::*;
use crate::recipe::Recipe;

fn with_memory(memory_bytes: u64) -> GpuBackend {
    let options = Options { memory_bytes: Some(memory_bytes), ..Options::default() };
    GpuBackend::open_as(choice(), None, options).unwrap()
}

fn inverting(width: u32, height: u32) -> Task {
    let layout = Layout::new(width, height, 3);
    let image = Image::new(layout, Samples::U8(vec![7; layout.samples() as usize]));
    task(chain(layout, Depth::Eight, vec![linear(-1.0, 255.0)]), image)
}

#[test]
fn two_thousand_images_leave_as_much_on_the_device_as_two_hundred() {
    let gpu = open();
    let run = |count: u32| {
        for i in 0..count {
            let side = 16 + 16 * (i % 10);
            assert!(gpu.compute(inverting(side, 3 * side)).is_ok());
        }
        gpu.device_bytes()
    };
    let first = run(200);
    assert!(first > 0);
    assert_eq!(run(1800), first);
}

#[test]
fn images_that_have_no_room_together_are_computed_one_after_another() {
    let whole = whole_sketch(&inverting(300, 200).graph, Format::Codes8, Depth::Eight).unwrap().bytes(true);
    let gpu = with_memory(whole + whole / 4);
    let results = compute_all(&gpu, (0..9).map(|i| inverting(300 - i % 3, 200)).collect());
    assert!(results.iter().all(|result| result.is_ok()), "{results:?}");
    assert!(gpu.device_bytes() <= whole + whole / 4, "{} of {whole}", gpu.device_bytes());
}

#[test]
fn an_image_beyond_the_budget_is_done_in_tiles_within_it() {
    let image = noise(Layout::new(400, 300, 3), Kind::U8, &mut fastrand::Rng::with_seed(4));
    let recipe = "gaussian_blur:2,median:1,equalize";
    let graph = || Recipe::parse(recipe).unwrap().graph(image.layout, image.depth()).unwrap();
    let (plenty, little) = (open(), with_memory(2 << 20));
    let [expected, got] = [&plenty, &little].map(|gpu| gpu.compute(task(graph(), image.clone())).unwrap());
    assert_eq!(expected.samples, got.samples);
    let held = [plenty, little].map(|gpu| gpu.device_bytes());
    assert!(held[0] > 3 << 20 && held[1] <= 2 << 20, "{held:?}");
}

#[test]
fn the_estimate_is_what_the_plan_holds() {
    let gpu = open();
    let layout = Layout::new(1000, 800, 1);
    let pixels = layout.pixels();
    let graph = |recipe| Recipe::parse(recipe).unwrap().graph(layout, Depth::Eight).unwrap();
    let floats = |recipe| {
        let bytes = gpu.device_bytes_of(&graph(recipe), Format::Codes8, Depth::Eight);
        (bytes - 2 * pixels) as f64 / (4 * pixels) as f64
    };
    // Slopes of three channels with the luma that they are of, or the peaks with their flood.
    assert!((4.0..7.5).contains(&floats("canny")), "{}", floats("canny"));
    assert!((0.0..0.1).contains(&floats("invert")), "{}", floats("invert"));
    // Two planes of 16 bits that take turns, and one of floats.
    assert!((1.5..2.1).contains(&floats("gaussian_blur:3,median:5")), "{}", floats("gaussian_blur:3,median:5"));
}

#[test]
fn the_estimate_counts_what_tiles_keep_on_the_host() {
    let memory = 400_000;
    let gpu = with_memory(memory);
    let layout = Layout::new(300, 200, 3);
    let bytes = |recipe| {
        let graph = Recipe::parse(recipe).unwrap().graph(layout, Depth::Eight).unwrap();
        gpu.device_bytes_of(&graph, Format::Codes8, Depth::Eight)
    };
    // A pixel that is the mean of all can't be cut, so the row of its columns' means is kept.
    assert_eq!(bytes("median:3,resize:1x1"), memory + 4 * 3 * 300);
    assert_eq!(bytes("median:3"), memory);
}
