//! A cluster that is not there.

use crate::cli::{Kdyno, findings, workload};
use engine::time::{Clock, OsClock};
use serde_json::json;
use std::net::TcpListener;

/// A loopback port on which nothing listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    listener.local_addr().expect("it is bound").to_string()
}

#[test]
fn a_broker_that_is_not_there_is_named_within_15_s() {
    let (address, clock) = (nobody(), OsClock::anchored());
    let began = clock.now();
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &address])
        .with_file("w.yaml", &workload("absent", 1_000, "1s"))
        .run();
    let took = clock.now().since(began).expect("time goes on").as_secs_f64();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(took < 15.0, "told in time: {took} s");
    let error = format!("no broker answers at {address} within ");
    assert!(ran.stderr.contains(&error), "{}", ran.stderr);
    let result = ran.result();
    assert_eq!(findings(&result), ["failed"], "why, and nothing that never was: {}", ran.stdout);
    assert!(ran.stdout.contains(&address), "the result says why: {}", ran.stdout);
    assert_eq!(
        result["topics"],
        json!({"created": 0, "deleted": 0, "left": [], "unclosed": []}),
        "nothing"
    );
}

#[test]
fn a_topic_that_must_be_there_needs_its_cluster_too() {
    let address = nobody();
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &address, "--topic", "mine"])
        .with_file("w.yaml", &workload("absent", 1_000, "1s"))
        .run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("no broker answers at {address}")), "{}", ran.stderr);
    assert_eq!(ran.stdout, "", "no result");
}
