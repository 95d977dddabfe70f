//! Whole runs in process, from file to file: a folder of drawn JPEGs through recipes, on all cores.
//!
//!     cargo bench --bench runs [-- RECIPE...]
//!
//! Tells where the time of a run goes. For comparisons with other programs there is `scripts/benchmark/benchmark.py jobs`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the rules on clock, disk and output are the program's"
)]

mod picture;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use imgproc::backend::cpu::CpuBackend;
use imgproc::codec::{self, DecodeOptions, EncodeOptions, Format, JpegDecoder};
use imgproc::pipeline::disk::Outputs;
use imgproc::pipeline::{self, Existing, Outcome, Report, Request, Runtime, Schedule, Settings, Shutdown, Store};
use imgproc::recipe::Recipe;
use imgproc::timeline::{Recorder, Stage, Worker};

const RECIPES: &[&str] = &[
    "resize:512x512",
    "resize:50%",
    "grayscale,gaussian_blur:2,sobel",
    "unsharp_mask:1:sigma=3,contrast:1.2,brightness:10,saturation:1.3",
    "canny:100:high=200",
];
const FILES: usize = 32;
/// Of each recipe; that of the median time is shown.
const RUNS: usize = 3;
/// Spans by which the cost of one is judged.
const RECORDED: u32 = 100_000;

fn main() -> Result<()> {
    // Cargo says --bench to every bench.
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let recipes = if given.is_empty() { RECIPES.iter().map(ToString::to_string).collect() } else { given };
    let folder = tempfile::tempdir()?;
    draw(folder.path())?;
    println!(
        "{:64} {:>9} {:>7} {:>7} {:>7}   share of the workers' time",
        "recipe", "images/s", "decode", "compute", "encode"
    );
    for recipe in recipes {
        let runs = (0..RUNS).map(|turn| run(&recipe, folder.path(), &folder.path().join(format!("out{turn}"))));
        let mut reports = runs.collect::<Result<Vec<Report>>>()?;
        reports.sort_by_key(|report| report.wall);
        show(&recipe, &reports[RUNS / 2]);
        show_recording(&reports[RUNS / 2]);
    }
    Ok(())
}

/// Fills the folder with JPEGs of 2 MP.
fn draw(folder: &Path) -> Result<()> {
    let image = picture::drawn(1632, 1224, 3);
    let bytes = codec::encode(&image, &EncodeOptions { format: Format::Jpeg, quality: 90 })?;
    for number in 0..FILES {
        std::fs::write(folder.join(format!("{number}.jpg")), &bytes)?;
    }
    Ok(())
}

fn run(recipe: &str, input: &Path, output: &Path) -> Result<Report> {
    let cores = std::thread::available_parallelism()?.get();
    let settings = Settings {
        recipe: Recipe::parse(recipe)?,
        decode: DecodeOptions { max_pixels: u64::MAX, jpeg: JpegDecoder::Turbo },
        store: Store::default(),
        exact: false,
        quality: 85,
        depth: None,
        schedule: Schedule::Overlapped,
        jobs: cores,
        in_flight: (2 * cores).max(16),
        memory_bytes: 1 << 30,
        most_bytes: u64::MAX,
        max_file_bytes: None,
        timeout: None,
        digests: false,
        max_failures: Some(1),
        keeps_spans: true,
    };
    let runtime = Runtime::new(settings.jobs, None)?;
    let request = Request {
        inputs: vec![input.to_path_buf()],
        recursive: false,
        output: output.to_path_buf(),
        format: Some(Format::Jpeg),
        existing: Existing::Overwrite,
    };
    let plan = pipeline::plan(&runtime, &request)?;
    let outputs = Arc::new(Outputs::claim(output)?);
    let mut failure = None;
    let observe = &mut |outcome: &Outcome| failure = failure.take().or_else(|| outcome.failure().cloned());
    let report = pipeline::run(&runtime, settings, plan, Arc::new(CpuBackend), outputs, &Shutdown::default(), observe)?;
    if let Some(failure) = failure {
        anyhow::bail!("{recipe}: {failure}");
    }
    Ok(report)
}

fn show(recipe: &str, report: &Report) {
    let figures = &report.figures;
    let rate = figures.images as f64 / figures.wall.as_secs_f64();
    let shares = [Stage::Decode, Stage::Compute, Stage::Encode].map(|stage| 100.0 * figures.stage(stage).share);
    println!("{recipe:64} {rate:9.1} {:5.0} % {:5.0} % {:5.0} %", shares[0], shares[1], shares[2]);
}

/// What taking down its spans cost the run: as many of them as it has, by themselves.
fn show_recording(report: &Report) {
    let recorder = Recorder::new(true);
    for _ in 0..RECORDED {
        drop(recorder.start(0, Stage::Decode, Worker::Cpu(0)));
    }
    let each = recorder.elapsed() / RECORDED;
    let all = each * report.spans.len() as u32;
    let share = 100.0 * all.as_secs_f64() / report.wall.as_secs_f64();
    println!("    recording: {} spans of {each:?}, {share:.4} % of the run", report.spans.len());
}
