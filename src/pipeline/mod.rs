//! The journey of images through a run: found, read, decoded, computed, encoded, written, reported.

mod budget;
mod crash;
pub mod disk;
mod disk_threads;
mod journey;
mod known;
mod list;
pub mod manifest;
mod names;
mod need;
mod outcome;
mod plan;
mod restart;
mod resume;
mod runtime;
mod schedule;
mod shutdown;
mod source;
mod store;
mod survey;
#[cfg(test)]
mod tests;
mod workers;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub use list::numbered_name;
pub use outcome::{Done, Failure, Fate, Job, LeftOut, Noted, Outcome, Tally, Told};
pub use plan::{Existing, Plan, PlanError, Request, plan};
pub use restart::{Before, Restart, stop_after_crashes, survive_crashes};
pub use resume::Resume;
pub use runtime::Runtime;
pub use schedule::Schedule;
pub use shutdown::{Halt, Shutdown};
pub use store::{Slowness, Store};
pub use survey::{Surveyed, survey};

use crate::backend::Backend;
use crate::codec::DecodeOptions;
use crate::image::{Depth, buffers};
use crate::recipe::Recipe;
use crate::timeline::{DeviceSpan, Figures, Recorder, Span};
use budget::Budget;
use disk::Outputs;
use disk_threads::DiskThreads;
use store::Line;
use workers::Workers;

/// How the names of threads begin whose panics become failures of images.
pub const THREAD_PREFIX: &str = "imgproc ";

/// What part of the memory is for buffers between two uses, one in so many.
const KEPT_SHARE: u64 = 8;

/// A source, a result, and what a kernel needs whole.
const BUFFERS_PER_WORKER: usize = 3;

/// Bytes of files that are read ahead, for each worker, unless that leaves workers idle. Small files are not counted.
const AHEAD_PER_WORKER: u64 = 2 << 20;

/// What a device's driver and its compiler take for themselves, beside the 150 MB that no budget counts.
const DRIVER_BYTES: u64 = 96 << 20;

fn thread_name(role: &str) -> String {
    format!("{THREAD_PREFIX}{role}")
}

/// How images are to be done.
#[derive(Debug)]
pub struct Settings {
    pub recipe: Recipe,
    /// Where the bytes of inputs come from.
    pub store: Store,
    pub decode: DecodeOptions,
    /// Whether sources are decoded as a whole even where less of them is enough for the recipe.
    pub exact: bool,
    /// 1 to 100, for JPEG.
    pub quality: u8,
    /// Of results; none keeps that of each image.
    pub depth: Option<Depth>,
    pub schedule: Schedule,
    /// Worker threads, at least 1; the schedule may use fewer.
    pub jobs: usize,
    /// Files being read at once, at least 1.
    pub in_flight: usize,
    /// Bytes of memory for images in flight.
    pub memory_bytes: u64,
    /// Images that would need more bytes of memory are refused; up to that, one goes alone.
    pub most_bytes: u64,
    /// Files of more bytes are refused.
    pub max_file_bytes: Option<u64>,
    /// How long reading an image, working on it, or writing it may take.
    pub timeout: Option<Duration>,
    /// Whether inputs and outputs are digested, for a manifest.
    pub digests: bool,
    /// After so many failures no new images are taken.
    pub max_failures: Option<usize>,
    /// Whether the report is to have every span, for which memory grows with the number of images.
    pub keeps_spans: bool,
}

/// All that the stages of a run share.
struct Run {
    settings: Settings,
    backend: Arc<dyn Backend>,
    budget: Budget,
    /// Bytes of files that are read and not begun; of those that are read in one go with their headers, none.
    ahead: Budget,
    /// Reads and writes block on them.
    disk: DiskThreads,
    line: Line,
    recorder: Recorder,
    outputs: Arc<Outputs>,
    /// The user's wish to stop.
    shutdown: Shutdown,
    /// The run's own, after a failure.
    ending: Shutdown,
    images: usize,
    workers: Workers,
    /// Images whose work has begun, or never will.
    begun: AtomicUsize,
}

impl Run {
    /// Whether some workers have no image of their own, or soon will. Until then an image a worker is the finest division
    /// that pays: nothing is computed twice, and nobody waits.
    fn has_idle_workers(&self) -> bool {
        self.not_begun() < self.workers.count()
    }

    /// Whether each worker has had an image.
    fn has_employed_workers(&self) -> bool {
        self.begun.load(Ordering::Relaxed) >= self.workers.count()
    }

