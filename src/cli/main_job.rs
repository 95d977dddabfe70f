//! The main job: a recipe over files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use imgproc::pipeline::disk::{self, ClaimError, Outputs};
use imgproc::pipeline::manifest::{self, Manifest};
use imgproc::pipeline::{
    self, Existing, Halt, Outcome, Plan, PlanError, Report, Request, Restart, Runtime, Settings, Shutdown, Slowness,
    Store,
};
use imgproc::recipe::{Recipe, RecipeError};

use super::arguments::MainArguments;
use super::backend::{Chosen, Occasion, choose};
use super::exit::Exit;
use super::failures::Failures;
use super::progress::Progress;
use super::summary::{self, Setting};
use super::terminal::{Problem, Terminal};
use super::totals::Totals;
use super::{json, log, report, sizes};

/// Images that need no more are done, alone, whatever the budget.
const SMALL_BYTES: u64 = 16 << 20;

/// Files that are open beside those of images: standard streams, the lock, the manifest, signals, devices.
const OTHER_FILES: u64 = 48;
/// One may be read while another is written, and its directory made durable.
const FILES_AN_IMAGE: u64 = 3;

/// Does what was asked, and says how it went.
///
/// # Errors
/// Where it can't be begun.
pub fn run(arguments: &MainArguments, terminal: Terminal) -> Result<Exit, Problem> {
    let is_logging = log::begin(arguments.batch.verbose)?;
    let restart = Restart::of_this_process().map_err(no_way_back)?;
    let mut settings = match &restart {
        Some(restart) => settings_with(arguments, parsed(restart.recipe(), None)?),
        None => settings(arguments)?,
    };
    leave_panics_to_the_summary();
    let speaks = !arguments.quiet && !arguments.json;
    tell_of_crash(restart.as_ref(), speaks, terminal);
    if let Some(note) = fit_open_files(&mut settings).filter(|_| speaks && restart.is_none()) {
        terminal.say(&note);
    }
    let runtime = Runtime::new(settings.jobs, settings.timeout).map_err(|error| {
        let problem = Problem::new(format!("can't start threads: {}", disk::describe(&error)));
        problem.help(
            "`ulimit -n` and `ulimit -u` show how many files and threads there may be; raise them or lower --jobs",
        )
    })?;
    let request = request(arguments);
    let plan = pipeline::plan(&runtime, &request).map_err(refused)?;
    let made_from = manifest::Chosen::of(&settings);
    if arguments.dry_run {
        let plan = treat_existing(plan, &runtime, &request, &made_from, None)?;
        return Ok(show_plan(&plan, arguments, terminal));
    }
    report::have_places(&arguments.drawings)?;
    let say = |text: &str| {
        if speaks {
            terminal.say(text);
        }
    };
    let output = request.output.clone();
    let claim = move || {
        let is_fresh = !disk::exists(&output);
        Outputs::claim(&output).map(|outputs| (is_fresh, outputs.ignores_case(), outputs))
    };
    let claimed = runtime.touch(&request.output, claim).map_err(refused)?;
    let (is_fresh, ignores_case, outputs) = claimed.map_err(not_ours)?;
    let outputs = outputs.durable(arguments.batch.durable);
    if ignores_case {
        plan.check_case().map_err(refused)?;
    }
    let plan = treat_existing(plan, &runtime, &request, &made_from, restart.as_ref())?;
    let images = plan.count();
    let occasion = Occasion { runtime: &runtime, plan: &plan, images, settings: &settings, tell: &say };
    let chosen = choose(arguments, &occasion).inspect_err(|_| {
        if is_fresh {
            outputs.give_up();
        }
    })?;
    outputs.clear_leftovers(plan.directories().iter().map(PathBuf::as_path));
    let mut manifest = None;
    if !arguments.batch.no_manifest {
        let (output, durable) = (&request.output, arguments.batch.durable);
        let begun = match &restart {
            Some(restart) => manifest::Writer::go_on(output, &made_from, restart.beginning(), durable),
            None => manifest::Writer::begin(output, made_from, plan.images(), plan.kept(), durable),
        };
        let writer = begun.map_err(|error| no_manifest(output, &error))?;
        let recipe = settings.recipe.text();
        if let Err(error) = pipeline::survive_crashes(&outputs, &recipe, writer.beginning(), restart.as_ref()) {
            tracing::warn!("a crash in a codec would end the run: {error}");
        }
        manifest = Some(writer);
    }
    chosen.reason.as_deref().into_iter().for_each(say);
    let passed_over = plan.passed_over;
    let backend_name = chosen.backend.name();
    let is_watched = speaks && !is_logging && terminal.is_watched();
    let shutdown = Shutdown::default();
    listen(&runtime, &shutdown, speaks.then_some(terminal))?;
    if restart.as_ref().is_some_and(Restart::is_stopping) {
        shutdown.finish();
    }
    let mut progress = Progress::new(plan.images(), is_watched);
    let mut totals = Totals::new(arguments.json || arguments.drawings.are_wanted(), arguments.quiet);
    let report = work(&runtime, settings, plan, &chosen, outputs, &shutdown, &mut |outcome| {
        progress.finished(outcome);
        totals.add(outcome);
        if let Some(manifest) = &mut manifest {
            manifest.add(outcome);
        }
    });
    progress.clear();
    let report = report?;
    let (schedule, device) = (arguments.schedule_name(), chosen.backend.device_times());
    let remarks = &chosen.backend.remarks();
    let simulated = slowness(arguments);
    let (backend, resumes) = (backend_name.as_str(), manifest.is_some());
    let setting = Setting { backend, schedule, passed_over, device, simulated, remarks, resumes };
    let is_told = tell(&report, &totals, &setting, chosen.reason.as_deref(), arguments, terminal);
    let logged = manifest.map_or(Ok(()), |manifest| manifest.end(&report));
    if let Err(error) = &logged {
        terminal.problem(&no_manifest(&request.output, error));
    }
    let drawn = report::write(&arguments.drawings, || report::document(&report, &totals, &setting, arguments));
    if let Err(problem) = &drawn {
        terminal.problem(problem);
    }
    if report.interrupted || report.left_behind {
        // What hangs, on the disk or on the device, must not keep the user.
        runtime.leave();
        std::mem::forget(chosen);
    }
    let is_well = logged.is_ok() && drawn.is_ok() && is_told;
    Ok(if is_well { exit(&report) } else { exit(&report).max(Exit::SomeFailed) })
}

