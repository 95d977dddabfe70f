//! From a sketch to a plan: the shaders and the dispatches.

use std::ops::Range;
use std::sync::Arc;

use super::effort::Effort;
use super::flood;
use super::fuse;
use super::grid::groups;
use super::params::Params;
use super::plan::{Binding, BufferId, Dispatch, Output, Pass, Plan};
use super::reduce;
use super::shader::{ImagePass, Mode, Operand, PointStep, Weights};
use super::sketch::{ImageStep, Place, Sketch, Step};
use super::storage::{Format, QUAD};
use crate::image::{Edges, Layout};
use crate::op::{Graph, Kernel, NodeId, Reduce};

/// The plan of a sketch, divided by `effort`.
///
/// # Errors
/// Where the graph is none that this backend can compute.
pub fn plan(mut sketch: Sketch, effort: Effort) -> Result<Plan, String> {
    let steps = std::mem::take(&mut sketch.steps);
    let mut builder = Builder { sketch, effort, passes: Vec::new(), dispatches: Vec::new() };
    for step in steps {
        builder.step(step)?;
    }
    Ok(builder.finish())
}

/// The plan that makes a table of counts.
pub fn table_plan(kernel: &dyn Reduce, layout: Layout, counts: Vec<u32>, codes: u32) -> Plan {
    let bytes = reduce::bytes(kernel.statistic(), layout, codes);
    let dispatch = reduce::table_dispatch(kernel, layout, Binding::Constants(0), 0, codes);
    let pass = Pass {
        before: Vec::new(),
        shape: dispatch.label.clone(),
        after: Vec::new(),
        read: bytes,
        written: bytes,
        dispatches: 0..1,
    };
    Plan {
        buffers: vec![bytes],
        constants: vec![counts],
        passes: vec![pass],
        dispatches: vec![dispatch],
        submissions: std::iter::once(0..1).collect(),
        sources: Vec::new(),
        output: Output::Words(0, bytes),
    }
}

struct Builder<'a> {
    sketch: Sketch<'a>,
    effort: Effort,
    passes: Vec<Pass>,
    dispatches: Vec<Dispatch>,
}

