//! Going on where an earlier run ended: what its manifest says need not be done again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk;
use super::list::End;
use super::manifest::{Chosen, FileEntry, Manifest, ResultName};
use super::outcome::{Failure, Job, Told};
use super::{Plan, Runtime};

/// How an earlier run is gone on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Whether images are done again that failed for what they are.
    pub retry_failed: bool,
    /// Whether what is skipped is read and digested, too.
    pub verify: bool,
}

impl Plan {
    /// Leaves what the manifest in `root` says was done with the same settings, as far as input and output are still what
    /// they were, and what failed for what it is. Outputs of all others are replaced.
    pub fn resume(
        mut self,
        runtime: &Runtime,
        manifest: Manifest,
        root: &Path,
        chosen: &Chosen,
        resume: Resume,
    ) -> Plan {
        let earlier = Earlier { manifest, root: root.to_path_buf(), settings: chosen.digest(), resume };
        let (jobs, places) = (Arc::new(std::mem::take(&mut self.jobs)), self.places.clone());
        let entries = jobs.clone();
        let end = move |number| jobs.get(number).and_then(|entry| earlier.end(&places.job(entry)));
        runtime.each_blocking(entries.len(), end, |number, end| {
            if let Some(entry) = entries.get(number) {
                self.take(entry, end.flatten(), Told::Earlier);
            }
        });
        self
    }

    /// Images that an earlier run settled.
    pub fn kept(&self) -> usize {
        self.settled.iter().filter(|settled| settled.told == Told::Earlier).count()
    }
}

/// An earlier run over the same output directory.
struct Earlier {
    manifest: Manifest,
    root: PathBuf,
    settings: String,
    resume: Resume,
}

impl Earlier {
    /// How an image ended that need not be done again.
    fn end(&self, job: &Job) -> Option<End> {
        let output = job.output.strip_prefix(&self.root).unwrap_or(&job.output);
        let image = self.manifest.of_output(output)?;
        if image.result == ResultName::Skipped {
            return disk::exists(&job.output).then_some(End::Left);
        }
        if image.settings != self.settings {
            return None;
        }
        match &image.failure {
            Some(failure) => {
                let stays = !failure.passing && !self.resume.retry_failed && self.is_same(&job.input, &image.input);
                stays.then(|| End::Failed(Box::new(as_before(failure.failure()))))
            }
            None => {
                let written = image.output.as_ref().and_then(FileEntry::stamp)?;
                let is_whole = disk::matches(&job.output, &written, self.resume.verify);
                (is_whole && self.is_same(&job.input, &image.input)).then_some(End::Left)
            }
        }
    }

    /// Whether an input is what it was. Of a file elsewhere, size and time do not say that.
    fn is_same(&self, path: &Path, entry: &FileEntry) -> bool {
        entry.stamp().is_some_and(|stamp| disk::matches(path, &stamp, self.resume.verify || !entry.is_at(path)))
    }
}

fn as_before(failure: Failure) -> Failure {
    let before = "as before; --retry-failed tries again";
    let hint = failure.hint.as_ref().map_or(before.to_owned(), |hint| format!("{hint}; {before}"));
    failure.hint(hint)
}
