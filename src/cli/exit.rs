//! Exit codes.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All was done.
    Done = 0,
    /// Some images failed, or the run ended before all were done.
    SomeFailed = 1,
    /// Nothing was done: the request can't be met.
    Usage = 2,
    /// The user stopped the run.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
