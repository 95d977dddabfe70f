//! What the headers of some files tell before a run.

use super::outcome::Job;
use super::{Plan, Runtime, disk};
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

/// What headers tell of the images that are to be done, or of some of them, evenly picked. What can't be read is left out.
pub fn survey(runtime: &Runtime, plan: &Plan) -> Vec<Surveyed> {
    let count = plan.count().min(MOST);
    let picked: Vec<Job> = (0..count).filter_map(|i| plan.job(i * plan.count() / count)).collect();
    let look = move |number: usize| {
        let job = &picked[number];
        let opened = disk::Opened::open(&job.input).ok()?;
        Some(Surveyed { header: codec::header(opened.head()).ok()?, result: job.format })
    };
    let mut surveyed = Vec::new();
    runtime.each_blocking(count, look, |_, image| surveyed.extend(image.flatten()));
    surveyed
}
