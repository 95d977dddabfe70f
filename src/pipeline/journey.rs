//! One image's journey: `Job` → read → `Loaded` → decode → `Decoded` → compute → `Processed` → encode → `Encoded` →
//! write → `Outcome`. Each stage takes one thing and gives the next; the schedules differ only in who runs them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;

use super::Run;
use super::budget::Permit;
use super::crash::InCodec;
use super::disk::{self, Opened, Stamp};
use super::known::{Known, check_file, check_pixels, graph, know, result_depth};
use super::outcome::{Done, Failure, Job, LeftOut};
use crate::backend::{BackendError, Computed, DeviceTimes, Task};
use crate::codec::{self, CodecError, Conversion, Decoded as Source, EncodeOptions, Header};
use crate::image::{Demand, Image, Layout, buffers};
use crate::op::Graph;
use crate::timeline::{Running, Stage, Worker};

/// A file in memory.
pub(super) struct Loaded {
    pub job: Arc<Job>,
    bytes: Vec<u8>,
    known: Known,
    permit: Permit,
    /// Its share of what may be read ahead, until it begins.
    ahead: Option<Permit>,
}

impl Loaded {
    /// Of its file, in bytes.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Says that its work begins.
    pub fn begin(&mut self) {
        self.ahead = None;
    }
}

/// An upright image and the kernels for it.
pub(super) struct Decoded {
    pub job: Arc<Job>,
    image: Image,
    graph: Arc<Graph>,
    done: Done,
    permit: Permit,
}

/// What stays of an image while the backend has its pixels.
struct Away {
    job: Arc<Job>,
    icc: Option<Vec<u8>>,
    colours: u32,
    done: Done,
    permit: Permit,
}

/// An image that the device has.
pub(super) struct Submitted {
    away: Away,
    answer: oneshot::Receiver<Answered>,
    span: Running,
}

/// What a backend gave, and when.
struct Answered {
    result: Result<Computed, BackendError>,
    /// Since the start of the run.
    at: Duration,
}

/// The recipe's result.
pub(super) struct Processed {
    pub job: Arc<Job>,
    image: Image,
    done: Done,
    permit: Permit,
}

/// The bytes of the output file.
pub(super) struct Encoded {
    job: Arc<Job>,
    bytes: Vec<u8>,
    done: Done,
    /// Given back when the file is written.
    permit: Permit,
}

/// Reads a file once there is memory for all that its image will need. What the header refuses is read no further.
pub(super) async fn read(run: &Arc<Run>, job: &Arc<Job>, worker: Worker) -> Result<Loaded, Failure> {
    let delay = run.settings.store.slowness.delay;
    let (opened, known) = reading(run, job, worker, delay, open).await?;
    let ahead = if opened.is_whole() { None } else { Some(run.ahead.acquire(opened.size()).await) };
    let Some(known) = known else { return read_to_learn(run, job, worker, opened, ahead).await };
    let permit = run.budget.acquire(known.cost).await;
    let bytes = match opened.into_whole() {
        Ok(bytes) => bytes,
        Err(mut opened) => reading(run, job, worker, Duration::ZERO, move |_, _| load(&mut opened)).await?,
    };
    Ok(Loaded { job: job.clone(), bytes, known, permit, ahead })
}

/// Reads a file whose header ends beyond its first part: with memory for the file alone, since nothing else is known yet.
async fn read_to_learn(
    run: &Arc<Run>,
    job: &Arc<Job>,
    worker: Worker,
    mut opened: Opened,
    ahead: Option<Permit>,
) -> Result<Loaded, Failure> {
    let mut permit = run.budget.acquire(opened.size()).await;
    let (bytes, known, mut opened) = reading(run, job, worker, Duration::ZERO, move |run, job| {
        let Moved { value: bytes, bytes: moved } = load(&mut opened)?;
        let known = know(run, job, header(job, &bytes), opened.size())?;
        Ok(Moved { value: (bytes, known, opened), bytes: moved })
    })
    .await?;
    if run.budget.try_grow(&mut permit, known.cost) {
        return Ok(Loaded { job: job.clone(), bytes, known, permit, ahead });
    }
    // Waiting for more while holding some could wait for ever: give all back, and read again.
    drop((bytes, permit));
    let permit = run.budget.acquire(known.cost).await;
    let bytes = reading(run, job, worker, Duration::ZERO, move |_, _| load(&mut opened)).await?;
    Ok(Loaded { job: job.clone(), bytes, known, permit, ahead })
}

