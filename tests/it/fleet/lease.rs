//! One coordinator at a time, and no longer than it is there: what a worker does when it is left alone.

use super::ask::{Caller, order};
use super::hosts::{Hosts, Worker};
use super::{Fleet, workload};
use crate::real::{SOON, assert_exact, cluster, topics};
use engine::link::{TopicSpec, Topics};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use serde_json::{Value, json};
use std::process::Command;

/// The names of a process's threads.
fn threads(pid: &str) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        // A thread may end while it is looked at.
        std::fs::read_to_string(entry.ok()?.path().join("comm")).ok()
    };
    folder.filter_map(name).map(|name| name.trim().to_owned()).collect()
}

fn signal(name: &str, pid: &str) {
    let status = Command::new("kill").args([name, pid]).status().expect("there is kill");
    assert!(status.success(), "{pid} is there");
}

fn is_idle(health: &Value) -> bool {
    health["tasks"] == json!([]) && health["coordinator"].is_null()
}

/// The threads that a worker has for its tasks: lanes, their clients' own, and who looks after them.
fn at_work(worker: &Worker) -> Vec<String> {
    let all = threads(&worker.pid());
    // Those of the control endpoint, some of which have only the process's name.
    let is_others = |name: &String| {
        ["desk", "accept", "gate"].contains(&name.as_str()) || name.starts_with("kdyno-under")
    };
    all.into_iter().filter(|name| !is_others(name)).collect()
}

/// Waits until a worker has no thread but those that it has without a task.
fn await_threads(worker: &Worker) {
    let clock = OsClock::anchored();
    let until = clock.now() + Nanos::from_secs(10);
    while !at_work(worker).is_empty() {
        assert!(clock.now() < until, "{:?}", at_work(worker));
        clock.park(Nanos::from_millis(100));
    }
    // Not one for each task that there was: the control endpoint's are few.
    assert!(threads(&worker.pid()).len() < 20, "{:?}", threads(&worker.pid()));
}

/// How many members the groups with this name in theirs have.
fn members(address: &str, part: &str) -> usize {
    let groups = cluster(address).list_groups(SOON).expect("the broker answers");
    groups.iter().filter(|group| group.name.contains(part)).map(|group| group.members).sum()
}

/// A topic for tasks by hand. It goes with the test.
struct Topic<'fleet> {
    address: &'fleet str,
    name: String,
}

impl<'fleet> Topic<'fleet> {
    fn made(address: &'fleet str, name: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let spec = TopicSpec { name: name.clone(), partitions: 4 };
        cluster(address).create(&[spec], SOON, &mut |_| {}).expect("the broker creates it");
        Self { address, name }
    }

    fn order(&self, task: &str, rate: u32) -> String {
        order(task, (self.address, &self.name), rate)
    }
}

impl Drop for Topic<'_> {
    fn drop(&mut self) {
        let _left = cluster(self.address).delete(std::slice::from_ref(&self.name), SOON);
    }
}

#[test]
fn when_its_coordinator_is_killed_a_worker_is_free_again_within_its_lease() {
    let Some(fleet) = Fleet::beside_others(1) else { return };
    let worker = &fleet.workers[0];
    let caller = Caller::of(worker, "a watcher");
    let mut run = fleet.run(&workload(1_000, 60), &[]).start();
    run.await_words("measured phase");
    let (_, health) = caller.ask("GET", "/health", "");
    let holder = health["coordinator"].as_str().expect("somebody has it").to_owned();
    let test_id = holder.rsplit(' ').next().expect("its run is named").to_owned();
    assert_eq!(members(&fleet.address, &test_id), 2, "a client in each group");
    assert!(at_work(worker).iter().any(|name| name == "keeper"), "{:?}", at_work(worker));
    signal("-9", &run.id().to_string());
    let clock = OsClock::anchored();
    let killed = clock.now();
    run.finish();
    // The lease, one look of the worker, and the close of its clients.
    caller.until("/health", 16, is_idle);
    println!("free {} after its coordinator was killed", killed.until(clock.now()));
    assert_eq!(members(&fleet.address, &test_id), 0, "they have left their groups");
    await_threads(worker);
    assert!(worker.said().contains("not heard of any more"), "{}", worker.said());
    let ran = fleet.run(&workload(1_000, 3), &[]).run();
    assert_exact(&ran, 3_000, 2);
    let left = fleet.topics_left(&test_id);
    cluster(&fleet.address).delete(&left, SOON);
}

