//! What spans add up to. Of a run that goes on, those are kept that sums can't be made of yet, and no others.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::figures::{gaps, length, merged, own_times};
use super::{Span, Stage, Worker};

pub(super) type Interval = (Duration, Duration);

/// Sums over spans, from which figures are made.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// In the order of the journey.
    pub stages: [StageSums; Stage::ALL.len()],
    pub images: usize,
    /// Of all workers.
    pub work: Duration,
    /// During which a device had an image.
    pub device: Duration,
    /// During which bytes were moved.
    pub moving: Duration,
    /// During which a worker or a device worked.
    pub working: Duration,
    /// During which both went on.
    pub both: Duration,
    /// During which an image waited for memory.
    pub memory: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StageSums {
    pub images: usize,
    /// Whether workers ran it.
    pub on_workers: bool,
    /// Not on a device, summed over the images.
    pub own: Duration,
    /// During which it ran for at least one image.
    pub under_way: Duration,
    /// During which a device ran it for at least one image.
    pub on_device: Duration,
    pub waited: Duration,
}

impl Sums {
    /// Adds all spans of some images.
    pub fn of(spans: &[Span]) -> Sums {
        let mut sums = Sums::default();
        let waits = sums.count(spans);
        sums.add(spans, &waits);
        sums
    }

    /// Adds what hangs on the images alone, given all of their spans; returns when they waited for memory.
    fn count(&mut self, spans: &[Span]) -> Vec<Interval> {
        let images = |of: &dyn Fn(&Span) -> bool| {
            spans.iter().filter(|s| of(s)).map(|s| s.image).collect::<HashSet<u32>>().len()
        };
        self.images += images(&|_| true);
        for (stage, sums) in Stage::ALL.into_iter().zip(&mut self.stages) {
            sums.images += images(&|s| s.stage == stage);
            sums.on_workers |= spans.iter().any(|s| s.stage == stage && matches!(s.worker, Worker::Cpu(_)));
        }
        let gaps = gaps(spans);
        for gap in &gaps {
            self.stages[gap.before as usize].waited += gap.end - gap.start;
        }
        gaps.iter().filter(|gap| gap.before == Stage::Read).map(|gap| (gap.start, gap.end)).collect()
    }

    /// Adds what hangs on what went on at a time, given all spans of that time.
    fn add(&mut self, spans: &[Span], waits: &[Interval]) {
        let own = own_times(spans);
        let union = |of: &dyn Fn(&Span) -> bool| merged(spans.iter().filter(|s| of(s)).map(|s| (s.start, s.end)));
        for (stage, sums) in Stage::ALL.into_iter().zip(&mut self.stages) {
            // Spans on a device hold one another's time in its queue, so only that it had any image counts.
            let here = spans.iter().zip(&own).filter(|(s, _)| s.stage == stage && s.worker != Worker::Device);
            sums.own += here.map(|(_, own)| *own).sum::<Duration>();
            sums.under_way += length(&union(&|s| s.stage == stage));
            sums.on_device += length(&union(&|s| s.stage == stage && s.worker == Worker::Device));
        }
        let by_workers = spans.iter().zip(&own);
        let by_workers = by_workers.filter(|(s, _)| !s.stage.moves_bytes() && matches!(s.worker, Worker::Cpu(_)));
        self.work += by_workers.map(|(_, own)| *own).sum::<Duration>();
        let (moving, working) = (union(&|s| s.stage.moves_bytes()), union(&|s| !s.stage.moves_bytes()));
        self.device += length(&union(&|s| s.worker == Worker::Device));
        self.moving += length(&moving);
        self.working += length(&working);
        self.both += common_length(&moving, &working);
        self.memory += length(&merged(waits.iter().copied()));
    }
}

/// Length of what two unions have in common.
fn common_length(a: &[Interval], b: &[Interval]) -> Duration {
    let (mut i, mut j, mut total) = (0, 0, Duration::ZERO);
    while i < a.len() && j < b.len() {
        let (start, end) = (a[i].0.max(b[j].0), a[i].1.min(b[j].1));
        total += end.saturating_sub(start);
        if a[i].1 < b[j].1 { i += 1 } else { j += 1 }
    }
    total
}

/// Spans that are added at a time.
const AT_A_TIME: usize = 4096;

/// Sums of a run that goes on, with the spans that are too recent for them: those since the first image began that has not
/// ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded {
    sums: Sums,
    under_way: HashMap<u32, UnderWay>,
    /// Images that ended while a stage of theirs went on. What is still done for them counts no more.
    given_up: HashSet<u32>,
    /// Of images that ended.
    recent: Vec<Span>,
    /// When they waited for memory.
    waits: Vec<Interval>,
    /// How many recent spans there are to be before they are looked at again.
    look_at: usize,
}

#[derive(Clone, Debug)]
struct UnderWay {
    begun: Duration,
    running: usize,
    ended: Vec<Span>,
}

impl Folded {
    /// A span of an image begins.
    pub fn begin(&mut self, image: u32, now: Duration) {
        if !self.given_up.contains(&image) {
            let fresh = || UnderWay { begun: now, running: 0, ended: Vec::new() };
            self.under_way.entry(image).or_insert_with(fresh).running += 1;
        }
    }

