//! Backlogs on a real broker: built while consumers are held, drained, counted to the last message.

use super::broker::tool;
use super::load::{Load, SMALL};
use super::{Turn, assert_read, count, has_finding, turn};
use crate::cli::{Kdyno, Ran};
use serde_json::Value;

/// The client.id whose consumers are slowed down.
const SLOW: &str = "slow-reader";

/// 64 MiB in 4 s of production: 16,384 messages of 1 KiB a second for each of two subscriptions.
const LOAD: Load<'_> = Load {
    name: "64 MiB backlog",
    size: 1_024,
    consumers: 2,
    subscriptions: 2,
    rate: 8_192,
    seconds: 3,
    more: "consumerBacklog: 64MiB\n",
    ..SMALL
};

fn run(turn: &Turn, load: &Load<'_>) -> Ran {
    let words = ["run", "w.yaml", "--bootstrap-server", &turn.address];
    Kdyno::new(&words).with_file("w.yaml", &load.yaml()).run()
}

fn number(result: &Value, path: &str) -> f64 {
    result.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path}: {result:#}"))
}

/// Demands that everything due was acked and read once by each of so many subscriptions.
fn assert_whole(result: &Value, subscriptions: usize) {
    let acked = count(result, "/acked/messages");
    assert_eq!(count(result, "/produced/due"), acked, "all that was due");
    assert_read(result, acked, subscriptions);
    let verified = &result["verification"];
    assert_eq!(verified["mode"], "numbers", "told apart");
    for name in ["duplicated", "redelivered", "reordered"] {
        assert_eq!(count(verified, &format!("/{name}")), 0, "{name}: {verified:#}");
    }
}

#[test]
fn a_backlog_is_built_and_drained_and_nothing_is_lost_or_read_twice() {
    let Some(turn) = turn() else { return };
    let ran = run(&turn, &LOAD);
    let result = ran.result();
    let told = &result["verdict"];
    assert!(matches!(ran.code, 0 | 11), "exit {}: {told:#}\n{}", ran.code, ran.stderr);
    assert_whole(&result, 2);
    let backlog = &result["backlog"];
    assert_eq!(backlog["drained"], true, "{backlog:#}");
    let (asked, stood) = (count(backlog, "/asked_messages"), count(backlog, "/built/messages"));
    assert_eq!(asked, 65_536, "64 MiB of 1 KiB");
    // It is looked at once a second, and 16,384 come in each.
    assert!((asked..asked + 3 * 16_384).contains(&stood), "{backlog:#}");
    // Nothing that was prefetched came to consumers while they were held.
    let intervals = result["intervals"].as_array().expect("seconds");
    let held = intervals.iter().filter(|of| (1..4).contains(&count(of, "/t_s")));
    let read: i64 = held.map(|of| count(of, "/consumed")).sum();
    assert_eq!(read, 0, "in the seconds in which all were held: {intervals:#?}");
    for leg in ["building", "draining", "after"] {
        let rate = number(backlog, &format!("/{leg}/sent_per_second"));
        assert!((rate - 8_192.0).abs() < 800.0, "{leg}: producers go on as before: {rate}");
    }
    for words in ["Stopping all consumers to build backlog", "--- Start draining backlog ---"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    for code in ["second_without_receipt", "acks_behind", "received_more"] {
        assert!(!has_finding(&result, code), "what was asked for is no fault: {told:#}");
    }
    assert!(ran.stdout.contains("interference: publish p99 while draining"), "{}", ran.stdout);
}

#[test]
fn producers_that_pause_meanwhile_come_back_at_their_rate() {
    let Some(turn) = turn() else { return };
    let load = Load {
        subscriptions: 1,
        more: "consumerBacklog: 4s\nproducerPauseDuringDrain: true\n",
        ..LOAD
    };
    let ran = run(&turn, &load);
    let result = ran.result();
    let told = &result["verdict"];
    assert!(matches!(ran.code, 0 | 11), "exit {}: {told:#}\n{}", ran.code, ran.stderr);
    assert_whole(&result, 1);
    let backlog = &result["backlog"];
    assert_eq!(backlog["drained"], true, "{backlog:#}");
    // A moment passes until they hear of it.
    let meanwhile = count(backlog, "/draining/sent");
    assert!(meanwhile < 2_000, "{meanwhile} of 8,192 a second: {backlog:#}");
    let after = number(backlog, "/after/sent_per_second");
    assert!((after - 8_192.0).abs() < 800.0, "as before: {after}");
    assert!(!has_finding(&result, "second_without_ack"), "as asked: {told:#}");
}

/// The consumers of one client.id may read only so many bytes per second.
fn set_quota(address: &str, change: [&str; 2]) {
    let who = ["--alter", change[0], change[1], "--entity-type", "clients", "--entity-name", SLOW];
    tool("kafka.admin.ConfigCommand", &[&["--bootstrap-server", address][..], &who].concat());
}

#[test]
fn producers_faster_than_the_drain_end_the_run_with_numbers() {
    let Some(turn) = turn() else { return };
    // More than the ten seconds for which a broker lends what a quota grants.
    let more = "consumerBacklog: 32MiB\nbacklogDrainTimeout: 30s\n";
    let load = Load { subscriptions: 1, consumers: 1, more, ..LOAD };
    let driver = format!(
        "name: slow\ndriverClass: kafka\nreplicationFactor: 1\ncommonConfig: |\n  \
         bootstrap.servers={}\nconsumerConfig: |\n  client.id={SLOW}\n  \
         max.partition.fetch.bytes=262144\n",
        turn.address
    );
    set_quota(&turn.address, ["--add-config", "consumer_byte_rate=1000000"]);
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
        .with_file("w.yaml", &load.yaml())
        .with_file("d.yaml", &driver)
        .run();
    set_quota(&turn.address, ["--delete-config", "consumer_byte_rate"]);
    let result = ran.result();
    let told = &result["verdict"];
    assert_eq!(ran.code, 12, "{told:#}\n{}", ran.stderr);
    assert!(has_finding(&result, "backlog_not_drained"), "{told:#}");
    let backlog = &result["backlog"];
    assert_eq!(backlog["drained"], false, "{backlog:#}");
    let (stood, left) = (count(backlog, "/built/messages"), count(backlog, "/left/messages"));
    assert!(stood < left, "it grew: {backlog:#}");
    assert!(number(backlog, "/drain/shrunk_per_second") < 0.0, "{backlog:#}");
    let waited = number(backlog, "/drain/seconds");
    assert!(waited <= 31.0, "by its bound, or before it: {waited}");
    assert_eq!(count(&result, "/verification/lost"), 0, "unread is not lost: {told:#}");
}
