//! The command line: what the user asks, and what is said back.

mod arguments;
mod backend;
mod catalogue;
mod compare;
mod devices;
mod doctor;
mod exit;
mod json;
mod machine;
mod main_job;
mod plan;
mod progress;
mod report;
mod sizes;
mod summary;
mod terminal;
mod timeline;
mod totals;

use clap::{CommandFactory, Parser};

use arguments::{Cli, Command};
pub use exit::Exit;
use terminal::{Problem, Terminal};

/// Reads the command line and does what it says.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to tell where stdout or stderr is gone.
            let _ = error.print();
            return if error.exit_code() == 0 { Exit::Done } else { Exit::Usage };
        }
    };
    let terminal = Terminal::new(cli.color);
    if let Err(error) = imgproc::simd::chosen() {
        return refuse(terminal, &Problem::new(error).help("unset it to take the best"));
    }
    let result = match &cli.command {
        None => main_job::run(&cli.main, terminal),
        Some(Command::Ops { plan, .. }) if plan.plan.is_some() => plan::page(plan).map(|text| print(terminal, &text)),
        Some(Command::Ops { name: None, markdown: true, .. }) => Ok(print(terminal, &catalogue::markdown())),
        Some(Command::Ops { name: None, .. }) => Ok(print(terminal, &catalogue::table())),
        Some(Command::Ops { name: Some(name), .. }) => catalogue::page(name).map(|page| print(terminal, &page)),
        Some(Command::Devices { json }) => devices::listing(*json).map(|text| print(terminal, &text)),
        Some(Command::Doctor { json }) => doctor::examination(*json).map(|(text, exit)| {
            terminal.print(&text);
            exit
        }),
        Some(Command::Timeline { trace, width }) => {
            timeline::drawing(trace, *width, terminal).map(|text| print(terminal, &text))
        }
        Some(Command::Compare(arguments)) => compare::run(arguments, terminal),
        Some(Command::CompareTrial(arguments)) => compare::trial::run(arguments, terminal),
        Some(Command::Completions { shell }) => Ok(print(terminal, &completions(*shell))),
    };
    result.unwrap_or_else(|problem| refuse(terminal, &problem))
}

fn print(terminal: Terminal, text: &str) -> Exit {
    terminal.print(text);
    Exit::Done
}

fn refuse(terminal: Terminal, problem: &Problem) -> Exit {
    terminal.problem(problem);
    Exit::Usage
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "imgproc", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
