//! A clean run, made up, for the tests of the verdict.

use super::balance::Reading;
use super::tally::Tally;
use super::verdict::{Ended, Evidence};
use crate::message::{KeySource, Recipe};
use crate::plan::{
    ClientCount, ClientSettings, Deadlines, Demand, Machine, Pace, Partitioner, Phases, Plan,
    StampPlace, StreamDemand, TopicPlan, Verification, Warmup, Wishes,
};
use crate::units::{Bytes, Nanos, Rate, Timestamp};

/// Messages of the clean run.
const MESSAGES: u64 = 200_000;

/// Two topics of two partitions, two subscriptions with two consumers each, 20,000/s for 10 s.
pub(super) fn plan(clients: ClientCount) -> Plan {
    let topic =
        |index: u32| TopicPlan { name: format!("t{index}"), partitions: 2, existing: false };
    let stream = StreamDemand {
        name: "main".to_owned(),
        pace: Pace::At(Rate::per_second(20_000).expect("not zero")),
        message_size: Bytes(100),
        bodies: vec![vec![0; 100]],
        stamp: StampPlace::Body,
        keys: KeySource::None,
        recipe: Recipe::default(),
        partitioner: Partitioner::RoundRobin,
        topics: (0..2).map(topic).collect(),
        producers_per_topic: 1,
        subscriptions: 2,
        consumers_per_subscription: 2,
    };
    let demand = Demand {
        test_id: "clean_1_abcd".to_owned(),
        run: 1,
        streams: vec![stream],
        phases: Phases { warmup: Warmup::NONE, measured: Nanos::from_secs(10) },
        messages: None,
        search: None,
        backlog: None,
        clients: ClientSettings::default(),
        deadlines: Deadlines::standard(2),
        keep_topics: false,
        // The tally below says how many, and not which.
        verification: Verification::Counts,
        hiccups: true,
    };
    let wishes = Wishes { clients, ..Wishes::default() };
    Plan::new(demand, &Machine::of_cores(0..8), &wishes).expect("a plan")
}

/// Everything due was sent, acked and received by both subscriptions.
pub(super) fn tally(plan: &Plan) -> Tally {
    let mut tally = Tally::new(&plan.demand);
    let seen = &mut tally.streams[0].measured;
    (seen.produced.due, seen.produced.attempted) = (MESSAGES, MESSAGES);
    seen.produced.messages = MESSAGES;
    // More than all lanes' time: they had little to do.
    seen.produced.waited = Nanos::from_secs(1_000);
    seen.acked.messages = MESSAGES;
    seen.consumed.iter_mut().for_each(|consumed| consumed.messages = MESSAGES);
    for _ in 0..MESSAGES {
        seen.service.record(Some(Nanos::from_millis(1)));
        seen.transit.record(Some(Nanos::from_millis(2)));
    }
    tally
}

/// Nothing remarkable happened.
pub(super) fn evidence() -> Evidence<'static> {
    Evidence {
        ended: Ended::AsPlanned,
        stopped: Timestamp::from_nanos(10_000_000_000),
        deadlines_struck: &[],
        readings: &[Reading::DRAINED; 2],
        partitions_per_member: &[],
        remarks: Vec::new(),
        trouble: &[],
        drift: None,
        throttled: None,
        client_thread: None,
        seconds: &[],
        steady_since: None,
        warmed_up: None,
        backlog: None,
        catch_up: None,
        peers: &[],
        search: None,
        fleet: None,
        partitions: &[],
        brokers: &[],
        round_trip_min: None,
        outages: &[],
        removed: None,
        standing: None,
        client: None,
        network: None,
        cluster_lost: false,
        embedded: false,
        embedded_full: false,
    }
}