/// Settles which outputs stay, by what is there and, to resume, by what the manifest says of it.
fn treat_existing(
    plan: Plan,
    runtime: &Runtime,
    request: &Request,
    made_from: &manifest::Chosen,
    restart: Option<&Restart>,
) -> Result<Plan, Problem> {
    let (mut plan, mut existing) = (plan, request.existing);
    if let Some(restart) = restart {
        let gone_on = plan.go_on(restart, &request.output, made_from);
        plan = gone_on.map_err(|error| no_manifest(&request.output, &error))?;
        if !matches!(existing, Existing::Resume(_)) {
            // What was there when the run began is told of in the manifest; what is there beside that, the run wrote.
            existing = Existing::Overwrite;
        }
    }
    if let Existing::Resume(resume) = existing {
        let earlier = Manifest::read(&request.output).map_err(|error| no_manifest(&request.output, &error))?;
        if let Some(earlier) = earlier {
            return Ok(plan.resume(runtime, earlier, &request.output, made_from, resume));
        }
    }
    plan.treat_existing(existing).map_err(refused)
}

fn no_manifest(output: &Path, error: &std::io::Error) -> Problem {
    let path = output.join(manifest::NAME);
    Problem::new(format!("the manifest {} is not complete: {}", path.display(), disk::describe(error)))
        .help("images it does not tell of are done again by --resume; --no-manifest does without one")
}

fn no_way_back(error: std::io::Error) -> Problem {
    Problem::new(format!("can't go on after a crash: {}", disk::describe(&error))).help("--resume does what is left")
}

/// Says why the run goes on in this process.
fn tell_of_crash(restart: Option<&Restart>, speaks: bool, terminal: Terminal) {
    if let Some((path, failure)) = restart.filter(|_| speaks).and_then(Restart::last) {
        terminal.erase_line();
        terminal.say(&format!("{}: {failure}; going on without it", summary::on_one_line(path)));
    }
}

