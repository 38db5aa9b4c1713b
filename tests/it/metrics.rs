//! Figures for Prometheus while a run goes on.

use crate::cli::{Kdyno, number, workload};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Asks once; the body.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in time");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{head}");
    body.to_owned()
}

fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ').expect("a sample");
        (series.to_owned(), value.parse().expect("a number"))
    };
    lines.map(sample).collect()
}

#[test]
fn a_run_tells_what_was_expected_and_what_came_while_it_goes_on() {
    let file = workload("told", 1_000, "6s");
    let mut run = Kdyno::new(&["run", "w.yaml", "--metrics", "127.0.0.1:0", "--warmup", "1s"])
        .with_file("w.yaml", &file)
        .start();
    run.await_words("    2 s | sent");
    let said = run.said();
    let address = said.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
    let first = samples(&get(address.expect("it says where"), "/metrics"));
    let of = |samples: &BTreeMap<String, f64>, series: &str| {
        *samples.get(series).unwrap_or_else(|| panic!("{series} is there: {samples:?}"))
    };
    let due = of(&first, "kdyno_due_messages_total{phase=\"measured\"}");
    let warmup = of(&first, "kdyno_acked_messages_total{phase=\"warmup\"}");
    assert!((2_000.0..=6_000.0).contains(&due), "three seconds or more: {due}");
    assert!((999.0..=1_001.0).contains(&warmup), "all of the warm-up: {warmup}");
    assert!(0.0 < of(&first, "kdyno_expected_messages_per_second"), "the rate");
    assert!(0.0 < of(&first, "kdyno_end_to_end_latency_seconds_count"), "latencies");
    run.await_words("    4 s | sent");
    let second = samples(&get(address.expect("it says where"), "/metrics"));
    for (series, before) in first.iter().filter(|(series, _)| series.contains("_total")) {
        assert!(*before <= of(&second, series), "counters only grow: {series}");
    }
    let acked = "kdyno_acked_messages_total{phase=\"measured\"}";
    assert!(of(&first, acked) < of(&second, acked), "and they do");
    let ran = run.finish();
    let total = number(&ran.result(), "/acked/messages");
    assert!(of(&second, acked) <= total, "never more than the result says");
}

#[test]
fn a_token_from_a_pipe_is_read_once_for_all_who_ask_for_it() {
    let listen = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.2:0"];
    let ran = Kdyno::new(&["run", "w.yaml", "--token-file", "/dev/stdin"])
        .and(&listen)
        .with_file("w.yaml", &workload("told", 100, "1s"))
        .through(&["sh", "-c", "printf 0123456789abcdef01 | \"$@\"", "sh"])
        .run();
    assert!([0, 11].contains(&ran.code), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("GET /metrics at http://").count(), 2, "{}", ran.stderr);
}

#[test]
fn figures_are_told_to_this_host_only_unless_there_is_a_token() {
    let ran = Kdyno::new(&["run", "w.yaml", "--metrics", "0.0.0.0:0"])
        .with_file("w.yaml", &workload("told", 100, "1s"))
        .run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--metrics 0.0.0.0:0"), "names the flag: {}", ran.stderr);
    assert!(ran.stderr.contains("--token-file"), "and the cure: {}", ran.stderr);
    assert!(ran.run_directories().is_empty(), "nothing is made");
}