/// What a part of reading gave, and how many bytes that moved.
struct Moved<T> {
    value: T,
    bytes: u64,
}

/// Runs a part of reading where it may block: as late as a slow store would answer, and as slowly as it would give the bytes.
async fn reading<T: Send + 'static>(
    run: &Arc<Run>,
    job: &Arc<Job>,
    worker: Worker,
    delay: Duration,
    work: impl FnOnce(&Run, &Job) -> Result<Moved<T>, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let _span = run.recorder.start(job.index, Stage::Read, worker);
    tracing::trace!(input = ?job.input, "read");
    if !delay.is_zero() {
        let late = async {
            tokio::time::sleep(delay).await;
            Ok(())
        };
        run.workers.in_time(Stage::Read, late).await?;
    }
    let _turn = run.disk.turn().await;
    let (here, job) = (run.clone(), job.clone());
    let moved = async {
        let moved = blocking(run, Stage::Read, move || work(&here, &job)).await?;
        if let Some(bandwidth) = run.settings.store.slowness.bandwidth {
            run.line.carry(run.recorder.elapsed(), moved.bytes, bandwidth).await;
        }
        Ok(moved.value)
    };
    run.workers.in_time(Stage::Read, moved).await
}

/// The file with what its header says; none where that ends beyond its first part.
fn open(run: &Run, job: &Job) -> Result<Moved<(Opened, Option<Known>)>, Failure> {
    let mut opened = run.settings.store.open(&job.input).map_err(|e| Failure::of_disk(Stage::Read, &e))?;
    job.noted.opened(opened.stamp());
    if opened.size() == 0 {
        return Err(Failure::new(Stage::Decode, "the file is empty"));
    }
    check_file(run, opened.size())?;
    let known = match header(job, opened.head()) {
        Err(CodecError::HeaderIncomplete) if !opened.is_whole() => {
            let head = opened.head().to_vec();
            if let Some((width, height)) = codec::claimed_size(&head, |at| opened.part(at).ok()) {
                check_pixels(run, Layout::new(width, height, 3))?;
            }
            None
        }
        header => Some(know(run, job, header, opened.size())?),
    };
    let bytes = opened.head().len() as u64;
    Ok(Moved { value: (opened, known), bytes })
}

/// All bytes of the file, of which the first part has been moved already.
fn load(opened: &mut Opened) -> Result<Moved<Vec<u8>>, Failure> {
    let value = opened.read().map_err(|e| Failure::of_disk(Stage::Read, &e))?;
    let bytes = (value.len() - opened.head().len()) as u64;
    Ok(Moved { value, bytes })
}

fn header(job: &Job, bytes: &[u8]) -> Result<Header, CodecError> {
    let _at = InCodec::of(&job.input, Stage::Decode);
    codec::header(bytes)
}

