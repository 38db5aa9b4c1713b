//! Assertions: judged on the result, told in every format, in time on request.

use crate::cli::{Kdyno, Ran, alone, closed, findings, number, workload};
use crate::real::broker::{Signal, send};
use control::assertion::short_names;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use std::path::Path;

/// A closed loop of half a second on the loopback: nothing is due, so nothing is late.
fn quick(words: &[&str]) -> Ran {
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
        .and(words)
        .with_file("w.yaml", &closed("asserted", "500ms"))
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .run()
}

/// The tests of a JUnit file: suite, name, and the element that says why it did not pass.
fn tests(path: &Path) -> Vec<(String, String, Option<String>)> {
    let text = std::fs::read_to_string(path).expect("the file is there");
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("XML: {error}\n{text}"));
    let named = |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap_or("-").to_owned();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    cases
        .map(|case| {
            let suite = case.parent_element().expect("a test is in a suite");
            let child = case.first_element_child().map(|node| node.tag_name().name().to_owned());
            (named(suite, "name"), named(case, "name"), child)
        })
        .collect()
}

fn told<'told>(
    suite: &'told str,
    name: &'told str,
    child: Option<&str>,
) -> (String, String, Option<String>) {
    (suite.to_owned(), name.to_owned(), child.map(str::to_owned))
}

