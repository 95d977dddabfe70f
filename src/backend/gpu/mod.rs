//! The GPU backend: one thread owns the device and executes plans.
//!
//! A graph becomes a plan, plain data made on the caller's thread (`fuse`, `head`, `shader`, `reduce`, `build`). The
//! engine's thread takes plans with their images, keeps several in flight, and answers each once.

mod access;
mod adapter;
mod build;
mod effort;
mod engine;
mod flood;
mod fuse;
mod grid;
mod head;
mod params;
mod plan;
mod pool;
mod reduce;
mod shader;
mod slot;
mod storage;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Backend, BackendError, Done, Task};
use effort::Effort;
use engine::{Answer, Engine, Job, Message};
use storage::Format;

/// Images between upload and readback at a time.
const SLOTS: usize = 3;

/// An adapter that this machine offers.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Place in `adapters()`, for `--adapter`.
    pub index: usize,
    pub name: String,
    /// `discrete`, `integrated`, `virtual`, `cpu`, `other`
    pub kind: &'static str,
    /// `vulkan`, `metal`, `dx12`, `gl`
    pub api: &'static str,
    pub driver: String,
    pub limits: AdapterLimits,
}

#[derive(Clone, Copy, Debug)]
pub struct AdapterLimits {
    pub max_buffer_bytes: u64,
    pub max_binding_bytes: u64,
    pub max_invocations_per_workgroup: u32,
}

impl Adapter {
    /// Whether it is a software rasterizer.
    pub fn is_software(&self) -> bool {
        self.kind == "cpu"
    }
}

/// Every adapter, the best first of its kind.
pub fn adapters() -> Vec<Adapter> {
    adapter::enumerate().into_iter().map(|found| found.about).collect()
}

/// Which adapter to open.
#[derive(Clone, Debug)]
pub enum Choice {
    /// Real hardware only.
    Hardware,
    /// A software rasterizer only.
    Software,
    /// Either, hardware first.
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// How a device is used; tests use it in other ways than the usual one.
#[derive(Default)]
struct Tuning {
    /// Whether images are copied through staging buffers on every device, as on one with memory of its own.
    staged: bool,
    /// How long the device may take for one image; none: as long as its kind may need.
    limit: Option<Duration>,
    effort: Effort,
}

/// A device, and the thread that owns it until this is dropped.
pub struct GpuBackend {
    adapter: Adapter,
    dispatches: Arc<AtomicU64>,
    effort: Effort,
    /// None while dropping: the thread ends when no sender is left.
    jobs: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
}

impl GpuBackend {
    /// `named`: an adapter's index or part of its name.
    ///
    /// # Errors
    /// Where no adapter of that choice exists, or it gives no device.
    pub fn open(choice: Choice, named: Option<&str>) -> Result<GpuBackend, OpenError> {
        GpuBackend::open_with(choice, named, Tuning::default())
    }

    fn open_with(choice: Choice, named: Option<&str>, tuning: Tuning) -> Result<GpuBackend, OpenError> {
        let mut found = adapter::enumerate();
        let abouts: Vec<Adapter> = found.iter().map(|f| f.about.clone()).collect();
        let found = found.swap_remove(adapter::choose(&abouts, &choice, named)?);
        let usual = if found.about.is_software() { engine::SOFTWARE_LIMIT } else { engine::LIMIT };
        let limit = tuning.limit.unwrap_or(usual);
        let dispatches = Arc::new(AtomicU64::new(0));
        let engine = Engine::open(&found.handle, dispatches.clone(), tuning.staged, limit)
            .map_err(|e| OpenError(format!("the adapter {} gives no device: {e}", found.about.name)))?;
        // Unbounded, so that `submit` never blocks; callers submit no more than `depth` at a time.
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("gpu".into())
            .spawn(move || engine.run(receiver))
            .map_err(|e| OpenError(format!("no thread for the GPU: {e}")))?;
        let jobs = Some(sender);
        Ok(GpuBackend { adapter: found.about, dispatches, effort: tuning.effort, jobs, thread: Some(thread) })
    }

    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Compute dispatches submitted since the start.
    pub fn dispatches(&self) -> u64 {
        self.dispatches.load(Ordering::Relaxed)
    }

    fn send(&self, message: Message) {
        // A message that can't be sent is dropped, and its answer says that the thread is gone.
        if let Some(jobs) = &self.jobs {
            drop(jobs.send(message));
        }
    }
}

impl Backend for GpuBackend {
    fn name(&self) -> String {
        self.adapter.name.clone()
    }

    fn computes_here(&self) -> bool {
        false
    }

    fn depth(&self) -> usize {
        // One more than there are slots: the next image waits while all are taken.
        SLOTS + 1
    }

    fn submit(&self, task: Task, done: Done) {
        let answer = Answer::new(done);
        let format = Format::of_samples(&task.image.samples);
        let plan = || build::plan(&task.graph, format, task.depth, &self.adapter.limits, self.effort);
        // A panic would end the caller's thread, and with it other images than this.
        let planned = catch_unwind(AssertUnwindSafe(plan)).unwrap_or_else(|_| {
            Err("a fault of this program: planning the GPU's work panicked; use --backend cpu".into())
        });
        match planned {
            Ok(plan) => self.send(Message::Job(Box::new(Job { plan, samples: task.image.samples, answer }))),
            Err(message) => answer.give(Err(BackendError::Image(message))),
        }
    }
}

impl Drop for GpuBackend {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // Where the thread panicked, its jobs have been answered by being dropped.
            drop(thread.join());
        }
    }
}
