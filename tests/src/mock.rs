//! A broker for runs from another network namespace: librdkafka's mock cluster, which lives as long as its stdin.

use engine::kafka::embedded::MockBroker;
use std::io::{Read, Write};

/// Words: its topic, how many partitions that has, and how long its answers take, in milliseconds.
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [topic, partitions, round_trip_ms] = words.as_slice() else {
        panic!("need a topic, its partitions and a round trip, got {words:?}");
    };
    let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("{word} is no number"));
    let broker = MockBroker::start(1).expect("the broker starts");
    broker.create_topic(topic, number(partitions)).expect("the topic is made");
    broker.set_round_trip(number(round_trip_ms));
    let told = writeln!(std::io::stdout(), "{}", broker.bootstrap_servers());
    told.expect("whoever started it reads where it listens");
    // Ends with whoever started it, however that one ends.
    let mut nothing = Vec::new();
    std::io::stdin().read_to_end(&mut nothing).expect("stdin can be read");
}
