//! Assertions: what a user says must hold of a result, e.g. `publish.p99 < 10ms`.
//!
//! Read whole before the run, so that no slip costs one: names are held against the fields of the
//! format, units against what a field measures. Judged on the result as `result.json` has it; what
//! is not known there fails, in words that say so.

#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod assertion;
mod early;
mod expression;
mod judged;
mod literal;
mod metric;
mod names;
mod parse;
mod quantity;
mod token;

pub use assertion::{Assertion, Relation, Right};
pub use early::is_known_early;
pub use expression::{Expression, Operation};
pub use judged::Judged;
pub use literal::{Literal, Unit};
pub use metric::Metric;
pub use names::{help, short_names};
pub use quantity::{Amount, Dimension, Quantity};

#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod parse_tests;
