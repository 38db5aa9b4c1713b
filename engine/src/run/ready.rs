//! Readiness: every partition of every group with exactly one of our consumers, and no rebalance.

use crate::lane::{Board, MemberState};
use crate::link::Assigned;
use crate::plan::{LaneWork, Plan};
use std::collections::HashSet;

/// What the board shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A lane cannot go on.
    Failed(String),
    /// Not yet, and what is missing.
    Waiting(String),
    /// Complete; the number changes with every rebalance.
    Complete(u64),
}

/// Looks at all lanes once.
pub(super) fn look(plan: &Plan, board: &Board) -> Look {
    let mut members: Vec<Vec<MemberState>> = vec![Vec::new(); plan.groups.len()];
    let mut unprepared = None;
    for (lane, slot) in plan.lanes.iter().zip(board.slots()) {
        if let Some(words) = &slot.failed {
            return Look::Failed(words.clone());
        }
        if !slot.prepared {
            unprepared
                .get_or_insert_with(|| format!("lane {}: its clients are not made yet", lane.name));
        }
        for (client, state) in clients(&lane.work).zip(&slot.members) {
            if state.revision == 0 {
                unprepared.get_or_insert_with(|| format!("{client} has not joined its group"));
            }
            members[state.group].push(state.clone());
        }
    }
    if let Some(missing) = unprepared {
        return Look::Waiting(missing);
    }
    let gap =
        members.iter().enumerate().find_map(|(group, members)| incomplete(plan, group, members));
    match gap {
        Some(missing) => Look::Waiting(missing),
        None => Look::Complete(members.iter().flatten().map(|member| member.revision).sum()),
    }
}

fn clients(work: &LaneWork) -> impl Iterator<Item = &str> {
    let clients = match work {
        LaneWork::Consume { clients } => clients.as_slice(),
        LaneWork::Produce { .. } => &[],
    };
    clients.iter().map(|client| client.name.as_str())
}

/// What a group lacks: a partition that nobody holds, or one that two hold.
fn incomplete(plan: &Plan, group: usize, members: &[MemberState]) -> Option<String> {
    let group = &plan.groups[group];
    let wanted = group.partitions(&plan.demand.streams[group.stream]);
    let mut held = HashSet::<Assigned>::new();
    for assigned in members.iter().flat_map(|member| &member.assignment) {
        if !held.insert(*assigned) {
            let topic = plan.topic(group.stream, assigned.route);
            return Some(format!(
                "group {}: two members hold partition {} of {topic}",
                group.name, assigned.partition
            ));
        }
    }
    let held = u64::try_from(held.len()).expect("partitions fit in 64 bits");
    (held < wanted)
        .then(|| format!("group {}: {held} of {wanted} partitions are assigned", group.name))
}

/// For each group, how many partitions each of its members holds.
pub(super) fn partitions_per_member(plan: &Plan, board: &Board) -> Vec<Vec<usize>> {
    let mut counts = vec![Vec::new(); plan.groups.len()];
    for slot in board.slots() {
        for member in &slot.members {
            counts[member.group].push(member.assignment.len());
        }
    }
    counts
}
