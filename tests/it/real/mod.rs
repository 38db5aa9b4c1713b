//! Runs on a real Kafka broker: one at a time where they judge by times or bring much load, for side by side
//! they would only measure one another. Those that judge by counts share it: they wait more than they work.

mod backlog;
pub(crate) mod broker;
mod catch_up;
pub(crate) mod churn;
mod close;
mod commits;
mod end;
mod freeze;
mod interrupt;
mod join;
mod keys;
pub(crate) mod load;
mod omb;
mod outage;
mod perf;
mod rebalanced;
mod records;
mod removed;
mod reset;
mod security;
mod shapes;
mod statistics;
mod together;
mod transactions;
mod two_clusters;
mod variety;

use crate::cli::{Ran, Room, alone, beside_others};
use engine::kafka::KafkaTopics;
use engine::link::Topics;
use engine::plan::ClientSettings;
use engine::units::Nanos;
use kdyno_tests::demand::real_broker;
use serde_json::Value;

/// How long the broker may take to answer the tests' own questions.
pub(crate) const SOON: Nanos = Nanos::from_secs(20);

/// The right to use the machine for a run on a real broker, and the shared broker's address.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) address: String,
    _room: Room,
}

/// Waits for its turn; `None` where there is no real broker, so that the test returns.
pub(crate) fn turn() -> Option<Turn> {
    let address = real_broker()?;
    Some(Turn { address, _room: alone() })
}

/// The same for a test that judges by counts alone and has little load: others of that kind go on beside it.
pub(crate) fn shared_turn() -> Option<Turn> {
    let address = real_broker()?;
    Some(Turn { address, _room: beside_others() })
}

/// The broker's topics and groups, asked by the test itself.
pub(crate) fn cluster(address: &str) -> KafkaTopics {
    let bootstrap = ("bootstrap.servers".to_owned(), address.to_owned());
    KafkaTopics::new(&ClientSettings {
        admin: vec![bootstrap],
        replication_factor: 1,
        ..ClientSettings::default()
    })
}

/// The names of all topics.
pub(crate) fn topics(address: &str) -> Vec<String> {
    cluster(address).list(SOON).expect("the broker answers")
}

/// An integer of a result by its path; −1 for null, so that a missing one fails by its value.
pub(crate) fn count(result: &Value, path: &str) -> i64 {
    let value = result.pointer(path).unwrap_or_else(|| panic!("{path} is in {result:#}"));
    value.as_i64().unwrap_or(-1)
}

/// Whether a result has a finding of this code.
pub(crate) fn has_finding(result: &Value, code: &str) -> bool {
    let findings = result["verdict"]["findings"].as_array().expect("findings are a list");
    findings.iter().any(|finding| finding["code"] == code)
}

/// Demands that a run did what was asked: `due` messages sent, acked, and read by each of so many
/// subscriptions, nothing lost and nothing foreign, nothing left behind. Returns its result.
///
/// Exit 11 passes for 0: on a crowded host the client is late, says so, and counts all the same.
pub(crate) fn assert_exact(ran: &Ran, due: i64, subscriptions: usize) -> Value {
    let result = ran.result();
    let told = &result["verdict"];
    assert!(matches!(ran.code, 0 | 11), "exit {}: {told:#}\n{}", ran.code, ran.stderr);
    for path in ["/produced/due", "/produced/attempted", "/produced/messages", "/acked/messages"] {
        assert_eq!(count(&result, path), due, "{path}: {told:#}");
    }
    assert_read(&result, due, subscriptions);
    for path in ["/topics/left", "/topics/unclosed"] {
        let list = result.pointer(path).and_then(Value::as_array).expect("a list");
        assert!(list.is_empty(), "{path}: {list:?}");
    }
    assert_eq!(count(&result, "/topics/created"), count(&result, "/topics/deleted"), "deleted");
    let test_id = result["test_id"].as_str().expect("a run has an id");
    // That this host was late is an error of the run, and no fault of its counts.
    let is_fault = |line: &str| line.contains("ERROR") && !line.contains("client_limited");
    assert!(!ran.stderr.lines().any(is_fault), "{test_id}: {}", ran.stderr);
    result
}

/// Demands that everything acked was read by each of so many subscriptions.
pub(crate) fn assert_read(result: &Value, acked: i64, subscriptions: usize) {
    let told = &result["verdict"];
    let read = result["consumed"]["subscriptions"].as_array().expect("subscriptions are a list");
    assert_eq!(read.len(), subscriptions, "subscriptions");
    for of in read {
        assert_eq!(count(of, "/messages"), acked, "read: {of:#}\n{told:#}");
        assert_eq!(of["drained"], true, "drained: {of:#}");
    }
    for path in
        ["/acked/failed", "/acked/outstanding", "/produced/errors", "/consumed/commits_failed"]
    {
        assert_eq!(count(result, path), 0, "{path}: {told:#}");
    }
    for name in ["lost", "corrupted", "foreign", "outstanding", "unattributed"] {
        assert_eq!(count(&result["verification"], &format!("/{name}")), 0, "{name}: {told:#}");
    }
}
