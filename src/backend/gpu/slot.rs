//! What one image in flight needs on the device, kept for the next one.

use std::sync::{Arc, OnceLock};

use wgpu::{Buffer, BufferUsages};

use super::device::{Device, Pipelines};
use super::memory::{Held, Memory, class};
use super::plan::{Binding, BufferId, Output, Plan};
use super::storage::{Format, Stored};
use super::timer::Timer;
use crate::backend::DeviceTimes;
use crate::image::Samples;

/// Staging, buffers and bind groups.
#[derive(Default)]
pub struct Slot {
    /// Whether source and result are mapped themselves and need no staging.
    direct: bool,
    /// One for each source, mapped for writing while the slot is free.
    uploads: Vec<Held>,
    readback: Option<Held>,
    /// Those of the plan that are not mapped themselves.
    buffers: Vec<Option<Held>>,
    timer: Option<Timer>,
    prepared: Option<Prepared>,
}

/// A plan with what executes it.
struct Prepared {
    plan: Arc<Plan>,
    dispatches: Vec<(wgpu::ComputePipeline, wgpu::BindGroup)>,
    /// Constants and parameters, which the bind groups hold.
    _filled: Vec<Held>,
}

/// What came of a plan.
pub enum Product {
    /// The region's samples, row after row.
    Image(Stored, Samples),
    Words(Vec<u32>),
}

/// Which staging buffers are mapped again: set by the poll that sees the work done.
#[derive(Default)]
pub struct Mapping(Vec<OnceLock<bool>>);

impl Mapping {
    /// None while one is outstanding, else whether all could be mapped.
    pub fn outcome(&self) -> Option<bool> {
        let outcomes = self.0.iter().map(|mapped| mapped.get().copied()).collect::<Option<Vec<bool>>>()?;
        (!outcomes.is_empty()).then(|| outcomes.into_iter().all(|mapped| mapped))
    }
}

impl Slot {
    /// `direct`: the device maps the buffers that its passes read and write.
    pub fn new(direct: bool) -> Slot {
        Slot { direct, ..Slot::default() }
    }

    /// Whether it is prepared for that plan.
    pub fn is_for(&self, plan: &Arc<Plan>) -> bool {
        self.prepared.as_ref().is_some_and(|p| Arc::ptr_eq(&p.plan, plan) || *p.plan == **plan)
    }

    /// Gives back all that it holds.
    pub fn release(&mut self, memory: &mut Memory) {
        self.prepared = None;
        let held = self.uploads.drain(..).chain(self.readback.take()).chain(self.buffers.drain(..).flatten());
        held.for_each(|held| memory.give_back(held));
    }

    /// Makes buffers and bind groups for a plan; it holds nothing before.
    pub fn prepare(&mut self, opened: &mut Device, memory: &mut Memory, plan: &Arc<Plan>) {
        let Device { device, pipelines, .. } = opened;
        let (write, read) = match self.direct {
            // Counts are set to zero where they are read back.
            true => (BufferUsages::STORAGE, BufferUsages::STORAGE | BufferUsages::COPY_DST),
            false => (BufferUsages::COPY_SRC, BufferUsages::COPY_DST),
        };
        for source in &plan.sources {
            self.uploads.push(memory.take(device, source.stored.bytes(), BufferUsages::MAP_WRITE | write));
        }
        self.readback = Some(memory.take(device, plan.output.bytes(), BufferUsages::MAP_READ | read));
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        for (i, bytes) in plan.buffers.iter().enumerate() {
            let mapped = self.direct && is_mapped(plan, i);
            self.buffers.push((!mapped).then(|| memory.take(device, *bytes, usage)));
        }
        if self.timer.is_none() {
            self.timer = Timer::new(device, memory, !self.direct);
        }
        let (dispatches, filled) = self.bind(device, memory, pipelines, plan);
        self.prepared = Some(Prepared { plan: plan.clone(), dispatches, _filled: filled });
    }

