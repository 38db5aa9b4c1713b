//! What limited a run, told rightly: each case is made so that one thing alone limits it.

use crate::cli::{Kdyno, Ran, alone, findings, number, workload};
use engine::kafka::embedded::MockBroker;
use serde_json::Value;

/// A broker of one topic, whose answers take so long, and a driver file for it.
fn broker(partitions: u32, round_trip_ms: u32, producer: &str) -> (MockBroker, String) {
    let broker = MockBroker::start(1).expect("the broker starts");
    broker.create_topic("confused", partitions).expect("the topic is made");
    broker.set_round_trip(round_trip_ms);
    let servers = broker.bootstrap_servers();
    let driver = format!(
        "name: mock\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers={servers}\n\
         producerConfig: |\n  acks=all\n  {producer}\n"
    );
    (broker, driver)
}

/// Sends to that topic, with nobody who reads.
fn run(load: &str, driver: &str) -> Ran {
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "confused"])
        .with_file("w.yaml", &load.replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 0"))
        .with_file("d.yaml", driver)
        .run()
}

/// Demands what limited the run.
fn check(case: &str, ran: &Ran, expected: &str) -> Value {
    let result = ran.result();
    let told = result["verdict"]["limited_by"].as_str().expect("a word").to_owned();
    assert_eq!(told, expected, "{case}: {:#}", result["verdict"]);
    result
}

#[test]
fn a_run_in_time_is_limited_by_nothing() {
    let _alone = alone();
    let (_broker, driver) = broker(4, 0, "linger.ms=1");
    let ran = run(&workload("clean", 200, "4s"), &driver);
    // On a machine too busy for 200 sends a second the client is late, and says so.
    let is_late = ran.code == 11;
    check("clean run", &ran, if is_late { "client" } else { "nothing" });
    assert!(is_late || ran.code == 0, "exit {}: {}", ran.code, ran.stdout);
}

#[test]
fn a_client_that_holds_its_requests_back_is_not_taken_for_a_slow_broker() {
    let _alone = alone();
    let (_broker, driver) = broker(200, 3, "linger.ms=1\n  enable.idempotence=true");
    let load = workload("cap", 5_000, "8s") + "keyDistributor: RANDOM_NANO\n";
    let ran = run(&load, &driver);
    let result = check("200 partitions, idempotent, 3 ms, one client", &ran, "client");
    assert!(findings(&result).contains(&"client_cap".to_owned()), "{:#}", result["verdict"]);
    let queued = number(&result, "/client/publish_parts/queue_mean_us");
    assert!(number(&result, "/client/publish_parts/broker_mean_us") < queued, "{result:#}");
}

#[test]
fn a_broker_that_answers_late_and_fills_the_clients_queue_is_the_limit() {
    let _alone = alone();
    let small = "linger.ms=1\n  enable.idempotence=false\n  queue.buffering.max.messages=200";
    let (_broker, driver) = broker(4, 1_000, small);
    let ran = run(&workload("slow", 1_000, "4s"), &driver);
    let result = check("round trip of 1 s, a queue of 200", &ran, "broker");
    assert_eq!(ran.code, 12, "the target was not reached: {:#}", result["verdict"]);
}

#[test]
fn partitions_on_a_slow_broker_are_named_among_those_of_their_topic() {
    let _alone = alone();
    let brokers = MockBroker::start(3).expect("the brokers start");
    // Partition n lies on broker n mod 3 + 1.
    brokers.create_topic("confused", 6).expect("the topic is made");
    brokers.set_round_trip_of(2, 1_000);
    let driver = format!(
        "name: mock\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers={}\n\
         producerConfig: |\n  acks=all\n  linger.ms=1\n",
        brokers.bootstrap_servers()
    );
    let ran = run(&workload("one slow broker", 2_000, "4s"), &driver);
    let result = ran.result();
    let findings = result["verdict"]["findings"].as_array().expect("every result has findings");
    let outliers = findings.iter().filter(|finding| finding["code"] == "outlier");
    let mut named: Vec<&str> = outliers
        .filter_map(|finding| finding["message"].as_str()?.split(':').next())
        .filter(|name| name.starts_with("topic "))
        .collect();
    named.sort_unstable();
    let expected = ["topic confused partition 1", "topic confused partition 4"];
    assert_eq!(named, expected, "{:#}", result["verdict"]);
    assert_eq!(result["partitions"]["acked_on"], 6, "{:#}", result["partitions"]);
    assert!(3.0 < number(&result, "/partitions/slowest/ratio"), "{:#}", result["partitions"]);
    assert!(ran.code == 0 || ran.code == 11, "a doubt never changes `valid`: {}", ran.code);
}
