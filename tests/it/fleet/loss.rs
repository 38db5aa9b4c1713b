//! Workers that are lost, in every phase and in every way: the run has a bounded end, and says so.

use super::{Fleet, workload};
use crate::cli::{Ran, Started};
use crate::real::broker::{Signal, send};
use crate::real::{self, count, has_finding};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use serde_json::Value;

/// How much longer than without a loss a run may take.
const BEYOND: Nanos = Nanos::from_secs(20);

/// Seconds of the measured phase.
const SECONDS: u32 = 4;

/// What a run takes without a loss: its phases, and what stands around them.
const USUAL: Nanos = Nanos::from_secs(18);

/// How a worker is lost.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Kill,
    Stop,
    Cut,
}

/// When: the words of the coordinator, and how long after them.
#[derive(Clone, Copy, Debug)]
struct Phase {
    name: &'static str,
    words: &'static str,
    after: Nanos,
    /// Whether its share is dealt to others before the load begins.
    before_start: bool,
}

const fn phase(
    name: &'static str,
    words: &'static str,
    after_ms: u64,
    before_start: bool,
) -> Phase {
    Phase { name, words, after: Nanos::from_millis(after_ms), before_start }
}

/// Every phase but the first, which is before the coordinator begins.
const PHASES: [Phase; 6] = [
    phase("prepare", "consumers join their groups", 0, true),
    phase("ready", "all consumers are ready", 0, false),
    phase("warm-up", "warm-up for", 300, false),
    phase("measure", "    1 s |", 0, false),
    phase("drain", "consumers read what is left", 0, false),
    phase("collect", "the last figures come in", 0, false),
];

/// Does it to a worker; `false` where this machine has no way to.
fn strike(fleet: &Fleet, fault: Fault, host: usize) -> bool {
    match fault {
        Fault::Kill => send(Signal::Kill, &fleet.workers[host].pid()),
        Fault::Stop => send(Signal::Stop, &fleet.workers[host].pid()),
        Fault::Cut => return fleet.hosts.cut(host),
    }
    true
}

fn wait(span: Nanos) {
    let clock = OsClock::anchored();
    let until = clock.now() + span;
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
}

/// What a cell of the table came to.
struct Cell {
    name: String,
    ran: Ran,
    took: Nanos,
}

fn finish(name: String, run: Started, began: engine::units::Timestamp) -> Cell {
    let ran = run.finish();
    let took = OsClock::anchored().now().since(began).unwrap_or_default();
    Cell { name, ran, took }
}

/// Loses one of four workers in a phase; `None` where this machine has no way to.
fn lose(fleet: &Fleet, fault: Fault, at: Option<Phase>) -> Option<Cell> {
    let name = format!("{fault:?} at {}", at.map_or("health", |phase| phase.name));
    let began = OsClock::anchored().now();
    let struck = at.is_some() || strike(fleet, fault, 1);
    let mut run = fleet.run(&workload(2_000, SECONDS), &[]).start();
    let struck = match at {
        None => struck,
        Some(phase) => {
            run.await_words(phase.words);
            wait(phase.after);
            strike(fleet, fault, 1)
        }
    };
    let cell = finish(name, run, began);
    struck.then_some(cell)
}

/// Whether the counts of a result that lacks something add up all the same.
fn assert_honest(cell: &Cell, result: &Value) {
    let Cell { name, .. } = cell;
    let due = i64::from(2_000 * SECONDS);
    assert_eq!(count(result, "/produced/due"), due, "{name}: what is due is due, whoever is lost");
    let sent = count(result, "/produced/messages") + count(result, "/produced/unsent");
    assert!(sent <= due, "{name}: no message is counted twice: {sent}");
    assert!(count(result, "/acked/messages") <= count(result, "/produced/messages"), "{name}");
    let lost = result.pointer("/verification/lost").and_then(Value::as_i64);
    assert!(lost.is_none_or(|lost| lost == 0), "{name}: nobody lost a message: {result:#}");
}

