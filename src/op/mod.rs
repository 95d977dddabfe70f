//! The vocabulary: what an operation is, its parameters, the kernels it is made of, the graph they form.

mod bytes;
mod decimated;
mod gather;
mod graph;
mod kernel;
mod parameter;
mod shader;
mod window;

pub use bytes::{ByteRow, luma_bytes};
pub use decimated::decimated;
pub use gather::{FARTHEST, Flood, Gather, LEAST_W, Neighbourhood, NeighbourhoodRows, Sampling, Stencil, Tap};
pub use graph::{Graph, Node, NodeId};
pub use kernel::{
    Alpha, Axis, Kernel, LevelPoint, Permutation, Place, Point, PointRow, Reduce, Statistic, Taps, Tiles,
};
pub use parameter::{Arguments, BORDER, Color, Kind, Matrix, Parameter, ResizeSize, VALUE, Value};
pub use shader::{Formula, ShaderStruct};
pub use window::{OrderWindow, Window, WindowRows};

/// Why an operation does not apply to an image: an error of that image, not of the run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// An operation with its arguments.
pub trait Operation: std::fmt::Debug + Send + Sync {
    /// Adds the operation's kernels to the graph and returns the node that holds its result.
    ///
    /// # Errors
    /// Where the operation does not apply to an image of that layout.
    fn build(&self, graph: &mut Graph, input: NodeId) -> Result<NodeId, Refusal>;

    /// Whether these arguments leave every image as it is.
    fn is_identity(&self) -> bool {
        false
    }

    /// Whether the odd pixel may differ by more than the tolerance.
    fn tipping(&self) -> Tipping {
        Tipping::Never
    }

    /// How many levels a result may change where all of the source changes by one, at most; infinite where it may jump.
    fn steepness(&self) -> f64 {
        f64::INFINITY
    }

    /// Whether it takes of colour nothing but bt601 luma, and gives of luma as gray the same: a decoder may then give that in
    /// its place, which is the same but for roundings and for colours that the decoder has to clamp.
    fn takes_luma(&self) -> bool {
        self.gives_luma()
    }

    /// Whether it gives bt601 luma and does nothing else, so that an operation behind it may ask the decoder for more.
    fn gives_luma(&self) -> bool {
        false
    }

    /// The size, px, to which a decoder may reduce an image of that size because the operation shrinks it anyway. Its `build`
    /// looks for `Graph::reduction`, and gives the size that it would give of the whole image.
    fn least_size(&self, _width: u32, _height: u32) -> Option<(u32, u32)> {
        None
    }
}

/// Whether a rounding may tip a pixel over: where an operation decides by a value, or is steep, the last bit of that value can
/// make a difference of many levels. The specification allows it for one pixel of a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tipping {
    Never,
    /// It decides by its input, which other operations before it may have rounded.
    RoundedInput,
    /// It decides by values that it rounds itself.
    Always,
}

/// What a pixel of the result depends on; decides who loops and how work is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// the same pixel and its position
    Point,
    /// a two-dimensional neighbourhood
    Window,
    /// a one-dimensional neighbourhood, along rows and then along columns
    Axis,
    /// pixels anywhere else
    Gather,
    /// a statistic of the whole image, then a point step
    Reduce,
    /// other operations
    Composite,
}

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Shape::Point => "point",
            Shape::Window => "window",
            Shape::Axis => "axis",
            Shape::Gather => "gather",
            Shape::Reduce => "reduce",
            Shape::Composite => "composite",
        }
    }
}

/// What an operation asks of colour channels, and leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// any, as many out
    Any,
    /// any, one out
    ToGray,
    /// any, three out
    ToColour,
    /// one only
    GrayOnly,
    /// any, but it changes nothing in a gray image
    OfColour,
}

/// An entry of the registry: everything that is said of an operation, once.
#[derive(Debug)]
pub struct Spec {
    pub name: &'static str,
    /// One line for the catalogue.
    pub summary: &'static str,
    /// The formula and its edge cases, for `imgproc ops NAME`.
    pub definition: &'static str,
    pub shape: Shape,
    pub channels: Channels,
    pub parameters: &'static [Parameter],
    /// The published function or `oracle` that results are compared with.
    pub reference: &'static str,
    /// Greatest difference from the reference on 8-bit input, in levels.
    pub tolerance: u32,
    /// A step that can be pasted into a recipe.
    pub example: &'static str,
    /// The operation with its arguments, which have been checked against `parameters`.
    pub make: fn(&Arguments) -> Result<Box<dyn Operation>, Refusal>,
}
