//! The command as a user runs it, and the house rules that its source must keep.
#![allow(clippy::disallowed_methods, reason = "tests prepare and inspect files, and wait")]

mod architecture;
mod batch;
mod comparing;
mod decoding;
mod documents;
mod inputs;
mod messages;
mod outputs;
mod reports;
mod stopping;
mod support;
mod waiting;