    /// A buffer of the plan that it is prepared for.
    fn buffer(&self, plan: &Plan, id: BufferId) -> &Buffer {
        let source = || plan.sources.iter().position(|s| s.buffer == id).map(|i| &self.uploads[i]);
        let held = self.buffers[id].as_ref().or_else(source).or(self.readback.as_ref());
        &held.expect("a prepared slot has every buffer of its plan").buffer
    }

    fn bind(
        &self,
        device: &wgpu::Device,
        memory: &Memory,
        pipelines: &Pipelines,
        plan: &Plan,
    ) -> (Vec<(wgpu::ComputePipeline, wgpu::BindGroup)>, Vec<Held>) {
        let constants = plan
            .constants
            .iter()
            .map(|words| memory.filled(device, bytemuck::cast_slice(words), BufferUsages::STORAGE));
        let constants: Vec<Held> = constants.collect();
        let mut filled = Vec::new();
        let mut bind = |dispatch: &super::plan::Dispatch| {
            let (pipeline, layout) = pipelines.get(dispatch);
            let params = memory.filled(device, &dispatch.params, BufferUsages::UNIFORM);
            let resource = |binding: &Binding| match binding {
                Binding::Params => params.buffer.as_entire_binding(),
                Binding::Constants(i) => constants[*i].buffer.as_entire_binding(),
                Binding::Read(i) | Binding::Write(i) => wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: self.buffer(plan, *i),
                    offset: 0,
                    size: std::num::NonZero::new(plan.buffers[*i]),
                }),
            };
            let entries: Vec<wgpu::BindGroupEntry> = (0..)
                .zip(&dispatch.bindings)
                .map(|(i, b)| wgpu::BindGroupEntry { binding: i, resource: resource(b) })
                .collect();
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(&dispatch.label),
                layout,
                entries: &entries,
            });
            filled.push(params);
            (pipeline.clone(), group)
        };
        let dispatches = plan.dispatches.iter().map(&mut bind).collect();
        filled.extend(constants);
        (dispatches, filled)
    }

    /// Copies the images into the mapped staging and writes down the plan's commands, one buffer for each submission.
    /// `images`: whole ones, one for each source.
    ///
    /// # Errors
    /// Where the staging can't be written.
    pub fn record(&mut self, opened: &Device, images: &[Arc<Samples>]) -> Result<Vec<wgpu::CommandBuffer>, String> {
        let (Some(prepared), Some(Held { buffer: readback, .. })) = (&self.prepared, &self.readback) else {
            return Err("a fault of this program: nothing is prepared".into());
        };
        let (plan, device) = (&prepared.plan, &opened.device);
        for ((upload, source), samples) in self.uploads.iter().zip(&plan.sources).zip(images) {
            write(&upload.buffer, source.stored, samples)?;
        }
        let encoder = || device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let (mut recorded, mut commands) = (Vec::new(), encoder());
        let timer = self.timer.as_ref();
        timer.inspect(|timer| timer.begin(&mut commands));
        if !self.direct {
            for (Held { buffer: upload, .. }, source) in self.uploads.iter().zip(&plan.sources) {
                commands.copy_buffer_to_buffer(upload, 0, self.buffer(plan, source.buffer), 0, source.stored.bytes());
            }
        }
        for cleared in plan.dispatches.iter().filter_map(|d| d.clear) {
            commands.clear_buffer(self.buffer(plan, cleared), 0, Some(plan.buffers[cleared]));
        }
        for (i, dispatches) in plan.submissions.iter().enumerate() {
            if i > 0 {
                recorded.push(std::mem::replace(&mut commands, encoder()).finish());
            }
            let last = i + 1 == plan.submissions.len();
            let timestamp_writes = timer.and_then(|timer| timer.of_pass(i == 0, last));
            let descriptor = wgpu::ComputePassDescriptor { label: None, timestamp_writes };
            let mut pass = commands.begin_compute_pass(&descriptor);
            for (step, (pipeline, group)) in
                plan.dispatches.iter().zip(&prepared.dispatches).take(dispatches.end).skip(dispatches.start)
            {
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(step.groups[0], step.groups[1], step.groups[2]);
            }
        }
        if !self.direct {
            let output = plan.output;
            commands.copy_buffer_to_buffer(self.buffer(plan, output.buffer()), 0, readback, 0, output.bytes());
        }
        timer.inspect(|timer| timer.end(&mut commands));
        recorded.push(commands.finish());
        Ok(recorded)
    }

    /// Asks for all staging to be mapped again, once what was recorded is submitted.
    pub fn map(&self) -> Arc<Mapping> {
        let stamps = self.timer.as_ref().map(|timer| &timer.readback);
        let read: Vec<&Held> = self.readback.iter().chain(stamps).collect();
        let mapping = Arc::new(Mapping((0..self.uploads.len() + read.len()).map(|_| OnceLock::new()).collect()));
        let mapped = |i: usize| {
            let mapping = mapping.clone();
            move |result: Result<(), wgpu::BufferAsyncError>| _ = mapping.0[i].set(result.is_ok())
        };
        for (i, upload) in self.uploads.iter().enumerate() {
            upload.buffer.map_async(wgpu::MapMode::Write, .., mapped(i));
        }
        for (i, read) in read.iter().enumerate() {
            read.buffer.map_async(wgpu::MapMode::Read, .., mapped(self.uploads.len() + i));
        }
        mapping
    }

    /// The result, out of the mapped readback staging, and what the device's clock says, whose ticks take `period` ns;
    /// `spare` is used again where it fits.
    ///
    /// # Errors
    /// Where the staging can't be read.
    pub fn read(&self, spare: Samples, period: f32) -> Result<(Product, DeviceTimes), String> {
        let (Some(prepared), Some(Held { buffer: readback, .. })) = (&self.prepared, &self.readback) else {
            return Err("a fault of this program: nothing was submitted".into());
        };
        let output = prepared.plan.output;
        let view = readback.get_mapped_range(..output.bytes()).map_err(|e| format!("the result can't be read: {e}"))?;
        let product = match output {
            Output::Image(_, stored) => Product::Image(stored, unpadded(&view, stored, spare)),
            Output::Words(..) => Product::Words(bytemuck::pod_collect_to_vec(&view)),
        };
        drop(view);
        readback.unmap();
        Ok((product, self.timer.as_ref().map_or_else(DeviceTimes::default, |timer| timer.read(period))))
    }

    /// The plan that it was prepared for.
    pub fn into_plan(self) -> Option<Arc<Plan>> {
        self.prepared.map(|prepared| prepared.plan)
    }

    /// Whether it holds so little that many are worth having.
    pub fn is_small(&self) -> bool {
        self.prepared.as_ref().is_some_and(|prepared| is_small(&prepared.plan))
    }

    /// Values that the plan's dispatches read.
    pub fn reads(&self) -> u64 {
        self.prepared.as_ref().map_or(0, |p| p.plan.dispatches.iter().map(|d| d.reads).sum())
    }

    /// Dispatches of the plan.
    pub fn dispatches(&self) -> u64 {
        self.prepared.as_ref().map_or(0, |p| p.plan.dispatches.len() as u64)
    }
}

