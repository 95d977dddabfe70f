//! A text file that only grows, line by line, and survives being cut off in the middle of one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Longer lines are passed over in reading; the names of two files, and why one failed, take far less.
const MOST_LINE_BYTES: u64 = 1 << 20;
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

/// Tells `each` every line of a file, torn and overlong ones as none.
///
/// # Errors
/// Where there is no such file, or it can't be read.
pub fn read_lines(path: &Path, each: impl FnMut(Option<&[u8]>)) -> io::Result<()> {
    lines_of(BufReader::new(File::open(path)?), each)
}

fn lines_of(mut source: impl BufRead, mut each: impl FnMut(Option<&[u8]>)) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut source).take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.pop_if(|byte| *byte == b'\n').is_some() {
            each(Some(&line));
        } else {
            each(None);
            source.skip_until(b'\n')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(path: &Path) -> Vec<Option<String>> {
        let mut lines = Vec::new();
        read_lines(path, |line| lines.push(line.map(|line| String::from_utf8(line.to_vec()).unwrap()))).unwrap();
        lines
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
        let (mut seen, mut longest) = (Vec::new(), 0);
        lines_of(source.as_bytes(), |line| {
            seen.push(line.is_some());
            longest = longest.max(line.map_or(0, <[u8]>::len));
        })
        .unwrap();
        assert_eq!((seen, longest), (vec![true, false, true], 1));
    }
}
