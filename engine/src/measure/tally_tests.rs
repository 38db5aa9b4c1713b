//! Laws of the tally: merging is recording everything in one, whatever is recorded.

use super::{
    Acked, Commits, Consumed, Duty, LaneEnd, Partitions, Phase, PhaseTally, Produced, Recorder,
    Series, Side, Silences, StreamTally, Tally, mailboxes,
};
use crate::link::{Ack, Delivery, Failure, FailureKind, Outcome};
use crate::message::{Stamp, StampFault};
use crate::plan::samples::{self, RUN};
use crate::plan::{Demand, Route, StreamDemand};
use crate::time::Border;
use crate::units::{Nanos, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};

const START: Timestamp = Timestamp::from_nanos(1_000_000_000);
const MEASURED: Timestamp = Timestamp::from_nanos(2_000_000_000);

/// Everything that a recorder can be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    Due,
    Waits,
    Attempted,
    Accepted {
        refusals: u64,
    },
    Refused {
        refusals: u64,
        code: i32,
    },
    Unsent(u64),
    Persisted {
        partition: i32,
        offset: i64,
    },
    /// Two seconds after its due time, however long others take.
    PersistedLate,
    Failed {
        code: i32,
        maybe: bool,
    },
    Purged,
    Received {
        subscription: usize,
    },
    Foreign {
        subscription: usize,
    },
    Corrupted {
        subscription: usize,
    },
    Committed,
    NotCommitted(i32),
    Trouble(i32),
    Heard,
    Hiccup,
    Tick,
}

/// An event at one of two streams, of a message due in one of the phases, and how long it took.
pub(super) type Entry = (Event, usize, u64, u64);

pub(super) fn demand() -> Demand {
    let mut demand = samples::demand(StreamDemand { subscriptions: 2, ..samples::stream(1) });
    demand.streams.push(demand.streams[0].clone());
    demand
}

/// What a lane hands over, but for when acks stopped: that hangs on what the same lane heard before.
pub(super) fn record(entries: &[Entry]) -> Tally {
    let mut tally = record_all(entries);
    for StreamTally { warmup, measured, silences, .. } in &mut tally.streams {
        *silences = Silences::default();
        (warmup.publish_in_outage, measured.publish_in_outage) = (None, None);
    }
    tally
}

pub(super) fn record_all(entries: &[Entry]) -> Tally {
    let demand = demand();
    let (boxes, mut collector) = mailboxes(&demand, 1);
    let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
    let mut recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
    // No warm-up by the clock, so that what is due at no time always belongs to one phase.
    recorder.start(&Border::fixed(MEASURED, MEASURED));
    entries.iter().for_each(|entry| tell(&mut recorder, *entry));
    recorder.finish(MEASURED, LaneEnd::default());
    while !collector.have_ended([0]) {
        collector.collect(Nanos::ZERO);
    }
    collector.total()
}

fn failure(code: i32) -> Failure {
    Failure { kind: FailureKind::Kafka, code }
}

