//! The command line: every option, its help, and what it may be.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand};
use imgproc::pipeline::Schedule;

use super::batch::BatchArguments;
use super::compare::arguments::{CompareArguments, TRIAL_COMMAND, TrialArguments};
use super::names::{BackendName, ChannelsName, DepthName, FormatName, ScheduleName, When};
use super::sizes;
use super::work::WorkArguments;

/// What is done where no recipe is given: the edges of the image.
pub const DEFAULT_RECIPE: &str = "grayscale,gaussian_blur:1.4,sobel";

const EXAMPLES: &str = "\
Examples:
  imgproc -i photos                               edges of every image in photos, into imgproc-out
  imgproc -i photos -r resize:50% -f jpeg -o small
  imgproc -i 'scans/**/*.tif' -r median:2,equalize --backend gpu
  imgproc -i photos --recursive --resume          what an interrupted run left undone
  imgproc status imgproc-out                      what became of every image
  imgproc ops resize                              one operation in full

Exit status: 0 all done, 1 some images failed, 2 bad usage, 130 interrupted.";

/// Take images through a recipe of computer-vision operations, on the CPU or any GPU.
#[derive(Debug, Parser)]
#[command(
    name = "imgproc",
    version,
    after_help = EXAMPLES,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    max_term_width = 110
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub main: MainArguments,

    /// Colours in messages; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value = "auto", global = true, value_name = "WHEN", help_heading = "Messages")]
    pub color: When,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the operations, show one in full, or show how a GPU would compute a recipe
    Ops {
        /// The operation to show
        name: Option<String>,
        /// The catalogue as a Markdown table
        #[arg(long, conflicts_with = "name")]
        markdown: bool,
        #[command(flatten)]
        plan: PlanArguments,
    },
    /// List the adapters of this machine, and which one each backend would take
    Devices {
        /// One JSON document on stdout
        #[arg(long)]
        json: bool,
        /// Measure each adapter and the CPU anew, for `--backend auto` to choose by
        #[arg(long, conflicts_with = "json")]
        calibrate: bool,
    },
    /// Test every operation on every adapter against the CPU, and tell what slows them
    ///
    /// Exit status: 0 all agree, 1 some do not or there is no adapter.
    Doctor {
        /// One JSON document on stdout
        #[arg(long)]
        json: bool,
    },
    /// Sum up what became of the images of an output directory, from its manifest
    ///
    /// Exit status: 0 all are done and there, 1 some are not, 2 there is no manifest.
    Status {
        /// The output directory
        #[arg(value_name = "DIR", default_value = "imgproc-out")]
        directory: PathBuf,
        /// Read all outputs and compare digests, rather than size and time alone
        #[arg(long)]
        verify: bool,
        /// One JSON document on stdout
        #[arg(long)]
        json: bool,
    },
    /// Draw a trace that --trace wrote as text
    Timeline {
        /// The file; traces of other programs are drawn as far as they go
        trace: PathBuf,
        /// Columns of the drawing; by default those of the terminal
        #[arg(long, value_name = "COLUMNS")]
        width: Option<usize>,
    },
    /// Run a recipe under several schedules and on several backends, and tell what each waits for and gains
    ///
    /// Each run is a process of its own; results are compared and not kept. Exit status: 0 done, 1 results are further apart than the
    /// specification allows.
    Compare(Box<CompareArguments>),
    /// One run of a comparison
    #[command(name = TRIAL_COMMAND, hide = true)]
    CompareTrial(Box<TrialArguments>),
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The passes in which a GPU would compute a recipe, and the bytes that each moves; needs no GPU
    #[arg(long, value_name = "RECIPE", conflicts_with_all = ["name", "markdown"])]
    pub plan: Option<String>,

    /// Of the image that is planned for, px
    #[arg(long, value_name = "WxH", value_parser = sizes::sides, default_value = "1920x1080", requires = "plan")]
    pub size: (u32, u32),

    /// Of that image
    #[arg(long, value_enum, default_value = "rgb", requires = "plan")]
    pub channels: ChannelsName,

    /// Bits of its samples
    #[arg(long, value_enum, default_value = "8", requires = "plan")]
    pub depth: DepthName,

    /// And the shaders of each pass
    #[arg(long, requires = "plan")]
    pub wgsl: bool,
}

#[derive(Debug, Args)]
pub struct MainArguments {
    /// Directories, files or glob patterns (quoted or not: they are expanded here too)
    ///
    /// Files named here are always taken. In a directory, files are taken that have an image's extension or an image's
    /// content; others are counted and passed over, hidden ones not looked at.
    #[arg(short, long, required = true, num_args = 1.., value_name = "PATH", help_heading = "Input and output")]
    pub input: Vec<PathBuf>,

    /// Take directories with all below them; the output keeps the tree
    #[arg(long, help_heading = "Input and output")]
    pub recursive: bool,

    /// Directory of the results, made where it is missing; inputs are never overwritten
    #[arg(short, long, default_value = "imgproc-out", value_name = "DIR", help_heading = "Input and output")]
    pub output: PathBuf,

    /// Format of the results; keep: that of each input, or PNG where it is only read (GIF, PNM)
    #[arg(short, long, value_enum, default_value = "keep", help_heading = "Input and output")]
    pub format: FormatName,