#[test]
fn a_second_coordinator_is_told_who_the_first_is_and_harms_nothing() {
    let Some(fleet) = Fleet::of(1) else { return };
    let mut first = fleet.run(&workload(1_000, 8), &[]).start();
    first.await_words("measured phase");
    let before = topics(&fleet.address);
    let second = fleet.run(&workload(1_000, 3), &[]).run();
    assert_eq!(second.code, 1, "{}", second.stderr);
    let name = format!("process {}", first.id());
    assert!(second.stderr.contains(&name), "{name}: {}", second.stderr);
    assert_eq!(topics(&fleet.address), before, "it created nothing");
    assert_exact(&first.finish(), 8_000, 2);
}

#[test]
fn the_same_order_twice_is_one_task_and_another_one_is_refused() {
    let Some(fleet) = Fleet::beside_others(1) else { return };
    let worker = &fleet.workers[0];
    let topic = Topic::made(&fleet.address, "twice");
    let caller = Caller::of(worker, "by hand");
    let body = topic.order("reading", 100);
    // Side by side too.
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let ask = || caller.ask("POST", "/consumer/start", &body);
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|asked| asked.join().expect("it answers")).collect()
    });
    for answer in &answers {
        assert_eq!(answer.0, 200, "{answer:?}");
        assert_eq!(answer, &answers[0], "the same answer");
    }
    let ready = caller.until("/consumer/reading/ready", 30, |ready| ready["ready"] == true);
    assert_eq!(ready["assigned_partitions"].as_array().map(Vec::len), Some(4), "{ready:#}");
    let lanes = answers[0].1["lanes"].as_array().expect("a list");
    let clients = |lane: &Value| lane["work"]["Consume"]["clients"].as_array().map_or(0, Vec::len);
    let clients: usize = lanes.iter().map(clients).sum();
    assert_eq!(members(&fleet.address, &topic.name), clients, "no second set: {lanes:?}");
    let keepers = threads(&worker.pid()).iter().filter(|name| *name == "keeper").count();
    assert_eq!((keepers, 0 < clients), (1, true), "{:?}", threads(&worker.pid()));
    let start = ("POST", "/consumer/start");
    let told = caller.demand(409, start, &topic.order("reading", 101));
    assert!(told["error"].to_string().contains("task reading"), "{told}");
    caller.demand(409, ("POST", "/producer/start"), &body);
    let delete = ("DELETE", "/task/reading");
    let refused = Caller { name: "somebody else", ..caller }.demand(409, delete, "");
    assert!(refused["error"].to_string().contains("by hand"), "{refused}");
    caller.demand(200, delete, "");
    caller.demand(404, delete, "");
    let health = caller.demand(200, ("GET", "/health"), "");
    assert!(is_idle(&health), "free at once: {health:#}");
    assert_eq!(members(&fleet.address, &topic.name), 0, "they have left");
}

#[test]
fn the_same_start_twice_is_one_and_what_cannot_be_begun_is_begun_by_none() {
    let Some(fleet) = Fleet::beside_others(1) else { return };
    let worker = &fleet.workers[0];
    let topic = Topic::made(&fleet.address, "start-twice");
    let caller = Caller::of(worker, "by hand");
    let now = || {
        let moments = caller.demand(200, ("GET", "/clock"), "");
        moments["sent_ns"].as_u64().expect("a moment")
    };
    let start = |status, order: &Value| {
        caller.demand(status, ("POST", "/start"), &order.to_string());
    };
    start(409, &json!({ "at_ns": now() + 500_000_000 }));
    caller.demand(200, ("POST", "/producer/start"), &topic.order("writing", 100));
    caller.until("/task/writing/status", 30, |task| task["state"] == "prepared");
    for (schedules, lead) in [
        (json!([]), 500_000_000),
        (json!([null, null]), 500_000_000),
        (json!([null]), 500_000_000),
        (Value::Null, 0),
        (Value::Null, 7_200_000_000_000),
    ] {
        start(409, &json!({ "at_ns": now() + lead, "schedules": schedules }));
    }
    let rate = |status, rate: u64, stream: u64, at: u64| {
        let body = json!({ "rate": rate, "stream": stream, "at_ns": at });
        caller.demand(status, ("PUT", "/rate"), &body.to_string());
    };
    // It has not started.
    rate(409, 100, 0, now());
    let at = now() + 500_000_000;
    let order = json!({ "at_ns": at, "tasks": ["writing"] });
    start(200, &order);
    // The answer may have been lost; but another start is another.
    start(200, &order);
    start(409, &json!({ "at_ns": at + 1, "tasks": ["writing"] }));
    // There is one stream; 0 and 2^64 − 1 are no rates; nothing changes before it begins.
    rate(409, 100, 1, at);
    rate(400, 0, 0, at);
    rate(400, u64::MAX, 0, at);
    rate(409, 100, 0, at - 1);
    rate(200, 200, 0, at + 1_000_000_000);
    rate(409, 300, 0, at + 999_999_999);
    caller.until("/task/writing/status", 30, |task| task["state"] == "running");
    caller.demand(200, ("DELETE", "/task/writing"), "");
}

