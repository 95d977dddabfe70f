//! What a plan will hold and in which order it is computed, before any shader is written: which part of each image is
//! needed, and where it lies.

use std::sync::Arc;

use super::fuse::{self, Group};
use super::grid::Part;
use super::head::{self, Head};
use super::levels;
use super::memory::class;
use super::plan::{Binding, BufferId, Output, Source};
use super::pool::Pool;
use super::reduce;
use super::request::{End, Request, image_head, regions, repeated_region};
use super::shader::Mode;
use super::storage::{Format, Stored};
use crate::image::{Layout, Region};
use crate::op::{self, Flood, Graph, Kernel, NodeId, Reduce};

/// An image in a buffer.
pub type Place = (BufferId, Stored);

/// A step of the plan.
#[derive(Debug)]
pub enum Step {
    Image(Box<ImageStep>),
    Count { kernel: Arc<dyn Reduce>, input: NodeId, region: Region, counts: BufferId },
    Table { kernel: Arc<dyn Reduce>, input: NodeId, counts: BufferId, table: BufferId },
    Greatest { input: NodeId, region: Region, table: BufferId },
    Flood { flood: Flood, input: NodeId, parents: BufferId, marks: BufferId, output: Place },
}

/// A pass over an image.
#[derive(Debug)]
pub struct ImageStep {
    pub head: Head,
    /// Of the units that it computes.
    pub part: Part,
    pub group: Group,
    /// The image that it loads.
    pub input: NodeId,
    /// Where that lies if it is repeated beyond its borders.
    pub repeated: Option<Place>,
    /// Where that lies if it is only split into planes.
    pub split_from: Option<Place>,
    /// Images and tables that its points read besides.
    pub reads: Vec<NodeId>,
    pub output: Place,
    /// Whether values become what a flood sees.
    pub classes: Option<Flood>,
}

#[derive(Debug)]
pub struct Sketch<'a> {
    pub graph: &'a Graph,
    pub steps: Vec<Step>,
    /// Where each node's result lies.
    pub places: Vec<Option<Place>>,
    /// Where the table of each node that gives one lies.
    pub tables: Vec<Option<Binding>>,
    pub constants: Vec<Vec<u32>>,
    pub sources: Vec<Source>,
    pub output: Output,
    /// Bytes of each buffer.
    pub buffers: Vec<u64>,
    /// Of the largest buffer that holds an image.
    pub largest_image: u64,
}

impl<'g> Sketch<'g> {
    /// # Errors
    /// Where the graph is none that this backend can compute.
    pub fn new(request: &Request<'g, '_>) -> Result<Sketch<'g>, String> {
        let Request { graph, known, target, .. } = *request;
        let is_known = |id| known.holds(id);
        let uses = fuse::uses(graph, target, &is_known);
        let groups = fuse::groups(graph, target, &uses, &is_known);
        let heads = groups.into_iter().map(|group| Ok((image_head(graph, group.head())?, group)));
        let heads = heads.collect::<Result<Vec<(Option<Head>, Group)>, String>>()?;
        let regions = regions(request, &heads);
        let mut drawing = Drawing::new(request, uses, regions);
        for (head, group) in heads {
            drawing.group(head, group);
        }
        Ok(drawing.finish())
    }

    /// Bytes of the device's memory that all of it takes, with staging or without.
    pub fn bytes(&self, staged: bool) -> u64 {
        let staging = if staged { self.staging_bytes() } else { 0 };
        let constants = self.constants.iter().map(|c| 4 * c.len() as u64).sum::<u64>();
        self.buffers.iter().copied().map(class).sum::<u64>() + constants + staging
    }

    /// Bytes through which sources and the result are copied.
    pub fn staging_bytes(&self) -> u64 {
        self.sources.iter().map(|s| s.stored.bytes()).chain([self.output.bytes()]).map(class).sum()
    }

    /// Of the largest buffer that it binds.
    pub fn largest(&self) -> u64 {
        let constants = self.constants.iter().map(|c| 4 * c.len() as u64);
        self.buffers.iter().copied().chain(constants).max().unwrap_or(0)
    }
}