    /// Quality of JPEG, 1 to 100
    #[arg(short, long, default_value_t = 90, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100),
        help_heading = "Input and output")]
    pub quality: u8,

    /// Bits of a sample in the results; by default those of each input, where the format can hold them
    #[arg(long, value_enum, help_heading = "Input and output")]
    pub depth: Option<DepthName>,

    /// Replace results that exist
    #[arg(long, help_heading = "Input and output", conflicts_with = "skip_existing")]
    pub overwrite: bool,

    /// Leave results that exist, and do only the others
    #[arg(long, help_heading = "Input and output")]
    pub skip_existing: bool,

    /// Operations in the order in which they apply, as in `resize:50%,median:2`
    ///
    /// `name`, `name:value` or `name:key=value:key=value`, separated by commas; `imgproc ops` lists them.
    #[arg(short = 'r', long = "ops", value_name = "RECIPE", default_value = DEFAULT_RECIPE, help_heading = "Recipe")]
    pub ops: String,

    /// File with a recipe: the same text, over several lines if need be, with # comments
    #[arg(long, value_name = "FILE", conflicts_with = "ops", help_heading = "Recipe")]
    pub recipe: Option<PathBuf>,

    /// Who computes; auto chooses and says why
    #[arg(short, long, value_enum, default_value = "auto", help_heading = "Work")]
    pub backend: BackendName,

    /// Memory of the device that buffers may take, as in 512M or 2G; larger images are done in tiles [default: 2G]
    #[arg(long, value_name = "BYTES", value_parser = sizes::bytes, help_heading = "Work")]
    pub gpu_memory: Option<u64>,

    /// Who waits for whom
    #[arg(long, value_enum, default_value = "overlapped", help_heading = "Work")]
    pub schedule: ScheduleName,

    #[command(flatten)]
    pub work: WorkArguments,

    #[command(flatten)]
    pub batch: BatchArguments,

    /// Simulate a slow store: each file comes that much later, as in 50ms or 2s
    ///
    /// Results are the same. Under sequential and parallel a worker waits for it; under concurrent and overlapped none does.
    #[arg(long, value_name = "TIME", value_parser = sizes::time, help_heading = "Simulation")]
    pub source_delay: Option<Duration>,

    /// Simulate a narrow line to the store: all files together come at most that fast, as in 20MB/s
    #[arg(long, value_name = "RATE", value_parser = sizes::rate, help_heading = "Simulation")]
    pub source_bandwidth: Option<u64>,

    /// Print `input -> output` for each image and do nothing
    #[arg(long, help_heading = "Messages")]
    pub dry_run: bool,

    /// No progress and no summary, only what failed
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Messages")]
    pub quiet: bool,

    /// The summary, with every image's outcome, as one JSON document on stdout
    #[arg(long, help_heading = "Messages")]
    pub json: bool,

    #[command(flatten)]
    pub drawings: Drawings,
}

/// What may be written about when what ran.
#[derive(Debug, Args)]
pub struct Drawings {
    /// Write what ran when as a page for a browser
    #[arg(long, value_name = "FILE.html", value_parser = extension(&["html", "htm"]), help_heading = "Messages")]
    pub timeline: Option<PathBuf>,

    /// Write what ran when as a trace, which ui.perfetto.dev and `imgproc timeline` draw
    #[arg(long, value_name = "FILE.json", value_parser = extension(&["json"]), help_heading = "Messages")]
    pub trace: Option<PathBuf>,
}

impl Drawings {
    pub fn are_wanted(&self) -> bool {
        self.timeline.is_some() || self.trace.is_some()
    }
}

/// A path that ends so. A slip of the fingers must not write over an image.
pub fn extension(allowed: &'static [&'static str]) -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(move |path| {
        let ends = |e: &&str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(e));
        if allowed.iter().any(ends) { Ok(path) } else { Err(format!("expected a name that ends in .{}", allowed[0])) }
    })
}

impl MainArguments {
    pub fn schedule_name(&self) -> &'static str {
        Schedule::from(self.schedule).name()
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_main_job_needs_no_subcommand() {
        let cli = Cli::try_parse_from(["imgproc", "--input", "a", "b", "--backend", "gpu", "-j", "2"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!((cli.main.input.len(), cli.main.backend, cli.main.work.jobs), (2, BackendName::Gpu, Some(2)));
        assert_eq!((cli.main.ops.as_str(), cli.main.work.max_pixels), (DEFAULT_RECIPE, 268_000_000));
    }

    #[test]
    fn what_excludes_one_another_is_refused() {
        for line in [
            "imgproc -i a --overwrite --skip-existing",
            "imgproc -i a -r invert --recipe f",
            "imgproc -i a -q 0",
            "imgproc -i a -q 101",
            "imgproc -i a -j 0",
            "imgproc -i a --memory lots",
            "imgproc -i a --gpu-memory lots",
            "imgproc -i a --source-delay 50",
            "imgproc -i a --source-bandwidth fast",
            "imgproc ops --size 5x5",
            "imgproc ops sobel --plan invert",
            "imgproc ops --plan invert --size 5",
            "imgproc -i a --resume --overwrite",
            "imgproc -i a --retry-failed --no-manifest",
            "imgproc -i a --max-failures 0",
            "imgproc -i a --max-failures 2 --fail-fast",
            "imgproc --ops invert",
            "imgproc -i a --trace photo.jpg",
            "imgproc -i a --timeline out.json",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }

    #[test]
    fn every_schedule_has_its_name() {
        for name in ScheduleName::value_variants() {
            let text = name.to_possible_value().unwrap();
            assert_eq!(text.get_name(), Schedule::from(*name).name());
        }
    }
}
