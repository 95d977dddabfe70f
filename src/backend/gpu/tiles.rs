//! Images that the device can't hold at once, tile after tile.
//!
//! What sees a whole image comes first, in the order of the graph: counts and greatest values are taken of each tile and put
//! together here; floods run here, over what the device made of their input, because how far they spread is not known
//! before. Then the result is computed in tiles, each from the parts that it needs. Units of work lie where they lie in
//! the whole image, so that every pixel is computed by the same steps as without tiles.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, sync_channel};

use super::SLOTS;
use super::build;
use super::effort::Effort;
use super::flood;
use super::fuse;
use super::job::{Answer, Fault, Job, Landed, Message, Undone};
use super::plan::Plan;
use super::request::{End, Known, Request};
use super::sketch::{Sketch, Step};
use super::slot::Product;
use super::storage::{Format, QUAD};
use crate::backend::DeviceTimes;
use crate::image::{Depth, Layout, Region, Samples};
use crate::op::{Flood, Graph, Kernel, Node, NodeId, Reduce};

/// What a plan may take of a device, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of a buffer that holds an image or a part of one.
    pub image: u64,
    /// Of any other buffer.
    pub buffer: u64,
    /// Of all buffers together.
    pub memory: u64,
    /// Whether sources and results are copied through staging, which takes memory too.
    pub staged: bool,
}

impl Room {
    pub fn holds(&self, sketch: &Sketch) -> bool {
        sketch.largest_image <= self.image
            && sketch.largest() <= self.buffer
            && sketch.bytes(self.staged) <= self.memory
    }

    /// Half the memory, where that is still some: the device has less than it promised.
    pub fn shrink(&mut self) -> bool {
        self.memory /= 2;
        self.memory >= LEAST_MEMORY_BYTES
    }

    /// Room for one of the plans that are in flight at a time.
    pub fn share(self) -> Room {
        Room { memory: self.memory / SLOTS as u64, ..self }
    }
}

/// Bytes of memory below which no smaller tiles are tried.
const LEAST_MEMORY_BYTES: u64 = 1 << 16;

/// Tiles that read more than so many times their share keep what they read instead, where they can.
const MOST_WASTE: f64 = 4.0;

/// What is to be done about a part of an image.
#[derive(Debug)]
pub enum Cut<'g> {
    /// There is room for it.
    Fits(Box<Sketch<'g>>),
    /// Its halves are to be computed instead.
    Halves([Region; 2]),
    /// The whole image of a node that it needs is to be kept first.
    Keep(NodeId),
}

impl<'g> Cut<'g> {
    /// # Errors
    /// Where there is no room and nothing to cut, or the graph is none that this backend can compute.
    pub fn of(request: &Request<'g, '_>, room: &Room) -> Result<Cut<'g>, String> {
        let sketch = Sketch::new(request)?;
        if room.holds(&sketch) {
            return Ok(Cut::Fits(Box::new(sketch)));
        }
        let halves = halves(request.region);
        match keepable(request, &sketch) {
            Some(node) if halves.is_none() || waste(request, &sketch) > MOST_WASTE => Ok(Cut::Keep(node)),
            _ => halves.map(Cut::Halves).ok_or_else(|| too_large(&sketch, room)),
        }
    }
}

/// The computed image nearest to the end of a sketch, but for its target: the one to keep whole, so that tiles need less.
fn keepable(request: &Request, sketch: &Sketch) -> Option<NodeId> {
    let reads = |step: &Step| match step {
        Step::Image(step) => [&[step.input], &step.reads[..]].concat(),
        Step::Count { input, .. } | Step::Greatest { input, .. } => vec![*input],
        Step::Table { .. } | Step::Flood { .. } => Vec::new(),
    };
    let is_computed = |id: &NodeId| {
        let is_image = !request.graph.node(*id).kernel.gives_table();
        is_image && *id != request.target && request.known.images[id.0].is_none()
    };
    sketch.steps.iter().rev().flat_map(reads).find(is_computed)
}

