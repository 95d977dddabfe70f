//! What the figures of a load say, in sentences. Every sentence is computed; where figures go against what one would expect,
//! it says so.

use super::LoadKind;
use super::figures::{best, is_noise, of, worked};
use super::sample::Width;
use super::sentence::{percent, seconds, times};
use crate::pipeline::Schedule;
use crate::report::document::{Limit, Run, RunFigures};

/// Below this share of the time there is no waiting worth the name.
const HARDLY_WAITS: f64 = 0.05;
/// Workers that are at work this many times as much as they gain stand in one another's way.
const CROWDED: f64 = 1.25;

/// The lessons of a load's runs.
pub fn lessons(kind: LoadKind, runs: &[Run], limit: Option<&Limit>, width: Width) -> Vec<String> {
    let mut sentences = Vec::new();
    let several = backends(runs).len() > 1;
    for backend in backends(runs) {
        let prefix = if several { format!("{backend}: ") } else { String::new() };
        let story = Story { runs, backend, kind, width };
        sentences.extend(story.sentences().into_iter().map(|sentence| format!("{prefix}{sentence}")));
    }
    sentences.extend(devices(runs));
    sentences.extend(limit.and_then(|limit| nearness(runs, limit, width)));
    sentences
}

/// Those that have figures, in the order of the rows.
fn backends(runs: &[Run]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for run in runs.iter().filter(|run| run.figures.is_some()) {
        if !names.contains(&run.backend.as_str()) {
            names.push(&run.backend);
        }
    }
    names
}

/// The schedules on one backend.
struct Story<'a> {
    runs: &'a [Run],
    backend: &'a str,
    kind: LoadKind,
    width: Width,
}

impl Story<'_> {
    fn of(&self, schedule: Schedule) -> Option<&RunFigures> {
        of(self.runs, schedule, self.backend)
    }

    fn sentences(&self) -> Vec<String> {
        let sequential = self.of(Schedule::Sequential);
        let against = |schedule| Some((sequential?, self.of(schedule)?));
        let concurrent = against(Schedule::Concurrent).map(|(s, c)| self.concurrent(s, c));
        let parallel = against(Schedule::Parallel).map(|(s, p)| self.parallel(s, p));
        let duel = match (self.kind, self.of(Schedule::Parallel), self.of(Schedule::Concurrent)) {
            (LoadKind::Waiting, Some(parallel), Some(concurrent)) => Some(self.duel(parallel, concurrent)),
            _ => None,
        };
        let overlapped = against(Schedule::Overlapped).map(|(s, o)| self.overlapped(s, o));
        [concurrent, parallel, duel, overlapped].into_iter().flatten().collect()
    }

    /// Reading many files at once, with one worker as before.
    fn concurrent(&self, sequential: &RunFigures, concurrent: &RunFigures) -> String {
        let ratio = times(sequential.median_seconds() / concurrent.median_seconds());
        let same = is_noise(&sequential.seconds, &concurrent.seconds);
        let waited = |figures: &RunFigures| figures.waiting * figures.median_seconds();
        let hidden = 1.0 - waited(concurrent) / waited(sequential).max(f64::MIN_POSITIVE);
        if self.kind == LoadKind::Work || sequential.waiting < HARDLY_WAITS {
            let slower = concurrent.median_seconds() > sequential.median_seconds();
            let reason = match sequential.waiting {
                share if share < HARDLY_WAITS => {
                    format!("there was hardly anything to wait for, {} of the time", percent(share))
                }
                share => format!("{} of the time was waiting, for reads and writes", percent(share)),
            };
            return match (same, slower) {
                (true, _) => format!("async alone made it {ratio} as fast, which is noise: {reason}"),
                (false, true) => {
                    format!("async alone made it slower, {ratio} as fast: {reason}, and it has its own cost")
                }
                (false, false) if sequential.waiting < HARDLY_WAITS => {
                    format!("async alone made it {ratio} as fast, though {reason}")
                }
                (false, false) => {
                    format!(
                        "async alone made it {ratio} as fast: {reason}, and it hid {} of that",
                        percent(hidden.max(0.0))
                    )
                }
            };
        }
        let (before, after) = (seconds(waited(sequential)), seconds(waited(concurrent)));
        if hidden < 0.01 {
            return format!(
                "concurrent reading hid none of the waiting: {before} of it stayed {after}, {ratio} as fast"
            );
        }
        let gain = if same { "which is noise".into() } else { format!("{ratio} as fast") };
        let share = percent(hidden);
        format!(
            "concurrent reading hid {share} of the waiting ({before} became {after}), with one worker as before: {gain}"
        )
    }

    /// Several workers, each of which waits for its own files.
    fn parallel(&self, sequential: &RunFigures, parallel: &RunFigures) -> String {
        let workers = self.width.jobs;
        let ratio = sequential.median_seconds() / parallel.median_seconds();
        if workers < 2 {
            return "there is one worker, so parallel is sequential".into();
        }
        let who = match self.kind {
            LoadKind::Waiting => format!("{workers} workers that wait for their own files"),
            LoadKind::Work => format!("{workers} workers"),
        };
        let at_work = format!("{:.1} of them at work at a time", parallel.cores_busy);
        if is_noise(&sequential.seconds, &parallel.seconds) {
            return format!("{who}: {} as fast, which is noise, with {at_work}", times(ratio));
        }
        if ratio < 1.0 {
            return format!("{who} were slower than one: {} as fast", times(ratio));
        }
        let crowded = parallel.cores_busy / sequential.cores_busy.max(f64::MIN_POSITIVE) > CROWDED * ratio;
        match (self.kind, crowded) {
            (LoadKind::Work, true) => format!(
                "{who}: {} as fast with {at_work}, so each did less than one alone: they share cores, caches or memory",
                times(ratio)
            ),
            _ => format!("{who}: {} as fast, with {at_work}", times(ratio)),
        }
    }

    /// Workers that wait against one that does not.
    fn duel(&self, parallel: &RunFigures, concurrent: &RunFigures) -> String {
        let ratio = parallel.median_seconds() / concurrent.median_seconds();
        let workers = self.width.jobs;
        if is_noise(&parallel.seconds, &concurrent.seconds) {
            format!("one worker that does not wait and {workers} that do were as fast as one another")
        } else if ratio > 1.0 {
            format!("one worker that does not wait was {} as fast as {workers} that do", times(ratio))
        } else {
            format!("{workers} workers that wait were {} as fast as one that does not", times(1.0 / ratio))
        }
    }

    /// Both, held against the best of the others.
    fn overlapped(&self, sequential: &RunFigures, overlapped: &RunFigures) -> String {
        let ratio = sequential.median_seconds() / overlapped.median_seconds();
        let others = [Schedule::Sequential, Schedule::Parallel, Schedule::Concurrent];
        let next = others
            .into_iter()
            .filter_map(|schedule| Some((schedule, self.of(schedule)?)))
            .min_by(|a, b| a.1.median_seconds().total_cmp(&b.1.median_seconds()));
        let whole = format!("reading ahead and all workers together: {} as fast as sequential", times(ratio));
        let Some((schedule, other)) = next else { return whole };
        let lead = other.median_seconds() / overlapped.median_seconds();
        if is_noise(&other.seconds, &overlapped.seconds) {
            format!("{whole}, and as fast as {} within the noise", schedule.name())
        } else if lead > 1.0 && schedule == Schedule::Sequential {
            whole
        } else if lead > 1.0 {
            format!("{whole}, and {} as fast as the next, {}", times(lead), schedule.name())
        } else {
            format!("{whole}; {} was faster here, {} as fast", schedule.name(), times(1.0 / lead))
        }
    }
}

