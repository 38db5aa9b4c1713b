//! What was acked against what each subscription received.

use super::account::Side;
use super::audit::{Audit, Drained};
use super::tally::{StreamTally, Tally};
use crate::plan::Plan;

/// One subscription's account of one stream's measured messages.
///
/// By the messages' numbers where they were kept, all of them. Else by counts alone: then a message
/// that came twice hides one that was lost, only `surplus − lost` is certain, and the surplus is
/// shown so that nobody takes a balance of zero for a proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// The stream of the plan.
    pub stream: usize,
    /// The subscription of the stream.
    pub subscription: usize,
    /// What it should have received: everything acked, or where it sees committed messages alone,
    /// everything committed.
    pub expected: u64,
    /// What it received, the damaged ones not counted.
    pub received: u64,
    /// Acked, passed by its consumers, and not received.
    pub lost: u64,
    /// Received beyond what was acked.
    pub surplus: u64,
    /// Acked and not yet received when its consumers had to stop.
    pub outstanding: u64,
    /// Received with a damaged stamp.
    pub corrupted: u64,
    /// Received from other runs or programs.
    pub foreign: u64,
    /// Whether its consumers passed the highest acked offset of every partition.
    pub drained: bool,
    /// Whether some were lost with what they had read and not told of: then nothing is called lost.
    pub is_unheard: bool,
    /// What the numbers say beyond that; `None` where only counts were compared.
    pub repeats: Option<Repeats>,
}

/// What only the messages' numbers and offsets tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Read again at the same offset.
    pub redelivered: u64,
    /// Received at a further offset.
    pub duplicated: u64,
    /// Received after one of the same producer and partition that was sent later.
    pub reordered: u64,
    /// Received although the client had given it up.
    pub failed_but_present: u64,
    /// Received, though its answer never came.
    pub unanswered: u64,
    /// Received by who sees committed messages alone, though its transaction was aborted.
    pub aborted_but_present: u64,
}

/// What is known of a group's reading at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whether its consumers passed the highest acked offset of every partition.
    pub is_drained: bool,
    /// Whether some of its consumers were lost with what they had read and not told of.
    pub is_unheard: bool,
}

impl Reading {
    /// To the end, and told of.
    pub const DRAINED: Self = Self { is_drained: true, is_unheard: false };
}

/// The accounts of all subscriptions that have consumers; readings are by group of the plan.
#[must_use]
pub fn balances(plan: &Plan, tally: &Tally, readings: &[Reading]) -> Vec<Balance> {
    let mut balances = Vec::new();
    let is_hidden = plan.demand.clients.hides_until_committed();
    let owed = if is_hidden { Owed::Committed } else { Owed::Acked };
    for (stream, seen) in tally.streams.iter().enumerate() {
        for subscription in 0..seen.measured.consumed.len() {
            let is_its = |index: usize| {
                let group = &plan.groups[index];
                group.stream == stream && usize::try_from(group.subscription) == Ok(subscription)
            };
            let mut groups = (0..plan.groups.len()).filter(|index| is_its(*index)).peekable();
            // Nobody reads it (no consumers per subscription): nothing is expected.
            if groups.peek().is_none() {
                continue;
            }
            // A group that the engine says nothing about was not seen to be drained.
            let of = |index: usize| readings.get(index).copied().unwrap_or_default();
            let (mut drained, mut is_unheard) = (true, false);
            for reading in groups.map(of) {
                drained &= reading.is_drained;
                is_unheard |= reading.is_unheard;
            }
            let account =
                Balance { stream, subscription, drained, is_unheard, ..Balance::default() };
            let is_others = plan.demand.streams[stream].is_read_only();
            balances.push(if is_others {
                account.of_others(seen)
            } else {
                account.filled(seen, owed)
            });
        }
    }
    balances
}

/// What a subscription is to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    /// Everything acked.
    Acked,
    /// Of that, what was committed.
    Committed,
}

impl Owed {
    /// How much that is of the measured phase.
    fn messages(self, seen: &StreamTally) -> u64 {
        match self {
            Self::Acked => seen.measured.acked.messages,
            Self::Committed => seen.measured.committed(),
        }
    }
}

