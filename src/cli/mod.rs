//! The command line: what the user asks, and what is said back.

mod arguments;
mod backend;
mod batch;
#[cfg(feature = "gpu")]
mod calibrate;
mod catalogue;
mod compare;
mod devices;
mod doctor;
mod exit;
mod failures;
mod heap;
mod json;
mod log;
mod machine;
mod main_job;
mod names;
mod plan;
mod progress;
mod report;
mod sizes;
mod status;
mod summary;
mod terminal;
mod timeline;
mod totals;
mod work;

use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};
use imgproc::pipeline::disk;

use arguments::{Cli, Command};
pub use exit::Exit;
use names::When;
use terminal::{Problem, Terminal};

/// Reads the command line and does what it says.
pub fn run() -> Exit {
    heap::return_memory();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(path) = path_as_command(&error) {
                let problem = Problem::new(format!("there is no command {path}"));
                return refuse(
                    Terminal::new(When::Auto),
                    &problem.help(format!("for the images in it: imgproc -i {path}")),
                );
            }
            let is_told = Terminal::new(When::Auto).is_told(error.print());
            return match error.exit_code() {
                0 if is_told => Exit::Done,
                0 => Exit::SomeFailed,
                _ => Exit::Usage,
            };
        }
    };
    let terminal = Terminal::new(cli.color);
    if let Err(error) = imgproc::simd::chosen() {
        return refuse(terminal, &Problem::new(error).help("unset it to take the best"));
    }
    #[cfg(feature = "gpu")]
    if let Err(error) = imgproc::backend::gpu::lowered() {
        return refuse(terminal, &Problem::new(error).help("unset it to take buffers as large as adapters allow"));
    }
    let result = match &cli.command {
        None => main_job::run(&cli.main, terminal),
        Some(Command::Ops { plan, .. }) if plan.plan.is_some() => plan::page(plan).map(|text| print(terminal, &text)),
        Some(Command::Ops { name: None, markdown: true, .. }) => Ok(print(terminal, &catalogue::markdown())),
        Some(Command::Ops { name: None, .. }) => Ok(print(terminal, &catalogue::table())),
        Some(Command::Ops { name: Some(name), .. }) => catalogue::page(name).map(|page| print(terminal, &page)),
        Some(Command::Devices { calibrate: true, .. }) => devices::calibration().map(|text| print(terminal, &text)),
        Some(Command::Devices { json, .. }) => devices::listing(*json).map(|text| print(terminal, &text)),
        Some(Command::Doctor { json }) => doctor::examination(*json).map(|(text, exit)| printed(terminal, &text, exit)),
        Some(Command::Timeline { trace, width }) => {
            timeline::drawing(trace, *width, terminal).map(|text| print(terminal, &text))
        }
        Some(Command::Status { directory, verify, json }) => {
            status::of(directory, *verify, *json).map(|(text, exit)| printed(terminal, &text, exit))
        }
        Some(Command::Compare(arguments)) => compare::run(arguments, terminal),
        Some(Command::CompareTrial(arguments)) => compare::trial::run(arguments, terminal),
        Some(Command::Completions { shell }) => Ok(print(terminal, &completions(*shell))),
    };
    result.unwrap_or_else(|problem| refuse(terminal, &problem))
}

fn print(terminal: Terminal, text: &str) -> Exit {
    printed(terminal, text, Exit::Done)
}

/// The exit of a command whose output is printed, or that of one which could not print it.
fn printed(terminal: Terminal, text: &str, exit: Exit) -> Exit {
    if terminal.print(text) { exit } else { exit.max(Exit::SomeFailed) }
}

fn refuse(terminal: Terminal, problem: &Problem) -> Exit {
    terminal.problem(problem);
    Exit::Usage
}

/// What stands where a command should, and is a file or directory.
fn path_as_command(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let is_path = disk::kind(Path::new(name)).is_ok_and(|kind| kind != disk::Kind::Missing);
    is_path.then(|| name.clone())
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "imgproc", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
