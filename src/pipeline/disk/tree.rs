//! Directories walked and patterns expanded.

use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// A file found in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    /// Its directory below the one that was walked; empty where it lies in that itself.
    pub below: PathBuf,
}

/// Tells of the regular files of a directory, or with `recursive` of its whole tree, links followed; and of what could not be
/// looked at, with the reason. Links that lead back to where they are, and hidden files and directories, are left out, and
/// the directory `except` (a real path) is not entered.
pub fn list(
    directory: &Path,
    recursive: bool,
    except: Option<&Path>,
    mut tell: impl FnMut(Result<Entry, (PathBuf, io::Error)>),
) {
    let depth = if recursive { usize::MAX } else { 1 };
    let walk = WalkDir::new(directory).min_depth(1).max_depth(depth).follow_links(true).into_iter();
    for entry in walk.filter_entry(|entry| !is_hidden(entry) && !is_same(entry, except)) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let below = entry.path().parent().and_then(|p| p.strip_prefix(directory).ok());
                let below = below.map(Path::to_path_buf).unwrap_or_default();
                tell(Ok(Entry { path: entry.into_path(), below }));
            }
            Ok(_) => {}
            // What a link leads back to is looked at where it is.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => tell(Err((error.path().unwrap_or(directory).to_path_buf(), error.into()))),
        }
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
}

fn is_same(entry: &DirEntry, real: Option<&Path>) -> bool {
    entry.depth() > 0
        && entry.file_type().is_dir()
        && real.is_some_and(|real| super::real_path(entry.path()).as_deref() == Some(real))
}

/// The paths that a glob pattern stands for, in order; `*` takes no hidden ones. None where the text is no pattern.
///
/// # Errors
/// What is wrong with a broken pattern.
pub fn expand(pattern: &Path) -> Option<Result<Vec<PathBuf>, String>> {
    let pattern = pattern.to_str().filter(|p| p.contains(['*', '?', '[']))?;
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
    let paths = glob::glob_with(pattern, options).map_err(|e| e.to_string());
    // A path that can't be looked at is none that the pattern is known to match.
    Some(paths.map(|paths| paths.filter_map(Result::ok).collect()))
}
