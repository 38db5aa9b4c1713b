//! What the run thread tells lanes reaches those of workers: a warm-up that ends by itself ends on all of
//! them at one moment, and what a worker is told by hand it follows or refuses.

use super::ask::{Caller, order};
use super::{Fleet, assert_exact, workload};
use crate::cli::number;
use crate::real::broker::{Signal, send};
use crate::real::{SOON, cluster, count, has_finding};
use engine::link::{TopicSpec, Topics};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use serde_json::Value;

#[test]
fn a_warm_up_that_ends_by_itself_ends_on_all_workers_at_one_moment() {
    let Some(fleet) = Fleet::of(2) else { return };
    let ran = fleet.run(&workload(2_000, 4), &["--warmup", "auto:40s"]).run();
    let result = assert_exact(&ran, 8_000);
    assert!(!has_finding(&result, "warmup_bound_reached"), "{:#}", result["verdict"]);
    let lasted = number(&result, "/warmup/duration_s");
    // Five steady seconds, and the notice that all workers are given.
    assert!((8.0..40.0).contains(&lasted) && lasted.fract() == 0.0, "{lasted} s\n{}", ran.stderr);
    let sent = number(&result, "/warmup/messages");
    assert!((sent - 2_000.0 * lasted).abs() < 0.5, "{sent} in {lasted} s");
    let seconds = result["intervals"].as_array().expect("a list");
    let sum: i64 = seconds.iter().map(|second| count(second, "/acked")).sum();
    assert_eq!(sum, 8_000, "the seconds add up");
    for worker in result["workers"].as_array().expect("a list") {
        assert_eq!(worker["status"], "done", "{worker:#}");
        assert_eq!(count(worker, "/produced"), 4_000, "its half, and in the same phase");
    }
    assert!(ran.stderr.contains("steady: the measured phase begins"), "{}", ran.stderr);
    println!("warm-up of {lasted} s, exit {}", ran.code);
}

#[test]
fn a_worker_that_is_lost_after_an_open_warm_up_has_heirs_in_the_same_phase() {
    let Some(fleet) = Fleet::of(2) else { return };
    let mut run = fleet.run(&workload(1_000, 12), &["--warmup", "auto:40s"]).start();
    run.await_words("    2 s |");
    send(Signal::Kill, &fleet.workers[1].pid());
    run.await_words("its share goes to the other workers");
    let ran = run.finish();
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    let result = ran.result();
    assert_eq!(count(&result, "/produced/due"), 12_000, "what is due is due");
    let tasks = result["tasks"].as_array().expect("a list");
    let heirs: Vec<&Value> = tasks
        .iter()
        .filter(|task| task["status"] == "done" && task["role"] == "producer")
        .collect();
    assert_eq!(heirs.len(), 2, "the share that was always here, and the other's: {tasks:#?}");
    for task in heirs {
        assert!(1_000 < count(task, "/messages"), "in the measured phase: {task:#}");
    }
}

#[test]
fn a_worker_that_stands_still_across_the_border_hears_of_it_in_time_or_is_lost() {
    let Some(fleet) = Fleet::of(2) else { return };
    let mut run = fleet.run(&workload(1_000, 8), &["--warmup", "auto:40s"]).start();
    run.await_words("steady: the measured phase begins");
    let pid = fleet.workers[1].pid();
    let clock = OsClock::anchored();
    let until = clock.now() + Nanos::from_millis(4_400);
    send(Signal::Stop, &pid);
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
    send(Signal::Continue, &pid);
    let ran = run.finish();
    let result = ran.result();
    assert_eq!(count(&result, "/produced/due"), 8_000, "what is due is due\n{}", ran.stderr);
    let lost = has_finding(&result, "worker_lost");
    assert_eq!(lost, ran.code == 14, "exit {}\n{}", ran.code, ran.stderr);
    if !lost {
        // Its word waited for it, and was heard before a lane came to the border.
        let told = count(&result, "/warmup/due");
        let lasted = number(&result, "/warmup/duration_s");
        assert_eq!(format!("{told}"), format!("{:.0}", lasted * 1_000.0), "in the same phase");
        assert_eq!(count(&result, "/acked/messages"), 8_000, "{}", ran.stderr);
    }
    let why = ran.stderr.lines().find(|line| line.contains("lost")).unwrap_or("in the same phase");
    println!("exit {}: {why}", ran.code);
}

#[test]
fn a_course_is_followed_again_and_again_and_refused_where_it_comes_too_late() {
    let Some(fleet) = Fleet::here(1) else { return };
    let topic = format!("course-{}", std::process::id());
    let broker = cluster(&fleet.address);
    let spec = TopicSpec { name: topic.clone(), partitions: 4 };
    broker.create(&[spec], SOON, &mut |_| {}).expect("the broker creates it");
    let caller = Caller::of(&fleet.workers[0], "by hand");
    let body = order("writing", (&fleet.address, &topic), 1_000);
    caller.demand(200, ("POST", "/producer/start"), &body);
    let course = ("PUT", "/course");
    let early = caller.demand(409, course, "{\"tasks\": [\"writing\"]}");
    assert!(early.to_string().contains("it has not started"), "{early}");
    caller.until("/task/writing/status", 20, |status| status["state"] == "prepared");
    let clock = caller.demand(200, ("GET", "/clock"), "");
    let at = clock["sent_ns"].as_u64().expect("a moment") + 500_000_000;
    let after = |millis: u64| at + millis * 1_000_000;
    let start = |latest: u64| format!("{{\"at_ns\": {at}, \"latest_ns\": {latest}}}");
    caller.demand(409, ("POST", "/start"), &start(after(1_500)));
    caller.demand(200, ("POST", "/start"), &start(after(20_000)));
    caller.demand(400, course, "{\"rate\": 5}");
    caller.demand(400, course, "{\"schedules\": [{\"segments\": [], \"end\": 5}]}");
    caller.demand(409, course, "{\"schedules\": [null]}");
    caller.demand(409, course, "{\"schedules\": []}");
    caller.demand(409, course, &format!("{{\"end_ns\": {}}}", at - 100_000_000_000));
    caller.demand(409, course, &format!("{{\"measured_ns\": {}}}", after(2_500)));
    let whole = |number: u64, end: u64| {
        let (measured, end) = (after(3_000), after(end));
        format!("{{\"number\": {number}, \"measured_ns\": {measured}, \"end_ns\": {end}}}")
    };
    for _ in 0..2 {
        let told = caller.demand(200, course, &whole(7, 5_000));
        assert_eq!(told["followed"], serde_json::json!(["writing"]), "{told}");
    }
    let old = caller.demand(409, course, &whole(6, 5_000));
    assert!(old.to_string().contains("course 6 comes after course 7"), "{old}");
    caller.demand(409, course, &whole(8, 5_500));
    let other = Caller { name: "another", ..caller };
    other.demand(409, course, &whole(9, 4_000));
    let path = "/task/writing/status";
    caller.until(path, 20, |status| status["state"] == "done");
    let accept = ["Accept: application/json"];
    let (_, told) = caller.send("GET", "/task/writing/result", &accept, "");
    let result: Value = serde_json::from_str(&told).expect("it is JSON");
    caller.demand(200, ("DELETE", "/task/writing"), "");
    let left = broker.delete(&[topic], SOON);
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(count(&result, "/warmup_messages"), 3_000, "{result:#}");
    assert_eq!(count(&result, "/acked/messages"), 2_000, "up to the end that it was told");
    assert_eq!(count(&result, "/produced/due"), 2_000, "{result:#}");
}
