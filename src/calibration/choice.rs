//! How long a run would take on either side.

use super::Calibration;
use crate::backend::work::Work;
use crate::codec::Format;

/// A file that is decoded or encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coding {
    pub format: Format,
    pub pixels: f64,
    pub colour: bool,
    /// What part of the format's usual time for the pixels it takes.
    pub share: f64,
}

/// An image of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub decode: Coding,
    pub encode: Coding,
    /// In and out.
    pub samples: f64,
    pub works: Vec<Work>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Some of its images, which stand for all.
    pub items: Vec<Item>,
    pub images: usize,
    pub workers: usize,
    /// That the device needs.
    pub shaders: usize,
}

/// Seconds that a run takes on either side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub cpu: f64,
    pub device: f64,
}

impl Estimate {
    pub fn is_for_device(self) -> bool {
        self.device < self.cpu
    }
}

/// How long a run would take on the CPU, and with the device for its kernels.
///
/// Codecs and kernels of the CPU keep the cores busy, one image a core, or one divided among all. Decoding and encoding go
/// on beside a device that is no part of the processor, so the longer of both counts, and the other of one image.
pub fn estimate(calibration: &Calibration, run: &Run) -> Estimate {
    let Calibration { cores, .. } = *calibration;
    let images = run.images as f64;
    // Images that stand for all of the run.
    let all =
        |of: &dyn Fn(&Item) -> f64| images * run.items.iter().map(of).sum::<f64>() / run.items.len().max(1) as f64;
    let of_cores = |workers: usize| cores as f64 / workers.clamp(1, cores.max(1)) as f64;
    let codecs = all(&|item| codec_seconds(calibration, item)) * of_cores(run.workers.min(run.images));
    let kernels = all(&|item| calibration.cpu.seconds(item.samples, &item.works)) * of_cores(run.workers);
    let device = all(&|item| calibration.device.seconds(item.samples, &item.works));
    let begin = calibration.opening + calibration.shader * run.shaders as f64;
    let beside = match calibration.shares_cores {
        true => codecs + device,
        false => codecs.max(device) + codecs.min(device) / images.max(1.0),
    };
    Estimate { cpu: codecs + kernels, device: begin + beside }
}

fn codec_seconds(calibration: &Calibration, item: &Item) -> f64 {
    let speed = |coding: &Coding| calibration.codecs.get(coding.format.name()).copied().unwrap_or_default();
    let of = |coding: &Coding, each: [f64; 2]| each[usize::from(coding.colour)] * coding.pixels * coding.share;
    of(&item.decode, speed(&item.decode).decode) + of(&item.encode, speed(&item.encode).encode)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{CodecSpeed, Rate, Speed};
    use super::*;
    use crate::backend::work::Class;

    /// A machine of 8 cores, and a device that reads forty times as fast but takes half a second to open and a nanosecond to
    /// take in or give out a sample.
    fn machine() -> Calibration {
        let speed = |image, sample, read| Speed {
            image,
            sample,
            kernels: [(Class::Neighbourhood, Rate { sample: 0.0, read })].into(),
        };
        let jpeg = CodecSpeed { decode: [0.4e-9, 0.6e-9], encode: [0.3e-9, 0.5e-9] };
        Calibration {
            cpu: speed(0.0, 0.05e-9, 0.4e-9),
            device: speed(0.2e-3, 1e-9, 0.01e-9),
            opening: 0.5,
            shader: 0.01,
            shares_cores: false,
            cores: 8,
            codecs: BTreeMap::from([("jpeg".into(), jpeg)]),
        }
    }

    /// Photos of 24 MP through a kernel that reads so many values for each sample.
    fn photos(images: usize, reads: f64) -> Run {
        let pixels = 24e6;
        let coding = Coding { format: Format::Jpeg, pixels, colour: true, share: 1.0 };
        let work = Work { class: Class::Neighbourhood, samples: 3.0 * pixels, reads: 3.0 * pixels * reads };
        let item = Item { decode: coding, encode: coding, samples: 6.0 * pixels, works: vec![work] };
        Run { items: vec![item; 2], images, workers: 8, shaders: 2 }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn heavy_work_goes_to_the_device_and_light_work_stays() {
        let heavy = estimate(&machine(), &photos(100, 300.0));
        // 8.64 s of kernels and 26 ms of codecs an image; on the device 361 ms, of which the codecs hide but one image's.
        assert!(near(heavy.cpu, 100.0 * (0.0264 + 0.0072 + 8.64)), "{heavy:?}");
        assert!(near(heavy.device, 0.52 + 100.0 * (0.0002 + 0.144 + 0.216) + 0.0264), "{heavy:?}");
        assert!(heavy.is_for_device());
        // A point or two: the bus takes longer than the processor.
        let light = estimate(&machine(), &photos(100, 1.0));
        assert!(light.cpu < light.device && !light.is_for_device(), "{light:?}");
    }

    #[test]
    fn one_image_is_done_before_the_device_is_open() {
        let few = estimate(&machine(), &photos(1, 12.0));
        assert!(!few.is_for_device(), "{few:?}");
        assert!(estimate(&machine(), &photos(1, 300.0)).is_for_device());
        let many = estimate(&machine(), &photos(1000, 12.0));
        assert!(many.is_for_device(), "{many:?}");
    }

    #[test]
    fn fewer_workers_are_slower_and_a_device_on_the_cores_hides_nothing() {
        let all = estimate(&machine(), &photos(100, 3.0));
        let two = estimate(&machine(), &Run { workers: 2, ..photos(100, 3.0) });
        assert!(near(two.cpu, 4.0 * all.cpu), "{all:?} {two:?}");
        let shared = estimate(&Calibration { shares_cores: true, ..machine() }, &photos(100, 300.0));
        assert!(near(shared.device, 0.52 + 100.0 * (0.3602 + 0.0264)), "{shared:?}");
    }
}
