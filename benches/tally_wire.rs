//! What a worker's second costs on its way: its bytes, to write them, and to read and merge them.
//!
//! A second has five histograms of spans that are spread as latencies are: their logarithms lie on a
//! bell curve. It is merged into its lane's total and into its second's, as a collector does.

use engine::measure::{Entry, Phase, Series, Side, Stretch, Tally};
use engine::plan::Demand;
use engine::units::{Nanos, Timestamp};
use kdyno_benches::{Digest, Size, Spans, cost, demand, is_asked, timed};
use std::hint::black_box;

/// Producers that the second's messages came from, each on every partition.
const PRODUCERS: u32 = 4;
const PARTITIONS: u32 = 4;

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let size = Size::of_this_run();
    let count = size.choose(3, 500);
    for messages in [size.choose(1_000, 10_000), size.choose(2_000, 200_000)] {
        let demand = demand(Nanos::from_secs(1));
        let tally = second(&demand, messages);
        let bytes = write(&tally);
        let length = u64::try_from(bytes.len()).expect("it fits in memory");
        let parameters = [("messages", messages), ("bytes", length)];
        cost("tally: write", &parameters, count, || writing(&tally, count));
        cost("tally: read", &parameters, count, || reading(&bytes, count));
        cost("tally: read and merge", &parameters, count, || merging(&demand, &bytes, count));
    }
}

/// A tally of so many messages, all of one second.
fn second(demand: &Demand, messages: u64) -> Tally {
    let mut tally = Tally::new(demand);
    let stream = &mut tally.streams[0];
    let mut spans = Spans::default();
    for number in 0..messages {
        let phase = &mut stream.measured;
        let publish = spans.record(phase);
        let place = number % u64::from(PARTITIONS);
        stream.partitions.record(usize::try_from(place).expect("it is small"), Some(publish));
        (phase.produced.messages, phase.produced.bytes) = (number + 1, (number + 1) * 100);
        (phase.acked.messages, phase.acked.bytes) = (number + 1, (number + 1) * 100);
        let moment = Timestamp::from_nanos(1_700_000_000_000_000_000 + number);
        phase.produced.window.include(moment);
        phase.acked.window.include(moment);
    }
    for place in 0..PRODUCERS * PARTITIONS {
        let (producer, partition) = (place / PARTITIONS, place % PARTITIONS);
        let stretch = Stretch {
            first: 1_000_000_000,
            count: messages / u64::from(PRODUCERS * PARTITIONS),
            from: 1_000_000_000,
            to: 1_000_000_000 + i64::try_from(messages).expect("it is small"),
            phase: Phase::Measured,
        };
        let series = Series { producer, incarnation: 0, partition };
        stream.account.note(Entry { side: Side::Acked, series, stretch });
    }
    tally
}

fn write(tally: &Tally) -> Vec<u8> {
    postcard::to_stdvec(tally).expect("memory takes it")
}

fn read(bytes: &[u8]) -> Tally {
    postcard::from_bytes(bytes).expect("what was written can be read")
}

fn writing(tally: &Tally, count: u64) -> (Nanos, Digest) {
    let (span, last) = timed(|| (0..count).fold(Vec::new(), |_, _| write(black_box(tally))));
    let mut digest = Digest::default();
    last.iter().for_each(|byte| digest.add(u64::from(*byte)));
    (span, digest)
}

fn reading(bytes: &[u8], count: u64) -> (Nanos, Digest) {
    let (span, last) = timed(|| (0..count).fold(None, |_, _| Some(read(black_box(bytes)))));
    let mut digest = Digest::default();
    last.iter().for_each(|tally| digest.add(tally.streams[0].measured.publish.count()));
    (span, digest)
}

/// Merges into totals that have all kinds already, as from the second second on.
fn merging(demand: &Demand, bytes: &[u8], count: u64) -> (Nanos, Digest) {
    let (mut lane, mut of_second) = (Tally::new(demand), Tally::of_a_second(demand));
    let mut once = || {
        let tally = read(black_box(bytes));
        assert_eq!(tally.fits(demand), Ok(()), "it is of this run");
        lane.merge(&tally);
        of_second.merge(&tally);
    };
    once();
    let (span, ()) = timed(|| (0..count).for_each(|_| once()));
    let mut digest = Digest::default();
    for total in [&lane, &of_second] {
        let phase = &total.streams[0].measured;
        assert_eq!(phase.publish.count(), phase.acked.messages, "every span is in");
        [&phase.send_delay, &phase.publish, &phase.service, &phase.end_to_end, &phase.transit]
            .into_iter()
            .for_each(|of| digest.add(of.percentile(99.0).0));
    }
    (span, digest)
}
