//! Writing a manifest while a run goes on.

use std::io;
use std::path::{Path, PathBuf};

use super::NAME;
use super::entry::{
    Beginning, Chosen, EndLine, FailureEntry, FileEntry, ImageEntry, ImageLine, Line, ResultName, RunLine, to_text,
};
use crate::pipeline::Report;
use crate::pipeline::disk::Lines;
use crate::pipeline::outcome::{Fate, Outcome, Told};
use crate::timeline;

/// How many seconds of lines a power cut may take with it where outputs are durable. Their images are done again.
const SYNC_SECONDS: f64 = 1.0;

/// Writes down what becomes of the images of a run. The output directory has to be the run's own.
#[derive(Debug)]
pub struct Writer {
    lines: Lines,
    root: PathBuf,
    settings: String,
    durable: bool,
    beginning: Beginning,
    synced: f64,
    /// The first that happened; nothing is written after it.
    error: Option<io::Error>,
}

impl Writer {
    /// Begins the lines of a run over `images`, of which `kept` were settled by an earlier one.
    pub fn begin(root: &Path, chosen: Chosen, images: usize, kept: usize, durable: bool) -> io::Result<Writer> {
        let begun = timeline::unix_seconds();
        let mut writer = Writer::go_on(root, &chosen, Beginning { line: 0, begun }, durable)?;
        writer.beginning.line = writer.lines.bytes()?;
        let settings = writer.settings.clone();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        writer.lines.add(&to_text(&Line::Run(RunLine { version, settings, chosen, images, kept, begun })))?;
        Ok(writer)
    }

    /// Goes on with the lines of a run.
    pub fn go_on(root: &Path, chosen: &Chosen, beginning: Beginning, durable: bool) -> io::Result<Writer> {
        let lines = Lines::open(&root.join(NAME))?;
        let (root, settings) = (root.to_path_buf(), chosen.digest());
        Ok(Writer { lines, root, settings, durable, beginning, synced: beginning.begun, error: None })
    }

    pub fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// Adds what became of an image, unless that stands there.
    pub fn add(&mut self, outcome: &Outcome) {
        if outcome.told != Told::Now {
            return;
        }
        let finished = timeline::unix_seconds();
        let (result, failure, done) = match &outcome.fate {
            Fate::Done(done) => (ResultName::Done, None, Some(done)),
            Fate::Failed(failure) => (ResultName::Failed, Some(FailureEntry::of(failure)), None),
            Fate::Skipped => (ResultName::Skipped, None, None),
        };
        let output_stamp = done.map(|done| done.output_stamp);
        let output = outcome.output.as_deref().map(|path| {
            let below = path.strip_prefix(&self.root).unwrap_or(path);
            FileEntry::of(below, output_stamp)
        });
        let line = ImageLine {
            input: FileEntry::of(&outcome.input, outcome.input_stamp),
            output,
            result,
            failure,
            image: done.map(ImageEntry::of),
            settings: self.settings.clone(),
            finished,
            seconds: outcome.took.as_secs_f64(),
        };
        self.write(&Line::Image(Box::new(line)));
        if self.durable && finished - self.synced > SYNC_SECONDS {
            self.sync();
            self.synced = finished;
        }
    }

    /// Says that the run ended.
    ///
    /// # Errors
    /// The first that kept a line from being written.
    pub fn end(mut self, report: &Report) -> io::Result<()> {
        self.write(&Line::End(EndLine::of(report, self.beginning.begun)));
        if self.durable {
            self.sync();
        }
        self.error.map_or(Ok(()), Err)
    }

    fn write(&mut self, line: &Line) {
        if self.error.is_none() {
            self.error = self.lines.add(&to_text(line)).err();
        }
    }

    fn sync(&mut self) {
        if self.error.is_none() {
            self.error = self.lines.sync().err();
        }
    }
}
