//! Wide blurs by way of an image of fewer pixels.

use super::{Alpha, Axis, Graph, Kernel, Node, NodeId, Place, Taps};
use crate::image::decimation::Decimation;
use crate::image::{Depth, Edges};

/// How much a recipe may make of a blur that lies up to two tenths of a level beside its own, in noise some hundredths. What
/// operations say of themselves is the most for any image: it is never reached by more than one of them at a time.
const MOST_STEEPNESS: f64 = 16.0;

/// The graph with each blur by wide Gaussians, along columns and then rows, as four resamplings: to fewer rows and columns, and
/// back. None where there is no such one, or where the difference could show.
pub fn decimated(graph: &Graph) -> Option<Graph> {
    if graph.depth != Depth::Eight || graph.steepness > MOST_STEEPNESS {
        return None;
    }
    let blurs: Vec<Option<Blur>> = (0..graph.nodes().len()).map(|id| Blur::ending_at(graph, NodeId(id))).collect();
    if blurs.iter().all(Option::is_none) {
        return None;
    }
    let mut target = graph.without_nodes();
    // Where the nodes are found in the new graph. What a blur is first made along is left out: its only reader goes with it.
    let mut places = vec![NodeId(0)];
    for (id, node) in graph.nodes().iter().enumerate().skip(1) {
        let is_first_half = blurs.iter().flatten().any(|blur| blur.columns == NodeId(id));
        let place = match &blurs[id] {
            _ if is_first_half => NodeId(0),
            Some(blur) => blur.build(&mut target, places[blur.input.0]),
            None => {
                let Node { kernel, inputs, layout } = node;
                let inputs: Vec<NodeId> = inputs.iter().map(|input| places[input.0]).collect();
                target.push(kernel.clone(), &inputs, *layout)
            }
        };
        places.push(place);
    }
    target.output = places[graph.output.0];
    Some(target)
}

/// Two axes of a graph.
struct Blur {
    input: NodeId,
    columns: NodeId,
    alpha: Alpha,
    /// In the order in which they are done: the way down takes columns first, which are summed from whatever the image holds;
    /// the way back rows first, while there are few of them.
    resamplings: [(Place, Taps); 4],
}

impl Blur {
    fn ending_at(graph: &Graph, id: NodeId) -> Option<Blur> {
        let axis = |id: NodeId| match &graph.node(id).kernel {
            Kernel::Axis(axis) => Some(axis),
            _ => None,
        };
        let rows = axis(id)?;
        let between = graph.node(id).inputs[0];
        let columns = axis(between)?;
        let readers = graph.nodes().iter().filter(|node| node.inputs.contains(&between)).count();
        if (columns.place, rows.place) != (Place::Vertical, Place::Horizontal)
            || columns.alpha != rows.alpha
            || readers > 1
        {
            return None;
        }
        let layout = graph.layout(id);
        let (down_columns, up_columns) = resamplings(columns, layout.height)?;
        let (down_rows, up_rows) = resamplings(rows, layout.width)?;
        Some(Blur {
            input: graph.node(between).inputs[0],
            columns: between,
            alpha: rows.alpha,
            resamplings: [
                (Place::Vertical, down_columns),
                (Place::Horizontal, down_rows),
                (Place::Horizontal, up_rows),
                (Place::Vertical, up_columns),
            ],
        })
    }

    fn build(&self, graph: &mut Graph, input: NodeId) -> NodeId {
        self.resamplings.iter().fold(input, |node, (place, taps)| {
            let axis = Axis { place: *place, taps: taps.clone(), edges: Edges::constant(0.0), alpha: self.alpha };
            graph.axis(axis, node)
        })
    }
}

fn resamplings(axis: &Axis, n: u32) -> Option<(Taps, Taps)> {
    let Taps::Sum { weights, scale: 1.0 } = &axis.taps else { return None };
    let (down, up) = Decimation::of(weights)?.resamplings(n, axis.edges)?;
    Some((Taps::Resample(down), Taps::Resample(up)))
}
