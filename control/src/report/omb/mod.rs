//! OMB's own result of a run, `omb.json`: what its charts and its CSV are made of.
//!
//! OMB's reader of results refuses a file with one key that it does not know, so this one holds OMB's keys
//! and nothing else. What OMB cannot say is in `result.json`.

mod document;
#[cfg(test)]
mod document_tests;
mod figures;
mod hooks;
mod periods;
#[cfg(test)]
mod periods_tests;
mod quantiles;

pub use document::omb;
pub use figures::Figures;
pub use hooks::Periodic;
pub use periods::{Period, Periods, SecondCounts, SecondSpans};
