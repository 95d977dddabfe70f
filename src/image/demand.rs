//! What of a file's image is enough for the work to come, so that a decoder may leave out the rest.

/// By default all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Of colour, bt601 luma alone.
    pub luma: bool,
}