/// How many times the region's share of all pixels a sketch computes and uploads for it.
fn waste(request: &Request, sketch: &Sketch) -> f64 {
    let share = request.region.pixels() as f64 / request.graph.layout(request.target).pixels() as f64;
    let images = sketch.places.iter().flatten().map(|(_, stored)| stored);
    let (own, all) = images.fold((0.0, 0.0), |(own, all), stored| {
        (own + stored.region.pixels() as f64, all + stored.layout.pixels() as f64)
    });
    own / (share * all)
}

fn too_large(sketch: &Sketch, room: &Room) -> String {
    let Layout { width, height, .. } = sketch.graph.layout(NodeId(0));
    let (largest, bytes) = (sketch.largest(), sketch.bytes(room.staged));
    let (image, memory) = (room.image.min(room.buffer), room.memory);
    format!(
        "even a small part of this image of {width}x{height} px needs a buffer of {largest} bytes and {bytes} bytes in all, \
         where {image} and {memory} are allowed; use --backend cpu, or make it smaller first"
    )
}

/// What is known once all that sees the whole image has seen it, as far as sizes go: tables are left empty.
pub fn settled(graph: &Graph, source: Format) -> Known {
    let mut known = Known::source(graph, source);
    for (id, node) in graph.nodes().iter().enumerate() {
        match node.kernel {
            Kernel::Reduce(_) | Kernel::Maximum => known.tables[id] = Some(Vec::new()),
            Kernel::Flood(_) => known.images[id] = Some(Format::Codes8),
            _ => {}
        }
    }
    known
}

/// Bytes of the images that are kept whole on the host, as floats or as what a flood sees, so that the first tile has room;
/// others need hardly more.
pub fn kept_bytes(graph: &Graph, source: Format, depth: Depth, room: &Room) -> u64 {
    let mut known = settled(graph, source);
    let mut region = graph.output_layout().region();
    loop {
        let request = Request { graph, known: &known, target: graph.output, region, end: End::Codes(depth) };
        match Cut::of(&request, room) {
            Ok(Cut::Halves([first, _])) => region = first,
            Ok(Cut::Keep(node)) => known.images[node.0] = Some(Format::Values),
            Ok(Cut::Fits(_)) | Err(_) => break,
        }
    }
    let bytes = |(format, node): (&Option<Format>, &Node)| {
        format.map_or(0, |format| u64::from(format.sample_bytes()) * node.layout.samples())
    };
    known.images.iter().zip(graph.nodes()).skip(1).map(bytes).sum()
}

/// Computes a graph of an image in tiles.
pub struct Tiler<'a> {
    graph: &'a Graph,
    room: Room,
    effort: Effort,
    jobs: &'a Sender<Message>,
    known: Known,
    /// Whole images, by node.
    images: Vec<Option<Arc<Samples>>>,
    times: DeviceTimes,
}

