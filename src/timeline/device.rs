//! What a device did for an image, by its own clock.

use std::time::Duration;

/// A part of a device's work for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DevicePart {
    Upload,
    Kernels,
    Readback,
}

impl DevicePart {
    /// In the order of the work.
    pub const ALL: [DevicePart; 3] = [DevicePart::Upload, DevicePart::Kernels, DevicePart::Readback];

    pub fn name(self) -> &'static str {
        match self {
            DevicePart::Upload => "upload",
            DevicePart::Kernels => "kernels",
            DevicePart::Readback => "readback",
        }
    }
}

/// A part of the device's work for one image, on the clock of the run: as long as the device says, and as late as it can
/// have been, since the two clocks have no common zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceSpan {
    pub image: u32,
    pub part: DevicePart,
    /// Since the start of the run.
    pub start: Duration,
    /// Since the start of the run.
    pub end: Duration,
}

/// The spans of an image whose result came at `end`, given how long each part took, one after another. Parts that took no
/// time are left out.
pub(super) fn spans(image: u32, end: Duration, taken: [Duration; 3]) -> Vec<DeviceSpan> {
    let mut end = end;
    let mut spans = Vec::new();
    for (part, taken) in DevicePart::ALL.into_iter().zip(taken).rev().filter(|(_, taken)| !taken.is_zero()) {
        let start = end.saturating_sub(taken);
        spans.insert(0, DeviceSpan { image, part, start, end });
        end = start;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_and_end_with_the_result() {
        let ms = Duration::from_millis;
        let found = spans(3, ms(100), [ms(10), ms(50), ms(20)]);
        let expected = [(DevicePart::Upload, 20, 30), (DevicePart::Kernels, 30, 80), (DevicePart::Readback, 80, 100)];
        let expected = expected.map(|(part, start, end)| DeviceSpan { image: 3, part, start: ms(start), end: ms(end) });
        assert_eq!(found, expected);
        assert_eq!(spans(0, ms(100), [ms(0), ms(50), ms(0)]).len(), 1);
    }
}
