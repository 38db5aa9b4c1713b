//! Several streams in one run: each has its own rate, size, messages and histograms, and all of them are exact.

use crate::cli::{Kdyno, Ran, alone};
use crate::real::{self, count};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A bulk of 1,000 a second of 1 KiB, and a probe of 50 a second of 100 bytes.
pub(crate) const STREAMS: &str = "name: both\nwarmupDuration: 500ms\ntestDuration: 2s\nsubscriptionsPerTopic: 1\n\
    consumerPerSubscription: 1\nverification: payload\nstreams:\n  bulk:\n    topics: 2\n    \
    partitionsPerTopic: 3\n    messageSize: 1024\n    producersPerTopic: 2\n    producerRate: 1000\n  \
    probe: {topics: 1, partitionsPerTopic: 1, messageSize: 100, producersPerTopic: 1, producerRate: 50}\n";

fn run(words: &[&str]) -> Ran {
    let _alone = alone();
    Kdyno::new(&["run", "w.yaml"]).and(words).with_file("w.yaml", STREAMS).run()
}

/// Of each stream its name, bytes of a body, asked rate, and messages due, acked, read and in its histograms.
pub(crate) fn check_exact(ran: &Ran, what: &str) -> Value {
    // Exit 11: this machine was too busy for the load to be on time; all counts are exact even so.
    assert!(matches!(ran.code, 0 | 11), "{what}: exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    let streams = result["streams"].as_array().expect("a list");
    assert_eq!(streams.len(), 2, "{what}");
    for (stream, (name, size, rate)) in
        streams.iter().zip([("bulk", 1_024, 1_000), ("probe", 100, 50)])
    {
        let due = 2 * rate;
        assert_eq!(stream["name"], name, "{what}");
        assert_eq!(count(stream, "/message_size"), size, "{what}: {name}");
        assert_eq!(count(stream, "/produced/target_messages_per_second"), rate, "{what}: {name}");
        for path in ["/produced/due", "/produced/messages", "/acked/messages", "/consumed/messages"]
        {
            assert_eq!(count(stream, path), due, "{what}: {name}: {path}");
        }
        assert_eq!(count(stream, "/acked/bytes"), due * size, "{what}: {name}: bytes");
        for span in ["publish", "service", "send_delay", "end_to_end", "transit"] {
            let path = format!("/latency/{span}/count");
            assert_eq!(count(stream, &path), due, "{what}: {name}: its own {span}");
        }
    }
    assert_eq!(count(&result, "/acked/messages"), 2_100, "{what}: together");
    assert_eq!(count(&result, "/latency/publish/count"), 2_100, "{what}: merged");
    for name in ["lost", "duplicated", "reordered", "corrupted", "foreign"] {
        assert_eq!(count(&result, &format!("/verification/{name}")), 0, "{what}: {name}");
    }
    result
}

#[test]
fn each_stream_has_its_own_rate_size_and_histograms_and_both_are_exact() {
    for driver in ["loopback", "embedded"] {
        let ran = run(&["--driver", driver]);
        let result = check_exact(&ran, driver);
        let tasks = result["tasks"].as_array().expect("a list");
        let carried = |role: &str| -> Vec<&str> {
            let of_role = tasks.iter().filter(|task| task["role"] == role);
            of_role.map(|task| task["stream"].as_str().expect("one of the two")).collect()
        };
        assert_eq!(carried("producer"), ["bulk", "probe"], "{driver}: a lane each to send");
        assert_eq!(carried("consumer"), ["bulk", "probe"], "{driver}: and to read");
        let rows: Vec<Vec<&str>> =
            ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
        let has = |row: &[&str]| rows.iter().any(|words| words.starts_with(row));
        assert!(has(&["bulk", "1,024", "1,000"]) && has(&["probe", "100", "50"]), "{}", ran.stdout);
        let folder = &ran.run_directories()[0];
        for name in ["publish.hlog", "publish-bulk.hlog", "end-to-end-probe.hlog"] {
            let text = fs::read_to_string(folder.join(name)).expect("it is there");
            assert!(text.lines().count() > 6, "{driver}: {name}: seconds: {text}");
        }
        check_tables(folder, driver);
    }
}

/// For spreadsheets each stream has its columns, and its seconds add up to what it did.
fn check_tables(folder: &Path, what: &str) {
    let read = |name: &str| -> Vec<Vec<String>> {
        let text = fs::read_to_string(folder.join(name)).expect("it is there");
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let (summary, seconds) = (read("summary.csv"), read("intervals.csv"));
    let column = |of: &[Vec<String>], name: &str| {
        let at = of[0].iter().position(|column| column == name).expect(name);
        of[1..].iter().map(|row| row[at].clone()).collect::<Vec<String>>()
    };
    for (name, due) in [("bulk", 2_000), ("probe", 100)] {
        for word in ["produced", "acked", "consumed"] {
            let whole = column(&summary, &format!("stream_{name}_{word}_messages"));
            assert_eq!(whole, [due.to_string()], "{what}: {name}: {word}");
            let each = column(&seconds, &format!("stream_{name}_{word}"));
            let sum: i64 = each.iter().map(|of| of.parse::<i64>().expect("a count")).sum();
            assert_eq!(sum, due, "{what}: {name}: {word} by second: {each:?}");
        }
        let p99 = column(&summary, &format!("stream_{name}_publish_p99_us"));
        assert!(p99[0].parse::<f64>().is_ok_and(|p99| 0.0 < p99), "{what}: {name}: {p99:?}");
    }
}

#[test]
fn one_stream_is_compared_by_itself() {
    let ran = [(); 2].map(|()| run(&["--driver", "loopback"]));
    let path = |of: &Ran| of.run_directories()[0].to_str().expect("a folder of our own").to_owned();
    let paths = [path(&ran[0]), path(&ran[1])];
    let compare = |words: &[&str]| {
        let form = ["--format", "json", "--allow-invalid"];
        Kdyno::new(&["compare", &paths[0], &paths[1]]).and(&form).and(words).run()
    };
    let figure = |told: &Ran| -> f64 {
        let document: Value = serde_json::from_str(&told.stdout).expect("a comparison");
        document["comparisons"][0]["figures"][0]["baseline"].as_f64().expect("a rate")
    };
    let (whole, probe) = (compare(&[]), compare(&["--stream", "probe"]));
    let (whole, probe) = (figure(&whole), figure(&probe));
    assert!((1_000.0..1_100.0).contains(&whole), "both streams: {whole}/s");
    assert!((45.0..55.0).contains(&probe), "the probe alone: {probe}/s");
    let told = compare(&["--stream", "tail"]);
    assert_eq!(told.code, 2, "{}", told.stderr);
    assert!(told.stderr.contains("has no stream \"tail\", it has bulk, probe"), "{}", told.stderr);
}

#[test]
fn fields_and_figures_of_one_stream_are_called_by_its_name() {
    let words = [
        "--driver",
        "loopback",
        "--set",
        "streams.probe.producerRate=20,100",
        "--assert",
        "streams.probe.acked == streams.probe.due",
        "--assert",
        "streams.bulk.acked == 2000",
        "--format",
        "json",
    ];
    let ran = run(&words);
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let results: Vec<Value> = serde_json::from_str(&ran.stdout).expect("a result for each rate");
    let acked: Vec<i64> = results.iter().map(|of| count(of, "/streams/1/acked/messages")).collect();
    assert_eq!(acked, [40, 200], "the probe's two rates");
    let held = |of: &Value| {
        of["assertions"].as_array().is_some_and(|all| all.iter().all(|one| one["held"] == true))
    };
    assert!(results.iter().all(held), "{:#}", results[0]["assertions"]);
    let failed = run(&["--driver", "loopback", "--assert", "streams.probe.publish.p99 < 1ns"]);
    assert_eq!(failed.code, 10, "{}", failed.stderr);
    assert!(failed.stdout.contains("streams.probe.publish.p99 is "), "{}", failed.stdout);
}

#[test]
fn the_plan_says_which_lane_carries_which_stream() {
    let ran = run(&["--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for words in [
        "stream bulk, load: messages of 1 KiB, 1k/s in all",
        "stream probe, load: messages of 100 B, 50/s in all",
        "1 clients for 4 logical producers of stream bulk",
        "1 clients for 1 logical producers of stream probe",
        "1 clients for 1 logical consumers of stream probe",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
}

#[test]
fn the_probe_is_exact_beside_the_bulk_on_a_real_broker_and_reads_topics_of_its_own() {
    let Some(turn) = real::turn() else { return };
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address, "--keep-topics"])
        .with_file("w.yaml", STREAMS)
        .run();
    let result = check_exact(&ran, "a real broker");
    let test_id = result["test_id"].as_str().expect("a run has an id");
    let mut names = real::topics(&turn.address);
    names.retain(|name| name.contains(test_id));
    names.sort();
    let own = ["bulk-topic-0", "bulk-topic-1", "probe-topic-0"];
    assert_eq!(names, own.map(|name| format!("benchmark-{test_id}-{name}")), "of each its own");
    let clean = ["topics", "clean", test_id, "--bootstrap-server", &turn.address];
    let cleaned = Kdyno::new(&clean).run();
    assert_eq!(cleaned.code, 0, "{}", cleaned.stderr);
    let gone = names.iter().all(|name| cleaned.stdout.contains(&format!("topic {name}\n")));
    assert!(gone, "what streams leave is known as the run's: {}", cleaned.stdout);
}
