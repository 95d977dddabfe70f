//! What the device is to do for an image, or for a part of one, as plain data: buffers, and passes over them.

use std::ops::Range;
use std::sync::Arc;

use super::storage::Stored;
use crate::op::NodeId;

/// Place of a buffer in its plan.
pub type BufferId = usize;

/// A buffer that a dispatch sees, in the order of the bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The dispatch's own parameters.
    Params,
    /// Constants by their place in the plan, read.
    Constants(usize),
    Read(BufferId),
    Write(BufferId),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// Shape and formulas, for people.
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

/// Some dispatches that read images or tables once and give one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// Point formulas that ride in the load, the shape, point formulas that ride in the store.
    pub before: Vec<&'static str>,
    pub shape: String,
    pub after: Vec<&'static str>,
    /// Bytes of all that it reads and of what it writes, each counted once.
    pub read: u64,
    pub written: u64,
    pub dispatches: Range<usize>,
}

/// An image that is uploaded, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// Whose result it is; 0 is the decoded image.
    pub node: NodeId,
    pub buffer: BufferId,
    pub stored: Stored,
}

/// What is read back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    Image(BufferId, Stored),
    /// A table or counts; their bytes.
    Words(BufferId, u64),
}

impl Output {
    pub fn buffer(self) -> BufferId {
        match self {
            Output::Image(buffer, _) | Output::Words(buffer, _) => buffer,
        }
    }

    pub fn bytes(self) -> u64 {
        match self {
            Output::Image(_, stored) => stored.bytes(),
            Output::Words(_, bytes) => bytes,
        }
    }
}

/// A way through the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Bytes of each buffer.
    pub buffers: Vec<u64>,
    /// Words (bits of f32 or u32) that dispatches read and that don't change with the image's content.
    pub constants: Vec<Vec<u32>>,
    pub passes: Vec<Pass>,
    pub dispatches: Vec<Dispatch>,
    /// The dispatches of each submission.
    pub submissions: Vec<Range<usize>>,
    pub sources: Vec<Source>,
    pub output: Output,
}
