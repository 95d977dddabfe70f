//! What a report shows, as plain data: whoever measures fills it in, whoever draws reads nothing else. It is the JSON inside
//! the HTML report, and what `compare --json` prints.

use serde::Serialize;

/// A report: one of `compare` has several loads of several runs, one of the main job a single run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Document {
    /// `imgproc report 1`; the number grows when a field changes its meaning or goes.
    pub format: &'static str,
    /// One line for the head of the page.
    pub title: String,
    /// What it comes down to, in sentences computed from the figures; the most important one first.
    pub verdict: Vec<String>,
    pub loads: Vec<Load>,
    pub pictures: Vec<Picture>,
    /// Settings of the runs by name, in the order in which they should be read.
    pub settings: Vec<(String, String)>,
    /// Of the machine: processor, cores, memory, system, adapters; by name, in that order.
    pub machine: Vec<(String, String)>,
    /// The command line that repeats it.
    pub command: String,
}

/// Runs over the same files in the same way, told apart by schedule and backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// `waiting-bound`, `work-bound`; for the main job, `run`.
    pub name: String,
    /// What makes it so, in one line: "each of 120 reads delayed by 50 ms".
    pub about: String,
    pub images: usize,
    pub runs: Vec<Run>,
    /// What the figures say, in sentences computed from them.
    pub lessons: Vec<String>,
    /// None where it wasn't measured, as in the main job.
    pub limit: Option<Limit>,
}

/// All runs of one schedule on one backend; or why there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Run {
    pub schedule: String,
    /// `cpu`, `gpu`, `software`.
    pub backend: String,
    /// Why it can't run here; then the rest is empty.
    pub unavailable: Option<String>,
    pub figures: Option<RunFigures>,
    /// Against the outputs of the first run of the load; none for that one.
    pub pixels: Option<Pixels>,
    /// Of the median run.
    pub timeline: Option<Timeline>,
}

/// Medians over the repeated runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunFigures {
    /// Of each repetition, in order.
    pub seconds: Vec<f64>,
    pub images_per_second: f64,
    /// Over `sequential` on the same backend (on the first that has it, where this backend has none); none where that did not run.
    pub speedup: Option<f64>,
    /// Whether the difference to the row above is within the spread of the repetitions.
    pub within_noise: bool,
    /// Share of the wall time in which no worker and no device worked, 0 to 1.
    pub waiting: f64,
    /// Share of the wall time in which some did, 0 to 1.
    pub working: f64,
    /// Workers at work at a time, on average.
    pub cores_busy: f64,
    /// Share of the wall time in which the device had an image, 0 to 1; none without one.
    pub device_busy: Option<f64>,
    /// Threads of the process in the middle of a run; none where the system doesn't tell.
    pub threads: Option<usize>,
    /// Resident bytes at the highest; none where the system doesn't tell.
    pub peak_memory_bytes: Option<u64>,
    /// `bound by …`.
    pub verdict: String,
    pub stages: Vec<StageSeconds>,
}

/// A stage summed over the images.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StageSeconds {
    /// `read`, `decode`, `compute`, `encode`, `write`; on a device also `upload`, `kernels`, `readback`.
    pub stage: &'static str,
    pub worked: f64,
    /// Time of images between the stage before and this one.
    pub waited: f64,
}

/// How far the outputs of two runs are apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pixels {
    /// The run that these are compared with: `sequential, cpu`.
    pub against: String,
    /// Samples compared.
    pub samples: u64,
    /// Largest difference, in levels of an 8-bit sample.
    pub largest: f64,
    /// Share of samples that differ at all, 0 to 1.
    pub differing: f64,
    /// dB, over all images; none where nothing differs.
    pub psnr: Option<f64>,
    /// Of the image that is least alike, up to 1.
    pub ssim: f64,
    /// Largest difference that the specification allows the recipe, in levels.
    pub tolerance: f64,
}

/// Seconds that one worker takes for one thing alone, over all files of the load.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Limit {
    pub read: f64,
    pub decode: f64,
    pub compute: f64,
    pub encode: f64,
    /// The shortest wall time that perfect overlap on these cores could reach: the largest of them, the work divided by the cores.
    pub floor: f64,
    /// What it is that takes so long: `reading`, `decoding`, …
    pub bound_by: String,
    /// Wall time of the best run over `floor`, at least about 1.
    pub best_over_floor: f64,
}

/// What ran when, in one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    pub wall_seconds: f64,
    /// Names of the lanes from top to bottom: `files`, `worker 0`, …, `device`, `device: kernels`, …
    pub lanes: Vec<Lane>,
    /// File names of the images that spans speak of.
    pub images: Vec<String>,
    pub spans: Vec<Bar>,
    /// How many spans there were before thinning.
    pub recorded: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lane {
    pub name: String,
    /// `files`, `worker`, `device`.
    pub kind: &'static str,
}

/// A span as it is drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bar {
    /// Index into `images`.
    pub image: u32,
    /// Index into `lanes`.
    pub lane: u16,
    pub stage: &'static str,
    /// µs since the start of the run.
    pub start: u64,
    /// µs since the start of the run.
    pub end: u64,
    /// How many more spans of the stage thinning put into this one, which lasts as long as all of them together.
    pub merged: u32,
}

/// One image before and after, for the slider and the difference view.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Picture {
    /// Its file's name.
    pub name: String,
    /// `data:` URI, at most 640 px a side.
    pub before: String,
    /// By each run whose outputs differ, and by the first.
    pub after: Vec<After>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct After {
    /// `sequential, cpu`.
    pub run: String,
    /// `data:` URI.
    pub image: String,
    /// `data:` URI: absolute difference to the first run, brightened; none for that one.
    pub difference: Option<String>,
    /// What the difference was multiplied by.
    pub gain: f64,
}
