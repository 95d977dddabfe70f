//! What tells a file's content from another's.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::UNIX_EPOCH;

use twox_hash::XxHash3_128;

/// Bytes of a file that are digested at a time.
const PART_BYTES: usize = 128 << 10;

/// Size and time of a file, which are cheap to learn, and the digest of its bytes, which is sure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    pub bytes: u64,
    /// µs since 1970, where the file system says.
    pub modified: Option<u64>,
    pub digest: Option<u128>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = since.and_then(|since| u64::try_from(since.as_micros()).ok());
        Stamp { bytes: metadata.len(), modified, digest: None }
    }
}

/// Size and time of a file, links followed.
pub fn stamp(path: &Path) -> io::Result<Stamp> {
    fs::metadata(path).map(|metadata| Stamp::of(&metadata))
}

/// XXH3 of 128 bits: changes do not escape it, but for those made by one who means to deceive.
pub fn digest(bytes: &[u8]) -> u128 {
    XxHash3_128::oneshot(bytes)
}

/// Whether the file holds what the stamp was made of: told by size and time; by the digest where the time is another, or
/// `thorough` asks for it.
pub fn matches(path: &Path, stamp: &Stamp, thorough: bool) -> bool {
    let Ok(now) = fs::metadata(path).map(|metadata| Stamp::of(&metadata)) else { return false };
    if now.bytes != stamp.bytes {
        return false;
    }
    let untouched = now.modified.is_some() && now.modified == stamp.modified;
    untouched && !thorough || stamp.digest.is_some() && digest_of(path).ok() == stamp.digest
}

fn digest_of(path: &Path) -> io::Result<u128> {
    let mut file = File::open(path)?;
    let mut hasher = XxHash3_128::new();
    let mut part = vec![0; PART_BYTES];
    loop {
        match file.read(&mut part) {
            Ok(0) => return Ok(hasher.finish_128()),
            Ok(count) => hasher.write(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_matches_by_time_or_else_by_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let bytes = vec![7; 3 * PART_BYTES + 5];
        fs::write(&path, &bytes).unwrap();
        let there = Stamp { digest: Some(digest(&bytes)), ..stamp(&path).unwrap() };
        let without = Stamp { digest: None, ..there };
        let earlier = Stamp { modified: there.modified.map(|time| time - 1), ..there };
        let other = Stamp { digest: Some(1), ..there };
        assert!(matches(&path, &there, true) && matches(&path, &without, false) && matches(&path, &earlier, false));
        assert!(!matches(&path, &without, true), "nothing says what it held");
        assert!(matches(&path, &other, false) && !matches(&path, &other, true));
        assert!(!matches(&path, &Stamp { modified: None, ..other }, false));
        assert!(!matches(&path, &Stamp { bytes: 1, ..there }, false));
        assert!(!matches(&directory.path().join("b"), &there, false));
    }
}