/// Decodes.
pub(super) fn decode(run: &Run, loaded: Loaded, worker: Worker) -> Result<Decoded, Failure> {
    let _span = run.recorder.start(loaded.job.index, Stage::Decode, worker);
    tracing::trace!(input = ?loaded.job.input, bytes = loaded.known.cost, "decode");
    run.begun.fetch_add(1, Ordering::Relaxed);
    let Loaded { job, bytes, known, permit, .. } = loaded;
    if run.settings.digests {
        job.noted.read(disk::digest(&bytes));
    }
    let demand = |whole| if run.settings.exact { Demand::default() } else { run.settings.recipe.demand(whole) };
    let source = {
        let _at = InCodec::of(&job.input, Stage::Decode);
        codec::decode_for(&bytes, &run.settings.decode, demand)
    };
    let source = source.map_err(|e| Failure::new(Stage::Decode, e))?;
    let bytes_read = bytes.len() as u64;
    buffers::give_back_file(bytes);
    let Source { image, luma, reduction } = source;
    // The header is a promise, and less may have been decoded; the graph must be that of the image at hand.
    let graph = if (image.layout, image.depth(), reduction) == (known.header.layout, known.header.depth, None) {
        known.graph
    } else {
        graph(run, image.layout, image.depth(), reduction)?
    };
    let left_out = LeftOut { colour: luma, reduced_by: reduction.map(|r| r.by as u8) };
    let pixels = reduction.map_or(image.layout.pixels(), |r| u64::from(r.width) * u64::from(r.height));
    let done = Done { pixels, bytes_read, left_out, ..Done::default() };
    Ok(Decoded { job, image, graph, done, permit })
}

impl Decoded {
    /// The backend's part, and what stays here meanwhile.
    fn hand_over(self, run: &Run) -> (Task, Away) {
        let Decoded { job, mut image, graph, mut done, permit } = self;
        let depth = result_depth(run, &job, image.depth());
        if depth != run.settings.depth.unwrap_or(image.depth()) {
            done.conversions
                .push(format!("{} holds 8 bits a channel, results were rounded to that", job.format.name()));
        }
        let away = Away { job, icc: image.icc.take(), colours: image.layout.colours, done, permit };
        let (divides, remaining) = (run.has_idle_workers(), run.not_begun());
        (Task { graph, image, depth, divides, remaining }, away)
    }
}

impl Away {
    fn come_back(self, run: &Run, answered: Answered) -> Result<Processed, Failure> {
        let Away { job, icc, colours, done, permit } = self;
        let Computed { mut image, device } = answered.result.map_err(|error| failed_to_compute(run, error))?;
        if let Some(DeviceTimes { upload, kernels, readback }) = device {
            run.recorder.device(job.index, answered.at, [upload, kernels, readback]);
        }
        // A profile describes the channels that it was made for.
        image.icc = icc.filter(|_| image.layout.colours == colours);
        Ok(Processed { job, image, done, permit })
    }
}

fn failed_to_compute(run: &Run, error: BackendError) -> Failure {
    let ends_run = matches!(error, BackendError::Device(_));
    let failure = Failure { ends_run, ..Failure::new(Stage::Compute, error) };
    if ends_run && !run.backend.computes_here() { failure.hint("--backend cpu needs no device") } else { failure }
}

/// Takes the image through the recipe; the caller waits, as a worker or for the device.
pub(super) fn compute(run: &Run, decoded: Decoded, worker: Worker) -> Result<Processed, Failure> {
    let mut span = run.recorder.start(decoded.job.index, Stage::Compute, worker);
    let (task, away) = decoded.hand_over(run);
    let answered = Answered { result: run.backend.wait_for(task), at: run.recorder.elapsed() };
    if answered.by_device(run) {
        span.was_by(Worker::Device);
    }
    away.come_back(run, answered)
}

impl Answered {
    /// Whether a device computed it, or failed to.
    fn by_device(&self, run: &Run) -> bool {
        match &self.result {
            Ok(computed) => computed.device.is_some(),
            Err(_) => !run.backend.computes_here(),
        }
    }
}

/// Hands the image to a backend that has a device. That plans the work and may block or compute here, so it belongs on a
/// worker.
pub(super) fn submit(run: &Arc<Run>, decoded: Decoded, worker: Worker) -> Submitted {
    let span = run.recorder.start(decoded.job.index, Stage::Compute, worker);
    let (task, away) = decoded.hand_over(run);
    let (sender, answer) = oneshot::channel();
    let recorder = run.recorder.clone();
    run.backend.submit(task, Box::new(move |result| drop(sender.send(Answered { result, at: recorder.elapsed() }))));
    Submitted { away, answer, span }
}

