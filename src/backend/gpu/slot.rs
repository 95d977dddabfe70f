//! What one image in flight needs on the device, kept for the next one.

use std::sync::{Arc, OnceLock};

use wgpu::{Buffer, BufferUsages};

use super::engine::Pipelines;
use super::plan::{Binding, BufferId, Output, Plan};
use super::storage::{Format, Stored};
use crate::image::Samples;

/// Staging, buffers and bind groups.
#[derive(Default)]
pub struct Slot {
    /// Whether source and result are mapped themselves and need no staging.
    direct: bool,
    /// One for each source, mapped for writing while the slot is free.
    uploads: Vec<Option<Buffer>>,
    readback: Option<Buffer>,
    buffers: Vec<Option<Buffer>>,
    prepared: Option<Prepared>,
}

/// A plan with what executes it.
struct Prepared {
    plan: Plan,
    dispatches: Vec<(wgpu::ComputePipeline, wgpu::BindGroup)>,
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

    /// Makes buffers and bind groups for a plan, unless they are there already.
    pub fn prepare(&mut self, device: &wgpu::Device, pipelines: &mut Pipelines, plan: Plan) {
        if self.prepared.as_ref().is_some_and(|p| p.plan == plan) {
            return;
        }
        self.prepared = None;
        let (write, read) = match self.direct {
            // Counts are set to zero where they are read back.
            true => (BufferUsages::STORAGE, BufferUsages::STORAGE | BufferUsages::COPY_DST),
            false => (BufferUsages::COPY_SRC, BufferUsages::COPY_DST),
        };
        self.uploads.resize(plan.sources.len(), None);
        for (upload, source) in self.uploads.iter_mut().zip(&plan.sources) {
            keep_or_create(upload, device, source.stored.bytes(), BufferUsages::MAP_WRITE | write, true);
        }
        keep_or_create(&mut self.readback, device, plan.output.bytes(), BufferUsages::MAP_READ | read, false);
        self.make_buffers(device, &plan);
        let dispatches = self.bind(device, pipelines, &plan);
        self.prepared = Some(Prepared { plan, dispatches });
    }

    /// Buffers of the plan; where source and result need no staging, those are its buffers.
    fn make_buffers(&mut self, device: &wgpu::Device, plan: &Plan) {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.buffers.resize(plan.buffers.len(), None);
        for (i, bytes) in plan.buffers.iter().enumerate() {
            let source = plan.sources.iter().position(|s| s.buffer == i);
            let mapped = match source {
                Some(source) => Some(&self.uploads[source]),
                None => Some(&self.readback).filter(|_| i == plan.output.buffer()),
            };
            match mapped.filter(|_| self.direct) {
                Some(mapped) => self.buffers[i] = mapped.clone(),
                None => keep_or_create(&mut self.buffers[i], device, *bytes, usage, false),
            }
        }
    }

    /// A buffer of the plan; they are all there once it is prepared.
    fn buffer(&self, id: BufferId) -> &Buffer {
        self.buffers[id].as_ref().expect("a prepared slot has every buffer of its plan")
    }

