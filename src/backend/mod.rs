//! Who computes: a backend takes a decoded image through a graph of kernels.

pub mod both;
pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod work;

use std::sync::Arc;
use std::time::Duration;

use crate::image::{Depth, Image};
use crate::op::Graph;

/// An image and what is to be done with it.
pub struct Task {
    pub graph: Arc<Graph>,
    /// Of the graph's source layout.
    pub image: Image,
    /// Depth of the result.
    pub depth: Depth,
    /// Whether the threads of the pool may share the work: else others are at work on other images.
    pub divides: bool,
    /// Images after this one whose work has not begun.
    pub remaining: usize,
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    pub image: Image,
    /// Where a device computed it: what it took by the device's clock, all zero where it has none.
    pub device: Option<DeviceTimes>,
}

/// Why a backend could not compute an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// The image's own fault, or too much for this backend; other images may fare better.
    #[error("{0}")]
    Image(String),
    /// The device is gone; no image will fare better.
    #[error("{0}")]
    Device(String),
}

/// How long a device worked by its own clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceTimes {
    /// Copies to the device and back; nothing where it shares the machine's memory.
    pub upload: Duration,
    pub kernels: Duration,
    pub readback: Duration,
}

impl std::ops::AddAssign for DeviceTimes {
    fn add_assign(&mut self, more: DeviceTimes) {
        self.upload += more.upload;
        self.kernels += more.kernels;
        self.readback += more.readback;
    }
}

/// Called once with the result, on whichever thread has it.
pub type Done = Box<dyn FnOnce(Result<Computed, BackendError>) + Send>;

pub trait Backend: Send + Sync {
    /// `cpu`, or the adapter's name.
    fn name(&self) -> String;

    /// Whether `submit` always computes on the calling thread (and its rayon pool) before it returns. Otherwise it may
    /// queue and return at once, and the work happens elsewhere.
    fn computes_here(&self) -> bool;

    /// Images that may be submitted and not done at a time without waiting for one another; 1 where it computes here.
    fn depth(&self) -> usize;

    /// An estimate of the bytes of the machine's memory that it takes for an image beside what is decoded and the result.
    fn working_bytes(&self, _graph: &Graph, _source_sample_bytes: u64, _result: Depth) -> u64 {
        0
    }

    /// What the user should know of how it went.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// How long the device has worked so far; none where it has no clock or there is no device.
    fn device_times(&self) -> Option<DeviceTimes> {
        None
    }

    /// Takes an image through its graph. The result has the graph's output layout, the task's depth, and no ICC profile.
    fn submit(&self, task: Task, done: Done);

    /// `submit`, waited for.
    fn wait_for(&self, task: Task) -> Result<Computed, BackendError> {
        wait(|done| self.submit(task, done))
    }

    /// The image of a task, waited for.
    fn compute(&self, task: Task) -> Result<Image, BackendError> {
        self.wait_for(task).map(|computed| computed.image)
    }
}

/// Waits for the result of a submission.
fn wait(submit: impl FnOnce(Done)) -> Result<Computed, BackendError> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    submit(Box::new(move |result| drop(sender.send(result))));
    receiver.recv().unwrap_or_else(|_| Err(BackendError::Device("the backend stopped".into())))
}
