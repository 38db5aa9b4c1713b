//! A worker among strangers: what they send changes nothing, takes no memory, and delays no run.

use super::ask::{Caller, heard, open, order};
use super::hosts::{TOKEN, Worker};
use super::{Fleet, workload};
use crate::cli::{Ran, Started};
use crate::real::assert_exact;
use serde_json::json;
use std::io::{ErrorKind, Write};

/// What strangers may make a worker use, in KiB.
const GROWTH_MAX: u64 = 150 << 10;

/// The most memory that a process has used so far, in KiB.
fn peak(pid: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is running");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Whether a process's command line or environment shows the token.
fn shows_token(pid: &str) -> bool {
    let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).expect("it is running");
    ["cmdline", "environ"].iter().any(|file| has_token(&String::from_utf8_lossy(&read(file))))
}

fn has_token(text: &str) -> bool {
    text.contains(TOKEN)
}

/// Starts a run and waits until its load is on.
fn begun(fleet: &Fleet, rate: u32, seconds: u32) -> Started {
    let mut run = fleet.run(&workload(rate, seconds), &["--log-level", "debug"]).start();
    run.await_words("measured phase");
    run
}

/// Demands that a run that was on meanwhile did what was asked, at its rate.
fn assert_unharmed(ran: &Ran, due: i64, rate: f64) {
    let result = assert_exact(ran, due, 2);
    let got = result["produced"]["messages_per_second"].as_f64().expect("a rate");
    assert!((got / rate - 1.0).abs() < 0.0005, "its rate is kept: {got}");
    assert!(!has_token(&ran.stderr), "{}", ran.stderr);
    assert!(!has_token(&ran.stdout) && !has_token(&result.to_string()), "{result:#}");
}

#[test]
fn without_the_token_nothing_is_done_and_with_it_nonsense_is_refused() {
    let Some(fleet) = Fleet::of(1) else { return };
    let worker = &fleet.workers[0];
    let known = Caller::of(worker, "a stranger");
    let body = order("intruder", (&fleet.address, "nothing"), 1_000);
    let slashes = body.replace("intruder", "in/truder");
    let run = begun(&fleet, 2_000, 12);
    for process in [worker.pid(), run.id().to_string()] {
        assert!(!shows_token(&process), "every user of a host may read it");
    }
    let tasks = known.demand(200, ("GET", "/health"), "")["tasks"].clone();
    assert_eq!(tasks.as_array().map(Vec::len), Some(2), "{tasks}");
    for token in [None, Some("0123456789abcdef0123456789abcdee"), Some(""), Some("x")] {
        without_token(&Caller { token, ..known }, &body);
    }
    for name in tasks.as_array().expect("a list") {
        tricks(&known, name.as_str().expect("a name"));
    }
    for text in ["", "{", "[]", "null", "\u{0}", "{\"task_id\": 1}", "{\"task_id\": \"a\"} x"] {
        for path in ["/producer/start", "/consumer/start", "/start"] {
            known.demand(400, ("POST", path), text);
        }
    }
    // Deep nesting ends no thread.
    let (deep, _) = known.ask("POST", "/producer/start", &"[".repeat(1 << 20));
    assert_eq!(deep, 400, "a million brackets");
    for second in [&body, &slashes] {
        let told = known.demand(409, ("POST", "/producer/start"), second);
        assert!(told["error"].to_string().contains("process"), "who has it: {told}");
    }
    let clock = json!({ "at_ns": 1, "offset_ns": 1_000_000_000, "drift_ppb": 0 });
    known.demand(409, ("POST", "/stop"), "{\"how\": \"close\"}");
    known.demand(409, ("PUT", "/rate"), "{\"rate\": 1, \"at_ns\": 1}");
    known.demand(409, ("PUT", "/clock"), &clock.to_string());
    let health = known.demand(200, ("GET", "/health"), "");
    assert_eq!(health["tasks"], tasks, "nothing was started, nothing ended: {health:#}");
    assert_unharmed(&run.finish(), 24_000, 2_000.0);
    assert!(!has_token(&worker.said()), "{}", worker.said());
    assert!(!worker.said().contains("panicked"), "{}", worker.said());
    // In peace a name that could be a path is no name either.
    known.demand(400, ("POST", "/producer/start"), &slashes);
}

