//! Sums over the outcomes of a run, for the summary and for JSON.

use std::collections::BTreeMap;

use imgproc::pipeline::{Fate, Report};
use imgproc::timeline::{Bound, Figures, Verdict, figures, verdict};

/// A run in figures.
#[derive(Debug)]
pub struct Totals {
    pub done: usize,
    pub failed: usize,
    pub skipped: usize,
    /// Of the inputs of the images done.
    pub pixels: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// What decoding left out because the recipe leaves it out anyway, and of how many images.
    pub left_out: BTreeMap<String, usize>,
    /// What had to be changed for the output formats, and in how many images.
    pub conversions: BTreeMap<String, usize>,
    pub figures: Figures,
    pub verdict: Verdict,
}

impl Totals {
    pub fn of(report: &Report) -> Totals {
        let figures = figures(&report.spans, report.wall, report.workers);
        let verdict = verdict(&figures);
        let mut totals = Totals {
            done: 0,
            failed: 0,
            skipped: 0,
            pixels: 0,
            bytes_read: 0,
            bytes_written: 0,
            left_out: BTreeMap::new(),
            conversions: BTreeMap::new(),
            figures,
            verdict,
        };
        for outcome in &report.outcomes {
            match &outcome.fate {
                Fate::Failed(_) => totals.failed += 1,
                Fate::Skipped => totals.skipped += 1,
                Fate::Done(done) => {
                    totals.done += 1;
                    totals.pixels += done.pixels;
                    totals.bytes_read += done.bytes_read;
                    totals.bytes_written += done.bytes_written;
                    count(&mut totals.left_out, &done.left_out.texts());
                    count(&mut totals.conversions, &done.conversions);
                }
            }
        }
        // What bound a run is told by the images that it did.
        if totals.done == 0 && totals.failed > 0 {
            totals.verdict = Verdict { bound: Bound::Nothing, text: "no image was done".into() };
        }
        totals
    }

    /// `amount` per second of the run.
    pub fn rate(&self, amount: f64) -> f64 {
        let wall_secs = self.figures.wall.as_secs_f64();
        if wall_secs > 0.0 { amount / wall_secs } else { 0.0 }
    }

    /// Million input pixels per second.
    pub fn megapixel_rate(&self) -> f64 {
        self.rate(self.pixels as f64 / 1e6)
    }
}

/// Adds one image to the count of each of its texts.
fn count(counts: &mut BTreeMap<String, usize>, texts: &[String]) {
    for text in texts {
        *counts.entry(text.clone()).or_default() += 1;
    }
}
