//! What a run leaves on disk while it goes on: its directory, and in it a row of every second.
//!
//! A process that is killed leaves all seconds that were complete, to be read by any tool. Threads of their own
//! write, so that a disk that stands still holds nobody up before the end, and then not for ever.

mod folder_writer;
mod hooks;
mod log_writer;
mod second_files;
mod writer;

pub(crate) use folder_writer::begin;
pub(crate) use hooks::{OnDisk, Recorded};
