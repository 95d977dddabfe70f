//! What the device is to do for an image, as plain data: buffers, and passes over them.

use std::ops::Range;
use std::sync::Arc;

use super::AdapterLimits;
use super::storage::Stored;

/// Place of a buffer in its plan.
pub type BufferId = usize;

/// A buffer that a pass sees, in the order of the bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The pass's own parameters.
    Params,
    /// Constants by their place in the plan, read.
    Constants(usize),
    Read(BufferId),
    Write(BufferId),
}

/// One dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// Its shape and formulas, for people.
    pub label: String,
    /// WGSL with one entry point, `main`; holds no value that changes with the image.
    pub text: Arc<str>,
    /// The bytes of `params`.
    pub params: Vec<u8>,
    pub bindings: Vec<Binding>,
    /// Workgroups in x, y, z.
    pub groups: [u32; 3],
    /// A buffer that is set to zero before.
    pub clear: Option<BufferId>,
    /// Values that it reads, by estimate.
    pub reads: u64,
}

/// An image's way through the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Bytes of each buffer.
    pub buffers: Vec<u64>,
    /// Words (bits of f32 or u32) that passes read and that don't change with the image's content.
    pub constants: Vec<Vec<u32>>,
    pub passes: Vec<Pass>,
    /// The passes of each submission.
    pub submissions: Vec<Range<usize>>,
    /// Where the decoded image is put, and how.
    pub source: (BufferId, Stored),
    /// Where the result lies, and how.
    pub output: (BufferId, Stored),
}

impl Plan {
    /// # Errors
    /// Where a buffer is larger than the adapter allows.
    pub fn check(&self, limits: &AdapterLimits) -> Result<(), String> {
        let constants = self.constants.iter().map(|c| 4 * c.len() as u64);
        let largest = self.buffers.iter().copied().chain(constants).max().unwrap_or(0);
        let limit = limits.max_binding_bytes.min(limits.max_buffer_bytes);
        if largest > limit {
            let layout = self.source.1.layout;
            return Err(format!(
                "this image of {}x{} px needs a buffer of {largest} bytes and the adapter allows {limit}; \
                 use --backend cpu, or make it smaller first",
                layout.width, layout.height
            ));
        }
        Ok(())
    }
}
