//! What became of every image, in a file beside the outputs: JSON, a line each, written while the run goes on.
//!
//! Lines are only added. Of two about one image the later one holds; what is no such line is passed over. Images stand
//! under the names of their outputs below the output directory, so that inputs and outputs may move; those of which no
//! output is known, under their own.

mod entry;
mod writer;

use std::collections::HashMap;
use std::io;
use std::path::Path;

pub use entry::{Chosen, EndLine, FailureEntry, FileEntry, ImageLine, ResultName, RunLine};
pub use writer::Writer;

use super::disk;
use entry::Line;

/// Its name in the output directory. It is never taken as an input.
pub const NAME: &str = "imgproc-manifest.jsonl";

/// What a manifest says.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    images: HashMap<String, ImageLine>,
    pub last_run: Option<RunLine>,
    /// Lines about images since the last run began.
    pub since: usize,
    /// None where the last run was killed, or goes on.
    pub end: Option<EndLine>,
    /// Lines that could not be read.
    pub broken: usize,
}

impl Manifest {
    /// What the manifest in a directory says; none where there is none.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn read(directory: &Path) -> io::Result<Option<Manifest>> {
        let mut manifest = Manifest::default();
        match disk::read_lines(&directory.join(NAME), |line| manifest.take(line)) {
            Ok(()) => Ok(Some(manifest)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds what a line says.
    pub fn take(&mut self, line: Option<&[u8]>) {
        match line.and_then(|line| serde_json::from_slice(line).ok()) {
            Some(Line::Run(run)) => {
                self.last_run = Some(run);
                self.since = 0;
                self.end = None;
            }
            Some(Line::Image(image)) => {
                self.since += 1;
                self.take_image(*image);
            }
            // Once it has given the directory back, a run may say so when another has begun.
            Some(Line::End(end)) => {
                if self.last_run.as_ref().is_some_and(|run| run.begun == end.begun) {
                    self.end = Some(end);
                }
            }
            None => self.broken += 1,
        }
    }

    fn take_image(&mut self, image: ImageLine) {
        let unnamed = unnamed(&image.input);
        let key = match &image.output {
            Some(output) => {
                self.images.remove(&unnamed);
                output.key().to_owned()
            }
            None => unnamed,
        };
        // That an output was left alone says nothing of where it came from.
        if image.result == ResultName::Skipped {
            self.images.entry(key).or_insert(image);
        } else {
            self.images.insert(key, image);
        }
    }

    /// What it says of the image that becomes this output, a path below the output directory.
    pub fn of_output(&self, output: &Path) -> Option<&ImageLine> {
        self.images.get(FileEntry::of(output, None).key())
    }

    /// All images, in order of their inputs.
    pub fn images(&self) -> Vec<&ImageLine> {
        let mut images: Vec<&ImageLine> = self.images.values().collect();
        images.sort_by(|a, b| a.input.path.cmp(&b.input.path));
        images
    }

    /// Images that the last run had not come to when it ended, or has not yet.
    pub fn unfinished(&self) -> usize {
        match (&self.end, &self.last_run) {
            (Some(end), _) => end.unfinished,
            (None, Some(run)) => run.images.saturating_sub(run.kept + self.since),
            (None, None) => 0,
        }
    }
}

/// Where an image stands of which no output is known. No path has a zero byte.
fn unnamed(input: &FileEntry) -> String {
    format!("\0{}", input.key())
}

#[cfg(test)]
mod tests;
