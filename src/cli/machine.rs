//! The machine that a report's figures are of.

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Names and values, in the order in which they should be read.
pub fn machine() -> Vec<(String, String)> {
    let kinds =
        RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()).with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(kinds).ok();
    let brand = system.as_ref().and_then(|system| Some(system.cpus().first()?.brand().trim().to_owned()));
    let brand = brand.filter(|brand| !brand.is_empty()).unwrap_or_else(System::cpu_arch);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let gibibytes = system.map(|system| system.total_memory() as f64 / f64::from(1 << 30));
    let rows = [
        ("processor", brand),
        ("cores for this process", cores.to_string()),
        ("instruction set", imgproc::simd::ran().into()),
        ("memory", gibibytes.map_or_else(|| "unknown".into(), |size| format!("{size:.1} GiB"))),
        (
            "system",
            [System::long_os_version(), System::kernel_version()].into_iter().flatten().collect::<Vec<_>>().join(", "),
        ),
        ("imgproc", env!("CARGO_PKG_VERSION").into()),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
