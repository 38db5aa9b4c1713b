//! The verdict so far, in a few words: what would be found if the run ended now.

use engine::measure::Tally;
use engine::measure::constants::{
    BEHIND_LEAST, LATE, LATE_SHARE_INVALID, LATE_SHARE_NOTED, TARGET_SHARE,
};
use engine::plan::Demand;
use engine::units::NANOS_PER_SECOND;

/// How a run stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standing {
    pub(super) words: String,
    pub(super) weight: Weight,
}

/// How much that weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// All is well.
    Good,
    /// The numbers would need care.
    Care,
    /// The run would not be valid.
    Bad,
}

/// The measured phase so far, of all streams.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Of each stream, whether a schedule gives its messages their due times.
    paced: Vec<bool>,
    /// Due in the last second, and in the one with most.
    due_last: u64,
    due_most: u64,
    due: u64,
    acked_of_due: u64,
    failed_of_due: u64,
    free_attempted: u64,
    free_failed: u64,
    attempted: u64,
    late: u64,
    corrupted: u64,
    errors: u64,
}

impl Seen {
    /// Nothing so far.
    pub(super) fn new(demand: &Demand) -> Self {
        let paced = demand.streams.iter().map(|stream| stream.pace.is_paced()).collect();
        Self { paced, ..Self::default() }
    }

    /// Takes a second in.
    pub(super) fn add(&mut self, second: &Tally) {
        self.due_last = 0;
        for (is_paced, stream) in self.paced.iter().zip(&second.streams) {
            let seen = &stream.measured;
            let failed = seen.produce_errors.total().max(seen.acked.failed);
            if *is_paced {
                self.due_last += seen.produced.due;
                self.acked_of_due += seen.acked.messages;
                self.failed_of_due += failed;
            } else {
                self.free_attempted += seen.produced.attempted;
                self.free_failed += failed;
            }
            self.attempted += seen.produced.attempted;
            self.late += seen.produced.late_by_us;
            self.corrupted += seen.consumed.iter().map(|of| of.corrupted).sum::<u64>();
            self.errors += seen.errors();
        }
        self.due += self.due_last;
        self.due_most = self.due_most.max(self.due_last);
    }

    /// What was due in the last second; nothing where nothing ever is.
    pub(super) const fn due_last(&self) -> u64 {
        self.due_last
    }

    /// Errors so far.
    pub(super) const fn errors(&self) -> u64 {
        self.errors
    }

    /// How the run stands: the gravest of what would be found, in the order in which exit codes are told.
    pub(super) fn standing(&self) -> Standing {
        let bad = |words: String| Standing { words, weight: Weight::Bad };
        let care = |words: String| Standing { words, weight: Weight::Care };
        let late = share(self.late, self.attempted);
        let late_words = || format!("late: {} % of sends > {LATE}", percent(late));
        if 0 < self.corrupted {
            return bad(format!("damaged: {} messages", self.corrupted));
        }
        if LATE_SHARE_INVALID < late {
            return bad(late_words());
        }
        if self.is_behind() {
            return bad(format!("behind: {} % acked", percent(share(self.acked_of_due, self.due))));
        }
        let went_well = self.free_attempted.saturating_sub(self.free_failed);
        if 0 < self.free_attempted && share(went_well, self.free_attempted) < TARGET_SHARE {
            let failed = percent(share(self.free_failed, self.free_attempted));
            return bad(format!("failing: {failed} % of messages"));
        }
        if 0 < self.errors {
            return care(format!("errors: {}", self.errors));
        }
        if LATE_SHARE_NOTED < late {
            return care(late_words());
        }
        let words = if self.due == 0 { "no errors" } else { "on time" };
        Standing { words: words.to_owned(), weight: Weight::Good }
    }