fn tell(recorder: &mut Recorder, (event, stream, due_ms, took_us): Entry) {
    let due = START + Nanos::from_millis(due_ms);
    let sent = due + Nanos(took_us * 500);
    let now = due + Nanos(took_us * 1_000);
    // A message's number says which one it is, so it goes with its due time.
    let stamp = Stamp { run: RUN, sequence: due_ms, due, sent, ..Stamp::default() };
    let place = i64::try_from(due_ms).expect("a small number");
    let ack = |outcome| Ack { stamp, route: Route(0), bytes: 100, outcome };
    let delivery = |read| Delivery {
        stamp: read,
        route: Route(0),
        partition: 0,
        offset: place,
        body: &[0; 100],
    };
    match event {
        Event::Due => recorder.due(START, stream, due),
        Event::Waits => recorder.waits(stream, due, START),
        Event::Attempted => recorder.attempted(stream, &stamp, START),
        Event::Accepted { refusals } => recorder.accepted(stream, &stamp, 100, refusals),
        Event::Refused { refusals, code } => {
            recorder.refused(stream, &stamp, Some(failure(code)), refusals);
        }
        Event::Unsent(count) => recorder.unsent(stream, count, due, sent),
        Event::Persisted { partition, offset } => {
            recorder.acks(now, stream, &[ack(Outcome::Persisted { partition, offset })]);
        }
        Event::PersistedLate => {
            let outcome = Outcome::Persisted { partition: 0, offset: 4 };
            recorder.acks(due + Nanos::from_secs(2), stream, &[ack(outcome)]);
        }
        Event::Failed { code, maybe } => {
            let failure = failure(code);
            let outcome = Outcome::Failed { partition: 0, failure, maybe_persisted: maybe };
            recorder.acks(now, stream, &[ack(outcome)]);
        }
        Event::Purged => recorder.acks(now, stream, &[ack(Outcome::Purged { partition: 3 })]),
        Event::Received { subscription } => {
            recorder.delivery(now, stream, subscription, &delivery(Ok(stamp)));
        }
        Event::Foreign { subscription } => {
            let foreign = delivery(Err(StampFault::Foreign));
            recorder.delivery(now, stream, subscription, &foreign);
        }
        Event::Corrupted { subscription } => {
            let corrupted = delivery(Err(StampFault::Corrupted));
            recorder.delivery(now, stream, subscription, &corrupted);
        }
        Event::Committed => recorder.committed(stream, Ok(())),
        Event::NotCommitted(code) => recorder.committed(stream, Err(failure(code))),
        Event::Trouble(code) => recorder.consumer_trouble(stream, failure(code)),
        Event::Heard => {
            recorder.acks_heard(stream, Nanos(700));
            recorder.answered();
        }
        Event::Hiccup => recorder.hiccup(Nanos(took_us * 1_000)),
        Event::Tick => assert!(!recorder.tick(MEASURED), "within its second"),
    }
}

fn events() -> impl Strategy<Value = Event> {
    let code = || -199..150_i32;
    prop_oneof![
        Just(Event::Due),
        Just(Event::Waits),
        Just(Event::Attempted),
        (0_u64..3).prop_map(|refusals| Event::Accepted { refusals }),
        (0_u64..3, code()).prop_map(|(refusals, code)| Event::Refused { refusals, code }),
        (0_u64..9).prop_map(Event::Unsent),
        (0..4, -1_i64..1_000)
            .prop_map(|(partition, offset)| Event::Persisted { partition, offset }),
        (code(), any::<bool>()).prop_map(|(code, maybe)| Event::Failed { code, maybe }),
        Just(Event::Purged),
        (0_usize..2).prop_map(|subscription| Event::Received { subscription }),
        (0_usize..2).prop_map(|subscription| Event::Foreign { subscription }),
        (0_usize..2).prop_map(|subscription| Event::Corrupted { subscription }),
        Just(Event::Committed),
        code().prop_map(Event::NotCommitted),
        code().prop_map(Event::Trouble),
        Just(Event::Heard),
        Just(Event::Hiccup),
        Just(Event::Tick),
    ]
}

pub(super) fn entries() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((events(), 0_usize..2, 0_u64..3_000, 0_u64..10_000_000), 0..60)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn a_merge_equals_recording_everything_in_one(first in entries(), second in entries()) {
        let mut merged = record(&first);
        merged.merge(&record(&second));
        assert_eq!(merged, record(&[first, second].concat()), "in every field");
    }

    #[test]
    fn the_order_of_a_merge_does_not_matter(first in entries(), second in entries()) {
        let (mut one, mut two) = (record(&first), record(&second));
        one.merge(&record(&second));
        two.merge(&record(&first));
        assert_eq!(one, two, "in every field");
    }

    #[test]
    fn clearing_leaves_the_same_as_new(all in entries()) {
        let mut tally = record(&all);
        tally.clear();
        assert_eq!(tally, Tally::new(&demand()), "in every field");
    }
}

