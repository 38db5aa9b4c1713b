//! Laws of the recorder: what is counted, in which phase, and handed over with which second.

use super::{Collector, Duty, LaneEnd, PhaseTally, Recorder, Tally, mailboxes};
use crate::link::{Ack, Delivery, Failure, FailureKind, Outcome};
use crate::message::{Stamp, StampFault};
use crate::plan::samples::{self, RUN};
use crate::plan::{Demand, Route, StreamDemand};
use crate::time::Border;
use crate::units::{Nanos, Timestamp};
use std::sync::Arc;

const START: Timestamp = Timestamp::from_nanos(100_000_000_000);
const FAILURE: Failure = Failure { kind: FailureKind::Kafka, code: 7 };

fn after(millis: u64) -> Timestamp {
    START + Nanos::from_millis(millis)
}

/// A started recorder and the collector that takes its tallies.
fn pen(warmup_ms: u64) -> (Recorder, Collector) {
    pen_before(&Border::fixed(START, after(warmup_ms)))
}

fn pen_before(border: &Arc<Border>) -> (Recorder, Collector) {
    pen_of(&samples::demand(samples::stream(1)), border)
}

fn pen_of(demand: &Demand, border: &Arc<Border>) -> (Recorder, Collector) {
    let (boxes, collector) = mailboxes(demand, 1);
    let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
    let mut recorder = Recorder::new(tally, mailbox, demand, &Duty::all(demand));
    recorder.start(border);
    (recorder, collector)
}

fn total(recorder: Recorder, mut collector: Collector) -> Tally {
    recorder.finish(after(60_000), LaneEnd::default());
    while !collector.have_ended([0]) {
        collector.collect(Nanos::ZERO);
    }
    collector.total()
}

fn stamp(due: Timestamp, sent: Timestamp) -> Stamp {
    Stamp { run: RUN, due, sent, ..Stamp::default() }
}

fn ack(due: Timestamp, outcome: Outcome) -> Ack {
    Ack { stamp: stamp(due, due), route: Route(0), bytes: 100, outcome }
}

fn deliver(recorder: &mut Recorder, now: Timestamp, stamp: Result<Stamp, StampFault>) {
    let delivery = Delivery { stamp, route: Route(0), partition: 0, offset: 0, body: &[0; 100] };
    recorder.delivery(now, 0, 0, &delivery);
}

#[test]
fn a_send_is_late_by_us_only_when_the_client_was_not_full_since_its_due() {
    // Due at 10 ms; sent so many microseconds later; the client was last full at so many ms.
    let check = |late_us: u64, full_ms: u64, expected: u64| {
        let (mut recorder, collector) = pen(0);
        let due = after(10);
        let sent = due + Nanos(late_us * 1_000);
        recorder.attempted(0, &stamp(due, sent), after(full_ms));
        let counted = total(recorder, collector).streams[0].measured.produced.late_by_us;
        assert_eq!(counted, expected, "{late_us} µs late, full at {full_ms} ms");
    };
    check(0, 0, 0);
    check(1_000, 0, 0);
    check(1_001, 0, 1);
    check(5_000, 9, 1);
    check(5_000, 10, 0);
    check(5_000, 14, 0);
}

#[test]
fn a_message_belongs_to_the_phase_of_its_due_on_every_side() {
    let (mut recorder, collector) = pen(1_000);
    let persisted = Outcome::Persisted { partition: 0, offset: 1 };
    for due in [after(999), after(1_000)] {
        let sent = after(1_500);
        recorder.due(due, 0, due);
        recorder.attempted(0, &stamp(due, sent), Timestamp::default());
        recorder.accepted(0, &stamp(due, sent), 100, 0);
        recorder.acks(after(1_600), 0, &[ack(due, persisted)]);
        deliver(&mut recorder, after(1_700), Ok(stamp(due, sent)));
        recorder.refused(0, &stamp(due, sent), Some(FAILURE), 2);
        recorder.unsent(0, 1, due, due);
    }
    let tally = total(recorder, collector);
    let counts = |phase: &PhaseTally| {
        let PhaseTally { produced, acked, consumed, .. } = phase;
        let sent = [produced.due, produced.attempted, produced.messages, produced.late_by_us];
        let answered = [acked.messages, phase.publish.count(), phase.service.count()];
        let read = [consumed[0].messages, phase.end_to_end.count(), phase.transit.count()];
        (sent, answered, read, [produced.unsent, produced.held_back, phase.errors()])
    };
    let expected = ([2, 1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]);
    assert_eq!(tally.streams[0].partitions.messages(0), 1, "the measured phase alone");
    assert_eq!(counts(&tally.streams[0].warmup), expected, "due 1 ms before the measured phase");
    assert_eq!(counts(&tally.streams[0].measured), expected, "due as the measured phase begins");
}

