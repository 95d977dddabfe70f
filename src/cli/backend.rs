//! Choosing who computes.

use std::sync::Arc;

use imgproc::backend::Backend;
use imgproc::backend::cpu::CpuBackend;
use imgproc::pipeline::{Plan, Runtime, Settings};

use super::arguments::MainArguments;
use super::names::BackendName;
use super::terminal::Problem;

/// A backend, and what is to be said of the choice.
pub struct Chosen {
    pub backend: Arc<dyn Backend>,
    /// Why this one, where the program chose.
    pub reason: Option<String>,
}

/// What is to be done, as far as the choice depends on it.
#[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "without devices there is nothing to choose"))]
pub struct Occasion<'a> {
    pub runtime: &'a Runtime,
    /// Files that stand for all images.
    pub plan: &'a Plan,
    pub images: usize,
    pub settings: &'a Settings,
    /// Says what takes a while.
    pub tell: &'a dyn Fn(&str),
}

/// Opens the backend that was asked for.
///
/// # Errors
/// Where it isn't there: none falls back to another, but for `auto`, which says so.
pub fn choose(arguments: &MainArguments, occasion: &Occasion) -> Result<Chosen, Problem> {
    let of_devices =
        [("--adapter", arguments.work.adapter.is_some()), ("--gpu-memory", arguments.gpu_memory.is_some())];
    match arguments.backend {
        BackendName::Cpu => match of_devices.iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                Err(Problem::new(format!("{option} does not go with --backend cpu")).help("leave out one of them"))
            }
            None => Ok(cpu(None)),
        },
        BackendName::Auto => automatic(arguments, occasion),
        name => opened(name, arguments),
    }
}

fn cpu(reason: Option<String>) -> Chosen {
    Chosen { backend: Arc::new(CpuBackend), reason }
}

#[cfg(not(feature = "gpu"))]
fn automatic(arguments: &MainArguments, _occasion: &Occasion) -> Result<Chosen, Problem> {
    if arguments.work.adapter.is_some() {
        return opened(arguments.backend, arguments);
    }
    Ok(cpu(Some("auto: cpu, because this imgproc was built without GPU support".into())))
}

#[cfg(not(feature = "gpu"))]
fn opened(_name: BackendName, _arguments: &MainArguments) -> Result<Chosen, Problem> {
    Err(Problem::new("this imgproc was built without GPU support")
        .help("build it with the feature `gpu` (a default), or use --backend cpu"))
}

#[cfg(feature = "gpu")]
use with_gpu::{automatic, opened};

#[cfg(feature = "gpu")]
mod with_gpu {
    use imgproc::backend::both::Both;
    use imgproc::backend::gpu::{self, Adapter, Choice, GpuBackend, Options};
    use imgproc::calibration::{self, Estimate, Kept};
    use imgproc::pipeline;

    use super::*;
    use crate::cli::calibrate::{adapters, calibrated};

    pub fn opened(name: BackendName, arguments: &MainArguments) -> Result<Chosen, Problem> {
        let adapter = arguments.work.adapter.as_deref();
        let choice = match name {
            BackendName::Software => Choice::Software,
            // A named adapter is taken, of whichever kind it is.
            BackendName::Both if adapter.is_some() => Choice::Any,
            _ => Choice::Hardware,
        };
        let device = GpuBackend::open_as(choice, adapter, options(arguments)).map_err(no_device)?;
        let backend: Arc<dyn Backend> = match name {
            BackendName::Both => Arc::new(Both::new(Arc::new(CpuBackend), Arc::new(device))),
            _ => Arc::new(device),
        };
        Ok(Chosen { backend, reason: None })
    }

    fn options(arguments: &MainArguments) -> Options {
        Options { memory_bytes: arguments.gpu_memory, ..Options::default() }
    }

    fn no_device(error: gpu::OpenError) -> Problem {
        Problem::new(error).help("`imgproc devices` lists what there is; --backend cpu needs no device")
    }

    /// Seconds of a run of the CPU's that is too short to ask the drivers for adapters first, some fifty milliseconds, where
    /// those that were calibrated would not be sooner. Longer ones ask: an adapter may be new.
    const SHORT: f64 = 2.0;

