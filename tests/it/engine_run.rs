//! Whole runs through the engine's interface, on the loopback and on the embedded broker.

use crate::real::turn;
use engine::host::throttling;
use engine::measure::BacklogEnd;
use engine::plan::{Backlog, Pace, Warmup, Wishes};
use engine::run::Ending;
use engine::units::{Bytes, Nanos, Rate};
use kdyno_tests::demand::{on_broker, small};
use kdyno_tests::engine_run::{plan, run};

#[test]
fn everything_due_is_sent_acked_and_read_on_each_target() {
    for driver in ["loopback", "embedded"] {
        let mut demand = small("exact", 5_000, 2_000);
        demand.phases.warmup = Warmup::Fixed(Nanos::from_millis(700));
        let (outcome, clean_up) = run(driver, demand, &Wishes::default());
        assert_eq!(outcome.ending, Ending::Finished, "{driver}");
        let measured = &outcome.tally.streams[0].measured;
        assert_eq!(measured.produced.due, 10_000, "{driver}: due");
        assert_eq!(measured.produced.messages, 10_000, "{driver}: sent");
        assert_eq!(measured.acked.messages, 10_000, "{driver}: acked");
        assert_eq!(measured.consumed[0].messages, 10_000, "{driver}: read");
        let warmup = &outcome.tally.streams[0].warmup;
        assert_eq!(
            (warmup.produced.due, warmup.consumed[0].messages),
            (3_500, 3_500),
            "{driver}: warm-up"
        );
        let by_second: u64 = outcome.intervals.iter().map(|interval| interval.consumed).sum();
        assert_eq!(by_second, 10_000, "{driver}: the seconds add up to the whole");
        assert!(outcome.drained.iter().all(|drained| *drained), "{driver}: drained");
        assert!(outcome.deadlines_struck.is_empty(), "{driver}: {:?}", outcome.deadlines_struck);
        assert!(clean_up.unclosed.is_empty(), "{driver}: {clean_up:?}");
    }
}

#[test]
fn a_backlog_is_built_and_drained_on_each_target() {
    for driver in ["loopback", "embedded"] {
        let mut demand = small("backlog", 2_000, 0);
        let backlog = Backlog {
            messages: 3_000,
            bytes: Bytes(300_000),
            left: 1_000,
            drain_rate: Rate::per_second(500),
            build_within: Nanos::from_secs(20),
            drain_within: Nanos::from_secs(20),
            after: Nanos::from_secs(2),
        };
        demand.phases.measured = backlog.longest();
        demand.backlog = Some(backlog);
        let asked = plan(demand.clone(), &Wishes::default());
        let (outcome, clean_up) = run(driver, demand, &Wishes::default());
        assert_eq!(outcome.ending, Ending::Finished, "{driver}");
        let seen = outcome.backlog.as_ref().expect("one was asked for");
        assert_eq!(seen.end, BacklogEnd::Drained, "{driver}: {:?} {:?}", seen.stood, seen.left);
        assert!((3_000..7_000).contains(&seen.stood.messages), "{driver}: {:?}", seen.stood);
        assert!(seen.left.messages <= 1_000, "{driver}: {:?}", seen.left);
        let meanwhile = seen.draining.sent;
        assert!(meanwhile < 2_000, "{driver}: a quarter of the rate while draining: {meanwhile}");
        let measured = &outcome.tally.streams[0].measured;
        let (due, acked) = (measured.produced.due, measured.acked.messages);
        assert_eq!((due, measured.consumed[0].messages), (acked, acked), "{driver}: all read");
        assert_eq!(measured.errors(), 0, "{driver}: no errors");
        let read: u64 = outcome.intervals[1..2].iter().map(|second| second.consumed).sum();
        assert_eq!(read, 0, "{driver}: nothing while they are held");
        let length = outcome.plan_as_run(&asked).demand.phases.measured;
        let seconds = length.0 / 1_000_000_000;
        assert!((5..16).contains(&seconds), "{driver}: as long as it took: {length}");
        assert_eq!(length, Nanos::from_secs(seconds), "{driver}: whole seconds");
        assert!(outcome.deadlines_struck.is_empty(), "{driver}: {:?}", outcome.deadlines_struck);
        assert!(clean_up.unclosed.is_empty(), "{driver}: {clean_up:?}");
    }
}

#[test]
fn what_the_system_withheld_is_known_where_it_counts() {
    let (outcome, _) = run("loopback", small("withheld", 1_000, 300), &Wishes::default());
    let counted = throttling().since(&throttling());
    assert_eq!(outcome.throttled.is_some(), counted.is_some(), "{:?}", outcome.throttled);
    let periods = outcome.throttled.map_or(0, |of| of.of);
    assert!(periods <= 600, "of this run, not since the machine started: {periods}");
}

#[test]
fn a_closed_loop_ends_by_itself_with_every_message_answered() {
    let mut demand = small("closed", 1, 1_000);
    demand.streams[0].pace = Pace::Max { in_flight: Some(500) };
    let (outcome, _) = run("embedded", demand, &Wishes::default());
    let measured = &outcome.tally.streams[0].measured;
    assert!(1_000 < measured.acked.messages, "it is fast: {}", measured.acked.messages);
    assert_eq!(measured.produced.messages, measured.acked.messages, "all answered");
    assert_eq!(measured.consumed[0].messages, measured.acked.messages, "all read");
}

#[test]
fn everything_due_is_sent_acked_and_read_on_a_real_broker() {
    let Some(turn) = turn() else { return };
    let mut demand =
        on_broker(&turn.address, &format!("real_{}", std::process::id()), 5_000, 3_000);
    demand.phases.warmup = Warmup::Fixed(Nanos::from_millis(700));
    demand.streams[0].subscriptions = 2;
    let (outcome, clean_up) = run("kafka", demand, &Wishes::default());
    assert_eq!(outcome.ending, Ending::Finished, "finished");
    let measured = &outcome.tally.streams[0].measured;
    assert_eq!(measured.acked.messages, 15_000, "acked");
    assert_eq!(
        measured.consumed.iter().map(|read| read.messages).collect::<Vec<_>>(),
        [15_000; 2],
        "read"
    );
    assert_eq!(clean_up.left, [], "nothing is left");
    assert_eq!(clean_up.deleted.len(), 1, "the topic is deleted");
    println!("{:?} {:?}", outcome.cost, outcome.start);
    println!(
        "publish p50 {} p99 {} send p50 {} p99 {}",
        measured.publish.percentile(50.0),
        measured.publish.percentile(99.0),
        measured.send_delay.percentile(50.0),
        measured.send_delay.percentile(99.0)
    );
}
