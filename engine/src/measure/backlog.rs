//! What became of a backlog that was asked for, and the checks of whether it was built and drained.

use super::constants::exit;
use super::facts::{count, number, share};
use super::latency::Latency;
use super::verdict::{Case, Found};
use crate::units::{Bytes, Nanos};

/// Every check.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[not_built, not_drained];

/// What became of a backlog.
#[derive(Clone, Debug, Default)]
pub struct BacklogSeen {
    /// What was done while consumers were held.
    pub building: Leg,
    /// From their release until the backlog was drained, or nobody waited for it any more.
    pub draining: Leg,
    /// From then on to the end of the measured phase.
    pub after: Leg,
    /// What was unread when consumers were let go.
    pub stood: Unread,
    /// What was unread when it was last looked at: when it was drained, or given up.
    pub left: Unread,
    /// How far it came.
    pub end: BacklogEnd,
}

/// Messages that were acked and not yet received, those of all subscriptions added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many.
    pub messages: u64,
    /// The bytes of their bodies.
    pub bytes: Bytes,
}

/// How far a backlog came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BacklogEnd {
    /// The run ended before it was seen.
    #[default]
    Open,
    /// It was drained.
    Drained,
    /// It did not stand in time.
    NotBuilt(Given),
    /// It was not drained in time.
    NotDrained(Given),
}

/// Why nobody waited any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The bound was over.
    Bound,
    /// It had come no nearer for so long.
    NoNearer(Nanos),
}

/// A part of the measured phase of a run with a backlog.
#[derive(Clone, Debug, Default)]
pub struct Leg {
    /// Its first second, from the start of the measured phase; `None` where the run did not come to it.
    pub first: Option<u32>,
    /// The last second that is counted into it.
    pub last: Option<u32>,
    /// How long it lasted, to the moment; its counts are those of whole seconds ([`Self::counted`]).
    pub length: Nanos,
    /// Of the measured phase's messages, those that clients took in its seconds.
    pub sent: u64,
    /// Of these messages, those that were acked in its seconds.
    pub acked: u64,
    /// What became unread in its seconds, by acks of either phase: once for each subscription.
    pub owed: u64,
    /// Received in its seconds, by all subscriptions.
    pub received: u64,
    /// The bytes of their bodies.
    pub received_bytes: Bytes,
    /// The same messages by subscription, those of all streams in a row.
    pub by_subscription: Vec<u64>,
    /// Publish latency of what was acked in its seconds.
    pub publish: Latency,
}

impl BacklogSeen {
    /// Whether consumers were held in a second of the measured phase.
    pub(super) fn is_held(&self, second: u32) -> bool {
        self.building.first.is_some() && self.draining.first.is_none_or(|first| second < first)
    }

    /// Whether it was being drained in a second, or the one before.
    pub(super) fn is_draining(&self, second: u32) -> bool {
        let begun = self.draining.first.is_some_and(|first| first <= second);
        begun && self.after.first.is_none_or(|first| second <= first)
    }
}

impl Leg {
    /// Adds a second of it, by its number.
    pub fn join(&mut self, number: u32, second: &Self) {
        self.last = self.last.max(Some(number));
        let Self {
            first: _,
            last: _,
            length: _,
            sent,
            acked,
            owed,
            received,
            received_bytes,
            by_subscription,
            publish,
        } = second;
        self.sent += sent;
        self.acked += acked;
        self.owed += owed;
        self.received += received;
        self.received_bytes += *received_bytes;
        self.by_subscription.resize(by_subscription.len(), 0);
        self.by_subscription.iter_mut().zip(by_subscription).for_each(|(sum, read)| *sum += read);
        self.publish.merge(publish);
    }

    /// The seconds that its counts are of, whole ones; zero where there is none.
    #[must_use]
    pub fn counted(&self) -> Nanos {
        let edges = self.first.zip(self.last);
        Nanos::from_secs(edges.map_or(0, |(first, last)| u64::from(last - first) + 1))
    }

    /// A count of it per second; zero where none was seen.
    fn per_second(&self, count: u64) -> f64 {
        let (seconds, one) = (self.counted().as_secs_f64(), share(count, 1));
        if seconds <= 0.0 { 0.0 } else { one / seconds }
    }
}

