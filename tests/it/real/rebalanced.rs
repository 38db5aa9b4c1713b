//! A group that loses its members and takes them back: what is read again is told apart from all else.

use super::broker::{Signal, send, tool};
use super::load::{Load, SMALL};
use super::shapes::members_at_the_broker;
use super::{count, has_finding, topics, turn};
use crate::cli::Kdyno;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;

#[test]
fn what_evicted_consumers_read_again_is_redelivered_and_nothing_else() {
    let Some(turn) = turn() else { return };
    // Nothing is committed before the end, so that everything read so far is read again.
    let more = "offsetCommitInterval: 60s\n";
    let load = Load { name: "rebalanced", consumers: 2, seconds: 14, warmup: 0, more, ..SMALL };
    let session = ["driver.session.timeout.ms=6000", "driver.heartbeat.interval.ms=2000"];
    let mut run = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .and(&["--clients", "2", "--set", session[0], "--set", session[1]])
        .with_file("w.yaml", &load.yaml())
        .start();
    run.await_words(" 2 s | sent");
    let id = run.id().to_string();
    send(Signal::Stop, &id);
    // Longer than the session: the broker gives the partitions up.
    let clock = OsClock::anchored();
    let until = clock.now() + Nanos::from_secs(9);
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
    send(Signal::Continue, &id);
    let ran = run.finish();
    // Stopped for so long it was late itself, and says so.
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    let of = |path: &str| count(&result, path);
    assert_eq!(of("/acked/messages"), load.due(), "acked: {:#}", result["verdict"]);
    assert_eq!(result["verification"]["mode"], "numbers", "each by its number");
    for name in ["lost", "duplicated", "reordered", "corrupted", "outstanding", "unattributed"] {
        assert_eq!(of(&format!("/verification/{name}")), 0, "{name}: {:#}", result["verification"]);
    }
    let again = of("/verification/redelivered");
    assert!((1_000..load.due()).contains(&again), "read again: {again}");
    assert_eq!(of("/consumed/messages"), load.due() + again, "each read is counted");
    assert!(has_finding(&result, "redelivered"), "and told: {:#}", result["verdict"]);
    assert!(has_finding(&result, "rebalanced"), "with its cause: {:#}", result["verdict"]);
    assert!(!has_finding(&result, "commit_forgotten"), "nothing was: {:#}", result["verdict"]);
    assert!(0 < of("/consumed/rebalances"), "{:#}", result["consumed"]["groups"]);
    assert!(0 < of("/consumed/groups/partitions_lost"), "nobody was heard of");
    assert_eq!(of("/consumed/groups/read_again"), again, "attributed");
    assert!(again <= of("/consumed/groups/read_again_at_most"), "since the last commit");
}

/// Messages that another reads.
const TAKEN: i64 = 300;

#[test]
fn what_another_member_of_the_group_reads_is_missed_to_the_last_message() {
    let Some(turn) = turn() else { return };
    let more = "offsetCommitInterval: 500ms\n";
    let load =
        Load { name: "joined-by-another", consumers: 2, seconds: 20, warmup: 0, more, ..SMALL };
    let mut run = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .and(&["--clients", "2", "--set", "driver.heartbeat.interval.ms=300"])
        .with_file("w.yaml", &load.yaml())
        .start();
    run.await_words(" 2 s | sent");
    let group = members_at_the_broker(&turn, "joined-by-another").remove(0).0;
    let ours = topics(&turn.address).into_iter().find(|topic| topic.contains("joined-by-another"));
    // Joins the group, reads so many messages, commits them and leaves.
    let taken = tool(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        &[
            "--bootstrap-server",
            &turn.address,
            "--group",
            &group,
            "--topic",
            &ours.expect("it has a topic"),
            "--max-messages",
            &TAKEN.to_string(),
            "--timeout-ms",
            "15000",
        ],
    );
    assert!(!taken.is_empty(), "it was dealt a partition");
    let ran = run.finish();
    let result = ran.result();
    let of = |path: &str| count(&result, path);
    println!("{:#}{:#}{:#}", result["verification"], result["consumed"], result["verdict"]);
    assert_eq!(of("/acked/messages"), load.due(), "acked: {:#}", result["verdict"]);
    assert_eq!(of("/verification/lost"), TAKEN, "missed: {:#}", result["verification"]);
    let again = of("/verification/redelivered");
    assert_eq!(of("/consumed/messages"), load.due() - TAKEN + again, "all others were read");
    for name in ["duplicated", "corrupted", "foreign"] {
        assert_eq!(of(&format!("/verification/{name}")), 0, "{name}: {:#}", result["verification"]);
    }
    assert!(2 <= of("/consumed/rebalances"), "it came and it went");
    assert!(has_finding(&result, "lost") && has_finding(&result, "rebalanced"), "told");
    assert_eq!(ran.code, 13, "and no result to publish: {}", ran.stderr);
}
