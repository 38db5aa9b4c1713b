//! Consumers that come and go while messages come.

use super::clients::{ClientCount, GroupPlan};
use crate::error::PlanError;
use crate::units::Nanos;

/// How consumers come and go: every so often some of each group leave it, and join it again half of that
/// time later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Churn {
    /// How often; above zero.
    pub every: Nanos,
    /// How many members of each group at a time, in turn; at least one.
    pub consumers: u32,
}

impl Churn {
    /// Whether a member of a group, one of so many, is away so long after the run's start. Nobody is in the
    /// first interval.
    #[must_use]
    pub fn is_away(self, (member, members): (u32, u32), since_start: Nanos) -> bool {
        let (round, into) = (since_start.0 / self.every.0, since_start.0 % self.every.0);
        if round == 0 || self.every.0 / 2 <= into || members <= self.consumers {
            return false;
        }
        let members = u64::from(members);
        let first = (round - 1) % members * u64::from(self.consumers) % members;
        (u64::from(member) + members - first) % members < u64::from(self.consumers)
    }

    /// How long after the start somebody comes or goes next, from a moment after it.
    #[must_use]
    pub fn next(self, since_start: Nanos) -> Nanos {
        let half = (self.every.0 / 2).max(1);
        let round = since_start.0 / self.every.0 * self.every.0;
        Nanos(if since_start.0 - round < half { round + half } else { round + self.every.0 })
    }

    /// Each consumer is a client of its own, unless the user says how many there are.
    pub(super) fn clients(churn: Option<Self>, asked: ClientCount) -> ClientCount {
        match asked {
            ClientCount::Shared if churn.is_some() => ClientCount::Each,
            asked => asked,
        }
    }

    /// Somebody has to stay.
    ///
    /// # Errors
    /// A group whose members would all be away at once.
    pub(super) fn check(churn: Option<Self>, groups: &[GroupPlan]) -> Result<(), PlanError> {
        let Some(churn) = churn else { return Ok(()) };
        let emptied =
            groups.iter().find(|group| 0 < group.members && group.members <= churn.consumers);
        emptied.map_or(Ok(()), |group| {
            Err(PlanError(format!(
                "consumersPerChurn: got {}, of group {} this host has {} members, need fewer: somebody has \
                 to stay (--clients each makes every consumer a member)",
                churn.consumers, group.name, group.members
            )))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Churn;
    use crate::units::Nanos;

    const CHURN: Churn = Churn { every: Nanos::from_secs(10), consumers: 2 };

    /// Who of five is away after so many seconds.
    fn away(seconds: u64) -> Vec<u32> {
        let is_away = |member: &u32| CHURN.is_away((*member, 5), Nanos::from_secs(seconds));
        (0..5).filter(is_away).collect()
    }

    #[test]
    fn members_are_away_in_turn_for_half_of_each_interval_after_the_first() {
        let expected: [(u64, &[u32]); 8] = [
            (0, &[]),
            (9, &[]),
            (10, &[0, 1]),
            (14, &[0, 1]),
            (15, &[]),
            (20, &[2, 3]),
            (30, &[0, 4]),
            (60, &[0, 1]),
        ];
        for (seconds, of) in expected {
            assert_eq!(away(seconds), of, "after {seconds} s");
        }
        assert!(!CHURN.is_away((0, 2), Nanos::from_secs(10)), "never all of them");
    }

    #[test]
    fn the_next_change_is_the_next_half_of_an_interval() {
        let check = |from: u64, expected: u64| {
            let next = CHURN.next(Nanos::from_secs(from));
            assert_eq!(next, Nanos::from_secs(expected), "after {from} s");
        };
        check(0, 5);
        check(4, 5);
        check(5, 10);
        check(9, 10);
        check(10, 15);
        let odd = Churn { every: Nanos(3), consumers: 1 };
        assert_eq!([0, 1, 2, 3].map(|from| odd.next(Nanos(from)).0), [1, 3, 3, 4], "always later");
    }
}
