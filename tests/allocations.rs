//! Per message our code makes no allocation: what a run allocates does not grow with its messages.
//!
//! Counted are all of Rust's allocations in the process, on every thread, from the start line to the
//! end of the drain; librdkafka's own are C's and not seen. A run allocates for its lanes, seconds and
//! handovers whatever it sends, so two runs of the same length are compared, one with ten times the
//! messages.

use engine::driver::{Refusal, find};
use engine::message::{KeyOrder, KeySource};
use engine::plan::{Demand, StampPlace, Wishes};
use engine::run::Outcome;
use engine::time::{ClockSource, RunClock};
use kdyno_tests::demand::{on_broker, real_broker, small};
use kdyno_tests::engine_run::{Silent, plan};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::num::NonZeroU64;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Messages per second of the smaller run, and how long each lasts.
const RATE: u64 = 1_000;
const MILLIS: u64 = 1_500;

/// What two runs of the same length may differ by: handovers and looks at the clock fall differently.
/// The larger one has 13,500 messages more, so one allocation in 50 messages is found.
const ALLOWANCE: usize = 270;

/// One test, since the count is the process's.
#[test]
fn what_is_allocated_does_not_grow_with_the_messages() {
    let region = Region::new(ALLOCATOR);
    drop(vec![1_u8; 100]);
    assert!(0 < region.change().allocations, "the count is able to see an allocation");

    check("loopback", &|rate| small("allocations", rate, MILLIS));
    check("embedded", &|rate| small("allocations", rate, MILLIS));
    check("embedded", &|rate| {
        let mut demand = small("allocations-header", rate, MILLIS);
        demand.streams[0].stamp = StampPlace::Header;
        demand
    });
    check("loopback", &|rate| {
        let mut demand = small("allocations-keys", rate, MILLIS);
        let order = KeyOrder::Zipf { skew: 0.99, recency: NonZeroU64::new(100) };
        demand.streams[0].keys = KeySource::standard(order);
        demand
    });
    if let Some(address) = real_broker() {
        check("kafka", &|rate| {
            let test_id = format!("allocations_{}_{rate}", std::process::id());
            on_broker(&address, &test_id, rate, MILLIS)
        });
    }
}

/// The first run of a process fills what is filled once.
fn check(driver: &str, demand: &dyn Fn(u64) -> Demand) {
    let place = demand(RATE).streams[0].stamp;
    let [_, few, many] = [RATE / 2, RATE, 10 * RATE].map(|rate| {
        let (allocations, outcome) = count(driver, demand(rate));
        let measured = &outcome.tally.streams[0].measured;
        let counts = [measured.produced.messages, measured.acked.messages, measured.received()];
        assert_eq!(counts, [rate * MILLIS / 1_000; 3], "{driver}, {rate}/s: sent, acked, read");
        allocations
    });
    let grown = many.saturating_sub(few);
    assert!(grown < ALLOWANCE, "{driver}, stamp in {place:?}: {few} allocations became {many}");
}

/// Runs and counts from the start line on: what is made before it is made once.
fn count(driver: &str, demand: Demand) -> (usize, Outcome) {
    let plan = plan(demand, &Wishes::default());
    let driver = find(driver).expect("the driver exists");
    let clock = RunClock::anchored(ClockSource::Os);
    let ready = match (driver.prepare)(plan, clock, &mut Silent) {
        Ok(ready) => ready,
        Err(Refusal::Target(error)) => panic!("no target: {error}"),
        Err(Refusal::Run(failed)) => panic!("not ready: {:?}", failed.0.ending),
    };
    let region = Region::new(ALLOCATOR);
    let (outcome, teardown) = ready.start(&mut Silent);
    let change = region.change();
    let clean_up = teardown.finish();
    assert!(clean_up.left.is_empty(), "nothing is left: {clean_up:?}");
    (change.allocations + change.reallocations, outcome)
}
