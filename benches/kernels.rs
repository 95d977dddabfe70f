//! Operations on an image in memory: 12 MP, one thread, no codec, no disk.
//!
//!     cargo bench --bench kernels                           every operation, by its example
//!     cargo bench --bench kernels -- --image FILE sobel     those named, on that 8-bit RGB image
//!     cargo bench --bench kernels -- --fresh                every call in memory that was not used before
//!
//! `scripts/benchmark/benchmark.py kernels` starts it with `--serve` and asks for one call at a time, in turn with OpenCV's.
//! That is why there is no benchmark library here: one repeats a function until its time is stable, then takes up the next,
//! so that a drift of the machine, which is larger than what is measured, falls on one side only.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the rules on clock, disk and output are the program's"
)]

mod picture;

use std::io::{BufRead, Write};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use imgproc::backend::cpu::CpuBackend;
use imgproc::backend::{Backend, Task};
use imgproc::codec::{self, DecodeOptions, JpegDecoder};
use imgproc::image::{Depth, Image, Samples, buffers};
use imgproc::ops;
use imgproc::recipe::Recipe;

/// What is kept for the next use, of each kind of samples: the source, the result and one that is computed on the way.
const BUFFERS: usize = 3;

/// Whoever calls once may take so long; all others are called several times.
const LONG: Duration = Duration::from_secs(2);

fn main() -> Result<()> {
    let (mut image, mut serve, mut fresh, mut names) = (None, false, false, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--serve" => serve = true,
            "--fresh" => fresh = true,
            "--image" => image = Some(arguments.next().context("--image expects a file")?),
            // Cargo says so to every bench.
            "--bench" => {}
            option if option.starts_with('-') => bail!("no option {option}"),
            _ => names.push(argument),
        }
    }
    if !fresh {
        // As in a run over many images: else each result's memory would be cleared before it is written.
        buffers::keep(BUFFERS, 4 << 30);
    }
    let kernels = Kernels::new(match image {
        Some(path) => rgb(&path)?,
        None => picture::drawn(4000, 3000, 3),
    })?;
    if serve { kernels.serve() } else { kernels.table(&names) }
}

/// An image file of 8-bit RGB.
fn rgb(path: &str) -> Result<Image> {
    let bytes = std::fs::read(path).with_context(|| format!("can't read {path}"))?;
    let options = DecodeOptions { max_pixels: u64::MAX, jpeg: JpegDecoder::Turbo };
    let image = codec::decode(&bytes, &options).with_context(|| path.to_owned())?;
    if image.layout.channels() != 3 || image.depth() != Depth::Eight {
        bail!("{path} is not 8-bit RGB");
    }
    Ok(image)
}

/// In memory that was given back, where there is some. The copy that the last call gave back is used as it is: to write it anew would
/// leave it in the caches for the call to write back, which no peer's call does.
fn copy(image: &Image) -> Image {
    let Samples::U8(codes) = &image.samples else { unreachable!("images here are of 8 bits") };
    let mut copy = buffers::take(codes.len());
    if copy != *codes {
        copy.copy_from_slice(codes);
    }
    Image::new(image.layout, Samples::U8(copy))
}

/// One thread, and the images that it works on.
struct Kernels {
    pool: rayon::ThreadPool,
    gray: Image,
    rgb: Image,
}

/// One call: the time until its result was there, and the result.
struct Call {
    time: Duration,
    result: Image,
}

