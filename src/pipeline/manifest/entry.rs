//! The lines of a manifest.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::pipeline::disk::{self, Stamp};
use crate::pipeline::list::End;
use crate::pipeline::outcome::{Done, Failure, LeftOut, Tally};
use crate::pipeline::{Report, Settings};
use crate::timeline::{self, Stage};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(super) enum Line {
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

/// Where and when a run began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// Place of its first line in the manifest.
    pub line: u64,
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
    /// What it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageEntry>,
    pub settings: String,
    /// Seconds since 1970.
    pub finished: f64,
    /// From the start of reading, waits included.
    pub seconds: f64,
}

impl ImageLine {
    /// What became of the image.
    pub(in crate::pipeline) fn end(&self) -> End {
        match (self.result, &self.failure) {
            (_, Some(failure)) => End::Failed(Box::new(failure.failure())),
            (ResultName::Done, None) => End::Done(Box::new(self.done())),
            (ResultName::Skipped | ResultName::Failed, None) => End::Left,
        }
    }

    fn done(&self) -> Done {
        let stamp = |file: Option<&FileEntry>| file.and_then(FileEntry::stamp).unwrap_or_default();
        let output_stamp = stamp(self.output.as_ref());
        let ImageEntry { pixels, width, height, left_out, conversions } = self.image.clone().unwrap_or_default();
        let bytes_read = stamp(Some(&self.input)).bytes;
        Done {
            pixels,
            width,
            height,
            bytes_read,
            bytes_written: output_stamp.bytes,
            output_stamp,
            left_out,
            conversions,
        }
    }
}

/// What was made of an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageEntry {
    /// Of the input, px.
    pub pixels: u64,
    /// Of the result, px.
    pub width: u32,
    pub height: u32,
    /// What decoding left out because the recipe leaves it out anyway.
    #[serde(default, skip_serializing_if = "LeftOut::is_nothing")]
    pub left_out: LeftOut,
    /// What had to be changed for the output format to hold the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversions: Vec<String>,
}

impl ImageEntry {
    pub(super) fn of(done: &Done) -> ImageEntry {
        let Done { pixels, width, height, left_out, .. } = *done;
        ImageEntry { pixels, width, height, left_out, conversions: done.conversions.clone() }
    }
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
        bytes.and_then(disk::path_of)
    }

    /// What tells its path from others.
    pub(super) fn key(&self) -> &str {
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
    pub(super) fn of(failure: &Failure) -> FailureEntry {
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
    pub(super) fn of(report: &Report, begun: f64) -> EndLine {
        let Tally { done, failed, skipped } = report.tally;
        EndLine {
            begun,
            finished: timeline::unix_seconds(),
            done,
            failed,
            skipped,
            unfinished: report.unfinished,
            interrupted: report.interrupted,
        }
    }
}

pub(super) fn to_text(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => unreachable!("lines have only names as keys: {error}"),
    }
}

fn hex(digest: u128) -> String {
    format!("{digest:032x}")
}