/// One of each event, at both streams and in both phases.
pub(super) fn one_of_each() -> Vec<Entry> {
    let kinds = [
        Event::Due,
        Event::Waits,
        Event::Attempted,
        Event::Accepted { refusals: 2 },
        Event::Refused { refusals: 1, code: 7 },
        Event::Unsent(3),
        Event::Persisted { partition: 0, offset: 5 },
        Event::Persisted { partition: 1, offset: 0 },
        Event::Persisted { partition: 2, offset: 6 },
        Event::Persisted { partition: 3, offset: 7 },
        Event::PersistedLate,
        Event::Failed { code: 8, maybe: true },
        Event::Purged,
        Event::Received { subscription: 0 },
        Event::Received { subscription: 1 },
        Event::Foreign { subscription: 0 },
        Event::Foreign { subscription: 1 },
        Event::Corrupted { subscription: 0 },
        Event::Corrupted { subscription: 1 },
        Event::Committed,
        Event::NotCommitted(9),
        Event::Trouble(10),
        Event::Heard,
        Event::Hiccup,
        Event::Tick,
    ];
    let at = |due_ms, stream| kinds.map(|kind| (kind, stream, due_ms, 5_000));
    [at(1, 0), at(1, 1), at(1_000, 0), at(1_000, 1)].concat()
}

#[test]
fn every_counter_is_seen_and_twice_as_high_after_a_merge_with_itself() {
    let tally = record_all(&one_of_each());
    let mut twice = tally.clone();
    twice.merge(&tally);
    let (Tally { streams, turns, answers, hiccup }, after) = (tally, twice);
    assert_eq!((turns, after.turns), (4, 8), "turns");
    assert_eq!((answers, after.answers), (4, 8), "answers");
    assert_eq!((hiccup.count(), after.hiccup.count()), (4, 8), "hiccups");
    for (stream, merged) in streams.iter().zip(&after.streams) {
        let StreamTally { warmup, measured, acked_offsets, partitions, account, silences } = stream;
        let known = [Side::Acked, Side::Failed, Side::Received(0), Side::Received(1)];
        for side in known {
            let series = account.series(&[side]);
            assert!(!series.is_empty(), "{side:?} is told of");
            let same = |of: &Series| account.of(side, *of) == merged.account.of(side, *of);
            assert!(series.iter().all(same), "{side:?}: read twice, there once");
        }
        let silent = |of: &Silences| [of.lane.all().len(), of.partitions.all().len()];
        for (once, both) in silent(silences).into_iter().zip(silent(&merged.silences)) {
            assert!(0 < once && once * 2 == both, "each lane's own: {once}, {both}");
        }
        let acked = |of: &Partitions| [0, 1, 2, 3].map(|place| of.messages(place));
        assert_eq!(
            (acked(partitions), acked(&merged.partitions)),
            ([2, 1, 1, 1], [4, 2, 2, 2]),
            "of each"
        );
        assert_eq!(acked_offsets, &[5, 0, 6, 7], "the highest offsets");
        assert_eq!(&merged.acked_offsets, acked_offsets, "do not add up");
        let check = |name: &str, counts: Vec<u64>, sums: Vec<u64>, timeless: bool| {
            for (place, (once, both)) in counts.into_iter().zip(sums).enumerate() {
                assert!(0 < once || timeless, "{name} {place} is counted");
                assert_eq!(once * 2, both, "{name} {place} is merged");
            }
        };
        check("warm-up", dated(warmup), dated(&merged.warmup), false);
        check("measured", dated(measured), dated(&merged.measured), false);
        check("warm-up", undated(warmup), undated(&merged.warmup), true);
        check("measured", undated(measured), undated(&merged.measured), false);
    }
}

