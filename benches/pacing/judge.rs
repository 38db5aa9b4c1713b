//! The medians of all turns, and whether the bounds hold.

use super::{Job, Turn, Turns};
use engine::time::WaitMode;
use engine::units::Nanos;
use kdyno_benches::median;

/// Percentiles that are told.
const TOLD: [f64; 3] = [50.0, 99.0, 99.9];

/// Where a real broker's p50 is judged: up to this rate, in messages per second.
const JUDGED_RATE: u64 = 10_000;

/// Part of a core, in thousandths, that a sleeping lane may take at 1,000 messages per second.
const SLEEPER_PERMILLE: u64 = 150;

/// A bound: what ours may be where the reference is so.
struct Bound {
    words: &'static str,
    percent: f64,
    allows: fn(Nanos) -> Nanos,
}

const CLOSE_P50: Bound = Bound {
    words: "p50 <= reference + 1 us",
    percent: 50.0,
    allows: |reference| reference + Nanos(1_000),
};

const CLOSE_P99: Bound = Bound {
    words: "p99 <= 1.5 x reference + 5 us",
    percent: 99.0,
    allows: |reference| Nanos(reference.0 / 2 * 3) + Nanos(5_000),
};

const REAL_P50: Bound = Bound {
    words: "p50 <= reference + 5 us",
    percent: 50.0,
    allows: |reference| reference + Nanos(5_000),
};

/// One line a side, one line a bound.
#[expect(clippy::print_stdout, reason = "the figures are what a bench is for")]
pub(crate) fn print(job: &Job, turns: &Turns) {
    let mode = match job.mode {
        WaitMode::Spin => "spin",
        WaitMode::Sleep => "sleep",
    };
    let title = format!("{} {mode} {}/s, core {}", job.link, job.rate.get(), job.core);
    for (side, of) in [("ours", &turns.ours), ("reference", &turns.reference)] {
        println!("{title:<32} {side:<9} {}", figures(of));
    }
    let bounds: &[Bound] = match job.link {
        "loopback" => &[CLOSE_P50, CLOSE_P99],
        _ if job.rate.get() <= JUDGED_RATE => &[REAL_P50],
        _ => &[],
    };
    bounds.iter().for_each(|bound| println!("    {}", judged(bound, turns)));
    if job.mode == WaitMode::Sleep && job.rate.get() == 1_000 {
        let share = permille(&turns.ours);
        let word = holds(share.is_some_and(|share| share <= SLEEPER_PERMILLE));
        println!("    <= 15 % of a core: {word}, {}", percent(share));
    }
}

fn figures(turns: &[Turn]) -> String {
    let mut words: Vec<String> =
        TOLD.iter().map(|told| format!("p{told} {} us", micros(middle(turns, *told)))).collect();
    words.push(format!("max {} us", micros(Nanos(median(of(turns, |turn| turn.delays.max()))))));
    words.push(format!("{} of a core", percent(permille(turns))));
    words.join(", ")
}

/// Holds by the medians; each turn beside it, in its order.
fn judged(bound: &Bound, turns: &Turns) -> String {
    let [ours, reference] = [&turns.ours, &turns.reference].map(|all| middle(all, bound.percent));
    let pairs = turns.ours.iter().zip(&turns.reference).map(|(mine, bare)| {
        let [mine, bare] = [mine, bare].map(|turn| turn.delays.percentile(bound.percent));
        format!("{}/{}", micros(mine), micros(bare))
    });
    format!(
        "{}: {}, {} of {} us allowed (turns, ours/reference: {})",
        bound.words,
        holds(ours <= (bound.allows)(reference)),
        micros(ours),
        micros((bound.allows)(reference)),
        pairs.collect::<Vec<_>>().join(" "),
    )
}

const fn holds(does: bool) -> &'static str {
    if does { "holds" } else { "does not hold" }
}

fn of(turns: &[Turn], figure: impl Fn(&Turn) -> Nanos) -> Vec<u64> {
    turns.iter().map(|turn| figure(turn).0).collect()
}

fn middle(turns: &[Turn], percent: f64) -> Nanos {
    Nanos(median(of(turns, |turn| turn.delays.percentile(percent))))
}

fn permille(turns: &[Turn]) -> Option<u64> {
    let known: Vec<u64> = turns.iter().filter_map(|turn| turn.permille).collect();
    (!known.is_empty()).then(|| median(known))
}

fn percent(permille: Option<u64>) -> String {
    permille.map_or_else(|| "-".to_owned(), |share| format!("{}.{} %", share / 10, share % 10))
}

/// Microseconds with three decimals.
fn micros(span: Nanos) -> String {
    format!("{}.{:03}", span.0 / 1_000, span.0 % 1_000)
}
