//! When things are due, what time it is, and how to wait.

mod border;
mod clock;
mod run_clock;
mod schedule;
mod tsc;
mod wait;

pub use border::{Border, Outlook};
pub use clock::{Clock, OsClock};
pub use run_clock::{ClockChoice, ClockSource, Drift, KERNEL_CLOCK_SOURCE, RunClock};
pub use schedule::{Schedule, Segment, Turn, Walk};
pub use tsc::Mark;
pub use wait::{Guard, Look, WaitMode, Waiter, wait_until};

#[cfg(test)]
pub(crate) use clock::virtual_time;
