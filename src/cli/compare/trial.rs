//! One run of a comparison, in a process of its own: memory that nobody has used before, threads that no other run has left,
//! and an end that cleans up whatever happens.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use imgproc::compare::{self, Measured, Order, Reply, Trial};
use imgproc::pipeline::{self, Existing, Request, Runtime, Settings, Store};
use serde::{Deserialize, Serialize};

use super::arguments::{CompareArguments, TrialArguments};
use crate::cli::backend::{Occasion, choose};
use crate::cli::exit::Exit;
use crate::cli::main_job;
use crate::cli::terminal::{Problem, Terminal};

/// What the process says on stdout.
#[derive(Serialize, Deserialize)]
enum Answer {
    Measured(Box<Measured>),
    Unavailable(String),
}

/// Starts the process and waits for it.
pub fn perform(arguments: &CompareArguments, recipe: &str, order: &Order) -> Result<Reply, String> {
    let program = std::env::current_exe().map_err(|e| format!("can't find this program: {e}"))?;
    let mut command = Command::new(program);
    command.args(arguments.of_trial(order, recipe)).stdin(Stdio::null());
    let output = command.output().map_err(|e| format!("can't start a run: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("error: ");
        let said = if said.is_empty() { output.status.to_string() } else { said.to_owned() };
        return Err(format!("{} failed: {said}", order.combination.name()));
    }
    match serde_json::from_slice(&output.stdout) {
        Ok(Answer::Measured(measured)) => Ok(Reply::Measured(measured)),
        Ok(Answer::Unavailable(reason)) => Ok(Reply::Unavailable(reason)),
        Err(error) => Err(format!("{} gave no figures: {error}", order.combination.name())),
    }
}

/// Does the run, as that process.
///
/// # Errors
/// Where it can't be begun.
pub fn run(arguments: &TrialArguments, terminal: Terminal) -> Result<Exit, Problem> {
    let answer = answer(arguments)?;
    let text = serde_json::to_string(&answer).map_err(Problem::new)?;
    Ok(if terminal.print(&text) { Exit::Done } else { Exit::SomeFailed })
}

fn answer(arguments: &TrialArguments) -> Result<Answer, Problem> {
    let main = &arguments.main;
    let mut settings = main_job::settings(main)?;
    main_job::fit_open_files(&mut settings);
    let in_flight = settings.in_flight;
    let runtime = Runtime::new(settings.jobs, None).map_err(|e| Problem::new(format!("can't start threads: {e}")))?;
    let request = |inputs: Vec<PathBuf>, output: &Path| Request {
        inputs,
        recursive: false,
        output: output.to_path_buf(),
        format: main.format.format(),
        existing: Existing::Refuse,
    };
    let plan = pipeline::plan(&runtime, &request(main.input.clone(), &main.output)).unwrap_or_default();
    let occasion =
        Occasion { runtime: &runtime, plan: &plan, images: arguments.images, settings: &settings, tell: &|_| () };
    let chosen = match choose(main, &occasion) {
        Ok(chosen) => chosen,
        Err(problem) => return Ok(Answer::Unavailable(problem.message)),
    };
    main_job::leave_panics_to_the_summary();
    let trial = Trial {
        files: &main.input,
        images: arguments.images,
        held: arguments.held,
        warm_up: arguments.warm_up,
        output: &main.output,
        backend: chosen.backend,
        request: &|file: &Path, output: &Path| request(vec![file.to_path_buf()], output),
        settings: &|store: Store| {
            let settings = main_job::settings(main).map_err(|problem| io::Error::other(problem.message))?;
            Ok(Settings { store, in_flight, digests: false, keeps_spans: true, ..settings })
        },
        store: settings.store,
    };
    let measured = compare::measure(&runtime, trial).map_err(|e| Problem::new(format!("can't run: {e}")))?;
    Ok(Answer::Measured(Box::new(measured)))
}
