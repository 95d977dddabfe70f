//! Options of `imgproc compare`, and those of the process that each of its runs is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use imgproc::compare::{LoadKind, Order, Source};
use imgproc::pipeline::Slowness;

use crate::cli::arguments::{DEFAULT_RECIPE, MainArguments, extension};
use crate::cli::names::{BackendName, DepthName, FormatName, ScheduleName};
use crate::cli::sizes;
use crate::cli::work::WorkArguments;

/// The hidden command that does one run.
pub const TRIAL_COMMAND: &str = "compare-trial";
/// The backend that has no adapter.
const CPU: &str = "cpu";
/// Images that each run does before its time is taken.
const WARM_UP: usize = 4;

#[derive(Debug, Args)]
pub struct CompareArguments {
    /// Directories, files or glob patterns, as for the main job
    #[arg(short, long, required = true, num_args = 1.., value_name = "PATH", help_heading = "Input")]
    pub input: Vec<PathBuf>,

    /// Take directories with all below them
    #[arg(long, help_heading = "Input")]
    pub recursive: bool,

    /// Images of each load, spread over the files; more than there are files take them several times [default: as many as end
    /// within a minute or so]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Input")]
    pub images: Option<u32>,

    /// Operations in the order in which they apply, as for the main job
    #[arg(short = 'r', long = "ops", value_name = "RECIPE", default_value = DEFAULT_RECIPE, help_heading = "Recipe")]
    pub ops: String,

    /// File with a recipe
    #[arg(long, value_name = "FILE", conflicts_with = "ops", help_heading = "Recipe")]
    pub recipe: Option<PathBuf>,

    /// Format of the results, which are not kept
    #[arg(short, long, value_enum, default_value = "keep", help_heading = "Recipe")]
    pub format: FormatName,

    /// Quality of JPEG, 1 to 100
    #[arg(short, long, default_value_t = 90, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100),
        help_heading = "Recipe")]
    pub quality: u8,

    /// Bits of a sample in the results
    #[arg(long, value_enum, help_heading = "Recipe")]
    pub depth: Option<DepthName>,

    /// Backends to compare; one that is not there is told of
    #[arg(long, value_enum, value_delimiter = ',', default_value = "cpu,gpu", help_heading = "What is compared")]
    pub backends: Vec<BackendName>,

    /// Schedules to compare
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "sequential,parallel,concurrent,overlapped",
        help_heading = "What is compared"
    )]
    pub schedules: Vec<ScheduleName>,

    /// waiting: each read is delayed as from a slow store; work: all files are in memory
    #[arg(long, value_enum, value_delimiter = ',', default_value = "waiting,work", help_heading = "What is compared")]
    pub loads: Vec<LoadName>,

    /// How much later each file comes where there is waiting, as in 50ms [default: 50ms, or four times the work of an image]
    #[arg(long, value_name = "TIME", value_parser = sizes::time, help_heading = "What is compared")]
    pub source_delay: Option<Duration>,

    /// How fast all files together come there, as in 20MB/s
    #[arg(long, value_name = "RATE", value_parser = sizes::rate, help_heading = "What is compared")]
    pub source_bandwidth: Option<u64>,

    /// Timed runs of each combination; their median counts
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=99),
        help_heading = "What is compared")]
    pub runs: u16,

    #[command(flatten)]
    pub work: WorkArguments,

    /// Write the whole comparison, timelines and pictures, as a page for a browser
    #[arg(long, visible_alias = "timeline", value_name = "FILE.html", value_parser = extension(&["html", "htm"]),
        help_heading = "Messages")]
    pub report: Option<PathBuf>,

    /// Write what ran when as a trace, which ui.perfetto.dev and `imgproc timeline` draw
    #[arg(long, value_name = "FILE.json", value_parser = extension(&["json"]), help_heading = "Messages")]
    pub trace: Option<PathBuf>,

    /// All figures as one JSON document, into a file or on stdout
    #[arg(long, value_name = "FILE.json", num_args = 0..=1, default_missing_value = "-", help_heading = "Messages")]
    pub json: Option<PathBuf>,

    /// No progress
    #[arg(long, help_heading = "Messages")]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoadName {
    Waiting,
    Work,
}

impl From<LoadName> for LoadKind {
    fn from(name: LoadName) -> LoadKind {
        match name {
            LoadName::Waiting => LoadKind::Waiting,
            LoadName::Work => LoadKind::Work,
        }
    }
}

