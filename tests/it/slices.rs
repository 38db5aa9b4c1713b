//! Seconds cut out of a run's directory and put together again.

use crate::cli::{Kdyno, Ran, number, workload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use serde_json::Value;
use std::process::Command;

fn report(words: &[&str]) -> Ran {
    Kdyno::new(&["report"]).and(words).run()
}

fn slice(words: &[&str]) -> Value {
    let ran = report(&[words, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).expect("one document")
}

fn run() -> Ran {
    let file = workload("cut", 1_000, "4s");
    let ran = Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &file).run();
    assert!([0, 11].contains(&ran.code), "{}", ran.stderr);
    ran
}

#[test]
fn slices_of_a_run_add_up_to_its_result_to_the_count() {
    let ran = run();
    let folder = ran.run_directories().pop().expect("a directory");
    let folder = folder.to_str().expect("a name");
    let result = ran.result();
    let parts =
        [("0s", "1s"), ("1s", "3s")].map(|(from, to)| slice(&[folder, "--from", from, "--to", to]));
    let rest = slice(&[folder, "--from", "3s"]);
    let mut files = Vec::new();
    for (index, part) in parts.iter().chain([&rest]).enumerate() {
        let path = ran.path(&format!("part-{index}.json"));
        std::fs::write(&path, part.to_string()).expect("the folder is ours");
        files.push(path.to_str().expect("a name").to_owned());
    }
    let seconds = [&parts[0], &parts[1]].map(|part| part["seconds"].as_f64());
    assert_eq!(seconds, [Some(1.0), Some(2.0)], "as cut");
    let words: Vec<&str> = files.iter().map(String::as_str).chain(["--merge"]).collect();
    let whole = slice(&words);
    for (ours, theirs) in [
        ("/produced", "/produced/messages"),
        ("/acked", "/acked/messages"),
        ("/consumed", "/consumed/messages"),
        ("/latency/publish/count", "/latency/publish/count"),
        ("/latency/transit/count", "/latency/transit/count"),
        ("/seconds", "/produced/duration_s"),
    ] {
        let (ours, theirs) = (number(&whole, ours), number(&result, theirs));
        assert!((ours - theirs).abs() < 0.01, "{ours}, the result has {theirs}");
    }
    for kind in ["publish", "service", "send_delay", "end_to_end", "transit"] {
        let histogram = |of: &Value| -> Histogram<u64> {
            let text = of["latency"][kind]["histogram"].as_str().expect("a histogram");
            let bytes = STANDARD.decode(text).expect("base64");
            Deserializer::new().deserialize(&mut bytes.as_slice()).expect("V2")
        };
        assert_eq!(histogram(&whole), histogram(&result), "{kind}: to the count");
    }
    let twice = report(&[&files[0], &files[0], "--merge"]);
    assert_eq!(twice.code, 2, "{}", twice.stdout);
    assert!(twice.stderr.contains("seconds 0 to 1 are given twice"), "{}", twice.stderr);
}

#[test]
fn seconds_of_a_killed_run_can_be_cut_out() {
    let file = workload("cut", 500, "60s");
    let mut run = Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &file).start();
    // Another thread writes: a second is on disk before the next one is due, and that was told.
    run.await_words("    3 s | sent");
    let kill = Command::new("kill").args(["-9", &run.id().to_string()]).status();
    assert!(kill.expect("kill is there").success(), "it was there to be killed");
    let killed = run.finish();
    let folder = killed.run_directories().pop().expect("a directory");
    let cut = report(&[folder.to_str().expect("a name"), "--from", "1s", "--to", "3s"]);
    assert_eq!(cut.code, 0, "{}", cut.stderr);
    assert!(cut.stdout.contains("seconds 1 to 3, KILLED"), "{}", cut.stdout);
    assert!(cut.stdout.contains("publish  acked - due"), "its latencies: {}", cut.stdout);
}

#[test]
fn what_cannot_be_cut_is_told() {
    let ran = run();
    let folder = ran.run_directories().pop().expect("a directory");
    let folder = folder.to_str().expect("a name");
    let result = format!("{folder}/result.json");
    for (words, said) in [
        (vec![folder, "--from", "9s"], "need some of 0 to"),
        (vec![folder, "--from", "1500ms"], "need whole seconds"),
        (vec![folder, "--from", "3s", "--to", "2s"], "need some of 0 to"),
        (vec![&*result, "--merge"], "need kdyno.slice/1"),
        (vec!["gone", "--merge"], "gone"),
    ] {
        let cut = report(&words);
        assert_eq!((cut.code, &*cut.stdout), (2, ""), "{words:?}: {}", cut.stderr);
        assert!(cut.stderr.contains(said), "{words:?}: {}", cut.stderr);
    }
}
