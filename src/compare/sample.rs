//! How many images a comparison takes, so that it ends within a minute or so.

use std::path::PathBuf;
use std::time::Duration;

use crate::pipeline::{Schedule, Slowness};

/// What all runs of a load together should take.
const LOAD_SECS: f64 = 25.0;
/// Fewer show nothing of schedules.
const LEAST_IMAGES: usize = 8;
/// More show nothing new.
const MOST_IMAGES: usize = 400;
/// Files of a run, which are named on its command line; of more images they are taken several times.
const MOST_FILES: usize = if cfg!(windows) { 100 } else { 1000 };
/// The delay that makes a load wait: that many times the work of an image.
const DELAY_OVER_WORK: f64 = 4.0;
const LEAST_DELAY: Duration = Duration::from_millis(50);

/// A backend and how long it works on an image, with one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    pub backend: String,
    pub secs_per_image: f64,
    pub bytes_per_image: f64,
}

/// The delay of the waiting-bound load where none was asked for: 50 ms, or more where that would be little beside the work
/// of the fastest backend, in steps of 50 ms.
pub fn delay(paces: &[Pace]) -> Duration {
    let work_secs = paces.iter().map(|p| p.secs_per_image).fold(f64::INFINITY, f64::min);
    let steps = (DELAY_OVER_WORK * work_secs / LEAST_DELAY.as_secs_f64()).ceil();
    // Too many steps, or none that could be counted, come of no pace at all.
    LEAST_DELAY * if steps.is_finite() { (steps as u32).max(1) } else { 1 }
}

/// Workers and files in flight.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    pub jobs: usize,
    pub in_flight: usize,
}

/// An estimate of what an image adds to a run.
fn image_secs(schedule: Schedule, pace: &Pace, slowness: Slowness, width: Width) -> f64 {
    let (jobs, in_flight) = (width.jobs.max(1) as f64, width.in_flight.max(1) as f64);
    let (delay, work) = (slowness.delay.as_secs_f64(), pace.secs_per_image);
    let line = slowness.bandwidth.map_or(0.0, |rate| pace.bytes_per_image / rate as f64);
    match schedule {
        Schedule::Sequential => delay + line + work,
        Schedule::Parallel => line.max((delay + line + work) / jobs),
        Schedule::Concurrent => line.max(delay / in_flight).max(work),
        Schedule::Overlapped => line.max(delay / in_flight).max(work / jobs),
    }
}

/// Images of a load for `runs` timed runs of every combination, and one more without waiting.
pub fn images(runs: usize, combinations: &[(Schedule, &Pace)], slowness: Slowness, width: Width) -> usize {
    let secs: f64 = combinations
        .iter()
        .map(|(schedule, pace)| {
            let timed = image_secs(*schedule, pace, slowness, width);
            runs as f64 * timed + image_secs(*schedule, pace, Slowness::default(), width)
        })
        .sum();
    let fit = if secs > 0.0 { LOAD_SECS / secs } else { MOST_IMAGES as f64 };
    (fit as usize).clamp(LEAST_IMAGES, MOST_IMAGES)
}

/// The files of that many images, spread evenly over all; all where there are fewer.
pub fn files(all: &[PathBuf], images: usize) -> Vec<PathBuf> {
    spread(all, images.min(MOST_FILES))
}

/// `count` of the items, spread evenly over them; all where there are fewer.
pub fn spread<T: Clone>(items: &[T], count: usize) -> Vec<T> {
    let count = count.min(items.len());
    (0..count).map(|i| items[i * items.len() / count].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(secs_per_image: f64) -> Pace {
        Pace { backend: "cpu".into(), secs_per_image, bytes_per_image: 1e6 }
    }

    const WIDTH: Width = Width { jobs: 4, in_flight: 16 };

    #[test]
    fn the_delay_outweighs_the_work() {
        assert_eq!(delay(&[pace(0.001)]), Duration::from_millis(50));
        assert_eq!(delay(&[pace(0.9), pace(0.1)]), Duration::from_millis(400));
        assert_eq!(delay(&[]), Duration::from_millis(50));
    }

    #[test]
    fn a_load_fits_its_time() {
        let slowness = Slowness { delay: Duration::from_millis(50), bandwidth: None };
        let none = Slowness::default();
        let (fast, slow) = (pace(0.01), pace(9.0));
        let all = Schedule::ALL.map(|schedule| (schedule, &fast));
        // 60 + 15 + 10 + 3.125 ms an image of each run, and 25 ms of the first, which does not wait.
        assert_eq!(images(3, &all, slowness, WIDTH), 86);
        // 25 ms each, four times.
        assert_eq!(images(3, &all, none, WIDTH), 250);
        // A megabyte takes 100 ms: 160 + 100 + 100 + 100 ms, whoever decides.
        let narrow = Slowness { bandwidth: Some(10_000_000), ..slowness };
        assert_eq!(images(3, &all, narrow, WIDTH), 17);
        assert_eq!(images(3, &Schedule::ALL.map(|s| (s, &slow)), none, WIDTH), LEAST_IMAGES);
        assert_eq!(images(3, &[], none, WIDTH), MOST_IMAGES);
    }

    #[test]
    fn a_sample_is_spread() {
        let items: Vec<u32> = (0..10).collect();
        assert_eq!(spread(&items, 4), [0, 2, 5, 7]);
        assert_eq!(spread(&items, 99), items);
        assert_eq!(spread(&items[..0], 3), [0; 0]);
    }
}
