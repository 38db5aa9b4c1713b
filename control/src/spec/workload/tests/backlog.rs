//! Backlogs of workloads: what is read, and what is refused.

use super::super::backlog::Size;
use super::{BASE, faults, read, with};
use engine::plan::Backlog;
use engine::units::{Bytes, Nanos, Rate};

/// The backlog of the base, 1,000 messages of 100 bytes a second and one subscription, with more lines.
fn backlog(lines: &str) -> Backlog {
    let read = read(&format!("{BASE}{lines}\n"));
    read.backlog.unwrap_or_else(|| panic!("{lines}: none")).plan
}

#[test]
fn a_backlog_has_a_size_or_a_time_of_production() {
    let check = |lines: &str, messages: u64, bytes: u64| {
        let read = backlog(lines);
        assert_eq!((read.messages, read.bytes), (messages, Bytes(bytes)), "{lines}");
    };
    check("consumerBacklogSizeGB: 1", 10_737_419, 1 << 30);
    check("consumer_backlog_size_gb: 0.5", 5_368_710, 1 << 29);
    check("consumerBacklog: 64MiB", 671_089, 64 << 20);
    check("consumerBacklog: 1000000", 10_000, 1_000_000);
    check("consumerBacklog: 30s", 30_000, 3_000_000);
    check("consumerBacklog: 1500ms", 1_500, 150_000);
    let two = BASE.replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 2");
    let of_two = |lines: &str| read(&format!("{two}{lines}\n")).backlog.map(|of| of.plan.messages);
    assert_eq!(of_two("consumerBacklog: 64MiB"), Some(671_089), "all subscriptions added up");
    assert_eq!(of_two("consumerBacklog: 30s"), Some(60_000), "each is behind by so much time");
    for none in ["consumerBacklogSizeGB: 0", "consumerBacklog: none", "consumerBacklog:"] {
        assert_eq!(read(&with(none)).backlog, None, "{none}");
    }
}

#[test]
fn bounds_follow_from_size_and_rate_unless_they_are_given() {
    let short = backlog("consumerBacklog: 30s");
    assert_eq!(short.build_within, Nanos::from_secs(90), "twice, and half a minute");
    assert_eq!(short.drain_within, Nanos::from_secs(600), "ten minutes at least");
    assert_eq!(short.after, Nanos::from_secs(300), "the test's duration comes after it");
    let long = backlog("consumerBacklog: 10m");
    assert_eq!(long.drain_within, Nanos::from_secs(3_000), "five times");
    let given = backlog("consumerBacklog: 30s\nbacklogBuildTimeout: 31s\nbacklogDrainTimeout: 5s");
    assert_eq!(
        (given.build_within, given.drain_within),
        (Nanos::from_secs(31), Nanos::from_secs(5))
    );
    // A closed loop brings 10 MiB a second at least: 104,857 messages.
    let closed = BASE.replace("producerRate: 1000", "producerRate: max");
    let closed = read(&format!("{closed}consumerBacklogSizeGB: 1\n"));
    let bound = closed.backlog.map(|of| of.plan.build_within);
    assert_eq!(bound, Some(Nanos::from_secs(2 * 103 + 30)), "bounded too");
}

#[test]
fn it_is_drained_when_a_share_or_a_thousand_messages_are_left() {
    let check = |ratio: &str, expected: u64| {
        let lines = format!("consumerBacklog: 30s\nbacklogDrainRatio: {ratio}");
        assert_eq!(backlog(&lines).left, expected, "{ratio}");
    };
    check("1.0", 1_000);
    check("0.9", 3_000);
    check("0.5", 15_000);
    check("0.99", 1_000);
}

#[test]
fn producers_may_go_at_another_rate_meanwhile() {
    let check = |lines: &str, expected: Option<u64>| {
        let read = backlog(&format!("consumerBacklog: 30s\n{lines}"));
        assert_eq!(read.drain_rate.map(Rate::get), expected, "{lines}");
    };
    check("", None);
    check("drainProducerRate: -1", None);
    check("drainProducerRate: 0", Some(1));
    check("drainProducerRate: 0.5", Some(500));
    check("drainProducerRate: 0.0001", Some(1));
    check("drainProducerRate: 1", Some(1));
    check("drainProducerRate: 2500", Some(2_500));
    check("drainProducerRate: 1.5k/s", Some(1_500));
    check("producerPauseDuringDrain: true", Some(1));
    check("producerPauseDuringDrain: false\ndrainProducerRate: 5", Some(5));
}

