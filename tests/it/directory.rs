//! The run directory: where it lies, what is in it, and what a killed run leaves.

use crate::cli::{Kdyno, Ran, number, read_json, workload};
use control::report::hlog::{self, Kind};
use engine::measure::value_at_percentile;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use hdrhistogram::Histogram;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(rate: u64, duration: &str, more: &[&str]) -> Ran {
    let file = workload("dir", rate, duration);
    Kdyno::new(&["run", "w.yaml"]).and(more).with_file("w.yaml", &file).run()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("readable").file_name();
    let mut names: Vec<String> =
        entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The seconds of a log, whose last line may be cut off: when each began, and its spans.
fn histograms(text: &str) -> Vec<(u32, Histogram<u64>)> {
    let mut all = Vec::new();
    hlog::for_each(text, |second, one| all.push((second, one.clone()))).expect("an interval log");
    all
}

/// The directory that the last line names.
fn told(ran: &Ran) -> PathBuf {
    let last = ran.stdout.lines().last().expect("a result");
    let path = last.split_whitespace().last().expect("a path");
    ran.path(path)
}

#[test]
fn every_latency_is_logged_by_the_second_and_adds_up_to_the_result() {
    let ran = run(2_000, "3s", &[]);
    let folder = told(&ran);
    let result = read_json(&folder.join("result.json"));
    for kind in Kind::ALL {
        let text = fs::read_to_string(folder.join(kind.file)).expect("it is there");
        let seconds = histograms(&text);
        let block = &result["latency"][kind.name];
        let mut all = seconds[0].1.clone();
        seconds[1..].iter().for_each(|(_, second)| all.add(second).expect("the same bounds"));
        assert_eq!(Some(all.len()), block["count"].as_u64(), "{}: to the count", kind.file);
        let longest = block["max_us"].as_f64().expect("there are some");
        for (name, percent) in [("p50_us", 50.0), ("p99_us", 99.0), ("p99_9_us", 99.9)] {
            let of_log =
                f64::from(u32::try_from(value_at_percentile(&all, percent)).expect("< 4 s"));
            let told = block[name].as_f64().expect("a percentile");
            let expected = (of_log / 1_000.0).min(longest);
            assert!((told - expected).abs() < 0.001, "{}: {name} {told}, {expected}", kind.file);
        }
    }
    let rows = fs::read_to_string(folder.join("intervals.csv")).expect("it is there");
    let intervals = result["intervals"].as_array().expect("a list");
    assert_eq!(rows.lines().count(), intervals.len() + 1, "a head, and a row for each second");
    let acked = rows.lines().next().expect("a head").split(',').position(|name| name == "acked");
    let cell = |row: &str| -> u64 {
        let cell = row.split(',').nth(acked.expect("a column"));
        cell.and_then(|cell| cell.parse().ok()).expect("a count")
    };
    let sum: u64 = rows.lines().skip(1).map(cell).sum();
    assert_eq!(Some(sum), result["acked"]["messages"].as_u64(), "all seconds are there");
}

#[test]
fn the_sums_over_tasks_are_the_totals() {
    let result = run(2_000, "2s", &["--set", "subscriptionsPerTopic=2"]).result();
    let tasks = result["tasks"].as_array().expect("a list");
    let of = |role: &'static str| tasks.iter().filter(move |task| task["role"] == role);
    let sum =
        |role: &'static str, path: &str| -> f64 { of(role).map(|task| number(task, path)).sum() };
    for (role, total, path) in [
        ("producer", "/produced/messages", "/messages"),
        ("producer", "/produced/bytes", "/bytes"),
        ("producer", "/latency/publish/count", "/latency/publish/count"),
        ("producer", "/latency/service/count", "/latency/service/count"),
        ("consumer", "/consumed/messages", "/messages"),
        ("consumer", "/consumed/bytes", "/bytes"),
        ("consumer", "/latency/end_to_end/count", "/latency/end_to_end/count"),
        ("consumer", "/latency/transit/count", "/latency/transit/count"),
    ] {
        let (got, expected) = (sum(role, path), number(&result, total));
        assert!(0.0 < expected, "{total}: something was moved");
        assert!((got - expected).abs() < 0.5, "{role} {path}: {got}, {total}: {expected}");
    }
}

#[test]
fn an_invalid_run_lies_where_no_glob_takes_it_for_a_good_one() {
    // Nothing is acked within a nanosecond.
    let ran = run(100, "2s", &["--assert", "publish.p50 < 1ns"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let results = ran.path("results");
    assert_eq!(names(&results), ["invalid"], "nothing beside it");
    let folder = told(&ran);
    let result = read_json(&folder.join("result.json"));
    let id = result["test_id"].as_str().expect("a name");
    assert_eq!(folder, results.join(format!("invalid/{id}.invalid")), "as the last line says");
    assert_eq!(result["verdict"]["valid"], Value::Bool(false), "it says so too");
}

#[test]
fn a_killed_run_leaves_every_second_before_the_last_one_told() {
    let file = workload("dir", 500, "60s");
    let mut run = Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &file).start();
    // Another thread writes: a second is on disk before the next one is due, and that was told.
    run.await_words("    4 s | sent");
    let kill = Command::new("kill").args(["-9", &run.id().to_string()]).status();
    assert!(kill.expect("kill is there").success(), "it was there to be killed");
    let killed = run.finish();
    assert_eq!(killed.code, -1, "by a signal: {}", killed.stderr);
    let results = killed.path("results");
    assert_eq!(names(&results), ["unfinished"], "not among the good ones");
    let folder = killed.run_directories().pop().expect("a directory");
    assert!(!folder.join("result.json").exists(), "it has none");
    let rows = fs::read_to_string(folder.join("intervals.csv")).expect("it is there");
    let whole = rows.lines().filter(|row| row.contains(',')).count();
    assert!(5 <= whole, "a head and seconds 0 to 3: {rows}");
    for kind in Kind::ALL {
        let text = fs::read_to_string(folder.join(kind.file)).expect("it is there");
        let seconds = histograms(&text);
        assert!(4 <= seconds.len(), "{}: seconds 0 to 3, got {}", kind.file, seconds.len());
        let last = &seconds[3];
        assert_eq!(last.0, 3, "{}: in order", kind.file);
        assert!((300..700).contains(&last.1.len()), "{}: about 500 a second", kind.file);
    }
}

#[test]
fn a_disk_that_hangs_costs_the_logs_and_not_the_run() {
    let clock = OsClock::anchored();
    let file = workload("hangs", 500, "2s").replace("warmupDuration: 0s", "warmupDuration: 3s");
    let mut run = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
        .with_file("w.yaml", &file)
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .start();
    run.await_words("warm-up for");
    let until = clock.now() + Nanos::from_secs(2);
    let mut folder = None;
    while folder.is_none() && clock.now() < until {
        clock.park(Nanos::from_millis(5));
        folder = run.run_directories().pop();
    }
    let folder = folder.expect("it is made while the warm-up goes on");
    // Whoever opens it to write waits for somebody to read it, and nobody does.
    let fifo = Command::new("mkfifo").arg(folder.join("service.hlog")).status();
    assert!(fifo.expect("mkfifo is there").success(), "the phase has not begun");
    let begun = clock.now();
    let ran = run.finish();
    let took = begun.until(clock.now());
    assert!(took < Nanos::from_secs(60), "3 s, 2 s, and 10 s for the disk: {took}");
    let result = ran.result();
    assert_eq!(result["acked"]["messages"], 1_000, "all is sent: {}", ran.stderr);
    let findings = result["verdict"]["findings"].as_array().expect("a list");
    let told = findings.iter().find(|one| one["code"] == "seconds_not_written");
    let words = told.and_then(|one| one["message"].as_str()).expect("it is told");
    assert!(words.contains("seconds, since the disk stood still for 10s"), "{words}");
    assert!(ran.stderr.contains(words), "on the way, too: {}", ran.stderr);
}

#[test]
fn a_run_that_fails_before_its_start_has_a_directory_too() {
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", "127.0.0.1:1"])
        .with_file("w.yaml", &workload("dir", 100, "1s"))
        .run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let folder = ran.run_directories().pop().expect("a directory");
    assert!(folder.starts_with(ran.path("results/invalid")), "{}", folder.display());
    let rows = fs::read_to_string(folder.join("intervals.csv")).expect("it is there");
    assert_eq!(rows.lines().count(), 1, "a head, and no second");
}
