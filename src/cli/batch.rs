//! Options for batches that must survive: what is kept of earlier runs, and what ends one.

use std::time::Duration;

use clap::{ArgAction, Args};
use imgproc::pipeline::{Existing, Resume};

use super::sizes;

#[derive(Debug, Args)]
#[command(next_help_heading = "Batches")]
pub struct BatchArguments {
    /// Go on where an earlier run ended: do what is missing, what has changed, and what failed for want of disk or access
    ///
    /// The manifest of the output directory says what was done, from which bytes, and with which settings. What is there
    /// and has the size and time that it had then is left. All other outputs of the inputs are replaced. Without a manifest it
    /// is as if it were not given.
    #[arg(long, conflicts_with_all = ["overwrite", "skip_existing", "no_manifest"])]
    pub resume: bool,

    /// As --resume, and do again what failed for what it is
    #[arg(long, conflicts_with_all = ["overwrite", "skip_existing", "no_manifest"])]
    pub retry_failed: bool,

    /// With --resume, read what would be left and compare digests; a power cut can leave files that only look whole
    #[arg(long)]
    pub verify: bool,

    /// Write no imgproc-manifest.jsonl into the output directory
    #[arg(long)]
    pub no_manifest: bool,

    /// Call a result written only once it would survive a power cut (fsync of file and directory); slower
    #[arg(long)]
    pub durable: bool,

    /// Give up an image where reading it, working on it, or writing it takes longer than this, as in 30s
    ///
    /// It fails then. A thread that works on it can't be stopped: it goes on in the background until it is through, others
    /// are started once all are so lost, and the run ends where that does not help either.
    #[arg(long, value_name = "TIME", value_parser = sizes::limit)]
    pub timeout: Option<Duration>,

    /// Refuse files of more bytes, as in 500M
    #[arg(long, value_name = "BYTES", value_parser = sizes::bytes)]
    pub max_file_bytes: Option<u64>,

    /// Take up no more images after that many have failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_failures: Option<u32>,

    /// As --max-failures 1
    #[arg(long, conflicts_with = "max_failures")]
    pub fail_fast: bool,

    /// Tell of every image on stderr as it ends, twice: of every stage; RUST_LOG=imgproc=debug does the same
    #[arg(short, long, action = ArgAction::Count, help_heading = "Messages")]
    pub verbose: u8,
}

impl BatchArguments {
    /// How an earlier run is gone on with, if it is.
    pub fn existing(&self) -> Option<Existing> {
        let resume = Resume { retry_failed: self.retry_failed, verify: self.verify };
        (self.resume || self.retry_failed).then_some(Existing::Resume(resume))
    }

    pub fn max_failures(&self) -> Option<usize> {
        let most = if self.fail_fast { Some(1) } else { self.max_failures };
        most.map(|most| most as usize)
    }
}
