//! The adapters of this machine, and which of them a backend takes.

use super::{Adapter, AdapterLimits, Choice, OpenError, limited};

/// An adapter and its description.
pub struct Found {
    pub handle: wgpu::Adapter,
    pub about: Adapter,
}

/// Every adapter that computes: hardware before software, discrete before integrated. OpenGL is asked only where nothing
/// else is there, because it lists the same devices again and its drivers write to stderr. WGPU_BACKEND overrides.
///
/// # Errors
/// Where the drivers do not answer.
pub fn enumerate() -> Result<Vec<Found>, OpenError> {
    limited::within(limited::OPENING, "asking the drivers for adapters", found).map_err(OpenError)
}

fn found() -> Vec<Found> {
    let asked = wgpu::Backends::from_env();
    let mut handles = handles_of(asked.unwrap_or(wgpu::Backends::PRIMARY));
    if handles.is_empty() && asked.is_none() {
        handles = handles_of(wgpu::Backends::GL);
    }
    handles.sort_by_key(|h| rank(&h.get_info()));
    handles.into_iter().enumerate().map(|(index, handle)| Found { about: describe(index, &handle), handle }).collect()
}

fn handles_of(backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        // Validation layers of the driver would write to stderr; wgpu's own checks are always on.
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut handles = pollster::block_on(instance.enumerate_adapters(backends));
    handles.retain(computes);
    handles
}

/// Whether an adapter has what every pass needs.
fn computes(adapter: &wgpu::Adapter) -> bool {
    let limits = adapter.limits();
    adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
        && limits.max_compute_invocations_per_workgroup >= 256
        && limits.max_storage_buffers_per_shader_stage >= 8
}

fn rank(info: &wgpu::AdapterInfo) -> (u8, u8) {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    let api = match info.backend {
        wgpu::Backend::Metal | wgpu::Backend::Vulkan => 0,
        wgpu::Backend::Dx12 => 1,
        _ => 2,
    };
    (kind, api)
}

/// Lowers the size of buffers, MiB: for trying what an adapter with lower limits would do.
const VARIABLE: &str = "IMGPROC_BUFFER_MIB";

/// Bytes that the variable allows of a buffer; none where it is not set.
///
/// # Errors
/// Where it says no such number.
pub fn lowered() -> Result<Option<u64>, String> {
    let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return Ok(None) };
    let mib = value.to_str().and_then(|mib| mib.parse::<u64>().ok()).filter(|mib| *mib > 0);
    let bytes = mib.and_then(|mib| mib.checked_mul(1 << 20));
    bytes.map(Some).ok_or_else(|| format!("{VARIABLE}={} is no number of MiB", value.display()))
}

/// What is asked of an adapter: all that it allows, or less where the variable says so.
pub fn limits(adapter: &wgpu::Adapter) -> wgpu::Limits {
    let mut limits = adapter.limits();
    if let Ok(Some(bytes)) = lowered() {
        limits.max_buffer_size = limits.max_buffer_size.min(bytes);
        limits.max_storage_buffer_binding_size = limits.max_storage_buffer_binding_size.min(bytes);
        limits.max_uniform_buffer_binding_size = limits.max_uniform_buffer_binding_size.min(bytes);
    }
    limits
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> Adapter {
    let (info, limits) = (adapter.get_info(), limits(adapter));
    let driver = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
    Adapter {
        index,
        name: info.name,
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => "discrete",
            wgpu::DeviceType::IntegratedGpu => "integrated",
            wgpu::DeviceType::VirtualGpu => "virtual",
            wgpu::DeviceType::Cpu => "cpu",
            wgpu::DeviceType::Other => "other",
        },
        api: match info.backend {
            wgpu::Backend::Vulkan => "vulkan",
            wgpu::Backend::Metal => "metal",
            wgpu::Backend::Dx12 => "dx12",
            wgpu::Backend::Gl => "gl",
            _ => "other",
        },
        driver: driver.trim().into(),
        timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
        limits: AdapterLimits {
            max_buffer_bytes: limits.max_buffer_size,
            max_binding_bytes: limits.max_storage_buffer_binding_size,
            max_invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
        },
    }
}

