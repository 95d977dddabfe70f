//! Plans on their way: recorded, then submitted.

use std::sync::Arc;
use std::time::Duration;

use crate::backend::gpu::job::{Answer, Job};
use crate::backend::gpu::slot::{Mapping, Slot};
use crate::image::Samples;

/// Small plans that are submitted together.
pub const BATCH: usize = 8;

/// Small plans between upload and readback at a time.
pub const SMALL_SLOTS: usize = 2 * BATCH;

/// A submitted plan.
pub struct Flight {
    pub slot: Slot,
    pub submission: wgpu::SubmissionIndex,
    pub mapping: Arc<Mapping>,
    /// The sources; where nobody else has them, their memory is used again for the result.
    pub images: Vec<Arc<Samples>>,
    pub answer: Answer,
    /// How long the device may take for it.
    pub limit: Duration,
    /// What the device said outside any scope while this was in flight.
    pub fault: Option<String>,
}

/// A plan that goes to the device with others.
pub struct Recorded {
    pub slot: Slot,
    pub commands: Vec<wgpu::CommandBuffer>,
    pub images: Vec<Arc<Samples>>,
    pub answer: Answer,
    /// What the device said outside any scope since it was recorded.
    pub fault: Option<String>,
}

impl Recorded {
    /// What it is of, to be done again; its slot is gone.
    pub fn into_job(self) -> Option<Box<Job>> {
        let Recorded { slot, images, answer, .. } = self;
        Some(Box::new(Job { plan: slot.into_plan()?, images, answer }))
    }
}
