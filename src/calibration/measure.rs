//! Measures a machine and a device: a few representative kernels of each class, codecs, and what any image takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{Calibration, CodecSpeed, Rate, Speed};
use crate::backend::cpu::CpuBackend;
use crate::backend::gpu::GpuBackend;
use crate::backend::work::{Class, works};
use crate::backend::{Backend, BackendError, Task};
use crate::codec::{self, DecodeOptions, EncodeOptions, Format, JpegDecoder};
use crate::image::{Depth, Image, Layout, Samples};
use crate::op::Graph;
use crate::recipe::Recipe;
use crate::timeline::Recorder;

/// A kernel or two of each class, the second with more reads a sample, and the side of the image that they run on. Those
/// that are made of several classes come after them.
const KERNELS: &[(Class, &[&str], u32)] = &[
    (Class::Point, &["saturation:1.3,hue:20,saturation:0.8,sepia,hue:-20,saturation:1.2,hue:10"], 768),
    (Class::Axis, &["gaussian_blur:0.8", "gaussian_blur:5"], 768),
    (Class::Run, &["box_blur:12"], 768),
    (Class::Permutation, &["flip"], 768),
    (Class::Stencil, &["convolve:1/2/1/2/4/2/1/2/1", "motion_blur:15:angle=30"], 512),
    (Class::Window, &["dilate:1:shape=cross", "dilate:4:shape=disk"], 512),
    (Class::Order, &["median:1", "median:3"], 512),
    (Class::Neighbourhood, &["bilateral:1", "bilateral:4"], 384),
    (Class::Blocks, &["non_local_means:10:patch=1:search=2", "non_local_means:10:patch=2:search=4"], 192),
    (Class::Gather, &["rotate:7", "rotate:7:filter=bicubic"], 512),
    (Class::Statistic, &["equalize"], 768),
    (Class::Flood, &["canny"], 512),
];

/// Images of two sizes through next to nothing.
const PLAIN: &str = "saturation:1.3";
const PLAIN_SIDES: [u32; 2] = [64, 1024];

/// Of the image that codecs work on.
const CODEC_SIDE: u32 = 512;

/// A measurement is repeated for so long at least.
const LEAST: Duration = Duration::from_millis(15);

/// Batches of which the fastest counts.
const BATCHES: usize = 3;

/// Measures; takes a few seconds. `opening`: how long the device took to open.
///
/// # Errors
/// What the device says against an image.
pub fn measure(gpu: &GpuBackend, cores: usize, opening: Duration) -> Result<Calibration, BackendError> {
    let clock = Recorder::new();
    let cpu = speed(&|recipe, side| Ok(cpu_seconds(&clock, cores, recipe, side)?.1))?;
    let (mut first, mut shaders) = (0.0, 0);
    let firsts = std::cell::RefCell::new((&mut first, &mut shaders));
    let device = speed(&|recipe, side| {
        let (begin, steady, compiled) = device_seconds(&clock, gpu, recipe, side)?;
        let mut firsts = firsts.borrow_mut();
        *firsts.0 += (begin - steady).max(0.0);
        *firsts.1 += compiled;
        Ok(steady)
    })?;
    Ok(Calibration {
        cpu,
        device,
        opening: opening.as_secs_f64(),
        shader: first / shaders.max(1) as f64,
        shares_cores: gpu.adapter().is_software(),
        cores,
        codecs: codecs(&clock, cores)?,
    })
}

/// The rates that explain what `seconds` says of recipes on square images.
fn speed(seconds: &dyn Fn(&str, u32) -> Result<f64, BackendError>) -> Result<Speed, BackendError> {
    let [small, large] = PLAIN_SIDES;
    let samples = |side: u32| 2.0 * f64::from(picture_layout(side).samples() as u32);
    let (quick, long) = (seconds(PLAIN, small)?, seconds(PLAIN, large)?);
    let sample = ((long - quick) / (samples(large) - samples(small))).max(0.0);
    let image = (quick - sample * samples(small)).max(0.0);
    let mut speed = Speed { image, sample, kernels: BTreeMap::new() };
    for &(class, recipes, side) in KERNELS {
        let measured = recipes.iter().map(|recipe| {
            let works = works(&graph(recipe, picture_layout(side))?);
            // What the rates so far leave to this class.
            let left = (seconds(recipe, side)? - speed.seconds(samples(side), &works)).max(0.0);
            let own = works.iter().filter(|work| work.class == class);
            let (given, read) = own.fold((0.0, 0.0), |(given, read), w| (given + w.samples, read + w.reads));
            Ok((left, given, read))
        });
        let measured = measured.collect::<Result<Vec<(f64, f64, f64)>, BackendError>>()?;
        speed.kernels.insert(class, rate(&measured));
    }
    Ok(speed)
}

