//! Laws of placement: who runs where, and how it waits.

use super::samples::{self, machine, stream, topics};
use super::{
    ClientCount, Deal, LanePlan, LaneWork, Pace, Plan, Role, Share, StreamDemand,
    TransactionLength, Transactions, Verification, WaitChoice, Wishes,
};
use crate::error::PlanError;
use crate::time::WaitMode;
use crate::units::Nanos;
use std::collections::BTreeSet;

/// A load that wants every core: no rate, many producers and consumers.
fn greedy() -> StreamDemand {
    StreamDemand {
        pace: Pace::Max { in_flight: None },
        topics: topics(10, 16),
        producers_per_topic: 10,
        consumers_per_subscription: 10,
        ..stream(1)
    }
}

fn planned(stream: StreamDemand, cores: usize, wishes: &Wishes) -> Result<Plan, PlanError> {
    Plan::new(samples::demand(stream), &machine(cores), wishes)
}

fn lanes(stream: StreamDemand, cores: usize) -> Vec<LanePlan> {
    planned(stream, cores, &Wishes::default()).expect("nothing is wished").lanes
}

fn count(lanes: &[LanePlan], role: Role) -> usize {
    lanes.iter().filter(|lane| lane.role() == role).count()
}

#[test]
fn nobody_starves_on_any_machine() {
    // Producing lanes, consuming lanes, cores for the client's threads.
    let check = |cores: usize, producing: usize, consuming: usize, io: usize| {
        let lanes = lanes(greedy(), cores);
        assert_eq!(count(&lanes, Role::Producer), producing, "{cores} cores: producing lanes");
        assert_eq!(count(&lanes, Role::Consumer), consuming, "{cores} cores: consuming lanes");
        assert!(lanes.iter().all(|lane| lane.io_cores.len() == io), "{cores} cores: the client's");
        assert!(lanes.iter().all(|lane| 0 < lane.client_count()), "{cores} cores: no lane is idle");
    };
    check(1, 1, 1, 1);
    check(2, 1, 1, 2);
    check(4, 1, 1, 2);
    check(8, 3, 2, 3);
    check(64, 21, 21, 22);
}

#[test]
fn from_four_cores_on_lanes_and_the_clients_threads_are_apart() {
    for cores in [1, 2, 3, 4, 5, 8, 64] {
        let lanes = lanes(greedy(), cores);
        let mut own: Vec<usize> = lanes.iter().map(|lane| lane.core).collect();
        own.sort_unstable();
        own.dedup();
        let together = lanes.iter().any(|lane| lane.io_cores.contains(&lane.core));
        assert_eq!(together, cores < 4, "{cores} cores: shared with the client's threads");
        assert_eq!(own.len() < lanes.len(), cores < 2, "{cores} cores: shared among lanes");
        for lane in &lanes {
            assert_eq!(lane.shares_core, cores < 4, "{cores} cores: {} knows it", lane.name);
            let expected = if lane.shares_core { WaitMode::Sleep } else { WaitMode::Spin };
            assert_eq!(lane.wait, expected, "{cores} cores: sleep when shared, spin when own");
            let within = if lane.shares_core { (0..cores).collect() } else { vec![lane.core] };
            assert_eq!(lane.cores, within, "{cores} cores: anywhere when shared, at home when own");
        }
    }
}

#[test]
fn sharing_is_remarked() {
    let remarks =
        |cores| planned(greedy(), cores, &Wishes::default()).expect("nothing is wished").remarks;
    let expected = "2 lanes and the client's threads share 2 cores: lanes wait by sleeping unless told to spin";
    assert_eq!(remarks(2), [expected], "before the run");
    assert!(remarks(8).is_empty(), "nothing to say");
}

#[test]
fn lanes_follow_the_load() {
    let check = |per_second: u64, producers: u32, producing: usize, consuming: usize| {
        let demand = StreamDemand {
            producers_per_topic: producers,
            consumers_per_subscription: 100,
            subscriptions: 2,
            ..stream(per_second)
        };
        let lanes = lanes(demand, 64);
        assert_eq!(
            count(&lanes, Role::Producer),
            producing,
            "{per_second}/s, {producers} producers"
        );
        assert_eq!(count(&lanes, Role::Consumer), consuming, "{per_second}/s read twice");
    };
    check(1, 100, 1, 1);
    check(300_000, 100, 1, 2);
    check(300_001, 100, 2, 3);
    check(3_000_000, 100, 10, 8);
    check(3_000_000, 3, 3, 8);
}

