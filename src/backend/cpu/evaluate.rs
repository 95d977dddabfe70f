//! A graph evaluated for a rectangle of one of its nodes.

use super::{axis, gather, permute, point, samples, stencil, tile::Tile, window};
use crate::image::{Image, Region, Samples};
use crate::op::{Graph, Kernel, NodeId};
use gather::View;

/// What is known of an image before its pixels are asked for: the source, whole nodes, tables.
pub struct Evaluation<'a> {
    pub graph: &'a Graph,
    source: &'a Image,
    /// Whole codes, or unrounded values, of nodes that were computed before, by node.
    pub stored: Vec<Option<Samples>>,
    /// Tables of the nodes that give one, by node.
    pub tables: Vec<Vec<f32>>,
}

impl<'a> Evaluation<'a> {
    pub fn new(graph: &'a Graph, source: &'a Image) -> Evaluation<'a> {
        let count = graph.nodes().len();
        Evaluation { graph, source, stored: vec![None; count], tables: vec![Vec::new(); count] }
    }

    /// The part of each node that `region` of `target` is computed from; empty where none is.
    pub fn regions(&self, target: NodeId, region: Region) -> Vec<Region> {
        let nodes = self.graph.nodes();
        let mut regions = vec![Region::EMPTY; target.0 + 1];
        regions[target.0] = region;
        for id in (0..=target.0).rev() {
            let node = &nodes[id];
            if regions[id].is_empty() || self.stored[id].is_some() {
                continue;
            }
            // A gather reads its input as a whole, wherever that is kept.
            let reads_tiles = !matches!(node.kernel, Kernel::Gather(_));
            for input in node.inputs.iter().filter(|i| reads_tiles && !self.is_table(**i)) {
                let needed = node.kernel.source_region(regions[id], nodes[input.0].layout);
                regions[input.0] = regions[input.0].union(needed);
            }
        }
        regions
    }

    /// The values of `target` in `region`.
    pub fn tile(&self, target: NodeId, region: Region) -> Tile {
        let regions = self.regions(target, region);
        let mut last_use = vec![target.0; target.0 + 1];
        for (id, node) in self.graph.nodes()[..=target.0].iter().enumerate() {
            node.inputs.iter().for_each(|input| last_use[input.0] = id);
        }
        let mut tiles: Vec<Option<Tile>> = (0..=target.0).map(|_| None).collect();
        for id in 0..=target.0 {
            // The target itself may read nothing of its input: a part of a canvas beyond the image.
            if regions[id].is_empty() {
                continue;
            }
            let tile = self.node_tile(NodeId(id), regions[id], &tiles);
            tiles[id] = Some(tile);
            for input in &self.graph.nodes()[id].inputs {
                if last_use[input.0] == id {
                    tiles[input.0] = None;
                }
            }
        }
        tiles[target.0].take().unwrap_or_else(|| Tile::new(region, 1))
    }

    fn node_tile(&self, id: NodeId, region: Region, tiles: &[Option<Tile>]) -> Tile {
        let node = self.graph.node(id);
        if let Some(codes) = &self.stored[id.0] {
            return samples::load(codes, samples::Scale::Codes, node.layout, region);
        }
        let layout_in = node.inputs.first().map(|i| self.graph.layout(*i));
        let nothing = Tile::new(Region::EMPTY, node.layout.channels() as usize);
        let input = |index: usize| tiles[node.inputs[index].0].as_ref().unwrap_or(&nothing);
        match (&node.kernel, layout_in) {
            (Kernel::Point(kernel), _) => {
                let images = node.inputs.iter().enumerate().filter(|(_, id)| !self.is_table(**id));
                let images: Vec<_> = images.map(|(i, id)| (input(i), self.graph.layout(*id))).collect();
                let table = node.inputs.iter().find(|i| self.is_table(**i)).map_or(&[][..], |i| &self.tables[i.0]);
                point::tile(&**kernel, &images, table, node.layout, region)
            }
            (Kernel::Window(kernel), Some(from)) => window::tile(&**kernel, input(0), from, region),
            (Kernel::Axis(kernel), Some(from)) => axis::tile(kernel, input(0), from, region),
            (Kernel::Permute(kernel), Some(from)) => permute::tile(kernel, input(0), from, region),
            (Kernel::Stencil(kernel), Some(from)) => stencil::tile(kernel, input(0), from, region),
            (Kernel::Neighbourhood(kernel), Some(from)) => {
                stencil::neighbourhood(&**kernel, input(0), from, node.layout, region)
            }
            (Kernel::Gather(kernel), _) => gather::tile(kernel, self.view(node.inputs[0]), region),
            (Kernel::Source, _) => samples::load(&self.source.samples, samples::Scale::Levels, node.layout, region),
            (kernel, _) => unreachable!("{kernel:?} gives no image"),
        }
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
}
