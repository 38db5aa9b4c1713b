//! Partitions that are slower than the others of their topic are named.

use crate::cli::{Kdyno, alone, number, workload};
use engine::kafka::embedded::MockBroker;

#[test]
fn partitions_on_a_slow_broker_are_named_among_those_of_their_topic() {
    let _alone = alone();
    let brokers = MockBroker::start(3).expect("the brokers start");
    // Partition n lies on broker n mod 3 + 1.
    brokers.create_topic("uneven", 6).expect("the topic is made");
    brokers.set_round_trip_of(2, 1_000);
    let driver = format!(
        "name: mock\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers={}\n\
         producerConfig: |\n  acks=all\n  linger.ms=1\n",
        brokers.bootstrap_servers()
    );
    let load = workload("one slow broker", 2_000, "4s");
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "uneven"])
        .with_file("w.yaml", &load.replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 0"))
        .with_file("d.yaml", &driver)
        .run();
    let result = ran.result();
    let findings = result["verdict"]["findings"].as_array().expect("every result has findings");
    let outliers = findings.iter().filter(|finding| finding["code"] == "outlier");
    let mut named: Vec<&str> = outliers
        .filter_map(|finding| finding["message"].as_str()?.split(':').next())
        .filter(|name| name.starts_with("topic "))
        .collect();
    named.sort_unstable();
    let expected =
        ["topic uneven partition 1, led by broker 2", "topic uneven partition 4, led by broker 2"];
    assert_eq!(named, expected, "{:#}", result["verdict"]);
    assert_eq!(result["partitions"]["acked_on"], 6, "{:#}", result["partitions"]);
    assert!(3.0 < number(&result, "/partitions/slowest/ratio"), "{:#}", result["partitions"]);
    assert_eq!(result["partitions"]["slowest"]["leader"], 2, "{:#}", result["partitions"]);
    let messages = findings.iter().filter_map(|finding| finding["message"].as_str());
    let slow_ones: Vec<&str> = messages.filter(|words| words.starts_with("broker ")).collect();
    assert_eq!(slow_ones.len(), 1, "{slow_ones:?}");
    assert!(slow_ones[0].starts_with("broker 2 (127.0.0.1:"), "{slow_ones:?}");
    let leaders = result["partitions"]["leaders"].as_array().expect("the brokers are known");
    let led: Vec<u64> = leaders.iter().filter_map(|of| of["partitions"].as_u64()).collect();
    assert_eq!(led, [2, 2, 2], "{leaders:#?}");
    let acked: u64 = leaders.iter().filter_map(|of| of["messages"].as_u64()).sum();
    assert_eq!(result["acked"]["messages"], acked, "all of them, once each");
    let median = |place: usize| leaders[place]["publish_p50_us"].as_f64().expect("a span");
    assert!(500_000.0 < median(1) && median(0) < 500_000.0, "{leaders:#?}");
    assert_eq!(result["partitions"]["leaders_moved"], 0, "nothing moved");
    assert!(ran.stdout.contains("publish led by"), "{}", ran.stdout);
    assert!(ran.code == 0 || ran.code == 11, "a doubt never changes `valid`: {}", ran.code);
}
