//! What one image in flight needs on the device, kept for the next one.

use std::sync::{Arc, OnceLock};

use wgpu::{Buffer, BufferUsages};

use super::engine::Pipelines;
use super::plan::{Binding, Plan};
use super::storage::{Format, Stored};
use crate::image::Samples;

/// Staging, buffers and bind groups.
#[derive(Default)]
pub struct Slot {
    /// Mapped for writing while the slot is free.
    upload: Option<Buffer>,
    readback: Option<Buffer>,
    buffers: Vec<Buffer>,
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
    /// Makes buffers and bind groups for a plan, unless they are there already.
    pub fn prepare(&mut self, device: &wgpu::Device, pipelines: &mut Pipelines, plan: Plan) {
        if self.prepared.as_ref().is_some_and(|p| p.plan == plan) {
            return;
        }
        self.prepared = None;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.buffers.truncate(plan.buffers.len());
        for (i, bytes) in plan.buffers.iter().enumerate() {
            match self.buffers.get_mut(i) {
                Some(buffer) if serves(buffer, *bytes) => {}
                Some(buffer) => *buffer = create(device, *bytes, usage, false),
                None => self.buffers.push(create(device, *bytes, usage, false)),
            }
        }
        let (source, output) = (plan.source.1.bytes(), plan.output.1.bytes());
        if !self.upload.as_ref().is_some_and(|b| serves(b, source)) {
            self.upload = Some(create(device, source, BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC, true));
        }
        if !self.readback.as_ref().is_some_and(|b| serves(b, output)) {
            self.readback = Some(create(device, output, BufferUsages::MAP_READ | BufferUsages::COPY_DST, false));
        }
        let passes = self.bind(device, pipelines, &plan);
        self.prepared = Some(Prepared { plan, passes });
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
                    buffer: &self.buffers[*i],
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

    /// Copies the image into the mapped staging, submits the plan, and asks for both stagings to be mapped again.
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
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(upload, 0, &self.buffers[plan.source.0], 0, plan.source.1.bytes());
        for cleared in plan.passes.iter().filter_map(|p| p.clear) {
            encoder.clear_buffer(&self.buffers[cleared], 0, Some(plan.buffers[cleared]));
        }
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for (step, (pipeline, group)) in plan.passes.iter().zip(&prepared.passes) {
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(step.groups[0], step.groups[1], step.groups[2]);
            }
        }
        encoder.copy_buffer_to_buffer(&self.buffers[plan.output.0], 0, readback, 0, plan.output.1.bytes());
        let submission = queue.submit([encoder.finish()]);
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

    /// Dispatches of the plan.
    pub fn dispatches(&self) -> u64 {
        self.prepared.as_ref().map_or(0, |p| p.plan.passes.len() as u64)
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
