//! Laws of clients: who carries the logical producers and consumers.

use super::clients;
use super::samples::{self, machine, stream, topics};
use super::{ClientCount, ConsumerClient, LaneWork, Plan, ProducerClient, StreamDemand, Wishes};
use crate::time::{Clock, OsClock};
use crate::units::Nanos;
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};
use std::collections::BTreeSet;

fn producers(plan: &Plan) -> Vec<&ProducerClient> {
    let clients = plan.lanes.iter().flat_map(|lane| match &lane.work {
        LaneWork::Produce { clients, .. } => clients.as_slice(),
        LaneWork::Consume { .. } => &[],
    });
    clients.collect()
}

fn consumers(plan: &Plan) -> Vec<&ConsumerClient> {
    let clients = plan.lanes.iter().flat_map(|lane| match &lane.work {
        LaneWork::Consume { clients } => clients.as_slice(),
        LaneWork::Produce { .. } => &[],
    });
    clients.collect()
}

/// The study's example: 10 topics × 10 producers, 2 subscriptions × 4 consumers.
fn example() -> StreamDemand {
    StreamDemand {
        topics: topics(10, 6),
        producers_per_topic: 10,
        subscriptions: 2,
        consumers_per_subscription: 4,
        ..stream(50_000)
    }
}

#[test]
fn the_example_has_100_producers_and_80_consumers_whoever_carries_them() {
    // Clients; producing ones, groups, members of each group.
    let check = |count: ClientCount, producing: usize, groups: usize, members: u32| {
        let plan = samples::plan(example(), count);
        assert_eq!(plan.logical_producers(), 100, "{count:?}: logical producers");
        assert_eq!(plan.logical_consumers(), 80, "{count:?}: logical consumers");
        assert_eq!(plan.demand.streams[0].topics.len(), 10, "{count:?}: topics");
        assert_eq!(producers(&plan).len(), producing, "{count:?}: producing clients");
        assert_eq!(plan.groups.len(), groups, "{count:?}: groups");
        let sizes: Vec<u32> = plan.groups.iter().map(|group| group.members).collect();
        assert_eq!(sizes, vec![members; groups], "{count:?}: members");
        let logical: u64 = plan.groups.iter().map(|group| group.logical).sum();
        assert_eq!(logical, 80, "{count:?}: every logical consumer is in a group");
    };
    check(ClientCount::Shared, 1, 2, 1);
    check(ClientCount::Each, 100, 20, 4);
    check(ClientCount::Number(5), 5, 2, 5);
}

#[test]
fn groups_are_named_as_omb_names_them() {
    let names = |demand: StreamDemand, count: ClientCount| -> Vec<String> {
        samples::plan(demand, count).groups.into_iter().map(|group| group.name).collect()
    };
    let small = || StreamDemand { topics: topics(2, 1), subscriptions: 2, ..stream(1) };
    assert_eq!(
        names(small(), ClientCount::Shared),
        ["subscription-0-law", "subscription-1-law"],
        "one group over all topics"
    );
    assert_eq!(
        names(small(), ClientCount::Each),
        [
            "subscription-0-law-topic-0",
            "subscription-0-law-topic-1",
            "subscription-1-law-topic-0",
            "subscription-1-law-topic-1"
        ],
        "one group per topic and subscription"
    );
}

#[test]
fn groups_of_several_streams_have_names_of_their_own() {
    let mut demand = samples::demand(stream(1));
    demand.streams.push(StreamDemand { name: "second".to_owned(), ..stream(1) });
    let plan = Plan::new(demand, &machine(8), &Wishes::default()).expect("no wishes");
    let names: Vec<&str> = plan.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["subscription-0-law-main", "subscription-0-law-second"], "with the stream");
}

#[test]
fn a_group_reads_its_topics_and_no_others() {
    let routes = |count| -> Vec<Vec<u32>> {
        let plan = samples::plan(StreamDemand { topics: topics(3, 2), ..stream(1) }, count);
        let of = |group: &super::GroupPlan| {
            let partitions = group.partitions(&plan.demand.streams[0]);
            let routes: Vec<u32> = group.routes().map(|route| route.0).collect();
            assert_eq!(Ok(partitions), u64::try_from(routes.len() * 2), "two partitions each");
            routes
        };
        plan.groups.iter().map(of).collect()
    };
    assert_eq!(routes(ClientCount::Shared), [[0, 1, 2]], "all");
    assert_eq!(routes(ClientCount::Each), [[0], [1], [2]], "its own");
}

