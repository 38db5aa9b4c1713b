//! Marks on the time axis of a run, set from outside: by a line of a file, by a signal, or by a call.

mod file;
mod line;
mod list;
mod watch;

pub(crate) use line::TEXT_MAX;
pub use list::Mark;
pub(crate) use list::{MARKS_MAX, Marks, clean};
pub(crate) use watch::MarkWatch;
