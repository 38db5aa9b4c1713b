//! The search for the highest rate that a cluster sustains: seconds in, rates out. No thread, no clock.
//!
//! A rate is *sustained* when over a window of seconds as much is acked as is due (99.9 %), what is
//! unanswered and what is unread do not grow, nothing fails, our own sends are in time, and every
//! objective holds. The search doubles the rate until one is not sustained, bisects with longer steps,
//! guided by what the cluster took when it was asked too much, and confirms its answer.

mod budget;
mod judge;
mod lag;
mod sample;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod search;
mod steer;
mod step;
mod trend;

pub use sample::Sample;
pub use search::{Order, Search, SearchEnd};
pub use step::{Cause, Step, StepKind};

#[cfg(test)]
mod law_tests;
#[cfg(test)]
mod model;
