//! Which nodes of a graph share a pass: a point rides in the store of the pass that it alone reads, or in the load of the
//! pass that alone reads it.

use std::sync::OnceLock;

use crate::image::{Border, Edges, Layout};
use crate::op::{Formula, Graph, Kernel, NodeId, Place, Sampling, Taps};

/// Windows that reach further are computed for one channel at a time: their formula stands in the shader for each
/// sample of a block, and a long one would take long to compile.
const CARRYING_REACH: u32 = 1;

/// Images that a pass may read; with its other bindings it stays within 8, the least that APIs promise.
const MAX_IMAGES: usize = 4;

/// How often a pass that loads through points may compute them for each pixel: by then it costs what writing and reading
/// them once does.
const MOST_EVALUATIONS: u32 = 8;

/// With `off`, every node is a pass of its own: for measuring what fusion brings.
const VARIABLE: &str = "IMGPROC_FUSE";

fn fuses() -> bool {
    static FUSES: OnceLock<bool> = OnceLock::new();
    *FUSES.get_or_init(|| std::env::var_os(VARIABLE).is_none_or(|value| value != "off"))
}

/// Nodes that one pass computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Points on the way from its input to its head.
    pub before: Vec<NodeId>,
    /// The head, and points each of which reads the one before it.
    pub nodes: Vec<NodeId>,
}

impl Group {
    pub fn head(&self) -> NodeId {
        self.nodes[0]
    }

    pub fn last(&self) -> NodeId {
        self.nodes[self.nodes.len() - 1]
    }

    /// The image that is loaded; none for constants.
    pub fn input(&self, graph: &Graph) -> Option<NodeId> {
        graph.node(self.before.first().copied().unwrap_or(self.head())).inputs.first().copied()
    }
}

/// Nodes whose result is on the host already: tables, and whole images.
pub type Known<'a> = &'a dyn Fn(NodeId) -> bool;

/// How often each node's result is needed for that of `target`; the target's once more; 0 for those that lead nowhere.
pub fn uses(graph: &Graph, target: NodeId, known: Known) -> Vec<usize> {
    let mut uses = vec![0; graph.nodes().len()];
    uses[target.0] = 1;
    for (id, node) in graph.nodes().iter().enumerate().rev() {
        if uses[id] > 0 && !known(NodeId(id)) {
            node.inputs.iter().for_each(|i| uses[i.0] += 1);
        }
    }
    uses
}

/// Whether a node's pass holds all channels of a pixel at once, so that points can follow in it.
pub fn carries_points(kernel: &Kernel) -> bool {
    match kernel {
        Kernel::Point(_) | Kernel::Permute(_) | Kernel::Stencil(_) | Kernel::Gather(_) | Kernel::Neighbourhood(_) => {
            true
        }
        Kernel::Axis(a) => !a.runs(),
        Kernel::Window(w) => w.reach() <= CARRYING_REACH,
        _ => false,
    }
}

pub fn is_table(graph: &Graph, id: NodeId) -> bool {
    graph.node(id).kernel.gives_table()
}

/// What fuses nodes.
struct Fusion<'a> {
    graph: &'a Graph,
    target: NodeId,
    uses: &'a [usize],
    /// Nodes that are in a group, or need none.
    done: Vec<bool>,
}

/// The groups that compute a node, in an order in which each stands after those it reads; what is known is in none.
pub fn groups(graph: &Graph, target: NodeId, uses: &[usize], known: Known) -> Vec<Group> {
    let done = (0..uses.len()).map(|id| uses[id] == 0 || known(NodeId(id))).collect();
    let mut fusion = Fusion { graph, target, uses, done };
    let mut groups = Vec::new();
    for (i, node) in graph.nodes().iter().enumerate() {
        if fusion.done[i] || matches!(node.kernel, Kernel::Source) {
            continue;
        }
        fusion.done[i] = true;
        let mut group = Group { before: Vec::new(), nodes: vec![NodeId(i)] };
        while fuses() && carries_points(&node.kernel) {
            let Some(next) = fusion.rider(&group) else { break };
            fusion.done[next.0] = true;
            group.nodes.push(next);
        }
        groups.push(group);
    }
    if fuses() { fusion.load_through_points(groups) } else { groups }
}

