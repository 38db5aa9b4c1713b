//! Ctrl-C: the first ends the run and keeps what was measured, the second ends kdyno.

use crate::cli::{Kdyno, findings, number, workload};
use crate::real::broker::{Signal, send};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use std::net::TcpListener;

#[test]
fn ctrl_c_in_the_measured_phase_keeps_what_was_measured() {
    let mut run =
        Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &workload("c", 500, "60s")).start();
    run.await_words("    1 s |");
    send(Signal::Interrupt, &run.id().to_string());
    let ran = run.finish();
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    let acked = number(&result, "/acked/messages");
    assert!((500.0..10_000.0).contains(&acked), "some 2 s of 500 messages: {acked}");
    assert_eq!(result["acked"]["messages"], result["consumed"]["messages"], "read to the end");
    assert_eq!(result["produced"]["unsent"], 0, "what was due after it was never due");
    assert_eq!(findings(&result)[0], "interrupted", "said first");
    assert!(ran.stdout.contains("results: results/invalid/c_"), "{}", ran.stdout);
    assert!(ran.stderr.contains("keeping what was measured"), "{}", ran.stderr);
}

#[test]
fn ctrl_c_in_the_warm_up_measures_nothing_and_says_so() {
    for (warmup, words) in [
        ("60s", "warm-up for 1m"),
        ("auto", "warm-up until rate and latency are steady, at most 1m"),
    ] {
        let mut run = Kdyno::new(&["run", "w.yaml", "--warmup", warmup])
            .with_file("w.yaml", &workload("c", 500, "60s"))
            .start();
        run.await_words(words);
        let clock = OsClock::anchored();
        let until = clock.now() + Nanos::from_millis(700);
        while clock.now() < until {
            clock.park(Nanos::from_millis(50));
        }
        send(Signal::Interrupt, &run.id().to_string());
        let ran = run.finish();
        assert_eq!(ran.code, 130, "{warmup}: {}{}", ran.stdout, ran.stderr);
        let result = ran.result();
        assert_eq!(result["produced"]["due"], 0, "{warmup}: nothing was measured");
        assert_eq!(result["produced"]["messages"], 0, "{warmup}: nothing was measured");
        assert_eq!(result["acked"]["messages"], 0, "{warmup}: nothing was measured");
        assert!(0.0 < number(&result, "/warmup/messages"), "the warm-up is told: {result:#}");
        let lasted = number(&result, "/warmup/duration_s");
        assert!((0.3..40.0).contains(&lasted), "{warmup}: as long as it was: {lasted}");
        let codes = findings(&result);
        assert_eq!(codes[0], "interrupted", "{warmup}: said first");
        let is_of_bound = |code: &String| code == "warmup_bound_reached";
        assert!(!codes.iter().any(is_of_bound), "it never came to it: {codes:?}");
    }
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    // It waits for a broker that is not there, and would do so for 12 s.
    let mut run = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &address])
        .with_file("w.yaml", &workload("c", 500, "1s"))
        .start();
    run.await_words("lane consume-0");
    let clock = OsClock::anchored();
    send(Signal::Interrupt, &run.id().to_string());
    // Two signals of one kind that are not yet delivered would be one.
    let pause = clock.now() + Nanos::from_millis(200);
    while clock.now() < pause {
        clock.park(Nanos::from_millis(10));
    }
    let second = clock.now();
    send(Signal::Interrupt, &run.id().to_string());
    let ran = run.finish();
    let took = clock.now().since(second).expect("time goes on");
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(took < Nanos::from_secs(3), "at once: {took}");
}
