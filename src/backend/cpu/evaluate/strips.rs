//! The nodes of a graph computed for rectangles, from top to bottom.

use super::Evaluation;
use crate::backend::cpu::room::Wanted;
use crate::backend::cpu::tile::{Held, Tile};
use crate::backend::cpu::{axis, gather, pair, permute, point, samples, stencil, window};
use crate::image::Region;
use crate::op::{Kernel, NodeId};
use point::Stage;

impl Evaluation<'_> {
    /// The values of `target` in `region`, computed at once.
    pub fn tile(&self, target: NodeId, region: Region) -> Held {
        let mut strips = Strips::new(self, target, false);
        strips.compute(region, None);
        strips.held[target.0].take().unwrap_or_else(|| Held::Reals(Tile::new(region, 1)))
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
            let wanted = Wanted { rounds: self.rounds && is_target, exact: self.evaluation.graph.exact, rows };
            let made = self.node_tile(id, fresh, wanted);
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