/// The rate that explains one or two measurements, each of seconds, samples given, and values read.
fn rate(measured: &[(f64, f64, f64)]) -> Rate {
    let plain = |(seconds, given, _): (f64, f64, f64)| Rate { sample: seconds / given, read: 0.0 };
    match *measured {
        [few, many] => {
            let each = [few, many].map(|(seconds, given, read)| (seconds / given, read / given));
            let read = ((each[1].0 - each[0].0) / (each[1].1 - each[0].1)).max(0.0);
            // Where the first is dearer than its reads explain, that is what a sample costs; never less than nothing.
            let sample = each[0].0 - read * each[0].1;
            if sample >= 0.0 { Rate { sample, read } } else { Rate { sample: 0.0, read: each[1].0 / each[1].1 } }
        }
        [one] => plain(one),
        _ => Rate::default(),
    }
}

fn picture_layout(side: u32) -> Layout {
    Layout::new(side, side, 3)
}

/// Slopes, edges and a little noise, as in a photo.
fn picture(side: u32) -> Image {
    let layout = picture_layout(side);
    let mut seed = 1u32;
    let mut level = |i: u64| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = ((i / 3) as u32 % side, (i / 3) as u32 / side);
        let shape = if (x / 48 + y / 36) % 2 == 0 { x / 4 + y / 8 } else { 200 - (x + y) / 12 };
        (shape % 240 + (seed >> 29)) as u8
    };
    Image::new(layout, Samples::U8((0..layout.samples()).map(&mut level).collect()))
}

fn graph(recipe: &str, layout: Layout) -> Result<Graph, BackendError> {
    let refused = |e: String| BackendError::Image(format!("a fault of this program: `{recipe}`: {e}"));
    let recipe = Recipe::parse(recipe).map_err(|e| refused(e.message))?;
    recipe.graph(layout, Depth::Eight).map_err(|e| refused(e.to_string()))
}

/// Seconds of a batch of `count`, by one of them: first alone, then as many as it takes to be long enough.
fn repeated(
    clock: &Recorder,
    mut batch: impl FnMut(usize) -> Result<(), BackendError>,
    least: usize,
) -> Result<(f64, f64), BackendError> {
    let mut timed = |count: usize| {
        let begun = clock.elapsed();
        batch(count)?;
        Ok::<f64, BackendError>((clock.elapsed() - begun).as_secs_f64() / count as f64)
    };
    let (first, again) = (timed(1)?, timed(least)?);
    let count = ((LEAST.as_secs_f64() / again) as usize).clamp(least, 64 * least) / least * least;
    let mut best = again;
    for _ in 0..BATCHES {
        best = best.min(timed(count)?);
    }
    Ok((first, best))
}

/// Runs something `count` times on each core.
fn on_cores(
    cores: usize,
    count: usize,
    work: impl Fn() -> Result<(), BackendError> + Sync,
) -> Result<(), BackendError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| (0..count).try_for_each(|_| work()))).collect();
        let stopped = || Err(BackendError::Image("a fault of this program: measuring panicked".into()));
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| stopped()))
    })
}

/// Seconds of the first image and of a later one by the CPU, whose cores work at one each.
fn cpu_seconds(clock: &Recorder, cores: usize, recipe: &str, side: u32) -> Result<(f64, f64), BackendError> {
    let (graph, image) = (Arc::new(graph(recipe, picture_layout(side))?), picture(side));
    let compute = || {
        let (graph, image) = (graph.clone(), image.clone());
        CpuBackend.compute(Task { graph, image, depth: Depth::Eight, divides: false, remaining: 0 })?.give_back();
        Ok(())
    };
    let (first, each) = repeated(clock, |count| on_cores(cores, count, compute), 1)?;
    Ok((first, each / cores as f64))
}

