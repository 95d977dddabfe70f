//! What a device's kernels take beside what it takes to copy the bytes that they move. `scripts/gpu-report` starts it.
//!
//!     cargo bench --bench gpu -- --adapter 0 --size 6000x4000              every operation, by its example
//!     cargo bench --bench gpu -- --adapter llvmpipe --size 1500x1000 sobel those named, or recipes
//!
//! A line of JSON for the device, and one for each recipe.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the rules on clock, disk and output are the program's"
)]

mod picture;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use imgproc::backend::cpu::CpuBackend;
use imgproc::backend::gpu::{Choice, GpuBackend, copy_speed, explain};
use imgproc::backend::{Backend, DeviceTimes, Task};
use imgproc::image::{Depth, Image};
use imgproc::ops;
use imgproc::recipe::Recipe;
use serde_json::json;

/// Of the buffer that is copied, or the largest that there is.
const COPIED: u64 = 128 << 20;

/// Calls of which the quickest counts, after one that is thrown away.
const CALLS: usize = 3;

fn main() -> Result<()> {
    let (mut adapter, mut size, mut recipes) = (None, (6000, 4000), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--adapter" => adapter = Some(arguments.next().context("--adapter expects a name or a number")?),
            "--size" => size = sides(&arguments.next().context("--size expects WxH")?)?,
            // Cargo says so to every bench.
            "--bench" => {}
            option if option.starts_with('-') => bail!("no option {option}"),
            _ => recipes.push(argument),
        }
    }
    if recipes.is_empty() {
        recipes = ops::registry().iter().map(|spec| spec.example.to_owned()).collect();
    }
    let adapter = adapter.as_deref();
    let copied = copy_speed(&Choice::Any, adapter, COPIED)?;
    let gpu = GpuBackend::open(Choice::Any, adapter)?;
    let about = gpu.adapter();
    println!(
        "{}",
        json!({
            "adapter": about.name, "type": about.kind, "api": about.api, "driver": about.driver,
            "copy_bytes_per_second": copied, "width": size.0, "height": size.1,
        })
    );
    let image = picture::drawn(size.0, size.1, 3);
    for recipe in recipes {
        println!("{}", measured(&gpu, &image, &recipe)?);
    }
    Ok(())
}

fn sides(text: &str) -> Result<(u32, u32)> {
    let (width, height) = text.split_once('x').context("--size expects WxH")?;
    Ok((width.parse()?, height.parse()?))
}

fn measured(gpu: &GpuBackend, image: &Image, recipe: &str) -> Result<serde_json::Value> {
    let parsed = Recipe::parse(recipe).map_err(|e| anyhow!("{recipe}: {}", e.message))?;
    let graph = Arc::new(parsed.graph(image.layout, image.depth()).map_err(|e| anyhow!("{recipe}: {e}"))?);
    let plan = explain(&graph, Depth::Eight, Depth::Eight).map_err(|e| anyhow!("{recipe}: {e}"))?;
    let task = || Task { graph: graph.clone(), image: image.clone(), depth: Depth::Eight, divides: true, remaining: 0 };
    let calls = (0..=CALLS).map(|_| Ok(gpu.wait_for(task())?.device.unwrap_or_default()));
    let calls = calls.collect::<Result<Vec<DeviceTimes>>>()?;
    let kernels = calls[1..].iter().map(|times| times.kernels).min().unwrap_or_default();
    let begun = Instant::now();
    CpuBackend.compute(task())?;
    Ok(json!({
        "recipe": recipe,
        "passes": plan.passes.iter().map(|pass| pass.shape.as_str()).collect::<Vec<_>>(),
        "bytes": plan.passes.iter().map(|pass| pass.read_bytes + pass.written_bytes).sum::<u64>(),
        "kernel_seconds": kernels.as_secs_f64(),
        "cpu_seconds": begun.elapsed().as_secs_f64(),
    }))
}
