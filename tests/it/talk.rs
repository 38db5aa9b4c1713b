//! stdout is the result, stderr the conversation; results are kept and never overwritten.

use crate::cli::{Kdyno, Ran, alone, closed, number, read_json, workload};
use serde_json::Value;

/// A run of half a second on the loopback, with these words added.
fn quick(words: &[&str]) -> Ran {
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
        .and(words)
        .with_file("w.yaml", &closed("talk", "500ms"))
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .run()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("one JSON document: {error}\n{text}"))
}

#[test]
fn quiet_leaves_the_result_and_nothing_else() {
    let ran = quick(&["--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr, "", "no conversation");
    assert!(ran.stdout.contains("results: results/talk_"), "the result: {}", ran.stdout);
}

#[test]
fn without_a_terminal_no_control_character_is_written() {
    for words in [&[][..], &["--format", "json"], &["--log-format", "json"]] {
        let ran = quick(words);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!ran.stderr.is_empty(), "there is a conversation");
        for text in [&ran.stdout, &ran.stderr] {
            let control = text.chars().find(|letter| letter.is_control() && *letter != '\n');
            assert_eq!(control, None, "{words:?}: {text}");
        }
    }
}

#[test]
fn a_log_as_json_parses_line_by_line() {
    let ran = quick(&["--log-format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines: Vec<Value> = ran.stderr.lines().map(json).collect();
    assert!(3 < lines.len(), "{}", ran.stderr);
    for line in &lines {
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
        assert!(line.pointer("/fields/message").is_some_and(Value::is_string), "{line}");
    }
}

#[test]
fn one_workload_is_one_document_and_several_are_an_array() {
    let one = quick(&["--format", "json"]);
    assert_eq!(json(&one.stdout), one.result(), "the document is the file");
    let two = Kdyno::new(&["run", "a.yaml", "b.yaml", "--driver", "d.yaml", "--format", "json"])
        .with_file("a.yaml", &closed("a", "300ms"))
        .with_file("b.yaml", &closed("b", "300ms"))
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .run();
    assert_eq!(two.code, 0, "{}", two.stderr);
    let saved: Vec<Value> =
        two.run_directories().iter().map(|path| read_json(&path.join("result.json"))).collect();
    assert_eq!(json(&two.stdout), Value::Array(saved), "in their order, as saved");
}

#[test]
fn of_several_workloads_the_gravest_exit_code_is_told_and_all_are_run() {
    let _alone = alone();
    // The closed loops send thousands of messages, the second of the runs thirty.
    let ran = Kdyno::new(&["run", "a.yaml", "b.yaml", "c.yaml", "--driver", "d.yaml"])
        .and(&["--assert", "acked > 1000"])
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .with_file("a.yaml", &closed("a", "300ms"))
        .with_file("b.yaml", &workload("b", 100, "300ms"))
        .with_file("c.yaml", &closed("c", "300ms"))
        .run();
    let codes: Vec<u64> = ran
        .run_directories()
        .iter()
        .map(|path| read_json(&path.join("result.json")))
        .map(|result| result["verdict"]["exit_code"].as_u64().expect("a code"))
        .collect();
    assert_eq!(codes.len(), 3, "all are run: {}", ran.stderr);
    assert_eq!((codes[0], codes[2]), (0, 0), "the first and the last are fine");
    assert!([10, 11].contains(&codes[1]), "the second falls short, or is late too: {codes:?}");
    assert_eq!(u64::try_from(ran.code), Ok(codes[1]), "the gravest is told");
}

#[test]
fn two_runs_of_one_workload_share_no_directory() {
    let ran = Kdyno::new(&["run", "w.yaml", "w.yaml", "--driver", "d.yaml"])
        .with_file("w.yaml", &closed("twice", "300ms"))
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.run_directories().len(), 2, "one for each: {}", ran.stderr);
}

#[test]
fn a_result_that_cannot_be_saved_is_still_told() {
    // A file stands where the folder should be; nothing can be created in it, not even by root.
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--output", "taken"])
        .and(&["--format", "json"])
        .with_file("w.yaml", &closed("unsaved", "300ms"))
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .with_file("taken", "mine")
        .run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(0.0 < number(&json(&ran.stdout), "/acked/messages"), "what was measured is told");
    assert!(ran.stderr.contains("could not be saved"), "{}", ran.stderr);
    assert_eq!(ran.files(), ["d.yaml", "taken", "w.yaml"], "nothing is left behind");
}
