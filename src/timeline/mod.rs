//! What ran when: spans recorded during a run, and what they tell about it. Knows no images; the clock is read here only.

mod device;
mod figures;
mod sums;
mod verdict;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use device::{DevicePart, DeviceSpan};
pub use figures::{Basis, Figures, StageFigures, figures};
pub use verdict::{Bound, Verdict, verdict};

use sums::Folded;

/// A part of an image's journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    Read,
    Decode,
    Compute,
    Encode,
    Write,
}

impl Stage {
    /// In the order of the journey.
    pub const ALL: [Stage; 5] = [Stage::Read, Stage::Decode, Stage::Compute, Stage::Encode, Stage::Write];

    pub fn name(self) -> &'static str {
        match self {
            Stage::Read => "read",
            Stage::Decode => "decode",
            Stage::Compute => "compute",
            Stage::Encode => "encode",
            Stage::Write => "write",
        }
    }

    /// `reading`, `decoding`, …
    pub fn doing(self) -> &'static str {
        match self {
            Stage::Read => "reading",
            Stage::Decode => "decoding",
            Stage::Compute => "computing",
            Stage::Encode => "encoding",
            Stage::Write => "writing",
        }
    }

    /// Whether it moves bytes between disk and memory; the others are work.
    pub fn moves_bytes(self) -> bool {
        matches!(self, Stage::Read | Stage::Write)
    }
}

/// Who ran a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Worker {
    /// The async side, where many files are under way at once.
    Loader,
    /// A worker thread, counted from 0.
    Cpu(u16),
    /// The backend's device; its spans include queueing there.
    Device,
}

/// A stage of one image, on the clock of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Number of the image in its run. Two read spans of an image have its wait for memory between them.
    pub image: u32,
    pub stage: Stage,
    pub worker: Worker,
    /// Since the start of the run.
    pub start: Duration,
    /// Since the start of the run.
    pub end: Duration,
}

impl Span {
    pub fn duration(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// Takes down the spans of a run; clones take down the same.
#[derive(Clone, Debug)]
pub struct Recorder {
    begun: Instant,
    taken: Arc<Mutex<Taken>>,
}

/// What was taken down.
#[derive(Debug, Default)]
struct Taken {
    folded: Folded,
    /// None where sums are enough.
    each: Option<(Vec<Span>, Vec<DeviceSpan>)>,
}

impl Recorder {
    /// Starts the run's clock. Each span is kept where `keeps`; otherwise sums, for which memory is bounded.
    pub fn new(keeps: bool) -> Recorder {
        let taken = Taken { each: keeps.then(Default::default), ..Taken::default() };
        Recorder { begun: now(), taken: Arc::new(Mutex::new(taken)) }
    }

    /// Since the start of the run.
    pub fn elapsed(&self) -> Duration {
        now().duration_since(self.begun)
    }

    /// Starts a span, which ends when the value is dropped, however the stage ends.
    pub fn start(&self, image: u32, stage: Stage, worker: Worker) -> Running {
        let start = self.elapsed();
        self.taken().folded.begin(image, start);
        Running { recorder: self.clone(), image, stage, worker, start, end: None }
    }

    /// The last stage that ended of an image under way.
    pub fn stage(&self, image: u32) -> Option<Stage> {
        self.taken().folded.stage(image)
    }

    /// Says that an image's journey has ended. What is still done for it counts no more.
    pub fn image_ended(&self, image: u32) {
        self.taken().folded.image_ended(image);
    }

    /// Takes down what a device did for an image whose result came at `end`: how long upload, kernels and readback took by
    /// its own clock.
    pub fn device(&self, image: u32, end: Duration, taken: [Duration; 3]) {
        if let Some((_, device)) = &mut self.taken().each {
            device.extend(device::spans(image, end, taken));
        }
    }

    /// What devices have done so far, where each span is kept.
    pub fn device_spans(&self) -> Vec<DeviceSpan> {
        self.taken().each.as_ref().map(|(_, device)| device.clone()).unwrap_or_default()
    }

    /// The spans that have ended so far, where each is kept.
    pub fn spans(&self) -> Vec<Span> {
        self.taken().each.as_ref().map(|(spans, _)| spans.clone()).unwrap_or_default()
    }

    /// The figures of a run so far that took `wall` with `workers` worker threads.
    pub fn figures(&self, wall: Duration, workers: usize) -> Figures {
        let folded = self.taken().folded.clone();
        folded.sums().figures(wall, workers)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A span that has not ended. It may end on another thread.
#[derive(Debug)]
pub struct Running {
    recorder: Recorder,
    image: u32,
    stage: Stage,
    worker: Worker,
    start: Duration,
    /// When it ended, where that is not when it is dropped.
    end: Option<Duration>,
}

impl Running {
    /// Says who ran the stage, where that showed only later.
    pub fn was_by(&mut self, worker: Worker) {
        self.worker = worker;
    }

    /// Ends it as of a moment of the run's clock.
    pub fn end_at(mut self, end: Duration) {
        self.end = Some(end);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Running { ref recorder, image, stage, worker, start, end } = *self;
        let span = Span { image, stage, worker, start, end: end.unwrap_or_else(|| recorder.elapsed()) };
        let mut taken = recorder.taken();
        taken.folded.end(span);
        if let Some((spans, _)) = &mut taken.each {
            spans.push(span);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// The time of day as seconds since 1970, for records that people read.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_when_it_is_dropped() {
        let recorder = Recorder::new(true);
        let running = recorder.start(3, Stage::Decode, Worker::Cpu(1));
        assert!(recorder.spans().is_empty());
        drop(running);
        let spans = recorder.spans();
        assert_eq!((spans.len(), spans[0].image, spans[0].stage), (1, 3, Stage::Decode));
        assert!(spans[0].start <= spans[0].end && spans[0].end <= recorder.elapsed());
    }
}
