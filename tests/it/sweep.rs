//! Sweeps, through the command line: every combination, a table and a chart, and going on after a cut.

use crate::cli::{Kdyno, Ran, closed, read_json, workload};
use crate::real::broker::{Signal, send};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const SIZES: &[&str] = &["--set", "messageSize=100,200,400", "--set", "driver.linger.ms=0,5"];

/// The only folder in a results folder.
fn folder(results: &Path) -> PathBuf {
    let entries = std::fs::read_dir(results).expect("there is one");
    let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    assert_eq!(paths.len(), 1, "one sweep: {paths:?}");
    paths[0].clone()
}

/// The lines of the table in the text on stdout, without its head.
fn rows(ran: &Ran) -> Vec<Vec<String>> {
    let lines = ran.stdout.lines().skip_while(|line| !line.starts_with("cell  ")).skip(1);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    lines.take_while(|line| !line.is_empty()).map(words).collect()
}

fn cells(document: &Value) -> &Vec<Value> {
    document["cells"].as_array().expect("a list")
}

/// The lines of `sweep.md` that are cells.
fn lines(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("sweep.md")).expect("it is there");
    let is_cell = |line: &&str| line.starts_with('|') && !line.contains("---");
    text.lines().filter(is_cell).skip(1).map(str::to_owned).collect()
}

/// The result of a run that was done: a busy host makes some of them invalid, which lie apart.
fn result_of(folder: &Path, cell: &Value) -> PathBuf {
    let id = cell["test_id"].as_str().expect("a run");
    let apart = folder.join("invalid").join(format!("{id}.invalid"));
    let run = if apart.exists() { apart } else { folder.join(id) };
    run.join("result.json")
}

#[test]
fn a_sweep_makes_a_run_of_every_combination_a_table_and_a_chart() {
    let sets = ["--set", "messageSize=100,1KiB", "--set", "driver.linger.ms=0,5"];
    let ran = Kdyno::new(&["run", "w.yaml"])
        .and(&sets)
        .with_file("w.yaml", &workload("s", 500, "1s"))
        .run();
    let folder = folder(&ran.path("results"));
    let document = read_json(&folder.join("sweep.json"));
    assert_eq!((&document["schema"], &document["name"]), (&json!("kdyno.sweep/1"), &json!("s")));
    assert_eq!(document["fields"][0], json!({"field": "messageSize", "values": ["100", "1KiB"]}));
    let expected = [("100", 100, "0"), ("100", 100, "5"), ("1KiB", 1024, "0"), ("1KiB", 1024, "5")];
    let table = rows(&ran);
    assert_eq!((table.len(), cells(&document).len()), (4, 4), "{}", ran.stdout);
    let mut gravest = 0;
    for (index, (size, bytes, linger)) in expected.into_iter().enumerate() {
        let cell = &cells(&document)[index];
        assert_eq!(cell["state"], "done", "{cell:#}");
        let result = read_json(&result_of(&folder, cell));
        let values = json!({"messageSize": size, "driver.linger.ms": linger});
        let place = json!({"id": document["id"], "cell": index + 1, "of": 4, "values": values});
        assert_eq!(result["sweep"], place, "its place");
        assert_eq!(result["workload"]["messageSize"], bytes, "as resolved");
        assert_eq!(cell["figures"]["messages_per_second"], result["acked"]["messages_per_second"]);
        assert_eq!(cell["figures"]["publish"]["p99_us"], result["latency"]["publish"]["p99_us"]);
        assert_eq!(cell["exit_code"], result["verdict"]["exit_code"], "{cell:#}");
        gravest = gravest.max(cell["exit_code"].as_i64().expect("a number"));
        assert_eq!(
            table[index][..3],
            [(index + 1).to_string().as_str(), size, linger],
            "{table:?}"
        );
    }
    // A machine that is busy makes runs late, which is a verdict and no fault of the sweep.
    assert_eq!(i64::from(ran.code), gravest, "the gravest: {}", ran.stderr);
    let chart = std::fs::read_to_string(folder.join("sweep.svg")).expect("it is there");
    let chart = roxmltree::Document::parse(&chart).expect("an SVG document is XML");
    assert_eq!(chart.root_element().tag_name().name(), "svg");
    let said: Vec<&str> =
        chart.descendants().filter_map(|node| node.text()).map(str::trim).collect();
    for label in ["messageSize (bytes)", "acked (msg/s)", "publish latency p99 (ms)", "1KiB"] {
        assert!(said.contains(&label), "{label}: {said:?}");
    }
    let last = ran.stdout.lines().last().expect("text");
    assert!(last.starts_with("results: results/sweep-s_"), "{last}");
}

