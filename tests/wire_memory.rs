//! Bytes that nobody sent take no more memory than their own length explains.
//!
//! Counted is what Rust allocates in the process, all of it, also what was given back.

use engine::measure::{Entry, PARTITIONS_MAX};
use engine::measure::{Phase, Series, Side, Stretch, Tally};
use engine::units::Nanos;
use kdyno_tests::demand::small;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Whatever the bytes are: serde takes up to 1 MiB for each list that says it is long, of which there
/// are a few in one another, and a stream has tables of errors and of partitions.
const ALLOWANCE: usize = 8 << 20;

/// And for each byte: a counter of a histogram takes one, and 16 in memory.
const PER_BYTE: usize = 64;

/// A tally with something of all that has a length.
fn tally() -> Tally {
    let mut demand = small("memory", 1, 1_000);
    demand.streams[0].topics[0].partitions = u32::try_from(PARTITIONS_MAX).expect("it is small");
    let mut tally = Tally::new(&demand);
    let stream = &mut tally.streams[0];
    for number in 0..40_u64 {
        let span = Some(Nanos(number * number * 1_000));
        stream.measured.publish.record(span);
        stream.warmup.transit.record(span);
        stream.partitions.record(usize::try_from(number).expect("it is small"), span);
        let series = Series { producer: 1, incarnation: 0, partition: 2 };
        let offset = i64::try_from(number).expect("it is small");
        let stretch = Stretch::of_one(2 * number, offset, Phase::Measured);
        stream.account.note(Entry { side: Side::Received(0), series, stretch });
        stream.measured.produce_errors.count(7);
    }
    let mut filed = Tally::new(&demand);
    filed.merge(&tally);
    filed.streams[0].account.note(Entry {
        side: Side::Acked,
        series: Series { producer: 1, incarnation: 0, partition: 2 },
        stretch: Stretch::of_one(1, 1, Phase::Warmup),
    });
    filed
}

fn check(bytes: &[u8], words: &str) {
    let region = Region::new(ALLOCATOR);
    let read = postcard::from_bytes::<Tally>(bytes);
    let change = region.change();
    let most = ALLOWANCE + PER_BYTE * bytes.len();
    let taken = change.bytes_allocated;
    assert!(taken < most, "{words}: {taken} bytes of memory for {} bytes: {read:?}", bytes.len());
}

/// One test, since the count is the process's.
#[test]
fn bytes_that_nobody_sent_take_little_memory() {
    let region = Region::new(ALLOCATOR);
    drop(vec![1_u8; ALLOWANCE]);
    assert!(ALLOWANCE <= region.change().bytes_allocated, "the count is able to see too much");

    let bytes = postcard::to_stdvec(&tally()).expect("memory takes it");
    assert_eq!(postcard::from_bytes::<Tally>(&bytes).expect("it is whole"), tally(), "as sent");
    // Lengths of 2^32, of 2^56 and beyond all, wherever a length may be.
    for claim in [&[0x80, 0x80, 0x80, 0x80, 0x10][..], &[0xFF; 8], &[0xFF; 10]] {
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged.splice(place..=place, claim.iter().copied());
            check(&damaged, "a length");
        }
    }
    for of in 0..=u8::MAX {
        check(&vec![of; 10_000], "one byte again and again");
    }
    let mut chance = 1_u64;
    for _ in 0..2_000 {
        let drawn = std::iter::repeat_with(|| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            chance.to_be_bytes()[0]
        });
        check(&drawn.take(2_000).collect::<Vec<u8>>(), "drawn bytes");
    }
}
