//! Calibrations: taken from the cache, or measured and kept there.

use std::fmt::Write;

use imgproc::backend::gpu::{self, Adapter, Choice, GpuBackend, OpenError, Options};
use imgproc::calibration::{Calibration, Kept, cpu_name, key, measure, place, remember};
use imgproc::timeline::Recorder;

use super::terminal::Problem;

/// The adapters of this machine; whether a GPU is among them is remembered.
///
/// # Errors
/// Where the drivers do not answer.
pub fn adapters() -> Result<Vec<Adapter>, OpenError> {
    let adapters = gpu::adapters()?;
    // Where it can't be kept, the drivers are asked again the next time.
    let _ = remember(adapters.iter().any(|adapter| !adapter.is_software()));
    Ok(adapters)
}

/// A calibration, and the device where it was opened to measure it.
pub struct Calibrated {
    pub calibration: Calibration,
    pub device: Option<GpuBackend>,
}

/// The calibration of an adapter: the kept one if there is one, else it is measured and kept. `told`: called before measuring.
///
/// # Errors
/// Where the adapter gives no device, or that computes nothing.
pub fn calibrated(adapter: &Adapter, options: Options, told: impl FnOnce()) -> Result<Calibrated, String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let key = key(adapter, &cpu_name(), cores);
    let kept = place().map(|path| Kept::read(&path)).unwrap_or_default();
    if let Some(calibration) = kept.get(&key) {
        return Ok(Calibrated { calibration: calibration.clone(), device: None });
    }
    told();
    measured(adapter, options, key, cores)
}

fn measured(adapter: &Adapter, options: Options, key: String, cores: usize) -> Result<Calibrated, String> {
    let clock = Recorder::new(false);
    let index = adapter.index.to_string();
    let device = GpuBackend::open_as(Choice::Any, Some(&index), options).map_err(|e| e.to_string())?;
    let calibration = measure(&device, cores, clock.elapsed()).map_err(|e| e.to_string())?;
    if let Some(path) = place() {
        // Where it can't be kept, it is measured again the next time.
        let _ = Kept::read(&path).keep(&path, key, calibration.clone());
    }
    Ok(Calibrated { calibration, device: Some(device) })
}

/// Measures every adapter anew, and tells what came of it.
///
/// # Errors
/// Where the drivers do not answer.
pub fn all() -> Result<String, Problem> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = String::new();
    for adapter in adapters().map_err(Problem::new)? {
        let key = key(&adapter, &cpu_name(), cores);
        // Writing to a string cannot fail.
        let _ = match measured(&adapter, Options::default(), key, cores) {
            Ok(Calibrated { calibration, .. }) => {
                writeln!(text, "{}  {}\n{}", adapter.index, adapter.name, lines(&calibration))
            }
            Err(message) => writeln!(text, "{}  {}\n   not calibrated: {message}", adapter.index, adapter.name),
        };
    }
    let kept = match place() {
        _ if text.is_empty() => "No adapters were found.".into(),
        Some(path) => format!("kept in {}", path.display()),
        None => "not kept: there is no cache directory".into(),
    };
    Ok(text + &kept + "\n")
}

/// What a calibration says, next to one another the CPU's figures and the device's.
fn lines(calibration: &Calibration) -> String {
    let Calibration { cpu, device, opening, shader, .. } = calibration;
    let mut text = format!("   opens in {:.0} ms, compiles a shader in {:.1} ms\n", 1e3 * opening, 1e3 * shader);
    text += &format!("   {:14}{:>10}{:>12}\n", "", "CPU", "device");
    let mut line = |what: &str, unit: &str, [cpu, device]: [f64; 2]| {
        text += &format!("   {what:14}{cpu:>10.3}{device:>12.3}  {unit}\n");
    };
    line("image", "ms each", [cpu, device].map(|speed| 1e3 * speed.image));
    line("in and out", "ns a sample", [cpu, device].map(|speed| 1e9 * speed.sample));
    for (class, rate) in &cpu.kernels {
        let name = serde_json::to_value(class).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let rates = [*rate, device.kernels.get(class).copied().unwrap_or_default()];
        line(&name, "ns a sample", rates.map(|rate| 1e9 * rate.sample));
        if rates.iter().any(|rate| rate.read > 0.0) {
            line("", "ns a value read", rates.map(|rate| 1e9 * rate.read));
        }
    }
    text
}
