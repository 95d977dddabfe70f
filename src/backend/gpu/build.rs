//! From a graph to a plan.

use std::ops::Range;
use std::sync::Arc;

use super::AdapterLimits;
use super::effort::Effort;
use super::flood;
use super::fuse::{self, Group};
use super::grid::groups;
use super::head::{self, Head};
use super::params::Params;
use super::plan::{Binding, BufferId, Pass, Plan};
use super::pool::Pool;
use super::reduce;
use super::shader::{ImagePass, Mode, Operand, Step};
use super::storage::{Format, Stored};
use crate::image::{Depth, Edges, Layout};
use crate::op::{Flood, Graph, Kernel, NodeId, Reduce};

/// The plan of a graph for a source in that format and a result of that depth, divided by `effort`.
///
/// # Errors
/// Where the image is too large for an adapter of these limits, or the graph is none that this backend can compute.
pub fn plan(
    graph: &Graph,
    source: Format,
    depth: Depth,
    limits: &AdapterLimits,
    effort: Effort,
) -> Result<Plan, String> {
    let mut builder = Builder::new(graph, source, depth, effort);
    for group in fuse::groups(graph) {
        builder.group(&group)?;
    }
    let plan = builder.finish()?;
    plan.check(limits)?;
    Ok(plan)
}

