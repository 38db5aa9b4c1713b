//! The first command of the README and what it promises, on the embedded broker.

use crate::cli::{Kdyno, alone, closed, number, workload};
use std::path::Path;

#[test]
fn the_first_command_needs_nothing_installed_and_loses_nothing() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads/quick-test.yaml");
    let file = file.to_str().expect("the repository's path is text");
    let ran = Kdyno::new(&["run", file, "--duration", "3s", "--warmup", "1s"]).run();
    // Exit 11: a crowded host was late, and the run says so; every count is exact all the same.
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    assert_eq!(result["verdict"]["valid"], ran.code == 0, "{result:#}");
    assert_eq!(result["verification"]["lost"], 0, "lost");
    assert_eq!(result["acked"]["messages"], 30_000, "acked");
    let first_ack = number(&result, "/startup/first_ack_ms") + number(&result, "/startup/ready_ms");
    assert!(first_ack < 5_000.0, "generous here, measured by scripts: {first_ack} ms");
    let last = ran.stdout.trim_end().lines().last().unwrap_or_default();
    assert!(
        last.starts_with("results: results/") && last.contains("/quick-test_"),
        "the last line names the directory: {last}"
    );
    assert!(ran.stderr.contains("embedded broker"), "says what it is: {}", ran.stderr);
}

#[test]
fn json_on_stdout_is_the_file_and_nothing_else() {
    let ran = Kdyno::new(&["run", "w.yaml", "--format", "json"])
        .with_file("w.yaml", &workload("json", 1_000, "1s"))
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
    let printed: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(printed, ran.result(), "the same document");
}

/// A closed loop on the embedded broker whose three subscriptions cannot keep up.
fn overrun(message_size: &str, partitions: u32) {
    let words = format!("messageSize={message_size}");
    let shape = format!("partitionsPerTopic={partitions}");
    let ran = Kdyno::new(&["run", "w.yaml", "--set", &words, "--set", &shape])
        .and(&["--set", "subscriptionsPerTopic=3"])
        .with_file("w.yaml", &closed("overrun", "2s"))
        .run();
    let what = format!("{message_size} on {partitions} partitions");
    assert_eq!(ran.code, 0, "{what}: {}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    let acked = number(&result, "/acked/messages");
    assert!(0.0 < acked, "{what}: it sends");
    for subscription in result["consumed"]["subscriptions"].as_array().expect("a list") {
        assert_eq!(subscription["messages"].as_f64(), Some(acked), "{what}: {subscription:#}");
    }
    assert_eq!(result["verification"]["lost"], 0, "{what}");
    let found = result["verdict"]["findings"].as_array().expect("a list").iter();
    let limit = found.clone().find(|finding| finding["code"] == "embedded_full");
    let limit = limit.unwrap_or_else(|| panic!("{what}: the limit is named: {}", ran.stdout));
    assert!(0.0 < number(limit, "/evidence/held_back"), "{what}: {limit:#}");
    let message = limit["message"].as_str().unwrap_or_default();
    assert!(message.contains("embedded broker's own limit"), "{what}: {message}");
}

#[test]
fn the_embedded_brokers_retention_never_loses_what_slow_consumers_have_not_read() {
    let _alone = alone();
    for partitions in [1, 3, 16] {
        overrun("10", partitions);
        overrun("100KiB", partitions);
    }
}

#[test]
fn sizes_around_the_stamps_are_sent_as_they_are_and_all_are_read() {
    let _alone = alone();
    for (size, place) in [(1, "header"), (47, "header"), (48, "body"), (49, "body")] {
        let ran = Kdyno::new(&["run", "w.yaml", "--message-size", &size.to_string()])
            .with_file("w.yaml", &workload("sizes", 500, "1s"))
            .run();
        let result = ran.result();
        assert_eq!(result["workload"]["stamp"], place, "{size}");
        for side in ["acked", "consumed"] {
            assert_eq!(result[side]["messages"], 500, "{size}: {side}: {}", ran.stdout);
            assert_eq!(result[side]["bytes"], 500 * size, "{size}: {side}: bytes of bodies");
        }
        assert_eq!(result["verification"]["lost"], 0, "{size}");
        for span in ["publish", "service", "send_delay", "end_to_end", "transit"] {
            assert_eq!(result["latency"][span]["count"], 500, "{size}: {span}");
        }
    }
}

#[test]
fn the_retention_of_the_embedded_broker_bears_keys_and_headers_too() {
    let _alone = alone();
    let ran = Kdyno::new(&["run", "w.yaml", "--set", "keyDistributor=RANDOM_NANO"])
        .and(&["--set", "messageSize=1", "--set", "subscriptionsPerTopic=2"])
        .with_file("w.yaml", &closed("keys", "2s"))
        .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.result()["verification"]["lost"], 0, "{}", ran.stdout);
}

#[test]
fn without_acks_everything_is_read_to_the_end_all_the_same() {
    let ran = Kdyno::new(&["run", "w.yaml", "--set", "driver.acks=0"])
        .with_file("w.yaml", &workload("silent", 2_000, "2s"))
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    assert_eq!(ran.result()["consumed"]["messages"], 4_000, "read");
}

#[test]
fn messages_that_the_retention_cannot_hold_are_refused_before_the_run() {
    let ran = Kdyno::new(&["run", "w.yaml", "--message-size", "2500KiB"])
        .with_file("w.yaml", &workload("large", 10, "1s"))
        .run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("messageSize: got 2500 KiB"),
        "names field and value: {}",
        ran.stderr
    );
    assert!(
        ran.stdout.is_empty() && ran.run_directories().is_empty(),
        "nothing else: {}",
        ran.stdout
    );
}
