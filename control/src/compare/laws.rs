//! The laws of comparisons, on hundreds of made-up pairs with fixed seeds: the same is seldom told to differ,
//! what differs is told to, however the seconds depend on each other.

use super::comparison::{Comparison, Row, Told};
use super::figure::{At, Figure, Span};
use super::fixture::{Made, closed, variants};
use super::synthetic::{Noise, noise};
use engine::measure::constants::exit;

const PAIRS: u64 = 200;
/// Of the pairs that are the same: one of twenty.
const ALARMS_MAX: usize = 10;
/// Of the pairs that are not: four of five.
const FOUND_MIN: usize = 160;
const TOLERANCE: f64 = 0.01;
const P99: Figure = Figure::Span(Span::Publish, At::P99);

fn base(noise: Noise, seconds: usize, spread: f64) -> Made {
    Made { noise, seconds, spread, ..Made::plain("a") }
}

/// Two runs that differ only by chance, and by what `change` does to the second.
fn pair(made: &Made, seed: u64, change: impl Fn(Made) -> Made) -> Comparison {
    let of = |id: &str, chance: u64| Made { id: id.to_owned(), seed: chance, ..made.clone() };
    let other = change(of("b", 2 * seed + 1));
    Comparison::of(variants(&[&[of("a", 2 * seed)], &[other]]), TOLERANCE)
}

/// The same of two closed loops.
fn closed_pair(made: &Made, seed: u64, latency: f64) -> Comparison {
    let of = |id: &str, chance: u64, times: f64| Made {
        id: id.to_owned(),
        seed: chance,
        latency: times,
        ..made.clone()
    };
    let mut both = variants(&[&[of("a", 2 * seed, 1.0)], &[of("b", 2 * seed + 1, latency)]]);
    for run in both.iter_mut().flat_map(|variant| &mut variant.runs) {
        *run = closed(run.clone());
    }
    Comparison::of(both, TOLERANCE)
}

fn row(comparison: &Comparison, figure: Figure) -> &Row {
    let mut rows = comparison.pairs[0].rows.iter();
    rows.find(|row| row.figure == figure).expect("the figure has a row")
}

/// Whether any row at all is told to differ.
fn is_alarm(comparison: &Comparison) -> bool {
    let is_told = |row: &Row| matches!(row.told, Told::Better | Told::Worse | Told::Regression);
    comparison.pairs.iter().flat_map(|pair| &pair.rows).any(is_told)
}

/// Of how many seeds something holds.
fn count(holds: impl Fn(u64) -> bool) -> usize {
    (0..PAIRS).filter(|seed| holds(*seed)).count()
}

#[test]
fn of_200_pairs_of_the_same_at_most_one_in_twenty_is_told_to_differ() {
    let kinds = [
        Noise::Independent,
        Noise::Ar(0.5),
        Noise::Ar(0.9),
        Noise::Ar(0.97),
        Noise::Bumps,
        Noise::Heavy,
        Noise::Drift,
    ];
    let mut told = Vec::new();
    for kind in kinds {
        for seconds in [60, 120, 300] {
            let made = base(kind, seconds, 0.02);
            let alarms = count(|seed| is_alarm(&pair(&made, seed, |same| same)));
            told.push(format!("{kind:?} of {seconds} s: {alarms}"));
            assert!(alarms <= ALARMS_MAX, "{told:#?}");
        }
    }
}

#[test]
fn seconds_alone_keep_that_law_too() {
    // Without the allowance for what repeats differ by: it must not be what holds the law.
    let mut told = Vec::new();
    for kind in [Noise::Independent, Noise::Ar(0.5), Noise::Ar(0.9), Noise::Bumps, Noise::Heavy] {
        // Seconds that vary by five times as much make it small beside them.
        let made = base(kind, 300, 0.1);
        let alarms = count(|seed| is_alarm(&pair(&made, seed, |same| same)));
        told.push(format!("{kind:?}: {alarms}"));
        assert!(alarms <= ALARMS_MAX, "{told:#?}");
    }
}

#[test]
fn three_percent_less_throughput_is_found_in_four_of_five_pairs_and_is_a_regression() {
    for spread in [0.01, 0.02, 0.03] {
        let made = base(Noise::Independent, 120, spread);
        let slower = |seed| pair(&made, seed, |same| Made { throughput: 0.97, ..same });
        let is_worse =
            |of: &Comparison| matches!(row(of, Figure::Acked).told, Told::Worse | Told::Regression);
        let found = count(|seed| is_worse(&slower(seed)));
        assert!(FOUND_MIN <= found, "seconds vary by {spread}: {found} of {PAIRS}");
        let regressions = count(|seed| slower(seed).exit_code() == exit::ASSERTION);
        assert!(FOUND_MIN <= regressions, "seconds vary by {spread}: {regressions} of {PAIRS}");
        let faster = |seed| pair(&made, seed, |same| Made { throughput: 1.03, ..same });
        let better = count(|seed| row(&faster(seed), Figure::Acked).told == Told::Better);
        assert!(FOUND_MIN <= better, "seconds vary by {spread}: {better} of {PAIRS}");
    }
}

