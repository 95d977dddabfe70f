//! What the tests of operations share. Each test binary uses a part of it.
#![allow(dead_code)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests write pictures and print figures")]

pub mod cases;
pub mod compare;
pub mod images;
pub mod oracle;
pub mod png;
pub mod runs;
pub mod tolerance;
