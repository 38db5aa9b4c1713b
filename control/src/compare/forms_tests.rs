//! What comparisons look like, in every form: golden files.

use super::comparison::Comparison;
use super::fixture::{Made, variants};
use super::recorded::Startup;
use super::variant::Variant;
use super::{json, markdown, text};
use serde_json::{Value, json};
use std::path::PathBuf;

pub(super) fn golden(name: &str, got: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "src/compare/golden", name].iter().collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, got).expect("the folder of golden files is there");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, expected, "{}: UPDATE_GOLDEN=1 rewrites it", path.display());
}

fn long(id: &str) -> Made {
    Made { seconds: 120, ..Made::plain(id) }
}

/// A baseline, one that is the same, and one that is slower, was not valid and had another workload.
fn three() -> Comparison {
    let slower = Made { throughput: 0.9, latency: 1.5, ..long("slower") };
    let mut made = variants(&[&[long("before")], &[long("after")], &[slower]]);
    let run = &mut made[2].runs[0];
    run.workload = json!({"name": "made", "messageSize": 1024});
    (run.verdict.valid, run.verdict.exit_code) = (false, 11);
    run.verdict.limited_by = "client".to_owned();
    Comparison::of(made, 0.01)
}

/// Groups of three repeats, two of which were not run alike, and a run that is in both.
fn groups() -> Comparison {
    let group =
        |name: &str| -> Vec<Made> { (0..3).map(|run| long(&format!("{name}{run}"))).collect() };
    let mut made: Vec<Variant> = variants(&[&group("a"), &group("b")]);
    made[1].runs[2].driver["properties"][0]["value"] = json!("0");
    made[1].runs[1] = made[0].runs[1].clone();
    Comparison::of(made, 0.03)
}

#[test]
fn a_comparison_reads_as_expected() {
    golden("seconds.txt", &text::text(&three()));
    golden("repeats.txt", &text::text(&groups()));
}

#[test]
fn as_markdown_it_says_the_same() {
    let page = markdown::markdown(&three());
    golden("seconds.md", &page);
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(lines.len(), 2 * 15, "head, rule and 13 figures of each candidate");
    assert!(lines.iter().all(|line| line.matches('|').count() == 9), "eight cells: {page}");
}

#[test]
fn what_is_too_short_is_told_with_what_helps() {
    let short = |id: &str| Made { seconds: 5, ..Made::plain(id) };
    let mut made = variants(&[&[short("a")], &[short("b")]]);
    made[1].runs[0].startup = None;
    let text = text::text(&Comparison::of(made, 0.01));
    assert!(
        text.starts_with("CANNOT TELL B from A: too few independent seconds; run longer, or 3 "),
        "{text}"
    );
    assert!(text.contains("cannot tell\n") && text.contains("not judged\n"), "{text}");
    let text = text.replace('\n', " ");
    assert!(text.contains("b of B: never steady for five seconds; all measured"), "{text}");
}

#[test]
fn of_runs_too_short_to_be_steady_one_thing_is_said_once() {
    let short = |id: &str| Made { seconds: 3, ..Made::plain(id) };
    let mut made = variants(&[&[short("a1"), short("a2")], &[short("b")]]);
    for run in made.iter_mut().flat_map(|variant| &mut variant.runs) {
        (run.startup, run.warmup) = (None, None);
    }
    let told = text::text(&Comparison::of(made, 0.01)).replace('\n', " ");
    let words = "too short to know whether it was steady (five seconds); all measured seconds but the first, ";
    for who in ["2 of 2 runs of A", "b of B"] {
        assert_eq!(told.matches(&format!("{who}: {words}")).count(), 1, "{who}: {told}");
    }
    assert_eq!(told.matches(words).count(), 2, "once for each: {told}");
    for wrong in ["were steady, and", "never steady", "a1 of A: "] {
        assert!(!told.contains(wrong), "{wrong}: {told}");
    }
}