/// Seconds of the first image and of a later one by the device, which has several at a time, and how many shaders there are.
fn device_seconds(
    clock: &Recorder,
    gpu: &GpuBackend,
    recipe: &str,
    side: u32,
) -> Result<(f64, f64, usize), BackendError> {
    let (graph, image) = (Arc::new(graph(recipe, picture_layout(side))?), picture(side));
    let plan = crate::backend::gpu::explain(&graph, Depth::Eight, Depth::Eight).map_err(BackendError::Image)?;
    let shaders = plan.passes.iter().map(|pass| pass.shaders.len()).sum();
    let batch = |count: usize| {
        let (sender, receiver) = channel();
        for _ in 0..count {
            let (sender, graph, image) = (sender.clone(), graph.clone(), image.clone());
            let task = Task { graph, image, depth: Depth::Eight, divides: true, remaining: 0 };
            gpu.submit(task, Box::new(move |result| drop(sender.send(result.map(drop)))));
        }
        drop(sender);
        receiver.iter().collect::<Result<(), BackendError>>()
    };
    let (first, each) = repeated(clock, batch, gpu.depth())?;
    Ok((first, each, shaders))
}

/// The formats that are written; others are read about as fast as one of these.
fn codecs(clock: &Recorder, cores: usize) -> Result<BTreeMap<String, CodecSpeed>, BackendError> {
    let formats = [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff, Format::Bmp];
    let of = |format: Format| Ok((format.name().to_owned(), codec_speed(clock, cores, format)?));
    let mut codecs = formats.into_iter().map(of).collect::<Result<BTreeMap<_, _>, BackendError>>()?;
    for (format, like) in [(Format::Gif, Format::Png), (Format::Pnm, Format::Bmp)] {
        let speed = codecs[like.name()];
        codecs.insert(format.name().to_owned(), speed);
    }
    Ok(codecs)
}

fn codec_speed(clock: &Recorder, cores: usize, format: Format) -> Result<CodecSpeed, BackendError> {
    let colour = picture(CODEC_SIDE);
    let graph = Arc::new(graph("grayscale", colour.layout)?);
    let task = Task { graph, image: colour.clone(), depth: Depth::Eight, divides: true, remaining: 0 };
    let images = [CpuBackend.compute(task)?, colour];
    let failed = |e: codec::CodecError| BackendError::Image(e.to_string());
    let mut speed = CodecSpeed::default();
    for (place, image) in images.iter().enumerate() {
        let options = EncodeOptions { format, quality: 90 };
        let encode = || codec::encode(image, &options).map_err(failed);
        let bytes = encode()?;
        let options = DecodeOptions { max_pixels: image.layout.pixels(), jpeg: JpegDecoder::default() };
        let decode = || codec::decode(&bytes, &options).map(Image::give_back).map_err(failed);
        let each = |work: &(dyn Fn() -> Result<(), BackendError> + Sync)| {
            let (_, seconds) = repeated(clock, |count| on_cores(cores, count, work), 1)?;
            Ok::<f64, BackendError>(seconds / cores as f64 / image.layout.pixels() as f64)
        };
        speed.encode[place] = each(&|| encode().map(drop))?;
        speed.decode[place] = each(&decode)?;
    }
    Ok(speed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_measurements_part_what_a_sample_costs_from_what_a_read_does() {
        let near = |a: Rate, sample: f64, read: f64| (a.sample - sample).abs() < 1e-12 && (a.read - read).abs() < 1e-12;
        // 10 samples: 2 s each, and half a second for each of 9 or 25 reads.
        assert!(near(rate(&[(65.0, 10.0, 90.0), (145.0, 10.0, 250.0)]), 2.0, 0.5));
        // More reads that cost less are no reason for negative rates.
        assert!(near(rate(&[(65.0, 10.0, 90.0), (60.0, 10.0, 250.0)]), 6.5, 0.0));
        assert!(near(rate(&[(1.0, 10.0, 90.0), (100.0, 10.0, 250.0)]), 0.0, 0.4));
        assert!(near(rate(&[(20.0, 10.0, 10.0)]), 2.0, 0.0));
    }

    #[test]
    fn rates_explain_what_was_measured() {
        // A machine on which an image takes a millisecond, a sample in or out a nanosecond, a read a tenth of that.
        let seconds = |recipe: &str, side: u32| {
            let works = works(&graph(recipe, picture_layout(side))?);
            let samples = 2.0 * picture_layout(side).samples() as f64;
            Ok(1e-3 + 1e-9 * samples + works.iter().map(|work| 1e-10 * work.reads).sum::<f64>())
        };
        let found = speed(&seconds).unwrap();
        for recipe in ["gaussian_blur:3,median:2", "bilateral:3", "unsharp_mask:1:sigma=3,contrast:1.2"] {
            let works = works(&graph(recipe, picture_layout(640)).unwrap());
            let (said, is) = (found.seconds(2.0 * 3.0 * 640.0 * 640.0, &works), seconds(recipe, 640).unwrap());
            assert!((said / is - 1.0).abs() < 0.1, "{recipe}: {said} for {is}");
        }
    }
}
