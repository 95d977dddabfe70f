//! What one image in flight needs on the device, kept for the next one.

use std::sync::{Arc, OnceLock};

use wgpu::{Buffer, BufferUsages};

use super::engine::Pipelines;
use super::plan::{Binding, BufferId, Plan};
use super::storage::{Format, Stored};
use crate::image::Samples;

/// Staging, buffers and bind groups.
#[derive(Default)]
pub struct Slot {
    /// Whether source and result are mapped themselves and need no staging.
    direct: bool,
    /// Mapped for writing while the slot is free.
    upload: Option<Buffer>,
    readback: Option<Buffer>,
    buffers: Vec<Option<Buffer>>,
    prepared: Option<Prepared>,
}

/// A plan with what executes it.
struct Prepared {
    plan: Plan,
    passes: Vec<(wgpu::ComputePipeline, wgpu::BindGroup)>,
}

/// Which staging buffers are mapped again: set by the poll that sees the work done.
#[derive(Default)]
pub struct Mapping {
    upload: OnceLock<bool>,
    readback: OnceLock<bool>,
}

impl Mapping {
    /// None while one is outstanding, else whether both could be mapped.
    pub fn outcome(&self) -> Option<bool> {
        Some(*self.upload.get()? && *self.readback.get()?)
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
        let (source, output) = (plan.source.1.bytes(), plan.output.1.bytes());
        let (write, read) = match self.direct {
            true => (BufferUsages::STORAGE, BufferUsages::STORAGE),
            false => (BufferUsages::COPY_SRC, BufferUsages::COPY_DST),
        };
        keep_or_create(&mut self.upload, device, source, BufferUsages::MAP_WRITE | write, true);
        keep_or_create(&mut self.readback, device, output, BufferUsages::MAP_READ | read, false);
        self.make_buffers(device, &plan);
        let passes = self.bind(device, pipelines, &plan);
        self.prepared = Some(Prepared { plan, passes });
    }

    /// Buffers of the plan; where source and result need no staging, those are its buffers.
    fn make_buffers(&mut self, device: &wgpu::Device, plan: &Plan) {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.buffers.resize(plan.buffers.len(), None);
        for (i, bytes) in plan.buffers.iter().enumerate() {
            let direct = if i == plan.source.0 { &self.upload } else { &self.readback };
            if self.direct && (i == plan.source.0 || i == plan.output.0) {
                self.buffers[i] = direct.clone();
            } else {
                keep_or_create(&mut self.buffers[i], device, *bytes, usage, false);
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
        let bind = |pass: &super::plan::Pass| {
            let (pipeline, layout) = pipelines.get(device, pass);
            let params = filled(device, &pass.params);
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
                .zip(&pass.bindings)
                .map(|(i, b)| wgpu::BindGroupEntry { binding: i, resource: resource(b) })
                .collect();
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(&pass.label),
                layout: &layout,
                entries: &entries,
            });
            (pipeline, group)
        };
        plan.passes.iter().map(bind).collect()
    }

    /// Copies the image into the mapped staging, submits the plan, and asks for both stagings to be mapped again. Gives the
    /// last submission.
    ///
    /// # Errors
    /// Where the staging can't be written.
    pub fn submit(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        samples: &Samples,
    ) -> Result<(wgpu::SubmissionIndex, Arc<Mapping>), String> {
        let (Some(prepared), Some(upload), Some(readback)) = (&self.prepared, &self.upload, &self.readback) else {
            return Err("a fault of this program: nothing is prepared".into());
        };
        let plan = &prepared.plan;
        write(upload, plan.source.1, samples)?;
        let encoder = || device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut commands = encoder();
        if !self.direct {
            commands.copy_buffer_to_buffer(upload, 0, self.buffer(plan.source.0), 0, plan.source.1.bytes());
        }
        for cleared in plan.passes.iter().filter_map(|p| p.clear) {
            commands.clear_buffer(self.buffer(cleared), 0, Some(plan.buffers[cleared]));
        }
        for (i, passes) in plan.submissions.iter().enumerate() {
            if i > 0 {
                queue.submit([std::mem::replace(&mut commands, encoder()).finish()]);
            }
            let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for (step, (pipeline, group)) in
                plan.passes.iter().zip(&prepared.passes).take(passes.end).skip(passes.start)
            {
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(step.groups[0], step.groups[1], step.groups[2]);
            }
        }
        if !self.direct {
            commands.copy_buffer_to_buffer(self.buffer(plan.output.0), 0, readback, 0, plan.output.1.bytes());
        }
        let submission = queue.submit([commands.finish()]);
        let mapping = Arc::new(Mapping::default());
        let (uploaded, read) = (mapping.clone(), mapping.clone());
        upload.map_async(wgpu::MapMode::Write, .., move |result| {
            let _ = uploaded.upload.set(result.is_ok());
        });
        readback.map_async(wgpu::MapMode::Read, .., move |result| {
            let _ = read.readback.set(result.is_ok());
        });
        Ok((submission, mapping))
    }

