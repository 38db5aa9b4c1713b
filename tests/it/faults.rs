//! A broker that refuses: every failed message is counted once, by its kind and by its code.

use crate::cli::{Kdyno, Ran, alone, closed, findings, number, workload};
use engine::kafka::embedded::MockBroker;
use serde_json::{Value, json};

/// A driver whose requests hold one message each, one after the other, and are never repeated.
fn driver(broker: &MockBroker) -> String {
    format!(
        "name: mock\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers={}\n\
         producerConfig: |\n  acks=all\n  retries=0\n  linger.ms=0\n  batch.num.messages=1\n  \
         max.in.flight.requests.per.connection=1\n  enable.idempotence=false\n  \
         reconnect.backoff.ms=1\n  reconnect.backoff.max.ms=10\n",
        broker.bootstrap_servers()
    )
}

/// Runs a workload without consumers on a broker that fails so many produce requests, by error.
fn run(workload: &str, injected: &[(&str, usize)]) -> Ran {
    run_held_to(workload, injected, &[])
}

/// The same with further words.
fn run_held_to(workload: &str, injected: &[(&str, usize)], words: &[&str]) -> Ran {
    let broker = MockBroker::start(1).expect("the broker starts");
    broker.create_topic("faulty", 4).expect("the topic is made");
    for (name, count) in injected {
        assert!(broker.fail_produce(name, *count), "{name} can be injected");
    }
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "faulty"])
        .and(words)
        .with_file(
            "w.yaml",
            &workload.replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 0"),
        )
        .with_file("d.yaml", &driver(&broker))
        .run()
}

/// All the places that count failed messages say `expected`.
fn all_agree_on(result: &Value, expected: u64) {
    let produced = &result["produced"];
    assert_eq!(produced["errors"], expected, "errors: {produced:#}");
    for (slices, name) in [("errors_by_type", "kinds"), ("errors_by_code", "codes")] {
        let sum: u64 = produced[slices]
            .as_object()
            .expect("a table")
            .values()
            .map(|count| count.as_u64().expect("a count"))
            .sum();
        assert_eq!(sum, expected, "{name} add up: {produced:#}");
    }
    assert_eq!(result["acked"]["failed"], expected, "acked.failed: {:#}", result["acked"]);
    let sent = number(result, "/acked/messages") + number(result, "/acked/failed");
    assert_eq!(Some(sent), produced["messages"].as_f64(), "acked and failed is all that was sent");
    let seconds: u64 = result["intervals"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|second| second["errors"].as_u64().expect("a count"))
        .sum();
    assert_eq!(seconds, expected, "the seconds add up");
}

#[test]
fn a_hundred_errors_of_each_kind_are_counted_a_hundred_times_each() {
    let _alone = alone();
    let injected = [
        ("NETWORK_EXCEPTION", 100),
        ("REQUEST_TIMED_OUT", 100),
        ("MSG_SIZE_TOO_LARGE", 100),
        ("NOT_ENOUGH_REPLICAS", 100),
    ];
    let ran = run(&workload("each", 1_000, "3s"), &injected);
    let result = ran.result();
    all_agree_on(&result, 400);
    let by_type =
        json!({"network": 100, "timeout": 100, "serialization": 100, "kafka": 100, "client": 0});
    assert_eq!(result["produced"]["errors_by_type"], by_type, "by kind");
    for (name, count) in injected {
        assert_eq!(result["produced"]["errors_by_code"][name], count, "by code: {name}");
    }
    assert_eq!(result["acked"]["messages"], 2_600, "all others are acked");
    let found = findings(&result);
    assert!(found.contains(&"target_not_reached".to_owned()), "13 % are missing: {found:?}");
    assert!(found.contains(&"errors".to_owned()), "{found:?}");
    // On a machine too busy for 1,000 sends per second, lateness explains more than errors do.
    let expected = if found.contains(&"client_limited".to_owned()) { 11 } else { 12 };
    assert_eq!(ran.code, expected, "{}", ran.stdout);
}

#[test]
fn a_connection_that_breaks_a_hundred_times_fails_a_hundred_messages() {
    let _alone = alone();
    let ran = run(&closed("breaks", "5s"), &[("_TRANSPORT", 100)]);
    let result = ran.result();
    all_agree_on(&result, 100);
    assert_eq!(result["produced"]["errors_by_type"]["network"], 100, "by kind");
    assert_eq!(result["produced"]["errors_by_code"]["_TRANSPORT"], 100, "by code");
    let maybe = &result["acked"]["failed_maybe_persisted"];
    assert_eq!(maybe, 100, "who knows what a broken connection carried over");
}

#[test]
fn errors_cost_exit_12_above_one_in_a_thousand_and_below_it_a_finding() {
    let _alone = alone();
    for (name, count, code, finding) in
        [("many", 400, 12, "too_many_failures"), ("few", 5, 0, "errors")]
    {
        let ran = run(&closed(name, "3s"), &[("NOT_ENOUGH_REPLICAS", count)]);
        let result = ran.result();
        let attempted = number(&result, "/produced/attempted");
        println!("{name}: {count} of {attempted} failed");
        all_agree_on(&result, u64::try_from(count).expect("small"));
        let found = findings(&result);
        assert!(found.contains(&finding.to_owned()), "{name}, of {attempted}: {found:?}");
        assert_eq!(ran.code, code, "{name}, of {attempted}: {}", ran.stdout);
        assert_eq!(result["verdict"]["valid"], code == 0, "{name}");
    }
}

#[test]
fn an_assertion_that_fails_is_told_and_yields_to_a_graver_exit_code() {
    let _alone = alone();
    for (count, code, first) in [(400, 12, "too_many_failures"), (1, 10, "assertion_failed")] {
        let words = ["--assert", "errors == 0", "--assert", "service.p50 < 1m"];
        let ran = run_held_to(&closed("held", "3s"), &[("NOT_ENOUGH_REPLICAS", count)], &words);
        assert_eq!(ran.code, code, "{count} errors: {}{}", ran.stdout, ran.stderr);
        let result = ran.result();
        assert_eq!(findings(&result)[0], first, "{count} errors: the gravest first");
        let found = findings(&result);
        assert!(found.contains(&"assertion_failed".to_owned()), "{count} errors: {found:?}");
        let held = |index: usize| &result["assertions"][index]["held"];
        assert_eq!((held(0), held(1)), (&json!(false), &json!(true)), "{count} errors");
        assert_eq!(
            result["assertions"][0]["left"].as_f64(),
            Some(number(&result, "/produced/errors"))
        );
    }
}
