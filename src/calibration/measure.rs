//! Measures a machine and a device: a few representative kernels of each class, codecs, and what any image takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{Calibration, CodecSpeed, Rate, Speed};
use crate::backend::cpu::CpuBackend;
use crate::backend::gpu::GpuBackend;
use crate::backend::work::{Class, Work, works};
use crate::backend::{Backend, BackendError, Task};
use crate::codec::{self, DecodeOptions, EncodeOptions, Format, JpegDecoder};
use crate::image::{Depth, Image, Layout, Samples};
use crate::op::Graph;
use crate::recipe::Recipe;
use crate::timeline::Recorder;

/// Recipes, and the side of the image that each runs on: each class of kernels with few reads a sample and with many, and some
/// that mix them as users do.
const RECIPES: &[(&str, u32)] = &[
    ("invert", 64),
    ("invert", 768),
    ("saturation:1.3", 512),
    ("saturation:1.3,hue:20,saturation:0.8,sepia,hue:-20,saturation:1.2,hue:10", 512),
    ("gaussian_blur:0.8", 512),
    ("gaussian_blur:5", 512),
    ("box_blur:4", 512),
    ("box_blur:40", 512),
    ("flip", 512),
    ("convolve:1/2/1/2/4/2/1/2/1", 512),
    ("motion_blur:15:angle=30", 384),
    ("sobel", 512),
    ("dilate:1:shape=cross", 512),
    ("dilate:4:shape=disk", 384),
    ("median:1", 384),
    ("median:3", 384),
    ("bilateral:1", 256),
    ("bilateral:5", 256),
    ("non_local_means:10:patch=1:search=2", 128),
    ("non_local_means:10:patch=2:search=5", 128),
    ("rotate:7", 384),
    ("rotate:7:filter=bicubic", 384),
    ("resize:50%", 512),
    ("equalize", 512),
    ("canny", 384),
    ("grayscale,gaussian_blur:2,sobel", 512),
    ("unsharp_mask:1:sigma=3,contrast:1.2,saturation:1.3", 512),
    ("median:2,bilateral:3", 256),
];

/// Of the image that codecs work on.
const CODEC_SIDE: u32 = 512;

/// A batch takes about so long.
const BATCH: Duration = Duration::from_millis(12);

/// Batches of which the fastest counts; where one takes much longer, it alone counts.
const BATCHES: usize = 3;

/// Measures; takes a few seconds. `opening`: how long the device took to open.
///
/// # Errors
/// What the device says against an image.
pub fn measure(gpu: &GpuBackend, cores: usize, opening: Duration) -> Result<Calibration, BackendError> {
    let clock = Recorder::new(false);
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

/// The rates that explain best what `seconds` says of the recipes.
fn speed(seconds: &dyn Fn(&str, u32) -> Result<f64, BackendError>) -> Result<Speed, BackendError> {
    let measured = RECIPES.iter().map(|&(recipe, side)| {
        let graph = graph(recipe, picture_layout(side))?;
        let samples = graph.nodes()[0].layout.samples() + graph.output_layout().samples();
        Ok((terms(samples as f64, &works(&graph)), seconds(recipe, side)?))
    });
    let fitted = fit(&measured.collect::<Result<Vec<_>, BackendError>>()?);
    let rate = |(i, class): (usize, Class)| (class, Rate { sample: fitted[2 + 2 * i], read: fitted[3 + 2 * i] });
    Ok(Speed { image: fitted[0], sample: fitted[1], kernels: Class::ALL.into_iter().enumerate().map(rate).collect() })
}

/// What the time of an image is a sum of, each with its rate: the image, its samples in and out, and for each class the
/// samples given and the values read.
fn terms(samples: f64, works: &[Work]) -> Vec<f64> {
    let of = |class: Class| {
        let own = works.iter().filter(move |work| work.class == class);
        own.fold([0.0; 2], |[given, read], work| [given + work.samples, read + work.reads])
    };
    [1.0, samples].into_iter().chain(Class::ALL.into_iter().flat_map(of)).collect()
}

/// Rounds of the fit, far more than it takes to settle.
const ROUNDS: usize = 3000;

/// The rates, none below 0, with which sums of terms come nearest to what was measured, by the squares of relative errors:
/// coordinate descent (Franc, Hlaváč, Navara: Sequential coordinate-wise algorithm for the non-negative least squares
/// problem, 2005).
fn fit(measured: &[(Vec<f64>, f64)]) -> Vec<f64> {
    let count = measured.first().map_or(0, |(terms, _)| terms.len());
    let rows = || measured.iter().map(|(terms, seconds)| terms.iter().map(|term| term / seconds).collect::<Vec<f64>>());
    let product = |i: usize, j: usize| rows().map(|row| row[i] * row[j]).sum::<f64>();
    let products: Vec<Vec<f64>> = (0..count).map(|i| (0..count).map(|j| product(i, j)).collect()).collect();
    let sums: Vec<f64> = (0..count).map(|i| rows().map(|row| row[i]).sum()).collect();
    let mut rates = vec![0.0; count];
    for _ in 0..ROUNDS {
        for i in (0..count).filter(|i| products[*i][*i] > 0.0) {
            let explained: f64 = products[i].iter().zip(&rates).map(|(product, rate)| product * rate).sum();
            rates[i] = (rates[i] + (sums[i] - explained) / products[i][i]).max(0.0);
        }
    }
    rates
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
    let (first, mut best) = (timed(1)?, timed(least)?);
    let count = (BATCH.as_secs_f64() / best) as usize;
    if count >= least {
        for _ in 0..BATCHES {
            best = best.min(timed(count.min(64 * least))?);
        }
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
    fn a_fit_finds_the_rates_and_none_below_zero() {
        let measured = |rates: [f64; 3]| {
            let terms = [[1.0, 10.0, 0.0], [1.0, 10.0, 20.0], [1.0, 500.0, 90.0], [1.0, 40.0, 900.0]];
            terms.map(|row| (row.to_vec(), row.iter().zip(rates).map(|(term, rate)| term * rate).sum()))
        };
        let found = fit(&measured([3.0, 0.5, 0.25]));
        assert!(found.iter().zip([3.0, 0.5, 0.25]).all(|(found, is)| (found - is).abs() < 1e-6), "{found:?}");
        let mut odd = measured([3.0, 0.5, 0.0]);
        odd[3].1 -= 2.0;
        assert!(fit(&odd).iter().all(|rate| *rate >= 0.0));
    }

    #[test]
    fn rates_explain_recipes_that_were_not_measured() {
        // A machine on which an image takes a tenth of a millisecond, a sample in or out half a nanosecond, one given by a
        // kernel a nanosecond, a read a tenth of that.
        let seconds = |recipe: &str, side: u32| {
            let works = works(&graph(recipe, picture_layout(side))?);
            let samples = 2.0 * picture_layout(side).samples() as f64;
            let kernels = works.iter().map(|work| 1e-9 * work.samples + 1e-10 * work.reads).sum::<f64>();
            Ok(1e-4 + 0.5e-9 * samples + kernels)
        };
        let found = speed(&seconds).unwrap();
        for recipe in ["gaussian_blur:3,median:2", "bilateral:3", "unsharp_mask:1:sigma=3,contrast:1.2,flip"] {
            let works = works(&graph(recipe, picture_layout(640)).unwrap());
            let (said, is) = (found.seconds(2.0 * 3.0 * 640.0 * 640.0, &works), seconds(recipe, 640).unwrap());
            assert!((said / is - 1.0).abs() < 0.1, "{recipe}: {said} for {is}");
        }
    }
}
