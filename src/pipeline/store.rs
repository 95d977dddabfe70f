//! Where the bytes of the inputs come from: the disk, or memory, and as slowly as was asked.
//!
//! The waiting is a timer's, not a thread's. Who waits is up to the schedule: a worker that sees its image through is blocked
//! for as long, while of those that read ahead any number wait on no thread at all.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::disk::{self, Opened};

/// Source of the inputs' bytes.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// Files in memory by their paths; all others are read from the disk.
    held: HashMap<PathBuf, Arc<[u8]>>,
    /// What is waited for before they count as read.
    pub(super) slowness: Slowness,
}

/// A store that is further away, or reached through a narrower line, than the one at hand: a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slowness {
    /// From asking for a file to its first byte, for each file.
    pub delay: Duration,
    /// Bytes per second of the store as a whole: files that are read at once share it, as they share a network or a disk.
    pub bandwidth: Option<u64>,
}

impl Slowness {
    pub fn is_none(&self) -> bool {
        *self == Slowness::default()
    }
}

impl Store {
    /// The disk, as slow as that.
    pub fn new(slowness: Slowness) -> Store {
        Store { slowness, ..Store::default() }
    }

    /// Reads files into memory, from where they are taken from here on.
    ///
    /// # Errors
    /// Of the first file that can't be read.
    pub fn hold<'a>(&mut self, paths: impl Iterator<Item = &'a Path>) -> io::Result<()> {
        for path in paths {
            if !self.held.contains_key(path) {
                self.held.insert(path.to_path_buf(), disk::read_whole(path)?.into());
            }
        }
        Ok(())
    }

    /// Bytes of the files in memory.
    pub fn held_bytes(&self) -> u64 {
        self.held.values().map(|bytes| bytes.len() as u64).sum()
    }

    pub(super) fn open(&self, path: &Path) -> io::Result<Opened> {
        match self.held.get(path) {
            Some(bytes) => Ok(Opened::held(bytes.clone())),
            None => Opened::open(path),
        }
    }
}

/// The one line through which all files of a run come.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// When all bytes that were asked for will have come through, since the start of the run.
    free_at: Mutex<Duration>,
}

impl Line {
    /// Waits until that many bytes have come through behind those that were asked for before.
    pub async fn carry(&self, now: Duration, bytes: u64, bandwidth: u64) {
        let ahead = self.reserve(now, bytes, bandwidth).saturating_sub(now);
        if !ahead.is_zero() {
            tokio::time::sleep(ahead).await;
        }
    }

    /// When the bytes will be through.
    fn reserve(&self, now: Duration, bytes: u64, bandwidth: u64) -> Duration {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        *free_at = now.max(*free_at) + Duration::from_secs_f64(bytes as f64 / bandwidth.max(1) as f64);
        *free_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_share_the_line_and_an_idle_line_saves_nothing_up() {
        let line = Line::default();
        let ms = Duration::from_millis;
        assert_eq!(line.reserve(ms(0), 1000, 10_000), ms(100));
        assert_eq!(line.reserve(ms(20), 500, 10_000), ms(150));
        assert_eq!(line.reserve(ms(400), 500, 10_000), ms(450));
    }
}
