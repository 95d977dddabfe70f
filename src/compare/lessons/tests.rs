use super::*;
use crate::report::document::StageSeconds;

/// A run by its time, the shares of waiting, and the workers at work.
fn run(schedule: Schedule, backend: &str, secs: f64, waiting: f64, cores_busy: f64) -> Run {
    let figures = RunFigures {
        seconds: vec![secs, secs * 1.001, secs * 0.999],
        waiting,
        working: 1.0 - waiting,
        cores_busy,
        ..RunFigures::default()
    };
    Run { schedule: schedule.name().into(), backend: backend.into(), figures: Some(figures), ..Run::default() }
}

fn with_work(mut run: Run, decode: f64, compute: f64, encode: f64) -> Run {
    let stages = [("decode", decode), ("compute", compute), ("encode", encode)];
    let stages = stages.map(|(stage, worked)| StageSeconds { stage, worked, waited: 0.0 });
    if let Some(figures) = &mut run.figures {
        figures.stages = stages.to_vec();
        figures.device_busy = (run.backend != "cpu").then_some(0.5);
    }
    run
}

const EIGHT: Width = Width { jobs: 8, in_flight: 16 };
use Schedule::{Concurrent, Overlapped, Parallel, Sequential};

fn told(kind: LoadKind, runs: &[Run], width: Width) -> Vec<String> {
    lessons(kind, runs, None, width)
}

#[test]
fn the_story_where_files_are_waited_for() {
    let runs = [
        run(Sequential, "cpu", 5.5, 0.92, 0.08),
        run(Parallel, "cpu", 0.74, 0.6, 0.6),
        run(Concurrent, "cpu", 0.5, 0.4, 0.6),
        run(Overlapped, "cpu", 0.36, 0.8, 1.2),
    ];
    assert_eq!(
        told(LoadKind::Waiting, &runs, EIGHT),
        [
            "concurrent reading hid 96 % of the waiting (5.06 s became 0.20 s), with one worker as before: 11.0 times as fast",
            "8 workers that wait for their own files: 7.4 times as fast, with 0.6 of them at work at a time",
            "one worker that does not wait was 1.48 times as fast as 8 that do",
            "reading ahead and all workers together: 15.3 times as fast as sequential, and 1.39 times as fast as the next, concurrent",
        ]
    );
}

#[test]
fn the_story_where_there_is_work() {
    let runs = [
        run(Sequential, "cpu", 8.0, 0.01, 0.99),
        run(Parallel, "cpu", 1.15, 0.0, 7.2),
        run(Concurrent, "cpu", 7.98, 0.0, 1.0),
        run(Overlapped, "cpu", 1.148, 0.0, 7.3),
    ];
    assert_eq!(
        told(LoadKind::Work, &runs, EIGHT),
        [
            "async alone made it 1.00 times as fast, which is noise: there was hardly anything to wait for, 1 % of the time",
            "8 workers: 7.0 times as fast, with 7.2 of them at work at a time",
            "reading ahead and all workers together: 7.0 times as fast as sequential, and as fast as parallel within the noise",
        ]
    );
}

#[test]
fn figures_that_contradict_the_story_are_told_as_they_are() {
    let runs = [
        run(Sequential, "cpu", 2.0, 0.9, 0.1),
        run(Parallel, "cpu", 2.2, 0.9, 0.1),
        run(Concurrent, "cpu", 2.4, 0.95, 0.05),
        run(Overlapped, "cpu", 3.0, 0.97, 0.05),
    ];
    assert_eq!(
        told(LoadKind::Waiting, &runs, EIGHT),
        [
            "concurrent reading hid none of the waiting: 1.80 s of it stayed 2.28 s, 0.83 times as fast",
            "8 workers that wait for their own files were slower than one: 0.91 times as fast",
            "8 workers that wait were 1.09 times as fast as one that does not",
            "reading ahead and all workers together: 0.67 times as fast as sequential; sequential was faster here, 1.50 times as fast",
        ]
    );
    let runs = [run(Sequential, "cpu", 2.0, 0.02, 0.98), run(Concurrent, "cpu", 2.2, 0.0, 1.0)];
    assert_eq!(
        told(LoadKind::Work, &runs, EIGHT)[0],
        "async alone made it slower, 0.91 times as fast: there was hardly anything to wait for, 2 % of the time, and it \
         has its own cost"
    );
    let runs = [run(Sequential, "cpu", 2.0, 0.3, 0.7), run(Concurrent, "cpu", 1.5, 0.1, 0.9)];
    assert_eq!(
        told(LoadKind::Work, &runs, EIGHT)[0],
        "async alone made it 1.33 times as fast: 30 % of the time was waiting, for reads and writes, and it hid 75 % of that"
    );
}

