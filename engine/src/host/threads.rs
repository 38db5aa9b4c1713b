//! What single threads of this process did, by Linux's own accounting.

use crate::units::{Nanos, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::fs;

/// What a thread has done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadTime {
    /// The system's number for it.
    pub id: u64,
    /// Its name, of which the system keeps 15 bytes.
    pub name: String,
    /// Time on a core.
    pub on_core: Nanos,
    /// Time in which it could have run and had no core.
    pub waiting: Nanos,
}

/// What a thread did of a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Busy {
    /// Its name.
    pub name: String,
    /// Part of the time on a core, 0 to 1.
    #[serde(deserialize_with = "part")]
    pub on_core: f64,
    /// Part of the time on a core or waiting for one, 0 to 1: what is left, it slept.
    #[serde(deserialize_with = "part")]
    pub wanted: f64,
}

/// Reads a part of the time.
fn part<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let part = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&part) {
        return Ok(part);
    }
    Err(D::Error::custom(format!("a part of the time: got {part}, need 0 to 1")))
}

/// What each thread whose name begins so has done so far; empty where the system does not say.
#[must_use]
pub fn threads(prefix: &str) -> Vec<ThreadTime> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let read =
        |id: u64, file: &str| fs::read_to_string(format!("/proc/self/task/{id}/{file}")).ok();
    let seen = |task: fs::DirEntry| {
        let id = task.file_name().to_str()?.parse().ok()?;
        let name = read(id, "comm")?.trim_end().to_owned();
        if !name.starts_with(prefix) {
            return None;
        }
        // `schedstat`: nanoseconds on a core, nanoseconds on a run queue, turns.
        let times = read(id, "schedstat")?;
        let mut times = times.split_whitespace().map(|word| word.parse().ok());
        let (on_core, waiting) = (Nanos(times.next()??), Nanos(times.next()??));
        // A thread that is there has had a turn; a kernel that does not count says 0.
        times.next().flatten().filter(|turns: &u64| 0 < *turns)?;
        Some(ThreadTime { id, name, on_core, waiting })
    };
    tasks.filter_map(Result::ok).filter_map(seen).collect()
}

/// The thread that wanted a core for most of the time between two moments; `None` where none was there
/// at both, or no time passed.
#[must_use]
pub fn busiest(
    (from, before): (Timestamp, &[ThreadTime]),
    (until, now): (Timestamp, &[ThreadTime]),
) -> Option<Busy> {
    let span = until.since(from).filter(|span| Nanos::ZERO < *span)?;
    let part = |time: Nanos| (time.as_secs_f64() / span.as_secs_f64()).min(1.0);
    let done = now.iter().filter_map(|thread| {
        let earlier = before.iter().find(|known| known.id == thread.id)?;
        let on_core = thread.on_core.less(earlier.on_core);
        Some((on_core + thread.waiting.less(earlier.waiting), on_core, &thread.name))
    });
    let (wanted, on_core, name) = done.max_by_key(|(wanted, _, _)| *wanted)?;
    Some(Busy { name: name.clone(), on_core: part(on_core), wanted: part(wanted) })
}

#[cfg(test)]
mod tests {
    use super::{Busy, ThreadTime, busiest, threads};
    use crate::units::{Nanos, Timestamp};

    /// Threads by number, time on a core and time of waiting, in milliseconds.
    fn of(times: &[(u64, u64, u64)]) -> Vec<ThreadTime> {
        let thread = |(id, on_core, waiting): &(u64, u64, u64)| ThreadTime {
            id: *id,
            name: format!("t{id}"),
            on_core: Nanos::from_millis(*on_core),
            waiting: Nanos::from_millis(*waiting),
        };
        times.iter().map(thread).collect()
    }

    #[test]
    fn of_several_threads_the_one_that_wanted_most_is_told() {
        let check = |before: &[(u64, u64, u64)], now: &[(u64, u64, u64)], expected| {
            let at = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
            let got = busiest((at(500), &of(before)), (at(1_500), &of(now)));
            assert_eq!(got, expected, "{before:?}, {now:?}");
        };
        let busy = |name: &str, on_core: f64, wanted: f64| {
            Some(Busy { name: name.to_owned(), on_core, wanted })
        };
        check(&[], &[], None);
        check(&[], &[(7, 50, 0)], None);
        check(&[(7, 50, 0), (8, 900, 10)], &[(7, 450, 0), (8, 1_000, 410)], busy("t8", 0.1, 0.5));
        check(&[(7, 50, 0)], &[(7, 50, 0), (9, 1_000, 0)], busy("t7", 0.0, 0.0));
        check(&[(7, 0, 0)], &[(7, 900, 900)], busy("t7", 0.9, 1.0));
    }

    #[test]
    fn no_time_is_no_share() {
        let at = Timestamp::from_nanos(5);
        let seen = of(&[(1, 0, 0)]);
        assert_eq!(busiest((at, &seen), (at, &seen)), None, "no time passed");
    }

    #[test]
    fn a_thread_is_found_by_how_its_name_begins_with_what_it_used() {
        let work = std::thread::Builder::new().name("toil-7".to_owned()).spawn(|| {
            // Reading this is the toil: some hundred of them take a millisecond.
            let used = (0..100_000).map(|_| threads("toil-"));
            let is_enough = |seen: &Vec<ThreadTime>| {
                seen.iter().all(|thread| Nanos::from_millis(1) < thread.on_core)
            };
            used.into_iter().find(is_enough).unwrap_or_default()
        });
        let used = work.expect("a thread more").join().expect("it does not panic");
        assert!(used.len() <= 1, "one of that name: {used:?}");
        if std::path::Path::new("/proc/self/schedstat").exists() {
            let [thread] = used.as_slice() else { panic!("it is there: {used:?}") };
            assert_eq!(thread.name, "toil-7", "and it has used a millisecond");
        }
    }
}
