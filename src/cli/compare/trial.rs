//! One run of a comparison, in a process of its own: memory that nobody has used before, threads that no other run has left,
//! and an end that cleans up whatever happens.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use imgproc::compare::{self, Measured, Order, Reply, Trial};
use imgproc::pipeline::{Existing, Request, Runtime, Settings, Store};
use serde::{Deserialize, Serialize};

use super::arguments::{CompareArguments, TrialArguments};
use crate::cli::backend::choose;
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
    let is_told = terminal.print(&serde_json::to_string(&answer).map_err(Problem::new)?);
    Ok(if is_told { Exit::Done } else { Exit::SomeFailed })
}

fn answer(arguments: &TrialArguments) -> Result<Answer, Problem> {
    let main = &arguments.main;
    let settings = main_job::settings(main)?;
    let chosen = match choose(main) {
        Ok(chosen) => chosen,
        Err(problem) => return Ok(Answer::Unavailable(problem.message)),
    };
    main_job::leave_panics_to_the_summary();
    let runtime = Runtime::new(settings.jobs).map_err(|e| Problem::new(format!("can't start threads: {e}")))?;
    let trial = Trial {
        files: &main.input,
        images: arguments.images,
        held: arguments.held,
        warm_up: arguments.warm_up,
        output: &main.output,
        backend: chosen.backend,
        request: &|file: &Path, output: &Path| Request {
            inputs: vec![file.to_path_buf()],
            recursive: false,
            output: output.to_path_buf(),
            format: main.format.format(),
            existing: Existing::Refuse,
        },
        settings: &|store: Store| {
            let settings = main_job::settings(main).map_err(|problem| io::Error::other(problem.message))?;
            Ok(Settings { store, digests: false, ..settings })
        },
        store: settings.store,
    };
    let measured = compare::measure(&runtime, trial).map_err(|e| Problem::new(format!("can't run: {e}")))?;
    Ok(Answer::Measured(Box::new(measured)))
}
