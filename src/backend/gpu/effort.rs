//! How much work the device is given at a time: a long dispatch freezes the desktop of a laptop, and drivers end what
//! they take for hung.

use std::ops::Range;
use std::time::Duration;

use super::grid::WORKGROUP;
use super::plan::Dispatch;

/// Values that a modest integrated GPU reads and works on in a second: 20 GB of them, which is what the memory of a
/// laptop gives if no cache helps. Its arithmetic leaves tens of operations for each.
const READS_PER_SECOND: u64 = 5_000_000_000;

/// Limits by the estimate of a dispatch, in values read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// A tenth of a second, which a desktop may stand still.
    pub dispatch: u64,
    /// Half a second: Windows ends a submission after two.
    pub submission: u64,
}

impl Default for Effort {
    fn default() -> Effort {
        Effort { dispatch: READS_PER_SECOND / 10, submission: READS_PER_SECOND / 2 }
    }
}

impl Effort {
    /// Divides units that read so many values each among dispatches, evenly and by whole workgroups.
    pub fn dispatches(self, units: u64, reads: u64) -> impl Iterator<Item = Range<u64>> {
        let workgroup = u64::from(WORKGROUP);
        let most = (self.dispatch / (reads * workgroup).max(1)).max(1) * workgroup;
        let each = units.div_ceil(units.div_ceil(most).max(1)).next_multiple_of(workgroup).max(1);
        (0..units.div_ceil(each)).map(move |i| i * each..((i + 1) * each).min(units))
    }

    /// How long that many values take the device that the limits are for.
    pub fn duration(reads: u64) -> Duration {
        Duration::from_secs_f64(reads as f64 / READS_PER_SECOND as f64)
    }

    /// Divides dispatches, in order, among submissions; one at least.
    pub fn submissions(self, dispatches: &[Dispatch]) -> Vec<Range<usize>> {
        let (mut ranges, mut start, mut sum) = (Vec::new(), 0, 0);
        for (i, dispatch) in dispatches.iter().enumerate() {
            if i > start && sum + dispatch.reads > self.submission {
                ranges.push(start..i);
                (start, sum) = (i, 0);
            }
            sum += dispatch.reads;
        }
        ranges.push(start..dispatches.len());
        ranges
    }
}