#[test]
fn a_run_without_readers_has_no_groups_and_one_without_writers_no_producers() {
    let check = |subscriptions, consumers_per_subscription| {
        for count in [ClientCount::Shared, ClientCount::Each, ClientCount::Number(3)] {
            let demand = StreamDemand { subscriptions, consumers_per_subscription, ..stream(1) };
            let plan = samples::plan(demand, count);
            assert!(
                plan.groups.is_empty() && consumers(&plan).is_empty(),
                "{count:?}: nobody reads"
            );
        }
    };
    check(0, 1);
    check(1, 0);
    let silent = StreamDemand { producers_per_topic: 0, ..stream(1) };
    assert!(producers(&samples::plan(silent, ClientCount::Number(3))).is_empty(), "nobody writes");
}

fn counts() -> impl Strategy<Value = ClientCount> {
    prop_oneof![
        Just(ClientCount::Shared),
        Just(ClientCount::Each),
        (0_u32..20).prop_map(ClientCount::Number),
    ]
}

proptest! {
    #[test]
    fn every_logical_producer_is_carried_exactly_once(
        cores in 1_usize..70,
        count in counts(),
        (topic_count, per_topic) in (1_u32..30, 1_u32..8),
        per_second in 1_u64..5_000_000,
    ) {
        let demand = samples::demand(StreamDemand {
            topics: topics(topic_count, 1), producers_per_topic: per_topic, ..stream(per_second)
        });
        let logical = demand.streams[0].producers();
        let wishes = Wishes { clients: count, ..Wishes::default() };
        let plan = Plan::new(demand, &machine(cores), &wishes).expect("no cores are wished");
        let clients = producers(&plan);
        assert!(clients.iter().all(|client| !client.producers.is_empty()), "no client is idle");
        assert!(clients.iter().all(|client| client.producers.is_sorted()), "ascending");
        let mut carried: Vec<u64> =
            clients.iter().flat_map(|client| client.producers.iter().copied()).collect();
        carried.sort_unstable();
        assert_eq!(carried, (0..logical).collect::<Vec<_>>(), "each once");
        let most = clients.iter().map(|client| client.producers.len()).max();
        let least = clients.iter().map(|client| client.producers.len()).min();
        assert!(most <= least.map(|least| least + 1), "evenly: {least:?} to {most:?}");
    }

    #[test]
    fn a_groups_members_are_numbered_and_no_more_than_there_is_to_do(
        cores in 1_usize..70,
        count in counts(),
        (topic_count, partitions) in (1_u32..6, 1_u32..6),
        (subscriptions, per_subscription) in (1_u32..4, 1_u32..6),
    ) {
        let demand = samples::demand(StreamDemand {
            topics: topics(topic_count, partitions),
            subscriptions,
            consumers_per_subscription: per_subscription,
            ..stream(5_000_000)
        });
        let wishes = Wishes { clients: count, ..Wishes::default() };
        let plan = Plan::new(demand, &machine(cores), &wishes).expect("no cores are wished");
        for (index, group) in plan.groups.iter().enumerate() {
            let mut members: Vec<u32> = consumers(&plan)
                .into_iter()
                .filter(|client| client.group == index)
                .map(|client| client.member)
                .collect();
            members.sort_unstable();
            assert_eq!(members, (0..group.members).collect::<Vec<_>>(), "each once, from 0");
            assert!(0 < group.members, "somebody reads {}", group.name);
            if count == ClientCount::Shared {
                let all = group.partitions(&plan.demand.streams[0]);
                assert!(u64::from(group.members) <= all, "no member without a partition");
                assert!(u64::from(group.members) <= group.logical, "nor without a consumer");
            }
        }
    }
}

#[test]
fn a_thousand_topics_are_planned_quickly() {
    let clock = OsClock::anchored();
    for count in [ClientCount::Shared, ClientCount::Each, ClientCount::Number(100)] {
        let demand = StreamDemand { topics: topics(1_000, 4), producers_per_topic: 4, ..example() };
        let begun = clock.now();
        let plan = samples::plan(demand, count);
        let took = begun.until(clock.now());
        assert_eq!(plan.logical_producers(), 4_000, "{count:?}: all of them");
        // Milliseconds, even without optimising; the limit only tells them from a square.
        assert!(took < Nanos::from_secs(1), "{count:?}: took {took}");
    }
}

