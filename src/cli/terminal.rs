//! The only place that writes to stdout and stderr.

use std::io::{self, IsTerminal, Write};

use imgproc::pipeline::disk;

use super::names::When;

/// Where lines of the log go.
pub fn stderr() -> io::Stderr {
    io::stderr()
}

/// Something that keeps the program from starting its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Without final period; more lines may follow the first.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    pub fn new(message: impl ToString) -> Problem {
        Problem { message: message.to_string(), help: None }
    }

    pub fn help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }
}

/// Stdout and stderr, with or without colours.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    coloured: bool,
    /// Whether what is printed to stdout may have colours.
    pub draws_coloured: bool,
}

impl Terminal {
    pub fn new(color: When) -> Terminal {
        let coloured = |is_terminal: bool| match color {
            When::Always => true,
            When::Never => false,
            When::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        Terminal {
            coloured: coloured(io::stderr().is_terminal()),
            draws_coloured: coloured(io::stdout().is_terminal()),
        }
    }

    /// Writes to stdout, and returns whether that worked. A reader that has gone away is no error.
    #[must_use]
    pub fn print(&self, text: &str) -> bool {
        let mut out = io::stdout().lock();
        self.is_told(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Whether something was written to stdout; says why where it was not.
    pub fn is_told(&self, written: io::Result<()>) -> bool {
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.error(&format!("can't write to stdout: {}", disk::describe(&error)));
                false
            }
            _ => true,
        }
    }

    /// Takes from the line of the cursor what a process that crashed may have left there.
    pub fn erase_line(&self) {
        if self.is_watched() {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }

    /// Writes lines to stderr.
    pub fn say(&self, text: &str) {
        let mut out = io::stderr().lock();
        let _ = out
            .write_all(text.as_bytes())
            .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    }

    pub fn problem(&self, problem: &Problem) {
        self.error(&problem.message);
        if let Some(help) = &problem.help {
            self.say(&format!("{} {help}", self.styled("help:", "1;36")));
        }
    }

    pub fn error(&self, message: &str) {
        self.say(&format!("{} {message}", self.styled("error:", "1;31")));
    }

    /// `text` in a style, given as an SGR parameter, where colours are on.
    pub fn styled(&self, text: &str, style: &str) -> String {
        if self.coloured { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Whether a progress bar would be seen.
    pub fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }
}