impl Builder<'_> {
    fn step(&mut self, step: Step) -> Result<(), String> {
        let codes = self.sketch.graph.depth.codes();
        match step {
            Step::Image(step) => self.image(*step)?,
            Step::Count { kernel, input, region, counts } => {
                let place = self.place(input)?;
                let count = reduce::count_dispatch(kernel.statistic(), place, region, counts, codes);
                self.pass("histogram", place.1.bytes(), self.sketch.buffers[counts], vec![count]);
            }
            Step::Table { kernel, input, counts, table } => {
                let layout = self.sketch.graph.layout(input);
                let made = reduce::table_dispatch(kernel.as_ref(), layout, Binding::Read(counts), table, codes);
                let bytes = self.sketch.buffers[counts];
                self.pass(&made.label.clone(), bytes, bytes, vec![made]);
            }
            Step::Greatest { input, region, table } => {
                let place = self.place(input)?;
                let greatest = reduce::maximum_dispatch(place, region, table);
                self.pass("maximum", place.1.bytes(), reduce::MAXIMUM_BYTES, vec![greatest]);
            }
            Step::Flood { flood, input, parents, marks, output } => {
                let place = self.place(input)?;
                let dispatches = flood::dispatches(flood, place, parents, marks, output, self.effort);
                let words = 4 * output.1.layout.pixels();
                self.pass("flood", place.1.bytes() + 2 * words, output.1.bytes() + 2 * words, dispatches);
            }
        }
        Ok(())
    }

    /// Adds a pass of one shape.
    fn pass(&mut self, shape: &str, read: u64, written: u64, dispatches: Vec<Dispatch>) {
        let first = self.dispatches.len();
        self.dispatches.extend(dispatches);
        let dispatches = first..self.dispatches.len();
        let (before, after) = (Vec::new(), Vec::new());
        self.passes.push(Pass { before, shape: shape.into(), after, read, written, dispatches });
    }

    /// Where the image of a node lies.
    fn place(&self, id: NodeId) -> Result<Place, String> {
        let place = self.sketch.places[id.0];
        place.ok_or_else(|| format!("a fault of this program: node {} is read before it is computed", id.0))
    }

    /// Adds the dispatches of a pass over an image: the inside and the rim, each in as many as its work asks for.
    fn image(&mut self, mut step: ImageStep) -> Result<(), String> {
        let graph = self.sketch.graph;
        let (before, after) = points(graph, &step)?;
        let (tables, images): (Vec<NodeId>, Vec<NodeId>) =
            [&[step.input], &step.reads[..]].concat().into_iter().partition(|r| fuse::is_table(graph, *r));
        let mut images: Vec<Place> = images.into_iter().skip(1).map(|r| self.place(r)).collect::<Result<_, _>>()?;
        images.insert(0, step.repeated.or(step.split_from).map_or_else(|| self.place(step.input), Ok)?);
        if step.repeated.is_some() {
            step.part = step.part.all_rim();
        }
        let table = tables.first().and_then(|t| self.sketch.tables[t.0]);
        let place = Weights::of(&step.head);
        let weights = step.head.weights.take_if(|_| place == Weights::Buffer).map(|words| {
            self.sketch.constants.push(words);
            self.sketch.constants.len() - 1
        });
        let (buffers, inputs): (Vec<BufferId>, Vec<_>) = images.into_iter().unzip();
        let pass = ImagePass {
            head: &step.head,
            mode: step.head.mode.unwrap_or(match (step.output.1.format, &after[..]) {
                (Format::Planes | Format::Planes8 | Format::Planes16, []) if step.split_from.is_none() => {
                    Mode::Channels
                }
                _ => Mode::Pixels,
            }),
            border: None,
            inputs: &inputs,
            source: before.last().map_or(inputs[0].layout, |point| point.layout),
            output: step.output.1,
            weights: place,
            table: table.is_some(),
            before: &before,
            after: &after,
        };
        let bindings = bindings(step.output.0, weights, &buffers, table);
        let first = self.dispatches.len();
        for (border, units) in [(None, step.part.inside()), (Some(step.head.edges.border), step.part.rim())] {
            if units > 0 {
                self.dispatch(&ImagePass { border, ..pass }, &step, units, &bindings);
            }
        }
        let read = inputs.iter().map(|i| i.bytes()).sum::<u64>() + self.constant_bytes(weights, table);
        let stems = |points: &[PointStep]| points.iter().map(|p| p.formula.stem).collect();
        self.passes.push(Pass {
            before: stems(&before),
            shape: step.head.label.clone(),
            after: stems(&after),
            read,
            written: step.output.1.bytes(),
            dispatches: first..self.dispatches.len(),
        });
        Ok(())
    }

    fn constant_bytes(&self, weights: Option<usize>, table: Option<Binding>) -> u64 {
        let words = |i: usize| 4 * self.sketch.constants[i].len() as u64;
        let table = match table {
            Some(Binding::Constants(i)) => words(i),
            Some(Binding::Read(i)) => self.sketch.buffers[i],
            _ => 0,
        };
        weights.map_or(0, words) + table
    }

    /// Adds the dispatches of the inside or of the rim, so many units.
    fn dispatch(&mut self, pass: &ImagePass, step: &ImageStep, units: u64, bindings: &[Binding]) {
        let channels = pass.source.channels();
        let reads = pass.head.reads * u64::from(channels);
        let text: Arc<str> = pass.text(&params(pass, step, &(0..units))).into();
        let stems = pass.before.iter().map(|p| p.formula.stem);
        let stems = stems.chain([step.head.label.as_str()]).chain(pass.after.iter().map(|p| p.formula.stem));
        let label = stems.collect::<Vec<_>>().join(" ");
        for part in self.effort.dispatches(units, reads) {
            let count = part.end - part.start;
            let [x, y] = groups(count, pass.mode.units());
            self.dispatches.push(Dispatch {
                label: if pass.border.is_some() { format!("{label} at the rim") } else { label.clone() },
                text: text.clone(),
                params: params(pass, step, &part).into_bytes(),
                bindings: bindings.to_vec(),
                groups: [x, y, if pass.mode.sees_all_channels() { 1 } else { channels }],
                clear: None,
                reads: count * reads,
            });
        }
    }

    fn finish(self) -> Plan {
        let Sketch { buffers, constants, sources, output, .. } = self.sketch;
        let submissions = self.effort.submissions(&self.dispatches);
        let (passes, dispatches) = (self.passes, self.dispatches);
        Plan { buffers, constants, passes, dispatches, submissions, sources, output }
    }
}

