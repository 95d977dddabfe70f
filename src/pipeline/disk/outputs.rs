//! The output directory: owned by one run at a time, written whole files only.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use walkdir::WalkDir;

use super::Stamp;

/// How the names of temporary files begin. They never stay, but for a run that was killed.
pub const TEMPORARY_PREFIX: &str = ".imgproc-";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// The file whose lock says that a run owns the directory.
pub const LOCK_NAME: &str = ".imgproc.lock";
/// A lock file that vanishes between opening and locking belongs to a run that ended just then.
const LOCK_TRIES: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error("another run is writing to {0}")]
    Busy(PathBuf),
    #[error("can't write to {0}: {cause}", cause = super::describe(.1))]
    Io(PathBuf, #[source] io::Error),
}

/// An output directory that this run owns until [`Outputs::close`].
#[derive(Debug)]
pub struct Outputs {
    root: PathBuf,
    durable: bool,
    /// None once closed; a closed directory takes no more files.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    lock: File,
    /// Temporary files that exist now.
    temporary: HashSet<PathBuf>,
}

impl Outputs {
    /// Makes the directory where it is missing and takes its lock.
    pub fn claim(root: &Path) -> Result<Outputs, ClaimError> {
        let failed = |e| ClaimError::Io(root.to_path_buf(), e);
        fs::create_dir_all(root).map_err(failed)?;
        let path = root.join(LOCK_NAME);
        for _ in 0..LOCK_TRIES {
            let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
            match lock.try_lock() {
                Ok(()) if is_at(&lock, &path) => {
                    let open = Open { lock, temporary: HashSet::new() };
                    let open = Mutex::new(Some(open));
                    return Ok(Outputs { root: root.to_path_buf(), durable: false, open });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(ClaimError::Busy(root.to_path_buf())),
                Err(TryLockError::Error(e)) => return Err(failed(e)),
            }
        }
        Err(ClaimError::Busy(root.to_path_buf()))
    }

    /// Whether a run owns the directory now.
    pub fn is_claimed(root: &Path) -> bool {
        let lock = File::options().write(true).open(root.join(LOCK_NAME));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Whether names in the directory are the same in upper and lower case.
    pub fn ignores_case(&self) -> bool {
        self.root.join(LOCK_NAME.to_uppercase()).exists()
    }

    /// The same, with `write` returning only once a file would survive a power cut.
    pub fn durable(mut self, durable: bool) -> Outputs {
        self.durable = durable;
        self
    }

    /// Removes what killed runs left below the output directory, links not followed, and in `directories`, which this run
    /// is going to write to, even where a link leads there. What a living run writes is locked, and stays: it may own a
    /// directory below ours, or the one that a link leads to. Returns how many files went.
    pub fn clear_leftovers<'a>(&self, directories: impl IntoIterator<Item = &'a Path>) -> usize {
        let below = WalkDir::new(&self.root).into_iter().flatten().map(walkdir::DirEntry::into_path);
        let linked: HashSet<&Path> = directories.into_iter().collect();
        let linked = linked.into_iter().flat_map(|directory| fs::read_dir(directory).into_iter().flatten().flatten());
        let leftovers =
            below.chain(linked.map(|entry| entry.path())).filter(|path| is_temporary(path) && is_dead(path));
        // One that can't be removed is in nobody's way.
        leftovers.filter(|path| fs::remove_file(path).is_ok()).count()
    }

    /// Writes a file whole or not at all: to a temporary one beside it, which is then renamed. Makes its directory.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<Stamp> {
        let directory = path.parent().unwrap_or(Path::new("."));
        self.make(directory)?;
        let mut file = self.temporary(directory)?;
        let temporary = file.path().to_path_buf();
        let written = file
            .write_all(bytes)
            .and_then(|()| file.flush())
            .and_then(|()| if self.durable { file.as_file().sync_all() } else { Ok(()) })
            .and_then(|()| file.as_file().metadata())
            .and_then(|metadata| file.persist(path).map(|_| Stamp::of(&metadata)).map_err(|e| e.error));
        if let Some(open) = self.open().as_mut() {
            open.temporary.remove(&temporary);
        }
        let stamp = written?;
        self.sync(directory)?;
        Ok(stamp)
    }

    /// Makes a directory, with those that it lies in.
    fn make(&self, directory: &Path) -> io::Result<()> {
        if !self.durable || directory.as_os_str().is_empty() || directory.is_dir() {
            return fs::create_dir_all(directory);
        }
        let parent = directory.parent().unwrap_or(Path::new("."));
        self.make(parent)?;
        match fs::create_dir(directory) {
            // Another worker may have been faster.
            Err(error) if !directory.is_dir() => return Err(error),
            _ => {}
        }
        self.sync(parent)
    }

    /// Makes the names in a directory survive a power cut, if that is wanted. Windows has no such call, and needs none.
    fn sync(&self, directory: &Path) -> io::Result<()> {
        if !self.durable || cfg!(windows) {
            return Ok(());
        }
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        File::open(directory)?.sync_all()
    }

