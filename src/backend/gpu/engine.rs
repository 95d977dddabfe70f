//! The thread that owns the device: it alone submits, polls and answers.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::SLOTS;
use super::effort::Effort;
use super::memory::Memory;
use super::plan::{Binding, Dispatch, Plan};
use super::slot::{self, Mapping, Product, Slot};
use super::timer::{self, Clock};
use crate::backend::BackendError;
use crate::image::Samples;

/// How long the device may take for one plan before it counts as hung.
pub const LIMIT: Duration = Duration::from_secs(60);

/// The same for a software rasterizer, which is slow long before it is hung.
pub const SOFTWARE_LIMIT: Duration = Duration::from_secs(3600);

/// How much slower than the modest device of the estimates one may be that is not hung.
const SLOWEST: u32 = 4;

/// How long a wait for the device keeps a new image waiting while a slot is free.
const SLICE: Duration = Duration::from_millis(2);

/// Shaders kept; far more than recipes have.
const MAX_PIPELINES: usize = 1024;

/// A plan with the whole images that its sources are parts of.
pub struct Job {
    pub plan: Plan,
    pub images: Vec<Arc<Samples>>,
    pub answer: Answer,
}

/// Called once with what came of a job, on the engine's thread.
pub type Reply = Box<dyn FnOnce(Result<Product, BackendError>) + Send>;

pub enum Message {
    Job(Box<Job>),
    /// Something done to the device between jobs.
    #[cfg(test)]
    Run(Box<dyn FnOnce(&wgpu::Device) + Send>),
    /// From here on the device seems to finish nothing.
    #[cfg(test)]
    Hang,
}

/// The one answer to a job; a job that is dropped answers too.
pub struct Answer(Option<Reply>);

impl Answer {
    pub fn new(reply: Reply) -> Answer {
        Answer(Some(reply))
    }

    pub fn give(mut self, result: Result<Product, BackendError>) {
        if let Some(done) = self.0.take() {
            done(result);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(Err(BackendError::Device("the GPU's thread has stopped; use --backend cpu".into())));
        }
    }
}

/// A submitted image.
struct Flight {
    slot: Slot,
    submission: wgpu::SubmissionIndex,
    mapping: Arc<Mapping>,
    /// The sources; where nobody else has them, their memory is used again for the result.
    images: Vec<Arc<Samples>>,
    answer: Answer,
    /// How long the device may take for it.
    limit: Duration,
    /// What the device said outside any scope while this was in flight.
    fault: Option<String>,
}

/// What the engine counts for others to see.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Compute dispatches submitted.
    pub dispatches: Arc<AtomicU64>,
    /// Bytes of all buffers.
    pub device_bytes: Arc<AtomicU64>,
    pub clock: Clock,
}

/// How a device is to be used.
pub struct Wanted {
    /// Whether images go through staging even where they need not.
    pub staged: bool,
    /// How long the device may take for one plan before it counts as hung.
    pub limit: Duration,
    /// For all buffers together.
    pub memory_bytes: u64,
    pub counters: Counters,
}

pub struct Engine {
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// Why the device is gone; set by its callback or by a wait that took too long.
    lost: Arc<OnceLock<String>>,
    /// The first error that no scope caught since the last look.
    uncaptured: Arc<Mutex<Option<String>>>,
    /// Whether images need no staging.
    direct: bool,
    pipelines: Pipelines,
    memory: Memory,
    /// A job that has no room before another one lands.
    postponed: Option<Box<Job>>,
    free: Vec<Slot>,
    /// In the order of submission.
    flights: VecDeque<Flight>,
    /// How long the oldest flight has been waited for.
    waited: Duration,
    /// How long it may be waited for, unless its work is estimated to take longer.
    limit: Duration,
    counters: Counters,
    #[cfg(test)]
    hung: bool,
}