/// What a device did for the kernels, and what that can be worth from file to file.
fn devices(runs: &[Run]) -> Vec<String> {
    let sequential = |backend: &str| of(runs, Schedule::Sequential, backend);
    let Some(here) = sequential("cpu") else { return Vec::new() };
    let others = backends(runs).into_iter().filter_map(|backend| Some((backend, sequential(backend)?)));
    let devices = others.filter(|(_, figures)| figures.device_busy.is_some());
    devices.filter_map(|(backend, device)| of_device(backend, here, device, runs)).collect()
}

fn of_device(backend: &str, here: &RunFigures, device: &RunFigures, runs: &[Run]) -> Option<String> {
    let [decode, compute, encode] = ["decode", "compute", "encode"].map(|stage| worked(here, stage));
    let by_its_clock = worked(device, "kernels");
    let taken = if by_its_clock > 0.0 { by_its_clock } else { worked(device, "compute") };
    let work = decode + compute + encode;
    if taken <= 0.0 || compute <= 0.0 {
        return None;
    }
    let fastest = |backend: &str| {
        let of_backend: Vec<Run> = runs.iter().filter(|run| run.backend == backend).cloned().collect();
        best(&of_backend).map(|(_, figures)| figures.median_seconds())
    };
    let in_fact = fastest("cpu")? / fastest(backend)?;
    let (doing, most) = if decode >= encode { ("decoding", decode) } else { ("encoding", encode) };
    let kernels = if compute > taken {
        format!("{backend} did the kernels {} as fast as one cpu worker", times(compute / taken))
    } else {
        format!("{backend} took {} as long for the kernels as one cpu worker", times(taken / compute))
    };
    let most_possible = work / (decode + encode).max(f64::MIN_POSITIVE);
    let bound = if most_possible > 100.0 {
        "there is hardly any other work".to_owned()
    } else {
        format!(
            "{doing} is {} of the work, so no device could make one worker more than {} as fast end to end",
            percent(most / work),
            times(most_possible)
        )
    };
    Some(format!("{kernels}; {bound}; its best run was {} as fast as the cpu's", times(in_fact)))
}

/// How far the best run is from what perfect overlap could reach.
fn nearness(runs: &[Run], limit: &Limit, width: Width) -> Option<String> {
    let (run, _) = best(runs)?;
    let Limit { read, decode, compute, encode, floor, ref bound_by, best_over_floor } = *limit;
    let alone = format!(
        "one worker takes {} to read all files, {} to decode, {} to compute, {} to encode",
        seconds(read),
        seconds(decode),
        seconds(compute),
        seconds(encode)
    );
    let who = match bound_by.as_str() {
        "reading" => format!("{} files at a time", width.in_flight),
        _ if width.jobs == 1 => "1 core".into(),
        _ => format!("{} cores", width.jobs),
    };
    let best = format!("the best run, {} on {}, took", run.schedule, run.backend);
    let nearness = if best_over_floor < 1.0 {
        format!("{best} {} of that, less than by the sequential run's figures it could", percent(best_over_floor))
    } else {
        format!("{best} {} that", times(best_over_floor))
    };
    Some(format!("{alone}: perfect overlap with {who} would take {}, bound by {bound_by}; {nearness}", seconds(floor)))
}

#[cfg(test)]
mod tests;
