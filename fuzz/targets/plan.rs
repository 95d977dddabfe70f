//! The builder of plans for a GPU: any recipe on an image of any size and kind is planned, in tiles where it must be, or refused.
#![no_main]

use imgproc::backend::gpu::explain;
use imgproc::image::{Depth, Layout};
use imgproc::recipe::Recipe;
use libfuzzer_sys::{Corpus, fuzz_target};

/// px; of a perspective with its horizon in the image each is looked at, which takes seconds for many.
const MOST_PIXELS: u64 = 1 << 23;

fuzz_target!(|input: (u16, u16, u8, &str)| -> Corpus {
    let (width, height, kind, text) = input;
    let Ok(recipe) = Recipe::parse(text) else { return Corpus::Reject };
    let layout = Layout::new(u32::from(width).max(1), u32::from(height).max(1), u32::from(kind % 4) + 1);
    let depth = if kind & 4 == 0 { Depth::Eight } else { Depth::Sixteen };
    let Ok(graph) = recipe.graph(layout, depth) else { return Corpus::Keep };
    if graph.nodes().iter().any(|node| node.layout.pixels() > MOST_PIXELS) {
        return Corpus::Reject;
    }
    if let Ok(report) = explain(&graph, depth, depth) {
        assert!(report.passes.iter().all(|pass| pass.dispatches >= 1));
    }
    Corpus::Keep
});
