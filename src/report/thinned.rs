//! Fewer spans to draw, with the same time in each stage of each lane.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::document::{Bar, Timeline};

/// Into how many cells time is divided at first; a screen shows fewer.
const CELLS: u64 = 1 << 14;

impl Timeline {
    /// The timeline with about `most` spans or fewer. Spans shorter than a cell of time are put together with those of the
    /// same lane and stage in that cell, so none moves further than a cell, and each stage of a lane lasts as long as before.
    pub fn thinned(&self, most: usize) -> Timeline {
        let rows = rows(&self.spans);
        let last = self.spans.iter().map(|bar| bar.end).max().unwrap_or(0);
        let mut cell = (last / CELLS).max(1);
        let mut spans = self.spans.clone();
        while spans.len() > most && cell <= last {
            spans = put_together(&self.spans, &rows, cell);
            cell *= 2;
        }
        Timeline { spans, images: self.images.clone(), lanes: self.lanes.clone(), ..*self }
    }
}

/// For each span a row of its lane, such that the spans of a row do not overlap.
fn rows(spans: &[Bar]) -> Vec<u32> {
    let mut free: HashMap<u16, BinaryHeap<Reverse<(u64, u32)>>> = HashMap::new();
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|&i| spans[i].start);
    let mut rows = vec![0; spans.len()];
    for i in order {
        let bar = &spans[i];
        let ends = free.entry(bar.lane).or_default();
        let next = ends.len() as u32;
        let row = match ends.peek() {
            Some(&Reverse((end, row))) if end <= bar.start => {
                ends.pop();
                row
            }
            _ => next,
        };
        ends.push(Reverse((bar.end, row)));
        rows[i] = row;
    }
    rows
}

fn put_together(spans: &[Bar], rows: &[u32], cell: u64) -> Vec<Bar> {
    let mut kept = Vec::new();
    let mut cells: BTreeMap<(u64, u16, u32), Vec<Bar>> = BTreeMap::new();
    for (bar, row) in spans.iter().zip(rows) {
        if bar.end - bar.start >= cell {
            kept.push(bar.clone());
            continue;
        }
        let stages = cells.entry((bar.start / cell, bar.lane, *row)).or_default();
        match stages.iter_mut().find(|whole| whole.stage == bar.stage) {
            Some(whole) => {
                whole.end += bar.end - bar.start;
                whole.merged += 1 + bar.merged;
            }
            None => stages.push(bar.clone()),
        }
    }
    for stages in cells.into_values() {
        let mut at = stages.iter().map(|bar| bar.start).min().unwrap_or(0);
        for bar in stages {
            let length = bar.end - bar.start;
            kept.push(Bar { start: at, end: at + length, ..bar });
            at += length;
        }
    }
    kept.sort_by_key(|bar| (bar.start, Reverse(bar.end)));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Lane;

    fn timeline(spans: Vec<Bar>) -> Timeline {
        let lane = |kind: &'static str| Lane { name: kind.into(), kind };
        let lanes = vec![lane("files"), lane("worker")];
        Timeline { wall_seconds: 1.0, lanes, images: vec!["a".into()], recorded: spans.len(), spans }
    }

    /// Time and number of spans of each stage of each lane.
    fn totals(timeline: &Timeline) -> BTreeMap<(u16, &'static str), (u64, u32)> {
        let mut totals = BTreeMap::new();
        for bar in &timeline.spans {
            let (time, count) = totals.entry((bar.lane, bar.stage)).or_insert((0, 0));
            *time += bar.end - bar.start;
            *count += 1 + bar.merged;
        }
        totals
    }

    /// Reads that overlap one another, and work that doesn't.
    fn many(count: u32) -> Timeline {
        let bar = |image, lane, stage, start, end| Bar { image, lane, stage, start, end, merged: 0 };
        let mut spans = Vec::new();
        for i in 0..count {
            let at = 100 * u64::from(i);
            spans.push(bar(i, 0, "read", at, at + 730));
            spans.push(bar(i, 1, "decode", at, at + 41 + u64::from(i % 7)));
            spans.push(bar(i, 1, "encode", at + 60, at + 93));
        }
        timeline(spans)
    }

    #[test]
    fn each_stage_of_each_lane_keeps_its_time_and_its_spans() {
        let whole = many(20_000);
        let thin = whole.thinned(5_000);
        assert!(thin.spans.len() <= 5_000, "{}", thin.spans.len());
        assert_eq!(totals(&thin), totals(&whole));
        assert_eq!((thin.recorded, &thin.images, &thin.lanes), (60_000, &whole.images, &whole.lanes));
        let end = |timeline: &Timeline| timeline.spans.iter().map(|bar| bar.end).max().unwrap();
        assert!(end(&thin).abs_diff(end(&whole)) < end(&whole) / 100);
    }

    #[test]
    fn work_of_a_lane_is_still_drawn_apart() {
        let thin = many(20_000).thinned(5_000);
        let mut work: Vec<&Bar> = thin.spans.iter().filter(|bar| bar.lane == 1).collect();
        work.sort_by_key(|bar| bar.start);
        let overlap: u64 = work.windows(2).map(|pair| pair[0].end.saturating_sub(pair[1].start)).sum();
        let all: u64 = work.iter().map(|bar| bar.end - bar.start).sum();
        assert!(overlap < all / 50, "{overlap} of {all} µs");
    }

    #[test]
    fn long_spans_stay_as_they_are_and_few_spans_too() {
        let few = many(30);
        assert_eq!(few.thinned(90), few);
        let mut mixed = many(3_000);
        mixed.spans.push(Bar { image: 0, lane: 1, stage: "compute", start: 1_000, end: 200_000, merged: 0 });
        let thin = mixed.thinned(500);
        assert!(thin.spans.len() <= 500 && thin.spans.contains(mixed.spans.last().unwrap()));
        assert!(timeline(vec![]).thinned(0).spans.is_empty());
    }
}
