//! What became of every image, in a file beside the outputs: JSON, a line each, written while the run goes on.
//!
//! Lines are only added. Of two about one image the later one holds; what is no such line is passed over. Images stand
//! under the names of their outputs below the output directory, so that inputs and outputs may move; those of which no
//! output is known, under their own.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{self, Lines, Stamp};
use super::outcome::{Failure, Fate, Outcome};
use super::{Report, Settings};
use crate::timeline::{self, Stage};

/// Its name in the output directory. It is never taken as an input.
pub const NAME: &str = "imgproc-manifest.jsonl";

/// How many seconds of lines a power cut may take with it where outputs are durable. Their images are done again.
const SYNC_SECONDS: f64 = 1.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Run(RunLine),
    Image(Box<ImageLine>),
    End(EndLine),
}

/// A run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    pub version: String,
    /// What `settings` of the images' lines stands for.
    pub settings: String,
    #[serde(flatten)]
    pub chosen: Chosen,
    /// That were found.
    pub images: usize,
    /// Of those, how many were settled by an earlier run.
    pub kept: usize,
    /// Seconds since 1970.
    pub begun: f64,
}

/// The settings that outputs depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    pub recipe: String,
    pub quality: u8,
    /// Bits of a sample; none: those of each input.
    pub depth: Option<u32>,
    pub exact: bool,
    pub jpeg_decoder: String,
}

impl Chosen {
    pub fn of(settings: &Settings) -> Chosen {
        Chosen {
            recipe: settings.recipe.text(),
            quality: settings.quality,
            depth: settings.depth.map(crate::image::Depth::bits),
            exact: settings.exact,
            jpeg_decoder: format!("{:?}", settings.decode.jpeg),
        }
    }

    /// A short name: other settings have another one.
    pub fn digest(&self) -> String {
        let mut text = hex(disk::digest(to_text(self).as_bytes()));
        text.truncate(16);
        text
    }
}

/// What became of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageLine {
    pub input: FileEntry,
    /// None where it was not even clear what the output would be.
    pub output: Option<FileEntry>,
    pub result: ResultName,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureEntry>,
    pub settings: String,
    /// Seconds since 1970.
    pub finished: f64,
    /// From the start of reading, waits included.
    pub seconds: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultName {
    Done,
    Failed,
    /// The output was there, and was left.
    Skipped,
}

/// A file, and what it held.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    pub path: String,
    /// The bytes of a path that is no Unicode; `path` is only like it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_hex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// µs since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<u64>,
    /// XXH3 of 128 bits, as `xxh128sum` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xxh3: Option<String>,
}

impl FileEntry {
    pub fn of(path: &Path, stamp: Option<Stamp>) -> FileEntry {
        let bytes = path.as_os_str().as_encoded_bytes();
        FileEntry {
            path: path.to_string_lossy().into_owned(),
            path_hex: path.to_str().is_none().then(|| bytes.iter().map(|b| format!("{b:02x}")).collect()),
            bytes: stamp.map(|s| s.bytes),
            modified: stamp.and_then(|s| s.modified),
            xxh3: stamp.and_then(|s| s.digest).map(hex),
        }
    }

    /// None where nothing says what the file held.
    pub fn stamp(&self) -> Option<Stamp> {
        let digest = self.xxh3.as_ref().and_then(|text| u128::from_str_radix(text, 16).ok());
        self.bytes.map(|bytes| Stamp { bytes, modified: self.modified, digest })
    }

    /// Its path; none where that is broken, or no Unicode on a system that wants it so.
    pub fn path(&self) -> Option<PathBuf> {
        let Some(text) = &self.path_hex else { return Some(PathBuf::from(&self.path)) };
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
        #[cfg(unix)]
        return bytes
            .map(|bytes| PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)));
        #[cfg(not(unix))]
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(PathBuf::from)
    }

    /// What tells its path from others.
    fn key(&self) -> &str {
        self.path_hex.as_ref().unwrap_or(&self.path)
    }

    pub fn is_at(&self, path: &Path) -> bool {
        self.key() == FileEntry::of(path, None).key()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureEntry {
    pub stage: String,
    pub cause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the cause lay outside of the image, so that another run may fare better.
    pub passing: bool,
}

impl FailureEntry {
    fn of(failure: &Failure) -> FailureEntry {
        let Failure { stage, cause, hint, .. } = failure;
        let passing = failure.passing || failure.ends_run;
        FailureEntry { stage: stage.name().into(), cause: cause.clone(), hint: hint.clone(), passing }
    }

    /// The failure, were it to happen again.
    pub fn failure(&self) -> Failure {
        let stage = Stage::ALL.into_iter().find(|stage| stage.name() == self.stage).unwrap_or(Stage::Decode);
        Failure { hint: self.hint.clone(), passing: self.passing, ..Failure::new(stage, &self.cause) }
    }
}

/// A run ended, and was not killed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndLine {
    /// That of the run.
    pub begun: f64,
    pub finished: f64,
    pub done: usize,
    pub failed: usize,
    pub skipped: usize,
    pub unfinished: usize,
    pub interrupted: bool,
}

impl EndLine {
    fn of(report: &Report, begun: f64) -> EndLine {
        let count = |wanted: fn(&Fate) -> bool| report.outcomes.iter().filter(|o| wanted(&o.fate)).count();
        EndLine {
            begun,
            finished: timeline::unix_seconds(),
            done: count(|fate| matches!(fate, Fate::Done(_))),
            failed: count(|fate| matches!(fate, Fate::Failed(_))),
            skipped: count(|fate| matches!(fate, Fate::Skipped)),
            unfinished: report.unfinished,
            interrupted: report.interrupted,
        }
    }
}

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

fn to_text(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => unreachable!("lines have only names as keys: {error}"),
    }
}

fn hex(digest: u128) -> String {
    format!("{digest:032x}")
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
