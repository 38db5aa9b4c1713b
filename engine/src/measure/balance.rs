//! What was acked against what each subscription received, by counts.

use super::tally::{PhaseTally, Tally};
use crate::plan::Plan;

/// One subscription's account of one stream's measured messages.
///
/// By counts alone a message that came twice hides one that was lost: only `surplus − lost` is
/// certain then, and the surplus is shown so that nobody takes a balance of zero for a proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// The stream of the plan.
    pub stream: usize,
    /// The subscription of the stream.
    pub subscription: usize,
    /// What it should have received: everything acked.
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
}

/// The accounts of all subscriptions that have consumers; `drained` is by group of the plan.
#[must_use]
pub fn balances(plan: &Plan, tally: &Tally, drained: &[bool]) -> Vec<Balance> {
    let mut balances = Vec::new();
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
            let all_drained = groups.all(|index| drained.get(index) == Some(&true));
            let account =
                Balance { stream, subscription, drained: all_drained, ..Balance::default() };
            balances.push(account.filled(&seen.measured));
        }
    }
    balances
}

impl Balance {
    fn filled(self, measured: &PhaseTally) -> Self {
        let consumed = &measured.consumed[self.subscription];
        let expected = measured.acked.messages;
        // A damaged message did arrive: it is corrupted, not lost as well.
        let missing = expected.saturating_sub(consumed.messages + consumed.corrupted);
        let (lost, outstanding) = if self.drained { (missing, 0) } else { (0, missing) };
        Self {
            expected,
            received: consumed.messages,
            lost,
            surplus: consumed.messages.saturating_sub(expected),
            outstanding,
            corrupted: consumed.corrupted,
            foreign: consumed.foreign,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Balance, balances};
    use crate::measure::verdict_fixture::{plan, tally};
    use crate::plan::ClientCount;

    /// Two subscriptions on two topics; `received` of the first.
    fn check(clients: ClientCount, drained: &[bool], received: u64, expected: (u64, u64, u64)) {
        let plan = plan(clients);
        let mut tally = tally(&plan);
        tally.streams[0].measured.consumed[0].messages = received;
        let acked = tally.streams[0].measured.acked.messages;
        let got: Vec<Balance> = balances(&plan, &tally, drained);
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
        let got = balances(&plan, &tally, &[true, true]);
        assert_eq!((got[1].lost, got[1].corrupted), (0, 1), "one message, one fault");
    }
}