#[test]
fn every_stream_has_lanes_of_its_own() {
    let mut demand = samples::demand(stream(1));
    for name in ["second", "third"] {
        demand.streams.push(StreamDemand { name: name.to_owned(), ..stream(1) });
    }
    for cores in [1, 2, 8] {
        let plan = Plan::new(demand.clone(), &machine(cores), &Wishes::default());
        let plan = plan.expect("nothing is wished");
        assert_eq!(count(&plan.lanes, Role::Producer), 3, "{cores} cores");
        assert_eq!(count(&plan.lanes, Role::Consumer), 3, "{cores} cores: nor are readers shared");
        let streams = |lane: &LanePlan| match &lane.work {
            LaneWork::Produce { stream, .. } => vec![*stream],
            LaneWork::Consume { clients } => {
                clients.iter().map(|client| plan.groups[client.group].stream).collect()
            }
        };
        let carried: Vec<Vec<usize>> = plan.lanes.iter().map(streams).collect();
        assert_eq!(carried, [[0], [1], [2], [0], [1], [2]], "{cores} cores: one each");
        let names = plan.lanes.iter().filter_map(|lane| match &lane.work {
            LaneWork::Produce { clients, .. } => Some(clients[0].name.as_str()),
            LaneWork::Consume { .. } => None,
        });
        let names: Vec<&str> = names.collect();
        assert_eq!(names[1], "producer client 0 of second", "told apart: {names:?}");
    }
}

