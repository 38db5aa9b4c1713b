//! Fleets with too little to do, with a worker twice, with one that pauses, and runs one after the other.

use super::ask::Caller;
use super::hosts::TOKEN;
use super::{Fleet, assert_exact, workload};
use crate::real::broker::{Signal, send};
use crate::real::{self, count, has_finding};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;

fn wait(millis: u64) {
    let clock = OsClock::anchored();
    let until = clock.now() + Nanos::from_millis(millis);
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
}

/// One producer and one consumer.
const SMALL: &str = "name: small\ntopics: 1\npartitionsPerTopic: 1\nmessageSize: 100\nproducersPerTopic: 1\n\
                     subscriptionsPerTopic: 1\nconsumerPerSubscription: 1\nproducerRate: 500\n\
                     warmupDuration: 1s\ntestDuration: 2s\n";

#[test]
fn workers_that_have_nothing_to_do_are_no_loss() {
    let Some(fleet) = Fleet::beside_others(3) else { return };
    let ran = fleet.run(SMALL, &[]).run();
    let result = real::assert_exact(&ran, 1_000, 1);
    assert!(!has_finding(&result, "worker_lost"), "{:#}", result["verdict"]);
    assert_eq!(result["workers"].as_array().map(Vec::len), Some(3), "all are named");
}

#[test]
fn runs_follow_one_another_on_the_same_workers() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let urls = fleet.urls();
    let run = fleet.run_on(&urls, &workload(1_000, 2), &[]).and(&["small.yaml"]);
    let ran = run.with_file("small.yaml", SMALL).run();
    assert!(matches!(ran.code, 0 | 11), "exit {}\n{}", ran.code, ran.stderr);
    let results: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).expect("an array");
    let acked: Vec<i64> = results.iter().map(|result| count(result, "/acked/messages")).collect();
    assert_eq!(acked, [2_000, 1_000], "{}", ran.stderr);
}

#[test]
fn repeats_of_two_variants_take_turns_on_workers_each_with_its_own_driver() {
    let Some(fleet) = Fleet::of(2) else { return };
    let run = fleet.run(SMALL, &["--repeat", "2", "--against", "slow.yaml"]);
    let ran = run.with_file("slow.yaml", "name: slow\nproducerConfig: |\n  linger.ms=100\n").run();
    let results: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).expect("an array");
    let drivers: Vec<&str> =
        results.iter().map(|of| of["driver"]["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(drivers, ["kafka", "slow", "slow", "kafka"], "{}", ran.stderr);
    for (result, driver) in results.iter().zip(drivers) {
        assert_eq!(count(result, "/acked/messages"), 1_000, "{driver}: {}", ran.stderr);
        // Half of the time that its client waits for more: the workers were told so.
        let is_slow = 40_000.0 < result["latency"]["publish"]["p50_us"].as_f64().expect("acked");
        assert_eq!(is_slow, driver == "slow", "{:#}", result["latency"]["publish"]);
    }
}

#[test]
fn a_token_from_a_pipe_is_read_once_for_workers_and_callers() {
    let Some(fleet) = Fleet::here(1) else { return };
    // The worker has read its own.
    let file = fleet.workers[0].token_file();
    std::fs::remove_file(&file).expect("the folder is ours");
    std::os::unix::fs::symlink("/dev/stdin", &file).expect("the folder is ours");
    let pipe = format!("printf {TOKEN} | \"$@\"");
    let run = fleet.run(SMALL, &["--listen", "127.0.0.1:0"]).through(&["sh", "-c", &pipe, "sh"]);
    let ran = run.run();
    assert!(matches!(ran.code, 0 | 11), "exit {}\n{}", ran.code, ran.stderr);
    assert_eq!(count(&ran.result(), "/acked/messages"), 1_000, "{}", ran.stderr);
}

#[test]
fn a_worker_under_two_names_is_refused() {
    let Some(fleet) = Fleet::here(1) else { return };
    let url = &fleet.workers[0].url;
    let twice = format!("{url},{}", url.replace("127.0.0.1", "localhost"));
    let ran = fleet.run_on(&twice, SMALL, &[]).run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("is the same worker as"), "{}", ran.stderr);
    assert_eq!(ran.files(), ["load.yaml"], "nothing was run");
}