    /// The result, out of the mapped readback staging; `spare` is used again where it fits.
    ///
    /// # Errors
    /// Where the staging can't be read.
    pub fn read(&self, spare: Samples) -> Result<(Stored, Samples), String> {
        let (Some(prepared), Some(readback)) = (&self.prepared, &self.readback) else {
            return Err("a fault of this program: nothing was submitted".into());
        };
        let stored = prepared.plan.output.1;
        let view = readback.get_mapped_range(..stored.bytes()).map_err(|e| format!("the result can't be read: {e}"))?;
        let samples = unpadded(&view, stored, spare);
        drop(view);
        readback.unmap();
        Ok((stored, samples))
    }

    /// Values that the plan's passes read.
    pub fn reads(&self) -> u64 {
        self.prepared.as_ref().map_or(0, |p| p.plan.passes.iter().map(|pass| pass.reads).sum())
    }

    /// Dispatches of the plan.
    pub fn dispatches(&self) -> u64 {
        self.prepared.as_ref().map_or(0, |p| p.plan.passes.len() as u64)
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

/// Rows into the mapped staging, each padded to whole quads.
fn write(upload: &Buffer, stored: Stored, samples: &Samples) -> Result<(), String> {
    let bytes: &[u8] = match samples {
        Samples::U8(v) => v,
        Samples::U16(v) => bytemuck::cast_slice(v),
        Samples::F32(v) => bytemuck::cast_slice(v),
    };
    let row = stored.layout.width as usize * stored.layout.channels() as usize * samples.width();
    let mut view =
        upload.get_mapped_range_mut(..stored.bytes()).map_err(|e| format!("the image can't be uploaded: {e}"))?;
    if row == stored.row_bytes() {
        view.copy_from_slice(bytes);
    } else {
        for (y, source) in bytes.chunks_exact(row).enumerate() {
            let start = y * stored.row_bytes();
            view.slice(start..start + row).copy_from_slice(source);
        }
    }
    drop(view);
    upload.unmap();
    Ok(())
}

/// The samples of padded rows.
fn unpadded(bytes: &[u8], stored: Stored, spare: Samples) -> Samples {
    let len = stored.layout.samples() as usize;
    let row = stored.layout.width as usize * stored.layout.channels() as usize;
    match (stored.format, spare) {
        (Format::Codes16, Samples::U16(spare)) => Samples::U16(rows(bytes, stored, row, len, spare)),
        (Format::Codes16, _) => Samples::U16(rows(bytes, stored, row, len, Vec::new())),
        (_, Samples::U8(spare)) => Samples::U8(rows(bytes, stored, row, len, spare)),
        (_, _) => Samples::U8(rows(bytes, stored, row, len, Vec::new())),
    }
}

fn rows<T: bytemuck::Pod>(bytes: &[u8], stored: Stored, row: usize, len: usize, mut out: Vec<T>) -> Vec<T> {
    out.clear();
    out.reserve_exact(len);
    if row * size_of::<T>() == stored.row_bytes() {
        out.extend_from_slice(bytemuck::cast_slice(bytes));
    } else {
        for padded in bytes.chunks_exact(stored.row_bytes()) {
            out.extend_from_slice(bytemuck::cast_slice(&padded[..row * size_of::<T>()]));
        }
    }
    out
}
