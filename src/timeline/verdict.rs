//! One line on what bound a run.

use super::{Basis, Figures, Stage, StageFigures};

/// From this share of the time on, something is held to bound the run.
const BINDS: f64 = 0.75;
/// From this share of the time on, something that went on while workers were idle is held to be the reason.
const KEEPS_IDLE: f64 = 0.5;

/// What kept a run from being faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Nothing ran.
    Nothing,
    Work,
    Device,
    Memory,
    Reading,
    Writing,
    FewImages,
    /// No single thing.
    Mixed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub bound: Bound,
    /// One line: what bound the run, the figures that say so, what to do where something can be done.
    pub text: String,
}

/// What bound the run.
pub fn verdict(figures: &Figures) -> Verdict {
    let bound = bound(figures);
    let idle = percent(1.0 - figures.busy);
    let text = match bound {
        Bound::Nothing => "nothing was done".into(),
        Bound::Work => format!(
            "bound by work: {} busy {} of the time, {} of it {}",
            workers(figures.workers),
            percent(figures.busy),
            percent(part_of_work(figures, heaviest(figures))),
            heaviest(figures).stage.doing(),
        ),
        Bound::Device => {
            format!("bound by the device: it had an image {} of the time", percent(figures.device_busy.unwrap_or(0.0)))
        }
        Bound::Memory => format!(
            "bound by memory: images waited for the budget {} of the time, workers were idle {idle}; raise --memory",
            percent(figures.memory_wait)
        ),
        Bound::Reading => waiting(figures.stage(Stage::Read), "files were read", &idle),
        Bound::Writing => waiting(figures.stage(Stage::Write), "results were written", &idle),
        Bound::FewImages => format!(
            "bound by the number of images: {} could not keep {} workers busy",
            if figures.images == 1 { "one".into() } else { figures.images.to_string() },
            figures.workers
        ),
        Bound::Mixed => format!(
            "bound by no single thing: workers were busy {}, {} reading, {} writing",
            percent(figures.busy),
            percent(figures.stage(Stage::Read).share),
            percent(figures.stage(Stage::Write).share),
        ),
    };
    Verdict { bound, text }
}

fn bound(figures: &Figures) -> Bound {
    let (read, write) = (figures.stage(Stage::Read).share, figures.stage(Stage::Write).share);
    let device = figures.device_busy.unwrap_or(0.0);
    if figures.images == 0 || figures.wall.is_zero() {
        Bound::Nothing
    } else if figures.busy >= BINDS && figures.busy >= device {
        Bound::Work
    } else if device >= BINDS {
        Bound::Device
    } else if figures.busy >= BINDS {
        Bound::Work
    } else if figures.memory_wait >= KEEPS_IDLE {
        Bound::Memory
    } else if read.max(write) >= KEEPS_IDLE {
        if read >= write { Bound::Reading } else { Bound::Writing }
    } else if figures.images < figures.workers {
        Bound::FewImages
    } else {
        Bound::Mixed
    }
}

fn waiting(stage: &StageFigures, while_what: &str, idle: &str) -> String {
    match (stage.basis, stage.stage) {
        (Basis::Workers, stage_kind) => format!(
            "bound by waiting: workers spent {} of the time {} files themselves; --schedule overlapped does not wait",
            percent(stage.share),
            stage_kind.doing()
        ),
        (Basis::Wall, Stage::Read) => {
            format!("bound by waiting: workers idle {idle} of the time while {while_what}; raise --in-flight")
        }
        (Basis::Wall, _) => format!("bound by waiting: workers idle {idle} of the time while {while_what}"),
    }
}

/// The stage of work that took most.
fn heaviest(figures: &Figures) -> &StageFigures {
    let work = [Stage::Decode, Stage::Compute, Stage::Encode].map(|stage| figures.stage(stage));
    let on_workers = |s: &&StageFigures| if s.basis == Basis::Workers { s.worked } else { std::time::Duration::ZERO };
    let mut most = work[0];
    for stage in work {
        if on_workers(&stage) > on_workers(&most) {
            most = stage;
        }
    }
    most
}

fn part_of_work(figures: &Figures, stage: &StageFigures) -> f64 {
    let all = figures.cores_busy * figures.wall.as_secs_f64();
    if all > 0.0 { stage.worked.as_secs_f64() / all } else { 0.0 }
}