/// The adapter that a choice takes.
///
/// # Errors
/// As `choose`.
pub fn find(choice: &Choice, named: Option<&str>) -> Result<Found, OpenError> {
    let mut found = enumerate()?;
    let abouts: Vec<Adapter> = found.iter().map(|f| f.about.clone()).collect();
    let place = choose(&abouts, choice, named)?;
    Ok(found.swap_remove(place))
}

/// The place of the adapter that a choice takes: of those that it allows and that fit `named` (an index or part of a
/// name, in any case), the first.
///
/// # Errors
/// Where there is none; says what was found and what to do.
pub fn choose(adapters: &[Adapter], choice: &Choice, named: Option<&str>) -> Result<usize, OpenError> {
    let allowed = |a: &&Adapter| match choice {
        Choice::Hardware => !a.is_software(),
        Choice::Software => a.is_software(),
        Choice::Any => true,
    };
    let fits = |a: &&Adapter| match named.map(|n| (n.parse::<usize>(), n)) {
        None => true,
        Some((Ok(index), _)) => a.index == index,
        Some((Err(_), part)) => a.name.to_lowercase().contains(&part.to_lowercase()),
    };
    if let Some(adapter) = adapters.iter().filter(allowed).find(fits) {
        return Ok(adapter.index);
    }
    let kind = match choice {
        Choice::Hardware => "hardware GPU",
        Choice::Software => "software rasterizer",
        Choice::Any => "adapter",
    };
    let wanted = match named {
        None => format!("no {kind} was found"),
        Some(named) => format!("no {kind} goes by `{named}`"),
    };
    let advice = match choice {
        _ if named.is_some() && adapters.iter().any(|a| allowed(&a)) => "give an index or part of a name of those",
        Choice::Hardware => "install the GPU's driver, or use --backend software or --backend cpu",
        Choice::Software | Choice::Any => {
            "install lavapipe (Linux: packages mesa-vulkan-drivers and libvulkan1; WARP is part of Windows), \
             or use --backend cpu"
        }
    };
    Err(OpenError(format!("{wanted}; adapters: {}; {advice}", list(adapters))))
}

fn list(adapters: &[Adapter]) -> String {
    let one = |a: &Adapter| format!("{} {} ({}, {})", a.index, a.name, a.kind, a.api);
    if adapters.is_empty() { "none".into() } else { adapters.iter().map(one).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(index: usize, name: &str, kind: &'static str, api: &'static str) -> Adapter {
        let limits = AdapterLimits { max_buffer_bytes: 1, max_binding_bytes: 1, max_invocations_per_workgroup: 256 };
        Adapter { index, name: name.into(), kind, api, driver: String::new(), timestamps: true, limits }
    }

    #[test]
    fn hardware_never_falls_to_software_and_says_what_there_is() {
        let software = [adapter(0, "llvmpipe (LLVM 15)", "cpu", "vulkan")];
        let error = choose(&software, &Choice::Hardware, None).unwrap_err().0;
        assert!(
            error.contains("no hardware GPU") && error.contains("llvmpipe") && error.contains("--backend software")
        );
        assert!(choose(&software, &Choice::Hardware, Some("0")).is_err());
        assert_eq!(choose(&software, &Choice::Software, None), Ok(0));
        let error = choose(&[], &Choice::Software, None).unwrap_err().0;
        assert!(error.contains("adapters: none") && error.contains("mesa-vulkan-drivers"));
    }

    #[test]
    fn names_pick_among_those_allowed() {
        let all = [
            adapter(0, "NVIDIA A", "discrete", "vulkan"),
            adapter(1, "Intel B", "integrated", "vulkan"),
            adapter(2, "llvmpipe", "cpu", "vulkan"),
        ];
        assert_eq!(choose(&all, &Choice::Hardware, None), Ok(0));
        assert_eq!(choose(&all, &Choice::Hardware, Some("intel")), Ok(1));
        assert_eq!(choose(&all, &Choice::Hardware, Some("1")), Ok(1));
        assert_eq!(choose(&all, &Choice::Software, None), Ok(2));
        assert_eq!(choose(&all, &Choice::Any, None), Ok(0));
        assert_eq!(choose(&all, &Choice::Any, Some("2")), Ok(2));
        assert!(choose(&all, &Choice::Any, Some("9")).unwrap_err().0.contains("no adapter goes by `9`"));
        assert!(choose(&all, &Choice::Software, Some("0")).unwrap_err().0.contains("index or part of a name"));
    }
}
