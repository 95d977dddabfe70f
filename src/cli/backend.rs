//! Choosing who computes.

use std::sync::Arc;

use imgproc::backend::Backend;
use imgproc::backend::cpu::CpuBackend;

use super::arguments::{BackendName, MainArguments};
use super::terminal::Problem;

/// A backend, and what is to be said of the choice.
pub struct Chosen {
    pub backend: Arc<dyn Backend>,
    /// Why this one, where the program chose.
    pub reason: Option<String>,
}

/// Opens the backend that was asked for.
///
/// # Errors
/// Where it isn't there: none falls back to another, but for `auto`, which says so.
pub fn choose(arguments: &MainArguments) -> Result<Chosen, Problem> {
    let of_devices = [("--adapter", arguments.adapter.is_some()), ("--gpu-memory", arguments.gpu_memory.is_some())];
    match arguments.backend {
        BackendName::Cpu => match of_devices.iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                Err(Problem::new(format!("{option} does not go with --backend cpu")).help("leave out one of them"))
            }
            None => Ok(cpu(None)),
        },
        name => choose_adapter(name, arguments),
    }
}

fn cpu(reason: Option<String>) -> Chosen {
    Chosen { backend: Arc::new(CpuBackend), reason }
}

#[cfg(not(feature = "gpu"))]
fn choose_adapter(name: BackendName, arguments: &MainArguments) -> Result<Chosen, Problem> {
    if name == BackendName::Auto && arguments.adapter.is_none() {
        return Ok(cpu(Some("auto: cpu, because this imgproc was built without GPU support".into())));
    }
    Err(Problem::new("this imgproc was built without GPU support")
        .help("build it with the feature `gpu` (a default), or use --backend cpu"))
}

#[cfg(feature = "gpu")]
fn choose_adapter(name: BackendName, arguments: &MainArguments) -> Result<Chosen, Problem> {
    use imgproc::backend::both::Both;
    use imgproc::backend::gpu::{Choice, Options};

    let options = Options { memory_bytes: arguments.gpu_memory, ..Options::default() };
    let adapter = arguments.adapter.as_deref();
    match name {
        BackendName::Software => open(Choice::Software, adapter, options),
        BackendName::Both => {
            // A named adapter is taken, of whichever kind it is.
            let choice = if adapter.is_some() { Choice::Any } else { Choice::Hardware };
            let Chosen { backend, reason } = open(choice, adapter, options)?;
            Ok(Chosen { backend: Arc::new(Both::new(Arc::new(CpuBackend), backend)), reason })
        }
        BackendName::Auto if adapter.is_none() => choose_for_user(options),
        // A named adapter is taken, of whichever kind it is.
        BackendName::Auto => open(Choice::Any, adapter, options),
        _ => open(Choice::Hardware, adapter, options),
    }
}

#[cfg(feature = "gpu")]
fn open(
    choice: imgproc::backend::gpu::Choice,
    adapter: Option<&str>,
    options: imgproc::backend::gpu::Options,
) -> Result<Chosen, Problem> {
    let backend = imgproc::backend::gpu::GpuBackend::open_as(choice, adapter, options)
        .map_err(|e| Problem::new(e).help("`imgproc devices` lists what there is; --backend cpu needs no device"))?;
    Ok(Chosen { backend: Arc::new(backend), reason: None })
}

/// `auto`: real hardware if there is some, else the CPU.
#[cfg(feature = "gpu")]
fn choose_for_user(options: imgproc::backend::gpu::Options) -> Result<Chosen, Problem> {
    use imgproc::backend::gpu::{Choice, GpuBackend, adapters};

    let (software, hardware): (Vec<_>, Vec<_>) = adapters().into_iter().partition(|a| a.is_software());
    if hardware.is_empty() {
        let found = match software.first() {
            Some(adapter) => format!(" ({} is a software rasterizer)", adapter.name),
            None => String::new(),
        };
        return Ok(cpu(Some(format!("auto: cpu, because no GPU was found{found}"))));
    }
    Ok(match GpuBackend::open_as(Choice::Hardware, None, options) {
        Ok(backend) => {
            let reason = format!("auto: {}, a {} GPU", backend.adapter().name, backend.adapter().kind);
            let backend = backend.with_fallback(Arc::new(CpuBackend));
            Chosen { backend: Arc::new(backend), reason: Some(reason) }
        }
        Err(error) => cpu(Some(format!("auto: cpu, because the GPU could not be used: {error}"))),
    })
}
