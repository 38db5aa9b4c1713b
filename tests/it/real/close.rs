//! After a run nothing of it is left in the process.

use super::shared_turn;
use engine::plan::{ClientCount, Wishes};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use kdyno_tests::demand::on_broker;
use kdyno_tests::engine_run::run;
use std::process::Command;

/// Set for the process that looks at its own threads: in this one, other tests have theirs.
const ALONE: &str = "KDYNO_TEST_ALONE";

/// Threads and sockets of this process.
fn held() -> (usize, usize) {
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux").count();
    let is_socket = |entry: std::io::Result<std::fs::DirEntry>| {
        let target = entry.and_then(|entry| std::fs::read_link(entry.path()));
        target.is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
    };
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux");
    (threads, open.map(is_socket).filter(|is| *is).count())
}

fn run_and_look(address: &str) {
    let before = held();
    for clients in [ClientCount::Each, ClientCount::Shared] {
        let mut demand =
            on_broker(address, &format!("close_{}_0000", std::process::id()), 500, 500);
        let stream = &mut demand.streams[0];
        stream.producers_per_topic = 3;
        stream.consumers_per_subscription = 2;
        stream.subscriptions = 2;
        let (outcome, clean_up) = run("kafka", demand, &Wishes { clients, ..Wishes::default() });
        assert_eq!(outcome.tally.streams[0].measured.acked.messages, 250, "acked");
        assert!(clean_up.unclosed.is_empty(), "{clean_up:?}");
        // Detached threads of the client may be on their last steps.
        let clock = OsClock::anchored();
        let until = clock.now() + Nanos::from_secs(10);
        while held() != before && clock.now() < until {
            clock.park(Nanos::from_millis(10));
        }
        assert_eq!(held(), before, "threads and sockets, {clients:?}");
    }
}

#[test]
fn no_thread_and_no_socket_of_a_run_is_left() {
    if std::env::var_os(ALONE).is_some() {
        return run_and_look(&std::env::var("KDYNO_KAFKA").expect("given by the other process"));
    }
    let Some(turn) = shared_turn() else { return };
    let this = std::env::current_exe().expect("a test knows its program");
    let name = "real::close::no_thread_and_no_socket_of_a_run_is_left";
    let alone = Command::new(this)
        .args([name, "--exact", "--nocapture"])
        .env(ALONE, "1")
        .env("KDYNO_KAFKA", &turn.address)
        .output()
        .expect("the program is this one");
    let said = String::from_utf8_lossy(&alone.stdout);
    assert!(alone.status.success() && said.contains("1 passed"), "{said}");
}
