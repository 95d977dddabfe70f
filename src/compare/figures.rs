//! Medians, spread and noise of repeated runs, and the limit that they are held against.

use crate::pipeline::Schedule;
use crate::report::document::{Limit, Run, RunFigures};

/// Differences below it are never believed.
const LEAST_NOISE: f64 = 0.01;
/// What is taken for the noise where a single run tells none.
const UNKNOWN_NOISE: f64 = 0.05;

/// Of an even number, the mean of the middle two; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// The run whose time is the median, or the shorter of the middle two.
pub fn median_index(values: &[f64]) -> usize {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// How far repetitions lie apart, as a share of their median; of five or more, without the fastest and the slowest, since on a
/// machine that others use there is always one that was disturbed.
pub fn spread(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let kept = if sorted.len() < 5 { &sorted[..] } else { &sorted[1..sorted.len() - 1] };
    match (kept.first(), kept.last()) {
        (Some(least), Some(most)) if *most > 0.0 => (most - least) / median(values),
        _ => 0.0,
    }
}

/// Whether two medians differ by no more than the repetitions of either do.
pub fn is_noise(a: &[f64], b: &[f64]) -> bool {
    let noise = |values: &[f64]| if values.len() < 2 { UNKNOWN_NOISE } else { spread(values).max(LEAST_NOISE) };
    let (slow, fast) = (median(a).max(median(b)), median(a).min(median(b)));
    slow <= fast * (1.0 + noise(a).max(noise(b)))
}

impl RunFigures {
    /// Median time of the repetitions, s.
    pub fn median_seconds(&self) -> f64 {
        median(&self.seconds)
    }

    /// How far the repetitions lie apart, as a share of their median.
    pub fn spread(&self) -> f64 {
        spread(&self.seconds)
    }
}

/// Repetitions of one combination as one: the median's figures, all times, the greatest memory.
pub fn combined(repetitions: &[RunFigures], images: usize) -> RunFigures {
    let seconds: Vec<f64> = repetitions.iter().flat_map(|r| r.seconds.iter().copied()).collect();
    let Some(middle) = repetitions.get(median_index(&seconds)) else { return RunFigures::default() };
    let time = median(&seconds);
    RunFigures {
        images_per_second: if time > 0.0 { images as f64 / time } else { 0.0 },
        peak_memory_bytes: repetitions.iter().filter_map(|r| r.peak_memory_bytes).max(),
        threads: repetitions.iter().filter_map(|r| r.threads).max(),
        seconds,
        ..middle.clone()
    }
}

/// Fills in what the runs of a load are to one another.
pub fn relate(runs: &mut [Run]) {
    let baseline = |runs: &[Run], backend: &str| {
        let sequential = || runs.iter().filter(|r| r.schedule == Schedule::Sequential.name() && r.figures.is_some());
        let own = sequential().find(|r| r.backend == backend).or_else(|| sequential().next());
        own.and_then(|r| r.figures.as_ref()).map(RunFigures::median_seconds)
    };
    let baselines: Vec<Option<f64>> = runs.iter().map(|run| baseline(runs, &run.backend)).collect();
    let mut above: Option<Vec<f64>> = None;
    for (run, baseline) in runs.iter_mut().zip(baselines) {
        let Some(figures) = &mut run.figures else { continue };
        figures.speedup = baseline.map(|seconds| seconds / figures.median_seconds().max(f64::MIN_POSITIVE));
        figures.within_noise = above.is_some_and(|above| is_noise(&above, &figures.seconds));
        above = Some(figures.seconds.clone());
    }
}

/// The fastest of the runs.
pub fn best(runs: &[Run]) -> Option<(&Run, &RunFigures)> {
    let measured = runs.iter().filter_map(|run| Some((run, run.figures.as_ref()?)));
    measured.min_by(|a, b| a.1.median_seconds().total_cmp(&b.1.median_seconds()))
}

/// The figures of a schedule on a backend.
pub fn of<'a>(runs: &'a [Run], schedule: Schedule, backend: &str) -> Option<&'a RunFigures> {
    runs.iter().find(|run| run.schedule == schedule.name() && run.backend == backend)?.figures.as_ref()
}

/// Seconds that a stage worked.
pub fn worked(figures: &RunFigures, stage: &str) -> f64 {
    figures.stages.iter().filter(|s| s.stage == stage).map(|s| s.worked).sum()
}

