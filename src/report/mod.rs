//! Reports of runs: what they show is plain data ([`Document`]), how it is drawn stands apart: as a page ([`html`]), as a
//! trace for other programs ([`trace`]), as text ([`drawn`]).

pub mod document;
mod html;
mod measured;
mod text;
mod thinned;
mod trace;

pub use document::{Document, Timeline};
pub use html::html;
pub use text::{Look, drawn};
pub use trace::{Process, TraceError, read_trace, trace};
