//! When things are due, what time it is, and how to wait.

mod border;
mod clock;
mod continued;
mod correction;
mod line;
mod run_clock;
mod schedule;
mod tsc;
mod wait;
mod written;

pub use border::{Border, Outlook};
pub use clock::{Clock, OsClock};
pub use correction::{Correction, Setting};
pub use line::Line;
pub use run_clock::{ClockChoice, ClockSource, Drift, KERNEL_CLOCK_SOURCE, RunClock};
pub use schedule::{Schedule, Segment, Turn, Walk};
pub use tsc::Mark;
pub use wait::{Guard, Look, WaitMode, Waiter, wait_until};

#[cfg(test)]
pub(crate) use clock::virtual_time;

#[cfg(test)]
mod correction_tests;
#[cfg(test)]
mod schedule_tests;
