//! Whether a schedule goes on from another: what lies behind a moment is the same in both.

use super::schedule::{Schedule, Segment};
use crate::units::Timestamp;

impl Schedule {
    /// Whether whoever has walked this schedule as far as `now` can go on by `other`: nothing that has
    /// begun by then is different there, and neither ends there without the other.
    #[must_use]
    pub fn is_continued_by(&self, other: &Self, now: Timestamp) -> bool {
        let begun = |of: &Self| {
            let later = of.segments.partition_point(|segment| segment.start <= now);
            // Where a schedule begins is settled before it does.
            of.segments[..later.max(1)].to_vec()
        };
        let ends_alike = self.end == other.end || now < self.end.min(other.end);
        ends_alike && Vec::<Segment>::eq(&begun(self), &begun(other))
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use crate::units::{Nanos, Rate, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(5_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START + Nanos::from_secs(seconds)
    }

    /// From the start on, with these changes: after so many seconds, so many a second.
    fn schedule(first: u64, changes: &[(u64, u64)], end: u64) -> Schedule {
        let rate = |per_second| Rate::per_second(per_second).expect("it is above zero");
        let mut schedule = Schedule::constant(rate(first), START, after(end));
        for (seconds, per_second) in changes {
            schedule.change_rate(after(*seconds), rate(*per_second));
        }
        schedule
    }

    #[test]
    fn what_lies_ahead_may_change_and_what_lies_behind_may_not() {
        let walked = schedule(100, &[(2, 200)], 9);
        let check = |other: &Schedule, now: u64, expected: bool| {
            assert_eq!(walked.is_continued_by(other, after(now)), expected, "{now}: {other:?}");
            assert_eq!(other.is_continued_by(&walked, after(now)), expected, "the other way");
        };
        for now in [0, 2, 5, 20] {
            check(&walked.clone(), now, true);
        }
        let changed = schedule(100, &[(2, 200), (5, 50)], 9);
        check(&changed, 4, true);
        check(&changed, 5, false);
        check(&schedule(100, &[(2, 300)], 9), 1, true);
        check(&schedule(100, &[(2, 300)], 9), 2, false);
        check(&schedule(100, &[], 9), 1, true);
        check(&schedule(100, &[], 9), 2, false);
        check(&schedule(101, &[(2, 200)], 9), 0, false);
        check(&schedule(100, &[(2, 200)], 6), 5, true);
        check(&schedule(100, &[(2, 200)], 6), 6, false);
        let early = START.before(Nanos::from_secs(3));
        assert!(!walked.is_continued_by(&schedule(7, &[], 9), early), "the first is settled");
    }
}
