//! One timed run, and all that is known of it afterwards.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::backend::Backend;
use crate::pipeline::disk::{self, Outputs};
use crate::pipeline::{self, Fate, Outcome, Plan, Report, Runtime, Settings, Shutdown, Store};
use crate::timeline::{DevicePart, DeviceSpan, Span, Stage, Worker};

/// What a run was, as one process tells it to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What the backend calls itself.
    pub backend: String,
    pub wall: Duration,
    pub workers: usize,
    /// Images done.
    pub images: usize,
    /// Numbers of the images that failed, and why.
    pub failures: Vec<(u32, String)>,
    pub bytes_read: u64,
    /// Of the files that were held in memory.
    pub held_bytes: u64,
    /// Image, stage, worker, start and end in ns.
    pub(super) spans: Vec<(u32, u8, i32, u64, u64)>,
    /// Image, part, start and end in ns, of what a device did by its own clock.
    pub(super) device_spans: Vec<(u32, u8, u64, u64)>,
    /// File names of the images by their numbers.
    pub names: Vec<String>,
    /// Resident bytes of the process at the highest.
    pub peak_memory_bytes: Option<u64>,
    /// Threads of the process when half of the images were done.
    pub threads: Option<usize>,
    /// Of all bytes written, in order of the images.
    pub digest: u64,
}

/// A run to be measured.
pub struct Trial<'a> {
    pub files: &'a [PathBuf],
    /// More than there are files take them again from the first.
    pub images: usize,
    /// Whether files are read into memory before.
    pub held: bool,
    /// Images that are done before, to have what is made once out of the way.
    pub warm_up: usize,
    pub output: &'a Path,
    pub backend: Arc<dyn Backend>,
    /// What one file is to become in a directory.
    pub request: &'a dyn Fn(&Path, &Path) -> pipeline::Request,
    /// Settings of the run by where its inputs come from.
    pub settings: &'a dyn Fn(Store) -> io::Result<Settings>,
    /// The slow store to be simulated.
    pub store: Store,
}

const LOADER: i32 = -1;
const DEVICE: i32 = -2;

impl Measured {
    pub fn spans(&self) -> Vec<Span> {
        let worker = |number| match number {
            LOADER => Worker::Loader,
            DEVICE => Worker::Device,
            number => Worker::Cpu(number as u16),
        };
        let stage = |number: u8| Stage::ALL[usize::from(number).min(Stage::ALL.len() - 1)];
        let spans = self.spans.iter().map(|&(image, s, w, start, end)| Span {
            image,
            stage: stage(s),
            worker: worker(w),
            start: Duration::from_nanos(start),
            end: Duration::from_nanos(end),
        });
        spans.collect()
    }

    pub fn device_spans(&self) -> Vec<DeviceSpan> {
        let part = |number: u8| DevicePart::ALL[usize::from(number).min(DevicePart::ALL.len() - 1)];
        let spans = self.device_spans.iter().map(|&(image, number, start, end)| DeviceSpan {
            image,
            part: part(number),
            start: Duration::from_nanos(start),
            end: Duration::from_nanos(end),
        });
        spans.collect()
    }

    pub fn with_device_spans(self, spans: &[DeviceSpan]) -> Measured {
        let nanos = |time: Duration| time.as_nanos() as u64;
        let device_spans = spans.iter().map(|s| (s.image, s.part as u8, nanos(s.start), nanos(s.end))).collect();
        Measured { device_spans, ..self }
    }

    pub fn with_spans(self, spans: &[Span]) -> Measured {
        let worker = |worker| match worker {
            Worker::Loader => LOADER,
            Worker::Device => DEVICE,
            Worker::Cpu(number) => i32::from(number),
        };
        let nanos = |time: Duration| time.as_nanos() as u64;
        let spans = spans.iter().map(|s| (s.image, s.stage as u8, worker(s.worker), nanos(s.start), nanos(s.end)));
        Measured { spans: spans.collect(), ..self }
    }
}

/// Runs the trial.
///
/// # Errors
/// Where files can't be held in memory, or threads and the output directory not be had.
pub fn measure(runtime: &Runtime, trial: Trial) -> io::Result<Measured> {
    let mut store = trial.store.clone();
    if trial.held {
        store.hold(trial.files.iter().map(PathBuf::as_path))?;
    }
    let warm_up = trial.output.join("warm-up");
    let first = trial.warm_up.min(trial.images);
    run(runtime, &trial, first, Store::default(), &warm_up, &mut |_| {})?;
    let output = trial.output.join("results");
    let held_bytes = store.held_bytes();
    let (mut seen, mut threads) = (0, None);
    let mut outcomes = Outcomes::default();
    let report = run(runtime, &trial, trial.images, store, &output, &mut |outcome| {
        outcomes.add(outcome);
        seen += 1;
        if seen == trial.images.div_ceil(2) {
            threads = status("Threads").map(|count| count as usize);
        }
    })?;
    outcomes.sort();
    let peak_memory_bytes = status("VmHWM").map(|kib| kib * 1024);
    let measured = Measured {
        backend: trial.backend.name(),
        wall: report.wall,
        workers: report.workers,
        images: report.tally.done,
        bytes_read: outcomes.bytes_read,
        held_bytes,
        names: (0..trial.images).map(|i| name(trial.files, i)).collect(),
        peak_memory_bytes,
        threads,
        digest: digest(outcomes.written.iter().map(|(_, path)| path.as_path()))?,
        failures: outcomes.failures,
        ..Measured::default()
    };
    Ok(measured.with_spans(&report.spans).with_device_spans(&report.device_spans))
}