struct Builder<'a> {
    graph: &'a Graph,
    effort: Effort,
    /// Reads of each node's result that are still to come; the output's is never done.
    uses: Vec<usize>,
    /// Where each node's result lies.
    buffers: Vec<Option<(BufferId, Stored)>>,
    /// Where the table of each node that gives one lies.
    tables: Vec<Option<Binding>>,
    pool: Pool,
    constants: Vec<Vec<u32>>,
    passes: Vec<Pass>,
    source: (BufferId, Stored),
    output: (BufferId, Stored),
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph, source: Format, depth: Depth, effort: Effort) -> Builder<'a> {
        let source = Stored { layout: graph.layout(NodeId(0)), format: source };
        let output = Stored { layout: graph.output_layout(), format: Format::of_depth(depth) };
        let mut pool = Pool::default();
        let (source, output) = ((pool.keep(source.bytes()), source), (pool.keep(output.bytes()), output));
        let mut buffers = vec![None; graph.nodes().len()];
        buffers[0] = Some(source);
        let (uses, tables) = (fuse::uses(graph), vec![None; graph.nodes().len()]);
        Builder { graph, effort, uses, buffers, tables, pool, constants: vec![], passes: vec![], source, output }
    }

    fn group(&mut self, group: &Group) -> Result<(), String> {
        let node = self.graph.node(group.head());
        let id = group.head();
        match &node.kernel {
            Kernel::Source => return Ok(()),
            Kernel::Table(values) => return self.table(id, values),
            Kernel::Reduce(kernel) => return self.reduce(id, kernel.as_ref()),
            Kernel::Maximum => return self.maximum(id),
            Kernel::Flood(kernel) => return self.flood(id, *kernel),
            _ => {}
        }
        let input = self.input(id)?;
        let layout = input.1.layout;
        let head = match &node.kernel {
            Kernel::Stencil(s) => head::stencil(s, layout)?,
            Kernel::Neighbourhood(n) => head::neighbourhood(n.as_ref(), layout),
            Kernel::Gather(g) => head::gather(g, node.layout),
            Kernel::Point(_) => head::point(layout),
            Kernel::Window(w) => head::window(w.as_ref(), layout),
            Kernel::Axis(a) => head::axis(a, layout, node.layout)?,
            Kernel::Permute(p) => head::permute(p, layout, node.layout),
            other => return Err(format!("a fault of this program: {other:?} is no pass over an image")),
        };
        let last = group.last();
        let result = self.graph.layout(last);
        let packs = last == self.graph.output && self.uses[last.0] == 1 && fuse::carries_points(&node.kernel);
        let output = if packs { self.output } else { self.take(result) };
        let steps = self.steps(group)?;
        let reads = fuse::reads(self.graph, group);
        self.emit(&head, &steps, node.inputs[0], &reads, output)?;
        self.buffers[last.0] = Some(output);
        self.release(node.inputs[0]);
        reads.into_iter().for_each(|r| self.release(r));
        Ok(())
    }

    fn table(&mut self, id: NodeId, values: &[f32]) -> Result<(), String> {
        self.constants.push(values.iter().map(|v| v.to_bits()).collect());
        self.tables[id.0] = Some(Binding::Constants(self.constants.len() - 1));
        Ok(())
    }

    fn reduce(&mut self, id: NodeId, kernel: &dyn Reduce) -> Result<(), String> {
        let input = self.input(id)?;
        let codes = self.graph.depth.codes();
        let bytes = reduce::bytes(kernel.statistic(), input.1.layout, codes);
        let (counts, table) = (self.pool.keep(bytes), self.pool.keep(bytes));
        self.passes.extend(reduce::passes(kernel, input, counts, table, codes));
        self.tables[id.0] = Some(Binding::Read(table));
        self.release(self.graph.node(id).inputs[0]);
        Ok(())
    }

    fn maximum(&mut self, id: NodeId) -> Result<(), String> {
        let input = self.input(id)?;
        let table = self.pool.keep(reduce::MAXIMUM_BYTES);
        self.passes.push(reduce::maximum_pass(input, table));
        self.tables[id.0] = Some(Binding::Read(table));
        self.release(self.graph.node(id).inputs[0]);
        Ok(())
    }

    fn flood(&mut self, id: NodeId, kernel: Flood) -> Result<(), String> {
        let input = self.input(id)?;
        let bytes = 4 * input.1.layout.pixels();
        let (parents, marks) = (self.pool.take(bytes), self.pool.take(bytes));
        let output = self.take(input.1.layout);
        self.passes.extend(flood::passes(kernel, input, parents, marks, output));
        self.pool.give_back(parents);
        self.pool.give_back(marks);
        self.buffers[id.0] = Some(output);
        self.release(self.graph.node(id).inputs[0]);
        Ok(())
    }

    fn take(&mut self, layout: Layout) -> (BufferId, Stored) {
        let stored = Stored::planes(layout);
        (self.pool.take(stored.bytes()), stored)
    }

    /// One read of a node's result is done; its buffer is free after the last.
    fn release(&mut self, id: NodeId) {
        self.uses[id.0] -= 1;
        let kept = id.0 == 0 || fuse::is_table(self.graph, id);
        if let (0, false, Some((buffer, _))) = (self.uses[id.0], kept, self.buffers[id.0]) {
            self.pool.give_back(buffer);
        }
    }

    /// Where the first input of a node lies.
    fn input(&self, id: NodeId) -> Result<(BufferId, Stored), String> {
        self.buffer(self.graph.node(id).inputs[0])
    }

    fn buffer(&self, id: NodeId) -> Result<(BufferId, Stored), String> {
        self.buffers[id.0]
            .ok_or_else(|| format!("a fault of this program: node {} is read before it is computed", id.0))
    }

    /// The point formulas of a group, and which of the pass's inputs they read.
    fn steps(&self, group: &Group) -> Result<Vec<Step>, String> {
        let mut current = self.graph.node(group.head()).inputs[0];
        let mut inputs = 1;
        let mut steps = Vec::new();
        for id in &group.0 {
            let node = self.graph.node(*id);
            if let Kernel::Point(kernel) = &node.kernel {
                let mut operands = Vec::new();
                for input in node.inputs.iter().filter(|i| !fuse::is_table(self.graph, **i)) {
                    if *input == current {
                        operands.push(Operand::Current);
                    } else {
                        operands.push(Operand::Input(inputs));
                        inputs += 1;
                    }
                }
                if operands.is_empty() || operands.len() > 2 {
                    return Err(format!(
                        "a fault of this program: point node {} reads {} images",
                        id.0,
                        operands.len()
                    ));
                }
                steps.push(Step { formula: kernel.formula(), alpha: kernel.alpha(), operands, layout: node.layout });
            }
            current = *id;
        }
        Ok(steps)
    }

    /// Adds the dispatches of a pass over an image: the inside and the rim, each in as many as its work asks for.
    fn emit(
        &mut self,
        head: &Head,
        steps: &[Step],
        input: NodeId,
        reads: &[NodeId],
        output: (BufferId, Stored),
    ) -> Result<(), String> {
        let (tables, images): (Vec<NodeId>, Vec<NodeId>) =
            [&[input], reads].concat().into_iter().partition(|r| fuse::is_table(self.graph, *r));
        let images = images.into_iter().map(|r| self.buffer(r)).collect::<Result<Vec<_>, _>>()?;
        let table = tables.first().and_then(|t| self.tables[t.0]);
        let weights = head.weights.as_ref().map(|w| {
            self.constants.push(w.clone());
            self.constants.len() - 1
        });
        let mode = head.mode.unwrap_or(match (output.1.format, steps) {
            (Format::Planes, []) => Mode::Channels,
            _ => Mode::Pixels,
        });
        let (buffers, inputs): (Vec<BufferId>, Vec<Stored>) = images.into_iter().unzip();
        let stems = steps.iter().map(|s| s.formula.stem);
        let label: Vec<&str> = std::iter::once(head.label.as_str()).chain(stems).collect();
        let channels = inputs[0].layout.channels();
        let reads = head.reads * u64::from(channels);
        for (border, units) in [(None, head.grid.inside()), (Some(head.edges.border), head.grid.rim())] {
            if units == 0 {
                continue;
            }
            let pass =
                ImagePass { head, mode, border, inputs: &inputs, output: output.1, table: table.is_some(), steps };
            let text: Arc<str> = pass.text(&params(&pass, &(0..units))).into();
            for part in self.effort.dispatches(units, reads) {
                let count = part.end - part.start;
                let [x, y] = groups(count, mode.units());
                self.passes.push(Pass {
                    label: label.join(" ") + if border.is_some() { " at the rim" } else { "" },
                    text: text.clone(),
                    params: params(&pass, &part).into_bytes(),
                    bindings: pass.bindings(output.0, weights, &buffers, table),
                    groups: [x, y, if mode.sees_all_channels() { 1 } else { channels }],
                    clear: None,
                    reads: count * reads,
                });
            }
        }
        Ok(())
    }

    /// Packs the result where the pass that computed it could not.
    fn finish(mut self) -> Result<Plan, String> {
        let result = self.graph.output;
        let (buffer, stored) = self.buffer(result)?;
        if (buffer, stored) != self.output {
            self.emit(&head::point(stored.layout), &[], result, &[], self.output)?;
        }
        Ok(Plan {
            buffers: self.pool.into_bytes(),
            constants: self.constants,
            submissions: self.effort.submissions(&self.passes),
            passes: self.passes,
            source: self.source,
            output: self.output,
        })
    }
}

/// The parameters of a dispatch of these units.
fn params(pass: &ImagePass, units: &Range<u64>) -> Params {
    let mut params = Params::default();
    params.push_words("grid", "Grid", &pass.head.grid.words(units, pass.mode.units()));
    params.push_extent("output", pass.output);
    for (k, input) in pass.inputs.iter().enumerate() {
        params.push_extent(&format!("input_{k}"), *input);
    }
    if let Some(border) = pass.border {
        params.push_words("border", "u32", &[border.code()]);
        params.push_words("edge", "array<f32, 4>", &edge(&pass.head.edges, pass.inputs[0].layout));
    }
    if let Some((name, kind, words)) = &pass.head.words {
        params.push_words(name, kind, words);
    }
    if let Some(formula) = &pass.head.window {
        params.push("window", formula.structure, &formula.bytes);
    }
    for (i, step) in pass.steps.iter().enumerate() {
        params.push(&format!("p{i}"), step.formula.structure, &step.formula.bytes);
    }
    params
}

/// The border's value of each channel, as bits.
fn edge(edges: &Edges, layout: Layout) -> [u32; 4] {
    [0, 1, 2, 3].map(|c| edges.value[if layout.is_alpha(c) { 3 } else { c as usize }].to_bits())
}
