//! Runs with backends that misbehave, or keep count.
#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect files")]

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::backend::both::Both;
use crate::backend::cpu::CpuBackend;
use crate::backend::{BackendError, Computed, DeviceTimes, Done as Answer, Task};
use crate::codec::{self, EncodeOptions, Format, JpegDecoder};
use crate::image::{Image, Layout, Samples};
use crate::timeline::{Stage, Worker, figures};

/// What a fake device does with its n-th image.
type Manner = fn(usize) -> Act;

#[derive(Clone, Copy)]
enum Act {
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
struct Fake {
    manner: Manner,
    here: bool,
    begun: AtomicUsize,
    at_once: Arc<AtomicUsize>,
    most_at_once: AtomicUsize,
    queue: std::sync::Mutex<mpsc::Sender<(Task, Answer)>>,
}

const DEVICE_DEPTH: usize = 2;

impl Fake {
    fn new(here: bool, manner: Manner) -> Fake {
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
struct Ran {
    report: Report,
    outcomes: Vec<Outcome>,
}

impl std::ops::Deref for Ran {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.report
    }
}

/// A directory `in` with images, and a run over it into `out`.
struct Scene {
    directory: tempfile::TempDir,
    settings: Settings,
}

impl Scene {
    fn new(images: usize, schedule: Schedule) -> Scene {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("in")).unwrap();
        let scene = Scene { directory, settings: settings(schedule) };
        for i in 0..images {
            scene.put(&format!("{i:02}.png"), &image(None));
        }
        scene
    }

    fn put(&self, name: &str, image: &Image) {
        let bytes = codec::encode(image, &EncodeOptions { format: Format::Png, quality: 90 }).unwrap();
        fs::write(self.directory.path().join("in").join(name), bytes).unwrap();
    }

    fn output(&self, name: &str) -> Image {
        let bytes = fs::read(self.directory.path().join("out").join(name)).unwrap();
        codec::decode(&bytes, &self.settings.decode).unwrap()
    }

    fn run(&self, backend: Arc<dyn Backend>, shutdown: &Shutdown) -> Ran {
        self.run_after(|| {}, backend, shutdown)
    }

