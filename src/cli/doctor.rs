//! `imgproc doctor`: whether the adapters of this machine compute what the CPU does, and what to know of them.

use super::exit::Exit;
use super::terminal::Problem;

#[cfg(not(feature = "gpu"))]
pub fn examination(_json: bool) -> Result<(String, Exit), Problem> {
    Err(Problem::new("this imgproc was built without GPU support").help("build it with the feature `gpu` (a default)"))
}

/// What was found, and whether all is well.
#[cfg(feature = "gpu")]
pub fn examination(json: bool) -> Result<(String, Exit), Problem> {
    let adapters = super::calibrate::adapters().map_err(Problem::new)?;
    let patients: Vec<_> = adapters.into_iter().map(examined::examine).collect();
    let healthy = !patients.is_empty() && patients.iter().all(|patient| patient.failures.is_empty());
    let text = if json { examined::document(&patients, healthy) } else { examined::text(&patients) };
    Ok((text, if healthy { Exit::Done } else { Exit::SomeFailed }))
}

#[cfg(feature = "gpu")]
mod examined {
    use std::fmt::Write;
    use std::sync::Arc;

    use imgproc::backend::cpu::CpuBackend;
    use imgproc::backend::gpu::{Adapter, Choice, GpuBackend};
    use imgproc::backend::{Backend, Task};
    use imgproc::image::{Image, Layout, Samples};
    use imgproc::op::Spec;
    use imgproc::ops::registry;
    use imgproc::recipe::Recipe;
    use serde_json::{Value, json};

    use crate::cli::devices::listed;
    use crate::cli::summary::plural;

    /// An adapter and what was found.
    pub struct Patient {
        adapter: Adapter,
        warnings: Vec<String>,
        /// Operations that agree with the CPU.
        sound: usize,
        /// The others, and why.
        pub failures: Vec<String>,
    }

    pub fn examine(adapter: Adapter) -> Patient {
        let warnings = warnings(&adapter);
        let opened = GpuBackend::open(Choice::Any, Some(&adapter.index.to_string()));
        let failures: Vec<String> = match opened {
            Ok(gpu) => registry().iter().filter_map(|spec| agreement(&gpu, spec).err()).collect(),
            Err(error) => vec![error.to_string()],
        };
        Patient { adapter, warnings, sound: registry().len().saturating_sub(failures.len()), failures }
    }

    /// Mesa's first version, and NVIDIA's, that are no older than three years.
    const MESA: u32 = 22;
    const NVIDIA: u32 = 525;

    /// Bytes that every adapter should bind, by WebGPU's limits.
    const USUAL_BINDING_BYTES: u64 = 128 << 20;

    fn warnings(adapter: &Adapter) -> Vec<String> {
        let mut warnings = Vec::new();
        if adapter.is_software() {
            warnings.push("it is a software rasterizer; --backend cpu is faster".to_owned());
        }
        let driver = adapter.driver.as_str();
        for (name, least) in [("Mesa ", MESA), ("NVIDIA ", NVIDIA)] {
            let version = driver.rsplit_once(name).and_then(|(_, rest)| rest.split(['.', ' ']).next()?.parse().ok());
            if version.is_some_and(|version: u32| version < least) {
                warnings.push(format!("its driver is old; {}{least} or newer is better", name));
            }
        }
        if adapter.limits.max_binding_bytes.min(adapter.limits.max_buffer_bytes) < USUAL_BINDING_BYTES {
            warnings.push("its buffers are small; many images are done in tiles".into());
        }
        if !adapter.timestamps {
            warnings.push("it has no clock, so a run can't tell how long the device worked".into());
        }
        warnings
    }

    /// Of samples that may differ by more than the tolerance: what a rounding decides.
    const MOST_BEYOND: f64 = 0.001;

    /// Whether an operation's example gives on the device what it gives on the CPU; if not, what it is.
    fn agreement(gpu: &GpuBackend, spec: &Spec) -> Result<(), String> {
        let failed = |what: String| format!("{}: {what}", spec.example);
        let image = picture();
        let recipe = Recipe::parse(spec.example).map_err(|e| failed(e.message))?;
        let graph = Arc::new(recipe.graph(image.layout, image.depth()).map_err(|e| failed(e.to_string()))?);
        let task =
            || Task { graph: graph.clone(), image: image.clone(), depth: image.depth(), divides: true, remaining: 0 };
        let expected = CpuBackend.compute(task()).map_err(|e| failed(e.to_string()))?;
        let got = gpu.compute(task()).map_err(|e| failed(e.to_string()))?;
        if got.layout != expected.layout {
            return Err(failed(format!("a {:?} and not a {:?}", got.layout, expected.layout)));
        }
        let differences = (0..got.samples.len()).map(|i| (got.samples.level(i) - expected.samples.level(i)).abs());
        let beyond = differences.clone().filter(|d| *d > f64::from(spec.tolerance)).count();
        if beyond as f64 > MOST_BEYOND * got.samples.len() as f64 {
            let worst = differences.fold(0.0, f64::max);
            return Err(failed(format!("{} of {} samples differ, by up to {worst} levels", beyond, got.samples.len())));
        }
        Ok(())
    }