    fn bind(
        &self,
        device: &wgpu::Device,
        pipelines: &mut Pipelines,
        plan: &Plan,
    ) -> Vec<(wgpu::ComputePipeline, wgpu::BindGroup)> {
        let constants: Vec<Buffer> =
            plan.constants.iter().map(|words| filled(device, bytemuck::cast_slice(words))).collect();
        let bind = |dispatch: &super::plan::Dispatch| {
            let (pipeline, layout) = pipelines.get(device, dispatch);
            let params = filled(device, &dispatch.params);
            let resource = |binding: &Binding| match binding {
                Binding::Params => params.as_entire_binding(),
                Binding::Constants(i) => constants[*i].as_entire_binding(),
                Binding::Read(i) | Binding::Write(i) => wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: self.buffer(*i),
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
                layout: &layout,
                entries: &entries,
            });
            (pipeline, group)
        };
        plan.dispatches.iter().map(bind).collect()
    }

    /// Copies the images into the mapped staging, submits the plan, and asks for all staging to be mapped again. Gives the
    /// last submission. `images`: whole ones, one for each source.
    ///
    /// # Errors
    /// Where the staging can't be written.
    pub fn submit(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        images: &[Arc<Samples>],
    ) -> Result<(wgpu::SubmissionIndex, Arc<Mapping>), String> {
        let (Some(prepared), Some(readback)) = (&self.prepared, &self.readback) else {
            return Err("a fault of this program: nothing is prepared".into());
        };
        let plan = &prepared.plan;
        let uploads: Vec<&Buffer> = self.uploads.iter().flatten().collect();
        for ((upload, source), samples) in uploads.iter().zip(&plan.sources).zip(images) {
            write(upload, source.stored, samples)?;
        }
        let encoder = || device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut commands = encoder();
        if !self.direct {
            for (upload, source) in uploads.iter().zip(&plan.sources) {
                commands.copy_buffer_to_buffer(upload, 0, self.buffer(source.buffer), 0, source.stored.bytes());
            }
        }
        for cleared in plan.dispatches.iter().filter_map(|d| d.clear) {
            commands.clear_buffer(self.buffer(cleared), 0, Some(plan.buffers[cleared]));
        }
        for (i, dispatches) in plan.submissions.iter().enumerate() {
            if i > 0 {
                queue.submit([std::mem::replace(&mut commands, encoder()).finish()]);
            }
            let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
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
            commands.copy_buffer_to_buffer(self.buffer(output.buffer()), 0, readback, 0, output.bytes());
        }
        let submission = queue.submit([commands.finish()]);
        let mapping = Arc::new(Mapping(uploads.iter().chain([&readback]).map(|_| OnceLock::new()).collect()));
        let mapped = |i: usize| {
            let mapping = mapping.clone();
            move |result: Result<(), wgpu::BufferAsyncError>| _ = mapping.0[i].set(result.is_ok())
        };
        for (i, upload) in uploads.iter().enumerate() {
            upload.map_async(wgpu::MapMode::Write, .., mapped(i));
        }
        readback.map_async(wgpu::MapMode::Read, .., mapped(uploads.len()));
        Ok((submission, mapping))
    }

    /// The result, out of the mapped readback staging; `spare` is used again where it fits.
    ///
    /// # Errors
    /// Where the staging can't be read.
    pub fn read(&self, spare: Samples) -> Result<Product, String> {
        let (Some(prepared), Some(readback)) = (&self.prepared, &self.readback) else {
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
        Ok(product)
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

fn keep_or_create(buffer: &mut Option<Buffer>, device: &wgpu::Device, bytes: u64, usage: BufferUsages, mapped: bool) {
    if !buffer.as_ref().is_some_and(|b| serves(b, bytes) && b.usage() == usage) {
        *buffer = Some(create(device, bytes, usage, mapped));
    }
}

/// Whether a buffer is large enough, and not far too large.
fn serves(buffer: &Buffer, bytes: u64) -> bool {
    (bytes..=2 * bytes + (1 << 20)).contains(&buffer.size())
}

fn create(device: &wgpu::Device, bytes: u64, usage: BufferUsages, mapped: bool) -> Buffer {
    // Copies and mappings take whole words; a buffer is at least one vector long.
    let size = bytes.next_multiple_of(16).max(16);
    device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: mapped })
}

/// A buffer that holds these bytes for good.
fn filled(device: &wgpu::Device, bytes: &[u8]) -> Buffer {
    let buffer = create(device, bytes.len() as u64, BufferUsages::STORAGE, true);
    if let Ok(mut view) = buffer.get_mapped_range_mut(..bytes.len() as u64) {
        view.copy_from_slice(bytes);
    }
    buffer.unmap();
    buffer
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
