//! Discovery: from what the user named to the files that are to be done.
//!
//! Files named one by one, or matched by a pattern, are always taken. In directories a file is taken where its name has an
//! image's extension or its content is an image's; others are passed over and counted, and hidden ones not looked at.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{self, Entry};
use super::list::{Gathered, Listing};
use super::manifest;
use super::plan::{PlanError, Request};
use super::runtime::Looking;
use crate::codec::Format;

/// Extensions by which a file in a directory is taken as an image, broken or not.
const EXTENSIONS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "gif", "bmp", "dib", "pbm", "pgm", "ppm", "pnm", "pam",
];

/// What discovery found.
#[derive(Debug)]
pub(super) struct Found {
    /// In order of their paths, each file once. Those are named that are taken whatever they hold.
    pub listing: Listing,
    /// Why some of them can't be looked at.
    pub unreadable: HashMap<PathBuf, io::Error>,
    /// By what they are known once links are followed.
    pub real: RealPaths,
}

/// What has been found so far.
#[derive(Default)]
struct Search {
    files: Gathered,
    unreadable: HashMap<PathBuf, io::Error>,
}

/// Digests of real paths, with keys that nobody knows: no two files can be given names that make one of them.
#[derive(Debug, Default)]
pub(super) struct RealPaths {
    keys: [RandomState; 2],
    seen: HashSet<[u64; 2]>,
}

impl RealPaths {
    /// Whether a path is new.
    fn insert(&mut self, path: &Path) -> bool {
        let digest = self.digest(path);
        self.seen.insert(digest)
    }

    pub fn contains(&self, path: &Path) -> bool {
        self.seen.contains(&self.digest(path))
    }

    fn digest(&self, path: &Path) -> [u64; 2] {
        [0, 1].map(|key| self.keys[key].hash_one(path.as_os_str()))
    }
}

/// Every file that the request's inputs stand for. `looking` is told what is looked at next.
pub(super) fn discover(request: &Request, looking: &Looking) -> Result<Found, PlanError> {
    looking.at(&request.output);
    let output = disk::real_path(&request.output);
    let mut search = Search::default();
    for input in &request.inputs {
        looking.at(input);
        match kind(input)? {
            disk::Kind::Missing => match disk::expand(input) {
                Some(Ok(paths)) if !paths.is_empty() => {
                    for path in &paths {
                        looking.at(path);
                        search.take(path, kind(path)?, request.recursive, output.as_deref(), looking)?;
                    }
                }
                Some(Ok(_)) => return Err(PlanError::NoMatch(input.clone())),
                Some(Err(cause)) => return Err(PlanError::BrokenPattern(input.clone(), cause)),
                None => return Err(PlanError::Missing(input.clone())),
            },
            kind => search.take(input, kind, request.recursive, output.as_deref(), looking)?,
        }
    }
    Ok(search.settled(looking))
}

fn kind(path: &Path) -> Result<disk::Kind, PlanError> {
    disk::kind(path).map_err(|e| PlanError::Unreadable(path.to_path_buf(), e.to_string()))
}

impl Search {
    fn take(
        &mut self,
        path: &Path,
        kind: disk::Kind,
        recursive: bool,
        output: Option<&Path>,
        looking: &Looking,
    ) -> Result<(), PlanError> {
        match kind {
            disk::Kind::File => self.files.add(path, Path::new(""), true),
            disk::Kind::Directory => disk::list(path, recursive, output, |entry| {
                looking.goes_on();
                match entry {
                    Ok(Entry { path, below }) => self.files.add(&path, &below, has_image_extension(&path)),
                    Err((path, error)) => {
                        self.files.add(&path, Path::new(""), true);
                        self.unreadable.insert(path, error);
                    }
                }
            }),
            disk::Kind::Other => return Err(PlanError::Unreadable(path.to_path_buf(), "it is no regular file".into())),
            disk::Kind::Missing => return Err(PlanError::Missing(path.to_path_buf())),
        }
        Ok(())
    }

    /// Sorts, and leaves each file once however often it was named, and no manifest.
    fn settled(self, looking: &Looking) -> Found {
        let mut real = RealPaths::default();
        let listing = self.files.settled(|path| {
            looking.goes_on();
            path.file_name() != Some(manifest::NAME.as_ref())
                && real.insert(disk::real_path(path).as_deref().unwrap_or(path))
        });
        Found { listing, unreadable: self.unreadable, real }
    }
}

fn has_image_extension(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

/// What the first bytes of a file tell.
#[derive(Debug)]
pub(super) enum Signature {
    Image(Format),
    /// No format that can be read; the first bytes.
    Unknown(Vec<u8>),
    Unreadable(io::Error),
}

pub(super) fn signature(path: &Path) -> Signature {
    match disk::signature(path) {
        Ok(bytes) => match Format::sniff(&bytes) {
            Some(format) => Signature::Image(format),
            None => Signature::Unknown(bytes),
        },
        Err(e) => Signature::Unreadable(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_in_any_case() {
        assert!(has_image_extension(Path::new("a/B.JPG")) && has_image_extension(Path::new("x.tiff")));
        assert!(!has_image_extension(Path::new("notes.txt")) && !has_image_extension(Path::new("png")));
    }
}
