//! What it takes to write a stamp into a message, and to read it.

use engine::message::Stamp;
use engine::units::Timestamp;
use kdyno_benches::{Digest, Size, cost, is_asked, timed};
use std::hint::black_box;

/// Different messages in a row: more than one cache line, less than the first-level cache.
const POOL: u64 = 512;

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(10_000, 10_000_000);
    let parameters = [("messages", count)];
    cost("stamping: encode", &parameters, count, || timed(|| encode(count)));
    let encoded: Vec<[u8; Stamp::SIZE]> = (0..POOL).map(|number| stamp(number).encode()).collect();
    cost("stamping: decode", &parameters, count, || timed(|| decode(count, black_box(&encoded))));
}

fn stamp(number: u64) -> Stamp {
    let due = Timestamp::from_nanos(1_700_000_000_000_000_000 + number * 1_000);
    Stamp { run: 1, producer: 2, incarnation: 3, stream: 4, sequence: number, due, sent: due }
}

fn encode(count: u64) -> Digest {
    let mut digest = Digest::default();
    let mut body = [0; Stamp::SIZE];
    for number in 0..count {
        body = black_box(stamp(black_box(number)).encode());
        digest.add(u64::from(body[4]));
    }
    body.iter().for_each(|byte| digest.add(u64::from(*byte)));
    digest
}

fn decode(count: u64, encoded: &[[u8; Stamp::SIZE]]) -> Digest {
    let mut digest = Digest::default();
    let all = encoded.iter().cycle();
    for (_, bytes) in (0..count).zip(all) {
        let stamp = Stamp::decode(black_box(bytes)).expect("it was encoded before");
        digest.add(stamp.sequence);
    }
    digest
}
