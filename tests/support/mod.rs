//! What the tests of operations share. Each test binary uses a part of it.
#![allow(dead_code)]
// The rules on disk and output are for the program; tests write pictures and counts.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

pub mod cases;
pub mod compare;
pub mod images;
pub mod oracle;
pub mod png;
pub mod runs;
pub mod tolerance;
