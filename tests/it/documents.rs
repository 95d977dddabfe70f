//! Reports for tests, made from a few numbers as a run would make them.

use image::{ImageBuffer, ImageFormat, Rgb};
use imgproc::report::document::{
    After, Bar, Document, Lane, Limit, Load, Picture, Pixels, Run, RunFigures, StageSeconds, Timeline,
};

/// µs that each stage takes, and how many of an image's reads or works go on at once.
#[derive(Clone, Copy)]
struct Pace {
    read: u64,
    decode: u64,
    compute: u64,
    encode: u64,
    workers: u64,
    /// Files read at once by the async side; none where workers read for themselves.
    in_flight: Option<u64>,
    device: bool,
}

/// Two loads of `images` images, four schedules, three backends of which one can't run.
pub fn comparison(images: usize) -> Document {
    let waiting = load("waiting-bound", "each read delayed by 50 ms", images, 50_000, 3_000);
    let work = load("work-bound", "files in memory, a heavy recipe", images, 200, 24_000);
    Document {
        format: "imgproc report 1",
        title: format!("{images} images, 4 schedules, 3 backends"),
        verdict: vec![
            "Waiting: reading many files at once made it 15 times as fast. Work: only cores did, twice.".into(),
            "The GPU was not to be had.".into(),
        ],
        loads: vec![waiting, work],
        pictures: vec![picture("coins.jpg", 0), picture("a <b> & \"c\".png", 40)],
        settings: pairs(&[("recipe", "grayscale,gaussian_blur:1.4,sobel"), ("in flight", "16"), ("repetitions", "5")]),
        machine: pairs(&[("processor", "Fixture 9000"), ("cores for this process", "2"), ("memory", "8.0 GiB")]),
        command: "imgproc compare --input photos --source-delay 50ms".into(),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn load(name: &str, about: &str, images: usize, read: u64, compute: u64) -> Load {
    let mut runs = Vec::new();
    for (schedule, workers, in_flight) in
        [("sequential", 1, None), ("parallel", 2, None), ("concurrent", 1, Some(16)), ("overlapped", 2, Some(16))]
    {
        for backend in ["cpu", "software", "gpu"] {
            if backend == "gpu" {
                let reason = "there is no GPU here, only a software adapter: llvmpipe";
                runs.push(Run { unavailable: Some(reason.into()), ..named(schedule, backend) });
                continue;
            }
            let device = backend == "software";
            let compute = if device { 2 * compute } else { compute };
            let pace = Pace { read, decode: 2_500, compute, encode: 1_200, workers, in_flight, device };
            let timeline = timeline(images, pace);
            let first = runs.first().and_then(|run: &Run| Some(run.figures.as_ref()?.images_per_second));
            let figures = figures(images, &timeline, pace, first);
            let pixels = (!runs.is_empty()).then(|| pixels(device));
            let named = named(schedule, backend);
            runs.push(Run { figures: Some(figures), pixels, timeline: Some(timeline), ..named });
        }
    }
    let least = [read, 2_500, compute, 1_200].map(|us| us as f64 * images as f64 / 1e6);
    let lessons = vec![
        "concurrent reading hid 94 % of the waiting".into(),
        "two workers that wait for their own files: 2.0 times".into(),
    ];
    let [read, decode, compute, encode] = least;
    let floor = (read / 16.0).max((decode + compute + encode) / 2.0);
    let bound_by = "computing".into();
    let limit = Limit { read, decode, compute, encode, floor, bound_by, best_over_floor: 1.06 };
    Load { name: name.into(), about: about.into(), images, runs, lessons, limit: Some(limit) }
}

fn named(schedule: &str, backend: &str) -> Run {
    Run { schedule: schedule.into(), backend: backend.into(), ..Run::default() }
}

/// What ran when, where every image takes the same time for each stage.
fn timeline(images: usize, pace: Pace) -> Timeline {
    let (mut lanes, mut spans) = (Vec::new(), Vec::new());
    let lane = |name: String, kind| Lane { name, kind };
    let offset = u16::from(pace.in_flight.is_some());
    if pace.in_flight.is_some() {
        lanes.push(lane("files".into(), "files"));
    }
    lanes.extend((0..pace.workers).map(|worker| lane(format!("worker {worker}"), "worker")));
    let device = pace.device.then_some(lanes.len() as u16);
    if pace.device {
        lanes.push(lane("device".into(), "device"));
    }
    let mut reads = vec![0u64; pace.in_flight.unwrap_or(0) as usize];
    let mut works = vec![0u64; pace.workers as usize];
    let mut device_free = 0;
    for image in 0..images as u32 {
        let soonest = |free: &[u64]| (0..free.len()).min_by_key(|i| free[*i]).unwrap();
        let worker = soonest(&works);
        let own = worker as u16 + offset;
        let jitter = u64::from(image * 7_919 % 13) * pace.decode / 20;
        let mut at = works[worker];
        let mut span = |lane: u16, stage, start: u64, length: u64| {
            spans.push(Bar { image, lane, stage, start, end: start + length, merged: 0 });
            start + length
        };
        if pace.in_flight.is_some() {
            let file = soonest(&reads);
            reads[file] = span(0, "read", reads[file], pace.read + jitter);
            at = at.max(reads[file]);
        } else {
            at = span(own, "read", at, pace.read + jitter);
        }
        at = span(own, "decode", at, pace.decode + jitter);
        match device {
            Some(lane) => {
                device_free = span(lane, "compute", at.max(device_free), pace.compute);
                at = device_free;
            }
            None => at = span(own, "compute", at, pace.compute),
        }
        at = span(own, "encode", at, pace.encode);
        works[worker] = span(if pace.in_flight.is_some() { 0 } else { own }, "write", at, 300);
    }
    spans.sort_by_key(|bar| bar.start);
    let last = spans.iter().map(|bar| bar.end).max().unwrap_or(0);
    let images = (0..images).map(|i| format!("photos/{i:05}.jpg")).collect();
    Timeline { wall_seconds: last as f64 / 1e6, lanes, images, recorded: spans.len(), spans }
}

fn figures(images: usize, timeline: &Timeline, pace: Pace, first: Option<f64>) -> RunFigures {
    let wall = timeline.wall_seconds;
    let images_per_second = images as f64 / wall;
    let works = |us: u64| us as f64 * images as f64 / 1e6;
    let work = works(pace.decode + pace.compute + pace.encode);
    let working = (work / wall / pace.workers as f64).min(0.99);
    let stage = |stage, us| StageSeconds { stage, worked: works(us), waited: 0.3 * works(us) };
    RunFigures {
        seconds: vec![wall, 0.97 * wall, 1.04 * wall],
        images_per_second,
        speedup: Some(first.map_or(1.0, |first| images_per_second / first)),
        within_noise: false,
        waiting: 1.0 - working,
        working,
        cores_busy: work / wall,
        device_busy: pace.device.then(|| (works(pace.compute) / wall).min(1.0)),
        peak_memory_bytes: Some(90 << 20),
        verdict: if working > 0.75 { "bound by work".into() } else { "bound by waiting".into() },
        stages: vec![
            stage("read", pace.read),
            stage("decode", pace.decode),
            stage("compute", pace.compute),
            stage("encode", pace.encode),
            stage("write", 300),
        ],
        threads: Some(20),
    }
}

fn pixels(differs: bool) -> Pixels {
    let (largest, differing, psnr) = if differs { (1.0, 0.0004, Some(82.1)) } else { (0.0, 0.0, None) };
    Pixels {
        against: "sequential, cpu".into(),
        samples: 23_592_960,
        largest,
        differing,
        psnr,
        ssim: 1.0,
        tolerance: 1.0,
    }
}

fn picture(name: &str, tint: u8) -> Picture {
    let of = |run: &str, difference: Option<String>, tint| After {
        run: run.into(),
        image: drawn(255 - tint),
        gain: if difference.is_some() { 64.0 } else { 1.0 },
        difference,
    };
    let after = vec![of("sequential, cpu", None, tint), of("sequential, software", Some(drawn(20)), tint + 1)];
    Picture { name: name.into(), before: drawn(tint), after }
}

/// A small picture as a `data:` URI.
fn drawn(tint: u8) -> String {
    let pixel = |x: u32, y: u32| Rgb([tint, (x * 2) as u8, (y * 3) as u8 ^ tint]);
    let mut png = std::io::Cursor::new(Vec::new());
    ImageBuffer::from_fn(96, 64, pixel).write_to(&mut png, ImageFormat::Png).unwrap();
    format!("data:image/png;base64,{}", base64(png.get_ref()))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let whole = chunk.iter().fold(0u32, |whole, byte| whole << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let letter = LETTERS[(whole >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}
