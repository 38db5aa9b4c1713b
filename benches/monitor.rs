//! What one look of the system monitor takes, as rarely as it is taken: with caches gone cold.

use control::monitor::Meters;
use engine::time::{Clock, ClockSource, RunClock};
use engine::units::{Nanos, Timestamp};
use kdyno_benches::{Digest, Size, cost, is_asked};

/// Between two looks: processors are read at each.
const PERIOD: Nanos = Nanos::from_millis(250);

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(1, 20);
    let clock = RunClock::anchored(ClockSource::Os);
    let mut meters = Meters::new(&[0], clock);
    let parameters = [("looks", count), ("ms apart", PERIOD.0 / 1_000_000)];
    cost("monitor: one look", &parameters, count, || looks(count, &mut meters, clock));
}

/// The digest counts the looks that came back without processors: none.
fn looks(count: u64, meters: &mut Meters, clock: RunClock) -> (Nanos, Digest) {
    let (mut took, mut blind) = (Nanos::ZERO, 0);
    for _ in 0..count {
        rest(clock, clock.now() + PERIOD);
        let begun = clock.now();
        let sample = meters.look();
        took = took + begun.until(clock.now());
        blind += u64::from(sample.cpu.is_none());
    }
    let mut digest = Digest::default();
    digest.add(blind);
    (took, digest)
}

fn rest(clock: RunClock, until: Timestamp) {
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
}
