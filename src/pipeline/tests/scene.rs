//! Backends that misbehave, or keep count, and directories to run them over.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::backend::cpu::CpuBackend;
use crate::backend::{Backend, BackendError, Computed, DeviceTimes, Done as Answer, Task};
use crate::codec::{self, EncodeOptions, Format, JpegDecoder};
use crate::image::{Image, Layout, Samples};
use crate::pipeline::*;

/// What a fake device does with its n-th image.
pub type Manner = fn(usize) -> Act;

#[derive(Clone, Copy)]
pub enum Act {
    Compute,
    Fail,
    Die,
    /// Drops the callback unanswered.
    Forget,
    Panic,
    /// Never answers.
    Hang,
    /// Blocks for that long before it takes the image.
    Block(Duration),
}

/// A device with a thread of its own, as the GPU has; or, where it computes here, a CPU.
pub struct Fake {
    manner: Manner,
    here: bool,
    begun: AtomicUsize,
    at_once: Arc<AtomicUsize>,
    pub most_at_once: AtomicUsize,
    queue: std::sync::Mutex<mpsc::Sender<(Task, Answer)>>,
}

pub const DEVICE_DEPTH: usize = 2;

impl Fake {
    pub fn new(here: bool, manner: Manner) -> Fake {
        let (sender, receiver) = mpsc::channel::<(Task, Answer)>();
        let at_once = Arc::new(AtomicUsize::new(0));
        let counted = at_once.clone();
        std::thread::spawn(move || {
            for (task, answer) in receiver {
                std::thread::sleep(Duration::from_millis(2));
                let result = CpuBackend.compute(task);
                counted.fetch_sub(1, Ordering::SeqCst);
                answer(result.map(|image| Computed { image, device: Some(DeviceTimes::default()) }));
            }
        });
        let (begun, most_at_once) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Fake { manner, here, begun, at_once, most_at_once, queue: std::sync::Mutex::new(sender) }
    }
}

impl Backend for Fake {
    fn name(&self) -> String {
        "fake".into()
    }

    fn computes_here(&self) -> bool {
        self.here
    }

    fn depth(&self) -> usize {
        DEVICE_DEPTH
    }

    fn submit(&self, task: Task, answer: Answer) {
        let mut act = (self.manner)(self.begun.fetch_add(1, Ordering::SeqCst));
        if let Act::Block(time) = act {
            std::thread::sleep(time);
            act = Act::Compute;
        }
        match act {
            Act::Compute if self.here => CpuBackend.submit(task, answer),
            Act::Compute | Act::Block(_) => {
                let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
                self.most_at_once.fetch_max(now, Ordering::SeqCst);
                self.queue.lock().unwrap().send((task, answer)).unwrap();
            }
            Act::Fail => answer(Err(BackendError::Image("too large".into()))),
            Act::Die => answer(Err(BackendError::Device("the device is gone".into()))),
            Act::Forget => drop(answer),
            Act::Panic => panic!("a bad kernel"),
            Act::Hang => std::mem::forget(answer),
        }
    }
}

/// What a run did, and what became of its images in their order.
pub struct Ran {
    pub report: Report,
    pub outcomes: Vec<Outcome>,
}

impl std::ops::Deref for Ran {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.report
    }
}

/// A directory `in` with images, and a run over it into `out`.
pub struct Scene {
    pub directory: tempfile::TempDir,
    pub settings: Settings,
}

impl Scene {
    pub fn new(images: usize, schedule: Schedule) -> Scene {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("in")).unwrap();
        let scene = Scene { directory, settings: settings(schedule) };
        for i in 0..images {
            scene.put(&format!("{i:02}.png"), &image(None));
        }
        scene
    }

    pub fn put(&self, name: &str, image: &Image) {
        let bytes = codec::encode(image, &EncodeOptions { format: Format::Png, quality: 90 }).unwrap();
        fs::write(self.directory.path().join("in").join(name), bytes).unwrap();
    }

    pub fn output(&self, name: &str) -> Image {
        let bytes = fs::read(self.directory.path().join("out").join(name)).unwrap();
        codec::decode(&bytes, &self.settings.decode).unwrap()
    }

    pub fn run(&self, backend: Arc<dyn Backend>, shutdown: &Shutdown) -> Ran {
        self.run_after(|| {}, backend, shutdown)
    }

    /// A run before whose start, but after whose planning, something happens.
    pub fn run_after(&self, happens: impl FnOnce(), backend: Arc<dyn Backend>, shutdown: &Shutdown) -> Ran {
        let root = self.directory.path();
        let request = Request {
            inputs: vec![root.join("in")],
            recursive: false,
            output: root.join("out"),
            format: None,
            existing: Existing::Refuse,
        };
        let runtime = Runtime::new(4, None).unwrap();
        let plan = plan(&runtime, &request).unwrap();
        happens();
        let outputs = Arc::new(Outputs::claim(&request.output).unwrap());
        let settings = Settings {
            recipe: Recipe::parse(&self.settings.recipe.text()).unwrap(),
            store: self.settings.store.clone(),
            ..self.settings
        };
        let mut outcomes = Vec::new();
        let observe = &mut |outcome: &Outcome| outcomes.push(outcome.clone());
        let report = run(&runtime, settings, plan, backend, outputs, shutdown, observe).unwrap();
        runtime.leave();
        outcomes.sort_by_key(|outcome| outcome.index);
        Ran { report, outcomes }
    }

    pub fn run_fake(&self, here: bool, manner: Manner) -> Ran {
        self.run(Arc::new(Fake::new(here, manner)), &Shutdown::default())
    }
}

pub fn settings(schedule: Schedule) -> Settings {
    Settings {
        recipe: Recipe::parse("invert").unwrap(),
        decode: codec::DecodeOptions { max_pixels: 1 << 20, jpeg: JpegDecoder::ALL[0] },
        store: Store::default(),
        exact: false,
        quality: 90,
        depth: None,
        schedule,
        jobs: 2,
        in_flight: 4,
        memory_bytes: 1 << 30,
        most_bytes: u64::MAX,
        max_file_bytes: None,
        timeout: None,
        digests: true,
        max_failures: None,
        keeps_spans: true,
    }
}

pub fn image(icc: Option<Vec<u8>>) -> Image {
    let layout = Layout::new(24, 16, 3);
    let samples = Samples::U8((0..layout.samples()).map(|v| (v * 7 % 251) as u8).collect());
    Image { icc, ..Image::new(layout, samples) }
}

pub fn counts(report: &Report) -> (usize, usize, usize) {
    (report.tally.done, report.tally.failed, report.unfinished)
}
