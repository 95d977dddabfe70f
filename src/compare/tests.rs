//! Comparisons whose runs are made up.
#![expect(clippy::disallowed_methods, reason = "tests prepare files")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::codec::{self, EncodeOptions, Format, JpegDecoder};
use crate::image::{Image, Layout, Samples};
use crate::pipeline::numbered_name;
use crate::timeline::{Span, Stage, Worker};

/// A 2x2 image of one code, as PNG.
fn png(code: u8) -> Vec<u8> {
    let image = Image::new(Layout::new(2, 2, 1), Samples::U8(vec![code; 4]));
    codec::encode(&image, &EncodeOptions { format: Format::Png, quality: 90 }).unwrap()
}

struct Scene {
    directory: tempfile::TempDir,
    request: Request,
    /// What was run, in order.
    ran: Vec<String>,
}

impl Scene {
    fn new(backends: &[&str]) -> Scene {
        let directory = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = ["a.png", "b.png"].map(|name| directory.path().join(name)).to_vec();
        files.iter().for_each(|file| fs::write(file, png(7)).unwrap());
        let schedules = [Schedule::Sequential, Schedule::Overlapped];
        let of_backend =
            |backend: &&str| schedules.map(|schedule| Combination { schedule, backend: backend.to_string() });
        let request = Request {
            files,
            combinations: backends.iter().flat_map(of_backend).collect(),
            loads: LoadKind::ALL.to_vec(),
            delay: Some(Duration::from_millis(50)),
            bandwidth: None,
            images: Some(4),
            runs: 2,
            jobs: 2,
            in_flight: 16,
            decode: DecodeOptions { max_pixels: 100, jpeg: JpegDecoder::default() },
            tolerance: Tolerance { levels: 1, share: 0.0 },
        };
        Scene { directory, request, ran: Vec::new() }
    }

    /// Each combination gives images of the code, and bytes of the digest, that `result` says; none where it isn't there.
    fn compare(&mut self, result: impl Fn(&Order, usize) -> Option<(u8, u64)>) -> Result<Comparison, Trouble> {
        let Scene { request, ran, .. } = self;
        compare(
            request,
            &mut |order| {
                let kind = match (order.lossless, order.source) {
                    (true, _) => "pixels",
                    (_, Source::Memory) => "work",
                    (_, Source::Disk(_)) => "waiting",
                };
                ran.push(format!("{kind}: {}", order.combination.name()));
                let Some((code, digest)) = result(order, ran.len()) else {
                    return Ok(Reply::Unavailable("it is not there".into()));
                };
                fs::create_dir_all(order.output.join("results")).unwrap();
                for index in 0..order.images {
                    fs::write(order.output.join("results").join(numbered_name(index, "png")), png(code)).unwrap();
                }
                Ok(Reply::Measured(Box::new(measured(order, digest))))
            },
            &mut |progress| assert!(progress.done < progress.total, "{progress:?}"),
        )
    }
}

/// A run of which each image was read for 50 ms and decoded for 10.
fn measured(order: &Order, digest: u64) -> Measured {
    let ms = |count: usize| Duration::from_millis(count as u64);
    let spans: Vec<Span> = (0..order.images)
        .flat_map(|i| {
            let span = |stage, start, end| Span { image: i as u32, stage, worker: Worker::Cpu(0), start, end };
            let (begin, middle, end) = (ms(60 * i), ms(60 * i + 50), ms(60 * i + 60));
            [span(Stage::Read, begin, middle), span(Stage::Decode, middle, end)]
        })
        .collect();
    let names = (0..order.images).map(|i| format!("{i}.png")).collect();
    let wall = ms(60 * order.images);
    let about = Measured {
        backend: "made up".into(),
        wall,
        workers: 1,
        images: order.images,
        names,
        digest,
        ..Measured::default()
    };
    about.with_spans(&spans)
}

#[test]
fn all_are_run_in_turn_and_those_that_are_missing_once() {
    let mut scene = Scene::new(&["cpu", "gpu"]);
    let comparison = scene.compare(|order, _| (order.combination.backend == "cpu").then_some((9, 1))).unwrap();
    let sequential = "sequential, cpu";
    let overlapped = "overlapped, cpu";
    let expected: Vec<String> = [
        ("work", vec![sequential, "sequential, gpu"]),
        ("pixels", vec![sequential, overlapped]),
        ("waiting", vec![sequential, overlapped, overlapped, sequential]),
        ("work", vec![sequential, overlapped, overlapped, sequential]),
    ]
    .into_iter()
    .flat_map(|(kind, names)| names.into_iter().map(move |name| format!("{kind}: {name}")))
    .collect();
    assert_eq!(scene.ran, expected);
    assert!(comparison.agrees);
    assert_eq!(comparison.backends, [("cpu".to_owned(), "made up".to_owned())]);
    let load = &comparison.loads[0];
    assert_eq!(load.about, "4 images of 2 files; each of 4 reads delayed by 50 ms");
    let figures = load.runs[0].figures.as_ref().unwrap();
    assert_eq!((figures.seconds.clone(), figures.speedup), (vec![0.24, 0.24], Some(1.0)));
    assert!((figures.waiting - 5.0 / 6.0).abs() < 1e-9 && (figures.cores_busy - 1.0 / 6.0).abs() < 1e-9);
    assert_eq!(load.runs[1].timeline.as_ref().unwrap().spans.len(), 8);
    assert_eq!(load.runs[3].unavailable.as_deref(), Some("it is not there"));
    assert_eq!(comparison.verdict[2], "all combinations gave the same pixels");
    assert!(!scene.directory.path().join("results").exists());
}

#[test]
fn results_too_far_apart_are_a_failure() {
    let of = |order: &Order, far: u8| if order.combination.backend == "cpu" { (9, 1) } else { (9 + far, 2) };
    let near = Scene::new(&["cpu", "gpu"]).compare(|order, _| Some(of(order, 1))).unwrap();
    assert!(near.agrees);
    let told = "all results are as near to one another as the specification asks: ";
    assert!(near.verdict[2].starts_with(told), "{}", near.verdict[2]);
    assert_eq!(near.pictures[0].after.len(), 2);
    let far = Scene::new(&["cpu", "gpu"]).compare(|order, _| Some(of(order, 3))).unwrap();
    assert!(!far.agrees);
    assert_eq!(
        far.verdict[2],
        "the results are further apart than the specification allows, 1 level: overlapped, gpu is up to 3 levels from \
         sequential, cpu, in 100 % of the samples"
    );
    assert_eq!(far.loads[1].runs[2].pixels.as_ref().unwrap().largest, 3.0);
}

#[test]
fn bytes_that_change_from_run_to_run_are_told_and_fail_on_the_cpu() {
    for (backend, agrees) in [("cpu", false), ("both", true)] {
        let comparison = Scene::new(&[backend]).compare(|_, number| Some((9, number as u64))).unwrap();
        assert_eq!(comparison.agrees, agrees);
        let last = comparison.verdict.last().unwrap();
        assert_eq!(*last, format!("the bytes of the results change from run to run on {backend}"));
    }
}

#[test]
fn nothing_to_compare_is_an_error() {
    let error = Scene::new(&["gpu", "software"]).compare(|_, _| None).unwrap_err();
    assert_eq!(error.to_string(), "none of the backends can run here: gpu: it is not there; software: it is not there");
    let scene = Scene::new(&["cpu"]);
    let stopped = compare(&scene.request, &mut |_| Ok(Reply::Stopped), &mut |_| {});
    assert!(matches!(stopped, Err(Trouble::Stopped)));
}
