//! The command as a user runs it, and the house rules that its source must keep.
#![allow(clippy::disallowed_methods, reason = "tests prepare and inspect files, and wait")]

mod architecture;
mod batch;
mod decoding;
mod devices;
mod inputs;
mod messages;
mod outputs;
mod stopping;
mod support;