fn workers(count: usize) -> String {
    match count {
        1 => "the worker was".into(),
        2 => "both workers were".into(),
        n => format!("the {n} workers were"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Span, Worker, figures};
    use super::*;

    const LOADER: Worker = Worker::Loader;
    const DEVICE: Worker = Worker::Device;

    fn judge(wall: u64, workers: usize, spans: &[(u32, Stage, Worker, u64, u64)]) -> Verdict {
        let spans: Vec<Span> = spans
            .iter()
            .map(|&(image, stage, worker, start, end)| Span {
                image,
                stage,
                worker,
                start: Duration::from_millis(start),
                end: Duration::from_millis(end),
            })
            .collect();
        verdict(&figures(&spans, Duration::from_millis(wall), workers))
    }

    #[test]
    fn busy_workers_bind() {
        let v = judge(
            100,
            2,
            &[
                (0, Stage::Read, LOADER, 0, 4),
                (0, Stage::Decode, Worker::Cpu(0), 4, 64),
                (0, Stage::Compute, Worker::Cpu(0), 64, 100),
                (1, Stage::Decode, Worker::Cpu(1), 4, 64),
                (1, Stage::Compute, Worker::Cpu(1), 64, 100),
            ],
        );
        assert_eq!(v.bound, Bound::Work);
        assert_eq!(v.text, "bound by work: both workers were busy 96 % of the time, 62 % of it decoding");
    }

    #[test]
    fn reading_binds_where_workers_starve() {
        let v = judge(100, 1, &[(0, Stage::Read, LOADER, 0, 91), (0, Stage::Decode, Worker::Cpu(0), 91, 100)]);
        assert_eq!(v.bound, Bound::Reading);
        assert_eq!(v.text, "bound by waiting: workers idle 91 % of the time while files were read; raise --in-flight");
    }

    #[test]
    fn workers_that_read_for_themselves_are_told_of_the_other_schedule() {
        let cpu = Worker::Cpu(0);
        let v = judge(100, 1, &[(0, Stage::Read, cpu, 0, 80), (0, Stage::Decode, cpu, 80, 100)]);
        assert_eq!(v.bound, Bound::Reading);
        assert!(v.text.contains("80 % of the time reading files themselves; --schedule overlapped"), "{}", v.text);
    }

    #[test]
    fn slow_writing_binds() {
        let v = judge(100, 2, &[(0, Stage::Decode, Worker::Cpu(0), 0, 9), (0, Stage::Write, LOADER, 9, 99)]);
        assert_eq!(v.bound, Bound::Writing);
    }

    #[test]
    fn the_device_binds_and_not_the_workers_that_feed_it() {
        let v = judge(
            100,
            2,
            &[
                (0, Stage::Decode, Worker::Cpu(0), 0, 30),
                (0, Stage::Compute, DEVICE, 2, 60),
                (1, Stage::Compute, DEVICE, 40, 99),
            ],
        );
        assert_eq!(
            (v.bound, v.text.as_str()),
            (Bound::Device, "bound by the device: it had an image 97 % of the time")
        );
    }

    #[test]
    fn workers_bind_where_they_are_busier_than_the_device() {
        let v = judge(100, 1, &[(0, Stage::Decode, Worker::Cpu(0), 0, 98), (1, Stage::Compute, DEVICE, 0, 80)]);
        assert_eq!(v.bound, Bound::Work);
        assert!(v.text.contains("the worker was busy 98 %") && v.text.contains("100 % of it decoding"), "{}", v.text);
    }

    #[test]
    fn memory_binds_where_images_wait_for_it() {
        let v = judge(
            100,
            2,
            &[
                (0, Stage::Read, LOADER, 0, 5),
                (0, Stage::Read, LOADER, 65, 70),
                (0, Stage::Decode, Worker::Cpu(0), 70, 90),
            ],
        );
        assert_eq!(v.bound, Bound::Memory);
        assert!(v.text.ends_with("raise --memory"), "{}", v.text);
    }

    #[test]
    fn one_image_cannot_fill_many_workers() {
        let v = judge(100, 8, &[(0, Stage::Read, LOADER, 0, 3), (0, Stage::Decode, Worker::Cpu(0), 3, 100)]);
        assert_eq!((v.bound, v.text.contains("one could not keep 8")), (Bound::FewImages, true));
    }

    #[test]
    fn odd_runs_have_a_verdict_too() {
        assert_eq!(judge(0, 0, &[]).bound, Bound::Nothing);
        assert_eq!(judge(100, 2, &[]).bound, Bound::Nothing);
        // A failed first read of no length in a run of no length.
        assert_eq!(judge(0, 1, &[(0, Stage::Read, LOADER, 0, 0)]).bound, Bound::Nothing);
        // A span that ends after the wall was taken, as in an aborted run.
        assert_eq!(judge(50, 1, &[(0, Stage::Decode, Worker::Cpu(0), 0, 100)]).bound, Bound::Work);
        // Half busy, nothing else.
        assert_eq!(judge(100, 1, &[(0, Stage::Decode, Worker::Cpu(0), 0, 50)]).bound, Bound::Mixed);
    }
}
