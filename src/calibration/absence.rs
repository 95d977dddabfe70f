//! What is remembered of a machine without a GPU: asking the drivers takes longer than many a run.

use std::io;
use std::path::{Path, PathBuf};

use sysinfo::System;

use super::place;
use crate::pipeline::disk;

/// Where Linux shows devices and drivers.
const PLACES: [&str; 3] = ["/dev/dri", "/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d"];
/// What lets Vulkan's loader find others.
const VARIABLES: [&str; 3] = ["VK_DRIVER_FILES", "VK_ADD_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// Whether the drivers had no GPU when they were asked last, and nothing is known to have changed.
pub fn is_without_gpu() -> bool {
    file().is_some_and(|file| remembers(&file, &circumstances()))
}

/// Remembers whether the drivers have a GPU.
///
/// # Errors
/// Where that can't be written.
pub fn remember(has_gpu: bool) -> io::Result<()> {
    file().map_or(Ok(()), |file| keep(&file, &circumstances(), has_gpu))
}

fn file() -> Option<PathBuf> {
    Some(place()?.with_file_name("no-gpu"))
}

fn remembers(file: &Path, circumstances: &str) -> bool {
    disk::read_text(file).is_ok_and(|kept| kept == circumstances)
}

fn keep(file: &Path, circumstances: &str, has_gpu: bool) -> io::Result<()> {
    match has_gpu {
        true if remembers(file, circumstances) => disk::keep_text(file, ""),
        true => Ok(()),
        false => disk::keep_text(file, circumstances),
    }
}

/// What may not change while the memory holds: this start of the machine, the program's version, the devices and drivers
/// as far as files show them.
fn circumstances() -> String {
    let mut lines = vec![format!("imgproc {} {}", env!("CARGO_PKG_VERSION"), System::boot_time().unwrap_or_default())];
    lines.extend(PLACES.map(|place| format!("{place} {:?}", disk::names(Path::new(place)).unwrap_or_default())));
    lines.extend(VARIABLES.map(|name| format!("{name} {:?}", std::env::var_os(name))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absence_is_remembered_until_circumstances_change_or_a_gpu_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a/no-gpu");
        keep(&file, "today", true).unwrap();
        assert!(!disk::exists(&file) && !remembers(&file, "today"));
        keep(&file, "today", false).unwrap();
        assert!(remembers(&file, "today") && !remembers(&file, "tomorrow"));
        keep(&file, "today", true).unwrap();
        assert!(!remembers(&file, "today"));
        assert_eq!(circumstances(), circumstances());
    }
}