/// What the user can do about consumers that are too slow.
const HELP: &str = "Give the groups more consumers or partitions, let producers go slower meanwhile \
                    (drainProducerRate: 0.5), ask for less (backlogDrainRatio), or wait longer \
                    (backlogDrainTimeout).";

fn not_built(case: &Case<'_>, found: &mut Found) {
    let Some((seen, asked)) = case.evidence.backlog.zip(case.plan.demand.backlog) else { return };
    let BacklogEnd::NotBuilt(given) = seen.end else { return };
    let leg = &seen.building;
    let per_second = leg.per_second(leg.owed);
    found.fail(
        exit::TARGET,
        "backlog_not_built",
        format!(
            "The backlog did not stand: {} of {} messages were unread after {:.0} s {}. Producers \
             brought {per_second:.0} a second, all subscriptions added up. Nothing was drained, and \
             the run ended. Ask for less, raise the rate, or wait longer (backlogBuildTimeout).",
            seen.left.messages,
            asked.messages,
            leg.length.as_secs_f64(),
            match given {
                Given::Bound => "(its bound)".to_owned(),
                Given::NoNearer(span) => format!("and had not grown for {span}"),
            }
        ),
        vec![
            count("asked", asked.messages),
            count("unread", seen.left.messages),
            number("build_s", leg.length.as_secs_f64()),
            number("unread_per_second", per_second),
        ],
    );
}

fn not_drained(case: &Case<'_>, found: &mut Found) {
    let Some((seen, asked)) = case.evidence.backlog.zip(case.plan.demand.backlog) else { return };
    let BacklogEnd::NotDrained(given) = seen.end else { return };
    let leg = &seen.draining;
    let (read, brought) = (leg.per_second(leg.received), leg.per_second(leg.owed));
    let (left, stood) = (seen.left.messages, seen.stood.messages);
    let far = left.saturating_sub(asked.left);
    let mut facts = vec![
        count("left", left),
        count("stood", stood),
        count("drained_at", asked.left),
        number("drain_s", leg.length.as_secs_f64()),
        number("received_per_second", read),
        number("unread_per_second", brought),
    ];
    let outlook = if left < stood && brought < read {
        let needed = share(far, 1) / (read - brought);
        facts.push(number("needed_s", needed));
        format!("At that pace it needed {needed:.0} s more.")
    } else {
        let how = if stood < left { "It grew" } else { "It did not shrink" };
        format!("{how}: at that pace it is never drained.")
    };
    found.fail(
        exit::TARGET,
        "backlog_not_drained",
        format!(
            "The backlog did not drain: {stood} messages were unread at first and {left} after {:.0} s \
             {}; it is drained at {}. Consumers read {read:.0} a second while producers brought \
             {brought:.0}, all subscriptions added up. {outlook} {HELP}",
            leg.length.as_secs_f64(),
            match given {
                Given::Bound => "(its bound)".to_owned(),
                Given::NoNearer(span) => format!("and had not shrunk for {span}"),
            },
            asked.left,
        ),
        facts,
    );
}