#[test]
fn a_worker_that_pauses_at_the_start_line_costs_nobody_else() {
    let Some(fleet) = Fleet::beside_others(3) else { return };
    let mut run = fleet.run(&workload(1_000, 6), &[]).start();
    run.await_words("consumers join their groups");
    // About when all have joined, and asking for it takes up to three seconds.
    wait(2_500);
    let pid = fleet.workers[1].pid();
    for _ in 0..3 {
        send(Signal::Stop, &pid);
        wait(1_500);
        send(Signal::Continue, &pid);
        wait(500);
    }
    let ran = run.finish();
    let result = ran.result();
    assert!(matches!(ran.code, 0 | 11 | 12 | 14), "{:#}\n{}", result["verdict"], ran.stderr);
    let workers = result["workers"].as_array().expect("a list");
    let done = workers.iter().filter(|worker| worker["status"] == "done").count();
    assert!(2 <= done, "the others are not lost with it: {}", ran.stderr);
    assert_eq!(count(&result, "/produced/due"), 6_000, "what is due is due");
}

#[test]
fn a_run_that_lost_a_worker_and_is_ended_in_its_warm_up_has_a_result() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let load = workload(1_000, 5).replace("warmupDuration: 2s", "warmupDuration: 30s");
    let mut run = fleet.run(&load, &[]).start();
    run.await_words("warm-up for");
    send(Signal::Kill, &fleet.workers[1].pid());
    run.await_words("its share goes to the other workers");
    send(Signal::Interrupt, &run.id().to_string());
    let ran = run.finish();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let result = ran.result();
    assert_eq!(count(&result, "/produced/due"), 0, "nothing of the measured phase was due");
    assert!(fleet.topics_of(&result).is_empty(), "no topic is left");
}

#[test]
fn ctrl_c_ends_a_fleets_run_and_keeps_what_was_measured() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let mut run = fleet.run(&workload(1_000, 30), &[]).start();
    run.await_words("    2 s |");
    let worker = &fleet.workers[1];
    let marked = Caller::of(worker, "chaos").demand(200, ("POST", "/mark"), "broker 2 down");
    assert_eq!(marked["text"], "broker 2 down", "{marked}");
    send(Signal::User, &run.id().to_string());
    run.await_words("mark: signal 1");
    send(Signal::Interrupt, &run.id().to_string());
    let ran = run.finish();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let result = assert_kept(&ran);
    let marks = result["marks"].as_array().expect("there are marks");
    let told: Vec<_> =
        marks.iter().map(|mark| (mark["text"].as_str(), mark["source"].as_str())).collect();
    let expected =
        [(Some("broker 2 down"), Some(&*worker.url)), (Some("signal 1"), Some("SIGUSR1"))];
    assert_eq!(told, expected, "in the fleet's time");
    for mark in marks {
        let at = mark["t_s"].as_f64().expect("it has a time");
        assert!((2.5..6.0).contains(&at), "{mark}");
    }
    assert!(fleet.topics_of(&result).is_empty(), "no topic is left");
}

fn assert_kept(ran: &crate::cli::Ran) -> serde_json::Value {
    let result = ran.result();
    let (due, acked) = (count(&result, "/produced/due"), count(&result, "/acked/messages"));
    assert!((2_000..8_000).contains(&acked), "acked {acked}");
    let told = count(&result, "/produced/messages") + count(&result, "/produced/unsent");
    assert_eq!(due, told, "what is due is sent or unsent");
    assert_eq!(result["verification"]["lost"], 0, "{:#}", result["verification"]);
    result
}

#[test]
fn eight_workers_do_one_run_exactly() {
    let Some(fleet) = Fleet::beside_others(8) else { return };
    let ran = fleet.run(&workload(2_000, 4), &[]).run();
    assert_exact(&ran, 8_000);
}
