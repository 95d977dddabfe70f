//! From the spans of a run to what a report shows of it.

use std::time::Duration;

use super::document::{Bar, Lane, RunFigures, StageSeconds, Timeline};
use crate::timeline::{DevicePart, DeviceSpan, Span, Worker, figures, verdict};

impl RunFigures {
    /// Of a single repetition that did `images` with `workers` worker threads.
    pub fn of(spans: &[Span], wall: Duration, workers: usize, images: usize) -> RunFigures {
        let figures = figures(spans, wall, workers);
        let seconds = wall.as_secs_f64();
        let stages = figures.stages.iter().filter(|stage| stage.images > 0).map(|stage| StageSeconds {
            stage: stage.stage.name(),
            worked: stage.worked.as_secs_f64(),
            waited: stage.waited.as_secs_f64(),
        });
        RunFigures {
            seconds: vec![seconds],
            images_per_second: if seconds > 0.0 { images as f64 / seconds } else { 0.0 },
            speedup: None,
            within_noise: false,
            waiting: 1.0 - figures.working,
            working: figures.working,
            cores_busy: figures.cores_busy,
            device_busy: figures.device_busy,
            threads: None,
            peak_memory_bytes: None,
            verdict: verdict(&figures).text,
            stages: stages.collect(),
        }
    }
}

impl RunFigures {
    /// And what the device did by its own clock, as stages of its own.
    pub fn with_device(mut self, spans: &[DeviceSpan]) -> RunFigures {
        for part in DevicePart::ALL {
            let worked: Duration = of_part(spans, part).map(|span| span.end.saturating_sub(span.start)).sum();
            if !worked.is_zero() {
                self.stages.push(StageSeconds { stage: part.name(), worked: worked.as_secs_f64(), waited: 0.0 });
            }
        }
        self
    }
}

fn of_part(spans: &[DeviceSpan], part: DevicePart) -> impl Iterator<Item = &DeviceSpan> {
    spans.iter().filter(move |span| span.part == part)
}

impl Timeline {
    /// Of a run's spans; `images` are the names that the spans' numbers stand for.
    pub fn of(spans: &[Span], wall: Duration, workers: usize, images: Vec<String>) -> Timeline {
        let lanes = lanes(spans, workers);
        let lane_of = |worker: Worker| {
            let (kind, name) = lane_name(worker);
            lanes.iter().position(|lane| lane.kind == kind && lane.name == name)
        };
        let mut bars: Vec<Bar> = spans
            .iter()
            .filter_map(|span| {
                Some(Bar {
                    image: span.image,
                    lane: u16::try_from(lane_of(span.worker)?).ok()?,
                    stage: span.stage.name(),
                    start: micros(span.start),
                    end: micros(span.end),
                    merged: 0,
                })
            })
            .collect();
        // What holds another one comes before it.
        bars.sort_by_key(|bar| (bar.start, std::cmp::Reverse(bar.end)));
        Timeline { wall_seconds: wall.as_secs_f64(), lanes, images, recorded: bars.len(), spans: bars }
    }

    /// And what the device did by its own clock, in lanes of its own.
    pub fn with_device(mut self, spans: &[DeviceSpan]) -> Timeline {
        for part in DevicePart::ALL.into_iter().filter(|part| of_part(spans, *part).next().is_some()) {
            let Ok(lane) = u16::try_from(self.lanes.len()) else { return self };
            self.lanes.push(Lane { name: format!("device: {}", part.name()), kind: "device" });
            let bars = of_part(spans, part).map(|span| Bar {
                image: span.image,
                lane,
                stage: part.name(),
                start: micros(span.start),
                end: micros(span.end),
                merged: 0,
            });
            self.spans.extend(bars);
        }
        self.spans.sort_by_key(|bar| (bar.start, std::cmp::Reverse(bar.end)));
        self.recorded = self.spans.len();
        self
    }
}