#[test]
fn runs_that_were_not_steady_alike_are_never_called_the_same() {
    let mut made = variants(&[&[long("before")], &[long("after")]]);
    // The candidate is the baseline, but slow for 40 s of 120, which its other seconds know nothing of.
    let mut run = made[0].runs[0].clone();
    run.test_id = "after".to_owned();
    run.startup = Some(Startup { steady_s: Some(40) });
    run.latency.publish.as_mut().expect("an open loop").p50_us = Some(50_000.0);
    for second in &mut run.intervals[..40] {
        second.publish_p50_us = Some(50_000.0);
    }
    made[1].runs[0] = run;
    let comparison = Comparison::of(made, 0.01);
    let told = text::text(&comparison).replace('\n', " ");
    let head = "CANNOT TELL B from A: as wholes they differ in publish p50 (+2";
    assert!(told.starts_with(head), "{told}");
    assert!(told.contains("say otherwise; run 3 repeats of each"), "{told}");
    assert!(told.contains("after of B: 80 of 120 measured seconds were steady"), "{told}");
    assert!(told.contains("B: whole runs and their typical seconds disagree. As wholes"), "{told}");
    assert!(!told.contains("of A: 120 of"), "nothing was left out of it: {told}");
    let document: Value =
        serde_json::from_slice(&json::json(&comparison)).expect("a document is JSON");
    let figures = document["comparisons"][0]["figures"].as_array().expect("a list");
    let p50 = figures.iter().find(|of| of["figure"] == "latency.publish.p50_us").expect("there");
    assert_eq!((&p50["verdict"], p50["typical"].is_null()), (&json!("cannot_tell"), false));
    let found = p50["detectable"].as_f64().expect("a part");
    assert!(20.0 < found, "it was not found, large as it is: {found}");
}

#[test]
fn what_others_recorded_commands_neither_terminals_nor_readers() {
    let mut made = variants(&[&[long("before")], &[long("after")]]);
    made[0].unfinished = 2;
    let run = &mut made[1].runs[0];
    run.test_name = "\u{1b}[2Jname\u{7} @all".to_owned();
    run.test_id = "\u{9b}31mid #12".to_owned();
    run.path = "results/\u{1b}]0;title\u{7}/result.json".into();
    run.startup = None;
    run.driver["properties"][0]["value"] = json!("5\u{8}\u{1b}[8m");
    let comparison = Comparison::of(made, 0.01);
    let told = text::text(&comparison).replace('\n', " ");
    let plain = |letter: char| letter == '\n' || !letter.is_control();
    assert!(told.chars().all(plain), "{told:?}");
    assert!(told.contains("\u{fffd}[2Jname\u{fffd} @all"), "{told}");
    assert!(told.contains("5 -> 5\u{fffd}\u{fffd}[8m"), "{told}");
    assert!(told.contains("Not in the comparison: 2 of A in unfinished/"), "{told}");
    let page = markdown::markdown(&comparison);
    assert!(page.chars().all(plain), "{page:?}");
    assert!(page.contains("@\u{200b}all") && page.contains("#\u{200b}12"), "{page}");
}

#[test]
fn for_programs_every_number_has_its_field() {
    let document: Value =
        serde_json::from_slice(&json::json(&three())).expect("a document is JSON");
    assert_eq!(
        (&document["schema"], &document["exit_code"]),
        (&json!("kdyno.compare/1"), &json!(10))
    );
    assert_eq!((&document["tolerance"], &document["confidence"]), (&json!(0.01), &json!(0.98)));
    assert_eq!(document["variants"][2]["runs"][0]["valid"], false, "{document:#}");
    assert_eq!(document["variants"][0]["runs"][0]["steady_seconds"], 120, "{document:#}");
    let verdicts = [0, 1].map(|at| document["comparisons"][at]["verdict"].clone());
    assert_eq!(verdicts, [json!("no_difference"), json!("regression")]);
    let pair = &document["comparisons"][1];
    let differs = json!([{"field": "messageSize", "baseline": "100", "candidate": "1024"}]);
    assert_eq!((&pair["differs"], &pair["by"]), (&differs, &json!("seconds")));
    let acked = &pair["figures"][0];
    assert_eq!(acked["figure"], "acked.messages_per_second", "{acked:#}");
    let part = |path: &str| acked.pointer(path).and_then(Value::as_f64).expect(path);
    let ratio = part("/candidate") / part("/baseline") - 1.0;
    assert!((part("/difference") - ratio).abs() < 1e-9, "a part: {acked:#}");
    assert!(part("/interval/low") < ratio && ratio < part("/interval/high"), "{acked:#}");
    assert!(0.0 < part("/detectable") && part("/independent/baseline") <= 120.0, "{acked:#}");
    let max = pair["figures"].as_array().expect("a list").iter();
    let max = max.clone().find(|of| of["figure"] == "latency.publish.max_us").expect("it is there");
    assert_eq!((&max["interval"], &max["verdict"]), (&Value::Null, &json!("not_judged")));
    let notes = document["notes"].to_string();
    assert!(notes.contains("NOT VALID: slower of C (exit code 11"), "{notes}");
}