    /// Edges, slopes and noise, small enough for every operation's example to be quick.
    fn picture() -> Image {
        let layout = Layout::new(67, 45, 3);
        let mut seed = 1u32;
        let mut level = |i: u64| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = (i / 3 % 67, i / 201);
            let shape = if (x / 12 + y / 9) % 2 == 0 { 2 * x } else { 200 - 2 * y };
            (shape as u32 + (seed >> 27)) as u8
        };
        Image::new(layout, Samples::U8((0..layout.samples()).map(&mut level).collect()))
    }

    pub fn text(patients: &[Patient]) -> String {
        let mut text = String::new();
        if patients.is_empty() {
            text.push_str(
                "No adapters were found; --backend cpu needs none. On Linux a Vulkan driver package brings them.\n",
            );
        }
        for patient in patients {
            text.push_str(&listed::described(&patient.adapter));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "   as the CPU does: {}", plural(patient.sound, "operation"));
            patient.failures.iter().for_each(|failure| _ = writeln!(text, "   failed: {failure}"));
            patient.warnings.iter().for_each(|warning| _ = writeln!(text, "   warning: {warning}"));
        }
        text
    }

    pub fn document(patients: &[Patient], healthy: bool) -> String {
        let adapters = patients.iter().map(|patient| {
            let mut document = listed::document(&patient.adapter);
            document["operations_that_agree"] = json!(patient.sound);
            document["failures"] = json!(patient.failures);
            document["warnings"] = json!(patient.warnings);
            document
        });
        format!("{:#}\n", json!({ "healthy": healthy, "adapters": adapters.collect::<Vec<Value>>() }))
    }

    #[cfg(test)]
    mod tests {
        use imgproc::backend::gpu::AdapterLimits;

        use super::*;

        fn adapter(kind: &'static str, driver: &str, binding: u64) -> Adapter {
            let limits = AdapterLimits {
                max_buffer_bytes: 1 << 31,
                max_binding_bytes: binding,
                max_invocations_per_workgroup: 256,
            };
            let (name, driver) = ("A".into(), driver.into());
            Adapter { index: 0, name, kind, api: "vulkan", driver, timestamps: true, limits }
        }

        #[test]
        fn what_slows_an_adapter_is_warned_of() {
            let of = |kind, driver: &str, binding| warnings(&adapter(kind, driver, binding)).join("\n");
            assert_eq!(of("discrete", "NVIDIA 570.124.06", 1 << 31), "");
            assert_eq!(of("integrated", "radv Mesa 25.0.7", 1 << 27), "");
            assert!(of("integrated", "Intel open-source Mesa driver Mesa 20.3.5 (git)", 1 << 27).contains("Mesa 22"));
            assert!(of("discrete", "NVIDIA 470.82.01", 1 << 31).contains("NVIDIA 525"));
            assert!(of("discrete", "", 1 << 26).contains("small"));
            assert!(of("cpu", "llvmpipe Mesa 22.3.6 (LLVM 15.0.6)", 1 << 27).contains("software"));
        }

        #[test]
        fn a_report_tells_what_failed() {
            let patient = Patient {
                adapter: adapter("discrete", "", 1 << 31),
                warnings: vec!["it is hot".into()],
                sound: 46,
                failures: vec!["sobel: 3 of 9 samples differ".into()],
            };
            let text = text(std::slice::from_ref(&patient));
            assert!(text.contains("   as the CPU does: 46 operations\n   failed: sobel: 3 of 9"), "{text}");
            assert!(text.ends_with("   warning: it is hot\n"), "{text}");
            let document: Value = serde_json::from_str(&document(&[patient], false)).unwrap();
            assert_eq!(
                (&document["healthy"], &document["adapters"][0]["failures"][0]),
                (&json!(false), &json!("sobel: 3 of 9 samples differ"))
            );
        }
    }
}
