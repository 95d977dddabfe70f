//! What is wanted of a graph, and which part of each image that needs.

use std::sync::Arc;

use super::axes;
use super::fuse::{self, Group};
use super::grid::Part;
use super::head::{self, Head};
use super::storage::Format;
use crate::image::{Depth, Region};
use crate::op::{Flood, Graph, Kernel, NodeId, Reduce};

/// Results of nodes that are on the host already.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Tables by node, as bits.
    pub tables: Vec<Option<Vec<u32>>>,
    /// How whole images are kept, by node.
    pub images: Vec<Option<Format>>,
}

impl Known {
    /// The source alone.
    pub fn source(graph: &Graph, format: Format) -> Known {
        let count = graph.nodes().len();
        let mut known = Known { tables: vec![None; count], images: vec![None; count] };
        known.images[0] = Some(format);
        known
    }

    pub fn holds(&self, id: NodeId) -> bool {
        self.tables[id.0].is_some() || self.images[id.0].is_some()
    }
}

/// What becomes of the target's values.
#[derive(Clone, Debug)]
pub enum End {
    /// Codes of a file.
    Codes(Depth),
    /// Floats as they are.
    Values,
    /// What a flood sees in each pixel: 0 for nothing, 1 where it may come, 2 where it begins.
    Classes(Flood),
    /// Counts of the codes of the region's pixels.
    Counts(Arc<dyn Reduce>),
    /// The greatest value of the region's pixels.
    Greatest,
}

/// What is wanted of a graph.
#[derive(Clone, Debug)]
pub struct Request<'g, 'k> {
    pub graph: &'g Graph,
    pub known: &'k Known,
    /// A node that gives an image.
    pub target: NodeId,
    /// The part of it; not empty, and beginning at a whole quad.
    pub region: Region,
    pub end: End,
}

/// What begins the pass of a node; none where it is no pass over an image.
pub fn image_head(graph: &Graph, id: NodeId) -> Result<Option<Head>, String> {
    let node = graph.node(id);
    let input = || graph.layout(node.inputs[0]);
    Ok(Some(match &node.kernel {
        Kernel::Point(_) => head::point(input()),
        Kernel::Window(w) => head::window(w.as_ref(), input()),
        Kernel::Axis(a) => axes::axis(a, input(), node.layout)?,
        Kernel::Permute(p) => head::permute(p, input(), node.layout),
        Kernel::Stencil(s) => head::stencil(s, input())?,
        Kernel::Neighbourhood(n) => head::neighbourhood(n.as_ref(), input()),
        Kernel::Gather(g) => head::gather(g, node.layout),
        Kernel::Source | Kernel::Table(_) | Kernel::Reduce(_) | Kernel::Maximum | Kernel::Flood(_) => return Ok(None),
    }))
}

/// The part of each node's result that is needed for the request.
pub fn regions(request: &Request, heads: &[(Option<Head>, Group)]) -> Vec<Region> {
    let graph = request.graph;
    let mut regions = vec![Region::EMPTY; graph.nodes().len()];
    regions[request.target.0] = request.region;
    for (head, group) in heads.iter().rev() {
        match (head, group.input(graph)) {
            (Some(head), Some(input)) => {
                let part = head.grid.part(regions[group.last().0]);
                if repeated_region(request, head, &part, input).is_none() {
                    let source = head.source_region(&part, graph.layout(input));
                    regions[input.0] = regions[input.0].union(source);
                }
                for read in fuse::reads(graph, group) {
                    regions[read.0] = regions[read.0].union(part.region());
                }
            }
            // Statistics and floods see all.
            (None, Some(input)) => regions[input.0] = graph.layout(input).region(),
            (_, None) => {}
        }
    }
    regions
}

/// What a head reads of an image on the host that is repeated beyond its borders, where it reads that.
pub fn repeated_region(request: &Request, head: &Head, part: &Part, input: NodeId) -> Option<Region> {
    request.known.images[input.0]?;
    head.repeated_region(part, request.graph.layout(input))
}
