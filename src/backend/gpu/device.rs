//! An open device: what it says against the calls made to it, whether it is gone, and the shaders compiled for it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::plan::{Binding, Dispatch, Plan};
use super::timer;

/// Shaders kept; far more than recipes have.
const MAX_PIPELINES: usize = 1024;

/// Shaders compiled at a time.
const COMPILERS: usize = 4;

pub struct Device {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// Whether images need no staging.
    pub direct: bool,
    pub pipelines: Pipelines,
    /// Why it is gone; set by its callback or by a wait that took too long.
    lost: Arc<OnceLock<String>>,
    /// The first error that no scope caught since the last look.
    uncaptured: Arc<Mutex<Option<String>>>,
    /// Whether compiling hangs, on purpose.
    #[cfg(test)]
    pub sticks: bool,
}

/// What a device says against calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It has no memory for them.
    Memory,
    Other(String),
}

impl Device {
    /// A device with all that the adapter allows. `staged`: images go through staging even where they need not.
    ///
    /// # Errors
    /// Where the adapter gives none.
    pub fn open(adapter: &wgpu::Adapter, staged: bool) -> Result<Device, String> {
        // Where device and processor share their memory, images need no staging; elsewhere it would be slow to read.
        let shared = matches!(adapter.get_info().device_type, wgpu::DeviceType::Cpu | wgpu::DeviceType::IntegratedGpu);
        let direct = shared && !staged && adapter.features().contains(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS);
        let mapped = if direct { wgpu::Features::MAPPABLE_PRIMARY_BUFFERS } else { wgpu::Features::empty() };
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            required_features: mapped | timer::features(adapter),
            required_limits: super::adapter::limits(adapter),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        }))
        .map_err(|e| e.to_string())?;
        let lost = Arc::new(OnceLock::new());
        let flag = lost.clone();
        device.set_device_lost_callback(move |_, message| drop(flag.set(message)));
        // The default handler would panic.
        let uncaptured = Arc::new(Mutex::new(None));
        let first = uncaptured.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| complaint(&error));
        }));
        Ok(Device {
            device,
            queue,
            direct,
            pipelines: Pipelines::default(),
            lost,
            uncaptured,
            #[cfg(test)]
            sticks: false,
        })
    }

    /// Why it is gone, once it is.
    pub fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// Counts it as gone.
    pub fn lose(&self, why: &str) {
        drop(self.lost.set(why.into()));
    }

    /// The first error that no scope caught since the last look.
    pub fn uncaptured(&self) -> Option<String> {
        self.uncaptured.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Compiles what a plan needs and is not there yet, several shaders at a time. Where one takes longer than the limit, the
    /// device counts as gone.
    ///
    /// # Errors
    /// What the device says against a shader.
    pub fn compile(&mut self, plan: &Plan, limit: Duration) -> Result<(), Refused> {
        let missing = self.pipelines.missing(plan);
        let (count, next) = (missing.len(), Arc::new(AtomicUsize::new(0)));
        let missing = Arc::new(missing);
        let (sender, receiver) = channel();
        for _ in 0..count.min(COMPILERS) {
            let (device, missing, next, sender) = (self.device.clone(), missing.clone(), next.clone(), sender.clone());
            #[cfg(test)]
            let sticks = self.sticks;
            let work = move || {
                #[cfg(test)]
                if sticks {
                    loop {
                        std::thread::park();
                    }
                }
                while let Some(dispatch) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let compiled = scoped(&device, || Ok(compile(&device, dispatch)));
                    if sender.send((dispatch.text.clone(), compiled)).is_err() {
                        break;
                    }
                }
            };
            let thread = std::thread::Builder::new().name("gpu compiler".into()).spawn(work);
            thread.map_err(|e| Refused::Other(format!("no thread for compiling shaders: {e}")))?;
        }
        drop(sender);
        #[cfg(test)]
        let limit = if self.sticks { Duration::from_millis(30) } else { limit };
        for _ in 0..count {
            match receiver.recv_timeout(limit) {
                Ok((text, compiled)) => self.pipelines.put(text, compiled?),
                Err(RecvTimeoutError::Timeout) => {
                    self.lose(&format!("a shader was not compiled in {} s", limit.as_secs_f64()));
                    return Err(Refused::Other("a shader was not compiled".into()));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Refused::Other("a fault of this program: compiling a shader panicked".into()));
                }
            }
        }
        Ok(())
    }

    /// Runs calls and turns what the device says against them into an error.
    pub fn scoped<T>(&mut self, calls: impl FnOnce(&mut Device) -> Result<T, String>) -> Result<T, Refused> {
        let device = self.device.clone();
        scoped(&device, || calls(self))
    }
}

/// Runs calls and turns what the device says against them into an error. Scopes are per thread.
fn scoped<T>(device: &wgpu::Device, calls: impl FnOnce() -> Result<T, String>) -> Result<T, Refused> {
    let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation]
        .map(|filter| device.push_error_scope(filter));
    let result = calls();
    let mut first = None;
    for scope in scopes.into_iter().rev() {
        let error = pollster::block_on(scope.pop());
        first = first.or(error);
    }
    match first {
        None => result.map_err(Refused::Other),
        Some(wgpu::Error::OutOfMemory { .. }) => Err(Refused::Memory),
        Some(error) => Err(Refused::Other(complaint(&error))),
    }
}

fn complaint(error: &wgpu::Error) -> String {
    format!("the GPU refused the work: {error}")
}

/// A compiled shader and the layout of its bindings.
type Pipeline = (wgpu::ComputePipeline, wgpu::BindGroupLayout);

/// Compiled shaders by their text.
#[derive(Default)]
pub struct Pipelines(HashMap<Arc<str>, Pipeline>);

impl Pipelines {
    /// That of a dispatch, which has been compiled.
    pub fn get(&self, dispatch: &Dispatch) -> &Pipeline {
        self.0.get(&dispatch.text).expect("a plan is compiled before it is bound")
    }

    /// Dispatches of a plan whose shaders are to be compiled, each shader once. Where too many are kept, that is all.
    fn missing(&mut self, plan: &Plan) -> Vec<Dispatch> {
        if self.0.len() + plan.dispatches.len() > MAX_PIPELINES {
            self.0.clear();
        }
        let mut texts: HashSet<&Arc<str>> = self.0.keys().collect();
        plan.dispatches.iter().filter(|dispatch| texts.insert(&dispatch.text)).cloned().collect()
    }

    fn put(&mut self, text: Arc<str>, pipeline: Pipeline) {
        self.0.insert(text, pipeline);
    }
}

fn compile(device: &wgpu::Device, dispatch: &Dispatch) -> Pipeline {
    let entry = |(i, binding): (u32, &Binding)| wgpu::BindGroupLayoutEntry {
        binding: i,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: match binding {
                Binding::Params => wgpu::BufferBindingType::Uniform,
                _ => wgpu::BufferBindingType::Storage { read_only: !matches!(binding, Binding::Write(_)) },
            },
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
