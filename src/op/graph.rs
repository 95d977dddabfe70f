//! A recipe for one image as data: kernels, and which result each one reads.

use std::sync::Arc;

use super::{
    Alpha, Axis, Flood, Gather, Kernel, Neighbourhood, Permutation, Place, Point, Reduce, Stencil, Taps, Window,
};
use crate::image::{Depth, Layout, Reduction};

/// Place of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// A kernel, what it reads, and the size and channels of its result.
#[derive(Clone, Debug)]
pub struct Node {
    pub kernel: Kernel,
    /// Earlier nodes. A point kernel reads one or two images and at most one table, which comes last.
    pub inputs: Vec<NodeId>,
    /// Of the result; of a node that gives a table, that of the image it is for.
    pub layout: Layout,
}

/// Nodes in an order in which each stands after those it reads; node 0 is the source. Backends only execute it.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    /// The node whose result is the recipe's.
    pub output: NodeId,
    /// Of the source; histogram kernels work on its codes.
    pub depth: Depth,
    /// How many levels the result may change where the source changes by one, at most; infinite where nobody said.
    pub steepness: f64,
    /// Whether nothing may be cut off on the way to levels.
    pub exact: bool,
    /// Where the source is a reduced image.
    reduction: Option<Reduction>,
}

impl Graph {
    pub fn new(source: Layout, depth: Depth) -> Graph {
        Graph::of_reduced(source, depth, None)
    }

    /// A graph whose source may be a reduced image; only operations that say `least_size` can begin it then.
    pub fn of_reduced(source: Layout, depth: Depth, reduction: Option<Reduction>) -> Graph {
        let node = Node { kernel: Kernel::Source, inputs: Vec::new(), layout: source };
        Graph { nodes: vec![node], output: NodeId(0), depth, steepness: f64::INFINITY, exact: false, reduction }
    }

    /// Has every sum made to the last bit.
    pub fn make_exact(&mut self) {
        (self.exact, self.steepness) = (true, f64::INFINITY);
    }

    /// The source alone, and all that is said of it.
    pub fn without_nodes(&self) -> Graph {
        Graph { nodes: vec![self.nodes[0].clone()], output: NodeId(0), ..*self }
    }

    /// How a node's image lies over the one that it stands for, where it is a reduced source.
    pub fn reduction(&self, id: NodeId) -> Option<Reduction> {
        self.reduction.filter(|_| id == NodeId(0))
    }

    pub fn push(&mut self, kernel: Kernel, inputs: &[NodeId], layout: Layout) -> NodeId {
        assert!(inputs.iter().all(|i| i.0 < self.nodes.len()), "a node reads earlier nodes only");
        self.nodes.push(Node { kernel, inputs: inputs.to_vec(), layout });
        NodeId(self.nodes.len() - 1)
    }

    /// A point kernel that keeps the size and channels of its first input.
    pub fn point(&mut self, kernel: impl Point + 'static, inputs: &[NodeId]) -> NodeId {
        self.push(Kernel::Point(Arc::new(kernel)), inputs, self.layout(inputs[0]))
    }

    /// A point kernel that keeps the size and alpha of its first input and gives that many colour channels.
    pub fn point_to(&mut self, colours: u32, kernel: impl Point + 'static, inputs: &[NodeId]) -> NodeId {
        let layout = Layout { colours, ..self.layout(inputs[0]) };
        self.push(Kernel::Point(Arc::new(kernel)), inputs, layout)
    }

    pub fn stencil(&mut self, stencil: Stencil, input: NodeId) -> NodeId {
        self.push(Kernel::Stencil(Arc::new(stencil)), &[input], self.layout(input))
    }

    /// A neighbourhood kernel that gives that many colour channels, and alpha where it works on that.
    pub fn neighbourhood(&mut self, colours: u32, kernel: impl Neighbourhood + 'static, input: NodeId) -> NodeId {
        let from = self.layout(input);
        let layout = Layout { colours, alpha: from.alpha || kernel.alpha() == Alpha::Work, ..from };
        self.push(Kernel::Neighbourhood(Arc::new(kernel)), &[input], layout)
    }

    /// The gathering from `input` that gives an image of that size.
    pub fn gather(&mut self, gather: Gather, input: NodeId, width: u32, height: u32) -> NodeId {
        let layout = self.layout(input).sized(width, height);
        self.push(Kernel::Gather(Arc::new(gather)), &[input], layout)
    }

    /// # Panics
    /// Where the image has more than one channel: a fault of this program.
    pub fn flood(&mut self, flood: Flood, input: NodeId) -> NodeId {
        assert_eq!(self.layout(input).channels(), 1, "a flood runs over one channel");
        self.push(Kernel::Flood(flood), &[input], self.layout(input))
    }

    /// The table that a kernel makes from the histogram of an image of whole codes.
    pub fn reduce(&mut self, kernel: impl Reduce + 'static, input: NodeId) -> NodeId {
        self.push(Kernel::Reduce(Arc::new(kernel)), &[input], self.layout(input))
    }

    /// The table of the greatest value of an image's first channel.
    pub fn maximum(&mut self, input: NodeId) -> NodeId {
        self.push(Kernel::Maximum, &[input], self.layout(input))
    }

    /// A table of constants for point kernels that read `image`.
    pub fn table(&mut self, values: impl Into<Arc<[f32]>>, image: NodeId) -> NodeId {
        self.push(Kernel::Table(values.into()), &[], self.layout(image))
    }

    pub fn window(&mut self, kernel: impl Window + 'static, input: NodeId) -> NodeId {
        self.push(Kernel::Window(Arc::new(kernel)), &[input], self.layout(input))
    }

    /// An axis kernel; a resampling changes the size.
    pub fn axis(&mut self, axis: Axis, input: NodeId) -> NodeId {
        let from = self.layout(input);
        let layout = match (&axis.taps, axis.place) {
            (Taps::Resample(r), Place::Horizontal) => from.sized(r.starts.len() as u32, from.height),
            (Taps::Resample(r), Place::Vertical) => from.sized(from.width, r.starts.len() as u32),
            _ => from,
        };
        self.push(Kernel::Axis(Arc::new(axis)), &[input], layout)
    }

    /// The permutation of `input` that gives an image of that size.
    pub fn permute(&mut self, permutation: Permutation, input: NodeId, width: u32, height: u32) -> NodeId {
        let layout = self.layout(input).sized(width, height);
        self.push(Kernel::Permute(Arc::new(permutation)), &[input], layout)
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub fn layout(&self, id: NodeId) -> Layout {
        self.nodes[id.0].layout
    }

    /// Layout of the recipe's result.
    pub fn output_layout(&self) -> Layout {
        self.layout(self.output)
    }
}