    /// It ended.
    pub fn end(&mut self, span: Span) {
        if let Some(image) = self.under_way.get_mut(&span.image) {
            image.running = image.running.saturating_sub(1);
            image.ended.push(span);
        }
    }

    /// The last stage of an image under way that ended.
    pub fn stage(&self, image: u32) -> Option<Stage> {
        self.under_way.get(&image)?.ended.iter().map(|span| span.stage).max()
    }

    /// An image's journey ended.
    pub fn image_ended(&mut self, image: u32) {
        let Some(UnderWay { running, ended, .. }) = self.under_way.remove(&image) else { return };
        if running > 0 {
            self.given_up.insert(image);
        }
        self.waits.extend(self.sums.count(&ended));
        self.recent.extend(ended);
        if self.recent.len() >= self.look_at.max(AT_A_TIME) {
            let until = self.under_way.values().map(|image| image.begun).min().unwrap_or(Duration::MAX);
            self.fold(until);
            self.look_at = 2 * self.recent.len();
        }
    }

    /// Adds what was before a moment to the sums.
    fn fold(&mut self, until: Duration) {
        let spans = std::mem::take(&mut self.recent);
        let waits = std::mem::take(&mut self.waits);
        let before: Vec<Span> = spans.iter().filter_map(|s| between(*s, Duration::ZERO, until)).collect();
        let waits_before: Vec<Interval> = waits.iter().map(|(start, end)| (*start, until.min(*end))).collect();
        self.sums.add(&before, &waits_before);
        self.recent = spans.into_iter().filter_map(|s| between(s, until, Duration::MAX)).collect();
        self.waits = waits.into_iter().map(|(start, end)| (until.max(start), end)).filter(|(s, e)| s < e).collect();
    }

    /// The sums so far.
    pub fn sums(mut self) -> Sums {
        let images: Vec<u32> = self.under_way.keys().copied().collect();
        images.into_iter().for_each(|image| self.image_ended(image));
        self.fold(Duration::MAX);
        self.sums
    }
}

/// The part of a span between two moments.
fn between(span: Span, from: Duration, to: Duration) -> Option<Span> {
    let (start, end) = (span.start.max(from), span.end.min(to));
    (start < end).then_some(Span { start, end, ..span })
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Figures, figures};
    use super::*;

    const IMAGES: u32 = 3000;

    /// Images that overlap in every way, a worker each and a device for all, and wait here and there.
    fn run() -> Vec<Vec<Span>> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut at = |image: u32, from: u64| {
            let mut now = from;
            let mut span = |stage, worker| {
                let start = now + random.u64(0..3) * random.u64(0..40);
                now = start + random.u64(0..50);
                let time = Duration::from_micros;
                Span { image, stage, worker, start: time(start), end: time(now) }
            };
            let worker = Worker::Cpu(image as u16);
            let compute = if image.is_multiple_of(3) { Worker::Device } else { worker };
            vec![
                span(Stage::Read, Worker::Loader),
                span(Stage::Read, Worker::Loader),
                span(Stage::Decode, worker),
                span(Stage::Compute, compute),
                span(Stage::Encode, worker),
                span(Stage::Write, Worker::Loader),
            ]
        };
        (0..IMAGES).map(|image| at(image, 60 * u64::from(image))).collect()
    }

    fn told(sums: &Sums) -> Figures {
        sums.figures(Duration::from_micros(60 * u64::from(IMAGES) + 500), 2)
    }

    #[test]
    fn sums_on_the_way_are_those_of_all_spans_and_few_are_kept() {
        let images = run();
        let mut events: Vec<(Duration, bool, Span)> = Vec::new();
        for span in images.iter().flatten() {
            events.extend([(span.start, false, *span), (span.end, true, *span)]);
        }
        events.sort_by_key(|(at, ends, span)| (*at, *ends, span.stage));
        let (mut folded, mut most) = (Folded::default(), 0);
        for (at, ends, span) in events {
            match ends {
                false => folded.begin(span.image, at),
                true => folded.end(span),
            }
            if ends && span.stage == Stage::Write {
                folded.image_ended(span.image);
            }
            most = most.max(folded.recent.len());
        }
        assert!(most <= AT_A_TIME + 6, "{most} of {} kept", 6 * IMAGES);
        let all: Vec<Span> = images.concat();
        assert_eq!(told(&folded.sums()), figures(&all, Duration::from_micros(60 * u64::from(IMAGES) + 500), 2));
    }

    #[test]
    fn what_is_done_for_an_image_that_was_given_up_keeps_nothing() {
        let time = Duration::from_millis;
        let span = |stage| Span { image: 1, stage, worker: Worker::Cpu(0), start: time(1), end: time(900) };
        let mut folded = Folded::default();
        folded.begin(1, time(1));
        folded.image_ended(1);
        folded.end(span(Stage::Decode));
        folded.begin(1, time(900));
        assert!(folded.under_way.is_empty() && folded.stage(1).is_none());
    }
}
