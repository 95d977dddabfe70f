//! How fast this machine and its device are, measured once, and what follows for a run: which of the two is sooner done.

mod absence;
mod choice;
mod measure;
mod store;
mod survey;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use absence::{is_without_gpu, remember};
pub use choice::{Coding, Estimate, Item, Run, estimate};
pub use measure::measure;
pub use store::{Kept, cpu_name, key, place};
pub use survey::{items, shaders};

use crate::backend::work::{Class, Work};

/// Figures of a machine and a device. All times are in seconds; those of the processor are what one thing takes of the run
/// while every core works at others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub cpu: Speed,
    pub device: Speed,
    /// Until the device is open.
    pub opening: f64,
    /// Until a shader is compiled, which the driver may have kept.
    pub shader: f64,
    /// Whether the device computes on the processor's cores.
    pub shares_cores: bool,
    pub cores: usize,
    /// By the format's name.
    pub codecs: BTreeMap<String, CodecSpeed>,
}

/// How long computing takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// For any image.
    pub image: f64,
    /// To take in or give out a sample: a device's upload and readback.
    pub sample: f64,
    pub kernels: BTreeMap<Class, Rate>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// For each sample that a kernel gives.
    pub sample: f64,
    /// For each value that it reads.
    pub read: f64,
}

/// How long a pixel takes: gray, and in colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodecSpeed {
    pub decode: [f64; 2],
    pub encode: [f64; 2],
}

impl Speed {
    /// For an image with so many samples in and out, and the work of its kernels.
    pub fn seconds(&self, samples: f64, works: &[Work]) -> f64 {
        let kernel = |work: &Work| {
            let rate = self.kernels.get(&work.class).copied().unwrap_or_default();
            rate.sample * work.samples + rate.read * work.reads
        };
        self.image + self.sample * samples + works.iter().map(kernel).sum::<f64>()
    }
}
