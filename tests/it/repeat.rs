//! Repeats, through the command line: turns with a candidate, the comparison of both, and one run that agrees with itself.

use crate::cli::{Kdyno, closed, read_json, workload};
use crate::real::broker::{Signal, send};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The only folder in a results folder.
fn folder(results: &Path) -> PathBuf {
    let entries = paths(results);
    assert_eq!(entries.len(), 1, "one folder of repeats: {entries:?}");
    entries[0].clone()
}

/// What is in a folder, by name; nothing where there is none.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

/// The results of the runs whose directories lie in a folder.
fn results(folder: &Path) -> Vec<Value> {
    let files = paths(folder).into_iter().map(|path| path.join("result.json"));
    files.filter(|file| file.is_file()).map(|file| read_json(&file)).collect()
}

/// A closed loop, so that no busy host makes a send late, of messages of this size.
fn sized(name: &str, size: &str) -> String {
    closed(name, "1s").replace("messageSize: 100", &format!("messageSize: {size}"))
}

#[test]
fn two_variants_take_turns_and_the_comparison_is_that_of_their_folders() {
    let output = tempfile::tempdir().expect("a folder of our own");
    let ran = Kdyno::new(&["run", "w.yaml", "--repeat", "3", "--against", "larger.yaml"])
        .and(&["--output", output.path().to_str().expect("UTF-8")])
        .with_file("w.yaml", &sized("small", "100"))
        .with_file("larger.yaml", &sized("large", "10KiB"))
        .run();
    // How sure it is that B is slower depends on what else the host does.
    assert!(matches!(ran.code, 0 | 10), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let folder = folder(output.path());
    let mut began: Vec<(String, char)> = Vec::new();
    for (side, size) in [("a", 100), ("b", 10_240)] {
        let runs = results(&folder.join(side));
        assert_eq!(runs.len(), 3, "all repeats of {side}: {}", ran.stderr);
        for run in &runs {
            assert_eq!(run["workload"]["messageSize"], size, "{side}");
            let at = run["started_at"].as_str().expect("a time").to_owned();
            began.push((at, side.chars().next().expect("a letter")));
        }
    }
    began.sort();
    let turns: String = began.iter().map(|(_, side)| *side).collect();
    assert_eq!(turns, "abbaab", "by when they began");
    let names: Vec<String> = paths(&folder)
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(names, ["a", "b", "comparison.html", "comparison.json", "comparison.md"]);
    for words in [
        "repeat 1 of 3 of A (run 1 of 6): small",
        "repeat 2 of 3 of B (run 3 of 6): large",
        "repeat 3 of 3 of B (run 6 of 6): large",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let last = ran.stdout.lines().last().expect("text");
    assert_eq!(last, format!("results: {}", folder.display()), "where everything is");

    let kept = read_json(&folder.join("comparison.json"));
    assert_eq!(
        (&kept["schema"], &kept["exit_code"]),
        (&json!("kdyno.compare/1"), &json!(ran.code))
    );
    assert_eq!(kept["comparisons"][0]["by"], "repeats", "three of each");
    let variants = ["a", "b"].map(|side| folder.join(side).display().to_string());
    let [ours, theirs] = &variants;
    let again = Kdyno::new(&["compare", ours, theirs, "--format", "json"]).run();
    assert_eq!(again.code, ran.code, "{}", again.stderr);
    let again: Value = serde_json::from_str(&again.stdout).expect("one JSON document");
    assert_eq!(again, kept, "what kdyno compare says of the folders");
}

#[test]
fn a_candidate_that_is_worse_is_exit_code_10_and_the_verdict_is_printed() {
    // Of ten messages under way each waits for this long in the client: 1,000 and 50 a second, however busy the
    // host is.
    let driver =
        |linger: u32| format!("driverClass: embedded\nproducerConfig: |\n  linger.ms={linger}\n");
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "quick.yaml", "--in-flight", "10"])
        .and(&["--repeat", "3", "--against", "slow.yaml", "--tolerance", "2%"])
        .with_file("w.yaml", &closed("worse", "2s"))
        .with_file("quick.yaml", &driver(10))
        .with_file("slow.yaml", &driver(200))
        .run();
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let words = "\nREGRESSION: B is worse than A by more than 2 %: acked msg/s -9";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    let folder = folder(&ran.path("results"));
    let kept = read_json(&folder.join("comparison.json"));
    let differs = kept["comparisons"][0]["differs"].to_string();
    assert!(differs.contains("linger") || differs.contains("queue.buffering"), "{differs}");
    for name in ["comparison.md", "comparison.html"] {
        let page = std::fs::read_to_string(folder.join(name)).expect("it is there");
        assert!(page.contains("REGRESSION: B is worse than A"), "{name}: {page}");
    }
}