    /// Images whose work has not begun.
    fn not_begun(&self) -> usize {
        self.images.saturating_sub(self.begun.load(Ordering::Relaxed))
    }
}

/// What a run did.
#[derive(Debug)]
pub struct Report {
    pub tally: Tally,
    /// Images that were not finished because the run was stopped.
    pub unfinished: usize,
    /// The failure that ended the run for all images.
    pub ended_by: Option<Failure>,
    /// In this process.
    pub wall: Duration,
    /// What the run did before it came to this process; part of the tally.
    pub before: Before,
    /// Worker threads.
    pub workers: usize,
    pub figures: Figures,
    /// Where they were asked for.
    pub spans: Vec<Span>,
    /// What the device did, by its own clock, where spans were asked for.
    pub device_spans: Vec<DeviceSpan>,
    /// Whether the user stopped the run.
    pub interrupted: bool,
    /// Whether threads may still be at something that took too long.
    pub left_behind: bool,
}

impl Report {
    /// From the beginning of the run to its end.
    pub fn took(&self) -> Duration {
        self.before.took + self.wall
    }
}

/// Takes the plan's images through the recipe. `observe` is told of each outcome as it comes, in any order; none is kept.
///
/// # Errors
/// Where the worker threads can't be started.
pub fn run(
    runtime: &Runtime,
    settings: Settings,
    plan: Plan,
    backend: Arc<dyn Backend>,
    outputs: Arc<Outputs>,
    shutdown: &Shutdown,
    observe: &mut dyn FnMut(&Outcome),
) -> io::Result<Report> {
    let count = settings.schedule.workers(settings.jobs);
    let workers = Workers::new(count, settings.timeout)?;
    // Those that see images through wait for the workers where these may have to be given up.
    let servers = if settings.timeout.is_some() { workers::pool(count)? } else { workers.pool() };
    let kept = settings.memory_bytes / KEPT_SHARE;
    buffers::keep(BUFFERS_PER_WORKER * count, kept);
    let driver = if backend.computes_here() { 0 } else { DRIVER_BYTES };
    let images = plan.images();
    tracing::info!(
        images = plan.count(),
        settled = plan.settled.len(),
        workers = count,
        in_flight = settings.in_flight,
        memory = settings.memory_bytes,
        backend = backend.name(),
        "begin"
    );
    let run = Arc::new(Run {
        budget: Budget::new((settings.memory_bytes - kept).saturating_sub(driver)),
        ahead: Budget::new(if settings.schedule.reads_ahead() { AHEAD_PER_WORKER * count as u64 } else { u64::MAX }),
        disk: runtime.disk(),
        line: Line::default(),
        recorder: Recorder::new(settings.keeps_spans),
        settings,
        backend,
        outputs,
        shutdown: shutdown.clone(),
        ending: Shutdown::default(),
        images: plan.count(),
        workers,
        begun: AtomicUsize::new(0),
    });
    let (mut tally, mut ended_by, mut failures) = (Tally::default(), None, 0);
    let mut take = |outcome: Outcome| {
        observe(&outcome);
        tally.add(&outcome.fate);
        if let Some(failure) = outcome.failure().filter(|_| outcome.told != Told::Earlier) {
            failures += 1;
            if failure.ends_run || run.settings.max_failures.is_some_and(|most| failures >= most) {
                run.ending.finish();
            }
            if failure.ends_run {
                ended_by.get_or_insert_with(|| failure.clone());
            }
        }
    };
    let before = plan.before;
    plan.settled().for_each(&mut take);
    runtime.block_on(async {
        let mut results = schedule::start(run.clone(), &servers, plan);
        while let Some(Some(outcome)) = unless(shutdown.aborting(), results.recv()).await {
            take(outcome);
        }
    });
    let wall = run.recorder.elapsed();
    tracing::info!(done = tally.done, failed = tally.failed, seconds = wall.as_secs_f64(), "end");
    // With the directory the word goes that a fresh process would begin with.
    crash::disarm();
    run.outputs.close();
    buffers::keep(0, 0);
    Ok(Report {
        tally,
        unfinished: images - tally.images(),
        ended_by,
        wall,
        before,
        workers: count,
        figures: run.recorder.figures(wall, count),
        spans: run.recorder.spans(),
        device_spans: run.recorder.device_spans(),
        interrupted: shutdown.halt() != Halt::No,
        left_behind: run.workers.left_behind(),
    })
}

/// What the future gives, or none as soon as the other one ends.
async fn unless<T>(end: impl Future<Output = ()>, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = end => None,
        value = future => Some(value),
    }
}
