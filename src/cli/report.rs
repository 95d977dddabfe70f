//! What `--timeline` and `--trace` write.

use std::path::Path;

use imgproc::pipeline::{self, disk};
use imgproc::report::document::{Document, Load, Run, RunFigures, Timeline};
use imgproc::report::{html, trace};

use super::arguments::{Drawings, MainArguments};
use super::machine::machine;
use super::summary::{Setting, plural};
use super::terminal::Problem;
use super::totals::Totals;

/// Whether the files can be written, learned before the work begins.
///
/// # Errors
/// Where the directory of one is missing.
pub fn have_places(drawings: &Drawings) -> Result<(), Problem> {
    [&drawings.timeline, &drawings.trace].into_iter().flatten().try_for_each(|path| have_place(path))
}

/// Whether a file can be written.
///
/// # Errors
/// Where its directory is missing.
pub fn have_place(path: &Path) -> Result<(), Problem> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if matches!(disk::kind(directory), Ok(disk::Kind::Directory)) {
        return Ok(());
    }
    let (path, directory) = (path.display(), directory.display());
    Err(Problem::new(format!("can't write {path}: there is no directory {directory}")))
}

/// Writes what was asked for.
///
/// # Errors
/// Where a file can't be written.
pub fn write(drawings: &Drawings, document: impl FnOnce() -> Document) -> Result<(), Problem> {
    if !drawings.are_wanted() {
        return Ok(());
    }
    let document = document();
    let write = |path: &Path, text: String| {
        disk::write_text(path, &text).map_err(|e| Problem::new(format!("can't write {}: {e}", path.display())))
    };
    if let Some(path) = &drawings.timeline {
        write(path, html(&document))?;
    }
    if let Some(path) = &drawings.trace {
        write(path, trace(&document))?;
    }
    Ok(())
}

/// The report of a run of the main job.
pub fn document(report: &pipeline::Report, totals: &Totals, setting: &Setting, arguments: &MainArguments) -> Document {
    let done = report.tally.done;
    let device = &report.device_spans;
    let recorded = done - report.before.done;
    let figures = RunFigures::of(&report.spans, report.wall, report.workers, recorded).with_device(device);
    let timeline = Timeline::of(&report.spans, report.wall, report.workers, names(report, totals)).with_device(device);
    let failed = match report.tally.failed {
        0 => String::new(),
        failed => format!(", {failed} failed,"),
    };
    let wall_secs = report.took().as_secs_f64();
    let (images, verdict) = (plural(done, "image"), figures.verdict.clone());
    let run = Run {
        schedule: setting.schedule.into(),
        backend: setting.backend.into(),
        figures: Some(figures),
        timeline: Some(timeline),
        ..Run::default()
    };
    let about = format!("{}, {}, {}", recipe(arguments), setting.schedule, plural(report.workers, "worker"));
    let load = Load { name: "run".into(), about, images: done, runs: vec![run], ..Load::default() };
    Document {
        format: "imgproc report 1",
        title: format!("{images}{failed} in {wall_secs:.2} s"),
        verdict: vec![verdict],
        loads: vec![load],
        pictures: Vec::new(),
        settings: settings(report, setting, arguments),
        machine: machine(),
        command: command_line(),
    }
}

/// The images' names by the numbers that spans give them.
fn names(report: &pipeline::Report, totals: &Totals) -> Vec<String> {
    let count = report.spans.iter().map(|span| span.image as usize + 1).max().unwrap_or(0);
    let mut names = vec![String::new(); count];
    for outcome in totals.outcomes() {
        if let Some(name) = names.get_mut(outcome.index as usize) {
            *name = outcome.input.to_string_lossy().into_owned();
        }
    }
    names
}

/// The recipe, or where it stands.
fn recipe(arguments: &MainArguments) -> String {
    match &arguments.recipe {
        Some(file) => format!("recipe of {}", file.display()),
        None => arguments.ops.clone(),
    }
}

fn settings(report: &pipeline::Report, setting: &Setting, arguments: &MainArguments) -> Vec<(String, String)> {
    let rows = [
        ("recipe", recipe(arguments)),
        ("backend", setting.backend.to_owned()),
        ("schedule", setting.schedule.to_owned()),
        ("workers", report.workers.to_string()),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The command line of this process, as a POSIX shell would take it.
pub fn command_line() -> String {
    let mut words = std::env::args_os().map(|word| quoted(&word.to_string_lossy()));
    let program = words.next().map(|_| "imgproc".to_owned());
    program.into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,%+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_take_them_apart() {
        assert_eq!(quoted("resize:50%,median:2"), "resize:50%,median:2");
        assert_eq!([quoted("*.png"), quoted("it's"), quoted("")], ["'*.png'", "'it'\\''s'", "''"]);
    }
}
