//! A graph evaluated for rectangles of one of its nodes.

use super::cells::Cells;
use super::fixed::{self, Method};
use super::interleaved::{FixedAxis, Interleaved};
use super::tile::Held;
use super::{gather, pair, point, samples, stencil};
use crate::image::{Depth, Image, Samples};
use crate::op::{Graph, Kernel, NodeId, Place, Point, Taps};
use gather::View;
use point::Stage;
pub use strips::Strips;

mod strips;

/// What is known of an image before its pixels are asked for: the source, whole nodes, tables.
pub struct Evaluation<'a> {
    pub graph: &'a Graph,
    source: &'a Image,
    /// Whole codes, or unrounded values, of nodes that were computed before, by node.
    pub stored: Vec<Option<Samples>>,
    /// Tables of the nodes that give one, by node.
    pub tables: Vec<Vec<f32>>,
    uses: Vec<Uses>,
    /// Of the nodes that are summed in whole numbers, by node.
    pub methods: Vec<Option<Method>>,
    /// Whether a node holds whole numbers of 16 bits.
    wholes: Vec<bool>,
    /// That share the work.
    pub threads: usize,
    /// The whole source as a tile, where its codes are that: strips of it are not copied.
    lent: Option<&'a Held>,
}

/// Whether the source of a graph, of bytes, is read as tiles alone: of all of its channels alike, where it has several.
pub fn reads_tiles(graph: &Graph) -> bool {
    let layout = graph.layout(NodeId(0));
    let reads_tile = |kernel: &Kernel| matches!(kernel, Kernel::Neighbourhood(_)) && layout.colours == 1;
    let mut readers = graph.nodes().iter().filter(|node| node.inputs.contains(&NodeId(0))).peekable();
    !layout.alpha && readers.peek().is_some() && readers.all(|node| node.kernel.is_blind() || reads_tile(&node.kernel))
}

/// Who reads a node.
#[derive(Clone, Copy, Default)]
struct Uses {
    /// The last node that reads it.
    last: usize,
    count: usize,
    /// Whether a reader sees rows above and below its own, so that strips of it overlap.
    by_rows_around: bool,
}

