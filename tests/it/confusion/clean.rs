//! Clean runs: each of twenty is valid, limited by nothing, and raises no doubt.

use super::lost_its_core;
use super::mock::{broker, sending};
use crate::cli::{Kdyno, Ran, alone, findings, workload};
use kdyno_tests::demand::real_broker;

/// How many are run, and how many of them a host must leave alone.
const RUNS: usize = 20;
const VALID_LEAST: usize = 15;

/// What a clean run may be told: few samples are no doubt, nor are topics that the test made, and a busy
/// host is known by its hiccups.
const HARMLESS: [&str; 3] = ["few_samples", "existing_topics", "late_sends"];

/// On the real broker, on the mock broker with and without readers, on the loopback, in turn.
fn run(index: usize) -> Ran {
    let load = workload("clean", 1_000, "3s").replace("warmupDuration: 0s", "warmupDuration: 1s");
    let with_driver = |driver: &str| {
        Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
            .with_file("w.yaml", &load)
            .with_file("d.yaml", driver)
            .run()
    };
    match (index % 4, real_broker()) {
        (0, Some(address)) => Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &address])
            .with_file("w.yaml", &load)
            .run(),
        (0, None) | (1, _) => sending(&broker(4, 0), &load, "linger.ms=1").run(),
        (2, _) => Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &load).run(),
        (_, _) => with_driver("name: l\ndriverClass: loopback\n"),
    }
}

#[test]
fn twenty_clean_runs_are_valid_and_raise_no_doubt() {
    let _alone = alone();
    let (mut valid, mut told) = (0, Vec::new());
    for index in 0..RUNS {
        let ran = run(index);
        let result = ran.result();
        let verdict = &result["verdict"];
        let doubts = findings(&result);
        let doubts: Vec<&String> =
            doubts.iter().filter(|code| !HARMLESS.contains(&code.as_str())).collect();
        println!("{index}: exit {}, {}, {doubts:?}", ran.code, verdict["limited_by"]);
        if ran.code == 0 && verdict["limited_by"] == "nothing" && doubts.is_empty() {
            valid += 1;
        } else {
            let is_hosts = ran.code == 11 && lost_its_core(&result);
            told.push((is_hosts, format!("{index}: {verdict}")));
        }
    }
    println!("clean runs: {valid} of {RUNS} valid, limited by nothing, without a doubt");
    // A host that takes the core away for longer than a send may be late spoils a run, and is named.
    let ours: Vec<&String> = told.iter().filter(|(hosts, _)| !hosts).map(|(_, of)| of).collect();
    assert!(ours.is_empty(), "{valid} of {RUNS}: {ours:?}");
    assert!(VALID_LEAST <= valid, "a host can spoil some, not most: {valid} of {RUNS}: {told:?}");
}
