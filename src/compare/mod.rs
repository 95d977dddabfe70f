//! The same recipe on the same files over schedules and backends: how long each takes, what it waits for, whether all give
//! the same pixels, and what the figures teach.
//!
//! This module decides what runs and when, and what comes of it; who runs it is passed in ([`Perform`]), so that the program
//! can give each run a process of its own and a test literal figures.

mod agreement;
mod figures;
mod lessons;
mod measure;
mod pictures;
mod pixels;
mod sample;
mod sentence;
mod session;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use measure::{Measured, Trial, measure};
pub use session::{Comparison, compare};

use crate::codec::DecodeOptions;
use crate::pipeline::{Schedule, Slowness};
use crate::recipe::Tolerance;

/// Who decides and who computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combination {
    pub schedule: Schedule,
    /// As the user names it: `cpu`, `gpu`, …
    pub backend: String,
}

impl Combination {
    /// `sequential, cpu`
    pub fn name(&self) -> String {
        format!("{}, {}", self.schedule.name(), self.backend)
    }
}

/// What a run has most of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadKind {
    /// Each read is delayed as from a slow store.
    Waiting,
    /// All files are in memory.
    Work,
}

impl LoadKind {
    pub const ALL: [LoadKind; 2] = [LoadKind::Waiting, LoadKind::Work];

    pub fn name(self) -> &'static str {
        match self {
            LoadKind::Waiting => "waiting-bound",
            LoadKind::Work => "work-bound",
        }
    }
}

/// What is to be compared, and how thoroughly.
#[derive(Clone, Debug)]
pub struct Request {
    pub files: Vec<PathBuf>,
    /// In the order in which they are shown.
    pub combinations: Vec<Combination>,
    pub loads: Vec<LoadKind>,
    /// Of the waiting-bound load; none takes one that makes it wait most of its time.
    pub delay: Option<Duration>,
    /// Of the waiting-bound load.
    pub bandwidth: Option<u64>,
    /// Of each load; more than there are files take them several times. None takes as many as end within a minute or so.
    pub images: Option<usize>,
    /// Timed runs of each combination and load, at least 1.
    pub runs: usize,
    pub jobs: usize,
    pub in_flight: usize,
    pub decode: DecodeOptions,
    /// How far apart the recipe's results may be.
    pub tolerance: Tolerance,
}

/// From where a run reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Memory,
    Disk(Slowness),
}

/// One run.
#[derive(Clone, Debug)]
pub struct Order {
    pub combination: Combination,
    pub files: Vec<PathBuf>,
    /// More than there are files take them again from the first.
    pub images: usize,
    pub source: Source,
    /// Whether results are to be written so that they can be compared to the bit, whatever the format.
    pub lossless: bool,
    /// An empty directory for the results, which are named by their images' numbers.
    pub output: PathBuf,
}

/// What came of an order.
#[derive(Clone, Debug)]
pub enum Reply {
    Measured(Box<Measured>),
    /// The backend isn't there, and why.
    Unavailable(String),
    /// The user stops it all.
    Stopped,
}

/// Does one run. An error is a fault of this program or of the system: nothing can be compared.
pub type Perform<'a> = &'a mut dyn FnMut(&Order) -> Result<Reply, String>;

/// How far the comparison has come.
#[derive(Clone, Debug)]
pub struct Progress {
    pub done: usize,
    /// May shrink, where a backend turns out to be missing.
    pub total: usize,
    /// What runs next.
    pub what: String,
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("none of the backends can run here: {0}")]
    NoBackend(String),
    #[error("every one of the images fails; the first: {0}")]
    AllFail(String),
    #[error("{0}")]
    Run(String),
    #[error("stopped")]
    Stopped,
    #[error("can't keep results for comparison: {0}")]
    Disk(#[from] std::io::Error),
}
