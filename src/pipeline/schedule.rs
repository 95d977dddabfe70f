//! The four schedules: who runs the stages of the journey, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rayon::ThreadPool;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::journey::{self, Encoded, Loaded};
use super::outcome::{Done, Failure, Fate, Job, Outcome};
use super::shutdown::Halt;
use super::{Plan, Run, unless};
use crate::timeline::{Stage, Worker};

/// Who does what when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// One worker reads a file, waits for it, works, writes; then the next file.
    Sequential,
    /// Each of several workers does just that.
    Parallel,
    /// Many files are read at once; one worker does the work.
    Concurrent,
    /// Many files are read at once; all workers, or the device, do the work.
    #[default]
    Overlapped,
}

impl Schedule {
    pub const ALL: [Schedule; 4] =
        [Schedule::Sequential, Schedule::Parallel, Schedule::Concurrent, Schedule::Overlapped];

    pub fn name(self) -> &'static str {
        match self {
            Schedule::Sequential => "sequential",
            Schedule::Parallel => "parallel",
            Schedule::Concurrent => "concurrent",
            Schedule::Overlapped => "overlapped",
        }
    }

    /// Worker threads, of `jobs` that there may be.
    pub fn workers(self, jobs: usize) -> usize {
        match self {
            Schedule::Sequential | Schedule::Concurrent => 1,
            Schedule::Parallel | Schedule::Overlapped => jobs.max(1),
        }
    }

    /// Whether files are read ahead of the workers, rather than by them.
    pub(super) fn reads_ahead(self) -> bool {
        matches!(self, Schedule::Concurrent | Schedule::Overlapped)
    }
}

/// Starts the plan's jobs by the schedule. The channel of outcomes closes once all that were taken up have ended.
pub(super) fn start(run: Arc<Run>, servers: &ThreadPool, plan: Plan) -> mpsc::Receiver<Outcome> {
    let (sender, receiver) = mpsc::channel(run.settings.in_flight);
    if run.settings.schedule.reads_ahead() {
        tokio::spawn(read_ahead(run, plan, sender));
    } else {
        serve_oneself(run, servers, plan, sender);
    }
    receiver
}

/// Sequential and parallel: each worker takes the next image and sees it through, waiting wherever there is waiting.
fn serve_oneself(run: Arc<Run>, servers: &ThreadPool, plan: Plan, sender: mpsc::Sender<Outcome>) {
    let next = AtomicUsize::new(0);
    let handle = Handle::current();
    servers.spawn_broadcast(move |context| {
        let worker = Worker::Cpu(context.index() as u16);
        while run.takes_new() {
            let Some(job) = plan.job(next.fetch_add(1, Ordering::Relaxed)).map(Arc::new) else { break };
            // A panic outside of the guarded stages must not end the worker, and with it the process.
            let begun = run.recorder.elapsed();
            let result = match journey::guarded(Stage::Read, || Ok(see_through(&run, &handle, &job, worker))) {
                Ok(Some(result)) => result,
                Ok(None) => break,
                Err(failure) => Err(failure),
            };
            // Nobody listens any more once the run was aborted.
            if sender.blocking_send(outcome(&run, &job, result, begun)).is_err() {
                break;
            }
        }
    });
}

/// One image from reading to writing on this thread; none where the run was aborted meanwhile.
fn see_through(run: &Arc<Run>, handle: &Handle, job: &Arc<Job>, worker: Worker) -> Option<Result<Done, Failure>> {
    let wait = |result| match result {
        Ok(encoded) => handle.block_on(run.unless_aborted(journey::write(run, encoded, worker))),
        Err(failure) => Some(Err(failure)),
    };
    // What waits for memory that a lost image holds, waits for ever.
    let read = async { unless(run.ending.finishing(), journey::read(run, job, worker)).await };
    match handle.block_on(run.unless_aborted(read)).flatten()? {
        Ok(loaded) if run.settings.timeout.is_none() => wait(work_here(run, loaded, worker)),
        Ok(loaded) => {
            let (stage, here) = (|| run.stage_of(job), run.clone());
            let working = run.workers.run(stage, move |_| work_here(&here, loaded, worker));
            wait(handle.block_on(run.unless_aborted(working))?)
        }
        Err(failure) => Some(Err(run.without_work(failure))),
    }
}

/// Decode, compute and encode in one go on this thread, while the image is in its cache.
fn work_here(run: &Run, loaded: Loaded, worker: Worker) -> Result<Encoded, Failure> {
    let decoded = journey::guarded(Stage::Decode, || journey::decode(run, loaded, worker))?;
    let processed = journey::guarded(Stage::Compute, || journey::compute(run, decoded, worker))?;
    journey::guarded(Stage::Encode, || journey::encode(run, processed, worker))
}

/// Images that wait for a worker, read and ready.
const LEAST_AT_HAND: usize = 2;

/// The limits of reading ahead; each image passes them in this order.
struct Gates {
    /// Images being read, or read and not begun: `in_flight`.
    reading: Arc<Semaphore>,
    /// Images that a worker may take up, or has, up to the start of their writing: images are finished before others are begun.
    /// Where workers compute, one for each and as many at hand, since it may take milliseconds until a loader is given a
    /// processor by workers that keep all of them. With a device, one at hand and as many more as it takes at a time.
    begun: Arc<Semaphore>,
    /// How many of those that have begun need no worker yet.
    at_hand: usize,
    /// Images being written: `in_flight`. A slow disk so holds up the workers instead of piling up results.
    writing: Arc<Semaphore>,
}

