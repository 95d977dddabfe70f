//! A graph evaluated for rectangles of one of its nodes.

use super::cells::Cells;
use super::fixed::{self, Method};
use super::interleaved::{FixedAxis, Interleaved};
use super::room::Wanted;
use super::tile::{Held, Tile};
use super::{axis, gather, pair, permute, point, samples, stencil, window};
use crate::image::{Depth, Image, Region, Samples};
use crate::op::{Graph, Kernel, NodeId, Place, Point, Taps};
use gather::View;
use point::Stage;

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

    /// The values of `target` in `region`, computed at once.
    pub fn tile(&self, target: NodeId, region: Region) -> Held {
        let mut strips = Strips::new(self, target, false);
        strips.compute(region, None);
        strips.held[target.0].take().unwrap_or_else(|| Held::Reals(Tile::new(region, 1)))
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

/// Rectangles of a node, asked for from top to bottom: the rows of other nodes that the next one needs again are kept.
pub struct Strips<'e, 'a> {
    evaluation: &'e Evaluation<'a>,
    target: NodeId,
    /// Whether the target's values may be given as the bytes that they round to.
    rounds: bool,
    held: Vec<Option<Held>>,
}

impl<'e, 'a> Strips<'e, 'a> {
    pub fn new(evaluation: &'e Evaluation<'a>, target: NodeId, rounds: bool) -> Strips<'e, 'a> {
        Strips { evaluation, target, rounds, held: (0..=target.0).map(|_| None).collect() }
    }

    /// The values in `region`, which isn't empty; none where they were written into `rows` of the result, as codes.
    pub fn next(&mut self, region: Region, rows: Option<&mut [u8]>) -> Option<&Held> {
        self.compute(region, rows);
        self.held[self.target.0].as_ref()
    }

    fn compute(&mut self, region: Region, mut rows: Option<&mut [u8]>) {
        self.held[self.target.0] = None;
        let plan = self.plan(region);
        for (id, Needed { region, fresh }) in plan.into_iter().enumerate() {
            // The target itself may read nothing of its input: a part of a canvas beyond the image.
            if fresh.is_empty() || self.evaluation.joins_reader(id, self.target) {
                continue;
            }
            // Rows that are read again stay in their tile, and new ones are written behind them.
            let mut kept = self.held[id].take().filter(|_| fresh != region);
            let is_target = id == self.target.0;
            let room = kept.as_mut().and_then(|kept| kept.slide_for(region.y, fresh.height));
            let grows = room.is_some();
            let rows = if is_target { rows.take() } else { room };
            let made = self.node_tile(id, fresh, Wanted { rounds: self.rounds && is_target, rows });
            self.held[id] = match (kept, made) {
                (Some(mut kept), Some(made)) => {
                    if grows {
                        kept.shorten(fresh.height);
                    }
                    kept.slide(region.y, &made);
                    Some(kept)
                }
                (kept, made) => made.or(kept),
            };
            self.let_go(id);
        }
    }

    /// Lets go of what node `id` was the last to read, but for rows that are read again.
    fn let_go(&mut self, id: usize) {
        let first = self.evaluation.run(id, self.target)[0];
        for input in self.evaluation.tile_inputs(first) {
            let uses = self.evaluation.uses[input.0];
            if uses.last <= id && !uses.by_rows_around {
                self.held[input.0] = None;
            }
        }
    }

    /// The part of each node that is needed for `region`, and what of it isn't there yet.
    fn plan(&self, region: Region) -> Vec<Needed> {
        let nodes = self.evaluation.graph.nodes();
        let mut plan = vec![Needed { region: Region::EMPTY, fresh: Region::EMPTY }; self.target.0 + 1];
        plan[self.target.0].region = region;
        for id in (0..=self.target.0).rev() {
            let needed = plan[id].region;
            if needed.is_empty() {
                continue;
            }
            let fresh = match &self.held[id] {
                _ if self.is_lent(id) => Region::EMPTY,
                held => missing(needed, held.as_ref().map_or(Region::EMPTY, Held::region)),
            };
            plan[id].fresh = fresh;
            for input in self.evaluation.tile_inputs(id) {
                let read = nodes[id].kernel.source_region(fresh, nodes[input.0].layout);
                plan[input.0].region = plan[input.0].region.union(read);
            }
        }
        plan
    }

    fn is_lent(&self, id: usize) -> bool {
        id == 0 && self.evaluation.lent.is_some()
    }

    fn held(&self, id: NodeId) -> Option<&Held> {
        if self.is_lent(id.0) { self.evaluation.lent } else { self.held[id.0].as_ref() }
    }

    /// Bytes that the nodes' tiles hold for a row, at most.
    pub fn row_bytes(&self) -> usize {
        let bytes = |id: usize| match &self.evaluation.graph.nodes()[id].layout {
            _ if self.is_lent(id) || self.evaluation.joins_reader(id, self.target) => 0,
            layout if self.rounds && id == self.target.0 => layout.width * layout.channels(),
            layout if self.evaluation.holds_bytes(id) => layout.width * layout.channels(),
            layout => 4 * layout.width * layout.channels(),
        };
        (0..=self.target.0).map(|id| bytes(id) as usize).sum()
    }

    /// Pixels of all nodes that are computed for `region` where nothing is there yet.
    pub fn work(&self, region: Region) -> usize {
        self.plan(region).iter().map(|needed| needed.fresh.pixels()).sum()
    }

    /// Planes of the packed tiles that node `id` reads, where it takes none: it tells channels apart, or reads another tile
    /// that is none.
    fn unpacked_inputs(&self, id: usize, region: Region) -> Vec<(NodeId, Held)> {
        let (nodes, run) = (self.evaluation.graph.nodes(), self.evaluation.run(id, self.target));
        let tiles: Vec<(NodeId, &Held)> = self
            .evaluation
            .tile_inputs(run[0])
            .filter_map(|input| self.held(input).map(|held| (input, held)))
            .collect();
        let are_blind = run.iter().all(|id| nodes[*id].kernel.is_blind());
        if are_blind && self.is_read_blindly(id) && tiles.iter().all(|(_, held)| held.step() > 1) {
            return Vec::new();
        }
        let read = |input: NodeId| {
            // Each of a run reads what the one before it gives, of the same size as the run's input.
            let layout = nodes[input.0].layout;
            run.iter().rev().fold(region, |region, id| nodes[*id].kernel.source_region(region, layout))
        };
        let packed = tiles.into_iter().filter(|(_, held)| held.step() > 1);
        packed.map(|(input, held)| (input, held.unpacked(read(input)))).collect()
    }

    /// Whether those that read a node next tell no channels apart. Else planes are better made before it than behind, where
    /// values may be wider.
    fn is_read_blindly(&self, id: usize) -> bool {
        let (evaluation, mut reader) = (self.evaluation, id);
        while reader != self.target.0 {
            reader = evaluation.uses[reader].last;
            if !evaluation.graph.nodes()[reader].kernel.is_blind() {
                return false;
            }
            if !evaluation.joins_reader(reader, self.target) {
                break;
            }
        }
        true
    }

    /// The values of a node in a region, whose inputs are there; none where they were written as they are wanted.
    fn node_tile(&self, id: usize, region: Region, wanted: Wanted) -> Option<Held> {
        let evaluation = self.evaluation;
        let node = &evaluation.graph.nodes()[id];
        if let Some(codes) = &evaluation.stored[id] {
            return Some(samples::load(codes, samples::Scale::Codes, node.layout, region));
        }
        if let Some((kernel, bytes)) = evaluation.levels(id) {
            return Some(Held::Bytes(samples::levels(kernel, bytes, node.layout, region)));
        }
        let unpacked = self.unpacked_inputs(id, region);
        let input = |id: NodeId| unpacked.iter().find(|(of, _)| *of == id).map(|(_, held)| held).or(self.held(id));
        let layout_in = node.inputs.first().map(|i| evaluation.graph.layout(*i));
        let nothing = Held::Reals(Tile::new(Region::EMPTY, node.layout.channels() as usize));
        let run = evaluation.run(id, self.target);
        let first = evaluation.tile_inputs(run[0]).next().and_then(input).unwrap_or(&nothing);
        match (&node.kernel, layout_in) {
            (Kernel::Point(_), _) => {
                let images: Vec<_> = evaluation
                    .tile_inputs(run[0])
                    .map(|i| (input(i).unwrap_or(&nothing), evaluation.graph.layout(i)))
                    .collect();
                let run: Vec<Stage> = run.into_iter().map(|id| evaluation.stage(id)).collect();
                point::tile(&run, &images, region, wanted)
            }
            (Kernel::Window(kernel), Some(from)) => window::tile(&**kernel, wanted, first, from, region),
            (Kernel::Axis(axis), Some(from)) => match &evaluation.graph.nodes()[run[0]].kernel {
                Kernel::Axis(columns) if run.len() == 2 => {
                    let [first_method, method] = [run[0], id].map(|id| evaluation.methods[id].as_ref());
                    pair::Pair { columns, rows: axis, method: first_method.zip(method) }
                        .tile(wanted, first, from, region)
                }
                _ => Some(axis::tile(axis, evaluation.methods[id].as_ref(), wanted.rounds, first, from, region)),
            },
            (Kernel::Permute(kernel), Some(from)) => Some(permute::tile(kernel, first, from, region)),
            (Kernel::Stencil(kernel), Some(from)) => stencil::tile(kernel, wanted, first, from, region),
            (Kernel::Neighbourhood(kernel), Some(from)) if evaluation.wholes[id] => {
                Some(Held::Whole(stencil::wholes(&**kernel, first, from, node.layout, region)))
            }
            (Kernel::Neighbourhood(kernel), Some(from)) => {
                stencil::neighbourhood(&**kernel, wanted, first, (from, node.layout), region)
            }
            (Kernel::Gather(kernel), _) => {
                Some(gather::tile(kernel, evaluation.view(node.inputs[0]), region, wanted.rounds))
            }
            (Kernel::Source, _) => {
                Some(samples::load(&evaluation.source.samples, samples::Scale::Levels, node.layout, region))
            }
            (kernel, _) => unreachable!("{kernel:?} gives no image"),
        }
    }
}

#[derive(Clone, Copy)]
struct Needed {
    region: Region,
    /// The rows of it that aren't there.
    fresh: Region,
}

/// What of `needed` isn't `there`: rows at its end, or all.
fn missing(needed: Region, there: Region) -> Region {
    let same_columns = (needed.x, needed.width) == (there.x, there.width);
    if !same_columns || needed.y < there.y || needed.y >= there.bottom() {
        return needed;
    }
    Region::from_spans((needed.x, needed.right()), (there.bottom(), needed.bottom()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_at_the_end_are_missing_where_the_rest_is_there() {
        let region = |y, height| Region { x: 2, y, width: 5, height };
        assert_eq!(missing(region(4, 6), region(2, 5)), region(7, 3));
        assert_eq!(missing(region(4, 2), region(2, 5)), Region::EMPTY);
        assert_eq!(missing(region(1, 6), region(2, 5)), region(1, 6), "rows at its start");
        assert_eq!(missing(region(7, 2), region(2, 5)), region(7, 2), "nothing of it is there");
        assert_eq!(missing(region(4, 6), Region { width: 4, ..region(2, 5) }), region(4, 6), "other columns");
    }
}