    /// A run before whose start, but after whose planning, something happens.
    fn run_after(&self, happens: impl FnOnce(), backend: Arc<dyn Backend>, shutdown: &Shutdown) -> Ran {
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

    fn run_fake(&self, here: bool, manner: Manner) -> Ran {
        self.run(Arc::new(Fake::new(here, manner)), &Shutdown::default())
    }
}

fn settings(schedule: Schedule) -> Settings {
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

fn image(icc: Option<Vec<u8>>) -> Image {
    let layout = Layout::new(24, 16, 3);
    let samples = Samples::U8((0..layout.samples()).map(|v| (v * 7 % 251) as u8).collect());
    Image { icc, ..Image::new(layout, samples) }
}

fn counts(report: &Report) -> (usize, usize, usize) {
    (report.tally.done, report.tally.failed, report.unfinished)
}

#[test]
fn a_device_gives_the_same_under_every_schedule() {
    for schedule in Schedule::ALL {
        let scene = Scene::new(20, schedule);
        let report = scene.run_fake(false, |_| Act::Compute);
        assert_eq!(counts(&report), (20, 0, 0), "{schedule:?}");
        let expected = image(None).samples;
        for i in 0..20 {
            let Samples::U8(inverted) = scene.output(&format!("{i:02}.png")).samples else { panic!("8 bits stay") };
            assert_eq!(Samples::U8(inverted.iter().map(|v| 255 - v).collect()), expected);
        }
        assert_eq!(report.figures, figures(&report.spans, report.wall, report.workers), "{schedule:?}");
        assert!(report.figures.device_busy.is_some_and(|busy| busy > 0.0), "{schedule:?}");
    }
}

#[test]
fn both_share_the_images_and_give_the_same() {
    let expected = image(None).samples;
    for schedule in [Schedule::Parallel, Schedule::Concurrent, Schedule::Overlapped] {
        let scene = Scene::new(40, schedule);
        let both = Both::new(Arc::new(CpuBackend), Arc::new(Fake::new(false, |_| Act::Compute)));
        let report = scene.run(Arc::new(both), &Shutdown::default());
        assert_eq!(counts(&report), (40, 0, 0), "{schedule:?}");
        for i in 0..40 {
            let Samples::U8(inverted) = scene.output(&format!("{i:02}.png")).samples else { panic!("8 bits stay") };
            assert_eq!(Samples::U8(inverted.iter().map(|v| 255 - v).collect()), expected);
        }
        let computed = report.spans.iter().filter(|span| span.stage == Stage::Compute);
        let (device, here): (Vec<&Span>, Vec<&Span>) = computed.partition(|span| span.worker == Worker::Device);
        assert!(device.len() + here.len() == 40 && !device.is_empty() && !here.is_empty(), "{schedule:?}");
    }
}

#[test]
fn a_lost_device_ends_a_run_of_both() {
    let fake = Fake::new(false, |_| Act::Die);
    let both = Both::new(Arc::new(CpuBackend), Arc::new(fake));
    let report = Scene::new(60, Schedule::Overlapped).run(Arc::new(both), &Shutdown::default());
    assert!(report.ended_by.as_ref().is_some_and(|failure| failure.to_string().contains("the device is gone")));
    assert!(counts(&report).1 >= 1);
}

#[test]
fn a_device_has_several_images_and_not_too_many() {
    let scene = Scene::new(40, Schedule::Overlapped);
    let fake = Arc::new(Fake::new(false, |_| Act::Compute));
    scene.run(fake.clone(), &Shutdown::default());
    let most = fake.most_at_once.load(Ordering::SeqCst);
    assert!((2..=2 + DEVICE_DEPTH + 1).contains(&most), "{most} at once");
}

#[test]
fn an_image_that_the_backend_refuses_fails_alone() {
    for schedule in Schedule::ALL {
        for here in [true, false] {
            let report = Scene::new(6, schedule).run_fake(here, |n| if n == 2 { Act::Fail } else { Act::Compute });
            assert_eq!(counts(&report), (5, 1, 0), "{schedule:?}");
            assert!(report.ended_by.as_ref().is_none());
        }
    }
}

#[test]
fn a_panic_fails_its_image_alone() {
    for schedule in Schedule::ALL {
        for here in [true, false] {
            let report = Scene::new(6, schedule).run_fake(here, |n| if n == 2 { Act::Panic } else { Act::Compute });
            assert_eq!(counts(&report), (5, 1, 0), "{schedule:?}, here: {here}");
            let failure = report.outcomes.iter().find_map(Outcome::failure).unwrap();
            assert!(failure.stage == Stage::Compute && failure.cause.contains("a bad kernel"), "{failure}");
        }
    }
}

/// A shutdown that is raised that many steps after a tenth of a second.
fn raised_soon(steps: usize) -> Shutdown {
    let shutdown = Shutdown::default();
    let stopper = shutdown.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        for _ in 0..steps {
            stopper.advance();
        }
    });
    shutdown
}

#[test]
fn a_submit_that_blocks_does_not_keep_a_run_from_stopping() {
    for schedule in Schedule::ALL {
        // For ever, as far as this test goes.
        let fake = Arc::new(Fake::new(false, |_| Act::Block(Duration::from_secs(20))));
        let report = Scene::new(8, schedule).run(fake, &raised_soon(2));
        assert_eq!((counts(&report), report.interrupted), ((0, 0, 8), true), "{schedule:?}");
        assert!(report.wall < Duration::from_secs(10), "{schedule:?}: {:?}", report.wall);

        let fake = Arc::new(Fake::new(false, |_| Act::Block(Duration::from_millis(300))));
        let report = Scene::new(60, schedule).run(fake, &raised_soon(1));
        let (done, failed, unfinished) = counts(&report);
        assert!(done >= 1 && failed == 0 && unfinished > 20, "{schedule:?}: {done}, {failed}, {unfinished}");
    }
}

#[test]
fn a_device_that_is_lost_ends_the_run() {
    for schedule in Schedule::ALL {
        for manner in [(|n| if n >= 2 { Act::Die } else { Act::Compute }) as Manner, |n| {
            if n >= 2 { Act::Forget } else { Act::Compute }
        }] {
            let report = Scene::new(60, schedule).run_fake(false, manner);
            let (done, failed, unfinished) = counts(&report);
            assert!(report.ended_by.as_ref().is_some() && !report.interrupted, "{schedule:?}");
            assert!(done == 2 && failed >= 1 && unfinished > 0, "{schedule:?}: {done}, {failed}, {unfinished}");
            assert_eq!(done + failed + unfinished, 60);
        }
    }
}

#[test]
fn an_abort_does_not_wait_for_what_hangs() {
    for schedule in Schedule::ALL {
        let scene = Scene::new(8, schedule);
        // Some backends hang with the worker in their hands: `compute` waits for the answer.
        let report = scene.run(Arc::new(Fake::new(false, |_| Act::Hang)), &raised_soon(2));
        assert_eq!((counts(&report), report.interrupted), ((0, 0, 8), true), "{schedule:?}");
        assert_eq!(fs::read_dir(scene.directory.path().join("out")).unwrap().count(), 0);
    }
}

#[test]
fn nothing_is_taken_up_once_the_run_is_to_finish() {
    for schedule in Schedule::ALL {
        let shutdown = Shutdown::default();
        shutdown.finish();
        let report = Scene::new(5, schedule).run(Arc::new(CpuBackend), &shutdown);
        assert_eq!(counts(&report), (0, 0, 5), "{schedule:?}");
    }
}

#[test]
fn outcomes_stand_in_the_order_of_inputs() {
    let report = Scene::new(20, Schedule::Overlapped).run_fake(true, |_| Act::Compute);
    let order: Vec<u32> = report.outcomes.iter().map(|o| o.index).collect();
    assert_eq!(order, (0..20).collect::<Vec<u32>>());
}

#[test]
fn who_ran_what_is_recorded() {
    let workers_of = |schedule, stage| {
        let report = Scene::new(6, schedule).run_fake(true, |_| Act::Compute);
        let spans = report.spans.iter().copied().filter(move |s| s.stage == stage);
        let workers: Vec<Worker> = spans.map(|s| s.worker).collect();
        assert!(workers.len() >= 6, "{schedule:?}: {stage:?} was recorded {} times", workers.len());
        workers
    };
    assert!(workers_of(Schedule::Overlapped, Stage::Read).iter().all(|w| *w == Worker::Loader));
    assert!(workers_of(Schedule::Concurrent, Stage::Decode).iter().all(|w| *w == Worker::Cpu(0)));
    assert!(workers_of(Schedule::Sequential, Stage::Write).iter().all(|w| *w == Worker::Cpu(0)));
}

#[test]
fn a_profile_stays_while_its_channels_do() {
    let mut profile = vec![0; 132];
    profile[3] = 132;
    profile[16..20].copy_from_slice(b"RGB ");
    profile[36..40].copy_from_slice(b"acsp");
    for (recipe, kept) in [("invert", Some(profile.clone())), ("grayscale", None)] {
        let mut scene = Scene::new(0, Schedule::Overlapped);
        scene.settings.recipe = Recipe::parse(recipe).unwrap();
        scene.put("a.png", &image(Some(profile.clone())));
        assert_eq!(counts(&scene.run(Arc::new(CpuBackend), &Shutdown::default())), (1, 0, 0));
        assert_eq!(scene.output("a.png").icc, kept, "{recipe}");
    }
}

/// The failures by the names of their inputs.
fn failures(report: &Ran) -> Vec<(String, String)> {
    let failed = report.outcomes.iter().filter_map(|o| Some((o, o.failure()?)));
    failed.map(|(o, f)| (o.input.file_name().unwrap().to_string_lossy().into_owned(), f.to_string())).collect()
}

#[test]
fn what_changes_between_listing_and_reading_fails_alone() {
    for schedule in Schedule::ALL {
        let scene = Scene::new(6, schedule);
        let path = |name: &str| scene.directory.path().join("in").join(name);
        let change = || {
            fs::remove_file(path("00.png")).unwrap();
            fs::write(path("01.png"), &fs::read(path("01.png")).unwrap()[..40]).unwrap();
            fs::remove_file(path("02.png")).unwrap();
            fs::create_dir(path("02.png")).unwrap();
            // One that gains bytes is whole all the same.
            let grown = [fs::read(path("03.png")).unwrap(), vec![7; 100_000]].concat();
            fs::write(path("03.png"), grown).unwrap();
            fs::write(path("04.png"), b"").unwrap();
        };
        let report = scene.run_after(change, Arc::new(CpuBackend), &Shutdown::default());
        let expected = [
            ("00.png", "read: there is no such file"),
            ("01.png", "decode: "),
            ("02.png", "read: it is not a regular file"),
            ("04.png", "decode: the file is empty"),
        ];
        let failures = failures(&report);
        assert_eq!(failures.len(), expected.len(), "{schedule:?}: {failures:?}");
        for ((name, text), (expected_name, begins)) in failures.iter().zip(expected) {
            assert!(name == expected_name && text.starts_with(begins), "{schedule:?}: {name}: {text}");
        }
        assert_eq!(counts(&report), (2, 4, 0));
    }
}

#[test]
fn what_takes_too_long_is_given_up_and_the_others_done() {
    for schedule in Schedule::ALL {
        // A worker that hangs, with the image; and a device that never answers.
        let hangs: Manner = |n| if n == 2 { Act::Block(Duration::from_secs(30)) } else { Act::Compute };
        let forgets: Manner = |n| if n == 2 { Act::Hang } else { Act::Compute };
        for (here, manner) in [(true, hangs), (false, forgets)] {
            let mut scene = Scene::new(12, schedule);
            scene.settings.timeout = Some(Duration::from_millis(400));
            let report = scene.run_fake(here, manner);
            assert_eq!(counts(&report), (11, 1, 0), "{schedule:?}, here: {here}");
            let failure = report.outcomes.iter().find_map(Outcome::failure).unwrap();
            assert_eq!(failure.to_string(), "compute: it took longer than 0.4 s", "{schedule:?}");
            assert!(report.left_behind && report.ended_by.as_ref().is_none());
        }
    }
}

#[test]
fn a_run_ends_where_every_image_hangs() {
    for schedule in Schedule::ALL {
        let mut scene = Scene::new(12, schedule);
        scene.settings.timeout = Some(Duration::from_millis(100));
        let report = scene.run_fake(true, |_| Act::Block(Duration::from_secs(30)));
        let (done, failed, unfinished) = counts(&report);
        assert!(done == 0 && failed >= 2 && failed + unfinished == 12, "{schedule:?}: {failed}, {unfinished}");
        assert!(report.ended_by.as_ref().unwrap().cause.contains("others are still not through"), "{schedule:?}");
        assert!(report.wall < Duration::from_secs(10), "{schedule:?}: {:?}", report.wall);
    }
}

#[test]
fn so_many_failures_end_a_run() {
    let mut scene = Scene::new(60, Schedule::Sequential);
    scene.settings.max_failures = Some(3);
    let report = scene.run_fake(true, |n| if n % 2 == 0 { Act::Fail } else { Act::Compute });
    let (done, failed, unfinished) = counts(&report);
    assert!(failed >= 3 && done >= 2 && unfinished > 30, "{done}, {failed}, {unfinished}");
}

#[test]
fn a_tiff_that_claims_too_much_behind_its_samples_is_read_no_further() {
    let scene = Scene::new(0, Schedule::Overlapped);
    let large = Image::new(Layout::new(2000, 1000, 1), Samples::U8(vec![7; 2_000_000]));
    let bytes = codec::encode(&large, &EncodeOptions { format: Format::Tiff, quality: 90 }).unwrap();
    fs::write(scene.directory.path().join("in/a.tif"), bytes).unwrap();
    let report = scene.run(Arc::new(CpuBackend), &Shutdown::default());
    assert!(failures(&report)[0].1.starts_with("decode: 2000x1000 px are 2.0 MP, the limit is 1.0 MP"));
    // The first part, and no second one with the rest.
    assert_eq!(report.spans.iter().filter(|span| span.stage == Stage::Read).count(), 1);
}