#[test]
fn three_percent_is_found_in_dependent_seconds_where_they_vary_little() {
    let made = base(Noise::Ar(0.5), 120, 0.01);
    let slower = |seed| pair(&made, seed, |same| Made { throughput: 0.97, ..same });
    let found = count(|seed| slower(seed).exit_code() == exit::ASSERTION);
    assert!(FOUND_MIN <= found, "{found} of {PAIRS}");
}

#[test]
fn closed_loops_are_judged_by_what_begins_at_the_send() {
    let made = base(Noise::Independent, 120, 0.01);
    let alarms = count(|seed| is_alarm(&closed_pair(&made, seed, 1.0)));
    assert!(alarms <= ALARMS_MAX, "of the same: {alarms} of {PAIRS}");
    for span in [Span::Service, Span::Transit] {
        let median = Figure::Span(span, At::P50);
        let is_worse =
            |of: &Comparison| matches!(row(of, median).told, Told::Worse | Told::Regression);
        let found = count(|seed| is_worse(&closed_pair(&made, seed, 1.05)));
        assert!(FOUND_MIN <= found, "{span:?} of 5 % more: {found} of {PAIRS}");
    }
}

#[test]
fn what_is_too_small_to_be_seen_says_from_where_it_would_have_been() {
    let made = base(Noise::Independent, 120, 0.02);
    let slower = |latency: f64| {
        let made = made.clone();
        move |seed| pair(&made, seed, |same| Made { latency: same.latency * latency, ..same })
    };
    let (small, mut detectable) = (slower(1.03), 0.0);
    for seed in 0..PAIRS {
        let comparison = small(seed);
        let p99 = row(&comparison, P99);
        let from = p99.detectable.expect("it is judged");
        assert!(0.03 < from && from < 1.0, "a 99th percentile that varies by 14 %: {p99:?}");
        detectable += from / 200.0;
    }
    // And so it would: the seconds here differ by less than repeats are allowed to.
    let large = slower(1.0 + detectable);
    let found = count(|seed| row(&large(seed), P99).told != Told::NoDifference);
    assert!(FOUND_MIN <= found, "{detectable}: {found} of {PAIRS}");
}

#[test]
fn more_than_is_tolerated_must_be_sure() {
    // As much less as is tolerated: as often a little more as a little less.
    let made = base(Noise::Independent, 120, 0.02);
    let even = |seed| pair(&made, seed, |same| Made { throughput: 1.0 - TOLERANCE, ..same });
    let regressions = count(|seed| even(seed).exit_code() == exit::ASSERTION);
    assert!(regressions <= ALARMS_MAX, "{regressions} of {PAIRS}");
}

/// Two groups of repeats that differ by chance from run to run, the second by `latency` besides.
fn groups(size: usize, seed: u64, (between, latency): (f64, f64)) -> Comparison {
    let chance = noise(Noise::Independent, 4 * size, seed);
    let run = |at: usize, group: usize| Made {
        seconds: 60,
        spread: 0.005,
        seed: (seed * 2 + u64::from(group == 1)) * 100 + u64::try_from(at).expect("few"),
        throughput: (between * chance[at + group * size]).exp(),
        latency: (between * chance[2 * size + at + group * size]).exp()
            * if group == 1 { latency } else { 1.0 },
        ..Made::plain(&format!("{group}-{at}"))
    };
    let group = |group: usize| (0..size).map(|at| run(at, group)).collect::<Vec<Made>>();
    Comparison::of(variants(&[&group(0), &group(1)]), TOLERANCE)
}

#[test]
fn repeats_of_the_same_are_seldom_told_to_differ_however_much_runs_do() {
    for size in [3, 5] {
        for between in [0.005, 0.1] {
            let alarms = count(|seed| is_alarm(&groups(size, seed, (between, 1.0))));
            assert!(alarms <= ALARMS_MAX, "{size} repeats, {between}: {alarms}");
        }
    }
}

#[test]
fn five_repeats_find_three_percent_in_a_tail_that_hardly_varies_between_runs() {
    // 60 seconds whose 99th percentile varies by 3.5 %, and 0.2 % from run to run besides.
    let found = count(|seed| {
        let comparison = groups(5, seed, (0.002, 1.03));
        matches!(row(&comparison, P99).told, Told::Worse | Told::Regression)
    });
    assert!(FOUND_MIN <= found, "{found} of {PAIRS}");
}