#[test]
fn commits_and_trouble_belong_to_the_present() {
    let (mut recorder, collector) = pen(1_000);
    for now in [after(500), after(1_000)] {
        recorder.tick(now);
        recorder.committed(0, Ok(()));
        recorder.committed(0, Err(FAILURE));
        recorder.consumer_trouble(0, FAILURE);
    }
    let tally = total(recorder, collector);
    for phase in [&tally.streams[0].warmup, &tally.streams[0].measured] {
        let commits = (phase.commits.succeeded, phase.commits.failed);
        assert_eq!((commits, phase.errors()), ((1, 1), 2), "once in each phase");
    }
}

#[test]
fn foreign_and_corrupted_messages_are_counted_and_enter_no_latency() {
    let (mut recorder, collector) = pen(0);
    let other_run = Stamp { run: RUN + 1, ..stamp(START, START) };
    deliver(&mut recorder, after(1), Ok(other_run));
    deliver(&mut recorder, after(1), Err(StampFault::Foreign));
    deliver(&mut recorder, after(1), Err(StampFault::Corrupted));
    recorder.tick(after(1_000));
    deliver(&mut recorder, after(1_001), Err(StampFault::Corrupted));
    let tally = total(recorder, collector);
    let early = tally.streams[0].warmup.consumed[0];
    let measured = &tally.streams[0].measured;
    let sum = |of: fn(&super::Consumed) -> u64| of(&early) + of(&measured.consumed[0]);
    assert_eq!(sum(|consumed| consumed.foreign), 2, "another run's and another program's");
    assert_eq!(sum(|consumed| consumed.corrupted), 2, "damaged on the way");
    assert_eq!(sum(|consumed| consumed.messages), 0, "none of ours");
    assert_eq!((measured.end_to_end.count(), measured.transit.count()), (0, 0), "no latency");
}

#[test]
fn who_sends_nothing_reads_everybodys_messages_by_the_phase_in_which_they_come() {
    let of_others = StreamDemand { producers_per_topic: 0, ..samples::stream(1) };
    let border = Border::fixed(START, after(1_000));
    let (mut recorder, collector) = pen_of(&samples::demand(of_others), &border);
    let other_run = Stamp { run: RUN + 1, ..stamp(START, START) };
    deliver(&mut recorder, after(999), Err(StampFault::Foreign));
    deliver(&mut recorder, after(1_001), Ok(other_run));
    deliver(&mut recorder, after(1_002), Err(StampFault::Foreign));
    let tally = total(recorder, collector);
    let read = |phase: &PhaseTally| {
        let consumed = phase.consumed[0];
        (consumed.messages, consumed.bytes, consumed.foreign + consumed.corrupted)
    };
    let stream = &tally.streams[0];
    assert_eq!((read(&stream.warmup), read(&stream.measured)), ((1, 100, 0), (2, 200, 0)));
    let window = stream.measured.consumed[0].window;
    assert_eq!((window.first(), window.last()), (Some(after(1_001)), Some(after(1_002))));
    let timed = stream.measured.end_to_end.count() + stream.measured.transit.count();
    assert_eq!(timed, 0, "nobody knows when they were due");
}

#[test]
fn a_receipt_before_the_due_time_is_a_negative_span_that_is_counted() {
    let (mut recorder, collector) = pen(0);
    deliver(&mut recorder, after(5), Ok(stamp(after(6), after(4))));
    let measured = &total(recorder, collector).streams[0].measured;
    assert_eq!(measured.consumed[0].messages, 1, "received all the same");
    assert_eq!((measured.end_to_end.negative(), measured.end_to_end.count()), (1, 0), "from due");
    assert_eq!((measured.transit.negative(), measured.transit.count()), (0, 1), "from sent");
}

#[test]
fn answers_are_told_apart() {
    let (mut recorder, collector) = pen(0);
    let persisted = |partition, offset| Outcome::Persisted { partition, offset };
    let failed =
        |maybe_persisted| Outcome::Failed { partition: 0, failure: FAILURE, maybe_persisted };
    let outcomes = [
        persisted(1, 9),
        persisted(1, 8),
        persisted(2, -1),
        failed(true),
        failed(false),
        Outcome::Purged { partition: 0 },
    ];
    let acks: Vec<Ack> = outcomes.into_iter().map(|outcome| ack(START, outcome)).collect();
    recorder.acks(after(1), 0, &acks);
    let stream = &total(recorder, collector).streams[0];
    let acked = &stream.measured.acked;
    assert_eq!((acked.messages, acked.bytes), (3, 300), "persisted");
    assert_eq!((acked.failed, acked.failed_maybe_persisted, acked.purged), (2, 1, 1), "the others");
    assert_eq!(stream.measured.publish.count(), 3, "only what is persisted has a latency");
    assert_eq!(stream.acked_offsets, [-1, 9, -1, -1], "the highest of each partition, if known");
}

