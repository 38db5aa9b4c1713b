//! `kdyno ceiling`, and what runs make of the file that it leaves beside the results.

use crate::cli::{Kdyno, Ran, alone, findings, number, read_json, workload};
use crate::real::broker::{Signal, send};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

/// Two cores at most, so that a large machine is not measured in full.
fn cores() -> Vec<usize> {
    engine::host::machine().ids().into_iter().take(2).collect()
}

/// Measures into a folder, with steps that are as short as they may be and more.
fn measured(results: &Path) -> Ran {
    let cores = cores().iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    Kdyno::new(&["ceiling", "--duration", "50ms", "--format", "json", "--cores", &cores])
        .and(&["--output", results.to_str().expect("a plain path")])
        .run()
}

/// A run of 1,000 messages a second on the embedded broker whose results go into the folder: what it
/// said, and its result.
fn run(results: &Path) -> (Ran, Value) {
    let ran = Kdyno::new(&["run", "w.yaml", "--output", results.to_str().expect("a plain path")])
        .with_file("w.yaml", &workload("placed", 1_000, "1s"))
        .run();
    // Exit 11: a crowded host was late; where it stood is told all the same.
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let directory = ran.stdout.lines().last().and_then(|line| line.strip_prefix("results: "));
    let result = read_json(&Path::new(directory.expect("the last line")).join("result.json"));
    assert_eq!(result["verdict"]["valid"], ran.code == 0, "a ceiling never changes `valid`");
    (ran, result)
}

/// The ceiling of a folder, changed.
fn change(results: &Path, change: impl FnOnce(&mut Value)) {
    let path = results.join("ceiling.json");
    let mut document = read_json(&path);
    change(&mut document);
    std::fs::write(path, document.to_string()).expect("the folder is ours");
}

/// The rows of a list as words, of these fields.
fn rows(document: &Value, list: &str, fields: &[&str]) -> Vec<String> {
    let rows = document[list].as_array().expect("a list").iter();
    rows.map(|row| fields.iter().map(|field| row[*field].to_string()).collect::<Vec<_>>().join(" "))
        .collect()
}

fn throughput_is_whole(document: &Value) {
    let counts: Vec<usize> = (1..=cores().len()).collect();
    let mut expected = Vec::new();
    for of in ["loopback", "embedded"] {
        for size in [100, 65_536] {
            expected.extend(counts.iter().map(|lanes| format!("\"{of}\" {size} {lanes}")));
        }
    }
    let got = rows(document, "throughput", &["of", "message_size", "lanes"]);
    assert_eq!(got, expected, "every sink, size and number of lanes");
    for row in document["throughput"].as_array().expect("a list") {
        let (speed, lanes) = (number(row, "/messages_per_second"), number(row, "/lanes"));
        assert!(0.0 < speed, "{row:#}");
        assert!(0.0 < number(row, "/cpu_seconds_per_million_messages"), "{row:#}");
        assert!(
            (number(row, "/messages_per_second_per_lane") - speed / lanes).abs() < 1.0,
            "{row:#}"
        );
        let bytes = speed * number(row, "/message_size");
        assert!((number(row, "/bytes_per_second") / bytes - 1.0).abs() < 1e-6, "{row:#}");
        let efficiency = number(row, "/efficiency");
        assert!(1.0 < lanes || (efficiency - 1.0).abs() < 1e-9, "one lane is itself: {row:#}");
        let shared = row["shared"].as_array().expect("a list").len();
        assert_eq!(0 < shared, efficiency < 0.8, "named where it is below 0.8: {row:#}");
    }
}

fn pacing_is_whole(document: &Value) {
    let paced = rows(document, "pacing", &["wait", "messages_per_second"]);
    for wait in ["spin", "sleep"] {
        for rate in [1, 10, 100, 1_000, 10_000] {
            let row = format!("\"{wait}\" {rate}");
            assert!(paced.contains(&row), "{row} in {paced:?}");
        }
    }
    let fastest = document["throughput"][0]["messages_per_second"].as_f64().expect("a number");
    for row in document["pacing"].as_array().expect("a list") {
        let (due, sent) = (number(row, "/due"), number(row, "/sent"));
        assert!(1.0 <= due && (due - sent).abs() < 0.5, "counts are exact: {row:#}");
        assert!((number(row, "/send_delay/count") - sent).abs() < 0.5, "each is timed: {row:#}");
        let asked = number(row, "/messages_per_second");
        let exact = (asked * 0.05).ceil();
        assert!((due - exact).abs() < 1.5, "50 ms of {asked}: {row:#}");
        assert!(asked <= fastest, "up to what one lane does: {row:#}");
        assert!(row["rate_error_ppm"].is_number() || due < 2.0, "{row:#}");
    }
}

