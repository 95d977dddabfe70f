//! Pure functions from spans to figures.

use std::collections::HashMap;
use std::time::Duration;

use super::sums::{Interval, StageSums, Sums};
use super::{Span, Stage, Worker};

/// What the share of a stage is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Time of all workers: they ran the stage themselves.
    Workers,
    /// Wall time during which the stage ran for at least one image: nobody was kept by it.
    Wall,
}

/// A stage over all images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageFigures {
    pub stage: Stage,
    pub images: usize,
    /// Sum over the images; on the device, time during which it had at least one. Work that a worker did for another image
    /// in the middle of this one counts for that one.
    pub worked: Duration,
    /// 0 to 1, of `basis`.
    pub share: f64,
    pub basis: Basis,
    /// Sum over the images of the time between the end of the stage before and the start of this one; of reading, the wait
    /// for memory between a file's header and the rest.
    pub waited: Duration,
}

/// What the spans of a run tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub wall: Duration,
    pub workers: usize,
    pub images: usize,
    /// One of each stage, in the order of the journey.
    pub stages: Vec<StageFigures>,
    /// Share of the workers' time in decoding, computing and encoding, 0 to 1.
    pub busy: f64,
    /// Workers that worked at a time, on average.
    pub cores_busy: f64,
    /// Share of the wall time during which some worker or the device worked, 0 to 1; all else was waiting.
    pub working: f64,
    /// Share of the wall time during which the device had an image, 0 to 1; none where no device computed.
    pub device_busy: Option<f64>,
    /// Share of the wall time during which an image waited for memory, 0 to 1.
    pub memory_wait: f64,
    /// How much of the shorter one of moving bytes and working happened while the other went on, 0 to 1.
    pub overlap: f64,
}

impl Figures {
    pub fn stage(&self, stage: Stage) -> &StageFigures {
        &self.stages[stage as usize]
    }
}

/// The figures of a run that took `wall` with `workers` worker threads.
pub fn figures(spans: &[Span], wall: Duration, workers: usize) -> Figures {
    Sums::of(spans).figures(wall, workers)
}

impl Sums {
    /// The figures of a run that took `wall` with `workers` worker threads.
    pub fn figures(&self, wall: Duration, workers: usize) -> Figures {
        let workers = workers.max(1);
        let stages = Stage::ALL.into_iter().zip(&self.stages);
        let cores_busy = ratio(self.work.as_nanos() as f64, wall.as_nanos() as f64);
        Figures {
            wall,
            workers,
            images: self.images,
            stages: stages.map(|(stage, sums)| stage_figures(stage, sums, wall, workers)).collect(),
            busy: (cores_busy / workers as f64).min(1.0),
            cores_busy,
            working: share(self.working, wall),
            device_busy: (!self.device.is_zero()).then(|| share(self.device, wall)),
            memory_wait: share(self.memory, wall),
            overlap: share(self.both, self.moving.min(self.working)),
        }
    }
}

fn stage_figures(stage: Stage, sums: &StageSums, wall: Duration, workers: usize) -> StageFigures {
    let worked = sums.own + sums.on_device;
    let (basis, share) = match sums.on_workers {
        true => (Basis::Workers, share(worked, wall * workers as u32)),
        false => (Basis::Wall, share(sums.under_way, wall)),
    };
    StageFigures { stage, images: sums.images, worked, share, basis, waited: sums.waited }
}

/// Each span's duration without the spans that the same worker ran inside it: a worker that waits for parts of one image
/// may take up another one meanwhile.
pub(super) fn own_times(spans: &[Span]) -> Vec<Duration> {
    let mut own: Vec<Duration> = spans.iter().map(Span::duration).collect();
    let mut by_worker: HashMap<u16, Vec<usize>> = HashMap::new();
    for (i, span) in spans.iter().enumerate() {
        if let Worker::Cpu(worker) = span.worker {
            by_worker.entry(worker).or_default().push(i);
        }
    }
    for order in by_worker.values_mut() {
        order.sort_by_key(|&i| (spans[i].start, std::cmp::Reverse(spans[i].end)));
        let mut open: Vec<usize> = Vec::new();
        for &i in order.iter() {
            while open.last().is_some_and(|&outer| spans[outer].end <= spans[i].start) {
                open.pop();
            }
            if let Some(&outer) = open.last() {
                let inside = spans[i].end.min(spans[outer].end) - spans[i].start;
                own[outer] = own[outer].saturating_sub(inside);
            }
            open.push(i);
        }
    }
    own
}

/// Time that an image spent between two of its spans.
pub(super) struct Gap {
    pub before: Stage,
    pub start: Duration,
    pub end: Duration,
}

pub(super) fn gaps(spans: &[Span]) -> Vec<Gap> {
    let mut order: Vec<&Span> = spans.iter().collect();
    order.sort_by_key(|s| (s.image, s.start, s.stage));
    order
        .windows(2)
        .filter(|pair| pair[0].image == pair[1].image && pair[0].end < pair[1].start)
        .map(|pair| Gap { before: pair[1].stage, start: pair[0].end, end: pair[1].start })
        .collect()
}

