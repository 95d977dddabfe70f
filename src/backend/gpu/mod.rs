//! The GPU backend: one thread owns the device and executes plans.
//!
//! A graph becomes a plan, plain data made on the caller's thread: `sketch` says what is computed in which order and where
//! it lies (`fuse`, `head`), `build` writes the shaders (`shader`, `reduce`). What a sketch has no room for is done in
//! `tiles`. The engine's thread takes plans with their images, keeps several in flight, and answers each once.

mod access;
mod adapter;
mod axes;
mod build;
mod effort;
mod engine;
mod flood;
mod fuse;
mod grid;
mod head;
mod memory;
mod params;
mod plan;
mod points;
mod pool;
mod reduce;
mod report;
mod request;
mod shader;
mod sketch;
mod slot;
mod storage;
#[cfg(test)]
mod tests;
mod tiles;
mod timer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Backend, BackendError, DeviceTimes, Done, Task};
use crate::image::{Depth, Image};
use crate::op::Graph;
use effort::Effort;
use engine::{Answer, Counters, Engine, Job, Message, Wanted};
use plan::Plan;
pub use report::{PassReport, PlanReport, explain};
use request::{End, Known, Request};
use sketch::Sketch;
use slot::Product;
use storage::Format;
use tiles::{Room, Tiler};

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
    /// Whether it has a clock of its own.
    pub timestamps: bool,
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

/// What may be taken of a device.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Bytes of all buffers together; none: 2 GiB.
    pub memory_bytes: Option<u64>,
    /// Bytes of a buffer that holds an image or a part of one, where it is to be less than the adapter allows; tests cut
    /// small images by it.
    pub largest_image_bytes: Option<u64>,
}

/// What every GPU with memory of its own has, and no machine that lends it some misses.
const USUAL_MEMORY_BYTES: u64 = 2 << 30;

/// How a device is used; tests use it in other ways than the usual one.
#[derive(Default)]
struct Tuning {
    options: Options,
    /// Whether images are copied through staging buffers on every device, as on one with memory of its own.
    staged: bool,
    /// How long the device may take for one image; none: as long as its kind may need.
    limit: Option<Duration>,
    effort: Effort,
}

/// A device, and the thread that owns it until this is dropped.
pub struct GpuBackend {
    adapter: Adapter,
    counters: Counters,
    effort: Effort,
    room: Room,
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
        GpuBackend::open_as(choice, named, Options::default())
    }

    /// The same, within limits.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_as(choice: Choice, named: Option<&str>, options: Options) -> Result<GpuBackend, OpenError> {
        GpuBackend::open_with(choice, named, Tuning { options, ..Tuning::default() })
    }

    fn open_with(choice: Choice, named: Option<&str>, tuning: Tuning) -> Result<GpuBackend, OpenError> {
        let mut found = adapter::enumerate();
        let abouts: Vec<Adapter> = found.iter().map(|f| f.about.clone()).collect();
        let found = found.swap_remove(adapter::choose(&abouts, &choice, named)?);
        let usual = if found.about.is_software() { engine::SOFTWARE_LIMIT } else { engine::LIMIT };
        let limit = tuning.limit.unwrap_or(usual);
        let memory_bytes = tuning.options.memory_bytes.unwrap_or(USUAL_MEMORY_BYTES);
        let counters = Counters::default();
        let wanted = Wanted { staged: tuning.staged, limit, memory_bytes, counters: counters.clone() };
        let engine = Engine::open(&found.handle, wanted)
            .map_err(|e| OpenError(format!("the adapter {} gives no device: {e}", found.about.name)))?;
        let room = room(&found.about.limits, tuning.options, !engine.is_direct());
        // Unbounded, so that `submit` never blocks; callers submit no more than `depth` at a time.
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("gpu".into())
            .spawn(move || engine.run(receiver))
            .map_err(|e| OpenError(format!("no thread for the GPU: {e}")))?;
        let jobs = Some(sender);
        let (adapter, effort) = (found.about, tuning.effort);
        Ok(GpuBackend { adapter, counters, effort, room, jobs, thread: Some(thread) })
    }

    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Compute dispatches submitted since the start.
    pub fn dispatches(&self) -> u64 {
        self.counters.dispatches.load(Ordering::Relaxed)
    }

    /// Bytes of all buffers that are held on the device.
    pub fn device_bytes(&self) -> u64 {
        self.counters.device_bytes.load(Ordering::Relaxed)
    }

    fn send(&self, message: Message) {
        // A message that can't be sent is dropped, and its answer says that the thread is gone.
        if let Some(jobs) = &self.jobs {
            drop(jobs.send(message));
        }
    }

    /// The plan of the whole image; none where there is no room for it.
    fn plan(&self, task: &Task) -> Result<Option<Plan>, String> {
        let sketch = whole_sketch(&task.graph, Format::of_samples(&task.image.samples), task.depth)?;
        if self.room.holds(&sketch) { build::plan(sketch, self.effort).map(Some) } else { Ok(None) }
    }

    fn device_bytes_of(&self, graph: &Graph, source: Format, result: Depth) -> u64 {
        let Ok(sketch) = whole_sketch(graph, source, result) else { return 0 };
        // Memory of its own is none of the machine's.
        let bytes = if self.room.staged { sketch.staging_bytes() } else { sketch.bytes(false) };
        bytes.min(self.room.memory)
    }

    /// Computes in tiles, on a thread of its own that waits for them.
    fn compute_tiles(&self, task: Task, done: Done) {
        let Some(jobs) = self.jobs.clone() else { return };
        let (room, effort) = (self.room.share(), self.effort);
        // Whoever fails to start the thread still has to answer.
        let done = Arc::new(Mutex::new(Some(done)));
        let answer = move |done: &Mutex<Option<Done>>, result| {
            if let Some(done) = done.lock().unwrap_or_else(PoisonError::into_inner).take() {
                done(result);
            }
        };
        let theirs = done.clone();
        let work = move || {
            let Task { graph, image, depth, .. } = task;
            let tiler = || Tiler::new(&graph, image.samples, room, effort, &jobs).compute(depth);
            let computed = catch_unwind(AssertUnwindSafe(tiler)).unwrap_or_else(|_| Err(panicked()));
            answer(&theirs, computed.map(|samples| Image::new(graph.output_layout(), samples)));
        };
        if let Err(error) = std::thread::Builder::new().name("gpu tiles".into()).spawn(work) {
            answer(&done, Err(BackendError::Image(format!("no thread for a large image: {error}"))));
        }
    }
}