#[cfg(test)]
mod tests {
    use super::{BacklogEnd, BacklogSeen, Given, Leg, Unread};
    use crate::measure::plausibility::SecondSeen;
    use crate::measure::verdict::{Evidence, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{Backlog, ClientCount};
    use crate::units::{Bytes, Nanos};

    const ASKED: Backlog = Backlog {
        messages: 100_000,
        bytes: Bytes(10_000_000),
        left: 1_000,
        drain_rate: None,
        build_within: Nanos::from_secs(60),
        drain_within: Nanos::from_secs(60),
        after: Nanos::from_secs(5),
    };

    fn leg(first: u32, seconds: u64, owed: u64, received: u64) -> Leg {
        let last = first + u32::try_from(seconds).expect("few") - 1;
        let (first, last, length) =
            (Some(first), Some(last), Nanos::from_millis(seconds * 1_000 - 400));
        Leg { first, last, length, owed, received, ..Leg::default() }
    }

    fn unread(messages: u64) -> Unread {
        Unread { messages, bytes: Bytes(messages * 100) }
    }

    /// The findings of a run with this backlog, and its exit code.
    fn found(seen: &BacklogSeen, seconds: &[SecondSeen]) -> (Vec<(&'static str, String)>, u8) {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.backlog = Some(ASKED);
        let evidence = Evidence { backlog: Some(seen), seconds, ..evidence() };
        let verdict = Verdict::of(&plan, &tally(&plan), &evidence);
        let told = verdict.findings.into_iter().map(|finding| (finding.code, finding.message));
        (told.collect(), verdict.exit_code)
    }

    fn check(seen: &BacklogSeen, code: &str, words: &[&str]) {
        let (told, exit) = found(seen, &[]);
        assert_eq!((told.len(), exit), (1, 12), "{told:?}");
        assert_eq!(told[0].0, code);
        words.iter().for_each(|word| assert!(told[0].1.contains(word), "{word}: {told:?}"));
    }

    #[test]
    fn one_that_was_drained_or_not_seen_to_its_end_is_no_fault() {
        for end in [BacklogEnd::Drained, BacklogEnd::Open] {
            let seen = BacklogSeen { end, ..BacklogSeen::default() };
            assert_eq!(found(&seen, &[]), (Vec::new(), 0), "{end:?}");
        }
    }

    #[test]
    fn one_that_did_not_stand_is_told_with_its_numbers() {
        let mut seen = BacklogSeen {
            building: leg(0, 60, 60_000, 0),
            left: unread(60_000),
            end: BacklogEnd::NotBuilt(Given::Bound),
            ..BacklogSeen::default()
        };
        let words = ["60000 of 100000 messages", "after 60 s (its bound)", "brought 1000 a second"];
        check(&seen, "backlog_not_built", &words);
        seen.end = BacklogEnd::NotBuilt(Given::NoNearer(Nanos::from_secs(10)));
        check(&seen, "backlog_not_built", &["had not grown for 10s"]);
    }

    #[test]
    fn one_that_did_not_drain_says_how_long_it_needed_or_that_it_never_will() {
        let not_drained = |left: u64, received: u64, given: Given| BacklogSeen {
            building: leg(0, 60, 100_000, 0),
            draining: leg(60, 60, 60_000, received),
            stood: unread(100_000),
            left: unread(left),
            end: BacklogEnd::NotDrained(given),
            ..BacklogSeen::default()
        };
        let code = "backlog_not_drained";
        let words = [
            "100000 messages were unread at first and 61000 after 60 s (its bound)",
            "Consumers read 1650 a second while producers brought 1000",
            "it needed 92 s more",
        ];
        check(&not_drained(61_000, 99_000, Given::Bound), code, &words);
        let stalled = Given::NoNearer(Nanos::from_secs(10));
        let grew = ["had not shrunk for 10s", "It grew: at that pace it is never drained"];
        check(&not_drained(130_000, 30_000, stalled), code, &grew);
        check(&not_drained(100_000, 60_000, stalled), code, &["It did not shrink"]);
    }

    /// The clean run's seconds: of the first half nobody reads.
    fn seconds(silent: std::ops::Range<u32>) -> Vec<SecondSeen> {
        let second = |second: u32| SecondSeen {
            second,
            produced: 20_000,
            acked: if silent.contains(&second) { 0 } else { 20_000 },
            consumed: if second < 5 { 0 } else { 80_000 },
            ..SecondSeen::default()
        };
        (0..10).map(second).collect()
    }

    #[test]
    fn what_was_asked_for_is_no_fault() {
        let codes = |seen: &BacklogSeen, silent| -> Vec<&str> {
            let (told, _) = found(seen, &seconds(silent));
            let codes = told.into_iter().map(|(code, _)| code);
            codes.filter(|code| code.starts_with("second_without")).collect()
        };
        let seen = BacklogSeen {
            building: leg(0, 5, 100_000, 0),
            draining: leg(5, 3, 60_000, 160_000),
            after: leg(8, 2, 40_000, 40_000),
            end: BacklogEnd::Drained,
            ..BacklogSeen::default()
        };
        assert_eq!(codes(&seen, 0..0), [""; 0], "nobody was to read in the first five seconds");
        assert_eq!(codes(&seen, 9..10), ["second_without_ack"], "after it all is as ever");
        let early = BacklogSeen { draining: leg(4, 4, 0, 0), ..seen };
        assert_eq!(codes(&early, 0..0), ["second_without_receipt"], "of what was to be read");
    }
}
