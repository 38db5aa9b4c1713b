//! The system monitor: looks at host and process from a thread of its own, once a period.
//!
//! It begins with the measured phase and ends with the drain. What it saw is an [`Observation`], raw
//! counts and states; the report makes figures of it.

mod counters;
mod hooks;
mod meters;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod monitor;
mod sample;
mod tcp;

pub use hooks::Watched;
pub use meters::Meters;
pub use monitor::Monitor;
pub use sample::{CpuShares, Observation, Sample, Tcp, Traffic, Waits};