impl Engine {
    /// A device with all that the adapter allows.
    pub fn open(adapter: &wgpu::Adapter, wanted: Wanted) -> Result<Engine, wgpu::RequestDeviceError> {
        let Wanted { staged, limit, memory_bytes, counters } = wanted;
        // Where device and processor share their memory, images need no staging; elsewhere it would be slow to read.
        let shared = matches!(adapter.get_info().device_type, wgpu::DeviceType::Cpu | wgpu::DeviceType::IntegratedGpu);
        let direct = shared && !staged && adapter.features().contains(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS);
        let mapped = if direct { wgpu::Features::MAPPABLE_PRIMARY_BUFFERS } else { wgpu::Features::empty() };
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            required_features: mapped | timer::features(adapter),
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        }))?;
        let lost = Arc::new(OnceLock::new());
        let flag = lost.clone();
        device.set_device_lost_callback(move |_, message| drop(flag.set(message)));
        // The default handler would panic.
        let uncaptured = Arc::new(Mutex::new(None));
        let first = uncaptured.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| complaint(&error));
        }));
        let free = (0..SLOTS).map(|_| Slot::new(direct)).collect();
        let pipelines = Pipelines::default();
        let memory = Memory::new(memory_bytes, device.limits().max_buffer_size, counters.device_bytes.clone());
        Ok(Engine {
            device,
            queue,
            lost,
            uncaptured,
            direct,
            pipelines,
            memory,
            postponed: None,
            free,
            flights: VecDeque::new(),
            waited: Duration::ZERO,
            limit,
            counters,
            #[cfg(test)]
            hung: false,
        })
    }

    /// Whether sources and results need no staging.
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// Works until every sender of jobs is gone and all of them are answered.
    pub fn run(mut self, messages: Receiver<Message>) {
        loop {
            while !self.free.is_empty() {
                let message = match self.postponed.take() {
                    Some(job) => Ok(Message::Job(job)),
                    None if self.flights.is_empty() => messages.recv().map_err(|_| TryRecvError::Disconnected),
                    None => messages.try_recv(),
                };
                match message {
                    Ok(message) => self.take(message),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return self.finish(),
                }
                if self.postponed.is_some() {
                    break;
                }
            }
            self.wait(!self.free.is_empty() && self.postponed.is_none());
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Job(job) => self.start(job),
            #[cfg(test)]
            Message::Run(act) => act(&self.device),
            #[cfg(test)]
            Message::Hang => self.hung = true,
        }
    }

    fn finish(mut self) {
        while !self.flights.is_empty() {
            self.wait(false);
        }
        if self.lost.get().is_some() {
            // A device that hangs would be waited for without end.
            std::mem::forget(self);
        }
    }

    /// A slot for a plan: one that is prepared for it, or else one that holds nothing; none where it has no room before
    /// another plan lands.
    fn slot(&mut self, plan: &Plan) -> Option<Slot> {
        let prepared = self.free.iter().position(|slot| slot.is_for(plan));
        if let Some(place) = prepared {
            return Some(self.free.swap_remove(place));
        }
        let mut slot = self.free.pop().unwrap_or_else(|| Slot::new(self.direct));
        slot.release(&mut self.memory);
        let bytes = slot::bytes(plan, self.direct);
        if !self.memory.has_room(bytes) {
            self.free.iter_mut().for_each(|idle| idle.release(&mut self.memory));
            // What exceeds the budget by itself goes alone.
            if !self.memory.has_room(bytes) && !self.flights.is_empty() {
                self.free.push(slot);
                return None;
            }
        }
        Some(slot)
    }

    /// Submits a job, answers it with what went wrong, or postpones it.
    fn start(&mut self, job: Box<Job>) {
        // Errors from before this job are not its own.
        self.blame();
        if let Some(error) = self.lost_error() {
            return job.answer.give(Err(error));
        }
        let Some(mut slot) = self.slot(&job.plan) else {
            self.postponed = Some(job);
            return;
        };
        let Job { plan, images, answer } = *job;
        let (device, queue, pipelines) = (&self.device, &self.queue, &mut self.pipelines);
        let submitted = scoped(device, || {
            if !slot.is_for(&plan) {
                slot.prepare(device, &mut self.memory, pipelines, plan);
            }
            slot.submit(device, queue, &images)
        });
        match submitted {
            Ok((submission, mapping)) => {
                self.counters.dispatches.fetch_add(slot.dispatches(), Ordering::Relaxed);
                #[cfg(test)]
                let mapping = if self.hung { Arc::default() } else { mapping };
                let limit = self.limit.max(SLOWEST * Effort::duration(slot.reads()));
                self.flights.push_back(Flight { slot, submission, mapping, images, answer, limit, fault: None });
            }
            Err(message) => {
                // Half-made buffers go with the slot, and a broken pipeline with the cache.
                self.free.push(Slot::new(self.direct));
                self.pipelines = Pipelines::default();
                // A loss may be the cause, and it is told by a poll when nothing is in flight any more.
                drop(self.device.poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(self.limit) }));
                let error = self.lost_error().unwrap_or(BackendError::Image(message));
                answer.give(Err(error));
            }
        }
    }

    /// Waits for the oldest flight (only a moment where a new image could be taken meanwhile) and answers what is done.
    fn wait(&mut self, briefly: bool) {
        let Some(oldest) = self.flights.front() else { return };
        let limit = oldest.limit;
        let timeout = if briefly { SLICE } else { limit.saturating_sub(self.waited) };
        let submission_index = Some(oldest.submission.clone());
        let polled = self.device.poll(wgpu::PollType::Wait { submission_index, timeout: Some(timeout) });
        #[cfg(test)]
        let polled = if self.hung { Err(wgpu::PollError::Timeout) } else { polled };
        self.blame();
        let flown = self.flights.len();
        while let Some(flight) = self.flights.pop_front_if(|f| f.mapping.outcome().is_some()) {
            self.land(flight);
        }
        if self.lost.get().is_none() {
            match polled {
                Err(wgpu::PollError::Timeout) if self.flights.len() == flown => {
                    self.waited += timeout;
                    if self.waited >= limit {
                        self.lose(&format!("it did not answer in {} s", limit.as_secs()));
                    }
                }
                Err(e @ wgpu::PollError::WrongSubmissionIndex(..)) => self.lose(&e.to_string()),
                // The wait is over and the staging isn't mapped: that never comes.
                Ok(_) if self.flights.len() == flown => self.lose("it finished and gave no result"),
                _ => self.waited = Duration::ZERO,
            }
        }
        if let Some(error) = self.lost_error() {
            for flight in self.flights.drain(..) {
                // Its own slot may still be in use; without any, no message would be received again.
                self.free.push(Slot::new(self.direct));
                flight.answer.give(Err(error.clone()));
            }
        }
    }

    /// Answers a flight whose staging has been mapped, or failed to.
    fn land(&mut self, mut flight: Flight) {
        let spare = flight.images.pop().and_then(|image| Arc::try_unwrap(image).ok());
        let read = match flight.mapping.outcome() {
            Some(true) => {
                let period = self.queue.get_timestamp_period();
                flight.slot.read(spare.unwrap_or(Samples::U8(Vec::new())), &self.counters.clock, period)
            }
            _ => Err("the result can't be read back from the GPU; use --backend cpu".into()),
        };
        flight.fault = flight.fault.or(self.blame());
        let result = match (read, flight.fault, self.lost_error()) {
            (_, _, Some(error)) => Err(error),
            (_, Some(message), None) | (Err(message), None, None) => Err(BackendError::Image(message)),
            (Ok(product), None, None) => Ok(product),
        };
        self.free.push(if result.is_ok() { flight.slot } else { Slot::new(self.direct) });
        flight.answer.give(result);
    }

    /// Fails what is in flight by an error that no scope caught: which image it spoilt can't be told. Gives the error.
    fn blame(&mut self) -> Option<String> {
        let message = self.uncaptured.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        for flight in &mut self.flights {
            flight.fault.get_or_insert_with(|| message.clone());
        }
        Some(message)
    }

    /// From here on every job is answered by an error.
    fn lose(&self, why: &str) {
        drop(self.lost.set(why.into()));
    }

    fn lost_error(&self) -> Option<BackendError> {
        let why = self.lost.get()?;
        Some(BackendError::Device(format!("the GPU was lost: {why}; try again, or use --backend cpu")))
    }
}

