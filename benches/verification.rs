//! What verification may cost in its place: each delivery's number against the one expected of its
//! producer and partition, in an array of producers × partitions.
//!
//! A prototype of the place, not the engine's code, which verifies nothing yet: no redelivery, no
//! incarnation, no report. `walk` is the loop without it; what the other two take more is the array
//! and the comparison. Deliveries come in batches of one partition, as fetches do, and batches from all
//! places in an order that no cache line foresees.

use kdyno_benches::{Digest, Size, cost, is_asked, timed};
use std::hint::black_box;

/// Messages of one producer and partition in a row.
const BATCH: u64 = 16;

/// Where numbers are missing: one in so many.
const GAP_EVERY: u64 = 50;

const PARTITIONS: u64 = 4;

/// What was delivered.
struct Delivered {
    producer: u64,
    partition: u64,
    number: u64,
}

/// The next number of each producer and partition, and what did not fit.
struct Expected {
    next: Vec<u64>,
    missing: u64,
    back: u64,
}

impl Expected {
    fn new(producers: u64) -> Self {
        let places = usize::try_from(producers * PARTITIONS).expect("places fit in memory");
        Self { next: vec![0; places], missing: 0, back: 0 }
    }

    fn check(&mut self, delivered: &Delivered) {
        let place = delivered.producer * PARTITIONS + delivered.partition;
        let next = &mut self.next[usize::try_from(place).expect("places fit in memory")];
        if delivered.number == *next {
            *next += 1;
        } else if *next < delivered.number {
            self.missing += delivered.number - *next;
            *next = delivered.number + 1;
        } else {
            self.back += 1;
        }
    }
}

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(1_000_000, 10_000_000);
    for producers in [1, 25, 2_500] {
        let parameters =
            [("messages", count), ("producers", producers), ("partitions", PARTITIONS)];
        cost("verification: walk", &parameters, count, || {
            timed(|| {
                let mut digest = Digest::default();
                walk(count, producers, u64::MAX, |delivered| {
                    digest.add(delivered.producer ^ delivered.partition ^ delivered.number);
                });
                digest
            })
        });
        for (name, every) in
            [("verification: in order", u64::MAX), ("verification: gaps", GAP_EVERY)]
        {
            cost(name, &parameters, count, || {
                let mut expected = Expected::new(producers);
                timed(|| verify(count, producers, every, &mut expected))
            });
        }
    }
}

fn verify(count: u64, producers: u64, every: u64, expected: &mut Expected) -> Digest {
    let mut digest = Digest::default();
    walk(count, producers, every, |delivered| {
        digest.add(delivered.producer ^ delivered.partition ^ delivered.number);
        expected.check(&delivered);
    });
    assert_eq!(expected.back, 0, "nothing comes twice");
    assert_eq!(every != u64::MAX, 0 < expected.missing, "gaps are seen, and only they");
    digest.add(expected.missing);
    digest
}

/// Batch by batch; one number in `every` is left out.
fn walk(count: u64, producers: u64, every: u64, mut deliver: impl FnMut(Delivered)) {
    let places = producers * PARTITIONS;
    for batch in 0..count / BATCH {
        // A step that shares no factor with any count of places here.
        let place = batch * 7_919 % places;
        let (producer, partition) = (place / PARTITIONS, place % PARTITIONS);
        let first = batch / places * BATCH;
        for nth in first..first + BATCH {
            let number = nth + nth / black_box(every);
            deliver(black_box(Delivered { producer, partition, number }));
        }
    }
}