/// Ticks every 50 ms from the start and returns the seconds' numbers.
fn seconds(warmup_ms: u64, until_ms: u64) -> Vec<(i64, u64)> {
    let (mut recorder, mut collector) = pen(warmup_ms);
    let mut seen = Vec::new();
    for now in (0..=until_ms).step_by(50) {
        recorder.tick(after(now));
        recorder.due(after(now), 0, after(now));
        seen.extend(collector.collect(Nanos::ZERO));
    }
    let due = |second: &super::Second| {
        let stream = &second.tally.streams[0];
        stream.warmup.produced.due + stream.measured.produced.due
    };
    seen.iter().map(|second| (second.number, due(second))).collect()
}

#[test]
fn seconds_align_to_the_measured_phase_whatever_the_warm_up() {
    let check = |warmup_ms, until_ms, expected: &[(i64, u64)]| {
        assert_eq!(seconds(warmup_ms, until_ms), expected, "warm-up of {warmup_ms} ms");
    };
    check(0, 3_000, &[(0, 20), (1, 20), (2, 20)]);
    check(700, 2_700, &[(-1, 14), (0, 20), (1, 20)]);
    check(1_000, 3_000, &[(-1, 20), (0, 20), (1, 20)]);
    check(2_700, 4_700, &[(-3, 14), (-2, 20), (-1, 20), (0, 20), (1, 20)]);
}

#[test]
fn while_the_border_is_open_seconds_are_numbered_from_the_start_and_stay_in_their_phase() {
    let border = Border::open(START, Nanos::from_secs(10));
    let (mut recorder, mut collector) = pen_before(&border);
    let mut seen = Vec::new();
    for now in (0..=5_000).step_by(50) {
        // Found steady in the third second: the measured phase begins with the fourth.
        if now == 2_400 {
            assert_eq!(border.decide(after(now)), after(3_000));
        }
        recorder.tick(after(now));
        recorder.due(after(now), 0, after(now));
        // Of the second before, read late; and one that is ahead of this reading of the clock.
        deliver(&mut recorder, after(now), Ok(stamp(after(now.saturating_sub(900)), after(now))));
        deliver(&mut recorder, after(now), Ok(stamp(after(now + 60), after(now))));
        seen.extend(collector.collect(Nanos::ZERO));
    }
    let numbers: Vec<i64> = seen.iter().map(|second| second.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4], "from the start");
    for second in &seen {
        let stream = &second.tally.streams[0];
        let (warmup, measured) = (stream.warmup.produced.due, stream.measured.produced.due);
        let expected = if second.number < 3 { (20, 0) } else { (0, 20) };
        assert_eq!((warmup, measured), expected, "second {}", second.number);
    }
    let stream = &total(recorder, collector).streams[0];
    // Each of the two messages of a step by its own due time: 101 steps, 60 before the border.
    let early = (0..=5_000).step_by(50).filter(|now: &u64| now.saturating_sub(900) < 3_000).count();
    let ahead = (0..=5_000).step_by(50).filter(|now: &u64| now + 60 < 3_000).count();
    let read = [&stream.warmup, &stream.measured].map(|phase| phase.consumed[0].messages);
    let warm = u64::try_from(early + ahead).expect("a few");
    assert_eq!(read, [warm, 202 - warm], "by due, not by when it was read");
}

#[test]
fn if_the_collector_is_behind_nothing_waits_and_nothing_is_lost() {
    let (mut recorder, mut collector) = pen(0);
    for now in (0..8_000).step_by(10) {
        recorder.tick(after(now));
        recorder.due(after(now), 0, after(now));
    }
    let mut numbers: Vec<i64> = Vec::new();
    numbers.extend(collector.collect(Nanos::ZERO).iter().map(|second| second.number));
    numbers.extend(collector.collect(Nanos::ZERO).iter().map(|second| second.number));
    assert!(collector.collect(Nanos::ZERO).is_empty(), "only two spare tallies were there");
    assert_eq!(numbers, [0, 1], "what was handed over is what was full first");
    assert_eq!(total(recorder, collector).streams[0].measured.produced.due, 800, "all of it");
}

#[test]
fn a_lane_whose_collector_is_gone_goes_on() {
    let (mut recorder, collector) = pen(0);
    drop(collector);
    for now in (0..5_000).step_by(10) {
        recorder.tick(after(now));
        recorder.due(after(now), 0, after(now));
    }
    recorder.finish(after(5_000), LaneEnd::default());
}