/// The backend's answer; no thread waits for it.
pub(super) async fn answer(run: &Arc<Run>, submitted: Submitted) -> Result<Processed, Failure> {
    let Submitted { away, answer, mut span } = submitted;
    // A task of its own, so that what the image holds is held until the device gives it back, however late.
    let here = run.clone();
    let back = tokio::spawn(async move {
        let answered = answer.await.unwrap_or_else(|_| Answered {
            result: Err(BackendError::Device("the backend stopped".into())),
            at: here.recorder.elapsed(),
        });
        if answered.by_device(&here) {
            span.was_by(Worker::Device);
        }
        span.end_at(answered.at);
        (away, answered)
    });
    let back = async { back.await.map_err(|_| Failure::new(Stage::Compute, "the run has ended")) };
    let (away, answered) = run.workers.in_time(Stage::Compute, back).await?;
    guarded(Stage::Compute, || away.come_back(run, answered))
}

/// Encodes.
pub(super) fn encode(run: &Run, processed: Processed, worker: Worker) -> Result<Encoded, Failure> {
    let _span = run.recorder.start(processed.job.index, Stage::Encode, worker);
    tracing::trace!(input = ?processed.job.input, "encode");
    let Processed { job, image, mut done, permit } = processed;
    let (image, conversions) = codec::fit_format(image, job.format, None);
    done.conversions.extend(conversions.iter().map(Conversion::to_string));
    (done.width, done.height) = (image.layout.width, image.layout.height);
    let options = EncodeOptions { format: job.format, quality: run.settings.quality };
    let bytes = {
        let _at = InCodec::of(&job.input, Stage::Encode);
        codec::encode(&image, &options)
    };
    let bytes = bytes.map_err(|e| Failure::new(Stage::Encode, e))?;
    image.give_back();
    Ok(Encoded { job, bytes, done, permit })
}

/// Writes the output, whole or not at all.
pub(super) async fn write(run: &Arc<Run>, encoded: Encoded, worker: Worker) -> Result<Done, Failure> {
    let Encoded { job, bytes, mut done, permit } = encoded;
    let _span = run.recorder.start(job.index, Stage::Write, worker);
    tracing::trace!(output = ?job.output, "write");
    done.bytes_written = bytes.len() as u64;
    let (outputs, digests) = (run.outputs.clone(), run.settings.digests);
    let _turn = run.disk.turn().await;
    let writing = blocking(run, Stage::Write, move || {
        let digest = digests.then(|| disk::digest(&bytes));
        let written = outputs.write(&job.output, &bytes);
        drop((bytes, permit));
        let stamp = written.map_err(|e| Failure::of_disk(Stage::Write, &e))?;
        Ok(Stamp { digest, ..stamp })
    });
    done.output_stamp = run.workers.in_time(Stage::Write, writing).await?;
    Ok(done)
}

/// Runs what may block for long on a thread that may.
async fn blocking<T: Send + 'static>(
    run: &Run,
    stage: Stage,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let result = run.disk.run(move || guarded(stage, work)).await;
    result.unwrap_or_else(|| Err(Failure::new(stage, "the run has ended")))
}

/// A panic of a stage is that image's failure, not the run's.
pub(super) fn guarded<T>(stage: Stage, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(fault(stage, panic.as_ref())))
}

/// The failure that a panic is.
pub(super) fn fault(stage: Stage, panic: &(dyn Any + Send)) -> Failure {
    let failure = Failure::new(stage, format!("a fault in this program: {}", panic_text(panic)));
    failure.hint("please report it with the image")
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_with_its_text() {
        let failure = guarded::<()>(Stage::Compute, || panic!("row {}", 7)).unwrap_err();
        assert_eq!(failure.to_string(), "compute: a fault in this program: row 7");
        assert!(failure.hint.is_some() && !failure.ends_run);
    }
}
