//! Laws of a backlog as seconds come in: pure, without a clock.

use super::backlog::{BacklogStep, Damming};
use crate::measure::{BacklogEnd, BacklogSeen, Given, Tally};
use crate::plan::samples::{demand, stream};
use crate::plan::{Backlog, Demand, StreamDemand};
use crate::units::{Bytes, Nanos, Timestamp};

const MEASURED: Timestamp = Timestamp::from_nanos(7_000_000_003);

/// A second's figures come in so long after its end.
const LATE: Nanos = Nanos::from_millis(30);

/// 10,000 messages of 100 bytes, drained at 1,000.
const ASKED: Backlog = Backlog {
    messages: 10_000,
    bytes: Bytes(1_000_000),
    left: 1_000,
    drain_rate: None,
    build_within: Nanos::from_secs(120),
    drain_within: Nanos::from_secs(200),
    after: Nanos::from_secs(5),
};

fn two_subscriptions() -> Demand {
    demand(StreamDemand { subscriptions: 2, ..stream(1_000) })
}

/// The figures of a second: acked, and received by each of two subscriptions.
fn tally(demand: &Demand, acked: u64, received: u64) -> Tally {
    let mut tally = Tally::new(demand);
    let seen = &mut tally.streams[0].measured;
    seen.produced.messages = acked + 1;
    (seen.acked.messages, seen.acked.bytes) = (acked, acked * 100);
    for read in &mut seen.consumed {
        (read.messages, read.bytes) = (received, received * 100);
    }
    (0..acked).for_each(|_| seen.publish.record(Some(Nanos::from_millis(2))));
    tally
}

/// What happened, by the second whose figures brought it about.
#[derive(Debug, Default)]
struct Told {
    steps: Vec<(u32, BacklogStep)>,
}

impl Told {
    fn names(&self) -> Vec<(u32, &'static str)> {
        let name = |step: &BacklogStep| match step {
            BacklogStep::Held(_) => "held",
            BacklogStep::Stands(..) => "stands",
            BacklogStep::Drained(..) => "drained",
            BacklogStep::GivenUp(..) => "given up",
        };
        self.steps.iter().map(|(second, step)| (*second, name(step))).collect()
    }
}

/// 1,000 acks a second; received so many by each subscription in each second that is not held. Ends
/// after so many seconds, or five after it was drained.
fn run(
    asked: Backlog,
    acked: u64,
    received: impl Fn(u32) -> u64,
    seconds: u32,
) -> (Told, BacklogSeen) {
    let demand = two_subscriptions();
    let mut damming = Damming::new(asked);
    let mut told = Told::default();
    assert!(damming.look(MEASURED.before(Nanos(1)), MEASURED).is_none(), "not in the warm-up");
    let first = damming.look(MEASURED + Nanos::from_millis(1), MEASURED).expect("it begins");
    told.steps.push((0, first));
    let (mut is_held, mut end) = (true, seconds);
    for second in 0..seconds {
        if end <= second {
            break;
        }
        let read = if is_held { 0 } else { received(second) };
        damming.add(i64::from(second), &tally(&demand, acked, read), &demand);
        let now = MEASURED + Nanos::from_secs(u64::from(second) + 1) + LATE;
        if let Some(step) = damming.look(now, MEASURED) {
            is_held = false;
            if let BacklogStep::Drained(..) = step {
                end = second + 6;
                damming.ends_at(MEASURED + Nanos::from_secs(u64::from(end)));
            }
            told.steps.push((second, step));
        }
        assert!(damming.look(now, MEASURED).is_none(), "one step at a time");
    }
    let seen = damming.into_seen(MEASURED + Nanos::from_secs(u64::from(end)));
    (told, seen)
}

#[test]
fn a_backlog_is_built_then_drained_then_measured_on() {
    // 2,000 a second become unread: 10,000 after five; 3,000 a second are read, 1,000 more than come.
    let (told, seen) = run(ASKED, 1_000, |second| if second < 14 { 1_500 } else { 1_000 }, 100);
    assert_eq!(told.names(), [(0, "held"), (4, "stands"), (13, "drained")]);
    assert_eq!(seen.end, BacklogEnd::Drained);
    assert_eq!((seen.stood.messages, seen.left.messages), (10_000, 1_000));
    assert_eq!(seen.stood.bytes, Bytes(1_000_000), "of bodies");
    let legs = [&seen.building, &seen.draining, &seen.after];
    assert_eq!(legs.map(|leg| leg.first), [Some(0), Some(5), Some(14)], "seconds");
    let millis = legs.map(|leg| leg.length.0 / 1_000_000);
    assert_eq!(millis, [5_029, 8_970, 5_000], "as long as each was");
    let counted = legs.map(|leg| leg.counted().0 / 1_000_000);
    assert_eq!(counted, [5_000, 9_000, 5_000], "whole seconds, which the counts are of");
    assert_eq!(legs.map(|leg| leg.acked), [5_000, 9_000, 5_000], "acked");
    assert_eq!(legs.map(|leg| leg.sent), [5_005, 9_009, 5_005], "sent");
    assert_eq!(legs.map(|leg| leg.owed), [10_000, 18_000, 10_000], "for two subscriptions");
    assert_eq!(legs.map(|leg| leg.received), [0, 27_000, 10_000], "received by both");
    assert_eq!(seen.draining.by_subscription, [13_500, 13_500], "by each");
    assert_eq!(legs.map(|leg| leg.publish.count()), [5_000, 9_000, 5_000], "latencies");
}