/// A panic would end the caller's thread, and with it other images than this.
fn panicked() -> BackendError {
    BackendError::Image("a fault of this program: planning the GPU's work panicked; use --backend cpu".into())
}

fn room(limits: &AdapterLimits, options: Options, staged: bool) -> Room {
    let buffer = limits.max_binding_bytes.min(limits.max_buffer_bytes);
    let memory = options.memory_bytes.unwrap_or(USUAL_MEMORY_BYTES);
    Room { image: options.largest_image_bytes.unwrap_or(buffer).min(buffer), buffer, memory, staged }
}

/// What a plan of a whole image holds.
fn whole_sketch(graph: &Graph, source: Format, depth: Depth) -> Result<Sketch<'_>, String> {
    let known = Known::source(graph, source);
    let region = graph.output_layout().region();
    Sketch::new(&Request { graph, known: &known, target: graph.output, region, end: End::Codes(depth) })
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

    fn device_bytes(&self, graph: &Graph, source_sample_bytes: u64, result: Depth) -> u64 {
        let format = match source_sample_bytes {
            1 => Format::Codes8,
            2 => Format::Codes16,
            _ => Format::Float32,
        };
        self.device_bytes_of(graph, format, result)
    }

    fn device_times(&self) -> Option<DeviceTimes> {
        self.adapter.timestamps.then(|| self.counters.clock.times())
    }

    fn submit(&self, task: Task, done: Done) {
        let planned = catch_unwind(AssertUnwindSafe(|| self.plan(&task)));
        match planned.unwrap_or_else(|_| Err(panicked().to_string())) {
            Ok(Some(plan)) => {
                let answer = Answer::new(Box::new(move |result| done(result.and_then(image))));
                let images = vec![Arc::new(task.image.samples)];
                self.send(Message::Job(Box::new(Job { plan, images, answer })));
            }
            Ok(None) => self.compute_tiles(task, done),
            Err(message) => done(Err(BackendError::Image(message))),
        }
    }
}

fn image(product: Product) -> Result<Image, BackendError> {
    match product {
        Product::Image(stored, samples) => Ok(Image::new(stored.layout, samples)),
        Product::Words(_) => Err(BackendError::Image("a fault of this program: a table is no image".into())),
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
