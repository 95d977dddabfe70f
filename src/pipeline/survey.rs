//! What the headers of some files tell before a run.

use super::outcome::Job;
use super::{Runtime, disk};
use crate::codec::{self, Format, Header};

/// Files that are looked at; more would tell hardly more.
const MOST: usize = 16;

/// An image of a run, before it is done.
#[derive(Clone, Copy, Debug)]
pub struct Surveyed {
    pub header: Header,
    /// Of the result.
    pub result: Format,
}

/// What headers tell of the jobs, or of some of them, evenly picked. What can't be read is left out.
pub fn survey(runtime: &Runtime, jobs: &[Job]) -> Vec<Surveyed> {
    let count = jobs.len().min(MOST);
    let picked: Vec<Job> = (0..count).map(|i| jobs[i * jobs.len() / count].clone()).collect();
    let look = |job: &Job| {
        let opened = disk::Opened::open(&job.input).ok()?;
        Some(Surveyed { header: codec::header(opened.head()).ok()?, result: job.format })
    };
    runtime.map_blocking(&picked, look).into_iter().flatten().flatten().collect()
}
