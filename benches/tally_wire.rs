//! What a worker's second costs on its way: its bytes, to write them, and to read and merge them.
//!
//! A second has five histograms of spans that are spread as latencies are: their logarithms lie on a
//! bell curve. It is merged into its lane's total and into its second's, as a collector does.

use engine::measure::{Entry, Phase, Series, Side, Stretch, Tally};
use engine::plan::Demand;
use engine::units::{Nanos, Timestamp};
use kdyno_benches::{Digest, Size, cost, demand, is_asked, timed};
use std::hint::black_box;
use std::time::Duration;

/// The middle of each of the five, and how wide the bell curve of their natural logarithms is.
const SPREADS: [(Nanos, f64); 5] = [
    (Nanos(4_000), 0.8),
    (Nanos(3_000_000), 0.6),
    (Nanos(2_990_000), 0.6),
    (Nanos(5_000_000), 0.7),
    (Nanos(4_990_000), 0.7),
];

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
    let mut chance = Chance(1);
    for number in 0..messages {
        let phase = &mut stream.measured;
        let spans = SPREADS.map(|spread| chance.span(spread));
        let kinds = [
            &mut phase.send_delay,
            &mut phase.publish,
            &mut phase.service,
            &mut phase.end_to_end,
            &mut phase.transit,
        ];
        kinds.into_iter().zip(spans).for_each(|(kind, span)| kind.record(Some(span)));
        let place = number % u64::from(PARTITIONS);
        stream.partitions.record(usize::try_from(place).expect("it is small"), Some(spans[1]));
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

/// Numbers that look drawn, the same in each run.
struct Chance(u64);

impl Chance {
    /// Evenly from 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits are left")) / f64::from(u32::MAX)
    }

    /// A span whose logarithm lies on a bell curve: twelve shares add up to nearly one.
    fn span(&mut self, (middle, width): (Nanos, f64)) -> Nanos {
        let bell = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        let seconds = middle.as_secs_f64() * (bell * width).exp();
        let nanos = Duration::from_secs_f64(seconds).as_nanos();
        Nanos(u64::try_from(nanos).expect("far below 584 years"))
    }
}