    /// Whether the target is out of reach: by what failed for good, or because more is unanswered than a run
    /// has on its way that keeps up.
    fn is_behind(&self) -> bool {
        let can_be_acked = self.due.saturating_sub(self.failed_of_due);
        let unanswered = can_be_acked.saturating_sub(self.acked_of_due);
        let on_its_way = u128::from(self.due_most) * u128::from(BEHIND_LEAST.0);
        let is_more = on_its_way < u128::from(unanswered) * u128::from(NANOS_PER_SECOND);
        let is_short = |messages| 0 < self.due && share(messages, self.due) < TARGET_SHARE;
        is_short(can_be_acked) || is_more && is_short(self.acked_of_due)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of 2^53 messages is exact enough")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// With as many digits as tell it from none and from all.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if (1.0..99.0).contains(&percent) { format!("{percent:.1}") } else { format!("{percent:.2}") }
}

#[cfg(test)]
mod tests {
    use super::{Seen, Weight};
    use crate::progress::fixture;
    use engine::measure::{PhaseTally, Tally};
    use engine::plan::Pace;

    /// So many seconds of 1,000 messages, each changed in this way; how it stands then.
    fn check(
        pace: Option<Pace>,
        seconds: u32,
        change: fn(&mut PhaseTally),
        expected: (&str, Weight),
    ) {
        let mut demand = fixture::demand();
        if let Some(pace) = pace {
            demand.streams[0].pace = pace;
        }
        let mut seen = Seen::new(&demand);
        for _ in 0..seconds {
            let mut second = Tally::new(&demand);
            let of = &mut second.streams[0].measured;
            (of.produced.due, of.produced.attempted, of.produced.messages) = (1_000, 1_000, 1_000);
            of.acked.messages = 1_000;
            change(of);
            seen.add(&second);
        }
        let standing = seen.standing();
        assert_eq!((standing.words.as_str(), standing.weight), expected, "after {seconds} s");
    }

    #[test]
    fn a_run_that_does_what_is_asked_is_on_time() {
        check(None, 3, |_| {}, ("on time", Weight::Good));
        check(None, 0, |_| {}, ("no errors", Weight::Good));
        let free = Pace::Max { in_flight: None };
        check(Some(free), 3, |of| of.produced.due = 0, ("no errors", Weight::Good));
    }

    #[test]
    fn lateness_is_told_from_the_shares_on_that_findings_name() {
        let check =
            |late: fn(&mut PhaseTally), words, weight| check(None, 2, late, (words, weight));
        check(|of| of.produced.late_by_us = 1, "on time", Weight::Good);
        check(|of| of.produced.late_by_us = 2, "late: 0.20 % of sends > 1ms", Weight::Care);
        check(|of| of.produced.late_by_us = 100, "late: 10.0 % of sends > 1ms", Weight::Care);
        check(|of| of.produced.late_by_us = 120, "late: 12.0 % of sends > 1ms", Weight::Bad);
    }

    #[test]
    fn a_run_is_behind_when_more_is_unanswered_than_a_second_of_its_load() {
        let slow = |of: &mut PhaseTally| of.acked.messages = 900;
        // What is on its way is no shortfall.
        check(None, 10, slow, ("on time", Weight::Good));
        check(None, 11, slow, ("behind: 90.0 % acked", Weight::Bad));
        check(None, 1, |of| of.acked.messages = 0, ("on time", Weight::Good));
        check(None, 2, |of| of.acked.messages = 0, ("behind: 0.00 % acked", Weight::Bad));
    }

    #[test]
    fn what_failed_for_good_is_never_acked_and_errors_below_that_need_care() {
        fn fail(of: &mut PhaseTally, failed: u64) {
            of.acked.messages -= failed;
            of.acked.failed = failed;
            (0..failed).for_each(|_| of.produce_errors.count(-195));
        }
        check(None, 1, |of| fail(of, 1), ("errors: 1", Weight::Care));
        check(None, 1, |of| fail(of, 2), ("behind: 99.80 % acked", Weight::Bad));
        let free = Some(Pace::Max { in_flight: None });
        check(free, 1, |of| fail(of, 20), ("failing: 2.0 % of messages", Weight::Bad));
    }

    #[test]
    fn damage_is_said_before_all_else() {
        let damaged = |of: &mut PhaseTally| {
            of.consumed[0].corrupted = 3;
            of.produced.late_by_us = 900;
        };
        check(None, 1, damaged, ("damaged: 3 messages", Weight::Bad));
    }
}