#[test]
fn as_json_it_is_one_array_and_a_tolerance_holds() {
    let output = tempfile::tempdir().expect("a folder of our own");
    let junit = output.path().join("j.xml");
    let results = output.path().join("results");
    let told = ["--format", "json", "--tolerance", "90%", "--in-flight", "1000"];
    let junit_words = ["--junit", junit.to_str().expect("UTF-8")];
    let ran = Kdyno::new(&["run", "w.yaml", "--repeat", "2", "--against", "driver.yaml"])
        .and(&told)
        .and(&junit_words)
        .and(&["--output", results.to_str().expect("UTF-8")])
        .with_file("w.yaml", &sized("small", "100"))
        .with_file("driver.yaml", "name: memory\ndriverClass: loopback\n")
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    let runs = document.as_array().expect("an array").iter();
    let drivers: Vec<&str> =
        runs.map(|run| run["driver"]["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(drivers, ["embedded", "memory", "memory", "embedded"], "in turns");
    let kept = folder(&results).join("comparison.json");
    let words = format!("comparison: {}", kept.with_extension("md").display());
    assert!(ran.stderr.contains(&words), "the log says where it is: {}", ran.stderr);
    let kept = read_json(&kept);
    assert_eq!(kept["comparisons"][0]["by"], "seconds", "two of each are few");
    assert_eq!(kept["tolerance"], 0.9, "{kept:#}");
    let suites = std::fs::read_to_string(&junit).expect("it is written");
    assert_eq!(suites.matches("<testsuite ").count(), 4, "each run: {suites}");
}

#[test]
fn without_a_candidate_the_table_says_how_far_repeats_agree() {
    let ran = Kdyno::new(&["run", "w.yaml", "--repeat", "3"])
        .with_file("w.yaml", &sized("alike", "100"))
        .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let folder = folder(&ran.path("results"));
    let runs = results(&folder);
    assert_eq!(runs.len(), 3, "directly in it: {}", ran.stderr);
    assert!(ran.stderr.contains("repeat 2 of 3: alike"), "{}", ran.stderr);
    assert!(ran.stdout.contains("\n3 repeats of alike, 1 s\n"), "{}", ran.stdout);
    let table = read_json(&folder.join("repeats.json"));
    assert_eq!((&table["schema"], &table["planned"]), (&json!("kdyno.repeats/1"), &json!(3)));
    let rates = runs.iter().filter_map(|run| run["acked"]["messages_per_second"].as_f64());
    let rates: Vec<f64> = rates.collect();
    let row = &table["figures"][0];
    assert_eq!(row["figure"], "acked.messages_per_second", "{row:#}");
    let part = |path: &str| row.pointer(path).and_then(Value::as_f64).expect(path);
    let mean = rates.iter().sum::<f64>() / 3.0;
    assert!((part("/mean") / mean - 1.0).abs() < 1e-9, "{row:#}, {rates:?}");
    assert!(part("/interval/low") < mean && mean < part("/interval/high"), "{row:#}");
    let most = rates.iter().copied().fold(0.0, f64::max);
    assert!((part("/most") / most - 1.0).abs() < 1e-9, "{row:#}, {rates:?}");
    let page = std::fs::read_to_string(folder.join("repeats.md")).expect("it is there");
    assert!(page.starts_with("# 3 repeats of alike, 1 s\n"), "{page}");
    let last = ran.stdout.lines().last().expect("text");
    assert!(last.starts_with("results: results/repeat-alike_"), "{last}");
}

#[test]
fn an_interrupt_keeps_what_is_whole_and_says_what_is_missing() {
    let output = tempfile::tempdir().expect("a folder of our own");
    let words = ["--output", output.path().to_str().expect("UTF-8"), "--tolerance", "90%"];
    let mut run = Kdyno::new(&["run", "w.yaml", "--repeat", "3", "--against", "v.yaml"])
        .and(&words)
        .with_file("w.yaml", &sized("one", "100"))
        .with_file("v.yaml", &sized("other", "200"))
        .start();
    run.await_words("(run 3 of 6)");
    send(Signal::Interrupt, &run.id().to_string());
    let ran = run.finish();
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    let folder = folder(output.path());
    let [ours, theirs] = ["a", "b"].map(|side| results(&folder.join(side)).len());
    assert_eq!((ours, theirs), (1, 1), "one whole run of each: {}", ran.stderr);
    let missing =
        "4 of 6 runs did not come to their end, or never began: A has 1 of 3, B has 1 of 3";
    assert!(ran.stderr.contains(missing), "{}", ran.stderr);
    let kept = read_json(&folder.join("comparison.json"));
    let notes = kept["notes"].to_string();
    for side in ["A", "B"] {
        let note = format!("Not in the comparison: 2 of 3 runs of {side}, which did not come to");
        assert!(notes.contains(&note), "{kept:#}");
    }
}

#[test]
fn runs_that_are_not_valid_are_not_compared_and_the_command_that_does_is_told() {
    let ran = Kdyno::new(&["run", "w.yaml", "--repeat", "2", "--against", "v.yaml"])
        .and(&["--assert", "rate > 1000000000", "--tolerance", "7%"])
        .with_file("w.yaml", &sized("w", "100"))
        .with_file("v.yaml", &sized("v", "100"))
        .run();
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let folder = folder(&ran.path("results"));
    assert!(!folder.join("comparison.json").exists(), "nothing is compared");
    let name = folder.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let words =
        format!("kdyno compare results/{name}/a results/{name}/b --tolerance 7% --allow-invalid");
    assert!(ran.stderr.contains("no comparison, since runs are NOT VALID: "), "{}", ran.stderr);
    assert!(ran.stderr.contains(&words), "{words}: {}", ran.stderr);
    let allowed = ["a", "b"].map(|side| folder.join(side).display().to_string());
    let again = Kdyno::new(&["compare", &allowed[0], &allowed[1], "--allow-invalid"]).run();
    assert!(matches!(again.code, 0 | 10), "it does: {}", again.stderr);
}

#[test]
fn a_dry_run_says_how_many_runs_and_how_long_and_what_is_wrong_creates_nothing() {
    let kdyno = |words: &[&str]| {
        let run = Kdyno::new(&["run", "w.yaml"]).and(words);
        let run = run.with_file("w.yaml", &workload("w", 100, "90s"));
        run.with_file("v.yaml", &workload("v", 100, "30s")).run()
    };
    let dry = kdyno(&["--repeat", "5", "--against", "v.yaml", "--dry-run"]);
    assert_eq!((dry.code, dry.files()), (0, vec!["v.yaml".to_owned(), "w.yaml".to_owned()]));
    let head = dry.stdout.lines().next().expect("a line");
    let end = ": 10 runs, 5 of each: A B B A A B B A ...; 10m of load in all";
    assert!(head.starts_with("repeat-w_") && head.ends_with(end), "{head}");
    for line in ["A (baseline): w.yaml, driver embedded", "B (candidate): v.yaml, driver embedded"]
    {
        assert!(dry.stdout.lines().any(|told| told == line), "{line}: {}", dry.stdout);
    }
    assert_eq!(dry.stdout.matches("\nplan: ").count(), 2, "each plan once: {}", dry.stdout);
    let alone = kdyno(&["--repeat", "3", "--warmup", "auto", "--dry-run"]);
    let auto = alone.stdout.lines().next().expect("a line");
    assert!(auto.ends_with(": 3 runs; at most 450s of load in all"), "{auto}");

    let check = |words: &[&str], told: &str| {
        let ran = kdyno(words);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
        assert_eq!(ran.files(), ["v.yaml", "w.yaml"], "nothing is created");
    };
    check(&["--against", "v.yaml"], "--against: is compared by repeats that take turns");
    check(&["v.yaml", "--repeat", "2"], "--repeat: got 2 workloads, and one is repeated");
    check(&["--repeat", "2", "--set", "topics=1,2"], "--repeat: topics is given a list or a range");
    check(
        &["--repeat", "2", "--resume", "results"],
        "--resume: goes on with a sweep, and --repeat",
    );
    check(&["--repeat", "2", "--against", "none.yaml"], "none.yaml: no such file");
    check(&["--repeat", "1"], "--repeat <N>");
    let cores = ["--repeat", "2", "--against", "v.yaml", "--cores", "4000"];
    check(&cores, "repeat 1 of A: --cores: got core 4000");
}
