//! How far the answer of a search lies off a capacity that is known: real lanes, in real time, against
//! links of many capacities, even ones and noisy ones. Fails where one is off by more than 2 %.
//!
//! The small size asks for a little of what its link takes, and is told that it has no limit there.
//! `seeds=N` tries so many of the thirty, `at_once=N` so many together: they sleep most of the time.
//! `noise_permille=N` tries links of that noise only.

use engine::host::machine;
use engine::link::loopback::LoopbackTarget;
use engine::link::throttled::{Capacity, Throttled};
use engine::plan::{Demand, Pace, Plan, SearchDemand, WaitChoice, Warmup, Wishes};
use engine::run::prepare;
use engine::search::{Cause, SearchEnd};
use engine::time::WaitMode;
use engine::units::{Nanos, Rate};
use kdyno_benches::{Digest, Silent, Size, is_asked, median, parameters, print_once, run_clock};
use std::thread::{ScopedJoinHandle, scope};

/// How far an answer may be off, in hundredths of a percent.
const ALLOWED: u64 = 200;

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let seeds = parameter("seeds").unwrap_or(Size::of_this_run().choose(1, 30));
    let at_once = parameter("at_once").unwrap_or(6).max(1);
    let noises = parameter("noise_permille").map_or(vec![0, 300], |only| vec![only]);
    for noise_permille in noises {
        let mut off = Vec::new();
        for first in (0..seeds).step_by(usize::try_from(at_once).expect("a few")) {
            let together: Vec<u64> = (first..seeds.min(first + at_once)).collect();
            off.extend(scope(|scope| {
                let begin = |seed: &u64| {
                    let capacity = capacity(*seed, noise_permille);
                    scope.spawn(move || (capacity, searched(capacity)))
                };
                let runs: Vec<_> = together.iter().map(begin).collect();
                let told = |running: ScopedJoinHandle<'_, (Capacity, SearchEnd)>| {
                    let (capacity, end) = running.join().expect("a search does not panic");
                    tell(&capacity, &end)
                };
                runs.into_iter().map(told).collect::<Vec<u64>>()
            }));
        }
        let Some(worst) = off.iter().max().copied() else { return };
        let figure = format!("worst {}, median {}", percent(worst), percent(median(off)));
        let parameters = [("noise_permille", noise_permille), ("seeds", seeds)];
        print_once("search: all", &parameters, &figure, Digest::default());
        assert!(worst <= ALLOWED, "an answer is off by {}", percent(worst));
    }
}

/// From 3,000 messages a second to 20,000: little for a lane, so that several run together.
fn capacity(seed: u64, noise_permille: u64) -> Capacity {
    let rate = Rate::per_second(3_000 + seed * 571).expect("it is above zero");
    Capacity { noise_permille, seed, ..Capacity::even(rate) }
}

/// The highest rate that is tried.
fn most() -> Rate {
    let most = Size::of_this_run().choose(1_000, 9_999_999);
    Rate::per_second(most).expect("it is above zero")
}

fn searching() -> Demand {
    let start = Rate::per_second(1_000).expect("it is above zero");
    let size = Size::of_this_run();
    let mut demand = kdyno_benches::demand(Nanos::from_secs(size.choose(1, 10)));
    let bound = Nanos::from_secs(400);
    demand.phases.warmup = Warmup::Auto { bound };
    demand.streams[0].pace = Pace::At(start);
    // Nobody reads: a lane less for each.
    demand.streams[0].subscriptions = 0;
    demand.streams[0].consumers_per_subscription = 0;
    demand.search = Some(SearchDemand {
        warmup: Nanos::from_secs(1),
        start,
        most: most(),
        settle: Nanos::from_secs(size.choose(0, 2)),
        window: Nanos::from_secs(size.choose(3, 6)),
        precision_permille: 15,
        confirmations: 2,
        objectives: Vec::new(),
        bound,
    });
    demand
}

fn searched(capacity: Capacity) -> SearchEnd {
    let demand = searching();
    let wishes = Wishes { wait: WaitChoice::Fixed(WaitMode::Sleep), ..Wishes::default() };
    let target = Throttled::new(LoopbackTarget::new(&demand), capacity);
    let plan = Plan::new(demand, &machine(), &wishes).expect("the plan is sound");
    let ready = prepare(plan, target, run_clock(), &mut Silent).expect("the loopback is ready");
    let (outcome, teardown) = ready.start(&mut Silent);
    assert!(teardown.finish().unclosed.is_empty(), "all lanes end");
    outcome.search.expect("it was a search")
}

/// Prints an answer; how far it is off, in hundredths of a percent.
fn tell(capacity: &Capacity, end: &SearchEnd) -> u64 {
    let known = capacity.rate.min(most()).get();
    let off = end.sustainable.abs_diff(known) * 10_000 / known;
    let sign = if end.sustainable < known { "-" } else { "+" };
    let (cause, seen) = (end.bound_by.map_or("nothing", Cause::word), end.steps.last());
    let confirmed = if end.confirmed { "confirmed" } else { "not confirmed" };
    let took = seen.map_or(0, |step| step.from_s);
    let figure = format!(
        "off {sign}{}, {confirmed}, bound by {cause}, {} changes, {} steps in {took} s",
        percent(off),
        end.changes,
        end.steps.len()
    );
    let parameters = [
        ("seed", capacity.seed),
        ("noise_permille", capacity.noise_permille),
        ("capacity", known),
        ("answer", end.sustainable),
    ];
    print_once("search", &parameters, &figure, Digest::default());
    if ALLOWED < off || !end.confirmed {
        print_steps(end);
    }
    off
}

/// Why an answer is what it is.
#[expect(clippy::print_stdout, reason = "the figures are what a bench is for")]
fn print_steps(end: &SearchEnd) {
    for step in &end.steps {
        let cause = step.cause.map_or("sustained", Cause::word);
        let (kind, acked) = (step.kind.word(), step.acked_per_second());
        println!(
            "    {:>3} s +{:>2} s {kind:<8} {:>6}: {acked:.1} acked a second, lag {:.3} s, {cause}",
            step.from_s, step.seconds, step.rate, step.lag_s
        );
    }
}

fn percent(hundredths: u64) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn parameter(name: &str) -> Option<u64> {
    let given = parameters().into_iter().find(|(given, _)| given == name);
    given.map(|(_, value)| value.parse().expect("parameters of a search are whole numbers"))
}
