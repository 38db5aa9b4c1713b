//! Whole runs through the engine's interface, on the loopback and on the embedded broker.

use crate::real::turn;
use engine::host::throttling;
use engine::plan::{Pace, Warmup, Wishes};
use engine::run::Ending;
use engine::units::Nanos;
use kdyno_tests::demand::{on_broker, small};
use kdyno_tests::engine_run::run;

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
