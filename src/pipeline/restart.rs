//! Going on in a fresh process after a crash in a codec, as if nothing had happened but that one image failed.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Plan;
use super::crash::{self, DECODING, ENCODING, GOING_ON, HEAD_BYTES, STOPPING};
use super::disk::{self, Outputs};
use super::list::{End, Settled};
use super::manifest::{Beginning, Chosen, Manifest};
use super::outcome::{Failure, Told};
use crate::timeline::{self, Stage};

/// The environment variable that names the record.
const VARIABLE: &str = "IMGPROC_RESTART";

/// What the process before this one left of the run that goes on here.
#[derive(Debug)]
pub struct Restart {
    header: Header,
    /// In their order; at least one.
    crashes: Vec<Crash>,
}

/// How the record begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    #[serde(flatten)]
    beginning: Beginning,
    /// Its text: the file that it stood in may not be there to be read again.
    recipe: String,
}

#[derive(Clone, Debug)]
struct Crash {
    path: PathBuf,
    stage: Stage,
    signal: u8,
    /// Whether the user had asked to stop.
    stopping: bool,
}

impl Crash {
    /// As the handler wrote it.
    fn of(bytes: &[u8]) -> Option<Crash> {
        let (head, path) = bytes.split_at_checked(HEAD_BYTES)?;
        let [going, stage, tens, ones] = head else { return None };
        let stage = if *stage == ENCODING { Stage::Encode } else { Stage::Decode };
        let signal = std::str::from_utf8(&[*tens, *ones]).ok()?.parse().ok()?;
        Some(Crash { path: disk::path_of(path.to_vec())?, stage, signal, stopping: *going == STOPPING })
    }

    /// As the handler would write it.
    fn bytes(&self) -> Vec<u8> {
        let going = if self.stopping { STOPPING } else { GOING_ON };
        let stage = if self.stage == Stage::Encode { ENCODING } else { DECODING };
        let signal = format!("{:02}", self.signal);
        [&[going, stage], signal.as_bytes(), self.path.as_os_str().as_encoded_bytes(), b"\0"].concat()
    }

    fn failure(&self) -> Failure {
        let who = if self.stage == Stage::Encode { "encoder" } else { "decoder" };
        let failure = Failure::new(self.stage, format!("the {who} crashed ({})", signal_name(self.signal)));
        failure.hint("please report it with the image")
    }
}

/// Of Linux on most processors.
fn signal_name(signal: u8) -> String {
    match signal {
        4 => "SIGILL".into(),
        6 => "SIGABRT".into(),
        7 => "SIGBUS".into(),
        8 => "SIGFPE".into(),
        11 => "SIGSEGV, as where a stack overflows".into(),
        other => format!("signal {other}"),
    }
}

impl Restart {
    /// None in a process that the user started.
    ///
    /// # Errors
    /// Where it can't be read what was done before.
    pub fn of_this_process() -> io::Result<Option<Restart>> {
        let Some(path) = std::env::var_os(VARIABLE) else { return Ok(None) };
        let record = disk::read_whole(Path::new(&path))?;
        Restart::of(&record).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn of(record: &[u8]) -> Option<Restart> {
        let mut parts = record.split(|byte| *byte == 0).filter(|part| !part.is_empty());
        let header = serde_json::from_slice(parts.next()?).ok()?;
        let crashes: Option<Vec<Crash>> = parts.map(Crash::of).collect();
        crashes.filter(|crashes| !crashes.is_empty()).map(|crashes| Restart { header, crashes })
    }

    /// The recipe of the run.
    pub fn recipe(&self) -> &str {
        &self.header.recipe
    }

    pub fn beginning(&self) -> Beginning {
        self.header.beginning
    }

    /// How many codecs have crashed in this run.
    pub fn crashes(&self) -> usize {
        self.crashes.len()
    }

    /// Whether the user had asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.crashes.iter().any(|crash| crash.stopping)
    }

    /// The file that crashed last, and how.
    pub fn last(&self) -> Option<(&Path, Failure)> {
        self.crashes.last().map(|crash| (crash.path.as_path(), crash.failure()))
    }
}

