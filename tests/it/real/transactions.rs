//! Transactions on a real broker: what is delivered is what was committed, exactly.

use super::load::{Load, SMALL};
use super::{Turn, count, has_finding, shared_turn};
use crate::cli::{Kdyno, Ran};
use serde_json::Value;

/// Three producers, one topic of four partitions, 1,000 messages a second for 5 s after 1 s.
const LOAD: Load<'_> = Load { name: "transactions", producers: 3, seconds: 5, ..SMALL };

fn ran(turn: &Turn, load: &Load<'_>, words: &[&str]) -> Ran {
    Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .and(words)
        .with_file("w.yaml", &load.yaml())
        .run()
}

/// Demands that all that was due was sent and acked, and that each subscription read so many.
fn check(ran: &Ran, due: i64, expected: impl Fn(&Value) -> i64) -> Value {
    let result = ran.result();
    let told = &result["verdict"];
    // A commit holds its lane up, and on a crowded host the client is late besides: it says so.
    assert!(matches!(ran.code, 0 | 11), "exit {}: {told:#}\n{}", ran.code, ran.stderr);
    for path in ["/produced/due", "/produced/messages", "/acked/messages"] {
        assert_eq!(count(&result, path), due, "{path}: {told:#}");
    }
    let expected = expected(&result);
    for of in result["consumed"]["subscriptions"].as_array().expect("subscriptions are a list") {
        assert_eq!(count(of, "/expected"), expected, "expected: {of:#}");
        assert_eq!(count(of, "/messages"), expected, "received: {of:#}\n{told:#}");
        assert_eq!(of["drained"], true, "drained: {of:#}");
    }
    let verified = &result["verification"];
    assert_eq!(verified["mode"], "numbers", "each message by its number");
    for name in ["lost", "outstanding", "unattributed", "duplicated", "reordered", "redelivered"] {
        assert_eq!(count(verified, &format!("/{name}")), 0, "{name}: {told:#}");
    }
    result
}

/// Of a run's transactions, by their names in the result.
fn of<const N: usize>(result: &Value, names: [&str; N]) -> [i64; N] {
    names.map(|name| count(&result["transactions"], &format!("/{name}")))
}

const COMMITTED: &str = "/transactions/committed_messages";

#[test]
fn with_a_tenth_of_the_transactions_aborted_what_is_delivered_is_what_was_committed() {
    let Some(turn) = shared_turn() else { return };
    let more = "transactionMessages: 10\ntransactionAbortRatio: 0.1\n";
    let load = Load { subscriptions: 2, more, ..LOAD };
    let due = load.due();
    let result = check(&ran(&turn, &load, &[]), due, |result| count(result, COMMITTED));
    let [committed, aborted, neither] =
        of(&result, ["committed_messages", "aborted_messages", "undecided_messages"]);
    assert_eq!((committed + aborted, neither), (due, 0), "acked = committed + aborted");
    assert!(0 < aborted && aborted < due / 2, "some are aborted: {aborted} of {due}");
    let [aborts, commits, forced, undecided] =
        of(&result, ["aborted", "committed", "forced_to_abort", "undecided"]);
    assert_eq!((forced, undecided), (0, 0), "every end was the planned one");
    assert!(commits / 20 < aborts && aborts < commits / 4, "{aborts} of {commits}: a tenth or so");
    let [delivered] = of(&result, ["aborted_but_delivered"]);
    assert_eq!(delivered, 0, "no aborted message came");
    let [timed, ended] = [count(&result, "/transactions/commit/count"), commits];
    assert_eq!(timed, ended, "each commit is timed");
    assert_eq!(count(&result, "/transactions/visible/count"), committed, "each message too");
    let lanes = result["tasks"].as_array().expect("tasks are a list").iter();
    let producing = lanes.filter(|task| task["role"] == "producer").count();
    assert_eq!(producing, 3, "a lane for each producer");
}

#[test]
fn who_reads_uncommitted_receives_what_was_aborted_too() {
    let Some(turn) = shared_turn() else { return };
    let more = "transactionDuration: 100ms\ntransactionAbortRatio: 0.5\n";
    let load = Load { seconds: 2, more, ..LOAD };
    let level = "driver.consumerConfig.isolation.level=read_uncommitted";
    let ran = ran(&turn, &load, &["--set", level]);
    let result = check(&ran, load.due(), |_| load.due());
    assert_eq!(result["transactions"]["isolation"], "read_uncommitted", "as asked");
    assert!(0 < count(&result, "/transactions/aborted_messages"), "some were aborted");
    assert!(!has_finding(&result, "aborted_but_delivered"), "and that is no fault");
}

#[test]
fn when_every_transaction_is_aborted_nothing_is_delivered_and_nothing_lost() {
    let Some(turn) = shared_turn() else { return };
    let more = "transactionMessages: 50\ntransactionAbortRatio: 1\n";
    let load = Load { seconds: 2, more, ..LOAD };
    let result = check(&ran(&turn, &load, &[]), load.due(), |_| 0);
    assert_eq!(count(&result, "/transactions/aborted_messages"), load.due(), "all of them");
}

#[test]
fn ombs_requests_per_transaction_is_the_length_of_a_transaction() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { producers: 1, seconds: 2, warmup: 0, ..LOAD };
    let words = ["--set", "driver.requestsPerTransaction=100"];
    let result = check(&ran(&turn, &load, &words), load.due(), |_| load.due());
    let [committed, aborted] = of(&result, ["committed", "aborted"]);
    assert_eq!((committed, aborted), (load.due() / 100, 0), "all committed");
}