#[test]
fn workers_on_shared_cores_are_seen() {
    let two = Width { jobs: 2, in_flight: 16 };
    let runs = [run(Sequential, "cpu", 2.0, 0.0, 1.0), run(Parallel, "cpu", 1.6, 0.0, 1.98)];
    assert_eq!(
        told(LoadKind::Work, &runs, two)[0],
        "2 workers: 1.25 times as fast with 2.0 of them at work at a time, so each did less than one alone: they share \
         cores, caches or memory"
    );
    let runs = [run(Sequential, "cpu", 2.0, 0.0, 1.0), run(Parallel, "cpu", 2.005, 0.0, 1.9)];
    assert_eq!(
        told(LoadKind::Work, &runs, two)[0],
        "2 workers: 1.00 times as fast, which is noise, with 1.9 of them at work at a time"
    );
    let one = Width { jobs: 1, in_flight: 16 };
    assert_eq!(told(LoadKind::Work, &runs, one)[0], "there is one worker, so parallel is sequential");
}

#[test]
fn a_device_is_held_against_all_the_work() {
    let runs = [
        with_work(run(Sequential, "cpu", 10.0, 0.0, 1.0), 7.1, 2.4, 0.5),
        with_work(run(Sequential, "gpu", 8.0, 0.0, 1.0), 7.1, 0.2, 0.5),
    ];
    assert_eq!(
        told(LoadKind::Work, &runs, EIGHT),
        ["gpu did the kernels 12.0 times as fast as one cpu worker; decoding is 71 % of the work, so no device could \
             make one worker more than 1.32 times as fast end to end; its best run was 1.25 times as fast as the cpu's"]
    );
    let runs = [
        with_work(run(Sequential, "cpu", 1.0, 0.0, 1.0), 0.2, 0.2, 0.6),
        with_work(run(Sequential, "software", 2.0, 0.0, 1.0), 0.2, 1.2, 0.6),
    ];
    assert_eq!(
        told(LoadKind::Work, &runs, EIGHT),
        [
            "software took 6.0 times as long for the kernels as one cpu worker; encoding is 60 % of the work, so no device \
             could make one worker more than 1.25 times as fast end to end; its best run was 0.50 times as fast as the cpu's"
        ]
    );
}

#[test]
fn the_limit_is_told_with_what_it_is_made_of() {
    let runs = [run(Overlapped, "cpu", 0.55, 0.0, 1.0)];
    let limit = Limit {
        read: 8.0,
        decode: 0.2,
        compute: 0.1,
        encode: 0.05,
        floor: 0.5,
        bound_by: "reading".into(),
        best_over_floor: 1.1,
    };
    assert_eq!(
        lessons(LoadKind::Waiting, &runs, Some(&limit), EIGHT),
        [
            "one worker takes 8.00 s to read all files, 0.20 s to decode, 0.10 s to compute, 50 ms to encode: perfect overlap \
             with 16 files at a time would take 0.50 s, bound by reading; the best run, overlapped on cpu, took 1.10 times that"
        ]
    );
    let better = Limit { best_over_floor: 0.97, bound_by: "decoding".into(), ..limit };
    let sentence = lessons(LoadKind::Work, &runs, Some(&better), EIGHT).remove(0);
    assert!(sentence.contains("with 8 cores") && sentence.contains("took 97 % of that, less than"), "{sentence}");
}
