//! What limited a run, told rightly: each case is made so that one thing alone limits it.
//!
//! `what_limits_a_run_is_told_rightly` runs them all and prints the matrix: what was made against what
//! was told, and for how much of the time the client's busiest thread wanted a core. Cases that a
//! machine does not allow are named and left out: those of a real broker without `KDYNO_KAFKA`, those of
//! a cgroup or of network namespaces without the right to make them.

mod clean;
mod host;
mod mock;
mod network;
mod on_broker;

use crate::cli::{Ran, alone, findings};
use serde_json::Value;
use std::fmt::Write;

/// A case, and what must be told of it.
struct Case {
    /// What was done to the run.
    made: &'static str,
    /// Does it; `None` where this machine does not allow it.
    run: fn() -> Option<Ran>,
    /// What limits it.
    limited_by: &'static str,
    /// The exit code.
    code: i32,
    /// What must be among its findings; empty for none that is asked for.
    finding: &'static str,
}

const CASES: [Case; 13] = [
    Case { made: "nothing", run: mock::clean, limited_by: "nothing", code: 0, finding: "" },
    Case {
        made: "competitors on the lane's core",
        run: host::competitors,
        limited_by: "client",
        code: 11,
        finding: "client_limited",
    },
    Case {
        made: "a cgroup of a fifth of a core",
        run: host::small_cgroup,
        limited_by: "client",
        code: 11,
        finding: "throttled",
    },
    Case {
        made: "a target above what one client can send",
        run: mock::target_above_the_client,
        limited_by: "client",
        code: 12,
        finding: "client_saturated",
    },
    Case {
        made: "one client, 200 partitions, idempotent, 3 ms",
        run: mock::client_cap,
        limited_by: "client",
        code: 0,
        finding: "client_cap",
    },
    Case {
        made: "a broker 1 s away, a queue of 200 messages",
        run: mock::slow_answers,
        limited_by: "broker",
        code: 12,
        finding: "target_not_reached",
    },
    Case {
        made: "a broker's quota, a queue of 200 messages",
        run: on_broker::quota_and_small_queue,
        limited_by: "broker",
        code: 12,
        finding: "throttled_by_broker",
    },
    Case {
        made: "a broker's quota, a queue that takes all",
        run: on_broker::quota,
        limited_by: "broker",
        code: 0,
        finding: "acks_behind",
    },
    Case {
        made: "the same, idempotent: five requests in flight",
        run: on_broker::quota_and_idempotence,
        limited_by: "broker",
        code: 0,
        finding: "acks_behind",
    },
    Case {
        made: "a broker frozen for 4 s",
        run: on_broker::frozen,
        limited_by: "broker",
        code: 0,
        finding: "second_without_ack",
    },
    Case {
        made: "a broker frozen for 4 s, a queue of 200 messages",
        run: on_broker::frozen_with_small_queue,
        limited_by: "broker",
        code: 0,
        finding: "held_back",
    },
    Case {
        made: "a link of 40 Mbit/s",
        run: network::narrow_link,
        limited_by: "network",
        code: 12,
        finding: "network_saturated",
    },
    Case {
        made: "a broker 1 s away behind a good link",
        run: network::slow_broker,
        limited_by: "broker",
        code: 12,
        finding: "target_not_reached",
    },
];

/// So many cases a busy host may spoil, and no more.
const SPOILT_MOST: usize = 2;

#[test]
fn what_limits_a_run_is_told_rightly() {
    let _alone = alone();
    let words = ["nothing", "client", "broker", "network", "unknown"];
    let mut matrix = format!("{:<50}", "made \\ told");
    words.iter().for_each(|word| write!(matrix, "{word:>9}").expect("a string takes it"));
    write!(matrix, "{:>16}", "client's thread").expect("a string takes it");
    let (mut wrong, mut spoilt) = (Vec::new(), 0);
    for case in &CASES {
        write!(matrix, "\n{:<50}", case.made).expect("a string takes it");
        let Some(told) = tell(case) else {
            write!(matrix, "  not on this machine").expect("a string takes it");
            continue;
        };
        for word in words {
            let sign = if word == told.limited_by { "x" } else { "." };
            write!(matrix, "{sign:>9}").expect("a string takes it");
        }
        write!(matrix, "{:>16}", told.thread).expect("a string takes it");
        let is_hosts = told.is_hosts && spoilt < SPOILT_MOST;
        spoilt += usize::from(!told.is_right && is_hosts);
        if !told.is_right && !is_hosts {
            wrong.push(format!("{}: {}", case.made, told.words));
        }
    }
    println!("{matrix}");
    assert!(wrong.is_empty(), "{matrix}\n{}", wrong.join("\n"));
}

/// What was told of a case.
struct Told {
    limited_by: String,
    /// How much of a core the client's busiest thread wanted.
    thread: String,
    /// Whether it is what had to be told.
    is_right: bool,
    /// Whether it is not, and this machine was too busy for the load, as the run says itself.
    is_hosts: bool,
    /// What had to be told, and what was.
    words: String,
}

/// Runs a case, once more where the machine spoilt it; `None` where this machine does not allow it.
fn tell(case: &Case) -> Option<Told> {
    let first = tell_once(case)?;
    if first.is_hosts { tell_once(case) } else { Some(first) }
}

fn tell_once(case: &Case) -> Option<Told> {
    let Case { limited_by, code, finding, .. } = case;
    let ran = (case.run)()?;
    let result = ran.result();
    let told = result["verdict"]["limited_by"].as_str().expect("a word");
    let has_finding = finding.is_empty() || findings(&result).iter().any(|found| found == finding);
    let is_right = told == *limited_by && ran.code == *code && has_finding;
    // On a machine too busy for the load the client is late, and says so.
    let is_late = ran.code == 11 && told == "client" && lost_its_core(&result);
    let thread = result.pointer("/engine/client_thread/wanted");
    Some(Told {
        limited_by: told.to_owned(),
        thread: thread.map_or("-".to_owned(), Value::to_string),
        is_right,
        is_hosts: !is_right && is_late,
        words: format!(
            "need {limited_by}, exit {code}, {finding}; got {told}, exit {}: {}",
            ran.code, result["verdict"]
        ),
    })
}

/// Whether the run itself saw that its lanes' cores were taken away for longer than a send may be late.
fn lost_its_core(result: &Value) -> bool {
    let longest = result.pointer("/engine/hiccup/max_us").and_then(Value::as_f64);
    longest.is_some_and(|micros| 1_000.0 < micros)
}
