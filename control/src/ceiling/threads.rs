//! Processor time of single threads of this process, by Linux's own accounting.

use engine::units::Nanos;
use std::fs;

/// What each thread of that name has used so far, by its id; empty where the system does not say.
pub(super) fn used_by(name: &str) -> Vec<(u64, Nanos)> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let read = |thread: u64, file: &str| {
        fs::read_to_string(format!("/proc/self/task/{thread}/{file}")).ok()
    };
    let used = |task: fs::DirEntry| {
        let thread = task.file_name().to_str()?.parse().ok()?;
        if read(thread, "comm")?.trim_end() != name {
            return None;
        }
        // The first number of a `schedstat`: nanoseconds on a core.
        let on_core = read(thread, "schedstat")?.split_whitespace().next()?.parse().ok()?;
        Some((thread, Nanos(on_core)))
    };
    tasks.filter_map(Result::ok).filter_map(used).collect()
}

/// What the thread that used most has used since `before`; `None` where there was none of them.
pub(super) fn most_since(before: &[(u64, Nanos)], now: &[(u64, Nanos)]) -> Option<Nanos> {
    let grown = now.iter().filter_map(|(thread, used)| {
        let (_, earlier) = before.iter().find(|(known, _)| known == thread)?;
        Some(used.less(*earlier))
    });
    grown.max()
}

#[cfg(test)]
mod tests {
    use super::{most_since, used_by};
    use engine::time::{Clock, OsClock};
    use engine::units::Nanos;

    #[test]
    fn of_several_threads_the_one_that_used_most_is_told() {
        let of = |pairs: &[(u64, u64)]| -> Vec<(u64, Nanos)> {
            pairs.iter().map(|(thread, used)| (*thread, Nanos(*used))).collect()
        };
        let check = |before: &[(u64, u64)], now: &[(u64, u64)], expected: Option<u64>| {
            let got = most_since(&of(before), &of(now));
            assert_eq!(got, expected.map(Nanos), "{before:?}, {now:?}");
        };
        check(&[], &[], None);
        check(&[], &[(7, 50)], None);
        check(&[(7, 50), (8, 900)], &[(7, 90), (8, 910)], Some(40));
        check(&[(7, 50)], &[(7, 50), (9, 1_000)], Some(0));
    }

    #[test]
    fn a_thread_is_found_by_its_name_with_what_it_used() {
        let work = std::thread::Builder::new().name("toil-7".to_owned()).spawn(|| {
            let clock = OsClock::anchored();
            let until = clock.now() + Nanos::from_millis(30);
            while clock.now() < until {}
            used_by("toil-7")
        });
        let used = work.expect("a thread more").join().expect("it does not panic");
        // Where the system counts at all, the thread was on a core for a part of those 30 ms.
        assert!(used.len() <= 1, "one of that name: {used:?}");
        if std::path::Path::new("/proc/self/schedstat").exists() {
            assert!(used.iter().any(|(_, nanos)| Nanos::from_millis(1) < *nanos), "{used:?}");
        }
    }
}
