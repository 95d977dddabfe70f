//! The progress bar, on a terminal only.

use imgproc::pipeline::Outcome;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar, or nothing where nobody would see it.
pub struct Progress {
    bar: Option<ProgressBar>,
    bytes_read: u64,
}

impl Progress {
    pub fn new(images: usize, shown: bool) -> Progress {
        let bar = shown.then(|| {
            let bar = ProgressBar::new(images as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  ETA {eta}") {
                bar.set_style(style);
            }
            bar
        });
        Progress { bar, bytes_read: 0 }
    }

    pub fn finished(&mut self, outcome: &Outcome) {
        let Some(bar) = &self.bar else { return };
        self.bytes_read += outcome.done().map_or(0, |done| done.bytes_read);
        bar.inc(1);
        let elapsed_secs = bar.elapsed().as_secs_f64().max(1e-3);
        let (images, bytes) = (bar.position() as f64 / elapsed_secs, self.bytes_read as f64 / elapsed_secs);
        bar.set_message(format!("{images:.1} images/s  {:.1} MB/s", bytes / 1e6));
    }

    /// Takes the bar off the terminal.
    pub fn clear(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
