//! When things are due, what time it is, and how to wait.

mod arrivals;
mod border;
mod clock;
mod continued;
mod correction;
mod curve;
mod line;
mod run_clock;
mod schedule;
mod shape;
mod tempo;
mod tsc;
mod wait;
mod walk;
mod written;

pub use arrivals::Arrival;
pub use border::{Border, Outlook};
pub use clock::{Clock, OsClock};
pub use correction::{Correction, Setting};
pub use line::Line;
pub use run_clock::{ClockChoice, ClockSource, Drift, KERNEL_CLOCK_SOURCE, RunClock};
pub use schedule::{Counting, Schedule, Segment};
pub use shape::{SHAPE_RATE_END, SHAPE_STEPS_MAX, SHAPE_TIMES_MAX, Shape, Step};
pub use tempo::{Shaped, Tempo};
pub use tsc::Mark;
pub use wait::{Guard, Look, WaitMode, Waiter, wait_until};
pub use walk::{Turn, Walk};

#[cfg(test)]
pub(crate) use clock::virtual_time;

#[cfg(test)]
mod arrival_tests;
#[cfg(test)]
mod correction_tests;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod shape_tests;