/// The union of intervals, as intervals apart from one another in order.
pub(super) fn merged(intervals: impl Iterator<Item = Interval>) -> Vec<Interval> {
    let mut intervals: Vec<Interval> = intervals.filter(|(start, end)| start < end).collect();
    intervals.sort();
    let mut union: Vec<Interval> = Vec::new();
    for (start, end) in intervals {
        match union.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => union.push((start, end)),
        }
    }
    union
}

pub(super) fn length(union: &[Interval]) -> Duration {
    union.iter().map(|(start, end)| *end - *start).sum()
}

fn share(part: Duration, whole: Duration) -> f64 {
    ratio(part.as_nanos() as f64, whole.as_nanos() as f64).min(1.0)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(image: u32, stage: Stage, worker: Worker, start: u64, end: u64) -> Span {
        Span { image, stage, worker, start: Duration::from_millis(start), end: Duration::from_millis(end) }
    }

    const fn ms(v: u64) -> Duration {
        Duration::from_millis(v)
    }

    #[test]
    fn nothing_gives_zeros() {
        let f = figures(&[], Duration::ZERO, 0);
        assert_eq!((f.images, f.busy, f.device_busy, f.overlap, f.workers), (0, 0.0, None, 0.0, 1));
        assert!(f.stages.iter().all(|s| s.share == 0.0 && s.worked.is_zero()));
    }

    #[test]
    fn one_image_on_one_worker() {
        let cpu = Worker::Cpu(0);
        let f = figures(
            &[
                span(0, Stage::Read, Worker::Loader, 0, 20),
                span(0, Stage::Decode, cpu, 30, 60),
                span(0, Stage::Compute, cpu, 60, 70),
                span(0, Stage::Encode, cpu, 70, 90),
                span(0, Stage::Write, Worker::Loader, 90, 100),
            ],
            ms(100),
            2,
        );
        assert_eq!(f.images, 1);
        assert_eq!((f.busy, f.cores_busy), (0.3, 0.6));
        let decode = f.stage(Stage::Decode);
        assert_eq!((decode.worked, decode.waited, decode.share, decode.basis), (ms(30), ms(10), 0.15, Basis::Workers));
        let read = f.stage(Stage::Read);
        assert_eq!((read.worked, read.waited, read.share, read.basis), (ms(20), ms(0), 0.2, Basis::Wall));
        assert_eq!(f.overlap, 0.0);
    }

    #[test]
    fn an_image_taken_up_inside_another_counts_once() {
        let cpu = Worker::Cpu(0);
        let f = figures(
            &[
                span(0, Stage::Compute, cpu, 0, 100),
                span(1, Stage::Decode, cpu, 20, 50),
                span(1, Stage::Compute, cpu, 50, 90),
            ],
            ms(100),
            1,
        );
        assert_eq!(f.busy, 1.0);
        assert_eq!(f.stage(Stage::Compute).worked, ms(30 + 40));
        assert_eq!(f.stage(Stage::Decode).worked, ms(30));
    }

    #[test]
    fn the_gap_inside_reading_is_the_wait_for_memory() {
        let f = figures(
            &[
                span(0, Stage::Read, Worker::Loader, 0, 10),
                span(0, Stage::Read, Worker::Loader, 60, 70),
                span(1, Stage::Read, Worker::Loader, 0, 10),
                span(1, Stage::Read, Worker::Loader, 40, 50),
            ],
            ms(100),
            1,
        );
        assert_eq!(f.memory_wait, 0.5);
        assert_eq!(f.stage(Stage::Read).waited, ms(50 + 30));
        assert_eq!(f.stage(Stage::Read).images, 2);
    }

    #[test]
    fn a_device_with_two_images_at_once_is_busy_once() {
        let f = figures(
            &[span(0, Stage::Compute, Worker::Device, 0, 40), span(1, Stage::Compute, Worker::Device, 20, 50)],
            ms(100),
            2,
        );
        assert_eq!((f.device_busy, f.busy), (Some(0.5), 0.0));
        assert_eq!((f.stage(Stage::Compute).share, f.stage(Stage::Compute).worked), (0.5, ms(50)));
    }

    #[test]
    fn the_time_of_work_is_counted_once_and_all_else_is_waiting() {
        let f = figures(
            &[
                span(0, Stage::Read, Worker::Loader, 0, 40),
                span(0, Stage::Decode, Worker::Cpu(0), 40, 60),
                span(1, Stage::Decode, Worker::Cpu(1), 50, 70),
                span(1, Stage::Compute, Worker::Device, 65, 80),
                span(1, Stage::Write, Worker::Loader, 80, 100),
            ],
            ms(100),
            2,
        );
        assert_eq!((f.working, f.cores_busy), (0.4, 0.4));
    }

    #[test]
    fn overlap_is_of_the_shorter_side() {
        let f = figures(
            &[
                span(0, Stage::Read, Worker::Loader, 0, 20),
                span(1, Stage::Read, Worker::Loader, 20, 40),
                span(0, Stage::Decode, Worker::Cpu(0), 20, 100),
            ],
            ms(100),
            1,
        );
        assert_eq!(f.overlap, 0.5);
    }
}
