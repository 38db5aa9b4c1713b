//! A search by real lanes, in real time, against links of known capacity.

use engine::link::Target;
use engine::link::loopback::LoopbackTarget;
use engine::link::throttled::{Capacity, Throttled};
use engine::measure::Verdict;
use engine::plan::{Demand, Pace, SearchDemand, WaitChoice, Warmup, Wishes};
use engine::run::{Ending, Outcome, prepare};
use engine::search::{Cause, SearchEnd, Step};
use engine::time::{ClockSource, RunClock, WaitMode};
use engine::units::{Nanos, Rate};
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::{Silent, plan};
use kdyno_tests::slow::SlowTarget;
use std::thread::scope;

/// What the links take, messages per second: little for lanes, also for several at once on one core.
const CAPACITY: u64 = 5_000;

/// The first rate.
const START: u64 = 3_000;

fn rate(per_second: u64) -> Rate {
    Rate::per_second(per_second).expect("it is above zero")
}

/// A demand that searches, with short steps: nothing here has quotas.
fn searching(test_id: &str) -> Demand {
    let mut demand = small(test_id, START, 4_000);
    let bound = Nanos::from_secs(80);
    demand.phases.warmup = Warmup::Auto { bound };
    demand.streams[0].pace = Pace::At(rate(START));
    demand.search = Some(SearchDemand {
        warmup: Nanos::from_secs(1),
        start: rate(START),
        most: rate(9_999_999),
        settle: Nanos::from_secs(1),
        window: Nanos::from_secs(3),
        precision_permille: 15,
        confirmations: 2,
        objectives: Vec::new(),
        bound,
    });
    demand
}

/// Runs it against a target with lanes that sleep; what came of it, and the exit code of its verdict.
fn search<T: Target>(demand: &Demand, target: T) -> (SearchEnd, i32) {
    let wishes = Wishes { wait: WaitChoice::Fixed(WaitMode::Sleep), ..Wishes::default() };
    let judged = plan(demand.clone(), &wishes);
    let clock = RunClock::anchored(ClockSource::Os);
    let ready = prepare(judged.clone(), target, clock, &mut Silent);
    let (outcome, teardown) = ready.expect("the loopback is ready").start(&mut Silent);
    assert!(teardown.finish().unclosed.is_empty(), "every thread has ended");
    assert_eq!(outcome.ending, Ending::Finished, "{:?}", outcome.trouble);
    let code = code_of(&outcome, &judged);
    (outcome.search.expect("it was a search"), code)
}

fn code_of(outcome: &Outcome, judged: &engine::plan::Plan) -> i32 {
    let sight = outcome.sight(judged);
    Verdict::of(judged, &outcome.tally, &outcome.evidence(&sight)).exit_code.into()
}

/// A search against a link of this capacity.
fn throttled(test_id: &str, capacity: Capacity) -> SearchEnd {
    let demand = searching(test_id);
    let target = Throttled::new(LoopbackTarget::new(&demand), capacity);
    search(&demand, target).0
}

/// The answer lies within a twentieth, and never much above what the link takes. On a busy machine lanes
/// stand still, sends are late, and the search says that it was this host that kept it low.
fn check_near(end: &SearchEnd, expected: u64, what: &str) {
    assert!(end.sustainable <= expected + expected / 20, "{what}, {expected}: {end:#?}");
    if end.steps.iter().any(|step| step.cause == Some(Cause::Client)) {
        return;
    }
    let off = end.sustainable.abs_diff(expected);
    assert!(off * 20 <= expected, "{what}: {} of {expected}: {end:#?}", end.sustainable);
    assert!(end.confirmed, "{what}: {end:#?}");
    assert_eq!((end.bound_by, end.gave_up), (Some(Cause::Throughput), None), "{what}: {end:#?}");
    let above = end.above.expect("a higher rate was not sustained");
    assert!(end.sustainable < above, "{what}: {end:#?}");
}

#[test]
fn a_search_by_real_lanes_finds_what_a_link_takes() {
    let even = Capacity::even(rate(CAPACITY));
    let noisy = Capacity { noise_permille: 300, seed: 7, ..even };
    // It drops when the order of magnitude is known, and before the answer is.
    let drops = Capacity { changes: Some((Nanos::from_secs(25), rate(3_600))), ..even };
    scope(|scope| {
        scope.spawn(|| check_near(&throttled("even", even), CAPACITY, "an even link"));
        scope.spawn(|| check_near(&throttled("noisy", noisy), CAPACITY, "a noisy link"));
        scope.spawn(|| {
            let end = throttled("drops", drops);
            check_near(&end, 3_600, "a link that drops");
            // Whether it had been sustained depends on the moment: the laws of the search say of that.
            let took_more = |step: &Step| 4_500.0 < step.acked_per_second();
            assert!(end.steps.iter().any(took_more), "it had taken more: {end:#?}");
        });
    });
}

#[test]
fn clients_that_are_slow_themselves_are_called_the_limit() {
    let mut demand = searching("slow");
    let search = demand.search.as_mut().expect("it searches");
    search.precision_permille = 100;
    let target = SlowTarget::new(&demand, Nanos(200_000));
    let (end, code) = self::search(&demand, target);
    assert_eq!(end.bound_by, Some(Cause::Client), "{end:#?}");
    assert_eq!(code, 11, "this host is the limit: {end:#?}");
}
