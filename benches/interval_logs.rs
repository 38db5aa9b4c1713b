//! What a second's way to the disk costs: to copy its five histograms, as the run's thread does for the one that
//! writes, and to make the lines of the interval logs of them, as that one does.
//!
//! Copies are let go by another thread, as in a run.

use control::report::hlog::{self, Kind};
use engine::measure::{Latency, PhaseTally, Tally};
use engine::units::Nanos;
use kdyno_benches::{Digest, Size, Spans, cost, demand, is_asked, timed};
use std::hint::black_box;
use std::sync::mpsc::{Receiver, sync_channel};

/// Copies on their way to the other thread at most.
const WAITING: usize = 10;

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let size = Size::of_this_run();
    let count = size.choose(3, 200);
    for messages in [size.choose(1_000, 5_000), size.choose(2_000, 200_000)] {
        let mut tally = Tally::new(&demand(Nanos::from_secs(1)));
        let mut spans = Spans::default();
        let phase = &mut tally.streams[0].measured;
        for _ in 0..messages {
            spans.record(phase);
        }
        let parameters = [("messages", messages)];
        cost("interval logs: copy", &parameters, count, || copying(phase, count));
        cost("interval logs: lines", &parameters, count, || writing(phase, count));
    }
}

fn parts(phase: &PhaseTally) -> impl Iterator<Item = &Latency> {
    Kind::ALL.iter().map(|kind| (kind.part)(phase))
}

/// The digest counts the spans that arrived.
fn copying(phase: &PhaseTally, count: u64) -> (Nanos, Digest) {
    let (out, copies) = sync_channel(WAITING);
    let let_go = |all: Receiver<Vec<Latency>>| -> u64 {
        all.iter().flatten().map(|latency| latency.count()).sum()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| let_go(copies));
        let mut span = Nanos::ZERO;
        for _ in 0..count {
            let (took, copy) = timed(|| black_box(parts(phase).cloned().collect()));
            span = span + took;
            out.send(copy).expect("the other thread takes all");
        }
        drop(out);
        let mut digest = Digest::default();
        digest.add(other.join().expect("it does not panic"));
        (span, digest)
    })
}

fn writing(phase: &PhaseTally, count: u64) -> (Nanos, Digest) {
    let lines = || -> String { parts(black_box(phase)).map(|of| hlog::line(7, of)).collect() };
    let (span, last) = timed(|| (0..count).fold(String::new(), |_, _| lines()));
    let mut digest = Digest::default();
    last.bytes().for_each(|byte| digest.add(u64::from(byte)));
    (span, digest)
}
