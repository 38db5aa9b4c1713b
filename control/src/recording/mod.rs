//! What a run leaves on disk while it goes on: its directory, and in it a row of every second.
//!
//! A process that is killed leaves all seconds that were complete, to be read by any tool.

mod hooks;
mod second_files;

pub(crate) use hooks::{OnDisk, Recorded, begin};