impl<'a> Tiler<'a> {
    /// `room`: of one tile.
    pub fn new(
        graph: &'a Graph,
        source: Arc<Samples>,
        room: Room,
        effort: Effort,
        jobs: &'a Sender<Message>,
    ) -> Tiler<'a> {
        let known = Known::source(graph, Format::of_samples(&source));
        let mut images = vec![None; graph.nodes().len()];
        images[0] = Some(source);
        Tiler { graph, room, effort, jobs, known, images, times: DeviceTimes::default() }
    }

    /// The codes of the graph's result, and what the tiles took by the device's clock.
    ///
    /// # Errors
    /// Where not even a small tile has room, or the device fails.
    pub fn compute(mut self, depth: Depth) -> Result<(Samples, DeviceTimes), Fault> {
        let output = self.graph.output;
        let uses = fuse::uses(self.graph, output, &|_| false);
        for (id, node) in self.graph.nodes().iter().enumerate().filter(|(id, _)| uses[*id] > 0) {
            let id = NodeId(id);
            match (&node.kernel, node.inputs.first()) {
                (Kernel::Reduce(kernel), Some(input)) => self.reduce(id, *input, kernel)?,
                (Kernel::Maximum, Some(input)) => self.maximum(id, *input)?,
                (Kernel::Flood(flood), Some(input)) => self.flood(id, *input, *flood)?,
                _ => {}
            }
        }
        Ok((self.image(output, End::Codes(depth))?, self.times))
    }

    fn reduce(&mut self, id: NodeId, input: NodeId, kernel: &Arc<dyn Reduce>) -> Result<(), Fault> {
        let (layout, codes) = (self.graph.layout(input), self.graph.depth.codes());
        let mut counts = vec![0; (kernel.statistic().lanes(layout.colours) * codes) as usize];
        self.over_tiles(input, End::Counts(kernel.clone()), |_, product| {
            if let Product::Words(words) = product {
                counts.iter_mut().zip(words).for_each(|(count, n)| *count += n);
            }
        })?;
        let plan = build::table_plan(kernel.as_ref(), layout, counts, codes);
        let (product, times) = landed(self.submit(plan))?;
        self.times += times;
        if let Product::Words(table) = product {
            self.known.tables[id.0] = Some(table);
        }
        Ok(())
    }

    fn maximum(&mut self, id: NodeId, input: NodeId) -> Result<(), Fault> {
        // Bits of floats from 0 up are in the order of their values.
        let mut greatest = 0;
        self.over_tiles(input, End::Greatest, |_, product| {
            if let Product::Words(words) = product {
                greatest = words.first().copied().unwrap_or(0).max(greatest);
            }
        })?;
        self.known.tables[id.0] = Some(vec![greatest; 4]);
        Ok(())
    }

    fn flood(&mut self, id: NodeId, input: NodeId, kernel: Flood) -> Result<(), Fault> {
        let Samples::U8(mut classes) = self.image(input, End::Classes(kernel))? else {
            unreachable!("classes are bytes");
        };
        flood::run_over(&mut classes, self.graph.layout(input).width as usize);
        self.put(id, Format::Codes8, Samples::U8(classes));
        Ok(())
    }

    /// Keeps the image of a node, and of what is on the host only what is still needed.
    fn put(&mut self, id: NodeId, format: Format, samples: Samples) {
        self.known.images[id.0] = Some(format);
        self.images[id.0] = Some(Arc::new(samples));
        let known = |id: NodeId| self.known.images[id.0].is_some() || self.known.tables[id.0].is_some();
        let uses = fuse::uses(self.graph, self.graph.output, &known);
        for (image, _) in self.images.iter_mut().zip(uses).skip(1).filter(|(_, uses)| *uses == 0) {
            *image = None;
        }
    }

    /// The whole image of a node.
    fn image(&mut self, target: NodeId, end: End) -> Result<Samples, Fault> {
        let layout = self.graph.layout(target);
        let count = layout.samples() as usize;
        let mut whole = match end {
            End::Codes(Depth::Sixteen) => Samples::U16(vec![0; count]),
            End::Values => Samples::F32(vec![0.0; count]),
            _ => Samples::U8(vec![0; count]),
        };
        self.over_tiles(target, end, |region, product| {
            if let Product::Image(stored, part) = product {
                put_part(&mut whole, layout, region, stored.region, &part);
            }
        })?;
        Ok(whole)
    }

    /// Cuts the image of a node into tiles that have room, and gives each one's product to `take`, in any order.
    fn over_tiles(&mut self, target: NodeId, end: End, mut take: impl FnMut(Region, Product)) -> Result<(), Fault> {
        let mut open = vec![self.graph.layout(target).region()];
        let mut flying: VecDeque<(Region, Landing)> = VecDeque::new();
        loop {
            if (open.is_empty() || flying.len() == SLOTS)
                && let Some((region, landing)) = flying.pop_front()
            {
                match landed(landing) {
                    Ok((product, times)) => {
                        self.times += times;
                        take(region, product);
                    }
                    Err(Fault::Memory) if self.room.shrink() => open.push(region),
                    Err(fault) => return Err(fault),
                }
                continue;
            }
            let Some(region) = open.pop() else { return Ok(()) };
            let request = Request { graph: self.graph, known: &self.known, target, region, end: end.clone() };
            match Cut::of(&request, &self.room).map_err(Fault::Image)? {
                Cut::Fits(sketch) => {
                    let plan = build::plan(*sketch, self.effort).map_err(Fault::Image)?;
                    flying.push_back((region, self.submit(plan)));
                }
                Cut::Halves([first, second]) => open.extend([second, first]),
                Cut::Keep(node) => {
                    let values = self.image(node, End::Values)?;
                    self.put(node, Format::Values, values);
                    open.push(region);
                }
            }
        }
    }

    fn submit(&self, plan: Plan) -> Landing {
        let (sender, receiver) = sync_channel(1);
        let images = plan.sources.iter().filter_map(|source| self.images[source.node.0].clone()).collect();
        let answer = Answer::new(move |result| drop(sender.send(result)));
        // A message that can't be sent is dropped, and its answer says that the thread is gone.
        drop(self.jobs.send(Message::Job(Box::new(Job { plan: Arc::new(plan), images, answer }))));
        receiver
    }
}

