//! Consumers that come and go: by each protocol every message is read, and what is read again is told.

use super::load::{Load, SMALL};
use super::{Turn, count, has_finding, shared_turn};
use crate::cli::{Kdyno, Ran};
use serde_json::Value;

/// A consumer leaves after 2 s and after 4 s, and is back after 3 s.
pub(crate) const CHURN: &str = "consumerChurnInterval: 2s\noffsetCommitInterval: 500ms\n";

/// Runs it with these settings of the driver, and demands exact counts.
fn check(turn: &Turn, name: &'static str, settings: &[&str]) -> Value {
    let load = Load { name, consumers: 2, seconds: 5, warmup: 0, more: CHURN, ..SMALL };
    let mut run = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .with_file("w.yaml", &load.yaml());
    for setting in settings {
        run = run.and(&["--set", setting]);
    }
    assert_all_read(name, &load, &run.run())
}

/// Demands that every message was read, and what was read again told as that.
pub(crate) fn assert_all_read(name: &str, load: &Load<'_>, ran: &Ran) -> Value {
    // Exit 11: this machine was too busy for the load to be on time; all counts are exact even so.
    assert!(matches!(ran.code, 0 | 11), "{name}: exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    let of = |path: &str| count(&result, path);
    assert_eq!(of("/acked/messages"), load.due(), "{name}: acked");
    assert_eq!(result["verification"]["mode"], "numbers", "{name}: each by its number");
    for fault in ["lost", "duplicated", "reordered", "corrupted", "outstanding", "unattributed"] {
        let seen = of(&format!("/verification/{fault}"));
        assert_eq!(seen, 0, "{name}: {fault}: {:#}", result["verification"]);
    }
    let again = of("/verification/redelivered");
    assert_eq!(of("/consumed/messages"), load.due() + again, "{name}: each read is counted");
    assert_eq!(of("/consumed/groups/read_again"), again, "{name}: and told");
    let most = of("/consumed/groups/read_again_at_most");
    assert!(again <= most, "{name}: {again} of at most {most}");
    // The rate of a commit interval and of what it may be late, of each time that partitions went.
    assert!(most <= 4 * i64::from(load.rate), "{name}: {most}");
    assert!(!has_finding(&result, "commit_forgotten"), "{name}: {:#}", result["verdict"]);
    // More than two only where answers were so late that the load lasted longer.
    assert!(2 <= of("/consumed/groups/consumers_left"), "{name}: each in its turn");
    assert!(1 <= of("/consumed/groups/joining/count"), "{name}: the first joined again");
    let left = result["topics"]["left"].as_array().map_or(0, Vec::len);
    assert_eq!(left, 0, "{name}: nothing stays: {:#}", result["topics"]);
    result
}

/// Of a protocol in which members that leave say so.
fn check_moved(turn: &Turn, name: &'static str, settings: &[&str]) {
    let result = check(turn, name, settings);
    let rebalances = count(&result, "/consumed/rebalances");
    assert!((1..=20).contains(&rebalances), "{name}: {:#}", result["consumed"]["groups"]);
    assert!(has_finding(&result, "rebalanced"), "{name}: {:#}", result["verdict"]);
}

#[test]
fn consumers_that_come_and_go_lose_nothing_whether_the_others_stop_or_go_on() {
    let Some(turn) = shared_turn() else { return };
    let soon = "driver.heartbeat.interval.ms=300";
    check_moved(&turn, "cooperative", &[soon]);
    check_moved(&turn, "eager", &[soon, "driver.partition.assignment.strategy=range"]);
}

#[test]
fn the_next_generation_protocol_moves_partitions_without_loss() {
    let Some(turn) = shared_turn() else { return };
    check_moved(&turn, "next", &["driver.group.protocol=consumer"]);
}

#[test]
fn static_members_come_back_to_their_partitions_without_a_rebalance() {
    let Some(turn) = shared_turn() else { return };
    let (id, session) = ("driver.group.instance.id=member", "driver.session.timeout.ms=6000");
    let result = check(&turn, "static", &[id, session]);
    let groups = &result["consumed"]["groups"];
    assert_eq!(
        count(&result, "/consumed/groups/partitions_lost"),
        0,
        "nobody is given up: {groups:#}"
    );
}
