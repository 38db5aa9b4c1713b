//! Processor time of single threads, by Linux's own accounting.

use engine::units::{Nanos, Timestamp};
use std::fs;

/// Reads what threads of this process have used.
#[derive(Clone, Copy, Debug)]
pub struct ThreadTime;

impl ThreadTime {
    /// Of the calling thread so far; `None` where the system does not say.
    #[must_use]
    pub fn own() -> Option<Nanos> {
        read("/proc/thread-self/schedstat")
    }

    /// Of a thread by its id; `None` when it has ended or the system does not say.
    #[must_use]
    pub fn of(thread: u64) -> Option<Nanos> {
        read(&format!("/proc/self/task/{thread}/schedstat"))
    }

    /// The ids of the threads of this name.
    #[must_use]
    pub fn threads_named(name: &str) -> Vec<u64> {
        let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
        let is_named = |thread: &u64| {
            let comm = fs::read_to_string(format!("/proc/self/task/{thread}/comm"));
            comm.is_ok_and(|found| found.trim_end() == name)
        };
        let ids = tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse().ok());
        ids.filter(is_named).collect()
    }

    /// Thousandths of a core between two readings.
    #[must_use]
    pub fn permille(
        (from, before): (Timestamp, Option<Nanos>),
        (until, after): (Timestamp, Option<Nanos>),
    ) -> Option<u64> {
        let span = until.since(from).filter(|span| Nanos::ZERO < *span)?;
        Some(after?.less(before?).0 * 1_000 / span.0)
    }
}

/// The first number of a `schedstat`: nanoseconds on a core.
fn read(path: &str) -> Option<Nanos> {
    let text = fs::read_to_string(path).ok()?;
    Some(Nanos(text.split_whitespace().next()?.parse().ok()?))
}
