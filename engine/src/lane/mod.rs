//! The threads that do the work: spawned, pinned, started together, joined.

mod board;
mod coming;
mod consume;
mod course;
mod leaving;
mod load;
mod offer;
mod pin;
mod port;
mod produce;
mod signal;
mod sink;
mod spawn;
mod standing;
mod start;
mod transact;

pub use board::{Board, MemberState, Progress};
pub use pin::settle_on;
pub use signal::{Signal, Stage, Timeline, Word};
pub use spawn::{LaneHandle, LaneSetup, spawn};
pub use start::{Go, StartLine, Ticket};

#[cfg(test)]
mod border_tests;
#[cfg(test)]
mod consume_doubles;
#[cfg(test)]
mod consume_tests;
#[cfg(test)]
mod doubles;
#[cfg(test)]
mod drain_tests;
#[cfg(test)]
mod hold_tests;
#[cfg(test)]
mod load_tests;
#[cfg(test)]
mod port_tests;
#[cfg(test)]
mod produce_tests;
#[cfg(test)]
mod share_tests;
#[cfg(test)]
mod silence_tests;
#[cfg(test)]
mod transact_tests;
