//! Sums over the outcomes of a run, for the summary and for JSON.

use std::collections::BTreeMap;

use imgproc::pipeline::{Done, Fate, Outcome, Report};
use imgproc::timeline::{Bound, Verdict, verdict};

use super::failures::Failures;

/// What outcomes add up to, gathered as they come.
#[derive(Debug)]
pub struct Totals {
    /// Of the inputs of the images done.
    pub pixels: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// What decoding left out because the recipe leaves it out anyway, and of how many images.
    pub left_out: BTreeMap<String, usize>,
    /// What had to be changed for the output formats, and in how many images.
    pub conversions: BTreeMap<String, usize>,
    pub failures: Failures,
    /// Every outcome, where they are kept.
    outcomes: Option<Vec<Outcome>>,
}

impl Totals {
    /// Of no outcomes yet. `keeps_each`: whether all outcomes are kept, for which memory grows with their number;
    /// `names_failures`: whether all failures are kept by name.
    pub fn new(keeps_each: bool, names_failures: bool) -> Totals {
        Totals {
            pixels: 0,
            bytes_read: 0,
            bytes_written: 0,
            left_out: BTreeMap::new(),
            conversions: BTreeMap::new(),
            failures: Failures::new(names_failures),
            outcomes: keeps_each.then(Vec::new),
        }
    }

    pub fn add(&mut self, outcome: &Outcome) {
        if let Fate::Done(Done { pixels, bytes_read, bytes_written, left_out, conversions, .. }) = &outcome.fate {
            self.pixels += pixels;
            self.bytes_read += bytes_read;
            self.bytes_written += bytes_written;
            count(&mut self.left_out, &left_out.texts());
            count(&mut self.conversions, conversions);
        }
        self.failures.add(outcome);
        if let Some(outcomes) = &mut self.outcomes {
            outcomes.push(outcome.clone());
        }
    }

    /// Every outcome in order of the inputs, where they are kept.
    pub fn outcomes(&self) -> Vec<&Outcome> {
        let mut outcomes: Vec<&Outcome> = self.outcomes.iter().flatten().collect();
        outcomes.sort_by_key(|outcome| outcome.index);
        outcomes
    }

    /// Million input pixels per second.
    pub fn megapixel_rate(&self, report: &Report) -> f64 {
        rate(report, self.pixels as f64 / 1e6)
    }
}

/// `amount` per second of the run.
pub fn rate(report: &Report, amount: f64) -> f64 {
    let wall_secs = report.took().as_secs_f64();
    if wall_secs > 0.0 { amount / wall_secs } else { 0.0 }
}

/// What bound a run, which is told by the images that it did.
pub fn verdict_on(report: &Report) -> Verdict {
    match report.tally.done == 0 && report.tally.failed > 0 {
        true => Verdict { bound: Bound::Nothing, text: "no image was done".into() },
        false => verdict(&report.figures),
    }
}

/// Adds one image to the count of each of its texts.
fn count(counts: &mut BTreeMap<String, usize>, texts: &[String]) {
    for text in texts {
        *counts.entry(text.clone()).or_default() += 1;
    }
}
