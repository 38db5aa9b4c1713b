//! When things are due, what time it is, and how to wait.

mod clock;
mod schedule;
mod wait;

pub use clock::{Clock, OsClock};
pub use schedule::{Schedule, Segment, Turn, Walk};
pub use wait::{Guard, WaitMode, wait_until};

#[cfg(test)]
pub(crate) use clock::virtual_time;
