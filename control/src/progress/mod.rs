//! What a run says while it goes on: its phases and seconds in the log, and a display below it on a terminal.

mod display;
mod ending;
#[cfg(test)]
mod fixture;
mod phases;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod progress;
mod render;
mod standing;
mod view;
mod words;

pub(crate) use ending::tell_verdict;
pub(crate) use phases::{Begun, Length, Phase};
pub(crate) use progress::Progress;
