//! `imgproc compare`: the user's recipe on the user's files over schedules and backends.

pub mod arguments;
mod table;
pub mod trial;

use std::path::{Path, PathBuf};

use imgproc::compare::{self, Combination, Comparison, Reply, Request, Trouble};
use imgproc::pipeline::disk::{self, Scratch};
use imgproc::pipeline::{self, Existing, Halt, Runtime, Shutdown};
use imgproc::recipe::Recipe;
use imgproc::report::document::Document;
use imgproc::report::{html, trace};
use indicatif::{ProgressBar, ProgressStyle};

use super::exit::Exit;
use super::machine::machine;
use super::main_job::{self, refused};
use super::report::{command_line, have_place};
use super::terminal::{Problem, Terminal};
use arguments::{CompareArguments, named};

/// Where `--json` says so, stdout.
const STDOUT: &str = "-";

/// Compares, and tells what came of it.
///
/// # Errors
/// Where nothing can be compared.
pub fn run(arguments: &CompareArguments, terminal: Terminal) -> Result<Exit, Problem> {
    let recipe = main_job::recipe(&arguments.ops, arguments.recipe.as_deref())?;
    for path in [&arguments.report, &arguments.trace, &arguments.json].into_iter().flatten() {
        have_place(path)?;
    }
    let jobs = arguments.work.workers();
    let runtime = Runtime::new(jobs, None).map_err(|e| Problem::new(format!("can't start threads: {e}")))?;
    let files = files(&runtime, arguments)?;
    let request = request(arguments, &recipe, files, jobs);
    let shutdown = Shutdown::default();
    // The first ^C ends the run that is under way, which is of the same terminal.
    runtime.stop_on_signals(&shutdown, |_| {}).map_err(|e| Problem::new(format!("can't listen for ^C: {e}")))?;
    let text = recipe.text();
    let bar = (!arguments.quiet && terminal.is_watched()).then(bar);
    let compared = compare::compare(
        &request,
        &mut |order| {
            let reply = trial::perform(arguments, &text, order);
            if shutdown.halt() == Halt::No { reply } else { Ok(Reply::Stopped) }
        },
        &mut |progress| {
            if let Some(bar) = &bar {
                bar.set_length(progress.total as u64);
                bar.set_position(progress.done as u64);
                bar.set_message(progress.what);
            }
        },
    );
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let comparison = match compared {
        Ok(comparison) => comparison,
        Err(Trouble::Stopped) => return Ok(Exit::Interrupted),
        Err(trouble) => return Err(Problem::new(trouble)),
    };
    let agrees = comparison.agrees;
    let is_told = tell(arguments, &document(arguments, &request, &text, comparison), terminal)?;
    Ok(if agrees && is_told { Exit::Done } else { Exit::SomeFailed })
}

/// The images that the inputs stand for.
fn files(runtime: &Runtime, arguments: &CompareArguments) -> Result<Vec<PathBuf>, Problem> {
    let scratch = Scratch::new().map_err(|e| Problem::new(format!("can't make a directory for results: {e}")))?;
    let request = pipeline::Request {
        inputs: arguments.input.clone(),
        recursive: arguments.recursive,
        output: scratch.path().to_path_buf(),
        // One for all would let names collide that are not used here.
        format: None,
        existing: Existing::Refuse,
    };
    let plan = pipeline::plan(runtime, &request).map_err(refused)?;
    let Some(settled) = plan.settled().next().filter(|_| plan.count() == 0) else {
        return Ok(plan.jobs().map(|job| job.input).collect());
    };
    let cause = settled.failure().map(ToString::to_string).unwrap_or_default();
    Err(Problem::new(format!("none of the images can be read; {}: {cause}", settled.input.display())))
}

fn request(arguments: &CompareArguments, recipe: &Recipe, files: Vec<PathBuf>, jobs: usize) -> Request {
    let schedules = || arguments.schedules.iter().map(|name| (*name).into());
    let backends = arguments.backends.iter().map(|name| named(*name));
    let of_backend =
        |backend: String| schedules().map(move |schedule| Combination { schedule, backend: backend.clone() });
    let mut combinations: Vec<Combination> = Vec::new();
    for combination in backends.flat_map(of_backend) {
        if !combinations.contains(&combination) {
            combinations.push(combination);
        }
    }
    Request {
        files,
        combinations,
        loads: arguments.loads.iter().map(|name| (*name).into()).collect(),
        delay: arguments.source_delay,
        bandwidth: arguments.source_bandwidth,
        images: arguments.images.map(|images| images as usize),
        runs: usize::from(arguments.runs),
        jobs,
        in_flight: arguments.work.in_flight(),
        decode: arguments.work.decode(),
        tolerance: recipe.tolerance(),
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    bar
}

fn document(arguments: &CompareArguments, request: &Request, recipe: &str, comparison: Comparison) -> Document {
    let Comparison { loads, pictures, mut verdict, remarks, backends, .. } = comparison;
    verdict.extend(remarks);
    let settings = [
        ("recipe", recipe.to_owned()),
        ("files", request.files.len().to_string()),
        ("timed runs of each", request.runs.to_string()),
        ("workers", request.jobs.to_string()),
        ("files in flight", request.in_flight.to_string()),
        ("format of results", named(arguments.format)),
    ];
    let mut machine = machine();
    machine.extend(backends.into_iter().filter(|(name, own)| name != own));
    Document {
        format: "imgproc report 1",
        title: recipe.to_owned(),
        verdict,
        loads,
        pictures,
        settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        machine,
        command: command_line(),
    }
}

/// Whether what belongs on stdout could be written there.
fn tell(arguments: &CompareArguments, document: &Document, terminal: Terminal) -> Result<bool, Problem> {
    let json = || serde_json::to_string_pretty(document).map(|text| text + "\n").map_err(Problem::new);
    let on_stdout = arguments.json.as_deref() == Some(Path::new(STDOUT));
    let is_told = terminal.print(&if on_stdout { json()? } else { table::text(document) });
    let write = |path: &PathBuf, text: String| {
        disk::write_text(path, &text).map_err(|e| Problem::new(format!("can't write {}: {e}", path.display())))
    };
    if let Some(path) = arguments.json.as_ref().filter(|_| !on_stdout) {
        write(path, json()?)?;
    }
    if let Some(path) = &arguments.report {
        write(path, html(document))?;
    }
    if let Some(path) = &arguments.trace {
        write(path, trace(document))?;
    }
    Ok(is_told)
}