/// Every counter of messages, which have a due time and hence a phase of their own. Taken apart field
/// by field, so that a new one does not compile until it is here.
fn dated(phase: &PhaseTally) -> Vec<u64> {
    let PhaseTally {
        produced,
        acked,
        consumed,
        commits: _,
        produce_errors,
        consume_errors: _,
        commit_errors: _,
        send_delay,
        publish,
        service,
        end_to_end,
        transit,
        ack_wait: _,
        publish_in_outage,
        // What is told of them has laws of its own (`transacting_tests.rs`).
        transactions: _,
        // As above (`groups.rs`).
        rebalances: _,
    } = phase;
    let Produced {
        due,
        attempted,
        messages,
        bytes,
        unsent,
        queue_full,
        held_back,
        late_by_us,
        waited,
        window,
        unsent_due,
    } = produced;
    let mut all =
        vec![*due, *attempted, *messages, *bytes, *unsent, *queue_full, *held_back, *late_by_us];
    all.push(waited.0);
    let Acked {
        messages: persisted,
        bytes: persisted_bytes,
        failed,
        failed_maybe_persisted,
        purged,
        window: answered,
    } = acked;
    all.extend([*persisted, *persisted_bytes, *failed, *failed_maybe_persisted, *purged]);
    let spans = [send_delay, publish, service, end_to_end, transit].map(super::Latency::count);
    all.extend(spans);
    all.push(publish_in_outage.as_ref().map_or(0, super::Latency::count));
    all.push(produce_errors.total());
    assert!(window.first().is_some() && unsent_due.first() < unsent_due.last(), "sent and unsent");
    assert!(answered.first().is_some(), "answered");
    for Consumed {
        messages: read,
        bytes: read_bytes,
        foreign: _,
        corrupted: _,
        window: received,
    } in consumed
    {
        all.extend([*read, *read_bytes]);
        assert!(received.first().is_some(), "received");
    }
    all
}

/// Every counter of what is due at no time and belongs to the present: here, to the measured phase.
fn undated(phase: &PhaseTally) -> Vec<u64> {
    let Commits { succeeded, failed } = phase.commits;
    let mut all =
        vec![succeeded, failed, phase.consume_errors.total(), phase.commit_errors.total()];
    all.push(phase.ack_wait.count());
    all.extend(phase.consumed.iter().flat_map(|consumed| [consumed.foreign, consumed.corrupted]));
    all
}

#[test]
fn what_was_accepted_and_has_no_answer_is_outstanding() {
    let check = |accepted: usize, answers: &[Event], expected: u64| {
        let kinds = std::iter::repeat_n(Event::Accepted { refusals: 0 }, accepted);
        let kinds = kinds.chain(answers.iter().copied());
        let tally = record(&kinds.map(|kind| (kind, 0, 1_000, 1)).collect::<Vec<_>>());
        assert_eq!(tally.streams[0].measured.outstanding(), expected, "{answers:?}");
    };
    let persisted = Event::Persisted { partition: 0, offset: 0 };
    check(3, &[], 3);
    check(3, &[persisted, Event::Failed { code: 7, maybe: false }], 1);
    check(3, &[persisted, Event::Purged, Event::Purged], 2);
}

#[test]
fn a_total_joins_streams_that_differ_in_their_subscriptions() {
    let mut demand = demand();
    demand.streams[1].subscriptions = 3;
    let mut tally = Tally::new(&demand);
    let [one, two] = &mut tally.streams[..] else { panic!("two streams") };
    (one.measured.produced.due, two.measured.produced.due) = (5, 7);
    one.measured.consumed[1].messages = 2;
    (two.measured.consumed[1].messages, two.measured.consumed[2].messages) = (3, 4);
    two.warmup.acked.messages = 9;
    let total = tally.total(Phase::Measured);
    let received: Vec<u64> = total.consumed.iter().map(|consumed| consumed.messages).collect();
    assert_eq!((total.produced.due, received), (12, vec![0, 5, 4]), "joined by number");
    assert_eq!(total.acked.messages, 0, "the warm-up stays apart");
    assert_eq!(tally.total(Phase::Warmup).acked.messages, 9, "and has its own total");
}
