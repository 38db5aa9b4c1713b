//! Who leads the partitions that a run sends to, asked when it starts and when it has ended.

use super::prepare::Ready;
use super::running::Watch;
use crate::link::Leaders;
use crate::measure::{LeadersSeen, Partitions};
use crate::units::Nanos;

/// How long the answer may take. It is not needed: a cluster that does not give it now has other troubles.
const DEADLINE: Nanos = Nanos::from_secs(2);

impl Ready {
    /// Who leads them now; `None` where partitions are not told apart, or nobody says.
    pub(super) fn leaders(&self) -> Option<Leaders> {
        let demand = &self.plan.demand;
        let is_told_apart = |of| Partitions::of(demand, of).is_kept();
        if demand.is_catch_up() || !demand.streams.iter().any(is_told_apart) {
            return None;
        }
        let topics = demand.streams.iter().flat_map(|stream| &stream.topics);
        let names: Vec<&str> = topics.map(|topic| topic.name.as_str()).collect();
        self.teardown.topics.leaders(&names, DEADLINE).ok().flatten()
    }
}

impl Watch<'_> {
    /// Who led them, and how many were led by another broker at the start.
    pub(super) fn leaders_seen(&self) -> Option<LeadersSeen> {
        let at_start = self.leaders.as_ref()?;
        self.ready.leaders().map(|at_end| LeadersSeen::of(at_start, at_end))
    }
}
