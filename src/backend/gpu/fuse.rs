//! Which nodes of a graph share a pass: a point rides in the pass of the node that it alone reads.

use crate::op::{Formula, Graph, Kernel, NodeId};

/// Windows that reach further are computed for one channel at a time: their formula stands in the shader for each
/// sample of a block, and a long one would take long to compile.
const CARRYING_REACH: u32 = 1;

/// Images that a pass may read; with its other bindings it stays within 8, the least that APIs promise.
const MAX_IMAGES: usize = 4;

/// Nodes that one pass computes, each (but the first) a point that reads the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group(pub Vec<NodeId>);

impl Group {
    pub fn head(&self) -> NodeId {
        self.0[0]
    }

    pub fn last(&self) -> NodeId {
        self.0[self.0.len() - 1]
    }
}

/// How often each node's result is needed; the output's once more; 0 for those that lead nowhere.
pub fn uses(graph: &Graph) -> Vec<usize> {
    let mut uses = vec![0; graph.nodes().len()];
    uses[graph.output.0] = 1;
    for (id, node) in graph.nodes().iter().enumerate().rev() {
        if uses[id] > 0 {
            node.inputs.iter().for_each(|i| uses[i.0] += 1);
        }
    }
    uses
}

/// Whether a node's pass holds all channels of a pixel at once, so that points can follow in it.
pub fn carries_points(kernel: &Kernel) -> bool {
    match kernel {
        Kernel::Point(_) | Kernel::Permute(_) | Kernel::Stencil(_) | Kernel::Gather(_) => true,
        Kernel::Axis(a) => !a.runs(),
        Kernel::Window(w) => w.reach() <= CARRYING_REACH,
        _ => false,
    }
}

pub fn is_table(graph: &Graph, id: NodeId) -> bool {
    graph.node(id).kernel.gives_table()
}

/// The groups in an order in which each stands after those it reads; the source is in none.
pub fn groups(graph: &Graph) -> Vec<Group> {
    let uses = uses(graph);
    let mut done = vec![false; uses.len()];
    let mut groups = Vec::new();
    for (i, node) in graph.nodes().iter().enumerate() {
        if done[i] || uses[i] == 0 {
            continue;
        }
        done[i] = true;
        if matches!(node.kernel, Kernel::Source) {
            continue;
        }
        let mut group = Group(vec![NodeId(i)]);
        while carries_points(&node.kernel) {
            let Some(next) = rider(graph, &uses, &done, &group) else { break };
            done[next.0] = true;
            group.0.push(next);
        }
        groups.push(group);
    }
    groups
}

/// The point that can be added to a group.
fn rider(graph: &Graph, uses: &[usize], done: &[bool], group: &Group) -> Option<NodeId> {
    let last = group.last();
    if uses[last.0] != 1 || last == graph.output {
        return None;
    }
    let next = (last.0 + 1..uses.len()).find(|n| uses[*n] > 0 && graph.nodes()[*n].inputs.contains(&last))?;
    let next = NodeId(next);
    let formula = point_formula(graph, next)?;
    let ready = graph.node(next).inputs.iter().all(|i| *i == last || done[i.0]);
    let clashes = group.0.iter().filter_map(|id| point_formula(graph, *id)).any(|f| clash(&f, &formula));
    let mut reads = reads(graph, group);
    reads.extend(graph.node(next).inputs.iter().filter(|i| **i != last));
    let tables = reads.iter().filter(|r| is_table(graph, **r)).count();
    let fits = tables <= 1 && 1 + reads.len() - tables <= MAX_IMAGES;
    (ready && !clashes && fits).then_some(next)
}

/// What a group reads beside the image that its head works on.
pub fn reads(graph: &Graph, group: &Group) -> Vec<NodeId> {
    let mut current = graph.node(group.head()).inputs[0];
    let mut reads = Vec::new();
    for id in &group.0 {
        reads.extend(graph.node(*id).inputs.iter().filter(|i| **i != current));
        current = *id;
    }
    reads
}

fn point_formula(graph: &Graph, id: NodeId) -> Option<Formula> {
    match &graph.node(id).kernel {
        Kernel::Point(p) => Some(p.formula()),
        _ => None,
    }
}

/// Whether two formulas can't stand in one shader.
fn clash(a: &Formula, b: &Formula) -> bool {
    (a.stem == b.stem && a.text != b.text) || (a.structure == b.structure && a.structure_text != b.structure_text)
}
