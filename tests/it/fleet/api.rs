//! What scripts/fleet/API.md says of the worker's API: its script runs, and it names every call.

use super::Fleet;
use super::hosts::TOKEN;
use crate::real::{SOON, cluster, count};
use engine::link::{TopicSpec, Topics};
use kdyno_tests::tidy::root;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

fn document() -> String {
    std::fs::read_to_string(root().join("scripts/fleet/API.md")).expect("the document is there")
}

/// All blocks marked `sh`, one after the other.
fn script(document: &str) -> String {
    let blocks = document.split("\n```sh\n").skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned() + "\n").collect()
}

#[test]
fn the_run_by_hand_of_the_document_is_exact_as_it_stands_there() {
    let Some(fleet) = Fleet::beside_others(1) else { return };
    let topic = format!("by-hand-{}", std::process::id());
    let broker = cluster(&fleet.address);
    let spec = TopicSpec { name: topic.clone(), partitions: 4 };
    broker.create(&[spec], SOON, &mut |_| {}).expect("the broker creates it");
    let script = script(&document());
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).env("WORKER", &fleet.workers[0].url).env("TOKEN", TOKEN);
    bash.env("BROKER", &fleet.address).env("TOPIC", &topic);
    let output = bash.output().expect("there is bash");
    let left = broker.delete(&[topic], SOON);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let all = format!("{told}\n{stderr}\n{}", fleet.workers[0].said());
    assert!(output.status.success(), "{}\n{all}", output.status);
    assert!(left.is_empty(), "{left:?}");
    let results = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let results: Vec<Value> = results.filter(|value| value.get("acked").is_some()).collect();
    let [writing, reading] = results.as_slice() else { panic!("two results: {all}") };
    // 2 s at 1000 a second and 1.5 s at 2000: it ends half a second early.
    for path in ["/produced/due", "/produced/messages", "/acked/messages"] {
        assert_eq!(count(writing, path), 5_000, "{path}: {all}");
    }
    assert_eq!(count(reading, "/consumed/messages"), 5_000, "{all}");
    assert_eq!((count(writing, "/errors"), count(reading, "/errors")), (0, 0), "{all}");
    assert_eq!(count(reading, "/latency/end_to_end/count"), 5_000, "{all}");
    let frames = told.lines().filter_map(|line| line.trim().parse::<u64>().ok()).max();
    assert!(frames.is_some_and(|bytes| 1_000 < bytes), "histograms travel: {all}");
}

/// The calls that the worker's source answers, as the document writes them.
fn routes(source: &str) -> BTreeSet<String> {
    let arms = source.split("(Method::").skip(1).filter_map(|arm| {
        let (method, rest) = arm.split_once(", [")?;
        let (parts, _) = rest.split_once("])")?;
        let part = |part: &str| match part.trim() {
            word if word.starts_with('"') => word.trim_matches('"').to_owned(),
            name => format!("{{{name}}}"),
        };
        let path: Vec<String> = parts.split(',').map(part).collect();
        Some(format!("{} /{}", method.to_uppercase(), path.join("/")))
    });
    arms.collect()
}

#[test]
fn the_document_names_every_call_of_a_worker_and_no_other() {
    let source = root().join("control/src/fleet/worker.rs");
    let routes = routes(&std::fs::read_to_string(source).expect("the source is there"));
    assert_eq!(routes.len(), 15, "{routes:#?}");
    let document = document();
    let methods = ["GET ", "POST ", "PUT ", "DELETE "];
    let titles = document.lines().filter_map(|line| line.strip_prefix("## "));
    let titles = titles.filter(|title| methods.iter().any(|method| title.starts_with(method)));
    let titles: BTreeSet<String> = titles.map(str::to_owned).collect();
    assert_eq!(titles, routes, "the document's titles, the worker's routes");
    let script = script(&document);
    for route in routes {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let is_called = script.lines().any(|line| {
            let told = if ["GET", "POST"].contains(&method) { "$WORKER" } else { method };
            let steps = path.split('/').filter(|step| !step.starts_with('{'));
            line.contains(told) && steps.clone().all(|step| line.contains(step))
        });
        assert!(is_called, "{route} has an example");
    }
}

#[test]
fn a_call_that_the_document_does_not_know_would_be_seen() {
    let source = "(Method::Get, [\"task\", id, \"status\"]) => {}\n(Method::Put, [\"rate\"]) => x";
    let expected = ["GET /task/{id}/status", "PUT /rate"].map(str::to_owned);
    assert_eq!(routes(source), BTreeSet::from(expected));
}
