//! `kdyno perf-test`: a run that is asked for in the words of Kafka's own perf tools, and tells it in their lines.
//!
//! `asked` makes an order of the producer's flags, with `properties` and `payloads`; `produce` sees to the
//! `topic` and has the run done as any other, heard by the `printer`, which writes the `lines`. For the
//! consumer these are `asked_to_read`, `consume`, `read_printer` and `read_lines`.

mod asked;
mod asked_to_read;
mod consume;
mod lines;
mod payloads;
mod printer;
mod produce;
mod properties;
mod read_lines;
mod read_printer;
mod topic;

pub(crate) use asked::Asked;
pub(crate) use asked_to_read::AskedToRead;
pub(crate) use consume::consume;
pub(crate) use produce::produce;

#[cfg(test)]
mod asked_tests;