/// Whether a buffer is uploaded or read back.
fn is_mapped(plan: &Plan, id: BufferId) -> bool {
    id == plan.output.buffer() || plan.sources.iter().any(|s| s.buffer == id)
}

/// Bytes of all buffers up to which a plan is one of many that go to the device together.
const SMALL_BYTES: u64 = 4 << 20;

/// With `off`, every plan is submitted by itself: for measuring what batches bring.
const VARIABLE: &str = "IMGPROC_BATCH";

fn batches() -> bool {
    static BATCHES: OnceLock<bool> = OnceLock::new();
    *BATCHES.get_or_init(|| std::env::var_os(VARIABLE).is_none_or(|value| value != "off"))
}

/// Whether submitting a plan by itself would cost much beside executing it.
pub fn is_small(plan: &Plan) -> bool {
    plan.submissions.len() == 1 && bytes(plan, false) <= SMALL_BYTES && batches()
}

/// Bytes that a slot takes for a plan.
pub fn bytes(plan: &Plan, direct: bool) -> u64 {
    let staging = plan.sources.iter().map(|s| s.stored.bytes()).chain([plan.output.bytes()]);
    let own = plan.buffers.iter().enumerate().filter(|(id, _)| !(direct && is_mapped(plan, *id)));
    let constants = plan.constants.iter().map(|c| 4 * c.len() as u64);
    let params = plan.dispatches.iter().map(|d| d.params.len() as u64);
    let filled: u64 = constants.chain(params).map(|bytes| bytes.next_multiple_of(16)).sum();
    staging.chain(own.map(|(_, bytes)| *bytes)).map(class).sum::<u64>() + filled
}

