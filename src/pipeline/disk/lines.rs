//! A text file that only grows, line by line, and survives being cut off in the middle of one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Longer lines are passed over in reading; the names of two files, and why one failed, take far less.
const MOST_LINE_BYTES: u64 = 1 << 20;
/// Most lines are no longer.
const LINE_BYTES: usize = 1 << 10;
/// Bytes in which the end of the last whole line is looked for at a time.
const PART_BYTES: u64 = 64 << 10;

/// A file that lines are added to.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    /// Every write goes to its end.
    file: File,
}

impl Lines {
    /// Opens the file, which is made where it is missing. A torn last line is cut off.
    pub fn open(path: &Path) -> io::Result<Lines> {
        let file = File::options().create(true).append(true).open(path)?;
        cut_torn(path)?;
        Ok(Lines { path: path.to_path_buf(), file })
    }

    /// Bytes of all lines.
    pub fn bytes(&self) -> io::Result<u64> {
        self.file.metadata().map(|metadata| metadata.len())
    }

    /// Adds a line, whole or not at all.
    pub fn add(&mut self, line: &str) -> io::Result<()> {
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        if written.is_err() {
            // As on a full disk.
            cut_torn(&self.path)?;
        }
        written
    }

    /// Returns once the lines would survive a power cut.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// Cuts off a torn last line.
fn cut_torn(path: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let (whole, all) = (whole_lines(&mut file)?, file.metadata()?.len());
    if whole < all { file.set_len(whole) } else { Ok(()) }
}

/// Bytes up to the last line feed.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(PART_BYTES);
        let mut part = vec![0; (end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut part)?;
        if let Some(last) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Lines that are read, once from the first to the last, then here and there.
#[derive(Debug)]
pub struct LinesRead(Mutex<Source>);

#[derive(Debug)]
enum Source {
    On(File),
    /// In memory.
    In(Cursor<Vec<u8>>),
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::On(file) => file.read(buffer),
            Source::In(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Source::On(file) => file.seek(to),
            Source::In(bytes) => bytes.seek(to),
        }
    }
}

impl LinesRead {
    /// # Errors
    /// Where there is no such file, or it can't be opened.
    pub fn open(path: &Path) -> io::Result<LinesRead> {
        Ok(LinesRead(Mutex::new(Source::On(File::open(path)?))))
    }

    /// Lines in memory.
    pub fn held(bytes: Vec<u8>) -> LinesRead {
        LinesRead(Mutex::new(Source::In(Cursor::new(bytes))))
    }

    /// Tells `each` where a line begins and what it says, torn and overlong ones as none.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn each(&self, each: impl FnMut(u64, Option<&[u8]>)) -> io::Result<()> {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        source.rewind()?;
        lines_of(BufReader::new(&mut *source), each)
    }

    /// The line that begins there.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn at(&self, begin: u64) -> io::Result<Vec<u8>> {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        source.seek(SeekFrom::Start(begin))?;
        let mut line = Vec::new();
        BufReader::with_capacity(LINE_BYTES, &mut *source).take(MOST_LINE_BYTES).read_until(b'\n', &mut line)?;
        line.pop_if(|byte| *byte == b'\n');
        Ok(line)
    }
}

fn lines_of(mut source: impl BufRead, mut each: impl FnMut(u64, Option<&[u8]>)) -> io::Result<()> {
    let (mut line, mut begin) = (Vec::new(), 0);
    loop {
        line.clear();
        let mut bytes = (&mut source).take(MOST_LINE_BYTES).read_until(b'\n', &mut line)?;
        if bytes == 0 {
            return Ok(());
        }
        if line.pop_if(|byte| *byte == b'\n').is_some() {
            each(begin, Some(&line));
        } else {
            each(begin, None);
            bytes += source.skip_until(b'\n')?;
        }
        begin += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(path: &Path) -> Vec<Option<String>> {
        let (mut lines, source) = (Vec::new(), LinesRead::open(path).unwrap());
        let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
        source.each(|begin, line| lines.push((begin, line.map(text)))).unwrap();
        for (begin, line) in lines.iter().rev() {
            assert!(line.is_none() || *line == Some(text(&source.at(*begin).unwrap())));
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn a_torn_last_line_goes_and_the_others_stay() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        for torn in ["", "x", &"y".repeat(3 * PART_BYTES as usize)] {
            fs::write(&path, format!("one\ntwo\n{torn}")).unwrap();
            assert_eq!(read(&path).len(), 2 + usize::from(!torn.is_empty()));
            let mut lines = Lines::open(&path).unwrap();
            lines.add("three").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
        }
        fs::write(&path, "torn").unwrap();
        Lines::open(&path).unwrap().add("one").unwrap();
        assert_eq!(read(&path), [Some("one".to_owned())]);
    }

    #[test]
    fn an_endless_line_costs_no_memory_and_hides_no_other() {
        let source = "a\n".to_owned() + &"b".repeat(5 * MOST_LINE_BYTES as usize / 2) + "\nc\n";
        let bytes = source.len() as u64;
        let (mut seen, mut longest, mut last) = (Vec::new(), 0, 0);
        lines_of(source.as_bytes(), |begin, line| {
            seen.push(line.is_some());
            longest = longest.max(line.map_or(0, <[u8]>::len));
            last = begin;
        })
        .unwrap();
        assert_eq!((seen, longest, last), (vec![true, false, true], 1, bytes - 2));
    }
}