/// Whatever is asked, nothing is told.
fn without_token(stranger: &Caller<'_>, body: &str) {
    for (method, path) in [
        ("GET", "/health"),
        ("GET", "/nothing"),
        ("POST", "/producer/start"),
        ("POST", "/stop"),
        ("DELETE", "/task/x"),
    ] {
        stranger.demand(401, (method, path), body);
    }
    let endless = ["Content-Length: 99999999999999"];
    let (status, _) = stranger.send("POST", "/producer/start", &endless, "{");
    assert_eq!(status, 401, "{stranger:?}: a body of 91 TiB");
}

/// Paths that are none, and orders about a task of somebody else.
fn tricks(known: &Caller<'_>, id: &str) {
    let tricks = [
        ("GET", "/task/../x".to_owned(), 400),
        ("GET", "/task/a%2e".to_owned(), 400),
        ("GET", "/task/a/b/status".to_owned(), 404),
        ("GET", format!("/task/{id}/../{id}/status"), 400),
        ("GET", format!("/task//{id}"), 400),
        ("DELETE", format!("/task/{id}"), 409),
        ("DELETE", format!("/task/{id}/"), 409),
        ("DELETE", "/task/".to_owned(), 404),
        ("POST", format!("/task/{id}/status"), 404),
        ("GET", format!("/task/{}/status", "x".repeat(300)), 400),
        ("GET", format!("/task/{id}/result?from=-1"), 400),
        ("GET", "/clock?source=sundial".to_owned(), 400),
        // Whoever has fetched a result lets it be forgotten, but only who has started the task.
        ("GET", format!("/task/{id}/result?from=1000000"), 200),
    ];
    for (method, path, status) in tricks {
        known.demand(status, (method, &path), "");
    }
}

/// As much of a body of 1 GiB as a worker takes before it hangs up.
fn send_much(worker: &Worker, token: &str) -> (u16, u64) {
    let mut stream = open(&worker.url);
    let head = format!(
        "POST /producer/start HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        1_u64 << 30
    );
    stream.write_all(head.as_bytes()).expect("it listens");
    let block = vec![b' '; 1 << 20];
    let mut sent = 0;
    while sent < 1 << 30 {
        match stream.write(&block) {
            Ok(count) => sent += u64::try_from(count).expect("it is one block at most"),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    (heard(stream, "").0, sent)
}

#[test]
fn a_flood_takes_little_memory_and_keeps_the_coordinator_from_nothing() {
    let Some(mut fleet) = Fleet::of(1) else { return };
    let run = begun(&fleet, 2_000, 12);
    let worker = &fleet.workers[0];
    let before = peak(&worker.pid());
    let half = "GET /health HTTP/1.1\r\nHost: ";
    let mut idle = Vec::new();
    for _ in 0..200 {
        let mut stream = open(&worker.url);
        // The oldest are shown out for later ones.
        let _cut = stream.write_all(half.as_bytes());
        idle.push(stream);
    }
    for token in [TOKEN, "0123456789abcdef0123456789abcdee"] {
        let (status, sent) = send_much(worker, token);
        let expected = if token == TOKEN { 413 } else { 401 };
        // The answer is lost where the rest of the body was on its way.
        assert!(status == expected || status == 0, "1 GiB: {status}");
        assert!(sent < 64 << 20, "it is not read: {sent} bytes were taken");
    }
    let known = Caller::of(worker, "a stranger");
    let blank = " ".repeat(40 << 20);
    for _ in 0..4 {
        known.demand(400, ("POST", "/producer/start"), &blank);
    }
    known.demand(200, ("GET", "/health"), "");
    let grown = peak(&worker.pid()) - before;
    println!("a flood: {grown} KiB more at the peak, {before} before");
    assert!(grown < GROWTH_MAX, "{grown} KiB more");
    assert_unharmed(&run.finish(), 24_000, 2_000.0);
    drop(idle);
    assert!(fleet.workers[0].is_running(), "{}", fleet.workers[0].said());
    assert!(!fleet.workers[0].said().contains("panicked"), "{}", fleet.workers[0].said());
}
