//! The command as a user runs it, and the house rules that its source must keep.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests prepare and inspect files, wait, and say what they left out"
)]

mod architecture;
mod batch;
mod comparing;
mod crash;
mod crashing;
mod decoding;
mod devices;
mod documents;
mod failing_calls;
mod faults;
mod hostile;
mod inputs;
mod messages;
mod outputs;
mod reports;
mod resume;
mod stack;
mod stopping;
mod support;
mod waiting;
