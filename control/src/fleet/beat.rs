//! When tallies are fetched: once a second, just after lanes have handed them over.

use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};

/// How long after the end of a second: by then lanes have handed over, also those that had slept.
const AFTER: Nanos = Nanos::from_millis(150);

/// The first such moment after `now`, of lanes whose seconds count from `origin`, before it too.
pub(super) fn next_fetch(origin: Timestamp, now: Timestamp) -> Timestamp {
    let phase = |moment: Timestamp| moment.as_nanos() % NANOS_PER_SECOND;
    let (wanted, is) = (phase(origin + AFTER), phase(now));
    let wait = if is < wanted { wanted - is } else { wanted + NANOS_PER_SECOND - is };
    now + Nanos(wait)
}

#[cfg(test)]
mod tests {
    use super::next_fetch;
    use engine::units::{Nanos, Timestamp};

    #[test]
    fn tallies_are_fetched_once_a_second_just_after_it_has_ended() {
        let at = |millis: u64| Timestamp::from_nanos(Nanos::from_millis(millis).0);
        let check = |origin: u64, now: u64, expected: u64| {
            assert_eq!(next_fetch(at(origin), at(now)), at(expected), "{origin} {now}");
        };
        check(20_300, 20_300, 20_450);
        check(20_300, 20_450, 21_450);
        check(20_300, 20_451, 21_450);
        check(20_300, 30_449, 30_450);
        // In the warm-up, before the measured phase from which seconds count.
        check(20_300, 15_000, 15_450);
        check(20_900, 20_000, 20_050);
    }
}