/// A sketch that is being made.
struct Drawing<'g, 'k> {
    request: Request<'g, 'k>,
    /// Reads of each node's result that are still to come; the target's is never done.
    uses: Vec<usize>,
    regions: Vec<Region>,
    /// What planes each node's values are kept in.
    planes: Vec<Format>,
    pool: Pool,
    steps: Vec<Step>,
    places: Vec<Option<Place>>,
    tables: Vec<Option<Binding>>,
    constants: Vec<Vec<u32>>,
    sources: Vec<Source>,
    largest_image: u64,
    /// Where the result is packed, if it is an image.
    packed: Option<Place>,
}

impl<'g, 'k> Drawing<'g, 'k> {
    fn new(request: &Request<'g, 'k>, uses: Vec<usize>, regions: Vec<Region>) -> Drawing<'g, 'k> {
        let count = request.graph.nodes().len();
        let mut drawing = Drawing {
            request: request.clone(),
            uses,
            regions,
            planes: levels::planes(request.graph, &request.known.images),
            pool: Pool::default(),
            steps: Vec::new(),
            places: vec![None; count],
            tables: vec![None; count],
            constants: Vec::new(),
            sources: Vec::new(),
            largest_image: 0,
            packed: None,
        };
        (0..count).map(NodeId).for_each(|id| drawing.known(id));
        drawing
    }

    /// Makes room for what is on the host and needed.
    fn known(&mut self, id: NodeId) {
        let Request { graph, known, .. } = self.request;
        if self.uses[id.0] == 0 {
            return;
        }
        if let Some(table) = &known.tables[id.0] {
            self.constant_table(id, table.clone());
        } else if let Some(format) = known.images[id.0].filter(|_| !self.regions[id.0].is_empty()) {
            let stored = Stored::part(graph.layout(id), format, self.regions[id.0]);
            let buffer = self.keep_image(stored);
            self.sources.push(Source { node: id, buffer, stored });
            self.places[id.0] = Some((buffer, stored));
        }
    }

    fn constant_table(&mut self, id: NodeId, words: Vec<u32>) {
        self.constants.push(words);
        self.tables[id.0] = Some(Binding::Constants(self.constants.len() - 1));
    }

    fn group(&mut self, head: Option<Head>, group: Group) {
        let graph = self.request.graph;
        let (id, node) = (group.head(), graph.node(group.head()));
        let input = group.input(graph);
        if let (Some(head), Some(input)) = (head, input) {
            return self.image(head, group, input);
        }
        match (&node.kernel, input) {
            (Kernel::Table(values), _) => self.constant_table(id, values.iter().map(|v| v.to_bits()).collect()),
            (Kernel::Reduce(kernel), Some(input)) => {
                let (counts, table) = (self.keep_counts(kernel, input), self.keep_counts(kernel, input));
                let (kernel, region) = (kernel.clone(), graph.layout(input).region());
                self.steps.push(Step::Count { kernel: kernel.clone(), input, region, counts });
                self.steps.push(Step::Table { kernel, input, counts, table });
                self.tables[id.0] = Some(Binding::Read(table));
            }
            (Kernel::Maximum, Some(input)) => {
                let table = self.pool.keep(reduce::MAXIMUM_BYTES);
                self.steps.push(Step::Greatest { input, region: graph.layout(input).region(), table });
                self.tables[id.0] = Some(Binding::Read(table));
            }
            (Kernel::Flood(flood), Some(input)) => {
                let layout = graph.layout(input);
                let (parents, marks) = (self.take_words(layout), self.take_words(layout));
                let output = self.take(Stored::whole(layout, Format::Planes));
                self.steps.push(Step::Flood { flood: *flood, input, parents, marks, output });
                self.pool.give_back(parents);
                self.pool.give_back(marks);
                self.places[id.0] = Some(output);
            }
            (kernel, _) => unreachable!("{kernel:?} is no pass"),
        }
        input.into_iter().for_each(|i| self.release(i));
    }