/// From here on a crash in a codec is its image's failure, and the run goes on in a fresh process, on systems where that can be.
///
/// # Errors
/// Where what that takes can't be prepared.
pub fn survive_crashes(
    outputs: &Outputs,
    recipe: &str,
    beginning: Beginning,
    before: Option<&Restart>,
) -> io::Result<()> {
    let mut record = serde_json::to_vec(&Header { beginning, recipe: recipe.into() })?;
    record.push(0);
    before.into_iter().flat_map(|before| &before.crashes).for_each(|crash| record.extend(crash.bytes()));
    #[cfg(target_os = "linux")]
    {
        let (record, path) = outputs.leave_word(&record)?;
        crash::arm(record, VARIABLE, &path)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (outputs, record);
    Ok(())
}

/// From here on such a process takes up no more images.
pub fn stop_after_crashes() {
    crash::stops();
}

/// What a run did before it went on in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    pub took: Duration,
    /// Images.
    pub done: usize,
    /// That ended the processes before this one.
    pub crashes: usize,
}

impl Plan {
    /// Settles what the run did before it came here, by the manifest in `root`, and the images that crashed. Outputs of
    /// others may be there, from images that were just written.
    ///
    /// # Errors
    /// Where the manifest can't be read.
    pub fn go_on(mut self, restart: &Restart, root: &Path, chosen: &Chosen) -> io::Result<Plan> {
        let manifest = Manifest::read_since(root, restart.beginning().line)?;
        let settings = chosen.digest();
        let crashed: HashMap<&Path, &Crash> = restart.crashes.iter().map(|c| (c.path.as_path(), c)).collect();
        for settled in &mut self.settled {
            let input = self.places.input(settled.file);
            if manifest.as_ref().is_some_and(|manifest| manifest.names_unplaced(&input)) {
                settled.told = Told::Before;
            }
        }
        let mut done = 0;
        for entry in std::mem::take(&mut self.jobs).iter() {
            let job = self.places.job(entry);
            let output = job.output.strip_prefix(root).unwrap_or(&job.output);
            let image = manifest.as_ref().and_then(|manifest| manifest.of_output(output));
            let (end, told) = match image.filter(|image| image.settings == settings) {
                Some(image) => (image.end(), Told::Before),
                None => match crashed.get(job.input.as_path()) {
                    Some(crash) => (End::Failed(Box::new(crash.failure())), Told::Now),
                    None => {
                        self.jobs.push(entry);
                        continue;
                    }
                },
            };
            done += usize::from(matches!(end, End::Done(_)));
            self.settled.push(Settled { index: entry.index, file: entry.file, format: Some(entry.format), end, told });
        }
        let took =
            Duration::try_from_secs_f64(timeline::unix_seconds() - restart.beginning().begun).unwrap_or_default();
        self.before = Before { took, done, crashes: restart.crashes() };
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut record = br#"{"line":7,"begun":5.5,"recipe":"invert"}"#.to_vec();
        record.push(0);
        assert!(Restart::of(&record).is_none(), "nothing crashed");
        let path = "in/a b\n.png".into();
        record.extend(Crash { path, stage: Stage::Decode, signal: 11, stopping: false }.bytes());
        record.extend(Crash { path: "-".into(), stage: Stage::Encode, signal: 6, stopping: true }.bytes());
        let restart = Restart::of(&record).unwrap();
        assert_eq!(
            (restart.beginning().line, restart.recipe(), restart.crashes(), restart.is_stopping()),
            (7, "invert", 2, true)
        );
        let told = restart.crashes.iter().map(|crash| format!("{}: {}", crash.path.display(), crash.failure()));
        let told: Vec<String> = told.collect();
        let expected = [
            "in/a b\n.png: decode: the decoder crashed (SIGSEGV, as where a stack overflows)",
            "-: encode: the encoder crashed (SIGABRT)",
        ];
        assert_eq!(told, expected);
        for broken in [&b"{}"[..], b"x\0 d11a", b"", &record[..record.len() - 4]] {
            assert!(Restart::of(broken).is_none(), "{broken:?}");
        }
    }
}
