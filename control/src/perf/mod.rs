//! `kdyno perf-test`: a run that is asked for in the words of Kafka's own perf tools, and tells it in their lines.
//!
//! `asked` makes an order of the flags, with `properties` and `payloads`; `produce` sees to the `topic` and
//! has the run done as any other, heard by the `printer`, which writes the `lines`.

mod asked;
mod lines;
mod payloads;
mod printer;
mod produce;
mod properties;
mod topic;

pub(crate) use asked::Asked;
pub(crate) use produce::produce;

#[cfg(test)]
mod asked_tests;