/// One run of a comparison, in a process of its own.
#[derive(Debug, Args)]
pub struct TrialArguments {
    /// Images to do, over the files as often as it takes
    #[arg(long)]
    pub images: usize,
    /// Read all files into memory before
    #[arg(long)]
    pub held: bool,
    /// Images to do before time is taken
    #[arg(long)]
    pub warm_up: usize,
    #[command(flatten)]
    pub main: MainArguments,
}

impl CompareArguments {
    /// The arguments of the process that does a run: as the main job would be asked, but for which images and from where.
    pub fn of_trial(&self, order: &Order, recipe: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![TRIAL_COMMAND.into()];
        let mut option = |name: &str, value: String| words.push(format!("--{name}={value}").into());
        option("images", order.images.to_string());
        option("warm-up", WARM_UP.to_string());
        option("ops", recipe.to_owned());
        option("backend", order.combination.backend.clone());
        option("schedule", order.combination.schedule.name().into());
        option("format", if order.lossless { named(FormatName::Png) } else { named(self.format) });
        option("quality", self.quality.to_string());
        option("max-pixels", self.work.max_pixels.to_string());
        option("jpeg-decoder", named(self.work.jpeg_decoder));
        let optional = [
            ("depth", self.depth.map(named)),
            ("jobs", self.work.jobs.map(|n| n.to_string())),
            ("in-flight", self.work.in_flight.map(|n| n.to_string())),
            ("memory", self.work.memory.map(|bytes| bytes.to_string())),
            ("adapter", self.work.adapter.clone().filter(|_| order.combination.backend != CPU)),
        ];
        for (name, value) in optional {
            value.into_iter().for_each(|value| option(name, value));
        }
        if let Source::Disk(Slowness { delay, bandwidth }) = order.source {
            option("source-delay", format!("{}us", delay.as_micros()));
            bandwidth.into_iter().for_each(|rate| option("source-bandwidth", rate.to_string()));
        }
        words.extend((order.source == Source::Memory).then(|| "--held".into()));
        words.extend(self.work.exact.then(|| "--exact".into()));
        let path = |name: &str, path: &PathBuf| {
            let mut word = OsString::from(name);
            word.push(path);
            word
        };
        words.push(path("--output=", &order.output));
        words.extend(order.files.iter().map(|file| path("--input=", file)));
        words
    }
}

/// As it is given on the command line.
pub fn named(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use imgproc::compare::Combination;
    use imgproc::pipeline::Schedule;

    use super::*;
    use crate::cli::arguments::{Cli, Command};

    fn parsed(line: &str) -> CompareArguments {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Some(Command::Compare(arguments)) => *arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_trial_is_asked_for_what_was_asked() {
        let arguments = parsed("imgproc compare -i a -q 70 --depth 16 -j 3 --exact --json --source-bandwidth 20MB/s");
        assert_eq!((arguments.backends.len(), arguments.schedules.len(), arguments.loads.len()), (2, 4, 2));
        assert_eq!(arguments.json, Some("-".into()));
        let slowness = Slowness { delay: Duration::from_micros(1500), bandwidth: Some(7) };
        let order = Order {
            combination: Combination { schedule: Schedule::Parallel, backend: "software".into() },
            files: vec!["--input.jpg".into(), "b c.png".into()],
            images: 5,
            source: Source::Disk(slowness),
            lossless: true,
            output: "out".into(),
        };
        let words = [vec!["imgproc".into()], arguments.of_trial(&order, "resize:50%,invert")].concat();
        let Some(Command::CompareTrial(trial)) = Cli::try_parse_from(words).unwrap().command else {
            panic!("another command")
        };
        assert_eq!((trial.images, trial.held, trial.main.quality, trial.main.work.jobs), (5, false, 70, Some(3)));
        assert_eq!((trial.main.input, trial.main.output), (order.files, order.output));
        assert_eq!((trial.main.ops.as_str(), trial.main.work.exact), ("resize:50%,invert", true));
        assert_eq!((trial.main.backend, trial.main.schedule), (BackendName::Software, ScheduleName::Parallel));
        assert_eq!((trial.main.format, trial.main.depth), (FormatName::Png, Some(DepthName::Sixteen)));
        assert_eq!((trial.main.source_delay, trial.main.source_bandwidth), (Some(slowness.delay), Some(7)));
    }
}