    fn image(&mut self, head: Head, group: Group, input: NodeId) {
        let graph = self.request.graph;
        let last = group.last();
        let part = head.grid.part(self.regions[last.0]);
        let carries = fuse::carries_points(&graph.node(group.head()).kernel);
        // Floats that the host keeps are those that the planes would give.
        let is_cut = matches!(self.request.end, End::Values) && self.planes[last.0] == Format::Planes16;
        let packs = last == self.request.target && self.uses[last.0] == 1 && carries && !is_cut;
        let packed = if packs { self.packed_place(&part) } else { None };
        let output = match packed {
            Some(place) => place,
            None => self.take(Stored::part(graph.layout(last), self.planes(&head, last), part.region())),
        };
        let reads = fuse::reads(graph, &group);
        let repeated = repeated_region(&self.request, &head, &part, input).map(|region| self.repeat(input, region));
        if packed.is_none()
            && repeated.is_none()
            && group.before.is_empty()
            && reads_quads_of_a_channel(&graph.node(group.head()).kernel, &head)
        {
            self.split(input);
        }
        self.places[last.0] = Some(output);
        self.release(input);
        reads.iter().for_each(|r| self.release(*r));
        let classes = self.classes().filter(|_| packs);
        self.steps.push(Step::Image(Box::new(ImageStep {
            head,
            part,
            group,
            input,
            repeated,
            split_from: None,
            reads,
            output,
            classes,
        })));
    }

    /// The format of planes that a pass makes of a node.
    fn planes(&self, head: &Head, id: NodeId) -> Format {
        if head.mode.is_none() { self.planes[id.0] } else { Format::Planes }
    }

    /// Gives each channel of an interleaved image a plane of its own: a pass that works on one channel at a time would load
    /// every word for each of them, and more than once.
    fn split(&mut self, id: NodeId) {
        let layout = self.request.graph.layout(id);
        let from = self.places[id.0].filter(|(_, stored)| stored.format == Format::Codes8 && layout.channels() > 1);
        if from.is_none() {
            return;
        }
        let head = Head { label: "split".into(), ..head::point(layout) };
        let part = head.grid.part(self.regions[id.0]);
        let output = self.take(Stored::part(layout, Format::Planes8, part.region()));
        let group = Group { before: Vec::new(), nodes: Vec::new() };
        let (repeated, reads, classes) = (None, Vec::new(), None);
        let step = ImageStep { head, part, group, input: id, repeated, split_from: from, reads, output, classes };
        self.steps.push(Step::Image(Box::new(step)));
        self.places[id.0] = Some(output);
    }

    /// Makes room for an image of the host that is repeated beyond its borders.
    fn repeat(&mut self, id: NodeId, region: Region) -> Place {
        let Request { graph, known, .. } = self.request;
        let format = known.images[id.0].expect("it is on the host");
        let stored = Stored::repeating(graph.layout(id), format, region);
        let buffer = self.keep_image(stored);
        self.sources.push(Source { node: id, buffer, stored });
        (buffer, stored)
    }

    fn classes(&self) -> Option<Flood> {
        match &self.request.end {
            End::Classes(flood) => Some(*flood),
            _ => None,
        }
    }

    /// The place of a packed result that is computed in those units; none where no image is asked for.
    fn packed_place(&mut self, part: &Part) -> Option<Place> {
        let format = match &self.request.end {
            End::Codes(depth) => Format::of_depth(*depth),
            End::Values => Format::Values,
            End::Classes(_) => Format::Codes8,
            End::Counts(_) | End::Greatest => return None,
        };
        if self.packed.is_none() {
            let stored = Stored::part(self.request.graph.layout(self.request.target), format, part.region());
            self.packed = Some((self.keep_image(stored), stored));
        }
        self.packed
    }