type Landing = Receiver<Result<Landed, Undone>>;

/// Waits for a product; the engine limits how long.
fn landed(landing: Landing) -> Result<Landed, Fault> {
    match landing.recv() {
        Ok(result) => result.map_err(|undone| undone.fault),
        Err(_) => Err(Fault::Device("the GPU's thread has stopped; use --backend cpu".into())),
    }
}

/// The two halves of a region along its longer side, at a quad, and where it is large at a unit of most passes; none of
/// what can't be halved.
fn halves(region: Region) -> Option<[Region; 2]> {
    let Region { x, y, width, height } = region;
    let half = |side: u32, least: u32| (side / 2).next_multiple_of(if side >= 256 { 64 } else { least });
    if width >= height && width > QUAD {
        let first = half(width, QUAD);
        return Some([Region { width: first, ..region }, Region { x: x + first, width: width - first, ..region }]);
    }
    let first = half(height, 1);
    (height > 1)
        .then_some([Region { height: first, ..region }, Region { y: y + first, height: height - first, ..region }])
}

/// Copies a region of an image of that layout out of a part that holds it.
fn put_part(whole: &mut Samples, layout: Layout, region: Region, held: Region, part: &Samples) {
    match (whole, part) {
        (Samples::U8(whole), Samples::U8(part)) => put_rows(whole, layout, region, held, part),
        (Samples::U16(whole), Samples::U16(part)) => put_rows(whole, layout, region, held, part),
        (Samples::F32(whole), Samples::F32(part)) => put_rows(whole, layout, region, held, part),
        _ => unreachable!("a part has the samples that were asked for"),
    }
}

fn put_rows<T: Copy>(whole: &mut [T], layout: Layout, region: Region, held: Region, part: &[T]) {
    let channels = layout.channels() as usize;
    let count = region.width as usize * channels;
    let at = |x: u32, y: u32, width: u32| (y as usize * width as usize + x as usize) * channels;
    for y in region.y..region.bottom() {
        let (to, from) = (at(region.x, y, layout.width), at(region.x - held.x, y - held.y, held.width));
        whole[to..to + count].copy_from_slice(&part[from..from + count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_hold_all_and_begin_at_quads() {
        let mut open = vec![Region { x: 8, y: 3, width: 1031, height: 77 }];
        let mut pixels = 0;
        while let Some(region) = open.pop() {
            assert!(region.x.is_multiple_of(QUAD) && !region.is_empty(), "{region:?}");
            match halves(region) {
                Some(halves) => {
                    assert_eq!(halves[0].union(halves[1]), region);
                    assert_eq!(halves[0].pixels() + halves[1].pixels(), region.pixels());
                    open.extend(halves);
                }
                None => pixels += region.pixels(),
            }
        }
        assert_eq!(pixels, 1031 * 77);
    }
}
