//! `imgproc ops --plan`: how a GPU would compute a recipe.

use super::arguments::PlanArguments;
use super::terminal::Problem;

#[cfg(not(feature = "gpu"))]
pub fn page(_arguments: &PlanArguments) -> Result<String, Problem> {
    Err(Problem::new("this imgproc was built without GPU support").help("build it with the feature `gpu` (a default)"))
}

#[cfg(feature = "gpu")]
pub fn page(arguments: &PlanArguments) -> Result<String, Problem> {
    use imgproc::backend::gpu::explain;
    use imgproc::image::Layout;

    let text = arguments.plan.as_deref().unwrap_or_default();
    let recipe = super::main_job::parsed(text, None)?;
    let (width, height) = arguments.size;
    let layout = Layout::new(width, height, arguments.channels.count());
    let depth = arguments.depth.into();
    let graph = recipe.graph(layout, depth).map_err(Problem::new)?;
    let report = explain(&graph, depth, depth).map_err(Problem::new)?;
    Ok(shown::text(&report, arguments.wgsl))
}

#[cfg(feature = "gpu")]
mod shown {
    use std::fmt::Write;

    use imgproc::backend::gpu::{PassReport, PlanReport};

    use crate::cli::summary::plural;

    pub fn text(report: &PlanReport, wgsl: bool) -> String {
        let mut text = format!("{:4} {:>12} {:>12} {:>11}  shape\n", "pass", "reads", "writes", "dispatches");
        // Writing to a string cannot fail.
        for (i, pass) in report.passes.iter().enumerate() {
            let (read, written) = (mib(pass.read_bytes), mib(pass.written_bytes));
            let _ = writeln!(text, "{:4} {read:>12} {written:>12} {:>11}  {}", i + 1, pass.dispatches, shape(pass));
        }
        let sum = |of: fn(&PassReport) -> u64| mib(report.passes.iter().map(of).sum());
        let (read, written) = (sum(|p| p.read_bytes), sum(|p| p.written_bytes));
        let dispatches = report.passes.iter().map(|p| p.dispatches).sum::<usize>();
        let _ = writeln!(text, "{:4} {read:>12} {written:>12} {dispatches:>11}\n", "all");
        let (memory, submissions) = (mib(report.memory_bytes), plural(report.submissions, "submission"));
        let _ = writeln!(text, "{submissions}, {memory} of the device's memory with staging");
        if report.tiles > 1 {
            let _ = writeln!(
                text,
                "{} where a buffer may hold 128 MiB and all of them 2 GiB",
                plural(report.tiles, "tile")
            );
        }
        for (i, pass) in report.passes.iter().enumerate().filter(|_| wgsl) {
            for shader in &pass.shaders {
                let _ = writeln!(text, "\n// ---- pass {}: {} ----\n{shader}", i + 1, shape(pass));
            }
        }
        text
    }

    /// The shape, with the points in its load before it and those in its store behind it.
    fn shape(pass: &PassReport) -> String {
        let load = pass.before.iter().map(|point| format!("{point} > "));
        let store = pass.after.iter().map(|point| format!(" > {point}"));
        load.chain([pass.shape.clone()]).chain(store).collect()
    }

    fn mib(bytes: u64) -> String {
        format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_pass_shows_what_it_moves_and_what_rides_in_it() {
            let pass = PassReport {
                before: vec!["grayscale"],
                shape: "axis horizontal".into(),
                after: vec!["invert"],
                read_bytes: 3 << 20,
                written_bytes: 1 << 19,
                dispatches: 2,
                shaders: vec!["fn main() {}".into()],
            };
            let report = PlanReport { passes: vec![pass], submissions: 1, memory_bytes: 5 << 20, tiles: 3 };
            let plain = text(&report, false);
            let line = "   1     3.00 MiB     0.50 MiB           2  grayscale > axis horizontal > invert";
            assert!(plain.lines().any(|l| l == line), "{plain}");
            assert!(plain.contains("1 submission, 5.00 MiB") && plain.contains("3 tiles"), "{plain}");
            assert!(!plain.contains("fn main") && text(&report, true).contains("fn main() {}"));
        }
    }
}
