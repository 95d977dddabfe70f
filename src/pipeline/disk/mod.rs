//! The one module that touches the disk. Everything here blocks; callers run it on threads that may.
#![expect(clippy::disallowed_methods, reason = "the one module that touches the disk")]

mod descriptors;
mod errors;
mod lines;
mod outputs;
mod stamp;
mod tree;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::image::buffers;

pub use descriptors::raise_open_files;
pub use errors::{advice, describe};
pub use lines::{Lines, LinesRead};
pub use outputs::{ClaimError, LOCK_NAME, Outputs, TEMPORARY_PREFIX};
pub use stamp::{Stamp, digest, matches, stamp};
pub use tree::{Entry, expand, list};

/// Bytes read of a file to learn what it is and what it will need; headers end within them but for large metadata.
const HEAD_BYTES: u64 = 64 * 1024;
/// Bytes that tell a file's format.
const SIGNATURE_BYTES: u64 = 64;

/// A file that has been opened and whose first part has been read.
#[derive(Debug)]
pub struct Opened {
    rest: Rest,
    stamp: Stamp,
    head: Vec<u8>,
}

/// What lies behind the first part.
#[derive(Debug)]
enum Rest {
    On(File),
    /// A file that is in memory, its first part included.
    In(Arc<[u8]>),
}

impl Opened {
    /// # Errors
    /// Where the file can't be opened or read, or is no regular file.
    pub fn open(path: &Path) -> io::Result<Opened> {
        let mut file = open_regular(path)?;
        let mut stamp = Stamp::of(&file.metadata()?);
        let mut head = Vec::with_capacity(stamp.bytes.min(HEAD_BYTES) as usize);
        (&mut file).take(HEAD_BYTES).read_to_end(&mut head)?;
        stamp.bytes = stamp.bytes.max(head.len() as u64);
        Ok(Opened { rest: Rest::On(file), stamp, head })
    }

    /// A file that is in memory.
    pub fn held(bytes: Arc<[u8]>) -> Opened {
        let head = bytes[..bytes.len().min(HEAD_BYTES as usize)].to_vec();
        let stamp = Stamp { bytes: bytes.len() as u64, ..Stamp::default() };
        Opened { stamp, head, rest: Rest::In(bytes) }
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.stamp.bytes
    }

    /// Size and time of the file before it was read.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The first part of the file.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the first part is all of it.
    pub fn is_whole(&self) -> bool {
        self.head.len() as u64 == self.size()
    }

    /// As many bytes as the first part has, or up to the end of the file, from a place on.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn part(&mut self, at: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match &mut self.rest {
            Rest::In(whole) => bytes.extend(whole.iter().skip(at as usize).take(HEAD_BYTES as usize)),
            Rest::On(file) => {
                file.seek(SeekFrom::Start(at))?;
                file.take(HEAD_BYTES).read_to_end(&mut bytes)?;
            }
        }
        Ok(bytes)
    }

    /// All bytes of the file if the first part is that.
    ///
    /// # Errors
    /// Itself where it is not.
    pub fn into_whole(self) -> Result<Vec<u8>, Opened> {
        if self.is_whole() { Ok(self.head) } else { Err(self) }
    }

    /// All bytes of the file; those that it gains meanwhile are left out.
    ///
    /// # Errors
    /// Where it has lost some, too.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let size = usize::try_from(self.size()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = buffers::room_for_file(size).ok_or(io::ErrorKind::OutOfMemory)?;
        bytes.extend_from_slice(&self.head);
        if !self.is_whole() {
            let rest = self.size() - self.head.len() as u64;
            match &mut self.rest {
                Rest::In(whole) => bytes.extend_from_slice(&whole[self.head.len()..]),
                Rest::On(file) => {
                    file.seek(SeekFrom::Start(self.head.len() as u64))?;
                    file.take(rest).read_to_end(&mut bytes)?;
                }
            }
        }
        if bytes.len() < size {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read"));
        }
        Ok(bytes)
    }
}

/// Opens a regular file. What is none is not opened first: opening a pipe waits for who writes to it.
fn open_regular(path: &Path) -> io::Result<File> {
    let is_regular = |metadata: fs::Metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    };
    fs::metadata(path).and_then(is_regular)?;
    let file = File::open(path)?;
    file.metadata().and_then(is_regular)?;
    Ok(file)
}

/// The first bytes of a file, enough to tell its format.
pub fn signature(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(SIGNATURE_BYTES as usize);
    open_regular(path)?.take(SIGNATURE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All bytes of a file.
pub fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// A text file, such as a recipe.
pub fn read_text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Writes a text file whole or not at all, in the place of one that may stand there.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = outputs::temporary_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

/// The same, with the directories that lead to it.
pub fn keep_text(path: &Path, text: &str) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    write_text(path, text)
}

/// A fresh directory for what nobody keeps, gone when it is dropped.
#[derive(Debug)]
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> io::Result<Scratch> {
        tempfile::Builder::new().prefix("imgproc-compare-").tempdir().map(Scratch)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    /// A device, a pipe, a socket.
    Other,
    Missing,
}

/// What stands at a path, links followed.
///
/// # Errors
/// Where that can't be told, as without permission for its directory.
pub fn kind(path: &Path) -> io::Result<Kind> {
    match fs::metadata(path) {
        Ok(m) if m.is_file() => Ok(Kind::File),
        Ok(m) if m.is_dir() => Ok(Kind::Directory),
        Ok(_) => Ok(Kind::Other),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Kind::Missing),
        Err(e) => Err(e),
    }
}

/// The path of these bytes; none where they are no Unicode on a system that wants it so.
pub fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    #[cfg(unix)]
    return Some(PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)));
    #[cfg(not(unix))]
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// Names of what a directory holds, in order.
pub fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// Whether anything stands at a path, a dangling link included.
pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The path by which a file that exists is known once links are followed.
pub fn real_path(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}
