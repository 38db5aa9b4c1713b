//! The consumers' drain where messages come from another cluster than they were sent to: offsets there are
//! others, so that what is left to read is told by what was received.

use super::drain::{Drained, reached};
use crate::lane::Board;
use crate::measure::{Reading, Tally, balances};
use crate::plan::{GroupPlan, Plan};
use crate::units::{Nanos, Timestamp};
use std::collections::BTreeMap;

/// How often figures are added up: lanes hand over once a second.
const LOOK_EVERY: Nanos = Nanos::from_millis(500);

/// How long nothing must have come when as much was received as is owed: one that was carried over twice hides
/// another that is still on its way.
const SETTLED: Nanos = Nanos::from_secs(2);

/// By stream and subscription, how many messages were received fewer than are owed, both phases.
type Lacks = BTreeMap<(usize, u32), u64>;

/// How far a drain has come.
#[derive(Debug)]
pub(super) struct Across {
    looked: Option<Timestamp>,
    moved_at: Timestamp,
    last: Drained,
    lacks: Lacks,
}

impl Across {
    pub(super) const fn new(now: Timestamp) -> Self {
        let last = Drained { groups: Vec::new(), read: 0, left: 0 };
        Self { looked: None, moved_at: now, last, lacks: Lacks::new() }
    }

    /// What is known now; `total` adds up what lanes have handed over.
    pub(super) fn look(
        &mut self,
        plan: &Plan,
        board: &Board,
        total: impl FnOnce() -> Tally,
        now: Timestamp,
    ) -> Drained {
        if self.looked.is_none_or(|looked| looked + LOOK_EVERY <= now) {
            self.looked = Some(now);
            self.lacks = lacks(plan, &total());
        }
        let read = reached(plan, board).iter().flat_map(|next| next.values()).sum();
        if read != self.last.read {
            self.moved_at = now;
        }
        let is_settled = self.moved_at + SETTLED <= now;
        let has_all = |group: &GroupPlan| self.lacks[&(group.stream, group.subscription)] == 0;
        let groups = plan.groups.iter().map(|group| has_all(group) && is_settled).collect();
        self.last = Drained { groups, read, left: self.lacks.values().sum() };
        self.last.clone()
    }
}

fn lacks(plan: &Plan, total: &Tally) -> Lacks {
    let is_hidden = plan.demand.clients.hides_until_committed();
    let of_group = |group: &GroupPlan| {
        let subscription =
            usize::try_from(group.subscription).expect("subscriptions fit in memory");
        let seen = &total.streams[group.stream];
        let phases = [&seen.warmup, &seen.measured];
        let owed = phases.map(|of| if is_hidden { of.committed() } else { of.acked.messages });
        let received = phases.map(|of| of.consumed[subscription].messages);
        let lacks = owed.iter().sum::<u64>().saturating_sub(received.iter().sum());
        ((group.stream, group.subscription), lacks)
    };
    plan.groups.iter().map(of_group).collect()
}

/// For each group, whether its subscription received the last of what is owed to it, by what its messages' numbers
/// say now that all are known: what is missing before it was lost on the way. `None` where offsets tell that.
pub(super) fn drained(plan: &Plan, tally: &Tally) -> Option<Vec<bool>> {
    plan.demand.clients.consumer_cluster.as_ref()?;
    let nobody_saw = vec![Reading::default(); plan.groups.len()];
    let balances = balances(plan, tally, &nobody_saw);
    let is_drained = |group: &GroupPlan| {
        let mut of = balances.iter().filter(|balance| {
            balance.stream == group.stream
                && u32::try_from(balance.subscription) == Ok(group.subscription)
        });
        of.all(|balance| balance.outstanding == 0)
    };
    Some(plan.groups.iter().map(is_drained).collect())
}

#[cfg(test)]
mod tests {
    use super::{Across, SETTLED, drained, lacks};
    use crate::lane::{Board, MemberState};
    use crate::link::{Assigned, Moved};
    use crate::measure::Tally;
    use crate::plan::samples::{self, stream, topics};
    use crate::plan::{ClientCount, ConsumerCluster, Plan, Route, StreamDemand, Verification};
    use crate::units::{Nanos, Timestamp};

    const MS: Nanos = Nanos::from_millis(1);

    fn plan() -> Plan {
        let demand = StreamDemand { topics: topics(1, 1), subscriptions: 2, ..stream(1_000) };
        let mut plan = samples::plan(demand, ClientCount::Shared);
        plan.demand.verification = Verification::Counts;
        plan
    }

    fn tally(plan: &Plan, received: [u64; 2]) -> Tally {
        let mut tally = Tally::new(&plan.demand);
        tally.streams[0].warmup.acked.messages = 40;
        tally.streams[0].measured.acked.messages = 60;
        tally.streams[0].warmup.consumed[0].messages = 40;
        tally.streams[0].warmup.consumed[1].messages = 40;
        for (consumed, count) in tally.streams[0].measured.consumed.iter_mut().zip(received) {
            consumed.messages = count;
        }
        tally
    }

    #[test]
    fn each_subscription_lacks_what_it_is_owed_and_did_not_receive() {
        let plan = plan();
        let of = |received| lacks(&plan, &tally(&plan, received)).into_values().collect::<Vec<_>>();
        assert_eq!(of([60, 57]), [0, 3]);
        assert_eq!(of([61, 0]), [0, 60], "more than it is owed");
        let seen = tally(&plan, [60, 57]);
        assert_eq!(drained(&plan, &seen), None, "of one cluster offsets tell");
        let mut apart = plan.clone();
        apart.demand.clients.consumer_cluster = Some(ConsumerCluster::default());
        assert_eq!(drained(&apart, &seen), Some(vec![true, false]));
    }

    #[test]
    fn a_drain_is_over_when_all_is_there_and_nothing_comes_any_more() {
        let plan = plan();
        let board = Board::new(plan.lanes.len());
        let at = |ms: u64| Timestamp::default() + Nanos(ms * MS.0);
        let come_to = |next: i64| {
            let part = Assigned { route: Route(0), partition: 0 };
            let position = vec![Moved { at: part, next }];
            board.slot(0).members = vec![MemberState { position, ..MemberState::default() }];
        };
        let mut across = Across::new(at(0));
        come_to(10);
        let short = across.look(&plan, &board, || tally(&plan, [60, 59]), at(0));
        assert_eq!((short.groups, short.left), (vec![false, false], 1));
        come_to(11);
        let still = across.look(&plan, &board, || panic!("too soon to add up"), at(100));
        assert_eq!((still.left, still.read), (1, 11));
        let whole = across.look(&plan, &board, || tally(&plan, [60, 60]), at(600));
        assert_eq!((whole.groups, whole.left), (vec![false, false], 0), "not yet quiet");
        let settled = at(100) + SETTLED;
        let quiet = across.look(&plan, &board, || tally(&plan, [60, 60]), settled);
        assert_eq!(quiet.groups, [true, true]);
    }
}
