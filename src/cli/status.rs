//! `imgproc status`: what became of the images of an output directory.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use imgproc::pipeline::disk::{self, Outputs};
use imgproc::pipeline::manifest::{self, FailureEntry, FileEntry, Manifest, ResultName};
use serde::Serialize;

use super::exit::Exit;
use super::json;
use super::summary::{on_one_line, plural};
use super::terminal::Problem;

/// Images that are listed by name; of more only the number is told.
const LISTED: usize = 10;

#[derive(Serialize)]
struct Status {
    directory: String,
    recipe: Option<String>,
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
    changed: Vec<String>,
    /// From cause to the number of images.
    causes: BTreeMap<String, usize>,
    failures: Vec<Failed>,
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
struct Failed {
    input: String,
    #[serde(flatten)]
    failure: FailureEntry,
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
    let status = status(directory, &manifest, verify);
    let is_well = status.failed + status.unfinished + status.changed.len() == 0;
    let text = if as_json { json::to_text(&status) } else { in_words(&status) };
    Ok((text, if is_well { Exit::Done } else { Exit::SomeFailed }))
}

fn status(directory: &Path, manifest: &Manifest, verify: bool) -> Status {
    let (mut done, mut skipped) = (0, 0);
    let (mut failures, mut changed, mut causes) = (Vec::new(), Vec::new(), BTreeMap::new());
    for image in manifest.images() {
        done += usize::from(image.result == ResultName::Done);
        skipped += usize::from(image.result == ResultName::Skipped);
        if let Some(failure) = image.failure {
            *causes.entry(format!("{}: {}", failure.stage, failure.cause)).or_default() += 1;
            failures.push(Failed { input: image.input.path, failure });
        }
        let output = image.output.filter(|_| image.result == ResultName::Done);
        changed.extend(output.filter(|output| !is_there(directory, output, verify)).map(|output| output.path));
    }
    failures.sort_by(|a, b| a.input.cmp(&b.input));
    changed.sort();
    let end = manifest.end.as_ref();
    Status {
        directory: directory.display().to_string(),
        recipe: manifest.last_run.as_ref().map(|run| run.chosen.recipe.clone()),
        begun: manifest.last_run.as_ref().map(|run| run.begun),
        finished: end.map(|end| end.finished),
        state: match end {
            _ if Outputs::is_claimed(directory) => State::Running,
            Some(end) if end.interrupted => State::Interrupted,
            Some(_) => State::Ended,
            None => State::Died,
        },
        done,
        failed: failures.len(),
        skipped,
        unfinished: manifest.unfinished(),
        changed,
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
    let recipe = status.recipe.as_deref().unwrap_or("?");
    let run = match status.state {
        State::Running => "a run is under way",
        State::Ended if status.unfinished > 0 => "the last run ended early",
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
