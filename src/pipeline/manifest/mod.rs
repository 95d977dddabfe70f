//! What became of every image, in a file beside the outputs: JSON, a line each, written while the run goes on.
//!
//! Lines are only added. Of two about one image the later one holds; what is no such line is passed over. Images stand
//! under the names of their outputs below the output directory, so that inputs and outputs may move; those of which no
//! output is known, under their own.

mod entry;
mod writer;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;

pub use entry::{Beginning, Chosen, EndLine, FailureEntry, FileEntry, ImageEntry, ImageLine, ResultName, RunLine};
pub use writer::Writer;

use super::disk::LinesRead;
use entry::Line;

/// Its name in the output directory. It is never taken as an input.
pub const NAME: &str = "imgproc-manifest.jsonl";

/// What a manifest says. Lines about images stay in the file, and are read again when one is asked for.
#[derive(Debug)]
pub struct Manifest {
    lines: LinesRead,
    /// Where the line about an image begins, by a digest of where that stands. Of two images of one digest the later is known.
    images: HashMap<u64, u64>,
    digests: RandomState,
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
        Manifest::read_since(directory, 0)
    }

    /// The same of its lines from a place on.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_since(directory: &Path, since: u64) -> io::Result<Option<Manifest>> {
        match LinesRead::open(&directory.join(NAME)) {
            Ok(lines) => Manifest::of_since(lines, since).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// # Errors
    /// Where the lines can't be read.
    pub fn of(lines: LinesRead) -> io::Result<Manifest> {
        Manifest::of_since(lines, 0)
    }

    fn of_since(lines: LinesRead, since: u64) -> io::Result<Manifest> {
        let mut manifest = Manifest {
            lines: LinesRead::held(Vec::new()),
            images: HashMap::new(),
            digests: RandomState::new(),
            last_run: None,
            since: 0,
            end: None,
            broken: 0,
        };
        lines.each(|begin, line| {
            if begin >= since {
                manifest.take(begin, line);
            }
        })?;
        Ok(Manifest { lines, ..manifest })
    }

    /// Adds what a line says.
    fn take(&mut self, begin: u64, line: Option<&[u8]>) {
        match line.and_then(|line| serde_json::from_slice(line).ok()) {
            Some(Line::Run(run)) => {
                self.last_run = Some(run);
                self.since = 0;
                self.end = None;
            }
            Some(Line::Image(image)) => {
                self.since += 1;
                self.take_image(begin, &image);
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

    fn take_image(&mut self, begin: u64, image: &ImageLine) {
        let digest = self.digests.hash_one(place(image));
        if image.output.is_some() {
            self.images.remove(&self.digests.hash_one(unnamed(&image.input)));
        }
        // That an output was left alone says nothing of where it came from.
        if image.result == ResultName::Skipped {
            self.images.entry(digest).or_insert(begin);
        } else {
            self.images.insert(digest, begin);
        }
    }

    /// What it says of the image that becomes this output, a path below the output directory. None, too, where that can't be
    /// read any more.
    pub fn of_output(&self, output: &Path) -> Option<ImageLine> {
        let output = FileEntry::of(output, None);
        let image = self.image_at(*self.images.get(&self.digests.hash_one(output.key()))?)?;
        (place(&image) == output.key()).then_some(image)
    }

    /// Whether it tells of an input of which no output is known.
    pub fn names_unplaced(&self, input: &Path) -> bool {
        self.images.contains_key(&self.digests.hash_one(unnamed(&FileEntry::of(input, None))))
    }

    /// All images, in order of their lines.
    pub fn images(&self) -> impl Iterator<Item = ImageLine> {
        let mut begins: Vec<u64> = self.images.values().copied().collect();
        begins.sort_unstable();
        begins.into_iter().filter_map(|begin| self.image_at(begin))
    }

    fn image_at(&self, begin: u64) -> Option<ImageLine> {
        match serde_json::from_slice(&self.lines.at(begin).ok()?).ok()? {
            Line::Image(image) => Some(*image),
            Line::Run(_) | Line::End(_) => None,
        }
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

/// Where an image stands.
fn place(image: &ImageLine) -> Cow<'_, str> {
    match &image.output {
        Some(output) => output.key().into(),
        None => unnamed(&image.input).into(),
    }
}

/// Where an image stands of which no output is known. No path has a zero byte.
fn unnamed(input: &FileEntry) -> String {
    format!("\0{}", input.key())
}

#[cfg(test)]
mod tests;
