//! Errors of the disk in words, and what can be done about them.

use std::io::{self, ErrorKind};

/// What happened, without the number that the system has for it.
pub fn describe(error: &io::Error) -> String {
    let text = match error.kind() {
        ErrorKind::NotFound => "there is no such file".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => "there is a file where a directory should be".into(),
        ErrorKind::IsADirectory => "there is a directory where a file should be".into(),
        ErrorKind::StorageFull => "no space left on the disk".into(),
        ErrorKind::QuotaExceeded => "the quota of disk space is used up".into(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        ErrorKind::FileTooLarge => "files may not be that large here".into(),
        ErrorKind::InvalidFilename => "the name is too long, or not one that the file system takes".into(),
        ErrorKind::OutOfMemory => "not enough memory for the file".into(),
        ErrorKind::TimedOut => "it took too long".into(),
        _ if is_out_of_descriptors(error) => "too many files are open".into(),
        _ if is_broken(error) => "the disk could not be read or written".into(),
        _ => error.to_string(),
    };
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// What can be done about it, where that is not plain.
pub fn advice(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotFound => "it was taken away, or a link leads nowhere; --resume looks for it again",
        ErrorKind::PermissionDenied => "`ls -l` shows who may; --resume tries again",
        ErrorKind::UnexpectedEof => "--resume reads it again",
        ErrorKind::TimedOut => "--timeout says how long it may; --resume tries again",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some and go on with --resume",
        ErrorKind::ReadOnlyFilesystem => "choose another directory with --output",
        ErrorKind::FileTooLarge => "`ulimit -f` shows the limit",
        ErrorKind::InvalidFilename => "rename the input",
        _ if is_out_of_descriptors(error) => "raise `ulimit -n` or lower --in-flight",
        _ if is_broken(error) => "it may be failing: `dmesg` tells more; --resume tries again",
        _ => return None,
    })
}

/// EMFILE and ENFILE, which the standard library has no kind for.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    cfg!(unix) && matches!(number(error), Some(23 | 24))
}

/// EIO, which it has none for either.
fn is_broken(error: &io::Error) -> bool {
    cfg!(unix) && number(error) == Some(5)
}

/// The number that the system has for it. What `tempfile` adds a path to keeps it in its text alone.
fn number(error: &io::Error) -> Option<i32> {
    let in_text = || error.to_string().split_once("(os error ")?.1.split(')').next()?.parse().ok();
    error.raw_os_error().or_else(in_text)
}