/// Has signals stop the run; `speaker` is told.
fn listen(runtime: &Runtime, shutdown: &Shutdown, speaker: Option<Terminal>) -> Result<(), Problem> {
    let tell = move |halt| {
        pipeline::stop_after_crashes();
        if let Some(terminal) = speaker.filter(|_| halt == Halt::Finish) {
            terminal.say("stopping: images in flight are finished; once more leaves them");
        }
    };
    runtime.stop_on_signals(shutdown, tell).map_err(|e| Problem::new(format!("can't listen for ^C: {e}")))
}

/// Runs the plan.
fn work(
    runtime: &Runtime,
    settings: Settings,
    plan: Plan,
    chosen: &Chosen,
    outputs: Outputs,
    shutdown: &Shutdown,
    observe: &mut dyn FnMut(&Outcome),
) -> Result<Report, Problem> {
    pipeline::run(runtime, settings, plan, chosen.backend.clone(), Arc::new(outputs), shutdown, observe)
        .map_err(|e| Problem::new(format!("can't start workers: {e}")))
}

/// Says how it went, and returns whether that could be said.
fn tell(
    report: &Report,
    totals: &Totals,
    setting: &Setting,
    reason: Option<&str>,
    arguments: &MainArguments,
    terminal: Terminal,
) -> bool {
    let mut is_told = true;
    if arguments.json {
        is_told = terminal.print(&json::document(report, totals, setting, reason));
    } else if arguments.quiet {
        let failures = totals.failures.names();
        if !failures.is_empty() {
            terminal.say(&failures);
        }
    } else {
        terminal.say(&summary::summary(report, totals, setting));
    }
    if let Some(failure) = &report.ended_by {
        let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        terminal.error(&format!("the run ended early: {}{hint}", failure.cause));
    }
    is_told
}

/// A panic of a stage is told as its image's failure; its trace would stand in the middle of everything else. It is printed
/// for those who ask with RUST_BACKTRACE.
pub fn leave_panics_to_the_summary() {
    if std::env::var_os("RUST_BACKTRACE").is_some() {
        return;
    }
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let told = std::thread::current().name().is_some_and(|name| name.starts_with(pipeline::THREAD_PREFIX));
        if !told {
            print(panic);
        }
    }));
}

fn exit(report: &Report) -> Exit {
    if report.interrupted {
        Exit::Interrupted
    } else if report.unfinished + report.tally.failed > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    }
}

/// Prints what would be done.
fn show_plan(plan: &Plan, arguments: &MainArguments, terminal: Terminal) -> Exit {
    let is_told = if arguments.json {
        terminal.print(&json::plan_document(plan))
    } else {
        let lines = plan
            .jobs()
            .map(|job| format!("{} -> {}\n", summary::on_one_line(&job.input), summary::on_one_line(&job.output)));
        let is_told = terminal.print(&lines.collect::<String>());
        let failures = Failures::of(plan.settled()).text();
        if !failures.is_empty() {
            terminal.say(&failures);
        }
        is_told
    };
    let all_well = is_told && plan.settled().all(|outcome| outcome.failure().is_none());
    if all_well { Exit::Done } else { Exit::SomeFailed }
}

fn request(arguments: &MainArguments) -> Request {
    Request {
        inputs: arguments.input.clone(),
        recursive: arguments.recursive,
        output: arguments.output.clone(),
        format: arguments.format.format(),
        existing: match (arguments.overwrite, arguments.skip_existing) {
            (true, _) => Existing::Overwrite,
            (_, true) => Existing::Skip,
            _ => arguments.batch.existing().unwrap_or_default(),
        },
    }
}

/// How images are to be done, by the options.
///
/// # Errors
/// Of the recipe.
pub fn settings(arguments: &MainArguments) -> Result<Settings, Problem> {
    Ok(settings_with(arguments, recipe(&arguments.ops, arguments.recipe.as_deref())?))
}