/// The async side where it has spans, every worker, the device where it has spans.
fn lanes(spans: &[Span], workers: usize) -> Vec<Lane> {
    let has = |worker: Worker| spans.iter().any(|span| span.worker == worker);
    let workers = (0..workers as u16).map(Worker::Cpu);
    let files = has(Worker::Loader).then_some(Worker::Loader);
    let device = has(Worker::Device).then_some(Worker::Device);
    let lane = |worker| {
        let (kind, name) = lane_name(worker);
        Lane { name, kind }
    };
    files.into_iter().chain(workers).chain(device).map(lane).collect()
}

fn lane_name(worker: Worker) -> (&'static str, String) {
    match worker {
        Worker::Loader => ("files", "files".into()),
        Worker::Cpu(number) => ("worker", format!("worker {number}")),
        Worker::Device => ("device", "device".into()),
    }
}

fn micros(time: Duration) -> u64 {
    time.as_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Stage;

    fn span(image: u32, stage: Stage, worker: Worker, start: u64, end: u64) -> Span {
        Span { image, stage, worker, start: Duration::from_millis(start), end: Duration::from_millis(end) }
    }

    #[test]
    fn waiting_is_what_is_left_where_nobody_works() {
        let spans = [
            span(0, Stage::Read, Worker::Loader, 0, 40),
            span(0, Stage::Decode, Worker::Cpu(0), 40, 60),
            span(1, Stage::Decode, Worker::Cpu(1), 50, 70),
            span(1, Stage::Compute, Worker::Device, 65, 80),
        ];
        let figures = RunFigures::of(&spans, Duration::from_millis(100), 2, 2);
        assert!((figures.working - 0.4).abs() < 1e-9 && (figures.waiting - 0.6).abs() < 1e-9);
        assert_eq!(figures.images_per_second, 20.0);
        assert_eq!(figures.stages.iter().map(|s| s.stage).collect::<Vec<_>>(), ["read", "decode", "compute"]);
    }

    #[test]
    fn every_worker_has_its_lane_and_others_only_with_spans() {
        let spans = [
            span(1, Stage::Decode, Worker::Cpu(2), 50, 60),
            span(0, Stage::Compute, Worker::Device, 20, 40),
            span(1, Stage::Read, Worker::Cpu(2), 20, 50),
        ];
        let names = vec!["a.png".to_owned(), "b.png".to_owned()];
        let timeline = Timeline::of(&spans, Duration::from_millis(60), 3, names);
        let lanes: Vec<&str> = timeline.lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(lanes, ["worker 0", "worker 1", "worker 2", "device"]);
        let bars: Vec<_> = timeline.spans.iter().map(|b| (b.lane, b.stage, b.start, b.end)).collect();
        assert_eq!(bars, [(2, "read", 20_000, 50_000), (3, "compute", 20_000, 40_000), (2, "decode", 50_000, 60_000)]);
        assert_eq!(timeline.recorded, 3);
    }

    #[test]
    fn a_device_adds_lanes_and_stages_of_what_it_did() {
        let ms = Duration::from_millis;
        let of = |image, part, start, end| DeviceSpan { image, part, start: ms(start), end: ms(end) };
        let device =
            [of(0, DevicePart::Kernels, 25, 35), of(1, DevicePart::Upload, 36, 37), of(1, DevicePart::Kernels, 40, 45)];
        let spans = [span(0, Stage::Compute, Worker::Device, 20, 40)];
        let timeline = Timeline::of(&spans, ms(50), 1, Vec::new()).with_device(&device);
        let lanes: Vec<&str> = timeline.lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(lanes, ["worker 0", "device", "device: upload", "device: kernels"]);
        let bars: Vec<_> = timeline.spans.iter().map(|b| (b.lane, b.image, b.stage, b.start)).collect();
        let kernels = [(3, 0, "kernels", 25_000), (2, 1, "upload", 36_000), (3, 1, "kernels", 40_000)];
        assert_eq!((bars[0], &bars[1..], timeline.recorded), ((1, 0, "compute", 20_000), &kernels[..], 4));
        let figures = RunFigures::of(&spans, ms(50), 1, 1).with_device(&device);
        let stages: Vec<_> = figures.stages.iter().map(|s| (s.stage, s.worked)).collect();
        assert_eq!(stages, [("compute", 0.02), ("upload", 0.001), ("kernels", 0.015)]);
    }
}
