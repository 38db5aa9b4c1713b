//! The run: prepare a plan, start its lanes together, merge what they hand over, end them.

mod cost;
mod drain;
mod evidence;
mod outcome;
mod prepare;
mod ready;
mod running;
mod teardown;
mod warming;

pub use evidence::Sight;
pub use outcome::{CleanUp, ClockSeen, Cost, Ending, Interval, LaneOutcome, Outcome, StartLine};
pub use prepare::{Event, Hooks, Ready, prepare};
pub use teardown::Teardown;

#[cfg(test)]
mod drain_tests;
#[cfg(test)]
mod ready_tests;
