//! What workloads ask of a fleet beyond a constant rate: a search, a backlog, bursts by chance, several streams,
//! consumers that come and go.

use super::{Fleet, assert_exact_of};
use crate::real::churn::{CHURN, assert_all_read};
use crate::real::load::{Load, SMALL};
use crate::real::{assert_read, count, has_finding};
use crate::streams::{STREAMS, check_exact};
use engine::plan::{Pace, PhaseTimes, Varied};
use engine::time::{Arrival, Shape, Shaped, Step, Tempo};
use engine::units::{Nanos, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// Four producers and two consumers for one topic.
fn load(more: &str) -> String {
    format!(
        "name: kinds\ntopics: 1\npartitionsPerTopic: 4\nmessageSize: 1024\nproducersPerTopic: 4\n\
         subscriptionsPerTopic: 1\nconsumerPerSubscription: 2\n{more}"
    )
}

/// Nobody was lost, and each did its half of what was measured.
fn assert_halves(result: &Value) {
    let sent = count(result, "/produced/messages");
    for worker in result["workers"].as_array().expect("a fleet has workers") {
        assert_eq!(worker["status"], "done", "{worker:#}");
        assert!(
            (count(worker, "/produced") - sent / 2).abs() <= 2,
            "its half of {sent}: {worker:#}"
        );
    }
}

/// Up to a rate that any machine sustains, so that what is searched is not how busy this one is.
#[test]
fn a_search_asks_two_workers_for_one_rate_after_the_other_and_measures_the_last() {
    let Some(fleet) = Fleet::of(2) else { return };
    let sets = ["StartRate=200", "MaxRate=800", "Settle=2s", "Window=3s", "Timeout=3m"];
    let sets = sets.map(|set| format!("search{set}"));
    let words = sets.iter().flat_map(|set| ["--set", set]).collect::<Vec<&str>>();
    let lines = "producerRate: 0\nwarmupDuration: 1s\ntestDuration: 4s\n";
    let ran = fleet.run(&load(lines), &words).run();
    let result = ran.result();
    let told = &result["search"];
    assert_eq!(told["sustainable_messages_per_second"], 800, "{told:#}\n{}", ran.stderr);
    assert_eq!(result["produced"]["target_messages_per_second"], 800);
    let steps = told["steps"].as_array().expect("steps");
    let kind = |of: &Value| of["kind"].as_str().unwrap_or_default().to_owned();
    let kinds: Vec<String> = steps.iter().map(kind).collect();
    assert!(kinds.ends_with(&["confirm".to_owned(), "measured".to_owned()]), "{kinds:?}");
    // What each step had due is what its rate says: both workers were told in time.
    for step in steps {
        let asked = count(step, "/rate") * count(step, "/seconds");
        let acked = step["acked_per_second"].as_f64().expect("a rate");
        let rate = step["rate"].as_f64().expect("a rate");
        let is_sustained = step["sustainable"] == true;
        assert!(!is_sustained || (acked / rate - 1.0).abs() < 0.15, "{asked} were due: {step:#}");
    }
    assert_eq!(count(&result, "/produced/due"), 4 * 800, "of both together, for the whole phase");
    assert_halves(&result);
    let acked = count(&result, "/acked/messages");
    assert_read(&result, acked, 1);
    let is_confirmed = told["confirmed"] == true;
    assert_eq!(has_finding(&result, "search_not_confirmed"), !is_confirmed, "{told:#}");
    println!("{} steps, exit {}", steps.len(), ran.code);
}

#[test]
fn a_backlog_is_built_and_drained_by_two_workers() {
    let Some(fleet) = Fleet::of(2) else { return };
    let more = "producerRate: 6000\nwarmupDuration: 1s\ntestDuration: 2s\nconsumerBacklog: 20MiB\n";
    let ran = fleet.run(&load(more), &[]).run();
    let result = ran.result();
    let told = &result["verdict"];
    assert!(matches!(ran.code, 0 | 11), "exit {}: {told:#}\n{}", ran.code, ran.stderr);
    let backlog = &result["backlog"];
    assert_eq!(backlog["drained"], true, "{backlog:#}");
    let (asked, stood) = (count(backlog, "/asked_messages"), count(backlog, "/built/messages"));
    assert_eq!(asked, 20_480, "20 MiB of 1 KiB");
    assert!((asked..asked + 3 * 6_000).contains(&stood), "{backlog:#}");
    // Both hold their consumers: nobody reads in the seconds between the first and the last of them.
    let seconds = result["intervals"].as_array().expect("a list");
    let held = seconds.iter().filter(|second| (1..3).contains(&count(second, "/t_s")));
    assert_eq!(held.map(|second| count(second, "/consumed")).sum::<i64>(), 0, "{seconds:#?}");
    let acked = count(&result, "/acked/messages");
    assert_eq!(count(&result, "/produced/due"), acked, "all that was due");
    assert_read(&result, acked, 1);
    for name in ["duplicated", "redelivered", "reordered"] {
        assert_eq!(count(&result["verification"], &format!("/{name}")), 0, "{name}");
    }
    assert_halves(&result);
    println!("{stood} stood, drained: {:#}\nexit {}", backlog["drain"], ran.code);
}

#[test]
fn bursts_by_chance_are_due_of_two_workers_as_of_one_host() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let step = |rate, millis| Step { rate, lasts: Nanos::from_millis(millis) };
    let bursts = Shape::Bursts { on: step(3_000, 500), off: step(0, 1_000) };
    let tempo = Tempo::Shape(Shaped::new(bursts).expect("it is sound"));
    let chance = Varied::new(tempo, Arrival::Poisson { seed: 7 }, Nanos::from_secs(4));
    // When the phases of this schedule are; a run's are as far apart.
    let after = |seconds: u64| Timestamp::from_nanos(7) + Nanos::from_secs(seconds);
    let times = PhaseTimes { at: after(0), measured: after(1), end: after(5) };
    let pace = Pace::Varied(Arc::new(chance.expect("it sends")));
    let schedule = pace.schedule(times).expect("it has due times");
    let before = |seconds: u64| schedule.count_before(after(1 + seconds));
    let due = i64::try_from(before(4) - before(0)).expect("a few thousand");
    let more = "producerRate: bursts 3k for 500ms, 0 for 1s\narrival: poisson\nseed: 7\n\
                warmupDuration: 1s\ntestDuration: 4s\n";
    let ran = fleet.run(&load(more), &[]).run();
    let result = assert_exact_of(&ran, due, 1);
    assert_eq!(result["warmup"]["messages"], before(0), "at the rate of a burst, by chance too");
    let seconds = result["intervals"].as_array().expect("a list").iter().take(4);
    let asked: Vec<u64> = seconds.filter_map(|second| second["asked"].as_u64()).collect();
    assert_eq!(asked, [0, 1, 2, 3].map(|second| before(second + 1) - before(second)));
    assert_halves(&result);
    println!("{due} due, {asked:?} by second, exit {}", ran.code);
}

