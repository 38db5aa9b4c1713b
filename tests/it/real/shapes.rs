//! Many topics, many partitions, many consumers: few clients or one for each.

use super::load::{Load, SMALL};
use super::{SOON, Turn, assert_exact, cluster, count, shared_turn};
use crate::cli::Kdyno;
use engine::link::Topics;
use serde_json::Value;

/// The shape of OMB's 100-topic-1kb-4p-4c, at a rate for a small host.
const HUNDRED_TOPICS: Load<'_> = Load {
    name: "100 topics, 4p, 4c",
    topics: 100,
    partitions: 1,
    size: 1_024,
    producers: 4,
    consumers: 4,
    rate: 2_000,
    seconds: 3,
    ..SMALL
};

/// The shape of OMB's 1m-10-topics-16-partitions, with eight consumers for each topic.
const EIGHTY_CONSUMERS: Load<'_> =
    Load { name: "10 topics, 16 partitions", topics: 10, partitions: 16, consumers: 8, ..SMALL };

/// Four topics, three producers and two consumers on each.
const FOUR_TOPICS: Load<'_> = Load {
    name: "4 topics, 3p, 2c",
    topics: 4,
    partitions: 2,
    producers: 3,
    consumers: 2,
    ..SMALL
};

/// Five hundred topics with few messages each.
const MANY_TOPICS: Load<'_> = Load {
    name: "500 topics",
    topics: 500,
    partitions: 1,
    producers: 1,
    consumers: 1,
    rate: 1_000,
    seconds: 3,
    warmup: 0,
    ..SMALL
};

fn kdyno(turn: &Turn, load: &Load<'_>, clients: &str) -> Kdyno {
    Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address, "--clients", clients])
        .with_file("w.yaml", &load.yaml())
}

/// For each group, the partitions of each member.
fn partitions_per_member(result: &Value) -> Vec<Vec<u64>> {
    let groups = result["plan"]["groups"].as_array().expect("groups are a list");
    let of = |group: &Value| -> Vec<u64> {
        let members = group["partitions_per_member"].as_array().expect("members were seen");
        members.iter().map(|held| held.as_u64().expect("a count")).collect()
    };
    groups.iter().map(of).collect()
}

/// Runs a load with so many clients; returns the partitions of each member, group by group.
fn check(turn: &Turn, load: &Load<'_>, clients: &str) -> Vec<Vec<u64>> {
    let ran = kdyno(turn, load, clients).run();
    let result = assert_exact(&ran, load.due(), 1);
    let held = partitions_per_member(&result);
    for members in &held {
        let (least, most) = (members.iter().min(), members.iter().max());
        let (least, most) = least.zip(most).expect("a group has members");
        assert!(most - least <= 1, "--clients {clients}: {members:?}");
    }
    let all: u64 = held.iter().flatten().sum();
    assert_eq!(all, u64::from(load.topics * load.partitions), "each partition has one reader");
    assert_eq!(count(&result, "/plan/consumers"), i64::from(load.topics * load.consumers), "plan");
    held
}

#[test]
fn a_hundred_topics_are_shared_evenly_by_few_consumers() {
    let Some(turn) = shared_turn() else { return };
    check(&turn, &HUNDRED_TOPICS, "shared");
    let held = check(&turn, &HUNDRED_TOPICS, "4");
    assert_eq!(held, [[25; 4]], "four members");
}

#[test]
fn five_hundred_topics_are_exact_and_each_request_has_its_cost() {
    let Some(turn) = shared_turn() else { return };
    let ran = kdyno(&turn, &MANY_TOPICS, "shared").run();
    let result = assert_exact(&ran, MANY_TOPICS.due(), 1);
    assert_eq!(count(&result, "/topics/created"), 500, "topics");
    let requests = &result["engine"]["requests"];
    let produce = count(requests, "/produce");
    // No request has messages of two topics, and each topic gets six in three seconds.
    assert!(500 <= produce && produce <= MANY_TOPICS.due(), "{requests:#}");
    let of = |name: &str| requests[name].as_f64().unwrap_or_else(|| panic!("{name}: {requests:#}"));
    let each = of("messages_per_produce") * of("cpu_us_per_produce");
    assert!(1.0 <= of("messages_per_produce") && 0.0 < each, "{requests:#}");
    assert!(1.0 < of("all_per_produce"), "fetches come on top: {requests:#}");
    assert!(of("cpu_us_per_request") < of("cpu_us_per_produce"), "{requests:#}");
    assert!(ran.stderr.contains("500 of 500 created"), "progress: {}", ran.stderr);
}

#[test]
fn eighty_consumers_share_ten_topics_of_sixteen_partitions_evenly() {
    let Some(turn) = shared_turn() else { return };
    let one_group = check(&turn, &EIGHTY_CONSUMERS, "80");
    assert_eq!(one_group, [[2; 80]], "eighty members");
    let ten_groups = check(&turn, &EIGHTY_CONSUMERS, "each");
    assert_eq!(ten_groups, vec![vec![2; 8]; 10], "a group for each topic");
}

#[test]
fn members_without_a_partition_leave_their_group_too() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "four for one", partitions: 1, consumers: 4, ..SMALL };
    let held = check(&turn, &load, "each");
    assert_eq!(held[0].iter().sum::<u64>(), 1, "three have none: {held:?}");
}

/// The members of the run's groups as the broker lists them, in the order of the names.
pub(super) fn members_at_the_broker(turn: &Turn, of: &str) -> Vec<(String, u64)> {
    let groups = cluster(&turn.address).list_groups(SOON).expect("the broker answers");
    let ours = groups.into_iter().filter(|group| group.name.contains(of));
    let mut members: Vec<(String, u64)> = ours
        .map(|group| (group.name, u64::try_from(group.members).expect("members fit in 64 bits")))
        .collect();
    members.sort();
    members
}

#[test]
fn the_broker_lists_the_members_that_the_plan_states() {
    let Some(turn) = shared_turn() else { return };
    for (clients, groups) in [("each", 4), ("shared", 1)] {
        let mut going_on = kdyno(&turn, &FOUR_TOPICS, clients).start();
        going_on.await_words("measured phase for");
        let listed = members_at_the_broker(&turn, "-4-topics-3p-2c_");
        let ran = going_on.finish();
        let result = assert_exact(&ran, FOUR_TOPICS.due(), 1);
        let planned = result["plan"]["groups"].as_array().expect("groups are a list");
        let mut planned: Vec<(String, u64)> = planned
            .iter()
            .map(|group| {
                let name = group["name"].as_str().expect("a group has a name").to_owned();
                (name, group["members"].as_u64().expect("a count"))
            })
            .collect();
        planned.sort();
        assert_eq!(listed, planned, "--clients {clients}");
        assert_eq!(planned.len(), groups, "--clients {clients}: groups");
        let left = members_at_the_broker(&turn, "-4-topics-3p-2c_");
        assert_eq!(left, [], "--clients {clients}: no group is left");
    }
}