/// Name of the file of an image, with its turn where the file is taken several times.
fn name(files: &[PathBuf], index: usize) -> String {
    let name = files[index % files.len()].file_name().unwrap_or_default().to_string_lossy().into_owned();
    match index / files.len() {
        0 => name,
        turn => format!("{name} ({})", turn + 1),
    }
}

fn run(
    runtime: &Runtime,
    trial: &Trial,
    images: usize,
    store: Store,
    output: &Path,
    observe: &mut dyn FnMut(&Outcome),
) -> io::Result<Report> {
    let outputs = Arc::new(Outputs::claim(output).map_err(io::Error::other)?);
    let plan = jobs(runtime, trial, images, output)?;
    let settings = (trial.settings)(store)?;
    pipeline::run(runtime, settings, plan, trial.backend.clone(), outputs, &Shutdown::default(), observe)
}

/// The jobs of the files, each planned alone: outputs are numbered, so that no two of them can be of one name.
fn jobs(runtime: &Runtime, trial: &Trial, images: usize, output: &Path) -> io::Result<Plan> {
    let mut known: Vec<Plan> = Vec::new();
    for file in trial.files.iter().take(images) {
        let request = (trial.request)(file, output);
        known.push(pipeline::plan(runtime, &request).map_err(io::Error::other)?);
    }
    Ok(Plan::numbered(&known, images, output))
}

/// What became of the images, by their numbers.
#[derive(Default)]
struct Outcomes {
    failures: Vec<(u32, String)>,
    written: Vec<(u32, PathBuf)>,
    bytes_read: u64,
}

impl Outcomes {
    fn add(&mut self, outcome: &Outcome) {
        match &outcome.fate {
            Fate::Failed(failure) => self.failures.push((outcome.index, failure.to_string())),
            Fate::Done(done) => {
                self.bytes_read += done.bytes_read;
                self.written.extend(outcome.output.clone().map(|output| (outcome.index, output)));
            }
            Fate::Skipped => {}
        }
    }

    fn sort(&mut self) {
        self.failures.sort();
        self.written.sort();
    }
}

/// Of the bytes of files, one after another.
fn digest<'a>(mut paths: impl Iterator<Item = &'a Path>) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    paths.try_for_each(|path| disk::read_whole(path).map(|bytes| bytes.hash(&mut hasher)))?;
    Ok(hasher.finish())
}

/// A number that Linux tells of this process; none elsewhere.
fn status(field: &str) -> Option<u64> {
    let text = disk::read_text(Path::new("/proc/self/status")).ok()?;
    number(&text, field)
}

fn number(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_numbers_by_name() {
        let status = "Name:\timgproc\nVmPeak:\t  999 kB\nVmHWM:\t   4321 kB\nThreads:\t21\n";
        assert_eq!((number(status, "VmHWM"), number(status, "Threads")), (Some(4321), Some(21)));
        assert_eq!((number(status, "VmH"), number(status, "Name")), (None, None));
    }

    #[test]
    fn spans_come_over_whole() {
        let time = Duration::from_nanos;
        let span = |worker| Span { image: 7, stage: Stage::Encode, worker, start: time(1234), end: time(99_999) };
        let spans = [Worker::Loader, Worker::Device, Worker::Cpu(0), Worker::Cpu(513)].map(span);
        let on_device = DevicePart::ALL.map(|part| DeviceSpan { image: 3, part, start: time(5), end: time(6) });
        let measured = Measured::default().with_spans(&spans).with_device_spans(&on_device);
        let told = serde_json::from_str::<Measured>(&serde_json::to_string(&measured).unwrap()).unwrap();
        assert_eq!((told.spans(), told.device_spans()), (spans.to_vec(), on_device.to_vec()));
    }

    #[test]
    fn a_file_that_comes_again_is_told_apart() {
        let files = ["a/x.png", "b/y.jpg"].map(PathBuf::from);
        assert_eq!([0, 1, 2, 5].map(|i| name(&files, i)), ["x.png", "y.jpg", "x.png (2)", "y.jpg (3)"]);
    }
}