impl Kernels {
    fn new(rgb: Image) -> Result<Kernels> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(16 << 20).build()?;
        let mut kernels = Kernels { pool, gray: rgb.clone(), rgb };
        kernels.gray = kernels.call(3, "grayscale")?.result;
        Ok(kernels)
    }

    /// The image of that many channels.
    fn source(&self, channels: u32) -> &Image {
        if channels == 1 { &self.gray } else { &self.rgb }
    }

    fn call(&self, channels: u32, recipe: &str) -> Result<Call> {
        let source = self.source(channels);
        let graph = Recipe::parse(recipe)?.graph(source.layout, source.depth())?;
        let task =
            Task { graph: Arc::new(graph), image: copy(source), depth: source.depth(), divides: true, remaining: 0 };
        let (sender, receiver) = mpsc::sync_channel(1);
        self.pool.install(|| {
            let begun = Instant::now();
            // Not `compute`: the source is given up after `done`, which is nothing that a peer's call does.
            CpuBackend.submit(task, Box::new(move |result| drop(sender.send((begun.elapsed(), result)))));
        });
        let (time, result) = receiver.recv()?;
        Ok(Call { time, result: result?.image })
    }

    /// The median of several calls, after one that is thrown away; of a long one, that one.
    fn time(&self, channels: u32, recipe: &str) -> Result<Duration> {
        let time = || -> Result<Duration> {
            let Call { time, result } = self.call(channels, recipe)?;
            result.give_back();
            Ok(time)
        };
        let first = time()?;
        if first > LONG {
            return Ok(first);
        }
        let mut times = (0..5).map(|_| time()).collect::<Result<Vec<Duration>>>()?;
        times.sort();
        Ok(times[2])
    }

    fn table(&self, names: &[String]) -> Result<()> {
        println!("{:30} {:>10} {:>10}   ns/px, one thread", "recipe", "RGB", "gray");
        for spec in ops::registry().iter().filter(|spec| names.is_empty() || names.iter().any(|name| name == spec.name))
        {
            let cell = |channels| match self.time(channels, spec.example) {
                Ok(time) => format!("{:.2}", time.as_nanos() as f64 / self.source(channels).layout.pixels() as f64),
                Err(_) => "refused".into(),
            };
            println!("{:30} {:>10} {:>10}", spec.example, cell(3), cell(1));
        }
        Ok(())
    }

    /// Answers each line of stdin by one:
    ///
    ///     run CHANNELS RECIPE    -> ok SECONDS BYTES    one call; bytes of source and result
    ///     save CHANNELS FILE     -> ok                  the source, as PNM
    ///     result FILE            -> ok                  what the last run gave, as PNM
    ///
    /// or by `error TEXT`.
    fn serve(&self) -> Result<()> {
        let mut last = None;
        for line in std::io::stdin().lock().lines() {
            match self.answer(&line?, &mut last) {
                Ok(text) => println!("ok {text}"),
                Err(error) => println!("error {}", format!("{error:#}").replace('\n', " ")),
            }
            std::io::stdout().flush()?;
        }
        Ok(())
    }

    fn answer(&self, line: &str, last: &mut Option<Image>) -> Result<String> {
        // Given back before the call, so that the call may have its memory.
        let previous = last.take();
        let (verb, rest) = line.split_once(' ').context("expected a verb and its object")?;
        if verb == "result" {
            save(&previous.context("nothing was run")?, rest)?;
            return Ok(String::new());
        }
        if let Some(previous) = previous {
            previous.give_back();
        }
        let (channels, object) = rest.split_once(' ').context("expected channels")?;
        let channels: u32 = channels.parse()?;
        match verb {
            "run" => {
                let call = self.call(channels, object)?;
                let bytes = self.source(channels).bytes() + call.result.bytes();
                *last = Some(call.result);
                Ok(format!("{} {bytes}", call.time.as_secs_f64()))
            }
            "save" => save(self.source(channels), object).map(|()| String::new()),
            _ => Err(anyhow!("no verb {verb}")),
        }
    }
}

/// Writes an 8-bit image without alpha as PGM or PPM.
fn save(image: &Image, path: &str) -> Result<()> {
    let kind = match image.layout.channels() {
        1 => 5,
        3 => 6,
        other => bail!("{other} channels are not for PNM"),
    };
    let Samples::U8(codes) = &image.samples else { bail!("not 8 bits") };
    let mut file = std::fs::File::create(path)?;
    write!(file, "P{kind}\n{} {}\n255\n", image.layout.width, image.layout.height)?;
    Ok(file.write_all(codes)?)
}
