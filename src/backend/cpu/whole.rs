//! What needs a whole image before any of its result can be computed: statistics, floods, gathers.

use rayon::prelude::*;

use super::evaluate::{Evaluation, Strips};
use super::statistics::{histogram_tables, maximum};
use super::{Division, flood::flood, part_region, tile::Held, whole};
use crate::image::{Depth, Samples};
use crate::op::{Kernel, NodeId};

/// Computes every table of the graph and every image that is read as a whole, in order; what was computed on the way
/// is kept, not computed again.
pub fn prepared(mut evaluation: Evaluation) -> Evaluation {
    for (id, node) in evaluation.graph.nodes().iter().enumerate() {
        match &node.kernel {
            Kernel::Reduce(kernel) => {
                let codes = if node.layout.alpha { Keep::Values } else { Keep::Codes };
                keep(&mut evaluation, node.inputs[0], codes);
                evaluation.tables[id] = histogram_tables(&evaluation, kernel.as_ref(), node.inputs[0]);
            }
            Kernel::Maximum => {
                keep(&mut evaluation, node.inputs[0], Keep::Values);
                evaluation.tables[id] = vec![maximum(&evaluation, node.inputs[0])];
            }
            Kernel::Table(values) => evaluation.tables[id] = values.to_vec(),
            Kernel::Gather(_) => keep(&mut evaluation, node.inputs[0], Keep::Values),
            Kernel::Flood(kernel) => {
                evaluation.stored[id] = Some(Samples::U8(flood(*kernel, &evaluation, node.inputs[0])));
            }
            _ => {}
        }
    }
    evaluation
}

/// As what a whole image is kept.
enum Keep {
    /// The codes that it holds; alpha is none and must not be rounded.
    Codes,
    Values,
}

/// Computes and stores a whole node. The source is there already.
fn keep(evaluation: &mut Evaluation, id: NodeId, keep: Keep) {
    if id == NodeId(0) || evaluation.stored[id.0].is_some() {
        return;
    }
    evaluation.stored[id.0] = Some(match (keep, evaluation.graph.depth) {
        (Keep::Values, _) => Samples::F32(whole(evaluation, id, 1.0)),
        (Keep::Codes, Depth::Eight) => Samples::U8(whole(evaluation, id, 1.0)),
        (Keep::Codes, Depth::Sixteen) => Samples::U16(whole(evaluation, id, 1.0)),
    });
}

/// `fold` over the strips of a node, in bands side by side, and then `merge`; none of no bands.
pub fn over_strips<T: Send>(
    evaluation: &Evaluation,
    id: NodeId,
    start: impl Fn() -> T + Sync + Send,
    fold: impl Fn(&mut T, &Held) + Sync + Send,
    merge: impl Fn(T, T) -> T + Sync + Send,
) -> Option<T> {
    let image = evaluation.graph.layout(id).region();
    let Division { band, strip } = Division::new(evaluation, id, false);
    let of_band = |mut result: T, index: usize| {
        let band = part_region(image, band, index);
        let mut strips = Strips::new(evaluation, id, false);
        for index in 0..band.height.div_ceil(strip) as usize {
            if let Some(held) = strips.next(part_region(band, strip, index), None) {
                fold(&mut result, held);
            }
        }
        result
    };
    let bands = 0..image.height.div_ceil(band) as usize;
    if evaluation.threads == 1 {
        return Some(bands.fold(start(), of_band));
    }
    bands.into_par_iter().fold(&start, of_band).reduce_with(merge)
}
