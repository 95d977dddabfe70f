//! How fast a device copies within its own memory: what no kernel that reads and writes an image can beat.

use std::time::Duration;

use wgpu::{BufferUsages, Features};

use super::adapter;
use super::device::Device;
use super::{Choice, OpenError, engine, open_device};

/// Copies that are timed together.
const COPIES: u64 = 8;

/// Bytes a second that are read and written while the device copies a buffer of so many bytes to another; none where it has no
/// clock for that.
///
/// # Errors
/// Where there is no such adapter, or it gives no device or no answer.
pub fn copy_speed(choice: &Choice, named: Option<&str>, bytes: u64) -> Result<Option<f64>, OpenError> {
    let found = adapter::find(choice, named)?;
    let bytes = bytes.min(found.about.limits.max_buffer_bytes) / 16 * 16;
    let mut opened = open_device(found.handle, true).map_err(OpenError)?;
    let needed = Features::TIMESTAMP_QUERY | Features::TIMESTAMP_QUERY_INSIDE_ENCODERS;
    if !opened.device.features().contains(needed) {
        return Ok(None);
    }
    let limit = if found.about.is_software() { engine::SOFTWARE_LIMIT } else { engine::LIMIT };
    let timed = opened.scoped(|opened| time(opened, bytes, limit));
    let seconds = timed.map_err(|refused| OpenError(format!("the device does not copy: {refused:?}")))?;
    Ok(Some((2 * COPIES * bytes) as f64 / seconds))
}

/// Seconds of the copies by the device's clock, after some that are not timed.
fn time(opened: &Device, bytes: u64, limit: Duration) -> Result<f64, String> {
    let Device { device, queue, .. } = opened;
    let buffer = |size, usage| {
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let [from, to] = [(); 2].map(|()| buffer(bytes, BufferUsages::COPY_SRC | BufferUsages::COPY_DST));
    let stamps =
        device.create_query_set(&wgpu::QuerySetDescriptor { label: None, ty: wgpu::QueryType::Timestamp, count: 2 });
    let resolved = buffer(16, BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC);
    let readback = buffer(16, BufferUsages::MAP_READ | BufferUsages::COPY_DST);
    let mut commands = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let copy = |commands: &mut wgpu::CommandEncoder| {
        (0..COPIES).for_each(|_| commands.copy_buffer_to_buffer(&from, 0, &to, 0, bytes));
    };
    copy(&mut commands);
    commands.write_timestamp(&stamps, 0);
    copy(&mut commands);
    commands.write_timestamp(&stamps, 1);
    commands.resolve_query_set(&stamps, 0..2, &resolved, 0);
    commands.copy_buffer_to_buffer(&resolved, 0, &readback, 0, 16);
    let submission_index = Some(queue.submit([commands.finish()]));
    readback.map_async(wgpu::MapMode::Read, .., |_| ());
    device.poll(wgpu::PollType::Wait { submission_index, timeout: Some(limit) }).map_err(|e| e.to_string())?;
    let view = readback.get_mapped_range(..).map_err(|e| e.to_string())?;
    let stamps: Vec<u64> = bytemuck::pod_collect_to_vec(&view);
    Ok(stamps[1].saturating_sub(stamps[0]) as f64 * f64::from(queue.get_timestamp_period()) / 1e9)
}
