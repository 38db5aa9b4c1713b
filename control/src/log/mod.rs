//! Logs: on stderr as text or JSON, above the display where there is one, and once more for the run's directory.

mod layers;
mod plan;
mod run_log;
mod screen;
mod time;

pub use run_log::RunLog;

pub(crate) use layers::{FINDING, SECOND, begin};
pub(crate) use plan::LogPlan;
pub(crate) use screen::{Ink, Screen, Surface};