    fn take(&mut self, stored: Stored) -> Place {
        self.largest_image = self.largest_image.max(stored.bytes());
        (self.pool.take(stored.bytes()), stored)
    }

    /// A word for each pixel.
    fn take_words(&mut self, layout: Layout) -> BufferId {
        let bytes = 4 * layout.pixels();
        self.largest_image = self.largest_image.max(bytes);
        self.pool.take(bytes)
    }

    fn keep_image(&mut self, stored: Stored) -> BufferId {
        self.largest_image = self.largest_image.max(stored.bytes());
        self.pool.keep(stored.bytes())
    }

    fn keep_counts(&mut self, kernel: &Arc<dyn Reduce>, input: NodeId) -> BufferId {
        let graph = self.request.graph;
        self.pool.keep(reduce::bytes(kernel.statistic(), graph.layout(input), graph.depth.codes()))
    }

    /// One read of a node's result is done; its buffer is free after the last.
    fn release(&mut self, id: NodeId) {
        self.uses[id.0] -= 1;
        let uploaded = |buffer: BufferId| self.sources.iter().any(|s| s.buffer == buffer);
        if let (0, Some((buffer, _))) = (self.uses[id.0], self.places[id.0])
            && !uploaded(buffer)
        {
            self.pool.give_back(buffer);
        }
    }

    /// Makes of the target's values what is asked for, where the pass that computed them did not.
    fn finish(mut self) -> Sketch<'g> {
        let Request { graph, target, region, ref end, .. } = self.request;
        let output = match end.clone() {
            End::Counts(kernel) => {
                let counts = self.keep_counts(&kernel, target);
                let bytes = reduce::bytes(kernel.statistic(), graph.layout(target), graph.depth.codes());
                self.steps.push(Step::Count { kernel, input: target, region, counts });
                Output::Words(counts, bytes)
            }
            End::Greatest => {
                let table = self.pool.keep(reduce::MAXIMUM_BYTES);
                self.steps.push(Step::Greatest { input: target, region, table });
                Output::Words(table, reduce::MAXIMUM_BYTES)
            }
            End::Codes(_) | End::Values | End::Classes(_) => {
                let (buffer, stored) = self.pack();
                Output::Image(buffer, stored)
            }
        };
        let Drawing { steps, places, tables, constants, sources, largest_image, pool, .. } = self;
        let buffers = pool.into_bytes();
        Sketch { graph, steps, places, tables, constants, sources, output, buffers, largest_image }
    }

    fn pack(&mut self) -> Place {
        if let Some(packed) = self.packed {
            return packed;
        }
        let Request { graph, target, region, .. } = self.request;
        let head = head::point(graph.layout(target));
        let part = head.grid.part(region);
        let output = self.packed_place(&part).expect("an image is asked for");
        let (group, reads) = (Group { before: Vec::new(), nodes: Vec::new() }, Vec::new());
        let classes = self.classes();
        let step =
            ImageStep { head, part, group, input: target, repeated: None, split_from: None, reads, output, classes };
        self.steps.push(Step::Image(Box::new(step)));
        output
    }
}

/// Whether a pass loads quads of one channel, each several times. Resampling reads them hardly more than once, so that
/// another pass would move more than it saves.
fn reads_quads_of_a_channel(kernel: &Kernel, head: &Head) -> bool {
    let loads_quads = matches!(head.mode, None | Some(Mode::Line(op::Place::Vertical)));
    let overlaps = match kernel {
        Kernel::Axis(axis) => !matches!(axis.taps, op::Taps::Resample(_)),
        kernel => matches!(kernel, Kernel::Window(_)),
    };
    overlaps && loads_quads
}
