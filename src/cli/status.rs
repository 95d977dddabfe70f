//! `imgproc status`: what became of the images of an output directory.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use imgproc::pipeline::disk::{self, Outputs};
use imgproc::pipeline::manifest::{self, FailureEntry, FileEntry, ImageLine, Manifest, ResultName};
use serde::Serialize;

use super::exit::Exit;
use super::json;
use super::summary::{on_one_line, plural};
use super::terminal::Problem;

/// Images that are listed by name; of more only the number is told.
const LISTED: usize = 10;

#[derive(Serialize)]
struct Status<'a> {
    directory: String,
    recipe: Option<&'a str>,
    /// Seconds since 1970, of the last run.
    begun: Option<f64>,
    finished: Option<f64>,
    state: State,
    done: usize,
    failed: usize,
    /// Left by `--skip-existing`.
    skipped: usize,
    /// That the last run did not come to, or has not yet.
    unfinished: usize,
    /// Outputs that were written and are not there as they were.
    changed: Vec<&'a str>,
    /// From cause to the number of images.
    causes: BTreeMap<String, usize>,
    failures: Vec<Failed<'a>>,
    /// Lines of the manifest that could not be read.
    broken_lines: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// A run is writing there.
    Running,
    Ended,
    Interrupted,
    /// It was killed, or the machine went down.
    Died,
}

#[derive(Serialize)]
struct Failed<'a> {
    input: &'a str,
    #[serde(flatten)]
    failure: &'a FailureEntry,
}

/// The sum in words, or as JSON.
///
/// # Errors
/// Where there is no manifest that can be read.
pub fn of(directory: &Path, verify: bool, as_json: bool) -> Result<(String, Exit), Problem> {
    let unreadable = |what: String| {
        let path = directory.join(manifest::NAME);
        Problem::new(format!("{}: {what}", path.display())).help("name the output directory of a run of imgproc")
    };
    let manifest = Manifest::read(directory).map_err(|error| unreadable(disk::describe(&error)))?;
    let manifest = manifest.ok_or_else(|| unreadable("there is no such file".into()))?;
    let images = manifest.images();
    let status = status(directory, &manifest, &images, verify);
    let is_well = status.failed + status.unfinished + status.changed.len() == 0;
    let text = if as_json { json::to_text(&status) } else { in_words(&status) };
    Ok((text, if is_well { Exit::Done } else { Exit::SomeFailed }))
}

fn status<'a>(directory: &Path, manifest: &'a Manifest, images: &[&'a ImageLine], verify: bool) -> Status<'a> {
    let count = |result| images.iter().filter(|image| image.result == result).count();
    let failed = images.iter().filter_map(|image| Some((&image.input, image.failure.as_ref()?)));
    let failures: Vec<Failed> = failed.map(|(input, failure)| Failed { input: &input.path, failure }).collect();
    let mut causes = BTreeMap::new();
    for Failed { failure, .. } in &failures {
        *causes.entry(format!("{}: {}", failure.stage, failure.cause)).or_default() += 1;
    }
    let changed = images.iter().filter(|image| image.result == ResultName::Done);
    let changed =
        changed.filter_map(|image| image.output.as_ref()).filter(|output| !is_there(directory, output, verify));
    let end = manifest.end.as_ref();
    Status {
        directory: directory.display().to_string(),
        recipe: manifest.last_run.as_ref().map(|run| run.chosen.recipe.as_str()),
        begun: manifest.last_run.as_ref().map(|run| run.begun),
        finished: end.map(|end| end.finished),
        state: match end {
            _ if Outputs::is_claimed(directory) => State::Running,
            Some(end) if end.interrupted => State::Interrupted,
            Some(_) => State::Ended,
            None => State::Died,
        },
        done: count(ResultName::Done),
        failed: failures.len(),
        skipped: count(ResultName::Skipped),
        unfinished: manifest.unfinished(),
        changed: changed.map(|output| output.path.as_str()).collect(),
        causes,
        failures,
        broken_lines: manifest.broken,
    }
}

fn is_there(directory: &Path, output: &FileEntry, verify: bool) -> bool {
    let Some(path) = output.path() else { return false };
    output.stamp().is_some_and(|stamp| disk::matches(&directory.join(path), &stamp, verify))
}

fn in_words(status: &Status) -> String {
    let mut text = format!("{}: {} done", status.directory, plural(status.done, "image"));
    let counts = [
        (status.failed, "failed"),
        (status.skipped, "skipped"),
        (status.unfinished, "not done"),
        (status.changed.len(), "changed or gone since"),
    ];
    // Writing to a string cannot fail.
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, ", {count} {what}");
    }
    let recipe = status.recipe.unwrap_or("?");
    let run = match status.state {
        State::Running => "a run is under way",
        State::Ended => "the last run came to its end",
        State::Interrupted => "the last run was interrupted",
        State::Died => "the last run was killed, or died",
    };
    let _ = writeln!(text, "\n{run}: {recipe}");
    if status.broken_lines > 0 {
        let _ = writeln!(text, "note: {} of the manifest can't be read", plural(status.broken_lines, "line"));
    }
    if status.failed > LISTED {
        for (cause, images) in &status.causes {
            let _ = writeln!(text, "{images:7} failed: {cause}");
        }
    }
    for Failed { input, failure } in status.failures.iter().take(LISTED) {
        let _ = writeln!(text, "failed: {}: {}: {}", on_one_line(Path::new(input)), failure.stage, failure.cause);
    }
    more(&mut text, status.failed, "failed");
    for output in status.changed.iter().take(LISTED) {
        let _ = writeln!(text, "changed or gone: {}", on_one_line(Path::new(output)));
    }
    more(&mut text, status.changed.len(), "changed or are gone");
    if status.unfinished + status.changed.len() > 0 && status.state != State::Running {
        text.push_str("the same command with --resume does what is missing\n");
    }
    text
}

fn more(text: &mut String, count: usize, what: &str) {
    if count > LISTED {
        let _ = writeln!(text, "and {} more {what}; --json lists them all", count - LISTED);
    }
}
