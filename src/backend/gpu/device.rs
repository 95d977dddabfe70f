//! An open device: what it says against the calls made to it, whether it is gone, and the shaders compiled for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::plan::{Binding, Dispatch};
use super::timer;

/// Shaders kept; far more than recipes have.
const MAX_PIPELINES: usize = 1024;

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
            required_limits: adapter.limits(),
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
        Ok(Device { device, queue, direct, pipelines: Pipelines::default(), lost, uncaptured })
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

    /// Runs calls and turns what the device says against them into an error. Scopes are per thread.
    pub fn scoped<T>(&mut self, calls: impl FnOnce(&mut Device) -> Result<T, String>) -> Result<T, Refused> {
        let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation]
            .map(|filter| self.device.push_error_scope(filter));
        let result = calls(self);
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
}

fn complaint(error: &wgpu::Error) -> String {
    format!("the GPU refused the work: {error}")
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
