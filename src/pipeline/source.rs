//! Discovery: from what the user named to the files that are to be done.
//!
//! Files named one by one, or matched by a pattern, are always taken. In directories a file is taken where its name has an
//! image's extension or its content is an image's; others are passed over and counted, and hidden ones not looked at.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::disk::{self, Entry};
use super::manifest;
use super::plan::{PlanError, Request};
use crate::codec::Format;

/// Extensions by which a file in a directory is taken as an image, broken or not.
const EXTENSIONS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "gif", "bmp", "dib", "pbm", "pgm", "ppm", "pnm", "pam",
];

/// A file that may be an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub path: PathBuf,
    /// Directory of its output below the output directory.
    pub below: PathBuf,
    /// Whether it is taken whatever it holds.
    pub named: bool,
}

/// What discovery found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In order of their paths, each file once.
    pub sources: Vec<Source>,
    /// What could not be looked at, and why.
    pub unreadable: Vec<(PathBuf, std::io::Error)>,
}

/// Every file that the request's inputs stand for.
pub(super) fn discover(request: &Request) -> Result<Found, PlanError> {
    let output = disk::real_path(&request.output);
    let mut found = Found::default();
    for input in &request.inputs {
        match kind(input)? {
            disk::Kind::Missing => match disk::expand(input) {
                Some(Ok(paths)) if !paths.is_empty() => {
                    for path in &paths {
                        found.take(path, kind(path)?, request.recursive, output.as_deref())?;
                    }
                }
                Some(Ok(_)) => return Err(PlanError::NoMatch(input.clone())),
                Some(Err(cause)) => return Err(PlanError::BrokenPattern(input.clone(), cause)),
                None => return Err(PlanError::Missing(input.clone())),
            },
            kind => found.take(input, kind, request.recursive, output.as_deref())?,
        }
    }
    found.settle();
    Ok(found)
}

fn kind(path: &Path) -> Result<disk::Kind, PlanError> {
    disk::kind(path).map_err(|e| PlanError::Unreadable(path.to_path_buf(), e.to_string()))
}

impl Found {
    fn take(&mut self, path: &Path, kind: disk::Kind, recursive: bool, output: Option<&Path>) -> Result<(), PlanError> {
        match kind {
            disk::Kind::File => {
                self.sources.push(Source { path: path.to_path_buf(), below: PathBuf::new(), named: true })
            }
            disk::Kind::Directory => {
                let (files, failed) = disk::list(path, recursive, output);
                self.sources.extend(files.into_iter().map(|Entry { path, below }| Source {
                    named: has_image_extension(&path),
                    path,
                    below,
                }));
                self.unreadable.extend(failed);
            }
            disk::Kind::Other => return Err(PlanError::Unreadable(path.to_path_buf(), "it is no regular file".into())),
            disk::Kind::Missing => return Err(PlanError::Missing(path.to_path_buf())),
        }
        Ok(())
    }

    /// Sorts, and leaves each file once however often it was named, and no manifest.
    fn settle(&mut self) {
        self.sources.retain(|s| s.path.file_name() != Some(manifest::NAME.as_ref()));
        // Named before listed, so that of two mentions of a file the stronger one stays.
        self.sources.sort_by(|a, b| a.path.cmp(&b.path).then(b.named.cmp(&a.named)));
        let mut seen = HashSet::new();
        self.sources.retain(|s| seen.insert(disk::real_path(&s.path).unwrap_or_else(|| s.path.clone())));
    }
}

fn has_image_extension(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

/// What the first bytes of a source tell.
#[derive(Debug)]
pub(super) enum Signature {
    Image(Format),
    /// No format that can be read; the first bytes.
    Unknown(Vec<u8>),
    Unreadable(std::io::Error),
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