/// Runs device calls and turns what the device says against them into an error. Scopes are per thread.
fn scoped<T>(device: &wgpu::Device, calls: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation]
        .map(|filter| device.push_error_scope(filter));
    let result = calls();
    let mut first = None;
    for scope in scopes.into_iter().rev() {
        let error = pollster::block_on(scope.pop());
        first = first.or(error);
    }
    match first {
        None => result,
        Some(error) => Err(complaint(&error)),
    }
}

fn complaint(error: &wgpu::Error) -> String {
    match error {
        wgpu::Error::OutOfMemory { .. } => {
            "the GPU has too little memory for this image; use --backend cpu, or make it smaller first".into()
        }
        error => format!("the GPU refused the work: {error}"),
    }
}

/// Compiled shaders by their text.
#[derive(Default)]
pub struct Pipelines(HashMap<Arc<str>, (wgpu::ComputePipeline, wgpu::BindGroupLayout)>);

impl Pipelines {
    pub fn get(
        &mut self,
        device: &wgpu::Device,
        dispatch: &Dispatch,
    ) -> (wgpu::ComputePipeline, wgpu::BindGroupLayout) {
        if let Some(found) = self.0.get(&dispatch.text) {
            return found.clone();
        }
        if self.0.len() >= MAX_PIPELINES {
            self.0.clear();
        }
        let made = compile(device, dispatch);
        self.0.insert(dispatch.text.clone(), made.clone());
        made
    }
}

fn compile(device: &wgpu::Device, dispatch: &Dispatch) -> (wgpu::ComputePipeline, wgpu::BindGroupLayout) {
    let entry = |(i, binding): (u32, &Binding)| wgpu::BindGroupLayoutEntry {
        binding: i,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only: !matches!(binding, Binding::Write(_)) },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<_> = (0..).zip(&dispatch.bindings).map(entry).collect();
    let label = Some(dispatch.label.as_str());
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label,
        source: wgpu::ShaderSource::Wgsl((&*dispatch.text).into()),
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label,
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    (pipeline, layout)
}
