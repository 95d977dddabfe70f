//! Calibrations kept in the user's cache directory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, RefreshKind, System};

use super::Calibration;
use crate::backend::gpu::Adapter;
use crate::pipeline::disk;

/// Calibrations by their keys.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept(BTreeMap<String, Calibration>);

/// The file of calibrations; none where the user has no cache directory.
pub fn place() -> Option<PathBuf> {
    Some(choose_base_strategy().ok()?.cache_dir().join("imgproc").join("calibration.json"))
}

/// What a calibration holds for: the adapter, its driver, this program, this machine.
pub fn key(adapter: &Adapter, cpu: &str, cores: usize) -> String {
    let Adapter { name, api, driver, .. } = adapter;
    format!("{name} | {api} | {driver}{}", machine(cpu, cores))
}

/// The end of keys that hold for this program on this machine.
fn machine(cpu: &str, cores: usize) -> String {
    format!(" | imgproc {} | {cpu}, {cores} cores", env!("CARGO_PKG_VERSION"))
}

/// The processor's name.
pub fn cpu_name() -> String {
    let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
    let name = system.ok().and_then(|system| Some(system.cpus().first()?.brand().trim().to_owned()));
    name.unwrap_or_default()
}

impl Kept {
    /// Those of a file; none where it is missing or holds no such thing.
    pub fn read(path: &Path) -> Kept {
        let text = disk::read_text(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub fn get(&self, key: &str) -> Option<&Calibration> {
        self.0.get(key)
    }

    /// Those of a machine, with their adapters' names.
    pub fn of_machine(&self, cpu: &str, cores: usize) -> impl Iterator<Item = (&str, &Calibration)> {
        let end = machine(cpu, cores);
        let kept = self.0.iter().filter(move |(key, _)| key.ends_with(&end));
        kept.filter_map(|(key, calibration)| Some((key.split(" | ").next()?, calibration)))
    }

    /// Adds one and writes all of this version of the program.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub fn keep(&mut self, path: &Path, key: String, calibration: Calibration) -> io::Result<()> {
        let version = format!(" | imgproc {} | ", env!("CARGO_PKG_VERSION"));
        self.0.retain(|key, _| key.contains(&version));
        self.0.insert(key, calibration);
        disk::keep_text(path, &serde_json::to_string_pretty(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CodecSpeed, Rate, Speed};
    use super::*;
    use crate::backend::gpu::AdapterLimits;
    use crate::backend::work::Class;

    fn adapter(driver: &str) -> Adapter {
        let limits = AdapterLimits { max_buffer_bytes: 1, max_binding_bytes: 1, max_invocations_per_workgroup: 256 };
        let (name, driver) = ("A".into(), driver.into());
        Adapter { index: 0, name, kind: "discrete", api: "vulkan", driver, timestamps: true, limits }
    }

    #[test]
    fn what_was_kept_is_found_again_for_the_same_driver_and_machine_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b.json");
        let kernels = [(Class::Order, Rate { sample: 1e-9, read: 2e-10 })].into();
        let calibration = Calibration {
            cpu: Speed::default(),
            device: Speed { image: 1e-4, sample: 3e-10, kernels },
            opening: 0.25,
            shader: 0.01,
            shares_cores: true,
            cores: 2,
            codecs: [("jpeg".into(), CodecSpeed::default())].into(),
        };
        let of = |driver| key(&adapter(driver), "C", 2);
        Kept::read(&path).keep(&path, of("1.0"), calibration.clone()).unwrap();
        Kept::read(&path).keep(&path, of("1.1"), calibration.clone()).unwrap();
        let kept = Kept::read(&path);
        assert_eq!((kept.get(&of("1.0")), kept.get(&of("1.1"))), (Some(&calibration), Some(&calibration)));
        assert_eq!(kept.get(&of("2.0")), None);
        assert_eq!(kept.get(&key(&adapter("1.0"), "C", 4)), None);
        assert!(kept.of_machine("C", 2).eq([("A", &calibration), ("A", &calibration)]));
        assert_eq!(kept.of_machine("C", 4).count(), 0);
        disk::keep_text(&path, "no JSON").unwrap();
        assert_eq!(Kept::read(&path).get(&of("1.0")), None);
    }
}