#[test]
fn what_was_unread_before_the_measured_phase_counts() {
    let demand = two_subscriptions();
    let mut damming = Damming::new(ASKED);
    damming.add(-2, &tally(&demand, 1_000, 0), &demand);
    damming.add(-1, &tally(&demand, 4_000, 0), &demand);
    damming.look(MEASURED, MEASURED).expect("it begins");
    let step = damming.look(MEASURED + LATE, MEASURED);
    assert!(matches!(step, Some(BacklogStep::Stands(unread, _)) if unread.messages == 10_000));
    let seen = damming.into_seen(MEASURED + LATE);
    assert_eq!((seen.building.acked, seen.end), (0, BacklogEnd::Open), "of no leg's seconds");
}

#[test]
fn what_is_always_on_the_way_does_not_keep_a_backlog_from_being_drained() {
    // 40,000 become unread a second and 4,000 are always on the way: more than a thousand.
    let asked = Backlog { messages: 100_000, ..ASKED };
    let read = |second: u32| if second < 7 { 34_500 } else { 20_000 };
    let (told, seen) = run(asked, 20_000, read, 100);
    assert_eq!((told.names()[2], seen.left.messages), ((6, "drained"), 4_000), "{told:?}");
    let (half, of_half) = run(Backlog { left: 50_000, ..asked }, 20_000, read, 100);
    let expected = ((5, "drained"), 33_000);
    assert_eq!((half.names()[2], of_half.left.messages), expected, "as little as was asked");
}

#[test]
fn one_that_comes_no_nearer_is_given_up_long_before_its_bound() {
    // Nothing is acked any more; the window of a bound of 120 s is 12 s.
    let (told, seen) = run(ASKED, 0, |_| 0, 300);
    assert_eq!(told.names(), [(0, "held"), (12, "given up")]);
    let window = Given::NoNearer(Nanos::from_secs(12));
    assert_eq!((seen.end, seen.left.messages), (BacklogEnd::NotBuilt(window), 0));
    assert_eq!(seen.draining.first, None, "nobody let it be drained");

    // As much is read as comes; 20 s of 200.
    let (even, unread) = run(ASKED, 1_000, |_| 1_000, 300);
    assert_eq!(even.names(), [(0, "held"), (4, "stands"), (25, "given up")]);
    let longer = Given::NoNearer(Nanos::from_secs(20));
    assert_eq!((unread.end, unread.left.messages), (BacklogEnd::NotDrained(longer), 10_000));
    assert_eq!(unread.draining.acked, 21_000, "what comes later belongs to no leg");

    // A long bound is looked at for a minute.
    let asked = Backlog { drain_within: Nanos::from_secs(86_400), ..ASKED };
    let (long, _) = run(asked, 1_000, |_| 900, 300);
    assert_eq!(long.names()[2], (65, "given up"));
}

#[test]
fn one_that_comes_nearer_too_slowly_is_given_up_at_its_bound() {
    let (told, seen) = run(ASKED, 1, |_| 0, 300);
    assert_eq!(told.names(), [(0, "held"), (119, "given up")]);
    assert_eq!(seen.end, BacklogEnd::NotBuilt(Given::Bound));
    assert_eq!((seen.left.messages, seen.building.owed), (240, 240));
    let (slow, unread) = run(ASKED, 1_000, |_| 1_001, 300);
    assert_eq!(slow.names(), [(0, "held"), (4, "stands"), (204, "given up")]);
    assert_eq!(unread.end, BacklogEnd::NotDrained(Given::Bound));
    assert_eq!(unread.left.messages, 10_000 - 2 * 200);
}

#[test]
fn a_pause_of_the_consumers_is_no_reason_to_give_up() {
    // A rebalance of eight seconds.
    let read = |second: u32| if (8..16).contains(&second) { 0 } else { 2_000 };
    let (told, seen) = run(ASKED, 1_000, read, 300);
    assert_eq!(told.names().last().map(|(_, name)| *name), Some("drained"), "{told:?}");
    assert_eq!(seen.end, BacklogEnd::Drained);
}

#[test]
fn a_run_that_was_ended_meanwhile_keeps_what_was_seen() {
    let (told, seen) = run(ASKED, 1_000, |_| 1_001, 3);
    assert_eq!(told.names(), [(0, "held")]);
    assert_eq!((seen.end, seen.left.messages), (BacklogEnd::Open, 6_000));
    assert_eq!(seen.building.length, Nanos::from_millis(2_999), "as long as it was");
    let (_, draining) = run(ASKED, 1_000, |_| 1_001, 10);
    assert_eq!((draining.end, draining.left.messages), (BacklogEnd::Open, 9_990), "while draining");
    assert_eq!(draining.draining.length, Nanos::from_millis(4_970), "as long as it was");
}