#[test]
fn what_holds_leaves_the_run_valid_and_is_told() {
    let asserted = [
        "lost == 0",
        "errors == 0",
        "service.p99 < 1m",
        "rate > 1/s",
        "acked == sent",
        "valid == true",
        "acked.bytes == 100B * acked",
        "intervals.0.acked > 0",
        "workload.partitionsPerTopic == 4",
        "produced.errors_by_code._TRANSPORT == 0",
        "consumed.subscriptions.0.drained == true",
    ];
    let words: Vec<&str> = asserted.iter().flat_map(|text| ["--assert", *text]).collect();
    let ran = quick(&[&words[..], &["--junit", "deep/junit.xml"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    let list = result["assertions"].as_array().expect("a list");
    let told_of: Vec<&str> = list.iter().filter_map(|one| one["assertion"].as_str()).collect();
    assert_eq!(told_of, asserted, "in their order");
    assert!(list.iter().all(|one| one["held"] == true), "{list:#?}");
    assert!(ran.stdout.contains("\nassertions: 11 of 11 held\n"), "{}", ran.stdout);
    let expected: Vec<_> = std::iter::once("verdict")
        .chain(asserted)
        .map(|name| told("asserted", name, None))
        .collect();
    assert_eq!(tests(&ran.path("deep/junit.xml")), expected, "all passed");
}

#[test]
fn what_does_not_hold_or_is_not_known_fails_the_run_in_every_format() {
    let words =
        ["--assert", "service.p50 < 1ns", "--assert", "lost == 0", "--assert", "publish.p99 < 1m"];
    let ran = quick(&[&words[..], &["--junit", "junit.xml"]].concat());
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let first = ran.stdout.lines().next().unwrap_or_default();
    assert!(first.starts_with("INVALID: an assertion failed (exit 10"), "{first}");
    assert!(ran.stdout.contains("\nassertions: 1 of 3 held\n"), "{}", ran.stdout);
    let result = ran.result();
    assert_eq!(result["verdict"]["exit_code"], 10, "{:#}", result["verdict"]);
    assert_eq!(result["verdict"]["valid"], false, "{:#}", result["verdict"]);
    assert_eq!(findings(&result)[..2], ["assertion_failed", "assertion_failed"], "one for each");
    let span = &result["assertions"][0];
    assert_eq!(span["left"], result["latency"]["service"]["p50_us"], "as the result has it");
    assert_eq!((&span["right"], &span["unit"]), (&json!(0.001), &json!("us")), "{span:#}");
    let unknown = &result["assertions"][2];
    assert_eq!(unknown["left"], Value::Null, "{unknown:#}");
    let message = unknown["message"].as_str().unwrap_or_default();
    let reason = "not known, so it does not hold: latency.publish is null in the result";
    assert!(message.starts_with(reason), "{message}");
    let expected = [
        told("asserted", "verdict", None),
        told("asserted", "service.p50 < 1ns", Some("failure")),
        told("asserted", "lost == 0", None),
        told("asserted", "publish.p99 < 1m", Some("failure")),
    ];
    assert_eq!(tests(&ran.path("junit.xml")), expected, "each is a test");
}

#[test]
fn every_short_name_stands_for_fields_of_a_real_result() {
    let ran =
        Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &workload("names", 1_000, "1s")).run();
    let result = ran.result();
    // Not examined by counts alone.
    let null = ["verification/redelivered", "verification/duplicated", "verification/reordered"];
    for (name, paths) in short_names() {
        // Only a search has that.
        for path in paths.into_iter().filter(|path| !path.starts_with("search.")) {
            let pointer = path.replace('.', "/");
            let value = result.pointer(&format!("/{pointer}"));
            let is_known = value.is_some_and(|value| value.is_number() || value.is_boolean());
            let is_null = value == Some(&Value::Null) && null.contains(&pointer.as_str());
            assert!(is_known || is_null, "{name} stands for {path}, which is {value:?}");
        }
    }
}

#[test]
fn a_run_ends_early_when_an_assertion_fails_for_good_and_keeps_what_was_measured() {
    let _alone = alone();
    let clock = OsClock::anchored();
    let began = clock.now();
    let words = ["--assert", "acked <= 100", "--assert", "lost == 0", "--abort-on-fail", "1s"];
    let ran = Kdyno::new(&["run", "w.yaml", "--in-flight", "50"])
        .and(&words)
        .with_file("w.yaml", &closed("cut", "60s"))
        .run();
    let took = clock.now().since(began).expect("time goes on");
    assert!(took < Nanos::from_secs(40), "long before the minute is over: {took}");
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("ends early if this fails after 1s: acked <= 100"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("fails after 1s: lost == 0"), "known at the end: {}", ran.stderr);
    assert!(ran.stderr.contains("keeping what was measured"), "{}", ran.stderr);
    let result = ran.result();
    assert_eq!(findings(&result)[..2], ["cut_short", "assertion_failed"], "why is said first");
    assert!(!findings(&result).contains(&"interrupted".to_owned()), "by nobody: {}", ran.stdout);
    let cut = &result["verdict"]["findings"][0];
    let after = number(cut, "/evidence/after_s");
    assert!((1.0..30.0).contains(&after), "soon after the grace time: {cut:#}");
    let reason = cut["evidence"]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("acked <= 100: acked is "), "{reason}");
    let acked = number(&result, "/acked/messages");
    assert!(100.0 < acked, "what was measured is kept: {acked}");
    assert_eq!(result["consumed"]["messages"].as_f64(), Some(acked), "and read to its end");
    assert_eq!(
        result["assertions"][1]["held"], true,
        "the others are judged: {:#}",
        result["assertions"]
    );
    assert!(result["partial"].is_object(), "marked as partial");
    assert!(ran.stdout.contains("results: results/invalid/cut_"), "{}", ran.stdout);
}

#[test]
fn every_workload_is_held_to_all_assertions_and_is_a_suite_of_its_own() {
    let large = closed("large", "300ms").replace("messageSize: 100", "messageSize: 200");
    let ran = Kdyno::new(&["run", "a.yaml", "b.yaml", "c.yaml", "--driver", "d.yaml"])
        .and(&["--assert", "workload.messageSize == 100", "--junit", "junit.xml"])
        .with_file("a.yaml", &closed("a", "300ms"))
        .with_file("b.yaml", &large)
        .with_file("c.yaml", &closed("c", "300ms"))
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .run();
    assert_eq!(ran.code, 10, "one of them failed: {}{}", ran.stdout, ran.stderr);
    let name = "workload.messageSize == 100";
    let expected = [
        told("a", "verdict", None),
        told("a", name, None),
        told("large", "verdict", None),
        told("large", name, Some("failure")),
        told("c", "verdict", None),
        told("c", name, None),
    ];
    assert_eq!(tests(&ran.path("junit.xml")), expected, "in their order");
}

#[test]
fn a_run_that_comes_to_no_result_passes_none_of_its_tests() {
    let ran = Kdyno::new(&["run", "w.yaml", "--message-size", "2500KiB"])
        .and(&["--assert", "lost == 0", "--junit", "junit.xml"])
        .with_file("w.yaml", &workload("large", 10, "1s"))
        .run();
    assert_eq!(ran.code, 2, "the embedded broker cannot hold it: {}", ran.stderr);
    let expected =
        [told("large", "verdict", Some("error")), told("large", "lost == 0", Some("skipped"))];
    assert_eq!(tests(&ran.path("junit.xml")), expected, "said, and not passed");
}

#[test]
fn a_process_that_was_stopped_is_limited_by_the_client() {
    let _alone = alone();
    let mut run = Kdyno::new(&["run", "w.yaml", "--assert", "send_delay.max < 1s"])
        .with_file("w.yaml", &workload("stopped", 1_000, "6s"))
        .start();
    run.await_words("    0 s |");
    let (clock, id) = (OsClock::anchored(), run.id().to_string());
    send(Signal::Stop, &id);
    let until = clock.now() + Nanos::from_millis(2_500);
    while clock.now() < until {
        clock.park(Nanos::from_millis(50));
    }
    send(Signal::Continue, &id);
    let ran = run.finish();
    assert_eq!(ran.code, 11, "graver than an assertion: {}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    let found = findings(&result);
    assert_eq!(found[0], "client_limited", "{found:?}");
    assert!(found.contains(&"assertion_failed".to_owned()), "told all the same: {found:?}");
    assert_eq!(result["acked"]["messages"], 6_000, "late, and not lost");
}
