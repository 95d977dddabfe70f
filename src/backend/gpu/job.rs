//! What the engine is asked, and what it answers.

use std::sync::Arc;

use super::plan::Plan;
use super::slot::Product;
use crate::backend::{BackendError, DeviceTimes};
use crate::image::Samples;

/// A plan with the whole images that its sources are parts of.
pub struct Job {
    pub plan: Arc<Plan>,
    pub images: Vec<Arc<Samples>>,
    pub answer: Answer,
}

/// Why a plan was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The plan's own.
    Image(String),
    /// The device has no memory for it, whatever it promised.
    Memory,
    /// The device is gone, and no other could be had.
    Device(String),
}

impl From<Fault> for BackendError {
    fn from(fault: Fault) -> BackendError {
        match fault {
            Fault::Image(message) => BackendError::Image(message),
            Fault::Memory => BackendError::Image(
                "the GPU has too little memory for this image; use --backend cpu, or make it smaller first".into(),
            ),
            Fault::Device(message) => BackendError::Device(message),
        }
    }
}

/// A job that was not done, with its images.
pub struct Undone {
    pub fault: Fault,
    pub images: Vec<Arc<Samples>>,
}

/// Called once with what came of a job, on the engine's thread.
pub type Reply = Box<dyn FnOnce(Result<Landed, Undone>) + Send>;

/// What came of a job, and what it took by the device's clock.
pub type Landed = (Product, DeviceTimes);

/// The one answer to a job; a job that is dropped answers too.
pub struct Answer(Option<Reply>);

impl Answer {
    pub fn new(reply: impl FnOnce(Result<Landed, Undone>) + Send + 'static) -> Answer {
        Answer(Some(Box::new(reply)))
    }

    pub fn give(mut self, result: Result<Landed, Undone>) {
        if let Some(reply) = self.0.take() {
            reply(result);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            let fault = Fault::Device("the GPU's thread has stopped; use --backend cpu".into());
            reply(Err(Undone { fault, images: Vec::new() }));
        }
    }
}

pub enum Message {
    Job(Box<Job>),
    #[cfg(test)]
    Test(Test),
}

/// Faults on purpose, and what else tests do between jobs.
#[cfg(test)]
pub enum Test {
    /// Something done to the device.
    Run(Box<dyn FnOnce(&wgpu::Device) + Send>),
    /// From here on the device seems to finish nothing.
    Hang,
    /// This device never compiles a shader again.
    Stick,
    /// From here on no adapter is found any more.
    Vanish,
    /// From here on the device refuses to hold more bytes than these.
    Scarce(u64),
}
