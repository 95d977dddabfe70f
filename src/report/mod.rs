//! Reports of runs: what they show is plain data ([`Document`]), how it is drawn stands apart.

pub mod document;

pub use document::Document;
