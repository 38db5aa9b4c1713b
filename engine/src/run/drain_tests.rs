//! Laws of the consumers' drain.

use super::drain::{Drained, Targets, look, removed};
use crate::error::RunError;
use crate::lane::{Board, MemberState};
use crate::link::{Assigned, Log, Moved, TopicSpec, Topics};
use crate::measure::Tally;
use crate::plan::samples::{self, stream, topics};
use crate::plan::{ClientCount, Plan, Route, StreamDemand};
use crate::units::Nanos;

/// Topics of which only the ends are asked.
struct Ends(Vec<i64>);

impl Topics for Ends {
    fn create(
        &self,
        _topics: &[TopicSpec],
        _deadline: Nanos,
        _progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<String>, (RunError, Vec<String>)> {
        Ok(Vec::new())
    }

    fn logs(&self, _: &str, _: u32, _: Nanos) -> Result<Vec<Log>, RunError> {
        Ok(self.0.iter().map(|end| Log { first: *end / 2, end: *end }).collect())
    }
}

/// One topic of three partitions, read by two groups of two members.
fn plan() -> Plan {
    let demand = StreamDemand {
        topics: topics(1, 3),
        subscriptions: 2,
        consumers_per_subscription: 2,
        ..stream(1_000)
    };
    samples::plan(demand, ClientCount::Number(2))
}

fn targets(plan: &Plan, acked: [i64; 3]) -> Targets {
    let mut total = Tally::new(&plan.demand);
    total.streams[0].acked_offsets.copy_from_slice(&acked);
    Targets::new(plan, &total, &Ends(vec![7, 8, 9]))
}

/// What the board says of members: their group, and the next offset of some partitions.
fn drained(plan: &Plan, targets: &Targets, members: &[(usize, &[(i32, i64)])]) -> Drained {
    let board = Board::new(plan.lanes.len());
    let moved = |(partition, next): &(i32, i64)| Moved {
        at: Assigned { route: Route(0), partition: *partition },
        next: *next,
    };
    board.slot(0).members = members
        .iter()
        .map(|(group, next)| MemberState {
            group: *group,
            position: next.iter().map(moved).collect(),
            ..MemberState::default()
        })
        .collect();
    look(plan, &board, targets)
}

#[test]
fn a_group_is_drained_when_it_has_passed_the_highest_acked_offset_of_every_partition() {
    // Acked up to these offsets; read so far by group 0; left.
    let check = |acked: [i64; 3], next: &[(i32, i64)], left: u64| {
        let plan = plan();
        let all = [(0, acked[0] + 1), (1, acked[1] + 1), (2, acked[2] + 1)];
        let seen = drained(&plan, &targets(&plan, acked), &[(0, next), (1, &all)]);
        assert_eq!(seen.left, left, "{acked:?}, read up to {next:?}");
        assert_eq!(seen.groups, [left == 0, true], "{acked:?}, read up to {next:?}");
    };
    check([9, 9, 9], &[(0, 10), (1, 10), (2, 10)], 0);
    check([9, 9, 9], &[(0, 12), (1, 10), (2, 10)], 0);
    check([9, 9, 9], &[(0, 10), (1, 9), (2, 10)], 1);
    check([9, 9, 9], &[(0, 100), (1, 0), (2, 10)], 10);
    check([9, 9, 9], &[(0, 10), (1, 10)], 10);
    check([9, 9, 9], &[], 30);
    check([9, -1, 9], &[(0, 10), (2, 10)], 0);
    check([-1, -1, -1], &[], 0);
    check([0, -1, -1], &[], 1);
}

#[test]
fn a_partition_that_moved_between_members_counts_as_far_as_anyone_came() {
    let plan = plan();
    let targets = targets(&plan, [9, -1, -1]);
    let seen = drained(&plan, &targets, &[(0, &[(0, 4)]), (0, &[(0, 10)]), (1, &[(0, 9)])]);
    assert_eq!((seen.groups, seen.left), (vec![true, false], 1), "the second group lacks one");
}

#[test]
fn as_long_as_something_is_read_the_sum_grows() {
    let plan = plan();
    let targets = targets(&plan, [9, 9, 9]);
    let before = drained(&plan, &targets, &[(0, &[(0, 4)]), (1, &[(1, 2)])]);
    let after = drained(&plan, &targets, &[(0, &[(0, 4)]), (1, &[(1, 3)])]);
    assert_eq!((before.read, after.read), (6, 7), "over all groups");
}

#[test]
fn where_acks_say_no_offsets_the_topics_ends_are_asked() {
    let check = |name: &str, value: &str, expected: u64| {
        let mut plan = plan();
        plan.demand.clients.producer.push((name.to_owned(), value.to_owned()));
        let targets = targets(&plan, [-1, -1, -1]);
        let seen = drained(&plan, &targets, &[]);
        assert_eq!(seen.left, expected * 2, "{name}={value}, for two groups");
    };
    check("acks", "0", 7 + 8 + 9);
    check("request.required.acks", "0", 7 + 8 + 9);
    check("request.required.acks", "all", 0);
    check("linger.ms", "0", 0);
}

#[test]
fn an_end_that_could_not_be_asked_for_is_never_passed() {
    /// Topics of a cluster that is gone.
    struct Gone;

    impl Topics for Gone {
        fn create(
            &self,
            _topics: &[TopicSpec],
            _deadline: Nanos,
            _progress: &mut dyn FnMut(usize),
        ) -> Result<Vec<String>, (RunError, Vec<String>)> {
            Ok(Vec::new())
        }

        fn logs(&self, topic: &str, _: u32, _: Nanos) -> Result<Vec<Log>, RunError> {
            Err(RunError::Topic { topic: topic.to_owned(), reason: "gone".to_owned() })
        }
    }

    let mut plan = plan();
    plan.demand.clients.producer.push(("acks".to_owned(), "0".to_owned()));
    let targets = Targets::new(&plan, &Tally::new(&plan.demand), &Gone);
    let all: &[(i32, i64)] = &[(0, 10), (1, 10), (2, 10)];
    let seen = drained(&plan, &targets, &[(0, all), (1, all)]);
    assert_eq!(seen.groups, [false, false], "what is missing is not known to be lost");
    assert_eq!(removed(&plan, &Gone), None, "nor what was removed");
}

#[test]
fn what_the_logs_no_longer_hold_was_removed() {
    let mut plan = plan();
    assert_eq!(removed(&plan, &Ends(vec![10, 0, 4])), Some(7), "before the first that is left");
    plan.demand.streams[0].topics[0].existing = true;
    assert_eq!(removed(&plan, &Ends(vec![10, 0, 4])), None, "who knows where it began");
}