/// What a run of perfect overlap would take, by the sequential run on the backend of the best one: there nothing overlaps, so
/// that its stages took what each takes alone. `bytes_secs` is what a narrow line needs for all bytes.
pub fn limit(runs: &[Run], jobs: usize, in_flight: usize, bytes_secs: f64) -> Option<Limit> {
    let (best_run, best) = best(runs)?;
    let alone = of(runs, Schedule::Sequential, &best_run.backend)?;
    let [read, decode, compute, encode] = ["read", "decode", "compute", "encode"].map(|stage| worked(alone, stage));
    let (jobs, in_flight) = (jobs.max(1) as f64, in_flight.max(1) as f64);
    let reading = (read / in_flight).max(bytes_secs);
    // On a device, computing goes on beside the workers' work.
    let (device, working) = match alone.device_busy {
        Some(_) => (compute, (decode + encode) / jobs),
        None => (0.0, (decode + compute + encode) / jobs),
    };
    let floor = reading.max(device).max(working);
    let heaviest = |stages: &[(f64, &'static str)]| stages.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0));
    let bound_by = if floor == reading {
        "reading"
    } else if floor == device {
        "computing"
    } else {
        let here = if alone.device_busy.is_some() { 0.0 } else { compute };
        heaviest(&[(decode, "decoding"), (here, "computing"), (encode, "encoding")])?.1
    };
    let best_over_floor = if floor > 0.0 { best.median_seconds() / floor } else { 1.0 };
    Some(Limit { read, decode, compute, encode, floor, bound_by: bound_by.into(), best_over_floor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::StageSeconds;

    pub fn run(schedule: &str, backend: &str, seconds: &[f64]) -> Run {
        let figures = RunFigures { seconds: seconds.to_vec(), ..RunFigures::default() };
        Run { schedule: schedule.into(), backend: backend.into(), figures: Some(figures), ..Run::default() }
    }

    fn with_stages(mut run: Run, stages: [f64; 4], device_busy: Option<f64>) -> Run {
        let names = ["read", "decode", "compute", "encode"];
        let figures = run.figures.as_mut().unwrap();
        figures.device_busy = device_busy;
        figures.stages =
            names.into_iter().zip(stages).map(|(stage, worked)| StageSeconds { stage, worked, waited: 0.0 }).collect();
        run
    }

    #[test]
    fn medians_and_spread() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0]), median(&[])), (2.0, 2.5, 0.0));
        assert_eq!((median_index(&[3.0, 1.0, 2.0]), median_index(&[4.0, 1.0]), median_index(&[])), (2, 1, 0));
        assert_eq!((spread(&[2.0, 1.0, 3.0]), spread(&[5.0]), spread(&[])), (1.0, 0.0, 0.0));
        assert_eq!(spread(&[2.0, 9.0, 2.5, 1.0, 1.5]), 0.5);
    }

    #[test]
    fn a_difference_within_the_spread_is_noise() {
        assert!(is_noise(&[1.0, 1.1, 0.9], &[1.1, 1.15, 1.2]));
        assert!(!is_noise(&[1.0, 1.01, 0.99], &[1.1, 1.11, 1.12]));
        // Runs that are alike by chance still tell no half percent.
        assert!(is_noise(&[1.0, 1.0, 1.0], &[1.005, 1.005, 1.005]));
        assert!(is_noise(&[1.0], &[1.04]) && !is_noise(&[1.0], &[1.06]));
    }

    #[test]
    fn speed_is_over_sequential_on_the_same_backend() {
        let mut runs = [
            run("sequential", "cpu", &[4.0, 4.0]),
            run("overlapped", "cpu", &[1.0, 1.0]),
            run("sequential", "gpu", &[2.0, 2.0]),
            run("overlapped", "gpu", &[1.0, 1.0]),
            run("overlapped", "software", &[8.0, 8.0]),
        ];
        relate(&mut runs);
        let speedups = runs.clone().map(|run| run.figures.unwrap().speedup.unwrap());
        assert_eq!(speedups, [1.0, 4.0, 1.0, 2.0, 0.5]);
        let mut runs = [run("overlapped", "cpu", &[1.0]), run("parallel", "cpu", &[1.02])];
        relate(&mut runs);
        let figures = runs.map(|run| run.figures.unwrap());
        assert_eq!((figures[0].speedup, figures[1].speedup), (None, None));
        assert_eq!((figures[0].within_noise, figures[1].within_noise), (false, true));
    }

    #[test]
    fn the_floor_is_the_largest_of_what_could_overlap() {
        let waiting = [
            with_stages(run("sequential", "cpu", &[6.0]), [5.0, 0.4, 0.2, 0.4], None),
            run("overlapped", "cpu", &[0.7]),
        ];
        let at = limit(&waiting, 4, 10, 0.0).unwrap();
        assert_eq!((at.floor, at.bound_by.as_str()), (0.5, "reading"));
        assert!((at.best_over_floor - 1.4).abs() < 1e-9);
        // A narrow line needs longer than the delays.
        assert_eq!(limit(&waiting, 4, 10, 0.6).unwrap().floor, 0.6);
        let work = [with_stages(run("sequential", "cpu", &[3.0]), [0.1, 1.6, 0.4, 0.4], None)];
        let at = limit(&work, 4, 10, 0.0).unwrap();
        assert!((at.floor - 0.6).abs() < 1e-9 && at.bound_by == "decoding");
        // A device computes beside the workers.
        let device = [with_stages(run("sequential", "gpu", &[3.0]), [0.1, 0.6, 2.0, 0.4], Some(0.7))];
        let at = limit(&device, 4, 10, 0.0).unwrap();
        assert_eq!((at.floor, at.bound_by.as_str()), (2.0, "computing"));
        assert_eq!(limit(&[run("overlapped", "cpu", &[1.0])], 4, 10, 0.0), None);
    }
}