/// Rows of the region into the mapped staging, each padded to whole quads; what lies beyond the image is its repetition.
/// `samples`: of the whole image.
fn write(upload: &Buffer, stored: Stored, samples: &Samples) -> Result<(), String> {
    let bytes: &[u8] = match samples {
        Samples::U8(v) => v,
        Samples::U16(v) => bytemuck::cast_slice(v),
        Samples::F32(v) => bytemuck::cast_slice(v),
    };
    let Stored { layout, region, .. } = stored;
    let pixel = layout.channels() as usize * samples.width();
    let (whole, row, left) = (layout.width as usize * pixel, region.width as usize * pixel, region.x as usize * pixel);
    let mut view =
        upload.get_mapped_range_mut(..stored.bytes()).map_err(|e| format!("the image can't be uploaded: {e}"))?;
    if row == stored.row_bytes() && row == whole && left == 0 && region.bottom() <= layout.height {
        view.copy_from_slice(&bytes[region.y as usize * whole..][..row * region.height as usize]);
    } else {
        for (y, target) in (region.y..region.bottom()).zip((0..).step_by(stored.row_bytes())) {
            let source = &bytes[(y % layout.height) as usize * whole..][..whole];
            // As often as the image is repeated.
            let mut at = 0;
            while at < row {
                let part = &source[(left + at) % whole..];
                let part = &part[..part.len().min(row - at)];
                view.slice(target + at..target + at + part.len()).copy_from_slice(part);
                at += part.len();
            }
        }
    }
    drop(view);
    upload.unmap();
    Ok(())
}

/// The samples of padded rows; `spare` is used again where it fits.
fn unpadded(bytes: &[u8], stored: Stored, spare: Samples) -> Samples {
    match (stored.format, spare) {
        (Format::Codes16, Samples::U16(spare)) => Samples::U16(rows(bytes, stored, spare)),
        (Format::Codes16, _) => Samples::U16(rows(bytes, stored, Vec::new())),
        (Format::Values, _) => Samples::F32(rows(bytes, stored, Vec::new())),
        (_, Samples::U8(spare)) => Samples::U8(rows(bytes, stored, spare)),
        (_, _) => Samples::U8(rows(bytes, stored, Vec::new())),
    }
}

fn rows<T: bytemuck::Pod>(bytes: &[u8], stored: Stored, mut out: Vec<T>) -> Vec<T> {
    let row = stored.region.width as usize * stored.layout.channels() as usize;
    out.clear();
    out.reserve_exact(row * stored.region.height as usize);
    if row * size_of::<T>() == stored.row_bytes() {
        out.extend_from_slice(bytemuck::cast_slice(bytes));
    } else {
        for padded in bytes.chunks_exact(stored.row_bytes()) {
            out.extend_from_slice(bytemuck::cast_slice(&padded[..row * size_of::<T>()]));
        }
    }
    out
}