    /// `auto`: real hardware, or the adapter that is named, where the run is estimated to end sooner with it.
    pub fn automatic(arguments: &MainArguments, occasion: &Occasion) -> Result<Chosen, Problem> {
        let run = run(occasion);
        if let Some((name, estimate)) = best_kept(arguments.work.adapter.as_deref(), &run)
            && !estimate.is_for_device()
            && estimate.cpu < SHORT
        {
            return Ok(cpu(Some(told_of(&name, estimate))));
        }
        if arguments.work.adapter.is_none() && calibration::is_without_gpu() {
            let why = "no GPU was found when drivers were asked last; `imgproc devices` asks anew";
            return Ok(cpu(Some(format!("auto: cpu, because {why}"))));
        }
        let adapters = match adapters() {
            Ok(adapters) => adapters,
            Err(error) => return Ok(cpu(Some(format!("auto: cpu, because no GPU could be looked for: {error}")))),
        };
        let adapter = match arguments.work.adapter.as_deref() {
            Some(named) => gpu::choose(&adapters, &Choice::Any, Some(named)).map_err(no_device)?,
            None => match adapters.iter().find(|adapter| !adapter.is_software()) {
                Some(adapter) => adapter,
                None => return Ok(cpu(Some(without_hardware(&adapters)))),
            },
        };
        let fell = |why: String| Ok(cpu(Some(format!("auto: cpu, because {} could not be used: {why}", adapter.name))));
        let told = || (occasion.tell)(&format!("measuring {} once, for a few seconds", adapter.name));
        let calibrated = match calibrated(adapter, options(arguments), told) {
            Ok(calibrated) => calibrated,
            Err(why) => return fell(why),
        };
        let estimate = calibration::estimate(&calibrated.calibration, &run);
        if !estimate.is_for_device() {
            return Ok(cpu(Some(told_of(&adapter.name, estimate))));
        }
        let open = || GpuBackend::open_as(Choice::Any, Some(&adapter.index.to_string()), options(arguments));
        match calibrated.device.map_or_else(open, Ok) {
            Ok(device) => {
                let backend = Arc::new(device.with_fallback(Arc::new(CpuBackend)));
                Ok(Chosen { backend, reason: Some(told_of(&adapter.name, estimate)) })
            }
            Err(error) => fell(error.to_string()),
        }
    }

    /// The calibrated adapter that would be the soonest, of real hardware or of those that are named by a part of the name,
    /// and what is expected of it.
    fn best_kept(named: Option<&str>, run: &calibration::Run) -> Option<(String, Estimate)> {
        if named.is_some_and(|named| named.parse::<usize>().is_ok()) {
            return None;
        }
        let kept = Kept::read(&calibration::place()?);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let cpu = calibration::cpu_name();
        let fits = |name: &str, shares_cores: bool| match named {
            Some(named) => name.to_lowercase().contains(&named.to_lowercase()),
            None => !shares_cores,
        };
        let fitting = kept.of_machine(&cpu, cores).filter(|(name, of)| fits(name, of.shares_cores));
        let estimates = fitting.map(|(name, calibration)| (name.to_owned(), calibration::estimate(calibration, run)));
        estimates.min_by(|a, b| a.1.device.total_cmp(&b.1.device))
    }

    fn run(occasion: &Occasion) -> calibration::Run {
        let Occasion { runtime, plan, images, settings, .. } = *occasion;
        let surveyed = pipeline::survey(runtime, plan);
        calibration::Run {
            items: calibration::items(&settings.recipe, &surveyed, settings.exact),
            images,
            workers: settings.schedule.workers(settings.jobs),
            shaders: calibration::shaders(&settings.recipe, &surveyed, settings.exact),
        }
    }

    fn without_hardware(adapters: &[Adapter]) -> String {
        let found = match adapters.first() {
            Some(adapter) => format!(" ({} is a software rasterizer)", adapter.name),
            None => String::new(),
        };
        format!("auto: cpu, because no GPU was found{found}")
    }

    /// The choice and why, in a line.
    fn told_of(name: &str, estimate: Estimate) -> String {
        let Estimate { cpu, device } = estimate;
        match estimate.is_for_device() {
            true => format!("auto: {name}, in about {}, for the CPU would take about {}", time(device), time(cpu)),
            false => format!("auto: cpu, in about {}, for {name} would take about {}", time(cpu), time(device)),
        }
    }

    /// Two digits of seconds, or whole milliseconds below a tenth of one.
    fn time(seconds: f64) -> String {
        match seconds {
            s if s < 0.1 => format!("{:.0} ms", 1e3 * s),
            s if s < 10.0 => format!("{s:.1} s"),
            s => format!("{s:.0} s"),
        }
    }
}
