//! Small demands, built by hand where a test needs the engine without files.

use engine::message::{KeySource, Recipe};
use engine::plan::{
    ClientSettings, Deadlines, Demand, Pace, Partitioner, Phases, StampPlace, StreamDemand,
    TopicPlan, Verification, Warmup,
};
use engine::units::{Bytes, Nanos, Rate};

/// One stream: `rate` messages of 100 bytes per second on one topic of four partitions, one producer,
/// one subscription of one consumer, for `millis` without warm-up.
///
/// # Panics
/// When `rate` is zero.
#[must_use]
pub fn small(test_id: &str, rate: u64, millis: u64) -> Demand {
    let topic =
        TopicPlan { name: format!("benchmark-{test_id}-topic-0"), partitions: 4, existing: false };
    let stream = StreamDemand {
        name: "main".to_owned(),
        pace: Pace::At(Rate::per_second(rate).expect("tests ask for a rate above zero")),
        message_size: Bytes(100),
        bodies: vec![vec![7; 100]],
        stamp: StampPlace::Body,
        keys: KeySource::None,
        recipe: Recipe::default(),
        partitioner: Partitioner::Sticky { batch: Bytes(16_384) },
        topics: vec![topic],
        producers_per_topic: 1,
        subscriptions: 1,
        consumers_per_subscription: 1,
    };
    Demand {
        test_id: test_id.to_owned(),
        run: 0x5EED,
        streams: vec![stream],
        phases: Phases { warmup: Warmup::NONE, measured: Nanos::from_millis(millis) },
        messages: None,
        search: None,
        backlog: None,
        clients: ClientSettings { replication_factor: 1, ..ClientSettings::default() },
        deadlines: Deadlines::standard(1),
        keep_topics: false,
        verification: Verification::default(),
        hiccups: true,
    }
}

/// The address of the real broker that the tests may use, from `KDYNO_KAFKA`.
///
/// # Panics
/// Under CI without one: there, no test of the real broker may be passed over.
#[must_use]
pub fn real_broker() -> Option<String> {
    let address = std::env::var("KDYNO_KAFKA").ok().filter(|named| !named.is_empty());
    let needed = std::env::var_os("CI").is_some();
    assert!(address.is_some() || !needed, "CI runs the real broker's tests: set KDYNO_KAFKA");
    address
}

/// A small demand on a real broker.
///
/// # Panics
/// When `rate` is zero.
#[must_use]
pub fn on_broker(address: &str, test_id: &str, rate: u64, millis: u64) -> Demand {
    let mut demand = small(test_id, rate, millis);
    let bootstrap = ("bootstrap.servers".to_owned(), address.to_owned());
    let clients = &mut demand.clients;
    for list in [&mut clients.producer, &mut clients.consumer, &mut clients.admin] {
        list.push(bootstrap.clone());
    }
    let consumer = [
        ("auto.offset.reset", "earliest"),
        ("partition.assignment.strategy", "cooperative-sticky"),
        ("fetch.queue.backoff.ms", "10"),
    ];
    clients.consumer.extend(consumer.map(|(name, value)| (name.to_owned(), value.to_owned())));
    demand
}
