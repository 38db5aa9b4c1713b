//! `kdyno compare`: on recorded results, and on two real short runs.

use crate::cli::{Kdyno, Ran, number, read_json, workload};
use crate::golden;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Which figures a recorded run has: the same noise from another second on is another run of the same.
#[derive(Clone, Copy)]
struct Recorded {
    /// From where on the noise is taken.
    phase: u64,
    /// Messages a second, as a percentage of 20,000.
    rate: u64,
    /// Whether the run did what was asked.
    valid: bool,
}

const PLAIN: Recorded = Recorded { phase: 0, rate: 100, valid: true };

/// 0 to 1, without a pattern that anybody would see.
fn noise(at: u64) -> f64 {
    let mixed = (at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    f64::from(u16::try_from((mixed >> 40) & 0xFFFF).expect("sixteen bits")) / 65_536.0
}

/// A result of 90 seconds in the form of `result.json`, as far as a comparison reads it.
fn result(id: &str, of: Recorded) -> String {
    let around = |middle: f64, spread: f64, kind: u64, second: u64| {
        let part = noise(of.phase * 100_000 + kind * 1_000 + second) - 0.5;
        (middle * (1.0 + spread * part)).round()
    };
    let rate = f64::from(u32::try_from(of.rate).expect("a percentage")) * 200.0;
    let second = |at: u64| {
        json!({
            "t_s": at, "produced": 20_000, "errors": 0, "backlog": 0,
            "acked": around(rate, 0.05, 1, at), "consumed": around(rate, 0.05, 2, at),
            "publish_p50_us": around(2_000.0, 0.1, 3, at),
            "publish_p99_us": around(9_000.0, 0.3, 4, at),
            "publish_max_us": around(30_000.0, 0.9, 5, at),
            "end_to_end_p50_us": around(2_500.0, 0.1, 6, at),
            "end_to_end_p99_us": around(10_000.0, 0.3, 7, at),
            "end_to_end_max_us": around(33_000.0, 0.9, 8, at),
            "process_cpu_cores": around(50.0, 0.1, 9, at) / 1_000.0,
        })
    };
    let block = |middle: f64| {
        json!({"count": 1_800_000, "p50_us": middle, "p95_us": 2.5 * middle, "p99_us": 4.5 * middle,
               "p99_9_us": 9.0 * middle, "max_us": 22.0 * middle})
    };
    let flow = json!({"messages": 1_800_000, "duration_s": 90.0, "messages_per_second": rate});
    let (limited_by, exit_code) = if of.valid { ("nothing", 0) } else { ("client", 11) };
    let document = json!({
        "schema": "kdyno.result/1", "test_id": id, "test_name": "recorded", "kdyno_version": "0.1.0",
        "started_at": "2026-11-26T10:00:00.000000Z",
        "verdict": {"valid": of.valid, "limited_by": limited_by, "exit_code": exit_code, "findings": []},
        "workload": {"name": "recorded", "messageSize": 100, "producerRate": 200 * of.rate},
        "driver": {"name": "kafka", "properties": []},
        "plan": {"warmup_s": 10.0, "measured_s": 90.0},
        "produced": flow, "acked": flow, "consumed": flow,
        "startup": {"ready_ms": 700.0, "first_ack_ms": 3.0, "steady_s": -8},
        "latency": {"publish": block(2_000.0), "service": block(1_900.0), "end_to_end": block(2_500.0),
                    "transit": block(2_400.0), "send_delay": null},
        "engine": {"cpu_seconds": 4.5, "cpu_seconds_per_million_messages": 1.25},
        "environment": {"cpu": "Made Up 9000", "cores": 2, "kernel": "6.1", "librdkafka": "2.12.1"},
        "warmup": {"messages": 200_000},
        "intervals": (0..90).map(second).collect::<Vec<Value>>(),
        "workers": null,
    });
    document.to_string()
}

/// Compares `a.json`, which is plain, with `b.json`.
fn compared(other: Recorded, words: &[&str]) -> Ran {
    Kdyno::new(&["compare", "a.json", "b.json"])
        .and(words)
        .with_file("a.json", &result("recorded_1_a", PLAIN))
        .with_file("b.json", &result("recorded_2_b", other))
        .run()
}

#[test]
fn a_repeat_shows_no_difference_and_a_tenth_less_is_a_regression_in_every_form() {
    let same = compared(Recorded { phase: 1, ..PLAIN }, &[]);
    assert_eq!(same.code, 0, "{}{}", same.stdout, same.stderr);
    assert!(same.stdout.starts_with("NO DIFFERENCE between B and A"), "{}", same.stdout);
    golden::check("compare-same.txt", &same.stdout);

    let slower = Recorded { phase: 1, rate: 90, ..PLAIN };
    let text = compared(slower, &[]);
    assert_eq!(text.code, 10, "{}{}", text.stdout, text.stderr);
    let words = "REGRESSION: B is worse than A by more than 1 %: acked msg/s -10.0 % (";
    assert!(text.stdout.starts_with(words), "{}", text.stdout);
    golden::check("compare-slower.txt", &text.stdout);
    let markdown = compared(slower, &["--format", "markdown"]);
    assert_eq!(markdown.code, 10, "{}", markdown.stderr);
    golden::check("compare-slower.md", &markdown.stdout);

    let json = compared(slower, &["--format", "json"]);
    let document: Value = serde_json::from_str(&json.stdout).expect("one JSON document");
    assert_eq!((json.code, &document["exit_code"]), (10, &json!(10)), "{document:#}");
    assert_eq!(document["schema"], "kdyno.compare/1", "its version");
    let acked = number(&document, "/comparisons/0/figures/0/difference");
    assert!((acked + 0.1).abs() < 1e-9, "{document:#}");
    assert_eq!(document["comparisons"][0]["differs"][0]["field"], "producerRate", "the reason");

    let html = compared(slower, &["--format", "html"]);
    assert_eq!(html.code, 10, "{}", html.stderr);
    assert!(html.stdout.starts_with("<!doctype html>"), "{}", html.stdout);
    assert!(html.stdout.contains("REGRESSION: B is worse than A"), "{}", html.stdout);
    assert!(html.stdout.contains("<svg "), "{}", html.stdout);

    let tolerated = compared(slower, &["--tolerance", "15%"]);
    assert_eq!(tolerated.code, 0, "{}", tolerated.stdout);
    assert!(
        tolerated.stdout.starts_with("DIFFERENCE between B and A: worse"),
        "{}",
        tolerated.stdout
    );
}

#[test]
fn a_run_that_is_not_valid_is_refused_unless_it_is_allowed() {
    let invalid = Recorded { phase: 1, valid: false, ..PLAIN };
    let refused = compared(invalid, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    let words = "b.json: the run is NOT VALID (exit code 11, limited by client)";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    assert!(refused.stderr.contains("--allow-invalid"), "{}", refused.stderr);
    let allowed = compared(invalid, &["--allow-invalid"]);
    assert_eq!(allowed.code, 0, "{}", allowed.stderr);
    let told = allowed.stdout.matches("NOT VALID").count();
    assert_eq!(told, 2, "with the run and below the table: {}", allowed.stdout);
}

#[test]
fn a_candidate_that_did_nothing_is_a_regression_and_not_untold() {
    let nothing = Recorded { phase: 1, rate: 0, valid: false };
    let ran = compared(nothing, &["--allow-invalid"]);
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let words =
        "REGRESSION: B is worse than A by more than 1 %: acked msg/s -100 %, consumed msg/s -100 %";
    assert!(ran.stdout.starts_with(words), "{}", ran.stdout);
}

/// Run directories of these names in a folder of our own.
fn folder(groups: &[(&str, Recorded)]) -> TempDir {
    let folder = TempDir::new().expect("a folder of our own");
    for (name, of) in groups {
        let run = folder.path().join(name);
        std::fs::create_dir_all(&run).expect("the folder is ours");
        let id = name.replace('/', "_");
        std::fs::write(run.join("result.json"), result(&id, *of)).expect("the folder is ours");
    }
    folder
}

fn argument(paths: &[PathBuf]) -> String {
    let paths: Vec<&str> = paths.iter().map(|path| path.to_str().expect("UTF-8")).collect();
    paths.join(",")
}

#[test]
fn groups_of_three_repeats_are_folders_or_joined_by_commas() {
    let run = |phase: u64| Recorded { phase, ..PLAIN };
    let folder = folder(&[
        ("a/1", run(1)),
        ("a/2", run(2)),
        ("a/3", run(3)),
        ("b/1", run(4)),
        ("b/2", run(5)),
        ("b/3", run(6)),
    ]);
    let at = |name: &str| folder.path().join(name);
    let whole = ["a", "b"].map(|name| argument(&[at(name)]));
    let joined = ["a", "b"].map(|name| {
        argument(&[at(&format!("{name}/1")), at(&format!("{name}/2")), at(&format!("{name}/3"))])
    });
    let told = [whole, joined].map(|[ours, theirs]| {
        let ran = Kdyno::new(&["compare", &ours, &theirs, "--format", "json"]).run();
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        serde_json::from_str::<Value>(&ran.stdout).expect("one JSON document")
    });
    assert_eq!(told[0], told[1], "a folder is the list of its runs");
    let pair = &told[0]["comparisons"][0];
    assert_eq!((&pair["by"], &pair["verdict"]), (&json!("repeats"), &json!("no_difference")));
    let independent = json!({"baseline": 3.0, "candidate": 3.0});
    assert_eq!(pair["figures"][0]["independent"], independent, "{pair:#}");
    let all = Kdyno::new(&["compare", &argument(&[at("a/1")]), &argument(&[at("b")])]).run();
    assert_eq!(all.code, 0, "{}{}", all.stdout, all.stderr);
    assert!(all.stdout.contains("judged by the seconds of the runs"), "{}", all.stdout);
}

#[test]
fn a_folder_of_repeats_does_not_hide_those_that_failed() {
    let run = |phase: u64| Recorded { phase, ..PLAIN };
    let failed = Recorded { phase: 6, valid: false, ..PLAIN };
    let folder = folder(&[
        ("a/1", run(1)),
        ("a/2", run(2)),
        ("a/3", run(3)),
        ("b/1", run(4)),
        ("b/2", run(5)),
        ("b/invalid/3.invalid", failed),
    ]);
    let killed = folder.path().join("b/unfinished/4.unfinished");
    std::fs::create_dir_all(killed).expect("the folder is ours");
    let [ours, theirs] = ["a", "b"].map(|name| argument(&[folder.path().join(name)]));
    let refused = Kdyno::new(&["compare", &ours, &theirs]).run();
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    let words = "b/invalid/3.invalid/result.json: the run is NOT VALID (exit code 11";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    let allowed = Kdyno::new(&["compare", &ours, &theirs, "--allow-invalid"]).run();
    assert_eq!(allowed.code, 0, "{}{}", allowed.stdout, allowed.stderr);
    assert!(allowed.stdout.contains("B (candidate): 3 runs, "), "{}", allowed.stdout);
    assert!(allowed.stdout.contains("1 of B in unfinished/"), "{}", allowed.stdout);
}

#[test]
fn what_cannot_be_compared_is_a_fault_of_usage() {
    let folder = folder(&[("run", PLAIN)]);
    let at = |name: &str| argument(&[folder.path().join(name)]);
    std::fs::create_dir(folder.path().join("empty")).expect("the folder is ours");
    for (name, text) in [
        ("text.json", "no JSON"),
        ("sweep.json", "{\"schema\": \"kdyno.sweep/1\"}"),
        ("next.json", "{\"schema\": \"kdyno.result/2\"}"),
        ("cut.json", "{\"schema\": \"kdyno.result/1\"}"),
    ] {
        std::fs::write(folder.path().join(name), text).expect("the folder is ours");
    }
    let run = at("run");
    let check = |words: &[&str], told: &str| {
        let ran = Kdyno::new(&["compare"]).and(words).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    };
    check(&[], "RUN");
    check(&[&run], "compare: got 1, need a baseline and one candidate or more");
    check(&[&run, &at("gone")], "gone: no such file or directory, need the directory of a run");
    check(&[&run, &at("empty")], "empty: holds no run, need the directory of a run");
    check(&[&run, &at("text.json")], "text.json: is no JSON object");
    check(&[&run, &at("sweep.json")], "got the schema \"kdyno.sweep/1\", need \"kdyno.result/1\"");
    check(&[&run, &at("next.json")], "got the schema \"kdyno.result/2\", need \"kdyno.result/1\"");
    check(&[&run, &at("cut.json")], "cut.json: is no whole result: missing field");
    check(&[&format!("{run},{run}"), &run], "is there already, repeats are different runs");
    check(&[&format!("{run},"), &run], "nothing stands between two commas");
    check(&[&run, &run, "--tolerance", "200%"], "need a percentage from 0% to below 100%");
    check(&[&run, &run, "--format", "pdf"], "possible values: text, json, markdown, html");
}

/// The directory of the only run in a folder; one that is not valid lies a level deeper.
fn directory(results: &Path) -> PathBuf {
    let only = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("there is one");
        let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
        assert_eq!(paths.len(), 1, "one run: {paths:?}");
        paths[0].clone()
    };
    let path = only(results);
    if path.ends_with("invalid") { only(&path) } else { path }
}

#[test]
fn two_real_runs_are_compared_by_their_own_figures() {
    let folder = TempDir::new().expect("a folder of our own");
    let runs = ["first", "second"].map(|name| {
        let results = folder.path().join(name);
        let output = argument(std::slice::from_ref(&results));
        let ran = Kdyno::new(&["run", "w.yaml", "--output", &output])
            .with_file("w.yaml", &workload("real", 2_000, "4s"))
            .run();
        // Exit 11: a crowded host was late, which is a verdict on the run and not on the comparison.
        assert!(matches!(ran.code, 0 | 11), "{}{}", ran.stdout, ran.stderr);
        directory(&results)
    });
    let [ours, theirs] = [0, 1].map(|at| argument(&runs[at..=at]));
    let ran = Kdyno::new(&["compare", &ours, &theirs, "--allow-invalid", "--format", "json"]).run();
    assert!(matches!(ran.code, 0 | 10), "exit {}: {}", ran.code, ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(document["exit_code"], ran.code, "{document:#}");
    let results = [0, 1].map(|at| read_json(&runs[at].join("result.json")));
    let figures = document["comparisons"][0]["figures"].as_array().expect("a list");
    assert!(12 <= figures.len(), "rates, two latencies, perhaps the cost: {document:#}");
    for figure in figures {
        let name = figure["figure"].as_str().expect("a name");
        let path = format!("/{}", name.replace('.', "/"));
        for (result, side) in results.iter().zip(["baseline", "candidate"]) {
            let expected = number(result, &path);
            let got = figure[side].as_f64().expect("both have it");
            assert!((got / expected - 1.0).abs() < 1e-9, "{name}: {got}, not {expected}");
        }
    }
    assert_eq!(document["comparisons"][0]["differs"], json!([]), "two runs of one workload");
}