#[test]
fn each_fault_says_where_what_and_what_instead() {
    let check = |lines: &str, expected: &str| {
        let found = faults(&format!("{BASE}{lines}\n"));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{lines}: {found:?}");
    };
    check(
        "consumerBacklogSizeGB: much",
        "w.yaml:9: consumerBacklogSizeGB: got \"much\", need a number of GiB from 0 to 1000000",
    );
    check("consumerBacklogSizeGB: -1", "w.yaml:9: consumerBacklogSizeGB: got \"-1\", need");
    check(
        "consumerBacklog: 2 heaps",
        "w.yaml:9: consumerBacklog: got \"2 heaps\", need a size or a time of production, e.g. 2GiB or 30s",
    );
    check("consumerBacklog: 0s", "w.yaml:9: consumerBacklog: got \"0s\", need");
    check(
        "consumerBacklog: 30s\nconsumerBacklogSizeGB: 1",
        "w.yaml:10: consumerBacklogSizeGB: says the same as consumerBacklog (w.yaml:9)",
    );
    check(
        "consumerBacklog: 1s",
        "w.yaml:9: consumerBacklog: is 1000 messages, and a backlog is drained when 1000 are left",
    );
    check(
        "consumerBacklog: 13h",
        "w.yaml:9: consumerBacklog: takes 13h to build at its rate, need at most 12h",
    );
    check(
        "consumerBacklog: 30s\nbacklogBuildTimeout: 29s",
        "w.yaml:10: backlogBuildTimeout: got 29s, but at its rate the backlog takes 30s to build",
    );
    check("consumerBacklog: 30s\nbacklogDrainTimeout: 0s", "w.yaml:10: backlogDrainTimeout: got");
    check("consumerBacklog: 30s\nbacklogDrainRatio: 0", "w.yaml:10: backlogDrainRatio: got \"0\"");
    check("consumerBacklog: 30s\nbacklogDrainRatio: 2", "w.yaml:10: backlogDrainRatio: got \"2\"");
    for doubtful in ["1.0", "fast", "-2", "2.5"] {
        let expected = format!("w.yaml:10: drainProducerRate: got \"{doubtful}\", need a number");
        check(&format!("consumerBacklog: 30s\ndrainProducerRate: {doubtful}"), &expected);
    }
    check(
        "consumerBacklog: 30s\ndrainProducerRate: 5\nproducerPauseDuringDrain: true",
        "w.yaml:11: producerPauseDuringDrain: says the same as drainProducerRate (w.yaml:10)",
    );
}

#[test]
fn what_cannot_go_with_a_backlog_is_refused() {
    let check = |line: &str, lines: &str, expected: &str| {
        let found = faults(&format!("{}\n{lines}\n", with(line)));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{line}, {lines}: {found:?}");
    };
    check(
        "subscriptionsPerTopic: 0",
        "consumerBacklog: 30s",
        "w.yaml:9: consumerBacklog: needs somebody who reads, and subscriptionsPerTopic is 0",
    );
    check(
        "producerRate: max",
        "consumerBacklog: 30s",
        "w.yaml:9: consumerBacklog: is a time of production, and producerRate is max",
    );
    check(
        "producerRate: max",
        "consumerBacklog: 1GiB\ndrainProducerRate: 0.5",
        "w.yaml:10: drainProducerRate: is a rate, and producerRate is max",
    );
    check(
        "producerRate: max",
        "consumerBacklog: 1GiB\nproducerPauseDuringDrain: true",
        "w.yaml:10: producerPauseDuringDrain: is a rate, and producerRate is max",
    );
    check(
        "producerRate: 0",
        "consumerBacklogSizeGB: 1",
        "w.yaml:9: consumerBacklogSizeGB: needs one producerRate, evenly, or max: not one that changes, is searched",
    );
}

#[test]
fn it_is_shown_in_the_form_that_can_be_read_again() {
    let check = |lines: &str, expected: Size| {
        let first = read(&format!("{BASE}{lines}\n"));
        assert_eq!(first.backlog.map(|wish| wish.size), Some(expected), "{lines}");
        let shown: String =
            first.resolved().iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        assert_eq!(read(&shown).backlog, first.backlog, "{shown}");
    };
    check("consumerBacklogSizeGB: 0.3\nbacklogDrainRatio: 0.75", Size::Bytes(Bytes(322_122_547)));
    check(
        "consumerBacklog: 45s\ndrainProducerRate: 0.25\nbacklogDrainTimeout: 90s",
        Size::Production(Nanos::from_secs(45)),
    );
}