#[test]
fn a_ceiling_has_all_its_rows_and_later_runs_say_their_share_of_it() {
    let _alone = alone();
    let results = TempDir::new().expect("a folder of our own");
    let ran = measured(results.path());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("takes about"), "said before the start: {}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(document, read_json(&results.path().join("ceiling.json")), "the same is kept");
    assert_eq!(document["schema"], "kdyno.ceiling/1", "its version");
    assert_eq!(
        (&document["complete"], &document["failures"]),
        (&true.into(), &Value::Array(vec![]))
    );
    throughput_is_whole(&document);
    pacing_is_whole(&document);
    for path in [
        "/timer/step_ns",
        "/timer/reading_ns",
        "/timer/oversleep/p99_us",
        "/hiccups/longest/p99_us",
    ] {
        assert!(0.0 < number(&document, path), "{path}: {document:#}");
    }
    assert!(0.0 < number(&document, "/copy_bytes_per_second"), "{document:#}");

    let (placed, result) = run(results.path());
    let part = &result["engine"]["ceiling"];
    let most = number(part, "/messages_per_second");
    let share = number(&result, "/acked/messages_per_second") / most;
    assert!((number(part, "/share") - share).abs() < 1e-5, "{part:#}, not {share}");
    assert_eq!((&part["of"], &part["lanes"]), (&"embedded".into(), &1.into()), "{part:#}");
    assert_eq!(part["message_size"], 100, "{part:#}");
    assert_eq!(part["measured_at"], document["measured_at"], "{part:#}");
    let words = " of this host's ceiling (";
    assert!(placed.stdout.contains(words), "{}", placed.stdout);

    change(results.path(), |ceiling| {
        for row in ceiling["throughput"].as_array_mut().expect("a list") {
            row["messages_per_second"] = 500.into();
        }
    });
    let (_, near) = run(results.path());
    assert!(findings(&near).contains(&"near_ceiling".to_owned()), "{near:#}");

    change(results.path(), |ceiling| ceiling["host"]["cpu"] = "Another 1".into());
    let (elsewhere, ignored) = run(results.path());
    assert_eq!(ignored["engine"]["ceiling"], Value::Null, "not to be set against this host");
    assert!(findings(&ignored).contains(&"ceiling_ignored".to_owned()), "{ignored:#}");
    assert!(elsewhere.stderr.contains("is ignored: CPU was Another 1"), "{}", elsewhere.stderr);
    assert!(!elsewhere.stdout.contains(words), "{}", elsewhere.stdout);
}

#[test]
fn a_broken_ceiling_spoils_no_run() {
    let results = TempDir::new().expect("a folder of our own");
    for text in ["", "{\"schema\": \"kdyno.ceiling/1\"", "{\"schema\": \"kdyno.ceiling/1\"}", "[7]"]
    {
        std::fs::write(results.path().join("ceiling.json"), text).expect("the folder is ours");
        let (ran, result) = run(results.path());
        assert_eq!(result["engine"]["ceiling"], Value::Null, "{text}");
        assert!(findings(&result).contains(&"ceiling_ignored".to_owned()), "{text}: {result:#}");
        assert!(ran.stderr.contains("ceiling.json is ignored"), "{text}: {}", ran.stderr);
    }
}

#[test]
fn a_run_without_a_ceiling_says_nothing_of_one() {
    let results = TempDir::new().expect("a folder of our own");
    let (ran, result) = run(results.path());
    assert_eq!(result["engine"]["ceiling"], Value::Null, "nothing was measured");
    assert!(!ran.stdout.contains("ceiling") && !ran.stderr.contains("ceiling"), "{}", ran.stderr);
}

#[test]
fn ctrl_c_ends_the_measuring_and_nothing_is_kept() {
    let _alone = alone();
    let mut started = Kdyno::new(&["ceiling", "--duration", "30s"]).start();
    started.await_words("timers and hiccups");
    send(Signal::Interrupt, &started.id().to_string());
    let ran = started.finish();
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.lines().last(), Some("not kept: interrupted"), "{}", ran.stdout);
    assert!(ran.stdout.contains("of spinning"), "what was measured is printed: {}", ran.stdout);
    assert!(ran.run_directories().is_empty(), "no ceiling.json: {:?}", ran.files());
}

#[test]
fn cores_that_are_not_there_are_a_fault_of_usage() {
    let ran = Kdyno::new(&["ceiling", "--cores", "4095"]).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--cores: got core 4095, this process may use"), "{}", ran.stderr);
    assert!(ran.stdout.is_empty(), "nothing was measured: {}", ran.stdout);
}
