//! A broker that stands still in mid-run, and marks that say when: both are on the time axis of the result.

use super::broker::{Broker, Signal, send};
use super::{count, has_finding, turn};
use crate::cli::{Kdyno, Started, number, workload};
use crate::fleet::ask::Caller;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use serde_json::Value;

/// How long the broker stands still.
const FROZEN: Nanos = Nanos::from_secs(3);

fn wait(span: Nanos) {
    let clock = OsClock::anchored();
    let until = clock.now() + span;
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
}

/// Posts a mark to a run that listens.
fn post(run: &Started, words: &str) {
    let said = run.said();
    let (_, rest) =
        said.split_once("POST /mark, GET /metrics at ").expect("it says where it listens");
    let url = rest.split_whitespace().next().expect("a URL");
    let caller = Caller { url, token: None, name: "a test" };
    let told = caller.demand(200, ("POST", "/mark"), words);
    assert_eq!(told["text"], words, "{told}");
    caller.demand(404, ("POST", "/stop"), "");
}

/// When a mark was set, in seconds of the measured phase.
fn mark(result: &Value, text: &str) -> f64 {
    let marks = result["marks"].as_array().expect("there are marks");
    let found = marks.iter().find(|mark| mark["text"] == text);
    let found = found.unwrap_or_else(|| panic!("{text}: {marks:?}"));
    found["t_s"].as_f64().expect("it has a time")
}

#[test]
fn a_broker_frozen_for_three_seconds_is_one_outage_between_its_marks() {
    let Some(_turn) = turn() else { return };
    let broker = Broker::start("outage", &[]);
    let mut run = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &broker.address()])
        .and(&["--marks", "marks.txt", "--listen", "127.0.0.1:0"])
        .with_file("w.yaml", &workload("outage", 1_000, "12s"))
        .start();
    run.await_words("    3 s |");
    run.append("marks.txt", "frozen\n");
    broker.send(Signal::Stop);
    wait(FROZEN);
    broker.send(Signal::Continue);
    send(Signal::User, &run.id().to_string());
    run.await_words("    8 s |");
    post(&run, "it goes on");
    run.append("marks.txt", "@1 long ago\n");
    let ran = run.finish();
    let result = ran.result();
    let told = format!("{:#}\n{}", result["outages"], ran.stderr);
    assert!(matches!(ran.code, 0 | 11), "exit {}: {told}", ran.code);

    // On a crowded host acks stop for half a second by themselves too.
    let outages = result["outages"].as_array().expect("there was one").iter();
    let is_long = |of: &&Value| of["scope"] == "all" && 1.5 < number(of, "/seconds");
    let long: Vec<&Value> = outages.filter(is_long).collect();
    let [outage] = long[..] else { panic!("one: {told}") };
    let (from, to) = (number(outage, "/from_s"), number(outage, "/to_s"));
    assert!((2.5..3.5).contains(&number(outage, "/seconds")), "{told}");
    assert!((number(outage, "/first_ack_after_us") / 1e6 - (to - from)).abs() < 0.001, "{told}");
    assert!((0.0..4.0).contains(&number(outage, "/caught_up_s")), "{told}");
    assert!(has_finding(&result, "outage"), "{:#}", result["verdict"]);

    // What the marks say happened is what was seen.
    let (frozen, thawed) = (mark(&result, "frozen"), mark(&result, "signal 1"));
    assert!((frozen - from).abs() < 0.5, "{frozen} of {from}: {told}");
    assert!((thawed - to).abs() < 0.5, "{thawed} of {to}: {told}");
    let posted = mark(&result, "it goes on");
    assert!((8.5..11.0).contains(&posted), "{posted}: {told}");
    assert!(mark(&result, "long ago") < -1e9, "its own time: {:#}", result["marks"]);
    for words in ["acks stopped: ", "mark: ", ": frozen (file)", ": signal 1 (SIGUSR1)"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }

    let inside = count(&result, "/latency/publish_in_outage/count");
    let outside = count(&result, "/latency/publish_outside/count");
    assert_eq!(inside + outside, count(&result, "/latency/publish/count"), "all, to the count");
    // At 1,000 a second: those of the outage, and those that came until it was caught up with.
    let felt = number(outage, "/seconds") + number(outage, "/caught_up_s") + 0.5;
    let held_up = number(&result, "/latency/publish_in_outage/count");
    assert!(2_400.0 <= held_up && held_up < 1_000.0 * felt, "{held_up} in {felt} s: {told}");
    let (whole, calm) = ("/latency/publish/p99_us", "/latency/publish_outside/p99_us");
    assert!(number(&result, calm) < number(&result, whole), "it was the outage");
}