#[test]
fn very_many_topics_are_read_by_several_groups_of_shared_clients() {
    let of = |topics: u32, count: ClientCount| {
        let topics = samples::topics(topics, 2);
        let plan = samples::plan(StreamDemand { topics, ..stream(1_000) }, count);
        let told = plan.remarks.iter().any(|words| words.starts_with("a subscription is read by"));
        let ranges: Vec<_> = plan.groups.iter().map(|group| group.topics.clone()).collect();
        let logical: u64 = plan.groups.iter().map(|group| group.logical).sum();
        (ranges, plan.groups[0].name.clone(), logical, told)
    };
    let name = |ending: &str| format!("subscription-0-law{ending}");
    let whole = |end: u32| std::iter::once(0..end).collect::<Vec<_>>();
    assert_eq!(of(250, ClientCount::Shared), (whole(250), name(""), 250, false));
    let three = vec![0..234, 234..468, 468..700];
    assert_eq!(of(700, ClientCount::Shared), (three, name("-0"), 700, true));
    assert_eq!(of(251, ClientCount::Shared).0, [0..126, 126..251]);
    let asked = of(2_500, ClientCount::Number(2));
    assert_eq!(asked, (whole(2_500), name(""), 2_500, false), "as asked");
    let is_warned = |topics: u32, members: u32| {
        let demand = StreamDemand { topics: samples::topics(topics, 2), ..stream(1_000) };
        let plan = samples::plan(demand, ClientCount::Number(members));
        plan.remarks.iter().any(|words| words.contains("longer than consumerReadyTimeout"))
    };
    let warned =
        [(2_500, 2), (2_500, 1), (1_000, 2)].map(|(topics, members)| is_warned(topics, members));
    assert_eq!(warned, [true, false, false], "of groups that are long in dealing");
}

#[test]
fn every_lane_reads_its_part_of_the_groups_by_few_clients() {
    for lanes in 1..=64_usize {
        assert_eq!(clients::members_on(lanes, 1), lanes, "one group: a member for each lane");
        for groups in 1..=80 {
            let members = clients::members_on(lanes, groups);
            let all = groups * members;
            let busiest = all.div_ceil(lanes);
            assert!(lanes <= all, "{groups} groups, {lanes} lanes: none is idle");
            assert!(busiest * lanes * 10 <= all * 11, "{groups} groups, {lanes} lanes: even");
            assert!(members <= lanes, "{groups} groups, {lanes} lanes");
        }
    }
    assert_eq!([1, 3, 8, 16].map(|lanes| clients::members_on(lanes, 40)), [1, 1, 1, 2]);
}

#[test]
fn producers_of_very_many_partitions_have_clients_of_their_own_topics() {
    let of = |topics: u32, partitions: u32, per_topic: u32, count: ClientCount| {
        let topics = samples::topics(topics, partitions);
        let demand = StreamDemand { topics, producers_per_topic: per_topic, ..stream(1_000) };
        let plan = samples::plan(demand, count);
        let told =
            plan.remarks.iter().any(|words| words.contains("goes through all its partitions"));
        let clients: Vec<Vec<u64>> =
            producers(&plan).into_iter().map(|client| client.producers.clone()).collect();
        (clients, told)
    };
    let count = |topics, partitions, count| {
        let (clients, told) = of(topics, partitions, 1, count);
        (clients.len(), told)
    };
    assert_eq!(count(500, 1, ClientCount::Shared), (1, false));
    assert_eq!(count(501, 1, ClientCount::Shared), (2, true));
    assert_eq!(count(10_000, 1, ClientCount::Shared), (20, true));
    assert_eq!(count(100, 100, ClientCount::Shared), (20, true));
    assert_eq!(count(1, 1_000, ClientCount::Shared), (1, false), "one topic is not parted");
    assert_eq!(count(10_000, 1, ClientCount::Number(1)), (1, false), "as asked");
    // 701 is no multiple of two: producers of a topic are in one client all the same.
    let (clients, _) = of(701, 1, 3, ClientCount::Shared);
    let topics =
        |client: &Vec<u64>| client.iter().map(|producer| producer % 701).collect::<BTreeSet<_>>();
    assert_eq!(clients.iter().map(|client| topics(client).len()).collect::<Vec<_>>(), [351, 350]);
    let all: BTreeSet<u64> = clients.iter().flatten().copied().collect();
    assert_eq!((all.len(), clients.concat().len()), (2_103, 2_103), "each once");
    assert!(clients.iter().all(|client| client.is_sorted()), "ascending");
}