fn check(fleet: &Fleet, cell: &Cell, before_start: Option<bool>) -> String {
    let Cell { name, ran, took } = cell;
    assert!(*took <= USUAL + BEYOND, "{name}: took {took}\n{}", ran.stderr);
    let result = ran.result();
    match before_start {
        Some(true) => {
            assert!(matches!(ran.code, 0 | 11), "{name}: exit {}\n{}", ran.code, ran.stderr);
            assert!(has_finding(&result, "worker_missing"), "{name}: {:#}", result["verdict"]);
        }
        Some(false) => {
            assert_eq!(ran.code, 14, "{name}: {:#}\n{}", result["verdict"], ran.stderr);
            assert!(has_finding(&result, "worker_lost"), "{name}: {:#}", result["verdict"]);
        }
        // When the last figures come in the worker may have told all it had to.
        None => {
            assert!(matches!(ran.code, 0 | 11 | 14), "{name}: exit {}\n{}", ran.code, ran.stderr);
        }
    }
    assert_honest(cell, &result);
    let left = fleet.topics_of(&result);
    assert!(left.is_empty(), "{name}: topics are left: {left:?}");
    let gaps = result["intervals"].as_array().expect("a list");
    let gaps =
        gaps.iter().filter(|second| 0 < second["lanes_missing"].as_i64().unwrap_or(0)).count();
    format!(
        "{name:<18} exit {:>2}  {:>5.1} s  due {}  acked {}  unsent {}  seconds with a gap {gaps}",
        ran.code,
        took.as_secs_f64(),
        count(&result, "/produced/due"),
        count(&result, "/acked/messages"),
        count(&result, "/produced/unsent"),
    )
}

/// So many runs of the table go on at once: they wait more than they work.
const AT_ONCE: usize = 2;

/// One row, of a fleet of its own; `None` where this machine has no way to lose a worker so.
fn row(address: &str, fault: Fault, at: Option<Phase>) -> Option<String> {
    let fleet = Fleet::one_of_several(address, 4);
    let cell = lose(&fleet, fault, at)?;
    let before_start = match at {
        None => Some(true),
        Some(phase) if phase.name == "collect" || phase.name == "drain" => None,
        Some(phase) => Some(phase.before_start),
    };
    Some(check(&fleet, &cell, before_start))
}

/// All phases, for one kind of fault; in words why not, where that cannot be.
fn table(fault: Fault) -> String {
    let Some(turn) = real::turn() else { return "no real broker".to_owned() };
    let phases: Vec<Option<Phase>> =
        std::iter::once(None).chain(PHASES.into_iter().map(Some)).collect();
    let mut rows = Vec::new();
    for together in phases.chunks(AT_ONCE) {
        rows.extend(std::thread::scope(|scope| {
            let begin = |at: &Option<Phase>| {
                let (address, at) = (turn.address.as_str(), *at);
                scope.spawn(move || row(address, fault, at))
            };
            let begun: Vec<_> = together.iter().map(begin).collect();
            begun.into_iter().map(|row| row.join().expect("the row holds")).collect::<Vec<_>>()
        }));
    }
    match rows.into_iter().collect::<Option<Vec<String>>>() {
        Some(rows) => format!("one of four workers lost:\n{}", rows.join("\n")),
        None => format!("{fault:?}: this machine has no links to cut"),
    }
}

#[test]
fn a_killed_worker_is_survived_in_every_phase() {
    println!("{}", table(Fault::Kill));
}

#[test]
fn a_worker_that_stands_still_is_survived_in_every_phase() {
    println!("{}", table(Fault::Stop));
}

#[test]
fn a_worker_whose_link_is_cut_is_survived_in_every_phase() {
    println!("{}", table(Fault::Cut));
}

