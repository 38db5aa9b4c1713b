//! The plan alone: what would run, and no cluster touched.

use crate::cli::Kdyno;
use crate::silent::Silent;
use serde_json::Value;

/// The example of OMB's own documentation: many logical clients on few topics.
const WORKLOAD: &str = "name: plan\ntopics: 10\npartitionsPerTopic: 3\nmessageSize: 100\n\
    producersPerTopic: 10\nsubscriptionsPerTopic: 2\nconsumerPerSubscription: 4\n\
    producerRate: 1000\ntestDurationMinutes: 1\n";

#[test]
fn a_dry_run_counts_producers_consumers_groups_and_topics_and_touches_no_cluster() {
    let silent = Silent::listen();
    let ran = Kdyno::new(&["run", "w.yaml", "--dry-run", "--bootstrap-server", &silent.address()])
        .with_file("w.yaml", WORKLOAD)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let counts = "plan: 100 logical producers, 80 logical consumers, 2 groups, 10 topics";
    assert!(ran.stdout.lines().any(|line| line == counts), "{}", ran.stdout);
    assert_eq!(ran.files(), ["w.yaml"], "nothing is created");
    silent.was_left_alone();
}

#[test]
fn a_dry_run_as_json_says_the_same() {
    let silent = Silent::listen();
    let words = ["run", "w.yaml", "--dry-run", "--format", "json", "--clients", "each"];
    let ran = Kdyno::new(&words)
        .and(&["--bootstrap-server", &silent.address()])
        .with_file("w.yaml", WORKLOAD)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    let plan = &document["plan"];
    assert_eq!(plan["producers"], 100, "{plan:#}");
    assert_eq!(plan["consumers"], 80, "{plan:#}");
    assert_eq!(plan["topics"], 10, "{plan:#}");
    assert_eq!(plan["partitions"], 30, "{plan:#}");
    // With a client for each, every topic's subscription is a group of its own, as in OMB.
    let groups = plan["groups"].as_array().expect("a list");
    assert_eq!(groups.len(), 20, "{groups:#?}");
    let clients = |role: &str| -> u64 {
        let lanes = plan["lanes"].as_array().expect("a list").iter();
        lanes.filter(|lane| lane["role"] == role).filter_map(|lane| lane["clients"].as_u64()).sum()
    };
    assert_eq!((clients("producer"), clients("consumer")), (100, 80), "a client for each");
    silent.was_left_alone();
}

#[test]
fn the_tick_is_shown_where_dues_share_wake_ups_and_never_in_spin() {
    let check = |words: &[&str], ticks: &[Option<f64>], text: &[&str]| {
        let plan = |format: &str| {
            let ran = Kdyno::new(&["run", "w.yaml", "--dry-run", "--format", format])
                .and(words)
                .with_file("w.yaml", WORKLOAD)
                .run();
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            ran.stdout
        };
        let document: Value = serde_json::from_str(&plan("json")).expect("one JSON document");
        let lanes = document["plan"]["lanes"].as_array().expect("a list");
        let of = |role: &str| lanes.iter().find(|lane| lane["role"] == role).expect("one of each");
        let told = ["producer", "consumer"].map(|role| of(role)["tick_us"].as_f64());
        assert_eq!(told, ticks, "{words:?}");
        let lines = plan("text");
        for (name, part) in ["lane produce-0", "lane consume-0"].iter().zip(text) {
            let line = lines.lines().find(|line| line.starts_with(name)).expect("one of each");
            assert!(line.contains(part), "{words:?}: {line}");
        }
    };
    check(&["--wait", "sleep"], &[Some(150.0), None], &[", sleeps (tick 150us), ", ", sleeps, "]);
    check(&["--wait", "spin"], &[None, None], &[", spins, ", ", spins, "]);
    check(&["--wait", "sleep", "--rate", "max"], &[None, None], &[", sleeps, ", ", sleeps, "]);
}

#[test]
fn a_dry_run_of_several_workloads_as_json_is_one_array() {
    let ran = Kdyno::new(&["run", "w.yaml", "v.yaml", "--dry-run", "--format", "json"])
        .with_file("w.yaml", WORKLOAD)
        .with_file("v.yaml", &WORKLOAD.replace("name: plan", "name: other"))
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    let names: Vec<_> = document.as_array().expect("an array").iter().collect();
    assert_eq!(names.len(), 2, "{document:#}");
    assert_eq!(names[0]["workload"]["name"], "plan", "in their order");
    assert_eq!(names[1]["workload"]["name"], "other", "in their order");
}

#[test]
fn a_dry_run_names_the_workers_and_asks_none_of_them() {
    let (broker, worker) = (Silent::listen(), Silent::listen());
    let check = |format: &str| {
        let ran = Kdyno::new(&["run", "w.yaml", "--dry-run", "--format", format])
            .and(&["--bootstrap-server", &broker.address()])
            .and(&["--workers", &format!("{},load-2", worker.address())])
            .with_file("w.yaml", WORKLOAD)
            .run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let names = [format!("http://{}", worker.address()), "http://load-2:9410".to_owned()];
    let text = check("text");
    let line = format!("workers (each plans its own lanes): {}", names.join(", "));
    assert!(text.lines().any(|of| of == line), "{text}");
    // The broker is this host's, which the second worker cannot know.
    assert!(text.contains("is on each worker's own host: http://load-2:9410"), "{text}");
    let document: Value = serde_json::from_str(&check("json")).expect("one JSON document");
    assert_eq!(document["workers"], serde_json::json!(names), "{document:#}");
    worker.was_left_alone();
    broker.was_left_alone();
}
