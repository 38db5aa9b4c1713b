//! The checks of a catch-up: how much of what was there was read, counted by offsets.

use super::facts::{count, percent};
use super::verdict::{Case, Found};

/// Why a catch-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUpEnd {
    /// Every group passed the ends that stood when the run began.
    AllRead,
    /// As many messages were read as were asked for.
    Enough,
    /// The time that was asked for was over.
    TimeOver,
    /// It was ended before: by a deadline, by the user, or because its lanes had ended.
    Broken,
}

/// What a catch-up found and read.
///
/// Offsets are an upper bound of messages: those that compaction removed, that belong to aborted
/// transactions or mark their ends hold none that a consumer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatchUpSeen {
    /// From the first offset to the end of every partition when the run began, for each group that reads
    /// it; 0 where consumers began at the end.
    pub offsets: u64,
    /// Of these, how many had not been passed at the end.
    pub left: u64,
    /// Why it ended.
    pub end: CatchUpEnd,
}

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] =
    &[nothing_was_there, time_over, without_messages];

/// What was received in both phases: nothing of a catch-up is anybody's but its own.
fn received(case: &Case<'_>) -> u64 {
    let streams = case.tally.streams.iter();
    streams.map(|of| of.warmup.received() + of.measured.received()).sum()
}

fn nothing_was_there(case: &Case<'_>, found: &mut Found) {
    let Some(seen) = case.evidence.catch_up else { return };
    if 0 < seen.offsets || 0 < received(case) {
        return;
    }
    found.warn(
        "nothing_to_read",
        "The topics held nothing that could be read, and nothing came. Name topics that hold messages, or \
         let consumers begin at the first offset (auto.offset.reset=earliest)."
            .to_owned(),
        Vec::new(),
    );
}

fn time_over(case: &Case<'_>, found: &mut Found) {
    let over = |seen: &&CatchUpSeen| seen.end == CatchUpEnd::TimeOver && 0 < seen.left;
    let Some(seen) = case.evidence.catch_up.filter(over) else { return };
    found.note(
        "not_all_read",
        format!(
            "Reading ended with the time that was asked for: {} of what was there is unread ({} of {} \
             offsets). Make testDuration longer to read all of it.",
            percent(seen.left, seen.offsets),
            seen.left,
            seen.offsets
        ),
        vec![count("left", seen.left), count("offsets", seen.offsets)],
    );
}

fn without_messages(case: &Case<'_>, found: &mut Found) {
    let Some(seen) = case.evidence.catch_up.filter(|of| of.end == CatchUpEnd::AllRead) else {
        return;
    };
    let received = received(case);
    let without = seen.offsets.saturating_sub(received);
    if without == 0 {
        return;
    }
    found.note(
        "offsets_without_messages",
        format!(
            "All was read, and {without} of {} offsets brought no message: compaction removed it, it \
             belongs to an aborted transaction, or marks the end of one. Offsets are an upper bound of \
             messages, so whether one is missing cannot be told from them.",
            seen.offsets
        ),
        vec![count("without", without), count("offsets", seen.offsets), count("received", received)],
    );
}

#[cfg(test)]
mod tests {
    use super::{CatchUpEnd, CatchUpSeen};
    use crate::measure::Tally;
    use crate::measure::verdict::{Evidence, LimitedBy, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan};
    use crate::plan::{ClientCount, Pace, Plan};

    /// Nobody sends, and two subscriptions read as fast as they can.
    fn read_only() -> Plan {
        let mut plan = plan(ClientCount::Shared);
        let stream = &mut plan.demand.streams[0];
        (stream.producers_per_topic, stream.pace) = (0, Pace::Max { in_flight: None });
        plan
    }

    /// Judges a catch-up in which each subscription received so many messages.
    fn judged(received: u64, seen: &CatchUpSeen) -> Verdict {
        let plan = read_only();
        let mut tally = Tally::new(&plan.demand);
        for consumed in &mut tally.streams[0].measured.consumed {
            consumed.messages = received;
        }
        Verdict::of(&plan, &tally, &Evidence { catch_up: Some(seen), ..evidence() })
    }

    fn check(received: u64, seen: CatchUpSeen, expected: &[(&str, Severity)]) {
        let verdict = judged(received, &seen);
        let got: Vec<(&str, Severity)> =
            verdict.findings.iter().map(|of| (of.code, of.severity)).collect();
        assert_eq!(got, expected, "{received} {seen:?}");
        assert!(verdict.valid && verdict.exit_code == 0, "what was asked was done: {verdict:?}");
        assert_eq!(verdict.limited_by, LimitedBy::Unknown, "nobody asked for a rate");
    }

    #[test]
    fn what_is_read_to_the_end_or_for_as_long_as_asked_is_valid() {
        let all = CatchUpSeen { offsets: 2_000, left: 0, end: CatchUpEnd::AllRead };
        check(1_000, all, &[]);
        check(1_001, all, &[]);
        check(999, all, &[("offsets_without_messages", Severity::Info)]);
        let some = CatchUpSeen { left: 500, end: CatchUpEnd::TimeOver, ..all };
        check(750, some, &[("not_all_read", Severity::Info)]);
        let told = judged(750, &some).findings.remove(0).message;
        assert!(told.contains("25.000 % of what was there is unread (500 of 2000"), "{told}");
        let at_the_end = CatchUpSeen { offsets: 0, left: 0, end: CatchUpEnd::TimeOver };
        check(5, at_the_end, &[]);
        check(0, at_the_end, &[("nothing_to_read", Severity::Warning)]);
        let empty = CatchUpSeen { end: CatchUpEnd::AllRead, ..at_the_end };
        check(0, empty, &[("nothing_to_read", Severity::Warning)]);
    }

    #[test]
    fn others_messages_are_nobodys_loss_and_nothing_foreign() {
        let plan = read_only();
        let mut tally = Tally::new(&plan.demand);
        tally.streams[0].measured.consumed[0].messages = 7;
        let balances = crate::measure::balances(&plan, &tally, &[]);
        let first = balances[0];
        assert_eq!((first.expected, first.received), (7, 7), "what came was to come");
        assert_eq!((first.lost, first.surplus, first.foreign), (0, 0, 0), "of nobody's");
        assert_eq!((first.outstanding, balances[1].received), (0, 0), "the other read nothing");
    }
}
