//! The built-in workloads and driver configs: each is listed, copied, planned, and runs.

use crate::cli::{Kdyno, Ran, alone};
use serde_json::Value;
use std::path::Path;

/// How each workload is cut down for a run of a second: fewer messages, of a sweep one or two runs, of large
/// shapes a part. What is left of it is what makes it different from others.
const SHORT: &[(&str, &[&str])] = &[
    ("acks-comparison", &["--rate", "500", "--set", "driver.acks=0,all"]),
    ("batch-size-sweep", &["--set", "driver.batch.size=262144"]),
    ("bulk-and-probe", &["--set", "streams.bulk.producerRate=500"]),
    ("burst-1k", &["--rate", "bursts 5k for 100ms, 0 for 400ms"]),
    ("commit-interval-sweep", &["--rate", "500", "--set", "offsetCommitInterval=none,100ms"]),
    ("compression-sweep", &["--set", "driver.compression.type=lz4,zstd"]),
    ("consumer-churn", &["--rate", "500"]),
    ("consumer-scaling-test", &["--set", "consumerPerSubscription=2"]),
    ("daily-wave", &["--rate", "wave 500 +- 450 every 500ms"]),
    ("digital-twin-sensor-stream", &["--rate", "500"]),
    ("failover-watch", &["--rate", "500"]),
    ("fan-out", &["--rate", "500"]),
    ("keyed-messages", &["--rate", "500"]),
    ("large-messages-1mib", &[]),
    ("latency-test-100b", &["--rate", "500"]),
    ("linger-sweep", &["--rate", "500", "--set", "driver.linger.ms=0,20"]),
    ("load-step", &["--rate", "steps 200 for 400ms, 600 for 300ms, 200"]),
    ("many-partitions-1000", &["--rate", "500", "--set", "partitionsPerTopic=100"]),
    ("many-topics-100", &["--rate", "500", "--set", "topics=20"]),
    ("many-topics-10000", &["--rate", "500", "--set", "topics=10"]),
    ("msg-size-comparison", &["--set", "messageSize=1KiB,1MiB"]),
    ("partition-scaling-test", &["--set", "partitionsPerTopic=4"]),
    ("payload-integrity", &["--rate", "500"]),
    ("poisson-arrivals", &["--rate", "500"]),
    ("produce-only-max", &[]),
    ("producer-scaling-test", &["--set", "producersPerTopic=2"]),
    ("quick-test", &["--rate", "500"]),
    ("ramp-to-overload", &["--rate", "ramp 100 to 900 over 1s"]),
    ("rate-sweep", &["--rate", "200,400"]),
    ("simple", &["--rate", "500"]),
    ("small-messages-64b", &["--rate", "1000"]),
    ("soak-1h", &["--rate", "500"]),
    ("throughput-test-100b", &[]),
    ("throughput-test-max", &[]),
    ("transactions-100", &["--rate", "500"]),
];

/// The same of those that take several seconds to do at all what they are for, at rates that disturb nobody.
const SLOW: &[(&str, &[&str])] = &[
    ("backlog-drain", &["--rate", "2000", "--set", "consumerBacklog=3MiB"]),
    ("find-the-limit", SEARCH),
    ("latency-test-auto", &["--rate", "500", "--warmup", "auto:7s"]),
];

/// One rate that is looked at and confirmed, without a broker: three seconds each.
const SEARCH: &[&str] = &[
    "--driver",
    "loopback",
    "--duration",
    "3s",
    "--set",
    "searchStartRate=200",
    "--set",
    "searchMaxRate=200",
    "--set",
    "searchSettle=0s",
];

/// The names that a command lists, with their questions.
fn listed(command: &str) -> Vec<(String, String)> {
    let ran = Kdyno::new(&[command, "--format", "json"]).run();
    assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(document["schema"], "kdyno.library/1", "its format");
    let text = |one: &Value, field: &str| one[field].as_str().expect("a text").to_owned();
    let entries = document[command].as_array().expect("a list").iter();
    entries.map(|one| (text(one, "name"), text(one, "question"))).collect()
}

fn names(command: &str) -> Vec<String> {
    listed(command).into_iter().map(|(name, _)| name).collect()
}

/// Every result of an invocation: one document, or an array of them.
fn results(ran: &Ran) -> Vec<Value> {
    match serde_json::from_str(&ran.stdout) {
        Ok(Value::Array(all)) => all,
        Ok(one) => vec![one],
        Err(error) => panic!("{error}: {}{}", ran.stdout, ran.stderr),
    }
}

/// Demands that all that was due was acked, and read by every subscription.
fn check_counts(result: &Value, name: &str) {
    let count = |path: &str| {
        let value = result.pointer(path).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("{name}: {path} is a count in {result:#}"))
    };
    let acked = count("/acked/messages");
    assert!(0 < acked, "{name}: it sends");
    // In a closed loop nothing is due: what was sent counts.
    let is_closed = result["produced"]["due"].is_null();
    let asked = if is_closed { "/produced/messages" } else { "/produced/due" };
    assert_eq!(count(asked), acked, "{name}: acked");
    let groups = count("/workload/subscriptionsPerTopic");
    assert_eq!(count("/consumed/messages"), acked * groups, "{name}: read by {groups}");
    if 0 < groups {
        assert_eq!(count("/verification/lost"), 0, "{name}: lost");
    }
}

