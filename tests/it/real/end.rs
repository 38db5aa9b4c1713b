//! A cluster that goes away, and one that will not let go.

use super::broker::{Broker, Signal};
use super::load::{Load, SMALL};
use super::{SOON, assert_read, cluster, count, has_finding, shared_turn, topics};
use crate::cli::{Kdyno, number};
use engine::link::{TopicSpec, Topics};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;

#[test]
fn a_cluster_that_goes_away_for_good_ends_the_run_and_leaves_a_partial_result() {
    let Some(_turn) = shared_turn() else { return };
    let broker = Broker::start("killed", &[]);
    let load = Load { name: "killed", seconds: 6, ..SMALL };
    let mut going_on = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &broker.address()])
        .and(&["--set", "driver.producerConfig.delivery.timeout.ms=5000"])
        .and(&["--set", "driver.producerConfig.request.timeout.ms=3000"])
        .and(&["--set", "driver.producerConfig.reconnect.backoff.max.ms=1000"])
        .with_file("w.yaml", &load.yaml())
        .start();
    // A broker that has just started is slow for its first seconds.
    going_on.await_words(" 3 s | sent");
    broker.send(Signal::Kill);
    let clock = OsClock::anchored();
    let killed = clock.now();
    let ran = going_on.finish();
    // 3 s to the end, 5 s for deliveries, 30 s of quiet, 5 s to ask, 30 s to clean up; and a margin.
    let took = clock.now().since(killed).unwrap_or_default();
    assert!(took < Nanos::from_secs(120), "by its own deadlines: {took}");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let result = ran.result();
    assert!(has_finding(&result, "cluster_lost"), "{:#}", result["verdict"]);
    assert!(result["partial"].is_object(), "marked as partial: {:#}", result["partial"]);
    let (due, acked) = (count(&result, "/produced/due"), count(&result, "/acked/messages"));
    assert_eq!(due, load.due(), "the schedule went on");
    assert!((500..due).contains(&acked), "what was measured is there: {acked}");
    let lost = due - acked - count(&result, "/acked/outstanding") - count(&result, "/acked/failed");
    assert_eq!(lost, count(&result, "/produced/unsent"), "every message has its place");
    let test_id = result["test_id"].as_str().expect("a run has an id");
    let command = result["topics"]["left"][0]["command"].as_str().expect("what to do about it");
    assert!(command.contains(test_id), "{command}");
}

#[test]
fn what_the_cluster_does_not_delete_is_listed_and_cleaned_later_with_nothing_else() {
    let Some(_turn) = shared_turn() else { return };
    let mut broker = Broker::start("undeletable", &["delete.topic.enable=false"]);
    let address = broker.address();
    let foreign = ["orders", "benchmark-results"];
    let specs = foreign.map(|name| TopicSpec { name: name.to_owned(), partitions: 1 });
    let made = cluster(&address).create(&specs, SOON, &mut |_| {});
    assert_eq!(made.expect("the broker creates"), foreign, "topics of somebody else");
    let load = Load { name: "undeletable", topics: 2, ..SMALL };
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &address])
        .with_file("w.yaml", &load.yaml())
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    assert_eq!(count(&result, "/acked/messages"), load.due(), "acked");
    assert_read(&result, load.due(), 1);
    assert!(number(&result, "/topics/deleted") < 1.0, "none is deleted: {:#}", result["topics"]);
    let test_id = result["test_id"].as_str().expect("a run has an id");
    let ours = [0, 1].map(|number| format!("benchmark-{test_id}-topic-{number}"));
    let left = result["topics"]["left"].as_array().expect("a list");
    let names: Vec<&str> = left.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ours, "what is left");
    let command = format!("kdyno topics clean {test_id} --bootstrap-server {address}");
    for one in left {
        let reason = one["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("Broker: "), "the broker's word: {reason}");
        assert_eq!(one["command"], command, "what to do about it");
    }
    broker.restart(&[]);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let cleaned = Kdyno::new(&words).run();
    assert_eq!(cleaned.code, 0, "{}", cleaned.stderr);
    let mut stay = topics(&address);
    stay.retain(|name| !name.starts_with("__"));
    stay.sort();
    assert_eq!(stay, ["benchmark-results", "orders"], "nothing else is gone");
}
