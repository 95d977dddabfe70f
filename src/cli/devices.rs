//! `imgproc devices`: the adapters of this machine, and which one each backend would take.

use super::terminal::Problem;

#[cfg(not(feature = "gpu"))]
pub fn listing(_json: bool) -> Result<String, Problem> {
    Err(Problem::new("this imgproc was built without GPU support").help("build it with the feature `gpu` (a default)"))
}

#[cfg(not(feature = "gpu"))]
pub fn calibration() -> Result<String, Problem> {
    listing(false)
}

#[cfg(feature = "gpu")]
pub fn calibration() -> Result<String, Problem> {
    super::calibrate::all()
}

#[cfg(feature = "gpu")]
pub fn listing(json: bool) -> Result<String, Problem> {
    let adapters = super::calibrate::adapters().map_err(Problem::new)?;
    Ok(if json { listed::json(&adapters) } else { listed::text(&adapters) })
}

#[cfg(feature = "gpu")]
pub mod listed {
    use std::fmt::Write;

    use imgproc::backend::gpu::Adapter;
    use serde_json::{Value, json};

    /// Which adapter each backend takes; `auto` may take the CPU instead, and does without one.
    fn taken(adapters: &[Adapter]) -> [(&'static str, Option<&Adapter>); 4] {
        let hardware = adapters.iter().find(|a| !a.is_software());
        let software = adapters.iter().find(|a| a.is_software());
        [("gpu", hardware), ("software", software), ("both", hardware), ("auto", hardware)]
    }

    pub fn text(adapters: &[Adapter]) -> String {
        let mut text = String::new();
        if adapters.is_empty() {
            text.push_str("No adapters were found. On Linux a Vulkan driver package brings them.\n");
        }
        adapters.iter().for_each(|a| text.push_str(&described(a)));
        text.push('\n');
        for (backend, adapter) in taken(adapters) {
            // Writing to a string cannot fail.
            let taken = match (backend, adapter) {
                ("auto", Some(a)) => {
                    format!("{} {} or the CPU, whichever is estimated to be done sooner", a.index, a.name)
                }
                ("both", Some(a)) => format!("{} {} and the CPU", a.index, a.name),
                (_, Some(a)) => format!("{} {}", a.index, a.name),
                ("auto", None) => "the CPU".into(),
                _ => "none here".into(),
            };
            let _ = writeln!(text, "--backend {backend:9} {taken}");
        }
        text
    }

    /// An adapter in lines of its own.
    pub fn described(a: &Adapter) -> String {
        let (buffer, binding) = (mib(a.limits.max_buffer_bytes), mib(a.limits.max_binding_bytes));
        let invocations = a.limits.max_invocations_per_workgroup;
        let clock = if a.timestamps { "a clock" } else { "no clock" };
        format!(
            "{}  {}\n   {}, {}, driver {}\n   buffer {buffer}, binding {binding}, {invocations} invocations in a workgroup, \
             {clock}\n",
            a.index, a.name, a.kind, a.api, a.driver
        )
    }

    fn mib(bytes: u64) -> String {
        format!("{} MiB", bytes >> 20)
    }

    pub fn json(adapters: &[Adapter]) -> String {
        let listed: Vec<Value> = adapters.iter().map(document).collect();
        let [gpu, software, both, auto] = taken(adapters).map(|(_, adapter)| adapter.map(|a| a.index));
        let taken =
            json!({ "gpu": gpu, "software": software, "both": both, "auto": auto.map_or(json!("cpu"), |i| json!(i)) });
        format!("{:#}\n", json!({ "adapters": listed, "taken": taken }))
    }

    /// An adapter as JSON.
    pub fn document(a: &Adapter) -> Value {
        json!({
            "index": a.index, "name": a.name, "type": a.kind, "api": a.api, "driver": a.driver,
            "timestamps": a.timestamps,
            "max_buffer_bytes": a.limits.max_buffer_bytes,
            "max_binding_bytes": a.limits.max_binding_bytes,
            "max_invocations_per_workgroup": a.limits.max_invocations_per_workgroup,
        })
    }
}
