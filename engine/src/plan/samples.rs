//! Small demands for tests.

use super::{
    ClientCount, ClientSettings, Deadlines, Demand, Machine, Pace, Partitioner, Phases, Plan,
    StampPlace, StreamDemand, TopicPlan, Verification, Warmup, Wishes,
};
use crate::message::{KeySource, Recipe};
use crate::units::{Bytes, Nanos, Rate};

/// The run's number in the stamps.
pub(crate) const RUN: u64 = 0x5EED;

/// So many topics of so many partitions.
pub(crate) fn topics(count: u32, partitions: u32) -> Vec<TopicPlan> {
    let topic = |index| TopicPlan { name: format!("topic-{index}"), partitions, existing: false };
    (0..count).map(topic).collect()
}

/// A rate; tests ask for one above zero.
pub(crate) fn rate(per_second: u64) -> Rate {
    Rate::per_second(per_second).expect("tests ask for a rate above zero")
}

/// So many messages of 100 bytes per second to one topic of four partitions; one producer, one
/// consumer.
pub(crate) fn stream(per_second: u64) -> StreamDemand {
    StreamDemand {
        name: "main".to_owned(),
        pace: Pace::At(rate(per_second)),
        message_size: Bytes(100),
        bodies: vec![vec![7; 100]],
        stamp: StampPlace::Body,
        keys: KeySource::None,
        recipe: Recipe::default(),
        partitioner: Partitioner::RoundRobin,
        topics: topics(1, 4),
        producers_per_topic: 1,
        subscriptions: 1,
        consumers_per_subscription: 1,
    }
}

/// A run of one stream, one second without warm-up.
pub(crate) fn demand(stream: StreamDemand) -> Demand {
    Demand {
        test_id: "law".to_owned(),
        run: RUN,
        streams: vec![stream],
        phases: Phases { warmup: Warmup::NONE, measured: Nanos::from_secs(1) },
        messages: None,
        search: None,
        backlog: None,
        clients: ClientSettings::default(),
        deadlines: Deadlines::standard(1),
        keep_topics: false,
        verification: Verification::default(),
        hiccups: true,
    }
}

/// A machine of so many cores.
pub(crate) fn machine(cores: usize) -> Machine {
    Machine::of_cores(0..cores)
}

/// The plan of a stream on eight cores, with so many clients.
pub(crate) fn plan(stream: StreamDemand, clients: ClientCount) -> Plan {
    let wishes = Wishes { clients, ..Wishes::default() };
    Plan::new(demand(stream), &machine(8), &wishes).expect("nothing is wished that cannot be")
}
