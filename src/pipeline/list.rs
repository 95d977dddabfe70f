//! The files of a run, of which there may be very many: some bytes each beside their names.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::names::Names;
use super::outcome::{Done, Failure, Fate, Job, Noted, Outcome, Told};
use crate::codec::Format;

/// Files that may be images.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    names: Names,
    /// Where files begin that lie in another folder than those before, or are named otherwise.
    stretches: Vec<Stretch>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Folder {
    path: PathBuf,
    /// Directory of its files' outputs below the output directory.
    below: PathBuf,
}

#[derive(Clone, Debug)]
struct Stretch {
    first: usize,
    folder: Arc<Folder>,
    /// Whether they are taken whatever they hold.
    named: bool,
}

impl Listing {
    fn push(&mut self, folder: &Arc<Folder>, name: &OsStr, named: bool) {
        let is_like = |last: &Stretch| last.named == named && Arc::ptr_eq(&last.folder, folder);
        if !self.stretches.last().is_some_and(is_like) {
            self.stretches.push(Stretch { first: self.len(), folder: folder.clone(), named });
        }
        self.names.push(name);
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    fn stretch(&self, file: usize) -> &Stretch {
        &self.stretches[self.stretches.partition_point(|stretch| stretch.first <= file) - 1]
    }

    pub fn path(&self, file: usize) -> PathBuf {
        self.stretch(file).folder.path.join(self.names.get(file))
    }

    fn below(&self, file: usize) -> &Path {
        &self.stretch(file).folder.below
    }

    /// Whether it is taken whatever it holds.
    pub fn is_named(&self, file: usize) -> bool {
        self.stretch(file).named
    }

    /// Adds the files of another one behind these; returns the place of the first of them.
    pub fn append(&mut self, other: &Listing) -> u32 {
        let first = self.len() as u32;
        for file in 0..other.len() {
            let Stretch { folder, named, .. } = other.stretch(file);
            self.push(folder, &other.names.get(file), *named);
        }
        first
    }
}

/// Files as they are found, in no order, and perhaps several times.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    folders: Vec<Arc<Folder>>,
    numbers: HashMap<Arc<Folder>, u32>,
    /// All names that are Unicode, one behind another.
    names: String,
    other_names: Vec<OsString>,
    files: Vec<File>,
}

#[derive(Clone, Copy, Debug)]
struct File {
    folder: u32,
    /// Where its name begins, or which of the others it has.
    name: u32,
    /// Of its name; none for one of the others.
    bytes: Option<NonZeroU16>,
    named: bool,
}

impl Gathered {
    /// Adds a file. `named`: whether it is taken whatever it holds.
    pub fn add(&mut self, path: &Path, below: &Path, named: bool) {
        // Paths such as `..` have no name; they lead to no file, but to what could not be listed.
        let name = path.file_name().unwrap_or(path.as_os_str());
        let folder = path.file_name().and(path.parent()).unwrap_or(Path::new(""));
        let folder = self.folder(folder, below);
        let bytes = u16::try_from(name.len()).ok().and_then(NonZeroU16::new);
        let file = match (name.to_str(), u32::try_from(self.names.len())) {
            (Some(name), Ok(at)) if bytes.is_some() => {
                self.names.push_str(name);
                File { folder, name: at, bytes, named }
            }
            _ => {
                self.other_names.push(name.to_os_string());
                File { folder, name: self.other_names.len() as u32 - 1, bytes: None, named }
            }
        };
        self.files.push(file);
    }

    fn folder(&mut self, path: &Path, below: &Path) -> u32 {
        let folder = Arc::new(Folder { path: path.to_path_buf(), below: below.to_path_buf() });
        *self.numbers.entry(folder).or_insert_with_key(|folder| {
            self.folders.push(folder.clone());
            self.folders.len() as u32 - 1
        })
    }

    fn name(&self, file: File) -> &OsStr {
        match file.bytes {
            Some(bytes) => self.names[file.name as usize..][..usize::from(bytes.get())].as_ref(),
            None => &self.other_names[file.name as usize],
        }
    }

    /// The files in order of their paths, of two mentions of one path the stronger one first; those of them that `keep` wants.
    pub fn settled(mut self, mut keep: impl FnMut(&Path) -> bool) -> Listing {
        let mut files = std::mem::take(&mut self.files);
        files.sort_unstable_by(|a, b| {
            let components = |file: File| self.folders[file.folder as usize].path.components();
            let names = || self.name(*a).cmp(self.name(*b));
            let paths = || {
                let [a, b] =
                    [*a, *b].map(|file| components(file).map(|part| part.as_os_str()).chain([self.name(file)]));
                a.cmp(b)
            };
            let order = if a.folder == b.folder { names() } else { paths() };
            order.then(b.named.cmp(&a.named)).then(a.folder.cmp(&b.folder))
        });
        let mut listing = Listing::default();
        for file in files {
            let (folder, name) = (&self.folders[file.folder as usize], self.name(file));
            if keep(&folder.path.join(name)) {
                listing.push(folder, name, file.named);
            }
        }
        listing.names.shrink();
        listing
    }
}

/// Where inputs and outputs lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub listing: Arc<Listing>,
    /// The output directory.
    pub root: PathBuf,
    /// Whether outputs have their images' numbers for names.
    pub numbered: bool,
}

/// An image that is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Place among the inputs of the run.
    pub index: u32,
    /// Place in the listing.
    pub file: u32,
    /// Of the output.
    pub format: Format,
}

/// Images that are to be done, in their order. Of those in a row whose places are in a row, and whose outputs are of one format,
/// only the first is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    /// With the number of the first of each row among all.
    rows: Vec<(u32, Entry)>,
    count: u32,
}