    fn temporary(&self, directory: &Path) -> io::Result<tempfile::NamedTempFile> {
        let mut open = self.open();
        let Some(open) = open.as_mut() else {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "the run has ended"));
        };
        let file = temporary_in(directory)?;
        open.temporary.insert(file.path().to_path_buf());
        Ok(file)
    }

    /// A file in the directory that goes when that is closed, for whoever comes after this process where it ends without that.
    #[cfg(target_os = "linux")]
    pub fn leave_word(&self, bytes: &[u8]) -> io::Result<(std::os::fd::OwnedFd, PathBuf)> {
        let (mut file, path) = self.temporary(&self.root)?.keep().map_err(|error| error.error)?;
        file.write_all(bytes)?;
        Ok((file.into(), path))
    }

    /// Removes temporary files of writes that are under way, lets no more begin, and gives the directory back.
    pub fn close(&self) {
        let Some(open) = self.open().take() else { return };
        for path in &open.temporary {
            // It may have been renamed just now.
            let _ = fs::remove_file(path);
        }
        // Before the lock is given up, so that nobody's file is removed but ours.
        let _ = fs::remove_file(self.root.join(LOCK_NAME));
        drop(open.lock);
    }

    /// Closes a directory that was made for this run, and removes it where nothing is in it.
    pub fn give_up(&self) {
        self.close();
        let _ = fs::remove_dir(&self.root);
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.close();
    }
}

fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX)
}

/// Whether nobody holds the file's lock.
fn is_dead(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file && File::options().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// A temporary file of our kind of name.
pub(super) fn temporary_in(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX);
    // As for any new file: readable by whom the umask lets, not by the owner alone as temporary files are.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(directory)?;
    // Says that its run lives. Where the file system knows no locks, nothing else may clear it either.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Whether the lock file that we hold is still the one at its path, and was not removed by its last owner before we locked it.
#[cfg(unix)]
fn is_at(lock: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (lock.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_lock: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn one_owner_at_a_time_and_no_trace_after() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("out");
        let outputs = Outputs::claim(&root).unwrap();
        assert!(matches!(Outputs::claim(&root), Err(ClaimError::Busy(_))));
        outputs.write(&root.join("deep/a.bin"), b"abc").unwrap();
        outputs.close();
        assert_eq!(names(&root), ["deep"]);
        assert_eq!(fs::read(root.join("deep/a.bin")).unwrap(), b"abc");
        Outputs::claim(&root).unwrap();
        assert_eq!(names(&root), ["deep"]);
    }

    #[test]
    fn a_closed_directory_takes_nothing_and_a_failed_write_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let outputs = Outputs::claim(directory.path()).unwrap();
        fs::create_dir(directory.path().join("taken")).unwrap();
        assert!(outputs.write(&directory.path().join("taken"), b"abc").is_err());
        outputs.close();
        assert!(outputs.write(&directory.path().join("late"), b"abc").is_err());
        assert_eq!(names(directory.path()), ["taken"]);
    }

    #[test]
    fn leftovers_go_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in [".imgproc-dead.tmp", ".imgproc-notes", "x.tmp"] {
            fs::write(directory.path().join(name), b"x").unwrap();
        }
        let deep = directory.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join(".imgproc-dead.tmp"), b"x").unwrap();
        let outputs = Outputs::claim(directory.path()).unwrap();
        assert_eq!(outputs.clear_leftovers([]), 2);
        outputs.close();
        assert_eq!(names(directory.path()), [".imgproc-notes", "a", "x.tmp"]);
        assert!(names(&deep).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn leftovers_behind_a_link_go_where_this_run_writes_and_no_living_one_does() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["linked", "other"] {
            fs::create_dir(elsewhere.path().join(name)).unwrap();
            std::os::unix::fs::symlink(elsewhere.path().join(name), directory.path().join(name)).unwrap();
            fs::write(elsewhere.path().join(name).join(".imgproc-dead.tmp"), b"x").unwrap();
        }
        let living = Outputs::claim(&elsewhere.path().join("linked")).unwrap();
        let _written = living.temporary(&elsewhere.path().join("linked")).unwrap();
        let outputs = Outputs::claim(directory.path()).unwrap();
        assert_eq!(outputs.clear_leftovers([directory.path().join("linked").as_path()]), 1);
        assert_eq!(names(&elsewhere.path().join("linked")).len(), 2, "the lock and what is being written stay");
        assert_eq!(names(&elsewhere.path().join("other")), [".imgproc-dead.tmp"]);
    }

    #[test]
    fn durable_files_are_written_like_others() {
        let directory = tempfile::tempdir().unwrap();
        let outputs = Outputs::claim(directory.path()).unwrap().durable(true);
        let stamp = outputs.write(&directory.path().join("a/b/c.bin"), b"abc").unwrap();
        assert_eq!(stamp, super::super::stamp(&directory.path().join("a/b/c.bin")).unwrap());
        assert!(outputs.write(&directory.path().join("a/b/c.bin/d"), b"abc").is_err());
    }
}