#[test]
fn wishes_are_obeyed() {
    let check =
        |cores: Option<Vec<usize>>, io: Option<Vec<usize>>, on: &[usize], beside: &[usize]| {
            let wishes = Wishes { cores, io_cores: io, ..Wishes::default() };
            let lanes = planned(greedy(), 8, &wishes).expect("all of these cores exist").lanes;
            let mut used: Vec<usize> = lanes.iter().map(|lane| lane.core).collect();
            used.sort_unstable();
            used.dedup();
            assert_eq!(used, on, "{wishes:?}: lanes");
            assert!(
                lanes.iter().all(|lane| lane.io_cores == beside),
                "{wishes:?}: the client's threads"
            );
        };
    check(Some(vec![2, 3]), None, &[2, 3], &[0, 1, 4, 5, 6, 7]);
    check(None, Some(vec![0]), &[1, 2, 3, 4, 5, 6, 7], &[0]);
    check(Some(vec![5, 6, 7]), Some(vec![1]), &[5, 6, 7], &[1]);
    check(Some(vec![2, 3]), Some(vec![2, 3]), &[2, 3], &[2, 3]);
    check(Some((0..8).collect()), None, &[0, 1, 2, 3, 4, 5, 6, 7], &[0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_wish_for_the_way_of_waiting_wins() {
    for mode in [WaitMode::Spin, WaitMode::Sleep] {
        for cores in [1, 8] {
            let wishes = Wishes { wait: WaitChoice::Fixed(mode), ..Wishes::default() };
            let lanes = planned(greedy(), cores, &wishes).expect("no cores are wished").lanes;
            assert!(lanes.iter().all(|lane| lane.wait == mode), "{mode:?} on {cores} cores");
        }
    }
}

#[test]
fn cores_that_do_not_exist_are_refused_by_name() {
    let check = |wishes: &Wishes, expected: &str| {
        let refused = planned(stream(1), 2, wishes).map(|_| ());
        assert_eq!(refused, Err(PlanError(expected.to_owned())), "{wishes:?}");
    };
    let lanes = |cores| Wishes { cores: Some(cores), ..Wishes::default() };
    let io = |cores| Wishes { io_cores: Some(cores), ..Wishes::default() };
    check(&lanes(vec![0, 9]), "--cores: got core 9, this process may use [0, 1]");
    check(&io(vec![2]), "--io-cores: got core 2, this process may use [0, 1]");
    check(&lanes(vec![]), "--cores: need at least one core");
    check(&io(vec![]), "--io-cores: need at least one core");
}

#[test]
fn names_of_lanes_fit_a_threads_name_and_are_unique() {
    let lanes = lanes(greedy(), 64);
    let mut names: Vec<&str> = lanes.iter().map(|lane| lane.name.as_str()).collect();
    assert!(names.iter().all(|name| name.len() <= 15), "Linux keeps 15 characters: {names:?}");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), lanes.len(), "each once");
}

#[test]
fn more_series_than_memory_is_meant_for_are_verified_by_counts_and_it_is_said() {
    let check = |producers: u32, partitions: u32, expected: Verification| {
        let stream = StreamDemand {
            topics: topics(1, partitions),
            producers_per_topic: producers,
            ..stream(1)
        };
        let plan = planned(stream, 8, &Wishes::default()).expect("nothing is wished");
        assert_eq!(plan.demand.verification, expected, "{producers} × {partitions}");
        let told = plan.remarks.iter().any(|remark| remark.contains("by counts alone"));
        assert_eq!(told, expected == Verification::Counts, "{:?}", plan.remarks);
    };
    check(4, 10_000, Verification::Numbers);
    check(200, 1_000, Verification::Numbers);
    check(201, 1_000, Verification::Counts);
    check(1_000, 1_000, Verification::Counts);
}

#[test]
fn hosts_share_a_run_so_that_nothing_is_left_over_and_nothing_is_twice() {
    let demand = samples::demand(StreamDemand {
        topics: topics(3, 2),
        producers_per_topic: 34,
        subscriptions: 2,
        consumers_per_subscription: 5,
        ..stream(50_000)
    });
    for (hosts, clients) in [
        (1, ClientCount::Shared),
        (3, ClientCount::Shared),
        (4, ClientCount::Each),
        (5, ClientCount::Number(7)),
    ] {
        let wishes = Wishes { clients, ..Wishes::default() };
        let plan = |share| {
            Plan::of_share(demand.clone(), share, &machine(4), &wishes).expect("nothing is wished")
        };
        let of_host = |host| {
            plan(Share { deal: Deal::of_host(host, hosts), role: None, incarnation: 0 }).lanes
        };
        let lanes: Vec<LanePlan> = (0..hosts).flat_map(of_host).collect();
        let (mut producers, mut members) = (Vec::new(), Vec::new());
        for lane in &lanes {
            match &lane.work {
                LaneWork::Produce { clients: sending, .. } => {
                    producers.extend(sending.iter().flat_map(|client| client.producers.clone()));
                }
                LaneWork::Consume { clients: reading } => {
                    members.extend(reading.iter().map(|client| (client.group, client.member)));
                }
            }
        }
        producers.sort_unstable();
        assert_eq!(producers, (0..102).collect::<Vec<_>>(), "{hosts} hosts, {clients:?}");
        let all = members.len();
        members.sort_unstable();
        members.dedup();
        assert_eq!(members.len(), all, "{hosts} hosts, {clients:?}: a member is one client's");
        let groups = plan(Share::WHOLE).groups.len();
        let read: BTreeSet<usize> = members.iter().map(|of| of.0).collect();
        assert_eq!(read.len(), groups, "{hosts} hosts, {clients:?}: every group is read");
        if clients == ClientCount::Number(7) {
            assert_eq!(all, 14, "seven members of each of two groups, on whichever hosts");
        }
    }
}

#[test]
fn what_is_taken_over_floats_and_sleeps_and_has_one_role() {
    let share = Share { deal: Deal::WHOLE, role: Some(Role::Producer), incarnation: 1 };
    let demand = samples::demand(greedy());
    let plan = Plan::of_share(demand, share, &machine(8), &Wishes::default()).expect("a plan");
    assert!(!plan.lanes.is_empty(), "somebody sends");
    for lane in &plan.lanes {
        assert_eq!((lane.role(), lane.wait), (Role::Producer, WaitMode::Sleep), "{}", lane.name);
        assert_eq!(lane.cores, machine(8).ids(), "anywhere: the cores are dealt");
    }
}

/// So many producers that send in transactions, on two cores.
fn transactional(producers: u32, clients: ClientCount) -> Result<Plan, PlanError> {
    transactional_on(4, producers, clients)
}

/// The same on a topic of so many partitions.
fn transactional_on(
    partitions: u32,
    producers: u32,
    clients: ClientCount,
) -> Result<Plan, PlanError> {
    let topics = topics(1, partitions);
    let stream = StreamDemand { topics, producers_per_topic: producers, ..stream(1_000) };
    let mut demand = samples::demand(stream);
    demand.clients.transactions = Some(Transactions {
        length: TransactionLength::Messages(10),
        aborts_per_million: 0,
        seed: 1,
        longest: Nanos::from_secs(30),
    });
    Plan::new(demand, &machine(2), &Wishes { clients, ..Wishes::default() })
}

#[test]
fn who_sends_in_transactions_has_a_client_and_a_lane_of_its_own() {
    for clients in [ClientCount::Shared, ClientCount::Each, ClientCount::Number(1)] {
        let plan = transactional(5, clients).expect("few producers");
        let mut all = Vec::new();
        for lane in &plan.lanes {
            let LaneWork::Produce { clients: own, .. } = &lane.work else { continue };
            assert_eq!(own.len(), 1, "{clients:?}: one client each");
            assert_eq!((own[0].producers.len(), lane.wait), (1, WaitMode::Sleep), "{clients:?}");
            all.extend(own[0].producers.iter().copied());
        }
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4], "{clients:?}: everybody");
        let is_told = plan.remarks.iter().any(|words| words.contains("has a client of its own"));
        assert_eq!(is_told, matches!(clients, ClientCount::Number(_)), "{clients:?}: {plan:?}");
    }
}

#[test]
fn more_transactional_producers_than_lanes_are_refused() {
    assert!(transactional(64, ClientCount::Shared).is_ok(), "as many as there may be");
    let refused = transactional(65, ClientCount::Shared).expect_err("one more").to_string();
    assert!(refused.starts_with("transactions: got 65 producers, need at most 64"), "{refused}");
}

#[test]
fn what_is_committed_and_what_is_aborted_are_series_too() {
    let check = |partitions: u32, expected: Verification| {
        let plan = transactional_on(partitions, 10, ClientCount::Each).expect("few producers");
        assert_eq!(plan.demand.verification, expected, "10 × {partitions}, on four sides");
    };
    check(10_000, Verification::Numbers);
    check(10_001, Verification::Counts);
}
