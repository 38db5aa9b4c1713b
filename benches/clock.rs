//! What a reading of each clock takes.

use engine::time::{Clock, ClockSource, Correction, Line, OsClock, RunClock};
use engine::units::Nanos;
use kdyno_benches::{Digest, Size, cost, is_asked, run_clock, timed};
use std::hint::black_box;

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(10_000, 10_000_000);
    let parameters = [("readings", count)];
    let os = OsClock::anchored();
    cost("clock: os", &parameters, count, || read(count, &os));
    let asking = RunClock::anchored(ClockSource::Os);
    cost("clock: os, of a run", &parameters, count, || read(count, &asking));
    let correction: &'static Correction = Box::leak(Box::default());
    let line = Line::new(asking.now(), -250_000_000, 200_000);
    correction.begin(&line.expect("200 ppm are less than a line may have"));
    let asking = asking.in_fleet(correction);
    cost("clock: os, of a fleet", &parameters, count, || read(count, &asking));
    let counting = run_clock();
    if counting.source() == ClockSource::Tsc {
        cost("clock: tsc, of a run", &parameters, count, || read(count, &counting));
        let counting = counting.in_fleet(correction);
        cost("clock: tsc, of a fleet", &parameters, count, || read(count, &counting));
    }
}

/// The digest counts the readings before the one before: none.
fn read<C: Clock>(count: u64, clock: &C) -> (Nanos, Digest) {
    timed(|| {
        let mut digest = Digest::default();
        let (mut last, mut back) = (clock.now(), 0);
        for _ in 0..count {
            let now = black_box(clock).now();
            back += u64::from(now < last);
            last = now;
        }
        digest.add(back);
        digest
    })
}