#[test]
fn a_signal_ends_a_worker_and_its_tasks_within_seconds() {
    let Some(mut fleet) = Fleet::beside_others(1) else { return };
    let address = fleet.address.clone();
    let topic = Topic::made(&address, "signal");
    let pid = {
        let caller = Caller::of(&fleet.workers[0], "by hand");
        for (path, task) in [("/consumer/start", "reading"), ("/producer/start", "writing")] {
            assert_eq!(caller.ask("POST", path, &topic.order(task, 500)).0, 200, "{task}");
        }
        caller.until("/consumer/reading/ready", 30, |ready| ready["ready"] == true);
        caller.until("/task/writing/status", 30, |status| status["state"] == "prepared");
        let (_, moments) = caller.ask("GET", "/clock", "");
        let at = moments["sent_ns"].as_u64().expect("a moment") + 300_000_000;
        assert_eq!(caller.ask("POST", "/start", &json!({ "at_ns": at }).to_string()).0, 200);
        caller.until("/task/writing/status", 30, |status| status["state"] == "running");
        fleet.workers[0].pid()
    };
    let clock = OsClock::anchored();
    let told = clock.now();
    signal("-TERM", &pid);
    while fleet.workers[0].is_running() {
        assert!(clock.now() < told + Nanos::from_secs(10), "{}", fleet.workers[0].said());
        clock.park(Nanos::from_millis(20));
    }
    println!("a worker with two tasks ended {} after SIGTERM", told.until(clock.now()));
    assert_eq!(members(&address, &topic.name), 0, "its consumers have left their group");
    let said = fleet.workers[0].said();
    assert!(!said.contains("did not") && !said.contains("panicked"), "{said}");
}

#[test]
fn a_signal_ends_a_worker_that_is_the_first_process_of_a_container() {
    let binary = env!("CARGO_BIN_EXE_kdyno-under-test");
    let space = ["unshare", "--pid", "--fork", "--kill-child"];
    let can = Command::new(space[0]).args(&space[1..]).arg("true").status();
    if !can.is_ok_and(|status| status.success()) {
        println!("passed over: nobody may make a namespace of processes here");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder of our own");
    let log = std::fs::File::create(folder.path().join("log")).expect("the folder is ours");
    let mut command = Command::new(space[0]);
    command.args(&space[1..]).args([binary, "worker", "--listen", "127.0.0.1:0"]).stderr(log);
    let mut outer = command.spawn().expect("it is there");
    let said = || std::fs::read_to_string(folder.path().join("log")).expect("the file is ours");
    let clock = OsClock::anchored();
    let until = clock.now() + Nanos::from_secs(20);
    while !said().contains("listening on") {
        assert!(clock.now() < until, "{}", said());
        clock.park(Nanos::from_millis(20));
    }
    let children = format!("/proc/{0}/task/{0}/children", outer.id());
    let first = std::fs::read_to_string(children).expect("it is running").trim().to_owned();
    signal("-TERM", &first);
    while outer.try_wait().expect("it is ours").is_none() {
        assert!(clock.now() < until, "it takes no signal: {}", said());
        clock.park(Nanos::from_millis(20));
    }
    assert!(said().contains("a signal: ending all tasks"), "{}", said());
}

#[test]
fn a_cluster_that_is_not_there_fails_a_task_and_says_so() {
    let _room = crate::cli::beside_others();
    let hosts = Hosts::made(1);
    let worker = Worker::start(&hosts, 0);
    let caller = Caller::of(&worker, "by hand");
    for (path, task) in [("/producer/start", "writing"), ("/consumer/start", "reading")] {
        caller.demand(200, ("POST", path), &order(task, ("127.0.0.1:1", "nowhere"), 100));
    }
    for task in ["writing", "reading"] {
        let path = format!("/task/{task}/status");
        let failed = caller.until(&path, 20, |status| status["state"] == "failed");
        let words = failed["error"].as_str().expect("it says why");
        println!("{task}: {words}");
        assert!(words.contains("127.0.0.1:1") && words.contains("refused"), "{words}");
        let deleted = caller.demand(200, ("DELETE", &format!("/task/{task}")), "");
        assert_eq!(deleted["unclosed"], json!([]), "{deleted}");
    }
    assert!(is_idle(&caller.demand(200, ("GET", "/health"), "")));
    await_threads(&worker);
}
