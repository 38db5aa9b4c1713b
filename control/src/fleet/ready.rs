//! Whether a task's consumers are ready, as far as one worker can tell.

use super::protocol::{Assignment, Readiness};
use super::task::Task;
use engine::lane::Progress;
use engine::units::{Nanos, Timestamp};

/// How long assignments must have stayed as they are.
const SETTLE: Nanos = Nanos::from_millis(500);

/// What was seen of a task's consumers when somebody asked.
#[derive(Debug, Default)]
pub(super) struct Settling {
    seen: Option<(u64, Timestamp)>,
}

impl Settling {
    /// Looks at a task's consumers.
    pub(super) fn look(&mut self, task: &Task, now: Timestamp) -> Readiness {
        let lanes = task.reins.progress();
        let (subscribed, revision) = joined(&lanes);
        let since = match self.seen {
            Some((known, since)) if known == revision => since,
            _ => now,
        };
        self.seen = Some((revision, since));
        let error = lanes.iter().find_map(|lane| lane.failed.clone());
        let is_settled = now.since(since).is_some_and(|quiet| SETTLE <= quiet);
        Readiness {
            subscribed,
            assigned_partitions: assigned(task, &lanes),
            ready: subscribed && is_settled && error.is_none(),
            error,
        }
    }
}

/// Whether all members have joined, and a number that changes with every rebalance.
fn joined(lanes: &[Progress]) -> (bool, u64) {
    let members = || lanes.iter().flat_map(|lane| &lane.members);
    let all = lanes.iter().all(|lane| lane.prepared) && members().all(|of| 0 < of.revision);
    (all, members().map(|member| member.revision).sum())
}

fn assigned(task: &Task, lanes: &[Progress]) -> Vec<Assignment> {
    let plan = task.reins.plan();
    let mut all: Vec<Assignment> = Vec::new();
    for member in lanes.iter().flat_map(|lane| &lane.members) {
        let Some(group) = plan.groups.get(member.group) else { continue };
        all.extend(member.assignment.iter().map(|of| Assignment {
            topic: plan.topic(group.stream, of.route).to_owned(),
            partition: of.partition,
        }));
    }
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::joined;
    use engine::lane::{MemberState, Progress};

    #[test]
    fn a_member_without_a_partition_has_joined_and_one_that_was_not_asked_has_not() {
        let lane = |prepared, revisions: &[u64]| Progress {
            prepared,
            failed: None,
            has_enough: false,
            members: revisions
                .iter()
                .map(|revision| MemberState { revision: *revision, ..MemberState::default() })
                .collect(),
        };
        assert_eq!(joined(&[lane(true, &[1, 2]), lane(true, &[])]), (true, 3));
        assert_eq!(joined(&[lane(true, &[1, 0])]), (false, 1), "one has not joined");
        assert_eq!(joined(&[lane(false, &[1])]), (false, 1), "its clients are not made");
    }
}
