//! Laws of readiness: every partition with exactly one of our consumers.

use super::ready::{Look, look, partitions_per_member};
use crate::lane::{Board, MemberState};
use crate::link::Assigned;
use crate::plan::samples::{self, stream, topics};
use crate::plan::{ClientCount, LaneWork, Plan, Route, StreamDemand};

/// What a member holds, as topic and partition; `None` when it has not joined.
type Holds = Option<&'static [(u32, i32)]>;

/// Two topics of two partitions, read by so many members.
fn plan_of(members: u32) -> Plan {
    let demand =
        StreamDemand { topics: topics(2, 2), consumers_per_subscription: members, ..stream(1_000) };
    samples::plan(demand, ClientCount::Number(members))
}

/// Puts the members on the board of the lanes that carry them.
fn board_of(plan: &Plan, members: &[Holds]) -> Board {
    let board = Board::new(plan.lanes.len());
    for (index, lane) in plan.lanes.iter().enumerate() {
        let mut slot = board.slot(index);
        slot.prepared = true;
        let LaneWork::Consume { clients } = &lane.work else { continue };
        for client in clients {
            let member = usize::try_from(client.member).expect("a few members");
            let holds = members[member];
            let held = |(topic, partition): &(u32, i32)| Assigned {
                route: Route(*topic),
                partition: *partition,
            };
            slot.members.push(MemberState {
                group: client.group,
                revision: u64::from(holds.is_some()),
                assignment: holds.unwrap_or_default().iter().map(held).collect(),
                position: Vec::new(),
            });
        }
    }
    board
}

fn seen(members: &[Holds]) -> Look {
    let plan = plan_of(u32::try_from(members.len()).expect("a few members"));
    look(&plan, &board_of(&plan, members))
}

const ALL: &[(u32, i32)] = &[(0, 0), (0, 1), (1, 0), (1, 1)];

#[test]
fn a_group_is_ready_when_every_partition_has_one_holder() {
    let check = |members: &[Holds]| {
        let joined = u64::try_from(members.len()).expect("a few members");
        assert_eq!(seen(members), Look::Complete(joined), "{members:?}");
    };
    check(&[Some(ALL)]);
    check(&[Some(&[(0, 0), (1, 1)]), Some(&[(0, 1), (1, 0)])]);
    check(&[Some(&[(0, 0)]), Some(&[]), Some(&[(0, 1), (1, 0), (1, 1)])]);
    check(&[Some(&[]), Some(&[]), Some(ALL), Some(&[]), Some(&[]), Some(&[])]);
}

#[test]
fn a_group_is_not_ready_and_it_is_said_why() {
    let check = |members: &[Holds], words: &str| {
        let Look::Waiting(missing) = seen(members) else { panic!("not ready: {words}") };
        assert!(missing.contains(words), "{missing} does not say: {words}");
    };
    check(&[None], "consumer 0 of subscription-0-law has not joined its group");
    check(&[Some(ALL), None], "consumer 1 of subscription-0-law has not joined its group");
    check(&[Some(&[])], "group subscription-0-law: 0 of 4 partitions are assigned");
    check(&[Some(&[(0, 0), (0, 1), (1, 0)])], "3 of 4 partitions are assigned");
    check(&[Some(ALL), Some(&[(1, 0)])], "two members hold partition 0 of topic-1");
    // Four held, but not the four.
    check(
        &[Some(&[(0, 0), (0, 1)]), Some(&[(0, 1), (1, 0)])],
        "two members hold partition 1 of topic-0",
    );
}

#[test]
fn groups_are_looked_at_apart() {
    let demand = StreamDemand { subscriptions: 2, ..stream(1_000) };
    let plan = samples::plan(demand, ClientCount::Number(1));
    let all: Holds = Some(&[(0, 0), (0, 1), (0, 2), (0, 3)]);
    let board = board_of(&plan, &[all]);
    assert_eq!(look(&plan, &board), Look::Complete(2), "both groups hold the same partitions");
    assert_eq!(partitions_per_member(&plan, &board), [[4], [4]], "one member each");
    for lane in 0..plan.lanes.len() {
        let mut slot = board.slot(lane);
        slot.members.iter_mut().filter(|member| member.group == 1).for_each(|member| {
            member.assignment.pop();
        });
    }
    let missing =
        Look::Waiting("group subscription-1-law: 3 of 4 partitions are assigned".to_owned());
    assert_eq!(look(&plan, &board), missing, "the second lacks one");
}

#[test]
fn the_number_of_a_complete_look_changes_with_every_rebalance() {
    let plan = plan_of(1);
    let board = board_of(&plan, &[Some(ALL)]);
    let before = look(&plan, &board);
    for lane in 0..plan.lanes.len() {
        board.slot(lane).members.iter_mut().for_each(|member| member.revision += 1);
    }
    assert_ne!(look(&plan, &board), before, "the same assignment, given anew");
}

#[test]
fn a_lane_that_cannot_go_on_ends_the_wait() {
    let plan = plan_of(1);
    let board = board_of(&plan, &[Some(ALL)]);
    board.slot(0).failed = Some("no client".to_owned());
    assert_eq!(look(&plan, &board), Look::Failed("no client".to_owned()), "even if all is held");
}

#[test]
fn lanes_without_clients_yet_are_named() {
    let plan = plan_of(1);
    let board = board_of(&plan, &[Some(ALL)]);
    board.slot(0).prepared = false;
    let words = format!("lane {}: its clients are not made yet", plan.lanes[0].name);
    assert_eq!(look(&plan, &board), Look::Waiting(words), "by name");
}
