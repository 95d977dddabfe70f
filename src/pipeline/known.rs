//! What is known of an image before it is decoded, and what is refused by that.

use std::sync::Arc;

use super::Run;
use super::need::working_bytes;
use super::outcome::{Failure, Job};
use crate::codec::{CodecError, Header};
use crate::image::{Depth, Layout, Reduction};
use crate::op::Graph;
use crate::timeline::Stage;

/// What is known of an image from its header.
pub(super) struct Known {
    pub header: Header,
    pub graph: Arc<Graph>,
    /// Bytes that it is estimated to need, its file included.
    pub cost: u64,
}

/// What the header tells of the work to come, refusals included.
pub(super) fn know(
    run: &Run,
    job: &Job,
    header: Result<Header, CodecError>,
    file_bytes: u64,
) -> Result<Known, Failure> {
    let header = header.map_err(|e| Failure::new(Stage::Decode, e))?;
    check_pixels(run, header.layout)?;
    let graph = graph(run, header.layout, header.depth, None)?;
    let result = result_depth(run, job, header.depth);
    let cost = file_bytes + working_bytes(&header, &graph, result, run.backend.as_ref());
    check_memory(run, cost)?;
    Ok(Known { header, graph, cost })
}

/// Refuses files of too many bytes.
pub(super) fn check_file(run: &Run, bytes: u64) -> Result<(), Failure> {
    match run.settings.max_file_bytes {
        Some(most) if bytes > most => {
            let cause = format!("the file has {}, the limit is {}", amount(bytes), amount(most));
            Err(Failure::new(Stage::Read, cause).hint("--max-file-bytes raises it"))
        }
        _ => check_memory(run, bytes),
    }
}

/// Refuses images of too many pixels.
pub(super) fn check_pixels(run: &Run, layout: Layout) -> Result<(), Failure> {
    let (pixels, limit) = (layout.pixels(), run.settings.decode.max_pixels);
    if pixels <= limit {
        return Ok(());
    }
    let Layout { width, height, .. } = layout;
    let cause = format!("{width}x{height} px are {:.1} MP, the limit is {:.1} MP", mega(pixels), mega(limit));
    Err(Failure::new(Stage::Decode, cause).passing().hint("--max-pixels raises it"))
}

/// Refuses what would need more memory than there may be for one image.
fn check_memory(run: &Run, bytes: u64) -> Result<(), Failure> {
    let most = run.settings.most_bytes;
    if bytes <= most {
        return Ok(());
    }
    let cause = format!("it would need {} of memory, there may be {}", amount(bytes), amount(most));
    Err(Failure::new(Stage::Decode, cause).passing().hint("--memory raises that"))
}

/// Bytes in words.
fn amount(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{bytes} bytes"),
        1_000_000..10_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Depth of the result of an image of that depth: its own unless asked otherwise, if the output format holds it.
pub(super) fn result_depth(run: &Run, job: &Job, source: Depth) -> Depth {
    let wanted = run.settings.depth.unwrap_or(source);
    if job.format.holds_depth(wanted) { wanted } else { Depth::Eight }
}

fn mega(pixels: u64) -> f64 {
    pixels as f64 / 1e6
}

/// The recipe's kernels for an image; refused where a result on the way would be larger than images may be.
pub(super) fn graph(
    run: &Run,
    layout: Layout,
    depth: Depth,
    reduction: Option<Reduction>,
) -> Result<Arc<Graph>, Failure> {
    let graph = run.settings.recipe.graph_of_reduced(layout, depth, reduction);
    let mut graph = graph.map_err(|refusal| Failure::new(Stage::Compute, refusal))?;
    if run.settings.exact {
        // Whoever asks for all of the file wants its sums to the last bit, too.
        graph.make_exact();
    }
    let limit = run.settings.decode.max_pixels;
    if let Some(node) = graph.nodes().iter().find(|node| node.layout.pixels() > limit) {
        let Layout { width, height, .. } = node.layout;
        let (would, allowed) = (mega(node.layout.pixels()), mega(limit));
        let cause = format!("the recipe would make {width}x{height} px, {would:.1} MP; the limit is {allowed:.1} MP");
        return Err(Failure::new(Stage::Compute, cause).passing().hint("--max-pixels raises it"));
    }
    Ok(Arc::new(graph))
}
