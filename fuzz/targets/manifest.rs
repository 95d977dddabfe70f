//! The manifest reader: whatever the lines, what they say is listed without a fault.
#![no_main]

use std::path::Path;

use imgproc::pipeline::disk::LinesRead;
use imgproc::pipeline::manifest::{FileEntry, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let manifest = Manifest::of(LinesRead::held(bytes.to_vec())).expect("memory can be read");
    let count = bytes.split(|byte| *byte == b'\n').count();
    assert!(manifest.images().count() + manifest.broken <= count && manifest.unfinished() < usize::MAX);
    for image in manifest.images() {
        for entry in [Some(&image.input), image.output.as_ref()].into_iter().flatten() {
            let _ = entry.stamp();
            if let Some(path) = entry.path() {
                assert!(FileEntry::of(&path, None).is_at(Path::new(&path)));
            }
        }
        let output = image.output.as_ref().and_then(FileEntry::path);
        let _ = output.and_then(|output| manifest.of_output(&output));
        let _ = image.failure.as_ref().map(|failure| failure.failure());
    }
});