#[test]
fn without_any_worker_nothing_is_created() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    (0..2).for_each(|host| send(Signal::Kill, &fleet.workers[host].pid()));
    let load = workload(1_000, 2).replace("name: fleet", "name: workerless");
    let ran = fleet.run(&load, &[]).run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("no worker answers"), "{}", ran.stderr);
    assert_eq!(ran.files(), ["load.yaml"], "no result of a run that never was");
    let topics = real::topics(&fleet.address);
    assert!(!topics.iter().any(|topic| topic.contains("workerless")), "none created: {topics:?}");
}

#[test]
fn the_share_of_a_worker_that_dies_goes_to_the_others() {
    let Some(fleet) = Fleet::beside_others(3) else { return };
    let load = "name: moved\ntopics: 1\npartitionsPerTopic: 3\nmessageSize: 200\nproducersPerTopic: 100\n\
                subscriptionsPerTopic: 1\nconsumerPerSubscription: 3\nproducerRate: 2000\n\
                warmupDuration: 1s\ntestDuration: 16s\n";
    let mut run = fleet.run(load, &[]).start();
    run.await_words("    4 s |");
    // Of 100 producers the first worker has 34.
    send(Signal::Kill, &fleet.workers[0].pid());
    let ran = run.finish();
    let result = ran.result();
    assert_eq!(ran.code, 14, "{:#}\n{}", result["verdict"], ran.stderr);
    assert_eq!(count(&result, "/produced/due"), 32_000, "what is due is due");
    let tasks = result["tasks"].as_array().expect("a list");
    let logical = |status: &str| -> i64 {
        let own =
            tasks.iter().filter(|task| task["role"] == "producer" && task["status"] == status);
        own.map(|task| count(task, "/logical")).sum()
    };
    assert_eq!((logical("moved"), logical("done")), (34, 66 + 34), "{tasks:#?}");
    let seconds = result["intervals"].as_array().expect("a list");
    let last: Vec<i64> = seconds
        .iter()
        .filter(|second| (13..15).contains(&count(second, "/t_s")))
        .map(|second| count(second, "/produced"))
        .collect();
    // A message at the edge of two seconds is in either; without the share 1,320 would be sent.
    let is_whole = |produced: &i64| (1_980..=2_020).contains(produced);
    assert!(last.len() == 2 && last.iter().all(is_whole), "all of it again: {last:?}");
    let gap = |second: &&Value| 0 < second["lanes_missing"].as_i64().unwrap_or(0);
    let gaps: Vec<i64> = seconds.iter().filter(gap).map(|second| count(second, "/t_s")).collect();
    assert!(gaps.iter().any(|second| (4..8).contains(second)), "the gap is marked: {gaps:?}");
    assert!(gaps.iter().all(|second| (3..13).contains(second)), "and nothing else: {gaps:?}");
    println!(
        "34 of 100 producers moved to two others: {} of 32000 unsent, exit {}",
        count(&result, "/produced/unsent"),
        ran.code
    );
}

#[test]
fn degraded_a_run_goes_on_without_the_share_that_was_lost() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let mut run = fleet.run(&workload(2_000, 12), &["--on-worker-loss", "degrade"]).start();
    run.await_words("    1 s |");
    send(Signal::Kill, &fleet.workers[1].pid());
    let ran = run.finish();
    let result = ran.result();
    assert_eq!(ran.code, 14, "{:#}", result["verdict"]);
    assert!(9_000 < count(&result, "/produced/unsent"), "half of it for ten seconds is missing");
}

#[test]
fn where_each_worker_is_needed_the_run_ends_with_the_first_that_is_lost() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let mut run = fleet.run(&workload(2_000, 30), &["--on-worker-loss", "fail"]).start();
    run.await_words("    1 s |");
    send(Signal::Kill, &fleet.workers[1].pid());
    let ran = run.finish();
    let result = ran.result();
    assert_eq!(ran.code, 1, "{:#}", result["verdict"]);
    assert!(ran.stderr.contains("not heard of"), "{}", ran.stderr);
    assert!(count(&result, "/acked/messages") < 40_000, "it ended early");
    assert!(fleet.topics_of(&result).is_empty(), "and cleaned up");
}
