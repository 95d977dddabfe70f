//! What the tests of operations share. Each test binary uses a part of it.
#![allow(dead_code)]

pub mod cases;
pub mod compare;
pub mod images;
pub mod oracle;
pub mod png;
pub mod runs;
pub mod tolerance;
