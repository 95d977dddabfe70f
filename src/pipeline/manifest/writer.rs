//! Writing a manifest while a run goes on.

use std::io;
use std::path::{Path, PathBuf};

use super::NAME;
use super::entry::{Chosen, EndLine, FailureEntry, FileEntry, ImageLine, Line, ResultName, RunLine, to_text};
use crate::pipeline::Report;
use crate::pipeline::disk::Lines;
use crate::pipeline::outcome::{Fate, Outcome};
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
    begun: f64,
    synced: f64,
    /// The first that happened; nothing is written after it.
    error: Option<io::Error>,
}

impl Writer {
    /// Begins the lines of a run over `images`, of which `kept` were settled by an earlier one.
    pub fn begin(root: &Path, chosen: Chosen, images: usize, kept: usize, durable: bool) -> io::Result<Writer> {
        let lines = Lines::open(&root.join(NAME))?;
        let (settings, begun) = (chosen.digest(), timeline::unix_seconds());
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let mut writer = Writer {
            lines,
            root: root.to_path_buf(),
            settings: settings.clone(),
            durable,
            begun,
            synced: begun,
            error: None,
        };
        writer.lines.add(&to_text(&Line::Run(RunLine { version, settings, chosen, images, kept, begun })))?;
        Ok(writer)
    }

    /// Adds what became of an image, unless an earlier run did.
    pub fn add(&mut self, outcome: &Outcome) {
        if outcome.recorded {
            return;
        }
        let finished = timeline::unix_seconds();
        let (result, failure, output_stamp) = match &outcome.fate {
            Fate::Done(done) => (ResultName::Done, None, Some(done.output_stamp)),
            Fate::Failed(failure) => (ResultName::Failed, Some(FailureEntry::of(failure)), None),
            Fate::Skipped => (ResultName::Skipped, None, None),
        };
        let output = outcome.output.as_deref().map(|path| {
            let below = path.strip_prefix(&self.root).unwrap_or(path);
            FileEntry::of(below, output_stamp)
        });
        let line = ImageLine {
            input: FileEntry::of(&outcome.input, outcome.input_stamp),
            output,
            result,
            failure,
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
        self.write(&Line::End(EndLine::of(report, self.begun)));
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