impl Balance {
    /// Nobody of the run has sent what was read: how much should have come only offsets tell.
    fn of_others(self, seen: &StreamTally) -> Self {
        let received = seen.measured.consumed[self.subscription].messages;
        Self { expected: received, received, ..self }
    }

    fn filled(self, seen: &StreamTally, owed: Owed) -> Self {
        let consumed = &seen.measured.consumed[self.subscription];
        let expected = owed.messages(seen);
        let filled = Self {
            expected,
            received: consumed.messages,
            surplus: consumed.messages.saturating_sub(expected),
            corrupted: consumed.corrupted,
            foreign: consumed.foreign,
            ..self
        };
        match filled.audit(seen, owed) {
            Some(audit) => filled.by_numbers(&audit),
            None => filled.by_counts(),
        }
    }

    /// By the numbers, if every acked message's is known: what a lane that panicked had in hand is
    /// not.
    fn audit(&self, seen: &StreamTally, owed: Owed) -> Option<Audit> {
        let account = &seen.account;
        if !account.is_whole() || account.count(Side::Acked) != seen.measured.acked.messages {
            return None;
        }
        let subscription = u32::try_from(self.subscription).expect("a plan's are a u32");
        let drained = match (self.is_unheard, self.drained) {
            (true, _) => Drained::Unheard,
            (false, true) => Drained::Everywhere,
            (false, false) => Drained::NotKnown,
        };
        match owed {
            Owed::Acked => Some(Audit::of(account, subscription, drained)),
            Owed::Committed => (account.count(Side::Committed) == self.expected)
                .then(|| Audit::of_committed(account, subscription, drained)),
        }
    }

    fn by_numbers(self, audit: &Audit) -> Self {
        // A damaged message did arrive, whichever it was: it is corrupted, not lost as well.
        let lost = audit.lost.saturating_sub(self.corrupted);
        let repeats = Repeats {
            redelivered: self.received.saturating_sub(audit.distinct),
            duplicated: audit.duplicated,
            reordered: audit.reordered,
            failed_but_present: audit.failed_but_present,
            unanswered: audit.unanswered,
            aborted_but_present: audit.aborted_but_present,
        };
        Self { lost, outstanding: audit.outstanding, repeats: Some(repeats), ..self }
    }

