//! The summary as one JSON document.

use std::collections::BTreeMap;
use std::path::Path;

use imgproc::backend::DeviceTimes;
use imgproc::pipeline::{Fate, Outcome, Plan, Report};
use imgproc::timeline::{Basis, StageFigures};
use serde::Serialize;

use super::summary::Setting;
use super::totals::{Totals, rate, verdict_on};

#[derive(Serialize)]
struct Document<'a> {
    images: Images,
    seconds: f64,
    megapixels_per_second: f64,
    images_per_second: f64,
    bytes_read: u64,
    bytes_written: u64,
    backend: Backend<'a>,
    /// Of the processor, that the pixel loops ran on.
    instruction_set: &'static str,
    schedule: &'a str,
    /// The slow store that was made believe; none where files were read as they come.
    simulation: Option<Simulation>,
    workers: usize,
    interrupted: bool,
    /// Crashes of codecs, after each of which the run went on in a fresh process; stages and shares are those of the last.
    crashes: usize,
    stages: Vec<StageDocument>,
    /// Shares, 0 to 1.
    workers_busy: f64,
    device_busy: Option<f64>,
    memory_wait: f64,
    overlap: f64,
    verdict: &'a str,
    /// What decoding left out because the recipe leaves it out anyway, and of how many images.
    left_out: &'a BTreeMap<String, usize>,
    /// What had to be changed for output formats, and in how many images.
    conversions: &'a BTreeMap<String, usize>,
    outcomes: Vec<OutcomeDocument<'a>>,
}

#[derive(Serialize)]
struct Images {
    found: usize,
    done: usize,
    failed: usize,
    skipped: usize,
    not_done: usize,
    other_files: usize,
}

#[derive(Serialize)]
struct Backend<'a> {
    name: &'a str,
    reason: Option<&'a str>,
    /// By the device's clock, where it has one.
    device_seconds: Option<DeviceSeconds>,
    /// What it has to say of how it went.
    remarks: &'a [String],
}

#[derive(Serialize)]
struct DeviceSeconds {
    upload: f64,
    kernels: f64,
    readback: f64,
}

#[derive(Serialize)]
struct Simulation {
    source_delay_seconds: f64,
    source_bytes_per_second: Option<u64>,
}

#[derive(Serialize)]
struct StageDocument {
    stage: &'static str,
    images: usize,
    worked_seconds: f64,
    share: f64,
    share_of: &'static str,
    waited_seconds: f64,
}

#[derive(Serialize)]
struct OutcomeDocument<'a> {
    input: String,
    output: Option<String>,
    #[serde(flatten)]
    fate: FateDocument<'a>,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum FateDocument<'a> {
    Done {
        width: u32,
        height: u32,
        input_pixels: u64,
        bytes_read: u64,
        bytes_written: u64,
        left_out: Vec<String>,
        conversions: &'a [String],
    },
    Skipped,
    Failed {
        stage: &'static str,
        cause: &'a str,
        hint: Option<&'a str>,
    },
}

/// The document of a run.
pub fn document(report: &Report, totals: &Totals, setting: &Setting, reason: Option<&str>) -> String {
    let (figures, verdict) = (&report.figures, verdict_on(report));
    let outcomes = totals.outcomes();
    to_text(&Document {
        images: Images {
            found: report.tally.images() + report.unfinished,
            done: report.tally.done,
            failed: report.tally.failed,
            skipped: report.tally.skipped,
            not_done: report.unfinished,
            other_files: setting.passed_over,
        },
        seconds: report.took().as_secs_f64(),
        megapixels_per_second: totals.megapixel_rate(report),
        images_per_second: rate(report, report.tally.done as f64),
        bytes_read: totals.bytes_read,
        bytes_written: totals.bytes_written,
        backend: Backend {
            name: setting.backend,
            reason,
            device_seconds: setting.device.map(device_seconds),
            remarks: setting.remarks,
        },
        instruction_set: imgproc::simd::ran(),
        schedule: setting.schedule,
        simulation: (!setting.simulated.is_none()).then_some(Simulation {
            source_delay_seconds: setting.simulated.delay.as_secs_f64(),
            source_bytes_per_second: setting.simulated.bandwidth,
        }),
        workers: report.workers,
        interrupted: report.interrupted,
        crashes: report.before.crashes,
        stages: figures.stages.iter().map(stage).collect(),
        workers_busy: figures.busy,
        device_busy: figures.device_busy,
        memory_wait: figures.memory_wait,
        overlap: figures.overlap,
        verdict: &verdict.text,
        left_out: &totals.left_out,
        conversions: &totals.conversions,
        outcomes: outcomes.into_iter().map(outcome).collect(),
    })
}

fn device_seconds(times: DeviceTimes) -> DeviceSeconds {
    DeviceSeconds {
        upload: times.upload.as_secs_f64(),
        kernels: times.kernels.as_secs_f64(),
        readback: times.readback.as_secs_f64(),
    }
}

#[derive(Serialize)]
struct PlanDocument<'a> {
    dry_run: bool,
    jobs: Vec<JobDocument>,
    settled: Vec<OutcomeDocument<'a>>,
}

#[derive(Serialize)]
struct JobDocument {
    input: String,
    output: String,
}

/// The document of a dry run.
pub fn plan_document(plan: &Plan) -> String {
    let jobs = plan.jobs().map(|job| JobDocument { input: text(&job.input), output: text(&job.output) }).collect();
    let settled: Vec<Outcome> = plan.settled().collect();
    to_text(&PlanDocument { dry_run: true, jobs, settled: settled.iter().map(outcome).collect() })
}

/// The text of a document.
pub fn to_text(document: &impl Serialize) -> String {
    match serde_json::to_string_pretty(document) {
        Ok(text) => text + "\n",
        Err(error) => unreachable!("the document has only names as keys: {error}"),
    }
}

fn stage(figures: &StageFigures) -> StageDocument {
    StageDocument {
        stage: figures.stage.name(),
        images: figures.images,
        worked_seconds: figures.worked.as_secs_f64(),
        share: figures.share,
        share_of: match figures.basis {
            Basis::Workers => "workers",
            Basis::Wall => "wall",
        },
        waited_seconds: figures.waited.as_secs_f64(),
    }
}

fn outcome(outcome: &Outcome) -> OutcomeDocument<'_> {
    let fate = match &outcome.fate {
        Fate::Skipped => FateDocument::Skipped,
        Fate::Failed(failure) => {
            FateDocument::Failed { stage: failure.stage.name(), cause: &failure.cause, hint: failure.hint.as_deref() }
        }
        Fate::Done(done) => FateDocument::Done {
            width: done.width,
            height: done.height,
            input_pixels: done.pixels,
            bytes_read: done.bytes_read,
            bytes_written: done.bytes_written,
            left_out: done.left_out.texts(),
            conversions: &done.conversions,
        },
    };
    OutcomeDocument { input: text(&outcome.input), output: outcome.output.as_deref().map(text), fate }
}

/// A path as JSON can hold it: what is no Unicode in it is replaced.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