#[test]
fn each_of_two_streams_is_exact_on_two_workers() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let ran = fleet.run(STREAMS, &[]).run();
    let result = check_exact(&ran, "two workers");
    for second in result["intervals"].as_array().expect("a list") {
        let of = |path: &str| count(second, path);
        let sum = of("/streams/0/acked") + of("/streams/1/acked");
        assert_eq!(sum, of("/acked"), "the workers' seconds are told by stream: {second:#}");
    }
    for worker in result["workers"].as_array().expect("a fleet has workers") {
        assert!(0 < count(worker, "/produced"), "each has a part: {worker:#}");
    }
}

#[test]
fn consumers_of_two_workers_come_and_go_and_nothing_is_missed() {
    let Some(fleet) = Fleet::beside_others(2) else { return };
    let load =
        Load { name: "fleet-churn", consumers: 4, seconds: 6, warmup: 0, more: CHURN, ..SMALL };
    let soon = ["--set", "driver.heartbeat.interval.ms=300"];
    let ran = fleet.run(&load.yaml(), &soon).run();
    let result = assert_all_read("two workers", &load, &ran);
    let left = count(&result, "/consumed/groups/consumers_left");
    assert!(4 <= left, "of each worker one after 2 s and one after 4 s: {left}");
    assert!(0 < count(&result, "/consumed/rebalances"), "{:#}", result["consumed"]["groups"]);
}