impl Fusion<'_> {
    /// The point that can be added to a group.
    fn rider(&self, group: &Group) -> Option<NodeId> {
        let last = group.last();
        if self.uses[last.0] != 1 || last == self.target {
            return None;
        }
        let needs = |n: &usize| self.uses[*n] > 0 && self.graph.nodes()[*n].inputs.contains(&last);
        let next = NodeId((last.0 + 1..self.uses.len()).find(needs)?);
        let formula = point_formula(self.graph, next)?;
        let source = |i: &NodeId| *i == NodeId(0) || *i == last || self.done[i.0];
        let ready = self.graph.node(next).inputs.iter().all(source);
        let clashes = group.nodes.iter().filter_map(|id| point_formula(self.graph, *id)).any(|f| clash(&f, &formula));
        let mut reads = reads(self.graph, group);
        reads.extend(self.graph.node(next).inputs.iter().filter(|i| **i != last));
        (ready && !clashes && self.fits(&reads)).then_some(next)
    }

    /// Whether a pass can read these beside the image that its head works on.
    fn fits(&self, reads: &[NodeId]) -> bool {
        let tables = reads.iter().filter(|r| is_table(self.graph, **r)).count();
        tables <= 1 && 1 + reads.len() - tables <= MAX_IMAGES
    }

    /// Moves groups of points into the load of the one group that reads each, where that is no more work.
    fn load_through_points(&self, groups: Vec<Group>) -> Vec<Group> {
        let mut joined: Vec<Group> = Vec::new();
        for mut group in groups {
            let input = group.input(self.graph);
            let points = joined.iter().position(|g| Some(g.last()) == input && self.rides_in_load(g, &group));
            if let Some(points) = points {
                group.before = joined.remove(points).nodes;
            }
            joined.push(group);
        }
        joined
    }

    fn rides_in_load(&self, points: &Group, group: &Group) -> bool {
        let graph = self.graph;
        let (last, head) = (points.last(), &graph.node(group.head()).kernel);
        let formulas = |nodes: &[NodeId]| -> Vec<Formula> {
            let window = nodes.iter().filter_map(|id| window_formula(&graph.node(*id).kernel));
            window.chain(nodes.iter().filter_map(|id| point_formula(graph, *id))).collect()
        };
        let (own, theirs) = (formulas(&group.nodes), formulas(&points.nodes));
        let reads = [reads(graph, points), reads(graph, group)];
        points.before.is_empty()
            && points.nodes.iter().all(|id| point_formula(graph, *id).is_some())
            && self.uses[last.0] == 1
            && last != self.target
            && reads[0].iter().all(|r| is_table(graph, *r))
            && self.fits(&reads.concat())
            && !own.iter().any(|f| theirs.iter().any(|g| clash(f, g)))
            && evaluations(head, graph.layout(last)).is_some_and(|n| n <= MOST_EVALUATIONS)
    }
}

/// How often a pass loads a pixel of its input, all its channels counted; none where it can't load through points.
fn evaluations(kernel: &Kernel, input: Layout) -> Option<u32> {
    let around = |unit: u32, reach: u32| (unit + 2 * reach).div_ceil(unit);
    let resampled =
        |taps: usize, outputs: usize, inputs: u32| 1 + (taps * outputs).div_ceil(4 * inputs as usize) as u32;
    let wraps = |edges: Edges| edges.border == Border::Wrap;
    let loads = match kernel {
        // A tile reads across the border places that are not their own, which points may ask.
        Kernel::Window(w) if wraps(w.edges()) => return None,
        Kernel::Neighbourhood(n) if wraps(n.edges()) => return None,
        Kernel::Stencil(s) if wraps(s.edges) => return None,
        Kernel::Permute(_) => 1,
        Kernel::Axis(axis) if axis.runs() => 3,
        Kernel::Axis(axis) => match (&axis.taps, axis.place) {
            (Taps::Resample(r), Place::Horizontal) => resampled(r.taps, r.starts.len(), input.width),
            (Taps::Resample(r), Place::Vertical) => resampled(r.taps, r.starts.len(), input.height),
            (_, Place::Horizontal) => around(16, axis.reach() + 3),
            (_, Place::Vertical) => around(8, axis.reach()),
        },
        Kernel::Window(w) if carries_points(kernel) => (12 * (8 + 2 * w.reach())).div_ceil(32),
        Kernel::Neighbourhood(n) => u32::try_from(n.reads()).ok()?,
        Kernel::Gather(g) if g.sampling == Sampling::Bicubic => 16,
        Kernel::Gather(_) => 4,
        Kernel::Stencil(s) => s.taps.len() as u32,
        _ => return None,
    };
    // A pass over all channels of a pixel loads it once for them.
    let each = if matches!(kernel, Kernel::Neighbourhood(_)) { 1 } else { input.channels() };
    loads.checked_mul(each)
}

/// What a group reads beside the image that it loads.
pub fn reads(graph: &Graph, group: &Group) -> Vec<NodeId> {
    let mut current = group.input(graph);
    let mut reads = Vec::new();
    for id in group.before.iter().chain(&group.nodes) {
        reads.extend(graph.node(*id).inputs.iter().filter(|i| Some(**i) != current));
        current = Some(*id);
    }
    reads
}

fn point_formula(graph: &Graph, id: NodeId) -> Option<Formula> {
    match &graph.node(id).kernel {
        Kernel::Point(p) => Some(p.formula()),
        _ => None,
    }
}

fn window_formula(kernel: &Kernel) -> Option<Formula> {
    match kernel {
        Kernel::Window(w) => Some(w.formula()),
        Kernel::Neighbourhood(n) => Some(n.formula()),
        _ => None,
    }
}

/// Whether two formulas can't stand in one shader.
fn clash(a: &Formula, b: &Formula) -> bool {
    (a.stem == b.stem && a.text != b.text) || (a.structure == b.structure && a.structure_text != b.structure_text)
}
