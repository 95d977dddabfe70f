//! The manifest reader: whatever the lines, what they say is listed without a fault.
#![no_main]

use std::path::Path;

use imgproc::pipeline::manifest::{FileEntry, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut manifest = Manifest::default();
    let lines = bytes.split(|byte| *byte == b'\n');
    let count = lines.clone().count();
    lines.for_each(|line| manifest.take(Some(line)));
    assert!(manifest.images().len() + manifest.broken <= count && manifest.unfinished() < usize::MAX);
    for image in manifest.images() {
        for entry in [Some(&image.input), image.output.as_ref()].into_iter().flatten() {
            let _ = entry.stamp();
            if let Some(path) = entry.path() {
                assert!(FileEntry::of(&path, None).is_at(Path::new(&path)));
            }
        }
        let _ = image.failure.as_ref().map(|failure| failure.failure());
    }
});
