//! What the next due time takes, whatever the rate and however many producers a lane carries.

use engine::time::{Schedule, Walk};
use engine::units::{Nanos, Rate, Timestamp};
use kdyno_benches::{Digest, Size, cost, is_asked, timed};
use std::hint::black_box;

const START: Timestamp = Timestamp::from_nanos(1_000_000_000);

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(10_000, 20_000_000);
    // The second rate divides no second evenly, so that every step carries a remainder.
    for (per_second, producers, lanes) in
        [(1_000_000, 1, 1), (999_983, 1, 1), (999_983, 1_000, 1), (999_983, 1_000, 4)]
    {
        let parameters =
            [("messages", count), ("rate", per_second), ("producers", producers), ("lanes", lanes)];
        cost("schedule: due time", &parameters, count, || {
            timed(|| walk(count, per_second, producers, lanes))
        });
    }
}

/// Walks over the first lane's share of the schedule.
fn walk(count: u64, per_second: u64, producers: u64, lanes: u64) -> Digest {
    let rate = Rate::per_second(black_box(per_second)).expect("above zero");
    let schedule = Schedule::constant(rate, START, START + Nanos::from_secs(1_000_000));
    let step = usize::try_from(lanes).expect("a few lanes");
    let own: Vec<u64> = (0..producers).step_by(step).collect();
    let mut walk = Walk::new(schedule, producers, &own);
    let mut digest = Digest::default();
    for _ in 0..count {
        let turn = walk.peek().expect("the schedule is longer");
        digest.add(turn.due.as_nanos());
        walk.advance();
    }
    digest
}
