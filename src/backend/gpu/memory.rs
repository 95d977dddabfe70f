//! The device's memory: buffers of a few sizes, counted, kept for the next plan, within a budget.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wgpu::{Buffer, BufferUsages};

/// The size of the buffer that holds so many bytes: sizes are a quarter of a power of two apart, so that buffers of images
/// that differ a little serve one another.
pub fn class(bytes: u64) -> u64 {
    let bytes = bytes.max(256);
    bytes.next_multiple_of(bytes.next_power_of_two() / 8)
}

/// A buffer that counts.
#[derive(Debug)]
pub struct Held {
    pub buffer: Buffer,
    held: Arc<AtomicU64>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.fetch_sub(self.buffer.size(), Ordering::Relaxed);
    }
}

/// Bytes of free buffers that are kept in any case; beyond it no more than are in use.
const KEPT_BYTES: u64 = 32 << 20;

#[derive(Debug)]
pub struct Memory {
    /// Bytes of all buffers together.
    budget: u64,
    /// Of a buffer, by the adapter's limit.
    largest: u64,
    held: Arc<AtomicU64>,
    /// Those for uploads are mapped; the oldest first.
    free: VecDeque<Held>,
    /// Bytes above which the device says that it has no more.
    #[cfg(test)]
    pub scarce: Option<u64>,
    /// Whether it said so.
    #[cfg(test)]
    refused: std::cell::Cell<bool>,
}

impl Memory {
    /// `held`: where the bytes of all buffers are counted.
    pub fn new(budget: u64, largest: u64, held: Arc<AtomicU64>) -> Memory {
        Memory {
            budget,
            largest,
            held,
            free: VecDeque::new(),
            #[cfg(test)]
            scarce: None,
            #[cfg(test)]
            refused: Default::default(),
        }
    }

    /// A buffer for so many bytes; those for uploads are mapped.
    pub fn take(&mut self, device: &wgpu::Device, bytes: u64, usage: BufferUsages) -> Held {
        let size = class(bytes).min(self.largest / 16 * 16).max(bytes.next_multiple_of(16));
        let fits = |held: &Held| held.buffer.size() == size && held.buffer.usage() == usage;
        match self.free.iter().position(fits).and_then(|i| self.free.remove(i)) {
            Some(held) => held,
            None => self.create(device, size, usage, usage.contains(BufferUsages::MAP_WRITE)),
        }
    }

    /// A buffer that holds these bytes for good.
    pub fn filled(&self, device: &wgpu::Device, bytes: &[u8], usage: BufferUsages) -> Held {
        let held = self.create(device, bytes.len().next_multiple_of(16).max(16) as u64, usage, true);
        if let Ok(mut view) = held.buffer.get_mapped_range_mut(..bytes.len() as u64) {
            view.copy_from_slice(bytes);
        }
        held.buffer.unmap();
        held
    }

    /// A buffer of its own.
    pub fn create(&self, device: &wgpu::Device, size: u64, usage: BufferUsages, mapped: bool) -> Held {
        let _before = self.held.fetch_add(size, Ordering::Relaxed);
        #[cfg(test)]
        self.refused.set(self.refused.get() || self.scarce.is_some_and(|most| _before + size > most));
        let buffer =
            device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: mapped });
        Held { buffer, held: self.held.clone() }
    }

    /// Keeps a buffer for others, in the state in which `take` gave it; the oldest are let go where many are free.
    pub fn give_back(&mut self, held: Held) {
        self.free.push_back(held);
        let mut free: u64 = self.free.iter().map(|held| held.buffer.size()).sum();
        while free > KEPT_BYTES.max(self.held.load(Ordering::Relaxed) - free) {
            free -= self.free.pop_front().map_or(free, |held| held.buffer.size());
        }
    }

    /// Whether so many bytes more stay within the budget; what is free is let go where it stands in the way.
    pub fn has_room(&mut self, bytes: u64) -> bool {
        if self.held.load(Ordering::Relaxed) + bytes > self.budget {
            self.free();
        }
        self.held.load(Ordering::Relaxed) + bytes <= self.budget
    }

    /// Whether there are buffers that can be let go.
    pub fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// Lets go of all that is free.
    pub fn free(&mut self) {
        self.free.clear();
    }

    /// Whether the device has said since the last time that it has no more.
    #[cfg(test)]
    pub fn refused(&self) -> bool {
        self.refused.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_they_are_for_and_waste_a_quarter_at_most() {
        for bytes in (1..5000).chain([1 << 20, (1 << 20) + 1, 3 << 27, (1 << 33) - 1]) {
            let size = class(bytes);
            assert!(size >= bytes && size.is_multiple_of(16) && class(size) == size, "{bytes}: {size}");
            assert!(bytes < 256 || size <= bytes + bytes / 4, "{bytes}: {size}");
        }
    }
}
