//! How long the device itself takes for a plan, by its own clock, where it has one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wgpu::{BufferUsages, Features};

use super::memory::{Held, Memory};
use crate::backend::DeviceTimes;

/// Begin of the upload, begin and end of the kernels, end of the readback.
const STAMPS: u32 = 4;

/// Bytes of a stamp.
const STAMP_BYTES: u64 = 8;

/// What of these an adapter has: stamps around passes, and between copies.
pub fn features(adapter: &wgpu::Adapter) -> Features {
    adapter.features() & (Features::TIMESTAMP_QUERY | Features::TIMESTAMP_QUERY_INSIDE_ENCODERS)
}

/// Nanoseconds of a run, added up by the engine and read by others.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    upload: Arc<AtomicU64>,
    kernels: Arc<AtomicU64>,
    readback: Arc<AtomicU64>,
}

impl Clock {
    pub fn times(&self) -> DeviceTimes {
        let duration = |part: &AtomicU64| Duration::from_nanos(part.load(Ordering::Relaxed));
        DeviceTimes {
            upload: duration(&self.upload),
            kernels: duration(&self.kernels),
            readback: duration(&self.readback),
        }
    }

    pub fn add(&self, times: DeviceTimes) {
        let add = |part: &AtomicU64, time: Duration| _ = part.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
        add(&self.upload, times.upload);
        add(&self.kernels, times.kernels);
        add(&self.readback, times.readback);
    }
}

/// What stamps say of a plan. `period`: nanoseconds of a tick. Copies without stamps of their own count nothing.
fn times(stamps: [u64; STAMPS as usize], period: f32, copies: bool) -> DeviceTimes {
    let between = |first: usize, last: usize| {
        Duration::from_nanos((stamps[last].saturating_sub(stamps[first]) as f64 * f64::from(period)) as u64)
    };
    let copied = |first, last| if copies { between(first, last) } else { Duration::ZERO };
    DeviceTimes { upload: copied(0, 1), kernels: between(1, 2), readback: copied(2, 3) }
}

/// The stamps of a slot.
#[derive(Debug)]
pub struct Timer {
    queries: wgpu::QuerySet,
    resolved: Held,
    /// Mapped for reading when the work is done.
    pub readback: Held,
    /// Whether copies are stamped.
    copies: bool,
}

impl Timer {
    /// None where the device has no clock. `copies`: whether images are copied to and from the device.
    pub fn new(device: &wgpu::Device, memory: &Memory, copies: bool) -> Option<Timer> {
        let features = device.features();
        if !features.contains(Features::TIMESTAMP_QUERY) {
            return None;
        }
        let bytes = u64::from(STAMPS) * STAMP_BYTES;
        Some(Timer {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count: STAMPS,
            }),
            resolved: memory.create(device, bytes, BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC, false),
            readback: memory.create(device, bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST, false),
            copies: copies && features.contains(Features::TIMESTAMP_QUERY_INSIDE_ENCODERS),
        })
    }

    /// Before the uploads.
    pub fn begin(&self, commands: &mut wgpu::CommandEncoder) {
        if self.copies {
            commands.write_timestamp(&self.queries, 0);
        }
    }

    /// The stamps of a compute pass, which may be the first and the last.
    pub fn of_pass(&self, first: bool, last: bool) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        (first || last).then_some(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: first.then_some(1),
            end_of_pass_write_index: last.then_some(2),
        })
    }

    /// After the readback.
    pub fn end(&self, commands: &mut wgpu::CommandEncoder) {
        let (first, end) = if self.copies { (0, STAMPS) } else { (1, 3) };
        if self.copies {
            commands.write_timestamp(&self.queries, 3);
        }
        let bytes = u64::from(end - first) * STAMP_BYTES;
        commands.resolve_query_set(&self.queries, first..end, &self.resolved.buffer, 0);
        commands.copy_buffer_to_buffer(&self.resolved.buffer, 0, &self.readback.buffer, 0, bytes);
    }

    /// What the stamps say, which are mapped.
    pub fn read(&self, period: f32) -> DeviceTimes {
        let mut read_times = DeviceTimes::default();
        if let Ok(view) = self.readback.buffer.get_mapped_range(..) {
            let read: Vec<u64> = bytemuck::pod_collect_to_vec(&view);
            let stamps = if self.copies { [read[0], read[1], read[2], read[3]] } else { [0, read[0], read[1], 0] };
            read_times = times(stamps, period, self.copies);
        }
        self.readback.buffer.unmap();
        read_times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_add_up_and_a_clock_that_runs_back_counts_nothing() {
        let clock = Clock::default();
        clock.add(times([100, 150, 450, 470], 2.0, true));
        clock.add(times([0, 1000, 900, 0], 1.0, false));
        let DeviceTimes { upload, kernels, readback } = clock.times();
        assert_eq!([upload, kernels, readback].map(|d| d.as_nanos()), [100, 600, 40]);
    }
}
