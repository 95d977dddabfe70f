//! What a run is in the terms of the estimate.

use std::sync::Arc;

use super::choice::{Coding, Item};
use crate::backend::gpu::explain;
use crate::backend::work::works;
use crate::codec::{Format, Header};
use crate::image::{Depth, Layout, Reduction};
use crate::op::Graph;
use crate::pipeline::Surveyed;
use crate::recipe::Recipe;

/// What part of decoding a JPEG stays however small it is decoded: reading its codes.
const CODES_SHARE: f64 = 0.5;

/// The images that a recipe applies to.
pub fn items(recipe: &Recipe, surveyed: &[Surveyed], exact: bool) -> Vec<Item> {
    surveyed.iter().filter_map(|one| item(recipe, one, exact)).collect()
}

fn item(recipe: &Recipe, surveyed: &Surveyed, exact: bool) -> Option<Item> {
    let (graph, by) = graph(recipe, &surveyed.header, exact)?;
    let Header { format, layout, .. } = surveyed.header;
    let (source, result) = (graph.nodes()[0].layout, graph.output_layout());
    let share = CODES_SHARE + (1.0 - CODES_SHARE) / f64::from(by * by);
    let coding = |format, layout: Layout, colours, share| Coding {
        format,
        pixels: layout.pixels() as f64,
        colour: colours > 1,
        share,
    };
    Some(Item {
        decode: coding(format, layout, source.colours, share),
        encode: coding(surveyed.result, result, result.colours, 1.0),
        samples: (source.samples() + result.samples()) as f64,
        works: works(&graph),
    })
}

/// The graph of an image as it is decoded, and how many times smaller that is in each direction.
fn graph(recipe: &Recipe, header: &Header, exact: bool) -> Option<(Graph, u32)> {
    let Header { format, layout, depth, .. } = *header;
    let demand = if exact || format != Format::Jpeg { Default::default() } else { recipe.demand(layout) };
    let fits = |by: &u32| {
        let reduced = Reduction::layout(layout, *by);
        demand.least.is_some_and(|(width, height)| reduced.width >= width && reduced.height >= height)
    };
    let by = [8, 4, 2].into_iter().find(fits).unwrap_or(1);
    let colours = if demand.luma { 1 } else { layout.colours };
    let source = Reduction::layout(Layout { colours, ..layout }, by);
    let Layout { width, height, .. } = layout;
    let reduction = (by > 1).then_some(Reduction { by, width, height, left: 0.0, top: 0.0 });
    Some((recipe.graph_of_reduced(source, depth, reduction).ok()?, by))
}

/// Shaders that the images need, each once.
pub fn shaders(recipe: &Recipe, surveyed: &[Surveyed], exact: bool) -> usize {
    let mut texts: Vec<Arc<str>> = Vec::new();
    for one in surveyed {
        let Some((graph, _)) = graph(recipe, &one.header, exact) else { continue };
        let depth = one.header.depth;
        let result = if one.result.holds_depth(depth) { depth } else { Depth::Eight };
        let Ok(plan) = explain(&graph, depth, result) else { continue };
        texts.extend(plan.passes.into_iter().flat_map(|pass| pass.shaders));
    }
    texts.sort();
    texts.dedup();
    texts.len()
}