impl<'a> Evaluation<'a> {
    /// `depth` is that of the result.
    pub fn new(graph: &'a Graph, source: &'a Image, threads: usize, depth: Depth) -> Evaluation<'a> {
        let count = graph.nodes().len();
        let mut uses = vec![Uses::default(); count];
        for (id, node) in graph.nodes().iter().enumerate() {
            for input in &node.inputs {
                let of_input = &mut uses[input.0];
                of_input.last = id;
                of_input.count += 1;
                of_input.by_rows_around |= node.kernel.reads_rows_around();
            }
        }
        let methods = if fixed::are_levels(source, depth) {
            fixed::methods(graph, |id| uses[id.0].count)
        } else {
            (0..count).map(|_| None).collect()
        };
        let (stored, tables) = (vec![None; count], vec![Vec::new(); count]);
        let known =
            Evaluation { graph, source, stored, tables, uses, methods, wholes: Vec::new(), threads, lent: None };
        Evaluation { wholes: stencil::are_whole(&known), ..known }
    }

    /// With the source as a tile, where it [`reads_tiles`] alone.
    pub fn lent(self, lent: Option<&'a Held>) -> Evaluation<'a> {
        Evaluation { lent, ..self }
    }

    pub fn source_samples(&self) -> &Samples {
        &self.source.samples
    }

    /// The run of point kernels that makes a node of the source, where the source has no alpha.
    pub fn points(&self, target: NodeId) -> Option<Vec<Stage<'_>>> {
        let run = self.run(target.0, target);
        let is_point = |id: &usize| matches!(self.graph.nodes()[*id].kernel, Kernel::Point(_));
        let is_source = self.tile_inputs(run[0]).eq([NodeId(0)]) && self.stored[0].is_none();
        let is_plain = is_source && !self.graph.layout(NodeId(0)).alpha && run.iter().all(is_point);
        is_plain.then(|| run.into_iter().map(|id| self.stage(id)).collect())
    }

    /// The source resampled in fixed point by weights that repeat along rows, where a node is just that.
    pub fn interleaved(&self, target: NodeId) -> Option<Interleaved<'_>> {
        let axis = |id: NodeId, place: Place| match (&self.graph.node(id).kernel, &self.methods[id.0]) {
            (Kernel::Axis(axis), Some(Method::Weights(weights))) if axis.place == place => match &axis.taps {
                Taps::Resample(resampling) => Some(FixedAxis { resampling, weights }),
                _ => None,
            },
            _ => None,
        };
        let rows = axis(target, Place::Horizontal)?;
        let input = self.graph.node(target).inputs[0];
        let columns = axis(input, Place::Vertical)?;
        let is_source = self.graph.node(input).inputs == [NodeId(0)] && self.stored[0].is_none();
        Interleaved::new(columns, rows, self.graph.layout(NodeId(0))).filter(|_| is_source)
    }

    /// The source in cells of one mean each, where a node is just that.
    pub fn cells(&self, target: NodeId) -> Option<Cells> {
        let (mut axes, mut id) = (Vec::new(), target);
        while let (Kernel::Axis(axis), true) = (&self.graph.node(id).kernel, axes.len() < 4) {
            let Taps::Resample(resampling) = &axis.taps else { return None };
            axes.push((axis.place, resampling));
            id = self.graph.node(id).inputs[0];
        }
        let is_source = id == NodeId(0) && self.stored[0].is_none();
        Cells::new(&axes, self.graph.layout(NodeId(0))).filter(|_| is_source)
    }

    /// A node that is there as a whole.
    pub fn view(&self, id: NodeId) -> View<'_> {
        let layout = self.graph.layout(id);
        match &self.stored[id.0] {
            Some(samples) => View { samples, scale: samples::Scale::Codes, layout },
            None => {
                assert_eq!(id, NodeId(0), "only the source and what was stored are there as a whole");
                View { samples: &self.source.samples, scale: samples::Scale::Levels, layout }
            }
        }
    }

    fn is_table(&self, id: NodeId) -> bool {
        self.graph.node(id).kernel.gives_table()
    }

    /// The nodes that are done row by row and end with a node, the first one first; mostly only that.
    fn run(&self, id: usize, target: NodeId) -> Vec<usize> {
        let mut run = vec![id];
        while let Some(input) = self.tile_inputs(run[run.len() - 1]).find(|input| self.joins_reader(input.0, target)) {
            run.push(input.0);
        }
        run.reverse();
        run
    }

    /// The images among a node's inputs that it reads as tiles. A gather reads its input as a whole, wherever that is kept.
    fn tile_inputs(&self, id: usize) -> impl Iterator<Item = NodeId> + '_ {
        let node = &self.graph.nodes()[id];
        let is_there = self.stored[id].is_some() || self.levels(id).is_some();
        let reads_tiles = !is_there && !matches!(node.kernel, Kernel::Gather(_));
        node.inputs.iter().copied().filter(move |input| reads_tiles && !self.is_table(*input))
    }

    /// The kernel and the bytes that a node's levels are made of at once: of R, G and B of a source without alpha.
    pub fn levels(&self, id: usize) -> Option<(&dyn Point, &[u8])> {
        let (node, layout) = (&self.graph.nodes()[id], self.graph.layout(NodeId(0)));
        match (&node.kernel, &self.source.samples) {
            (Kernel::Point(kernel), Samples::U8(bytes)) if kernel.gives_levels() && node.inputs == [NodeId(0)] => {
                (layout.colours == 3 && !layout.alpha && node.layout.channels() == 1).then_some((&**kernel, bytes))
            }
            _ => None,
        }
    }

    /// Whether a node's values are levels as the source's, only moved or chosen among.
    fn holds_bytes(&self, id: usize) -> bool {
        let node = &self.graph.nodes()[id];
        match &node.kernel {
            Kernel::Source => matches!(self.source_samples(), Samples::U8(_)),
            kernel => kernel.keeps_levels() && node.inputs.iter().all(|input| self.holds_bytes(input.0)),
        }
    }

    fn stage(&self, id: usize) -> Stage<'_> {
        let node = &self.graph.nodes()[id];
        let Kernel::Point(kernel) = &node.kernel else { unreachable!("a run is of point kernels") };
        let table = node.inputs.iter().find(|i| self.is_table(**i)).map_or(&[][..], |i| &self.tables[i.0]);
        Stage { kernel: &**kernel, table, to: node.layout }
    }

    /// Whether a node is done row by row with its only reader: a point kernel with another one that reads no other image, sums
    /// and extremes along columns with those along rows.
    fn joins_reader(&self, id: usize, target: NodeId) -> bool {
        let Uses { last, count, .. } = self.uses[id];
        let kernels = [id, last].map(|id| &self.graph.nodes()[id].kernel);
        let are_alike = match kernels {
            [Kernel::Point(_), Kernel::Point(_)] => self.tile_inputs(last).count() == 1,
            [Kernel::Axis(columns), Kernel::Axis(rows)] => pair::are_pair(columns, rows),
            _ => false,
        };
        let is_made = |id: usize| self.stored[id].is_none() && self.levels(id).is_none();
        id != target.0 && count == 1 && are_alike && is_made(id) && is_made(last)
    }
}