impl Gates {
    fn new(run: &Run, workers: usize) -> Gates {
        let at_hand = if run.backend.computes_here() { workers.max(LEAST_AT_HAND) } else { run.backend.depth() + 1 };
        let begun = workers + at_hand;
        let in_flight = run.settings.in_flight;
        Gates {
            reading: Arc::new(Semaphore::new(in_flight)),
            begun: Arc::new(Semaphore::new(begun)),
            at_hand,
            writing: Arc::new(Semaphore::new(in_flight)),
        }
    }

    /// Whether fewer images have begun than there are workers.
    fn leave_workers_idle(&self) -> bool {
        self.begun.available_permits() > self.at_hand
    }
}

async fn pass(gate: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    match gate.clone().acquire_owned().await {
        Ok(permit) => permit,
        Err(_) => unreachable!("gates are never closed"),
    }
}

/// Concurrent and overlapped: many files are read at once, the workers do the work.
async fn read_ahead(run: Arc<Run>, plan: Plan, sender: mpsc::Sender<Outcome>) {
    let gates = Arc::new(Gates::new(&run, run.workers.count()));
    for job in plan.jobs().map(Arc::new) {
        let Some(slot) = unless(run.stops_taking(), pass(&gates.reading)).await else { break };
        let (run, gates, sender) = (run.clone(), gates.clone(), sender.clone());
        tokio::spawn(async move {
            let (begun, passing, during) = (run.recorder.elapsed(), job.clone(), run.clone());
            let passed = tokio::spawn(async move {
                during.unless_aborted(pass_through(&during, &gates, &passing, slot)).await.flatten()
            });
            if let Some(result) = result_of(passed).await {
                // Nobody listens any more once the run was aborted.
                let _ = sender.send(outcome(&run, &job, result, begun)).await;
            }
        });
    }
}

/// What a task gives for its image; a panic outside of the guarded stages is that image's failure too.
async fn result_of(task: JoinHandle<Option<Result<Done, Failure>>>) -> Option<Result<Done, Failure>> {
    match task.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => Some(Err(journey::fault(Stage::Read, panic.as_ref()))),
            // Dropped with the runtime: nobody listens any more.
            Err(_) => None,
        },
    }
}

/// One image from reading to writing, waited for by no thread; none where no new images were taken before its work began.
async fn pass_through(
    run: &Arc<Run>,
    gates: &Gates,
    job: &Arc<Job>,
    slot: OwnedSemaphorePermit,
) -> Option<Result<Done, Failure>> {
    let ready = async {
        let mut loaded = journey::read(run, job, Worker::Loader).await?;
        if gates.leave_workers_idle() && run.has_employed_workers() {
            run.ahead.widen(loaded.size());
        }
        let begun = pass(&gates.begun).await;
        loaded.begin();
        Ok((loaded, begun))
    };
    match unless(run.stops_taking(), ready).await? {
        Ok((loaded, begun)) => {
            drop(slot);
            Some(finish(run, gates, loaded, begun).await)
        }
        Err(failure) => Some(Err(run.without_work(failure))),
    }
}

/// The way of an image that has begun.
async fn finish(run: &Arc<Run>, gates: &Gates, loaded: Loaded, begun: OwnedSemaphorePermit) -> Result<Done, Failure> {
    let encoded = work(run, loaded).await?;
    let _writing = pass(&gates.writing).await;
    drop(begun);
    journey::write(run, encoded, Worker::Loader).await
}

/// Decode, compute and encode: one job on one worker, or two with the device between them.
async fn work(run: &Arc<Run>, loaded: Loaded) -> Result<Encoded, Failure> {
    let (job, here) = (loaded.job.clone(), run.clone());
    let stage = || run.stage_of(&job);
    if run.backend.computes_here() {
        return run.workers.run(stage, move |worker| work_here(&here, loaded, worker)).await;
    }
    let submitted = run.workers.run(stage, move |worker| {
        let decoded = journey::guarded(Stage::Decode, || journey::decode(&here, loaded, worker))?;
        journey::guarded(Stage::Compute, || Ok(journey::submit(&here, decoded, worker)))
    });
    let processed = journey::answer(run, submitted.await?).await?;
    let here = run.clone();
    run.workers.run(|| Stage::Encode, move |worker| journey::encode(&here, processed, worker)).await
}

fn outcome(run: &Run, job: &Job, result: Result<Done, Failure>, begun: Duration) -> Outcome {
    run.recorder.image_ended(job.index);
    match &result {
        Ok(done) => tracing::debug!(input = ?job.input, output = ?job.output, bytes = done.bytes_written, "done"),
        Err(failure) => tracing::warn!(input = ?job.input, "failed: {failure}"),
    }
    let fate = result.map_or_else(Fate::Failed, Fate::Done);
    Outcome { took: run.recorder.elapsed().saturating_sub(begun), ..Outcome::of(job, fate) }
}

impl Run {
    /// The stage that an image is at while it is worked on.
    fn stage_of(&self, job: &Job) -> Stage {
        match self.recorder.stage(job.index) {
            Some(Stage::Decode) => Stage::Compute,
            Some(Stage::Compute | Stage::Encode) => Stage::Encode,
            _ => Stage::Decode,
        }
    }

    /// Why an image ended before its work began.
    fn without_work(&self, failure: Failure) -> Failure {
        self.begun.fetch_add(1, Ordering::Relaxed);
        failure
    }

    /// Whether new images are still taken up.
    fn takes_new(&self) -> bool {
        self.shutdown.halt() == Halt::No && self.ending.halt() == Halt::No
    }

    /// Returns once no new images are taken up.
    async fn stops_taking(&self) {
        tokio::select! {
            () = self.shutdown.finishing() => {}
            () = self.ending.finishing() => {}
        }
    }

    /// What the future gives, or none as soon as the run is aborted.
    async fn unless_aborted<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        unless(self.shutdown.aborting(), future).await
    }
}
