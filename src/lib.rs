//! Takes a directory of images through a recipe of computer-vision operations, on the CPU or any GPU.
//!
//! The map is in `ARCHITECTURE.md`; modules depend on one another in the order in which they stand there.

pub mod backend;
#[cfg(feature = "gpu")]
pub mod calibration;
pub mod codec;
pub mod compare;
pub mod image;
pub mod op;
pub mod ops;
pub mod pipeline;
pub mod recipe;
pub mod report;
pub mod simd;
pub mod timeline;
