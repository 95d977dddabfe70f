//! The GPU backend: one thread owns the device and executes plans.

use super::{Backend, BackendError, Done, Task};

/// An adapter that this machine offers.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Place in `adapters()`, for `--adapter`.
    pub index: usize,
    pub name: String,
    /// `discrete`, `integrated`, `virtual`, `cpu`, `other`
    pub kind: &'static str,
    /// `vulkan`, `metal`, `dx12`, `gl`
    pub api: &'static str,
    pub driver: String,
    pub limits: AdapterLimits,
}

#[derive(Clone, Copy, Debug)]
pub struct AdapterLimits {
    pub max_buffer_bytes: u64,
    pub max_binding_bytes: u64,
    pub max_invocations_per_workgroup: u32,
}

impl Adapter {
    /// Whether it is a software rasterizer.
    pub fn is_software(&self) -> bool {
        self.kind == "cpu"
    }
}

/// Every adapter, the best first of its kind.
pub fn adapters() -> Vec<Adapter> {
    todo!()
}

/// Which adapter to open.
#[derive(Clone, Debug)]
pub enum Choice {
    /// Real hardware only.
    Hardware,
    /// A software rasterizer only.
    Software,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

pub struct GpuBackend {}

impl GpuBackend {
    /// `named`: an adapter's index or part of its name.
    pub fn open(_choice: Choice, _named: Option<&str>) -> Result<GpuBackend, OpenError> {
        todo!()
    }

    pub fn adapter(&self) -> &Adapter {
        todo!()
    }

    /// Compute dispatches submitted since the start.
    pub fn dispatches(&self) -> u64 {
        todo!()
    }
}

impl Backend for GpuBackend {
    fn name(&self) -> String {
        todo!()
    }

    fn computes_here(&self) -> bool {
        false
    }

    fn depth(&self) -> usize {
        todo!()
    }

    fn submit(&self, _task: Task, _done: Done) -> () {
        let _: Result<(), BackendError> = todo!();
    }
}
