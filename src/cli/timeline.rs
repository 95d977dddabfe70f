//! `imgproc timeline`: a trace drawn as text.

use std::path::Path;

use imgproc::pipeline::disk;
use imgproc::report::{Look, drawn, read_trace};

use super::terminal::{Problem, Terminal};

/// Columns where stdout is no terminal and nothing says how wide it is.
const USUAL_COLUMNS: usize = 100;

/// The drawing of a trace.
///
/// # Errors
/// Where the file can't be read, or is no trace.
pub fn drawing(trace: &Path, width: Option<usize>, terminal: Terminal) -> Result<String, Problem> {
    let failed = |what: &str, why: String| Problem::new(format!("can't {what} {}: {why}", trace.display()));
    let text = disk::read_text(trace).map_err(|e| failed("read", e.to_string()))?;
    let help = "`imgproc --input … --trace FILE.json` writes one";
    let processes = read_trace(&text).map_err(|e| failed("draw", e.to_string()).help(help))?;
    Ok(drawn(&processes, Look { width: width.unwrap_or_else(columns), coloured: terminal.draws_coloured }))
}

fn columns() -> usize {
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).or_else(told).unwrap_or(USUAL_COLUMNS)
}