#[test]
fn a_sweep_that_was_killed_goes_on_and_keeps_what_was_done() {
    let results = tempfile::tempdir().expect("a folder of our own");
    let output = results.path().to_str().expect("UTF-8").to_owned();
    let text = closed("k", "1s");
    let sweep = |sets: &[&str], more: &[&str]| {
        let kdyno = Kdyno::new(&["run", "w.yaml", "--output", &output]).and(sets).and(more);
        kdyno.with_file("w.yaml", &text)
    };
    let mut run = sweep(SIZES, &[]).start();
    run.await_words("cell 4 of 6");
    send(Signal::Kill, &run.id().to_string());
    let killed = run.finish();
    assert_eq!((killed.code, rows(&killed).len()), (-1, 0), "killed: {}", killed.stderr);
    let folder = folder(results.path());
    let (before, lines_before) = (read_json(&folder.join("sweep.json")), lines(&folder));
    let states = |document: &Value| -> Vec<String> {
        let states = cells(document).iter().map(|cell| cell["state"].as_str().unwrap_or_default());
        states.map(str::to_owned).collect()
    };
    assert_eq!(states(&before), ["done", "done", "done", "open", "open", "open"]);

    let resume = ["--resume", folder.to_str().expect("UTF-8")];
    let other: &[&str] = &["--set", "messageSize=100,200,800", "--set", "driver.linger.ms=0,5"];
    let fewer: &[&str] = &["--set", "messageSize=100,200"];
    let longer = [SIZES, &["--duration", "2s"]].concat();
    for (sets, words) in [
        (
            other,
            "cell 5 is messageSize=400 driver.linger.ms=0 of w.yaml in the folder and messageSize=800",
        ),
        (fewer, "the folder's sweep has 6 cells, this command makes 2"),
        (
            &longer,
            "cell 1 (messageSize=100 driver.linger.ms=0 of w.yaml) has other fields of workload",
        ),
    ] {
        let refused = sweep(sets, &resume).run();
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
        assert!(refused.stderr.contains("give the command that began it: "), "{}", refused.stderr);
    }
    assert_eq!(read_json(&folder.join("sweep.json")), before, "nothing was touched");

    let resumed = sweep(SIZES, &resume).run();
    assert!(
        !resumed.stderr.contains("cell 3 of 6") && resumed.stderr.contains("cell 4 of 6"),
        "{}",
        resumed.stderr
    );
    let after = read_json(&folder.join("sweep.json"));
    assert_eq!(states(&after), ["done"; 6], "{}", resumed.stderr);
    assert_eq!(cells(&after)[..3], cells(&before)[..3], "what was done stays");
    assert_eq!(lines(&folder)[..3], lines_before[..3], "also in the table");
    for name in ["schema", "id", "name", "fields", "command"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    let values = |row: &Vec<String>| row[..3].join(" ");
    let table: Vec<String> = rows(&resumed).iter().map(values).collect();
    assert_eq!(table, ["1 100 0", "2 100 5", "3 200 0", "4 200 5", "5 400 0", "6 400 5"]);
    let has_result = |cell: &Value| result_of(&folder, cell).exists();
    assert!(cells(&after).iter().all(has_result), "every run has its result");
    check_told_again(|more| sweep(SIZES, &[&resume[..], more].concat()), results.path());
}

/// Demands that a sweep of which all is done is told again without a run.
fn check_told_again(sweep: impl Fn(&[&str]) -> Kdyno, folder: &Path) {
    let junit = folder.join("j.xml");
    let told = ["--format", "json", "--junit", junit.to_str().expect("UTF-8")];
    let again = sweep(&told).run();
    let suites = std::fs::read_to_string(&junit).expect("it is written though nothing was run");
    assert_eq!(suites.matches("<testsuite ").count(), 6, "each run: {suites}");
    let document: Value = serde_json::from_str(&again.stdout).expect("one JSON document");
    let numbers: Vec<u64> = document
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(|of| of["sweep"]["cell"].as_u64())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6], "what is done is told without a run");
    assert!(!again.stderr.contains("cell 1 of 6"), "{}", again.stderr);
}

#[test]
fn what_this_machine_cannot_plan_is_told_once_before_the_first_run() {
    let ran = Kdyno::new(&["run", "w.yaml", "--set", "messageSize=100,200", "--cores", "4000"])
        .with_file("w.yaml", &workload("p", 500, "1s"))
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    let told = "cell 1, messageSize=100: --cores: got core 4000, this process may use";
    assert_eq!(ran.stderr.matches("--cores: got core 4000").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert_eq!(ran.files(), ["w.yaml"], "nothing is created");
}

#[test]
fn an_interrupted_sweep_says_how_to_go_on() {
    let mut run = Kdyno::new(&["run", "w.yaml", "--set", "messageSize=100,200"])
        .with_file("w.yaml", &workload("i", 500, "60s"))
        .start();
    run.await_words("    1 s |");
    send(Signal::Interrupt, &run.id().to_string());
    let ran = run.finish();
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    let folder = folder(&ran.path("results"));
    let name = folder.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let words = format!("run w.yaml --set messageSize=100,200 --resume results/{name}");
    let line =
        ran.stdout.lines().find(|line| line.starts_with("2 of 2 cells are open, go on with: "));
    assert!(line.is_some_and(|line| line.ends_with(&words)), "{words}: {}", ran.stdout);
    let document = read_json(&folder.join("sweep.json"));
    let first = &cells(&document)[0];
    assert_eq!((&first["state"], &first["exit_code"]), (&json!("open"), &json!(130)), "{first:#}");
    assert_eq!(cells(&document)[1]["exit_code"], Value::Null, "it never began");
}

#[test]
fn a_files_sweep_runs_as_the_command_lines_and_is_one_array() {
    let file = workload("f", 500, "1s") + "sweep:\n  producersPerTopic: 1..2*2\n";
    let ran = |words: &[&str]| {
        Kdyno::new(&["run", "w.yaml", "--format", "json"])
            .and(words)
            .with_file("w.yaml", &file)
            .run()
    };
    let check = |told: &Ran| {
        let document: Value = serde_json::from_str(&told.stdout).expect("one JSON document");
        let all = document.as_array().expect("an array");
        let values = |one: &Value| one["sweep"]["values"]["producersPerTopic"].clone();
        assert_eq!(all.iter().map(values).collect::<Vec<_>>(), ["1", "2"], "{document:#}");
        let producers = |one: &Value| one["plan"]["producers"].clone();
        assert_eq!(all.iter().map(producers).collect::<Vec<_>>(), [1, 2], "{document:#}");
    };
    let dry = ran(&["--dry-run"]);
    assert_eq!((dry.code, dry.files()), (0, vec!["w.yaml".to_owned()]), "{}", dry.stderr);
    check(&dry);
    check(&ran(&[]));
}
