//! Ctrl-C in each phase: the run ends, what was measured stays, nothing else does.

use super::broker::{Signal, send};
use super::load::{Load, SMALL};
use super::{count, has_finding, shared_turn, topics};
use crate::cli::{Kdyno, Started};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use serde_json::Value;

/// Long enough to be interrupted anywhere.
const LONG: Load<'_> = Load { name: "interrupted", seconds: 60, warmup: 2, ..SMALL };

/// Interrupts a run when it has said these words, and demands what holds in every phase.
fn interrupted_at(words: &str, mut going_on: Started, address: &str) -> Value {
    going_on.await_words(words);
    send(Signal::Interrupt, &going_on.id().to_string());
    let ran = going_on.finish();
    assert_eq!(ran.code, 130, "at '{words}': {}", ran.stderr);
    let result = ran.result();
    assert!(has_finding(&result, "interrupted"), "at '{words}': {:#}", result["verdict"]);
    assert_eq!(result["verdict"]["valid"], false, "at '{words}'");
    assert!(result["partial"].is_object(), "at '{words}': marked as partial");
    let of = |path: &str| count(&result, path);
    let (due, sent) = (of("/produced/due"), of("/produced/messages"));
    let (acked, read) = (of("/acked/messages"), of("/consumed/messages"));
    assert!(sent <= due && acked <= sent && read <= sent, "{due} {sent} {acked} {read}");
    for name in ["lost", "foreign", "corrupted"] {
        assert_eq!(of(&format!("/verification/{name}")), 0, "at '{words}': {name}");
    }
    let test_id = result["test_id"].as_str().expect("a run has an id");
    // A broker hears of what its controller has deleted a moment later.
    let clock = OsClock::anchored();
    let until = clock.now() + Nanos::from_secs(5);
    let left = || topics(address).into_iter().find(|name| name.contains(test_id));
    while left().is_some() && clock.now() < until {
        clock.park(Nanos::from_millis(100));
    }
    assert_eq!(left(), None, "at '{words}': no topic is left");
    result
}

#[test]
fn ctrl_c_in_any_phase_keeps_the_result_and_leaves_no_topic() {
    let Some(turn) = shared_turn() else { return };
    let start = |load: &Load<'_>| {
        let kdyno = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address]);
        kdyno.with_file("w.yaml", &load.yaml())
    };
    let check = |words: &str, load: &Load<'_>| {
        let result = interrupted_at(words, start(load).start(), &turn.address);
        (count(&result, "/produced/due"), count(&result, "/acked/messages"))
    };
    assert_eq!(check("consumers join", &LONG), (0, 0), "preparing: nothing was due");
    assert_eq!(check("warm-up for", &LONG), (0, 0), "warm-up: nothing measured was due");
    let (due, acked) = check(" 0 s | sent", &LONG);
    assert!((500..60_000).contains(&due), "due up to the interrupt only: {due}");
    assert!(500 < acked, "what was measured is there: {acked}");
    // A broker that answers fetches after 20 s at the earliest makes the drain a long one.
    let slow = ["fetch.min.bytes=50000000", "fetch.max.wait.ms=20000"];
    let slow = slow.map(|property| format!("driver.consumerConfig.{property}"));
    let load = Load { name: "interrupted drain", warmup: 0, ..SMALL };
    let kdyno = start(&load).and(&["--set", &slow[0], "--set", &slow[1]]);
    let result = interrupted_at("consumers read what is left", kdyno.start(), &turn.address);
    assert_eq!(count(&result, "/produced/due"), load.due(), "drain: all was due");
    assert_eq!(count(&result, "/acked/messages"), load.due(), "drain: all was acked");
    assert!(count(&result, "/consumed/messages") < load.due(), "drain: not all was read");
}