    fn by_counts(self) -> Self {
        let missing = self.expected.saturating_sub(self.received + self.corrupted);
        let is_known = self.drained && !self.is_unheard;
        let (lost, outstanding) = if is_known { (missing, 0) } else { (0, missing) };
        Self { lost, outstanding, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{Balance, Reading, Repeats, balances};
    use crate::measure::verdict_fixture::{plan, tally};
    use crate::measure::{Entry, Phase, Series, Side, Stretch, Tally};
    use crate::plan::{ClientCount, Plan, Verification};

    const DRAINED: [Reading; 2] = [Reading::DRAINED; 2];

    /// Two subscriptions on two topics; `received` of the first.
    fn check(clients: ClientCount, drained: &[bool], received: u64, expected: (u64, u64, u64)) {
        let plan = plan(clients);
        let mut tally = tally(&plan);
        tally.streams[0].measured.consumed[0].messages = received;
        let acked = tally.streams[0].measured.acked.messages;
        let reading = |is_drained: &bool| Reading { is_drained: *is_drained, is_unheard: false };
        let readings: Vec<Reading> = drained.iter().map(reading).collect();
        let got: Vec<Balance> = balances(&plan, &tally, &readings);
        assert_eq!(got.len(), 2, "one account per subscription");
        let first = got[0];
        assert_eq!(
            (first.lost, first.outstanding, first.surplus),
            expected,
            "{drained:?} {received}"
        );
        assert_eq!((first.expected, got[1].received), (acked, acked), "the second is whole");
    }

    #[test]
    fn what_is_missing_is_lost_only_behind_consumers_that_passed_it() {
        let acked = 200_000;
        check(ClientCount::Shared, &[true, true], acked, (0, 0, 0));
        check(ClientCount::Shared, &[true, true], acked - 3, (3, 0, 0));
        check(ClientCount::Shared, &[false, true], acked - 3, (0, 3, 0));
        check(ClientCount::Shared, &[], acked - 3, (0, 3, 0));
        check(ClientCount::Shared, &[true, true], acked + 2, (0, 0, 2));
    }

    #[test]
    fn with_a_group_per_topic_all_of_a_subscriptions_groups_must_be_drained() {
        check(ClientCount::Each, &[true, true, true, true], 199_999, (1, 0, 0));
        check(ClientCount::Each, &[true, false, true, true], 199_999, (0, 1, 0));
    }

    #[test]
    fn a_damaged_message_is_corrupted_and_not_lost_as_well() {
        let plan = plan(ClientCount::Shared);
        let mut tally = tally(&plan);
        let consumed = &mut tally.streams[0].measured.consumed[1];
        (consumed.messages, consumed.corrupted) = (199_999, 1);
        let got = balances(&plan, &tally, &DRAINED);
        assert_eq!((got[1].lost, got[1].corrupted), (0, 1), "one message, one fault");
    }

    /// Files what the first producer's messages on the first partition came to, beside the counts.
    fn numbered(plan: &Plan, acked: u64, read: &[(u64, i64)]) -> Tally {
        let mut tally = Tally::new(&plan.demand);
        let series = Series { producer: 0, incarnation: 0, partition: 0 };
        let stream = &mut tally.streams[0];
        let mut note = |side, number, offset| {
            let stretch = Stretch::of_one(number, offset, Phase::Measured);
            stream.account.note(Entry { side, series, stretch });
        };
        (0..acked).zip(0_i64..).for_each(|(number, offset)| note(Side::Acked, number, offset));
        read.iter().for_each(|(number, offset)| note(Side::Received(0), *number, *offset));
        stream.measured.acked.messages = acked;
        stream.measured.consumed[0].messages = u64::try_from(read.len()).expect("a few");
        let mut filed = Tally::new(&plan.demand);
        filed.merge(&tally);
        filed
    }

    #[test]
    fn numbers_tell_a_repeat_from_the_loss_that_it_hides() {
        let read = [(0, 0), (1, 1), (1, 1), (3, 3), (2, 4), (2, 5)];
        let of = |verification| {
            let mut plan = plan(ClientCount::Shared);
            plan.demand.verification = verification;
            let first = balances(&plan, &numbered(&plan, 5, &read), &DRAINED)[0];
            (first.lost, first.surplus, first.repeats)
        };
        let repeats = Repeats { redelivered: 1, duplicated: 1, reordered: 1, ..Repeats::default() };
        assert_eq!(of(Verification::Numbers), (1, 1, Some(repeats)), "by numbers");
        assert_eq!(of(Verification::Counts), (0, 1, None), "by counts alone");
    }

    #[test]
    fn numbers_are_compared_only_where_all_of_them_are_known() {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.verification = Verification::Numbers;
        let mut tally = numbered(&plan, 5, &[(0, 0), (1, 1)]);
        tally.streams[0].measured.acked.messages = 6;
        let got = balances(&plan, &tally, &DRAINED)[0];
        assert_eq!((got.lost, got.repeats), (4, None), "one acked message's number is not known");
    }
    #[test]
    fn where_a_consumer_was_lost_nothing_that_is_missing_is_known_to_be_lost() {
        let unheard = [Reading { is_unheard: true, ..Reading::DRAINED }, Reading::DRAINED];
        let mut plan = plan(ClientCount::Shared);
        let mut counted = tally(&plan);
        for consumed in &mut counted.streams[0].measured.consumed {
            consumed.messages -= 4;
        }
        let by_counts = balances(&plan, &counted, &unheard);
        assert_eq!((by_counts[0].lost, by_counts[0].outstanding), (0, 4), "by counts");
        assert_eq!((by_counts[1].lost, by_counts[1].outstanding), (4, 0), "the other's own");
        plan.demand.verification = Verification::Numbers;
        let first = balances(&plan, &numbered(&plan, 5, &[(0, 0), (4, 4)]), &unheard)[0];
        assert_eq!((first.lost, first.outstanding), (0, 3), "by numbers, though others read on");
        assert!(first.is_unheard && first.drained && first.repeats.is_some(), "{first:?}");
    }
}
