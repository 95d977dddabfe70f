//! The GPU backend: one thread owns the device and executes plans.
//!
//! A graph becomes a plan, plain data made on the caller's thread: `sketch` says what is computed in which order and where
//! it lies (`fuse`, `head`), `build` writes the shaders (`shader`, `reduce`). What a sketch has no room for is done in
//! `tiles`. The engine's thread takes plans with their images, keeps several in flight, and answers each once.

mod access;
mod adapter;
mod axes;
mod build;
mod copy;
mod device;
mod effort;
mod engine;
mod flood;
mod fuse;
mod grid;
mod head;
mod job;
mod levels;
mod limited;
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
mod submit;
#[cfg(test)]
mod tests;
mod tiles;
mod timer;
mod windows;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Backend, DeviceTimes, Done, Task};
use crate::image::Depth;
use crate::op::Graph;
pub use adapter::lowered;
pub use copy::copy_speed;
use device::Device;
use effort::Effort;
use engine::{Counters, Engine, Limits, Opener};
pub use report::{PassReport, PlanReport, explain};
use request::{End, Known, Request};
use sketch::Sketch;
use storage::Format;
use submit::Submitter;
use tiles::Room;

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
///
/// # Errors
/// Where the drivers do not answer.
pub fn adapters() -> Result<Vec<Adapter>, OpenError> {
    Ok(adapter::enumerate()?.into_iter().map(|found| found.about).collect())
}

/// The one of these adapters that a choice takes; `named`: an adapter's index or part of its name.
///
/// # Errors
/// Where there is none.
pub fn choose<'a>(adapters: &'a [Adapter], choice: &Choice, named: Option<&str>) -> Result<&'a Adapter, OpenError> {
    Ok(&adapters[adapter::choose(adapters, choice, named)?])
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
    room: Room,
    /// None while dropping: the thread ends when no sender is left.
    submitter: Option<Submitter>,
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
        let found = adapter::find(&choice, named)?;
        let about = found.about;
        let opened = open_device(found.handle, tuning.staged)
            .map_err(|e| OpenError(format!("the adapter {} gives no device: {e}", about.name)))?;
        let room = room(&about.limits, tuning.options, !opened.direct);
        let usual = if about.is_software() { engine::SOFTWARE_LIMIT } else { engine::LIMIT };
        let counters = Counters::default();
        let limits = Limits { image: tuning.limit.unwrap_or(usual), shader: usual };
        let opener = opener(about.clone(), choice, named.map(str::to_owned), tuning.staged);
        let engine = Engine::new(opened, opener, limits, room.memory, counters.clone());
        // Unbounded, so that `submit` never blocks; callers submit no more than `depth` at a time.
        let (jobs, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("gpu".into())
            .spawn(move || engine.run(receiver))
            .map_err(|e| OpenError(format!("no thread for the GPU: {e}")))?;
        let submitter = Submitter { jobs, room, effort: tuning.effort, fallback: None, fallen: Arc::default() };
        Ok(GpuBackend { adapter: about, counters, room, submitter: Some(submitter), thread: Some(thread) })
    }

    /// The same, but that what no device is left for is computed by another backend.
    pub fn with_fallback(mut self, fallback: Arc<dyn Backend>) -> GpuBackend {
        if let Some(submitter) = &mut self.submitter {
            submitter.fallback = Some(fallback);
        }
        self
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

    /// Images that the fallback was given.
    fn fallen(&self) -> u64 {
        self.submitter.as_ref().map_or(0, |submitter| submitter.fallen.load(Ordering::Relaxed))
    }

    fn device_bytes_of(&self, graph: &Graph, source: Format, result: Depth) -> u64 {
        let Ok(sketch) = whole_sketch(graph, source, result) else { return 0 };
        // Memory of its own is none of the machine's.
        let bytes = if self.room.staged { sketch.staging_bytes() } else { sketch.bytes(false) };
        let whole = self.room.holds(&sketch);
        let kept = if whole { 0 } else { tiles::kept_bytes(graph, source, result, &self.room.share()) };
        bytes.min(self.room.memory) + kept
    }
}

/// Opens another device where one was lost: of the same adapter if that is still there, or else of the one that is chosen.
fn opener(about: Adapter, choice: Choice, named: Option<String>, staged: bool) -> Opener {
    Box::new(move || {
        let again = adapter::find(&choice, Some(&about.name)).or_else(|_| adapter::find(&choice, named.as_deref()));
        let found = again.map_err(|e| e.to_string())?;
        if found.about.limits.max_binding_bytes < about.limits.max_binding_bytes {
            return Err(format!("the adapter {} binds less than the lost one", found.about.name));
        }
        open_device(found.handle, staged)
    })
}

/// A device of an adapter, within a limit.
fn open_device(adapter: wgpu::Adapter, staged: bool) -> Result<Device, String> {
    limited::within(limited::OPENING, "opening it", move || Device::open(&adapter, staged)).flatten()
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

    fn working_bytes(&self, graph: &Graph, source_sample_bytes: u64, result: Depth) -> u64 {
        let format = match source_sample_bytes {
            1 => Format::Codes8,
            2 => Format::Codes16,
            _ => Format::Float32,
        };
        self.device_bytes_of(graph, format, result)
    }

    fn remarks(&self) -> Vec<String> {
        let (losses, fallen) = (self.counters.losses.load(Ordering::Relaxed), self.fallen());
        let times = |n: u64| if n == 1 { "once".into() } else { format!("{n} times") };
        let lost = (losses > 0).then(|| format!("the GPU was lost {}, and its work done again", times(losses)));
        let fell = (fallen > 0).then(|| format!("the GPU was gone, and the CPU computed what was left ({fallen})"));
        lost.into_iter().chain(fell).collect()
    }

    fn device_times(&self) -> Option<DeviceTimes> {
        self.adapter.timestamps.then(|| self.counters.clock.times())
    }

    fn submit(&self, task: Task, done: Done) {
        if let Some(submitter) = self.submitter.clone() {
            submitter.submit(task, done);
        }
    }
}

impl Drop for GpuBackend {
    fn drop(&mut self) {
        self.submitter = None;
        if let Some(thread) = self.thread.take() {
            // Where the thread panicked, its jobs have been answered by being dropped.
            drop(thread.join());
        }
    }
}