/// Runs a workload for a second with these words more, and demands exact counts.
fn check_run(name: &str, words: &[&str]) {
    let mut run = Kdyno::new(&["run", name, "--format", "json"]).and(words);
    for usual in [["--duration", "1s"], ["--warmup", "0s"]] {
        run = if words.contains(&usual[0]) { run } else { run.and(&usual) };
    }
    let ran = run.run();
    // Exit 11: this machine was too busy for the load to be on time; all counts are exact even so.
    assert!(matches!(ran.code, 0 | 11), "{name}: exit {}: {}", ran.code, ran.stderr);
    for result in results(&ran) {
        check_counts(&result, name);
    }
}

#[test]
fn every_built_in_workload_runs_and_its_counts_are_exact() {
    let mut short: Vec<&str> = SHORT.iter().chain(SLOW).map(|(name, _)| *name).collect();
    short.sort_unstable();
    assert_eq!(names("workloads"), short, "a new one needs a line here");
    for (name, words) in SHORT {
        // Those that send as fast as they can leave nothing to others.
        let _alone = alone();
        check_run(name, words);
    }
}

#[test]
fn those_that_take_a_while_run_with_exact_counts_too() {
    for (name, words) in SLOW {
        check_run(name, words);
    }
}

#[test]
fn every_built_in_workload_is_planned_with_its_own_values() {
    let names = names("workloads");
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    let ran = Kdyno::new(&["run", "--dry-run", "--format", "json", "--driver", "kafka-latency"])
        .and(&words)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.files().is_empty(), "nothing is created: {:?}", ran.files());
    let mut planned: Vec<String> = Vec::new();
    for plan in results(&ran) {
        let name = plan["workload"]["name"].as_str().expect("a name").to_owned();
        if planned.last() != Some(&name) {
            planned.push(name);
        }
    }
    assert_eq!(planned, names, "each, in this order");
}

#[test]
fn every_built_in_driver_is_valid_and_can_be_planned_with() {
    let names = names("drivers");
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    // What a driver takes from the environment is to be there.
    let run = |given: &[&str]| {
        let run = Kdyno::new(given).with_variable("KDYNO_USER", "me");
        run.with_variable("KDYNO_PASSWORD", "hunter2")
    };
    let valid = run(&["validate"]).and(&words).run();
    assert_eq!(valid.code, 0, "{}", valid.stderr);
    for name in &names {
        let line = format!("{name}: driver \"{name}\" (");
        assert!(valid.stdout.lines().any(|said| said.starts_with(&line)), "{line}{}", valid.stdout);
        let ran = run(&["run", "quick-test", "--dry-run", "--driver", name]).run();
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"), "{name}: masked");
    }
    let turns = ["--repeat", "3", "--driver", "kafka-acks-1", "--against", "kafka-replicated"];
    let both = Kdyno::new(&["run", "quick-test", "--dry-run"]).and(&turns).run();
    assert_eq!(both.code, 0, "candidates have names too: {}", both.stderr);
}

#[test]
fn lists_are_columns_for_people_and_a_name_prints_its_file() {
    for (command, folder) in [("workloads", "workloads"), ("drivers", "configs")] {
        let list = Kdyno::new(&[command]).run();
        assert_eq!(list.code, 0, "{}", list.stderr);
        let longest = list.stdout.lines().map(|line| line.chars().count()).max();
        assert!(longest.is_some_and(|longest| longest <= 100), "{}", list.stdout);
        let joined = list.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for (name, question) in listed(command) {
            assert!(joined.contains(&format!("{name} {question}")), "{name}: {}", list.stdout);
            let printed = Kdyno::new(&[command, &name]).run();
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let file = root.join(folder).join(format!("{name}.yaml"));
            let text = std::fs::read_to_string(file).expect("it lies there");
            assert_eq!((printed.code, printed.stdout), (0, text), "{name}: as it lies there");
        }
    }
}

#[test]
fn a_file_of_the_name_wins_and_a_slip_gets_the_name_that_was_meant() {
    let run = |words: &[&str]| Kdyno::new(&["run", "--dry-run"]).and(words);
    let own = "name: mine\ntopics: 1\npartitionsPerTopic: 1\nmessageSize: 100\nproducersPerTopic: 1\n\
               producerRate: 7\ntestDuration: 1s\n";
    let file = run(&["quick-test"]).with_file("quick-test", own).run();
    assert_eq!(file.code, 0, "{}", file.stderr);
    assert!(file.stdout.contains(": mine\n") && file.stdout.contains("7/s"), "{}", file.stdout);

    let refused = |ran: Ran, expected: &str| {
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert_eq!(ran.stderr.trim_end(), expected);
    };
    refused(
        run(&["latency-test-100"]).run(),
        "latency-test-100: no such file, did you mean latency-test-100b, which is built in?",
    );
    refused(
        run(&["quick-test", "--driver", "kafka-latncy"]).run(),
        "kafka-latncy: no such file, did you mean kafka-latency, which is built in?",
    );
    refused(
        run(&["what-is-this"]).run(),
        "what-is-this: no such file, and nothing of that name is built in: kdyno workloads and kdyno \
         drivers list what is",
    );
    refused(
        run(&["kafka-latency"]).run(),
        "kafka-latency: is a driver file, give it with --driver and name a workload file here",
    );
    refused(
        Kdyno::new(&["drivers", "quick-test"]).run(),
        "kdyno drivers: got \"quick-test\", nothing of that name is built in, kdyno drivers lists what \
         there is",
    );
    refused(
        Kdyno::new(&["workloads", "quick-tset"]).run(),
        "kdyno workloads: got \"quick-tset\", nothing of that name is built in, did you mean quick-test?",
    );
}