impl Entries {
    pub fn push(&mut self, entry: Entry) {
        let next = self.rows.last().map(|row| Entries::in_row(row, self.count));
        if next.is_none_or(|next| next != entry) {
            self.rows.push((self.count, entry));
        }
        self.count += 1;
    }

    fn in_row((number, first): &(u32, Entry), wanted: u32) -> Entry {
        let behind = wanted - number;
        Entry { index: first.index + behind, file: first.file + behind, ..*first }
    }

    pub fn len(&self) -> usize {
        self.count as usize
    }

    pub fn get(&self, number: usize) -> Option<Entry> {
        let number = u32::try_from(number).ok().filter(|number| *number < self.count)?;
        let row = self.rows.partition_point(|(first, _)| *first <= number) - 1;
        Some(Entries::in_row(&self.rows[row], number))
    }

    pub fn iter(&self) -> impl Iterator<Item = Entry> {
        (0..self.len()).filter_map(|number| self.get(number))
    }
}

impl FromIterator<Entry> for Entries {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Entries {
        let mut all = Entries::default();
        entries.into_iter().for_each(|entry| all.push(entry));
        all
    }
}

/// An image whose outcome is known before the run.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub index: u32,
    pub file: u32,
    /// None where it is not even clear what the output would be.
    pub format: Option<Format>,
    pub end: End,
    pub told: Told,
}

/// How an image ended before the run, or before it came here.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// It is to be left.
    Left,
    Failed(Box<Failure>),
    Done(Box<Done>),
}

impl End {
    fn fate(&self) -> Fate {
        match self {
            End::Left => Fate::Skipped,
            End::Failed(failure) => Fate::Failed(failure.as_ref().clone()),
            End::Done(done) => Fate::Done(done.as_ref().clone()),
        }
    }
}

impl Places {
    pub fn job(&self, entry: Entry) -> Job {
        let Entry { index, file, format } = entry;
        Job {
            index,
            input: self.input(file),
            output: self.output(index, file, format),
            format,
            noted: Noted::default(),
        }
    }

    pub fn outcome(&self, settled: &Settled) -> Outcome {
        let Settled { index, file, format, end, told } = settled;
        let output = format.map(|format| self.output(*index, *file, format));
        Outcome { output, told: *told, ..Outcome::early(*index, self.input(*file), end.fate()) }
    }

    pub fn input(&self, file: u32) -> PathBuf {
        self.listing.path(file as usize)
    }

    pub fn output(&self, index: u32, file: u32, format: Format) -> PathBuf {
        let name = match self.numbered {
            true => numbered_name(index as usize, format.extension()).into(),
            false => output_name(&self.listing.names.get(file as usize), format),
        };
        let mut output = self.root.join(self.listing.below(file as usize));
        output.push(name);
        output
    }
}

/// Name of the output of an input of that name.
pub(super) fn output_name(input: &OsStr, format: Format) -> OsString {
    let mut name = Path::new(input).file_stem().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(format.extension());
    name
}

/// Name of the output of the image of that number, where outputs are numbered.
pub fn numbered_name(index: usize, extension: &str) -> String {
    format!("{index:05}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_order_of_their_paths_and_the_stronger_mention_first() {
        let mut gathered = Gathered::default();
        let mut add = |path: &str, below: &str, named| gathered.add(Path::new(path), Path::new(below), named);
        add("a/b.png", "", false);
        add("a-c/x.png", "", false);
        add("b.png", "", true);
        add("a/b/x.png", "b", false);
        add("a/a.png", "", false);
        add("a/b.png", "", true);
        add("..", "", true);
        let listing = gathered.settled(|path| path != Path::new("a/a.png"));
        let paths: Vec<String> = (0..listing.len()).map(|file| listing.path(file).display().to_string()).collect();
        let mut sorted = ["a/b.png", "a-c/x.png", "b.png", "a/b/x.png", "a/b.png", ".."].map(Path::new);
        sorted.sort();
        assert_eq!(paths, sorted.map(|path| path.display().to_string()));
        let twice: Vec<bool> = (0..listing.len()).map(|file| listing.is_named(file)).collect();
        let first = paths.iter().position(|path| path == "a/b.png").unwrap();
        assert_eq!((twice[first], twice[first + 1]), (true, false));
        let deep = paths.iter().position(|path| path == "a/b/x.png").unwrap();
        let places = Places { listing: Arc::new(listing), root: "out".into(), numbered: false };
        assert_eq!(places.output(0, deep as u32, Format::Jpeg), Path::new("out/b/x.jpg"));
    }

    #[test]
    fn entries_come_back_and_rows_take_no_room() {
        let entry = |index, file, format| Entry { index, file, format };
        let mut entries: Vec<Entry> = (0..1000).map(|i| entry(i, i + 3, Format::Png)).collect();
        entries.extend([entry(1000, 7, Format::Png), entry(1001, 8, Format::Jpeg), entry(1002, 9, Format::Jpeg)]);
        entries.extend([entry(1002, 10, Format::Jpeg), entry(5, 11, Format::Png)]);
        let all: Entries = entries.iter().copied().collect();
        assert_eq!(all.iter().collect::<Vec<Entry>>(), entries);
        assert_eq!((all.rows.len(), all.get(entries.len())), (5, None));
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_unicode_are_kept() {
        use std::os::unix::ffi::OsStrExt;

        let mut gathered = Gathered::default();
        let paths = [&b"a/x.png"[..], b"a/\xff.png", b"b/y.png", b"b/\xfe.png"].map(OsStr::from_bytes);
        paths.iter().for_each(|path| gathered.add(Path::new(path), Path::new(""), true));
        let listing = gathered.settled(|_| true);
        for (file, path) in paths.iter().enumerate() {
            assert_eq!(listing.path(file), Path::new(path));
        }
    }
}