fn settings_with(arguments: &MainArguments, recipe: Recipe) -> Settings {
    let jobs = arguments.work.workers();
    Settings {
        recipe,
        store: Store::new(slowness(arguments)),
        decode: arguments.work.decode(),
        exact: arguments.work.exact,
        quality: arguments.quality,
        depth: arguments.depth.map(Into::into),
        schedule: arguments.schedule.into(),
        jobs,
        in_flight: arguments.work.in_flight(),
        memory_bytes: arguments.work.memory.unwrap_or_else(sizes::quarter_of_memory),
        most_bytes: arguments.work.memory.unwrap_or_else(sizes::half_of_memory).max(SMALL_BYTES),
        max_file_bytes: arguments.batch.max_file_bytes,
        timeout: arguments.batch.timeout,
        digests: !arguments.batch.no_manifest,
        max_failures: arguments.batch.max_failures(),
        keeps_spans: arguments.drawings.are_wanted(),
    }
}

/// Has as many files in flight as may be open; what is to be said where that are fewer than asked.
pub fn fit_open_files(settings: &mut Settings) -> Option<String> {
    let wanted = settings.in_flight;
    let limit = disk::raise_open_files(OTHER_FILES + FILES_AN_IMAGE * wanted as u64)?;
    let fitting = limit.saturating_sub(OTHER_FILES) / FILES_AN_IMAGE;
    settings.in_flight = wanted.min(usize::try_from(fitting).unwrap_or(usize::MAX)).max(1);
    (settings.in_flight < wanted).then(|| {
        let now = settings.in_flight;
        format!("only {limit} files may be open at once (`ulimit -n`): {now} in flight instead of {wanted}")
    })
}

/// The store that the user wants simulated.
fn slowness(arguments: &MainArguments) -> Slowness {
    Slowness { delay: arguments.source_delay.unwrap_or_default(), bandwidth: arguments.source_bandwidth }
}

/// The recipe that stands in a file, or else that of the command line.
pub fn recipe(ops: &str, file: Option<&Path>) -> Result<Recipe, Problem> {
    let Some(path) = file else { return parsed(ops, None) };
    let text = disk::read_text(path);
    let text = text.map_err(|e| Problem::new(format!("can't read the recipe {}: {e}", path.display())))?;
    parsed(&text, file)
}

/// A recipe that stands in a file, or on the command line.
pub fn parsed(text: &str, file: Option<&Path>) -> Result<Recipe, Problem> {
    Recipe::parse(text).map_err(|error| pointed_out(text, &error, file))
}

/// The line of the recipe that is wrong, with a caret under the place.
fn pointed_out(text: &str, error: &RecipeError, file: Option<&Path>) -> Problem {
    let RecipeError { line, column, message } = error;
    let place = match file {
        Some(path) => format!("{}:{line}:{column}", path.display()),
        None => format!("the recipe, column {column}"),
    };
    let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().replace('\t', " ");
    let caret = " ".repeat(column.saturating_sub(1)) + "^";
    Problem::new(format!("{place}: {message}\n  {shown}\n  {caret}"))
        .help("`imgproc ops` lists the operations, `imgproc ops NAME` shows one in full")
}

pub fn refused(error: PlanError) -> Problem {
    Problem { message: error.to_string(), help: error.help().map(str::to_owned) }
}

fn not_ours(error: ClaimError) -> Problem {
    let help = match error {
        ClaimError::Busy(_) => "wait for it to end, or choose another directory with --output",
        ClaimError::Io(..) => "choose another directory with --output",
    };
    Problem::new(error).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_fault() {
        let error = RecipeError { line: 1, column: 8, message: "no operation sobl".into() };
        let problem = pointed_out("invert,sobl", &error, None);
        assert_eq!(problem.message, "the recipe, column 8: no operation sobl\n  invert,sobl\n         ^");
    }

    #[test]
    fn in_a_file_the_line_is_told() {
        let error = RecipeError { line: 3, column: 1, message: "no operation sobl".into() };
        let problem = pointed_out("# edges\ninvert,\nsobl\n", &error, Some(Path::new("r.txt")));
        assert_eq!(problem.message, "r.txt:3:1: no operation sobl\n  sobl\n  ^");
    }
}
