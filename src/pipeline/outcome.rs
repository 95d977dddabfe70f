//! What became of an image.

use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::disk::{self, Stamp};
use crate::codec::Format;
use crate::timeline::Stage;

/// An image to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Place among the inputs of the run, in order of their paths.
    pub index: u32,
    pub input: PathBuf,
    pub output: PathBuf,
    /// Of the output.
    pub format: Format,
    pub noted: Noted,
}

/// What the stages learn of an image's input on the way, told however the way ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    stamp: OnceLock<Stamp>,
    digest: OnceLock<u128>,
}

impl Noted {
    /// What was opened; of several times the first counts.
    pub fn opened(&self, stamp: Stamp) {
        let _ = self.stamp.set(stamp);
    }

    /// The digest of all that was read.
    pub fn read(&self, digest: u128) {
        let _ = self.digest.set(digest);
    }

    pub fn stamp(&self) -> Option<Stamp> {
        self.stamp.get().map(|stamp| Stamp { digest: self.digest.get().copied(), ..*stamp })
    }
}

/// The end of an image's journey.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Place among the inputs of the run.
    pub index: u32,
    pub input: PathBuf,
    /// None where it was not even clear what the output would be.
    pub output: Option<PathBuf>,
    pub fate: Fate,
    /// Of the input, where it was opened.
    pub input_stamp: Option<Stamp>,
    /// From the start of reading, waits included.
    pub took: Duration,
    pub told: Told,
}

/// Who came to know an outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// This process.
    #[default]
    Now,
    /// The same run, in a process that crashed: it stands in the manifest.
    Before,
    /// An earlier run, as its manifest says.
    Earlier,
}

#[derive(Clone, Debug)]
pub enum Fate {
    Done(Done),
    /// The output was there, and was to be left.
    Skipped,
    Failed(Failure),
}

/// How many images ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Tally {
    pub fn add(&mut self, fate: &Fate) {
        match fate {
            Fate::Done(_) => self.done += 1,
            Fate::Failed(_) => self.failed += 1,
            Fate::Skipped => self.skipped += 1,
        }
    }

    pub fn images(&self) -> usize {
        self.done + self.failed + self.skipped
    }
}

/// An image whose result has been written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Of the input, px.
    pub pixels: u64,
    /// Of the result, px.
    pub width: u32,
    /// Of the result, px.
    pub height: u32,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// Of the file that was written.
    pub output_stamp: Stamp,
    pub left_out: LeftOut,
    /// What had to be changed for the output format to hold the result.
    pub conversions: Vec<String>,
}

/// What decoding left out because the recipe leaves it out anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Whether luma alone was decoded of a file in colour.
    pub colour: bool,
    /// How many times smaller the image was decoded: 2, 4 or 8.
    pub reduced_by: Option<u8>,
}

impl LeftOut {
    pub fn is_nothing(&self) -> bool {
        *self == LeftOut::default()
    }

    /// In words that stand behind "decoded"; none where all was decoded.
    pub fn texts(self) -> Vec<String> {
        let luma = self.colour.then(|| "to luma alone".to_owned());
        let scale = self.reduced_by.map(|by| format!("at 1/{by} of the size"));
        luma.into_iter().chain(scale).collect()
    }
}

/// Why an image has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {cause}", stage.name())]
pub struct Failure {
    pub stage: Stage,
    pub cause: String,
    /// What can be done about it.
    pub hint: Option<String>,
    /// Whether the cause lies outside of the image, so that another run may fare better.
    pub passing: bool,
    /// Whether no other image can fare better, so that the run ends.
    pub ends_run: bool,
}

impl Failure {
    pub fn new(stage: Stage, cause: impl ToString) -> Failure {
        Failure { stage, cause: cause.to_string(), hint: None, passing: stage.moves_bytes(), ends_run: false }
    }

    pub fn hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// What the disk said. Where there is no room, or no writing at all, the run ends.
    pub fn of_disk(stage: Stage, error: &io::Error) -> Failure {
        use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let ends_run = matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem);
        let hint = disk::advice(error).map(str::to_owned);
        Failure { hint, ends_run, ..Failure::new(stage, disk::describe(error)) }
    }

    pub fn passing(self) -> Failure {
        Failure { passing: true, ..self }
    }
}

impl Outcome {
    pub fn of(job: &Job, fate: Fate) -> Outcome {
        let (input, output) = (job.input.clone(), Some(job.output.clone()));
        Outcome { input_stamp: job.noted.stamp(), output, ..Outcome::early(job.index, input, fate) }
    }

    /// Of an image of which it is not even clear what its output would be.
    pub fn early(index: u32, input: PathBuf, fate: Fate) -> Outcome {
        Outcome { index, input, output: None, fate, input_stamp: None, took: Duration::ZERO, told: Told::Now }
    }

    pub fn failure(&self) -> Option<&Failure> {
        match &self.fate {
            Fate::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    pub fn done(&self) -> Option<&Done> {
        match &self.fate {
            Fate::Done(done) => Some(done),
            _ => None,
        }
    }
}