/// The point formulas of a step, before its head and after.
fn points(graph: &Graph, step: &ImageStep) -> Result<(Vec<PointStep>, Vec<PointStep>), String> {
    let (mut current, mut inputs) = (step.input, 1);
    let mut points = |nodes: &[NodeId]| -> Result<Vec<PointStep>, String> {
        let mut points = Vec::new();
        for id in nodes {
            let node = graph.node(*id);
            if let Kernel::Point(kernel) = &node.kernel {
                let mut operands = Vec::new();
                for input in node.inputs.iter().filter(|i| !fuse::is_table(graph, **i)) {
                    if *input == current {
                        operands.push(Operand::Current);
                    } else {
                        operands.push(Operand::Input(inputs));
                        inputs += 1;
                    }
                }
                if operands.is_empty() || operands.len() > 2 {
                    let count = operands.len();
                    return Err(format!("a fault of this program: point node {} reads {count} images", id.0));
                }
                points.push(PointStep {
                    formula: kernel.formula(),
                    alpha: kernel.alpha(),
                    operands,
                    layout: node.layout,
                });
            }
            current = *id;
        }
        Ok(points)
    };
    let before = points(&step.group.before)?;
    let mut after = points(&step.group.nodes)?;
    if let Some(flood) = step.classes {
        after.push(flood::classes(flood, graph.layout(current)));
    }
    Ok((before, after))
}

/// What stands at each binding, given the buffers.
fn bindings(output: BufferId, weights: Option<usize>, inputs: &[BufferId], table: Option<Binding>) -> Vec<Binding> {
    [Binding::Params, Binding::Write(output)]
        .into_iter()
        .chain(weights.map(Binding::Constants))
        .chain(inputs.iter().map(|i| Binding::Read(*i)))
        .chain(table)
        .collect()
}

/// The parameters of a dispatch of these units.
fn params(pass: &ImagePass, step: &ImageStep, units: &Range<u64>) -> Params {
    let mut params = Params::default();
    params.push_words("grid", "Grid", &step.part.words(units, pass.mode.units()));
    params.push_extent("output", pass.output);
    for (k, input) in pass.inputs.iter().enumerate() {
        params.push_extent(&format!("input_{k}"), *input);
    }
    if let Some(border) = pass.border {
        params.push_words("border", "u32", &[border.code()]);
        params.push_words("edge", "vec4f", &edge(&pass.head.edges, pass.source));
        let begin = step.repeated.map_or([0, 0], |(_, stored)| [stored.region.x, stored.region.y]);
        params.push_words("begin", "vec2i", &begin);
        params.push_words("quad", "i32", &[QUAD]);
    }
    if let (Weights::Even(vectors), Some(words)) = (pass.weights, &pass.head.weights) {
        let mut words = words.clone();
        words.resize(4 * vectors as usize, 0);
        params.push_words("weights", &format!("array<vec4f, {vectors}>"), &words);
    }
    if let Some((name, kind, words)) = &pass.head.words {
        params.push_words(name, kind, words);
    }
    if let Some(formula) = &pass.head.window {
        params.push("window", formula.structure, &formula.bytes);
    }
    for (name, points) in [("b", pass.before), ("p", pass.after)] {
        for (i, point) in points.iter().enumerate() {
            params.push(&format!("{name}{i}"), point.formula.structure, &point.formula.bytes);
        }
    }
    params
}

/// The border's value of each channel, as bits.
fn edge(edges: &Edges, layout: Layout) -> [u32; 4] {
    [0, 1, 2, 3].map(|c| edges.value[if layout.is_alpha(c) { 3 } else { c as usize }].to_bits())
}
