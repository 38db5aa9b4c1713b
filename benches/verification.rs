//! What verification takes per consumed message: the engine's recorder with it and without.
//!
//! Deliveries come in batches of one producer and partition, as fetches bring them, and batches from
//! all places in an order that no cache line foresees. What `numbers` takes more than `counts` is
//! verification; with gaps, one number in 50 is missing and every gap is noted.

use engine::link::Delivery;
use engine::measure::{Audit, Drained, Duty, LaneEnd, Recorder, Tally, mailboxes};
use engine::message::Stamp;
use engine::plan::{Demand, Route, Verification};
use engine::time::Border;
use engine::units::{Nanos, Timestamp};
use kdyno_benches::{Digest, Size, cost, demand, is_asked, timed};
use std::hint::black_box;

/// Messages of one producer and partition in a row.
const BATCH: u64 = 16;

/// Where numbers are missing: one in so many.
const GAP_EVERY: u64 = 50;

const PARTITIONS: u64 = 4;

const START: Timestamp = Timestamp::from_nanos(1_000_000_000);

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(160_000, 10_000_000);
    for producers in [1, 25, 2_500] {
        let parameters =
            [("messages", count), ("producers", producers), ("partitions", PARTITIONS)];
        let rows = [
            ("verification: counts", Verification::Counts, u64::MAX),
            ("verification: numbers", Verification::Numbers, u64::MAX),
            ("verification: numbers, gaps", Verification::Numbers, GAP_EVERY),
        ];
        for (name, verification, every) in rows {
            cost(name, &parameters, count, || read(count, (producers, verification), every));
        }
    }
}

/// The demand of so many producers of one topic.
fn of_producers(producers: u64, verification: Verification) -> Demand {
    let mut demand = demand(Nanos::from_secs(1));
    demand.verification = verification;
    let stream = &mut demand.streams[0];
    stream.producers_per_topic = u32::try_from(producers).expect("a few");
    stream.topics[0].partitions = u32::try_from(PARTITIONS).expect("a few");
    demand
}

/// Tells a recorder of every delivery, and digests what it makes of them.
fn read(count: u64, (producers, verification): (u64, Verification), every: u64) -> (Nanos, Digest) {
    let demand = of_producers(producers, verification);
    let (boxes, mut collector) = mailboxes(&demand, 1);
    let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
    let mut recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
    recorder.start(&Border::fixed(START, START));
    let (span, ()) = timed(|| walk(count, producers, every, &mut recorder));
    recorder.finish(START, LaneEnd::default());
    while !collector.have_ended([0]) {
        collector.collect(Nanos::ZERO);
    }
    (span, digest(&collector.total(), verification, count))
}

fn digest(tally: &Tally, verification: Verification, count: u64) -> Digest {
    let mut digest = Digest::default();
    let stream = &tally.streams[0];
    digest.add(stream.measured.consumed[0].messages);
    let audit = Audit::of(&stream.account, 0, Drained::Everywhere);
    let seen = if verification == Verification::Counts { 0 } else { count };
    assert_eq!((audit.distinct, audit.unanswered), (seen, seen), "each once, none was acked");
    digest.add(audit.distinct);
    digest
}

/// Batch by batch; one number in `every` is left out.
fn walk(count: u64, producers: u64, every: u64, recorder: &mut Recorder) {
    let places = producers * PARTITIONS;
    for batch in 0..count / BATCH {
        // A step that shares no factor with any count of places here.
        let place = batch * 7_919 % places;
        let (producer, partition) = (place / PARTITIONS, place % PARTITIONS);
        let producer = u32::try_from(producer).expect("a few");
        let partition = i32::try_from(partition).expect("a few");
        let first = batch / places * BATCH;
        for nth in first..first + BATCH {
            let sequence = nth + nth / black_box(every);
            let stamp =
                Stamp { run: 1, producer, sequence, due: START, sent: START, ..Stamp::default() };
            // Batches of all producers of a partition lie one after the other.
            let offset = i64::try_from(batch * BATCH + nth % BATCH).expect("63 bits are enough");
            let delivery =
                Delivery { stamp: Ok(stamp), route: Route(0), partition, offset, body: &[0; 100] };
            recorder.delivery(START, 0, 0, black_box(&delivery));
        }
    }
}
