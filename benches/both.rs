//! What sharing images between the CPU and a device gains where the device takes none of the CPU's cores: two sides that only
//! wait, each as long for an image as it is told, under the schedule of real runs.
//!
//!     cargo bench --bench both
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the rules on clock, disk and output are the program's"
)]

mod picture;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use anyhow::Result;
use imgproc::backend::both::Both;
use imgproc::backend::cpu::CpuBackend;
use imgproc::backend::{Backend, Done, Task};
use imgproc::codec::{self, DecodeOptions, EncodeOptions, Format, JpegDecoder};
use imgproc::pipeline::disk::Outputs;
use imgproc::pipeline::{self, Existing, Outcome, Request, Runtime, Schedule, Settings, Shutdown, Store};
use imgproc::recipe::Recipe;

const FILES: usize = 120;
const WORKERS: usize = 2;
/// That the CPU takes for an image on one worker.
const EACH: Duration = Duration::from_millis(20);

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bytes = codec::encode(&picture::drawn(64, 64, 3), &EncodeOptions { format: Format::Bmp, quality: 90 })?;
    for number in 0..FILES {
        std::fs::write(folder.path().join(format!("{number}.bmp")), &bytes)?;
    }
    println!("| device over CPU | CPU, s | device, s | both, s | at best, s | both over the better |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for speed in [0.2, 0.33, 0.5, 1.0, 2.0, 3.0, 5.0] {
        let device_each = EACH.div_f64(speed * WORKERS as f64);
        let seconds = |backend: Arc<dyn Backend>| run(backend, folder.path());
        let cpu = seconds(Arc::new(Here))?;
        let device = seconds(Arc::new(Device::new(device_each)))?;
        let both = seconds(Arc::new(Both::new(Arc::new(Here), Arc::new(Device::new(device_each)))))?;
        let best = FILES as f64 * EACH.as_secs_f64() / WORKERS as f64 / (1.0 + speed);
        println!("| {speed} | {cpu:.2} | {device:.2} | {both:.2} | {best:.2} | {:.2} |", both / cpu.min(device));
    }
    Ok(())
}

/// Waits where it is called.
struct Here;

impl Backend for Here {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn computes_here(&self) -> bool {
        true
    }

    fn depth(&self) -> usize {
        1
    }

    fn submit(&self, task: Task, done: Done) {
        std::thread::sleep(EACH);
        CpuBackend.submit(task, done);
    }
}

/// Waits on a thread of its own, for one image after another.
struct Device(Sender<(Task, Done)>);

impl Device {
    fn new(each: Duration) -> Device {
        let (sender, receiver) = channel::<(Task, Done)>();
        std::thread::spawn(move || {
            for (task, done) in receiver {
                std::thread::sleep(each);
                CpuBackend.submit(task, done);
            }
        });
        Device(sender)
    }
}

impl Backend for Device {
    fn name(&self) -> String {
        "device".into()
    }

    fn computes_here(&self) -> bool {
        false
    }

    fn depth(&self) -> usize {
        4
    }

    fn submit(&self, task: Task, done: Done) {
        // The thread lives as long as this.
        drop(self.0.send((task, done)));
    }
}

/// Seconds of a run over the folder.
fn run(backend: Arc<dyn Backend>, input: &Path) -> Result<f64> {
    let settings = Settings {
        recipe: Recipe::parse("invert")?,
        decode: DecodeOptions { max_pixels: u64::MAX, jpeg: JpegDecoder::Turbo },
        store: Store::default(),
        exact: false,
        quality: 85,
        depth: None,
        schedule: Schedule::Overlapped,
        jobs: WORKERS,
        in_flight: 16,
        memory_bytes: 1 << 30,
        most_bytes: u64::MAX,
        max_file_bytes: None,
        timeout: None,
        digests: false,
        keeps_spans: false,
        max_failures: Some(1),
    };
    let output = tempfile::tempdir()?;
    let runtime = Runtime::new(settings.jobs, None)?;
    let request = Request {
        inputs: vec![input.to_path_buf()],
        recursive: false,
        output: output.path().to_path_buf(),
        format: Some(Format::Bmp),
        existing: Existing::Overwrite,
    };
    let plan = pipeline::plan(&runtime, &request)?;
    let outputs = Arc::new(Outputs::claim(output.path())?);
    let mut failure = None;
    let observe = &mut |outcome: &Outcome| failure = failure.take().or_else(|| outcome.failure().cloned());
    let report = pipeline::run(&runtime, settings, plan, backend, outputs, &Shutdown::default(), observe)?;
    if let Some(failure) = failure {
        anyhow::bail!("{failure}");
    }
    Ok(report.wall.as_secs_f64())
}
