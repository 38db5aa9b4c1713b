//! A run of an hour keeps little of each second: its memory stays flat.
//!
//! The whole engine runs on the loopback by a clock that goes 120 times as fast, with the lines of the interval logs made
//! of every second as the run directory has them. Counted is what Rust has in use in the process, at each second.

use control::report::hlog::{self, Kind};
use engine::driver::{Refusal, find};
use engine::measure::Tally;
use engine::plan::Wishes;
use engine::run::{Ending, Event, Hooks, Interval};
use engine::time::{Clock, ClockSource, Correction, Line, RunClock};
use engine::units::Nanos;
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::plan;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TIMES: u32 = 120;
const SECONDS: u64 = 3_600;

/// Messages per second of the run's own time.
const RATE: u64 = 100;

/// What may be kept of a second: its interval and what the result says of it.
const PER_SECOND: usize = 2_048;

/// What more may be in use at one second than at another: tallies that are on their way, a second's lines.
const ON_THE_WAY: usize = 4 << 20;

fn in_use() -> usize {
    let seen = ALLOCATOR.stats();
    seen.bytes_allocated - seen.bytes_deallocated
}

/// What was in use at the end of each second.
#[derive(Debug, Default)]
struct Watched {
    in_use: Vec<usize>,
    /// Of all lines of the interval logs.
    logged: usize,
}

impl Watched {
    fn second(&mut self, interval: &Interval, tally: &Tally) {
        let line = |kind: &Kind| {
            hlog::line(interval.second, (kind.part)(&tally.streams[0].measured)).len()
        };
        self.logged += Kind::ALL.iter().map(line).sum::<usize>();
        self.in_use.push(in_use());
    }

    /// The median of a quarter of the hour.
    fn of_quarter(&self, quarter: usize) -> usize {
        let length = self.in_use.len() / 4;
        let mut part = self.in_use[(quarter - 1) * length..quarter * length].to_vec();
        part.sort_unstable();
        part[length / 2]
    }
}

impl Hooks for Watched {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Second(interval, tally) = event {
            self.second(interval, tally);
        }
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// One test, since the count is the process's.
#[test]
fn an_hour_takes_no_more_memory_than_its_first_half() {
    let before = in_use();
    let seen = vec![1_u8; ON_THE_WAY];
    assert!(before + seen.len() <= in_use(), "the count is able to see what is kept");
    drop(seen);

    let correction: &'static Correction = Box::leak(Box::default());
    let own = RunClock::anchored(ClockSource::Os);
    correction.begin(&Line::hastened(own.now(), TIMES));
    let mut watched = Watched { in_use: Vec::with_capacity(2 * 3_600), logged: 0 };
    let mut demand = small("hour", RATE, 1_000 * SECONDS);
    // A host that stands still for a moment stands still for a hundred and twenty of the run's.
    let of_the_host = |span: &mut Nanos| *span = Nanos(span.0 * u64::from(TIMES));
    let deadlines = &mut demand.deadlines;
    of_the_host(&mut deadlines.ready);
    of_the_host(&mut deadlines.acks);
    of_the_host(&mut deadlines.quiet);
    of_the_host(&mut deadlines.teardown);
    let asked = plan(demand, &Wishes::default());
    let driver = find("loopback").expect("the driver exists");
    let ready = match (driver.prepare)(asked, own.in_fleet(correction), &mut watched) {
        Ok(ready) => ready,
        Err(Refusal::Target(error)) => panic!("no target: {error}"),
        Err(Refusal::Run(failed)) => panic!("not ready: {:?}", failed.0.ending),
    };
    let (outcome, teardown) = ready.start(&mut watched);
    let clean_up = teardown.finish();
    assert!(clean_up.unclosed.is_empty(), "{clean_up:?}");

    assert_eq!(outcome.ending, Ending::Finished, "an hour long");
    let measured = &outcome.tally.streams[0].measured;
    let counts = [measured.produced.due, measured.acked.messages, measured.received()];
    assert_eq!(counts, [RATE * SECONDS; 3], "due, acked, read");
    let seconds = watched.in_use.len();
    // 8 ms in which a lane has no core are a second that it tells with the next.
    assert!((1_800..3_700).contains(&seconds), "seconds were told: {seconds}");
    assert!(seconds * 200 < watched.logged, "with its histograms: {} bytes", watched.logged);

    let [second, last] = [2, 4].map(|quarter| watched.of_quarter(quarter));
    let kept = PER_SECOND * seconds / 2;
    println!("in use in the second quarter: {second} bytes, in the last: {last}");
    assert!(last < second + kept + ON_THE_WAY, "{second} bytes became {last}");
    let most = watched.in_use[seconds / 4..].iter().max().expect("there are seconds");
    assert!(*most < second + kept + 4 * ON_THE_WAY, "at no second: {second} bytes, {most}");
}
