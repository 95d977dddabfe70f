//! What of a file's image is enough for the work to come, and how an image that was decoded smaller lies over the whole.

use super::Layout;

/// What is enough; by default all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Of colour, bt601 luma alone.
    pub luma: bool,
    /// Of the size, px, at least this width and height.
    pub least: Option<(u32, u32)>,
}

/// An image that was decoded at a smaller scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduction {
    /// How many px of the whole image are one of the reduced, in each direction: 2, 4 or 8.
    pub by: u32,
    /// Of the whole image, px.
    pub width: u32,
    pub height: u32,
    /// Where the whole image begins in the reduced one, in px of that. A side that is no multiple of `by` does not fill its
    /// last px, which turning the image upright may put first.
    pub left: f64,
    pub top: f64,
}

impl Reduction {
    /// The layout of an image reduced so much; a side that is no multiple of it is rounded up.
    pub fn layout(whole: Layout, by: u32) -> Layout {
        whole.sized(whole.width.div_ceil(by), whole.height.div_ceil(by))
    }
}
