//! What it takes to record one message: on the producing side due, offer and ack, on the consuming
//! side its receipt. "Whole" is with the stamp written and read back and with the readings of the
//! clock, as a lane has them: one per message sent, one per delivery event, one per message received.

use engine::link::{Ack, Delivery, Outcome};
use engine::measure::{Duty, LaneEnd, Phase, Recorder, Tally, mailboxes};
use engine::message::Stamp;
use engine::plan::Route;
use engine::time::{Border, Clock};
use engine::units::{Nanos, Timestamp};
use kdyno_benches::{Digest, Size, cost, demand, is_asked, run_clock, timed};
use std::hint::black_box;

const START: Timestamp = Timestamp::from_nanos(1_000_000_000);

/// Acks in one delivery event.
const BATCH: u64 = 32;

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(10_000, 10_000_000);
    let parameters = [("messages", count)];
    cost("recording: produce", &parameters, count, || record(count, produce));
    cost("recording: consume", &parameters, count, || record(count, consume));
    cost("recording: produce, whole", &parameters, count, || record(count, produce_whole));
    cost("recording: consume, whole", &parameters, count, || record(count, consume_whole));
}

/// Hands `work` a started recorder, and digests what it has recorded.
fn record(count: u64, work: fn(u64, &mut Recorder)) -> (Nanos, Digest) {
    let demand = demand(Nanos::from_secs(1));
    let (boxes, mut collector) = mailboxes(&demand, 1);
    let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
    let mut recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
    recorder.start(&Border::fixed(START, START));
    let (span, ()) = timed(|| work(count, &mut recorder));
    recorder.finish(START, LaneEnd::default());
    while !collector.have_ended([0]) {
        collector.collect(Nanos::ZERO);
    }
    (span, digest(collector.total()))
}

fn digest(mut tally: Tally) -> Digest {
    let phase = tally.streams[0].phase(Phase::Measured);
    let mut digest = Digest::default();
    let counters = [
        phase.produced.due,
        phase.produced.attempted,
        phase.produced.messages,
        phase.acked.messages,
        phase.consumed[0].messages,
    ];
    counters.into_iter().for_each(|counter| digest.add(counter));
    for latency in [&phase.send_delay, &phase.publish, &phase.service, &phase.end_to_end] {
        [50.0, 99.0, 99.9].into_iter().for_each(|p| digest.add(latency.percentile(p).0));
    }
    digest
}

/// The `number`-th message: due every microsecond, sent within 16 µs after it.
fn stamp(number: u64) -> Stamp {
    let due = START + Nanos(number * 1_000);
    let sent = due + Nanos(number * 7_919 % 16_384);
    Stamp { run: 1, sequence: number, due, sent, ..Stamp::default() }
}

/// Answered within 4 ms: as wide a part of the histogram as a real run touches.
fn answered(stamp: &Stamp) -> Timestamp {
    stamp.sent + Nanos(stamp.sequence * 104_729 % 4_194_304)
}

fn produce(count: u64, recorder: &mut Recorder) {
    let mut acks = Vec::with_capacity(usize::try_from(BATCH).expect("a small batch"));
    for number in 0..count {
        let stamp = black_box(stamp(number));
        recorder.due(START, 0, stamp.due);
        recorder.attempted(0, &stamp, START);
        recorder.accepted(0, &stamp, 100, 0);
        let offset = i64::try_from(number).expect("offsets fit in 63 bits");
        let outcome = Outcome::Persisted { partition: 1, offset };
        acks.push(Ack { stamp, route: Route(0), bytes: 100, outcome });
        if number % BATCH == BATCH - 1 {
            recorder.acks(answered(&stamp), 0, black_box(&acks));
            acks.clear();
        }
    }
}

/// As [`produce`], with all that is ours from the due time to the ack but the client.
fn produce_whole(count: u64, recorder: &mut Recorder) {
    let clock = run_clock();
    let batch = usize::try_from(BATCH).expect("a small batch");
    let mut sent: Vec<[u8; 100]> = Vec::with_capacity(batch);
    let mut acks = Vec::with_capacity(batch);
    for number in 0..count {
        black_box(clock.now());
        let stamp = black_box(stamp(number));
        recorder.due(START, 0, stamp.due);
        let mut body = [0; 100];
        body[..Stamp::SIZE].copy_from_slice(&stamp.encode());
        recorder.attempted(0, &stamp, START);
        sent.push(black_box(body));
        recorder.accepted(0, &stamp, 100, 0);
        if number % BATCH == BATCH - 1 {
            black_box(clock.now());
            acks.extend((number + 1 - BATCH..).zip(&sent).map(|(place, kept)| {
                let offset = i64::try_from(place).expect("offsets fit in 63 bits");
                let outcome = Outcome::Persisted { partition: 1, offset };
                let read = Stamp::decode(kept).expect("as it was written");
                Ack { stamp: read, route: Route(0), bytes: 100, outcome }
            }));
            recorder.acks(answered(&stamp), 0, black_box(&acks));
            acks.clear();
            sent.clear();
        }
    }
}

/// As [`consume`], with the stamp read from the body.
fn consume_whole(count: u64, recorder: &mut Recorder) {
    const BODIES: u64 = 1_024;
    let clock = run_clock();
    let bodies: Vec<[u8; Stamp::SIZE]> = (0..BODIES).map(|number| stamp(number).encode()).collect();
    for (number, body) in (0..count).zip(bodies.iter().cycle()) {
        black_box(clock.now());
        let offset = i64::try_from(number).expect("offsets fit in 63 bits");
        let read = Stamp::decode(black_box(body)).expect("as it was written");
        let delivery = Delivery { stamp: Ok(read), route: Route(0), partition: 1, offset, body };
        recorder.delivery(answered(&read), 0, 0, black_box(&delivery));
    }
}

fn consume(count: u64, recorder: &mut Recorder) {
    for number in 0..count {
        let stamp = black_box(stamp(number));
        let offset = i64::try_from(number).expect("offsets fit in 63 bits");
        let body = &[0; 100];
        let delivery = Delivery { stamp: Ok(stamp), route: Route(0), partition: 1, offset, body };
        recorder.delivery(answered(&stamp), 0, 0, black_box(&delivery));
    }
}
