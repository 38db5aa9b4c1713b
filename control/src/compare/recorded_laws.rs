//! The laws of comparisons on real runs: repeats of one run are seldom told to differ, and what is made
//! slower is told to be, as far as single runs of 20 s can tell.

use super::comparison::{Comparison, Told};
use super::figure::{At, Figure, Span};
use super::fixture::closed;
use super::recorded::Recorded;
use super::recorded_runs::{compared, recorded_runs};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// How many draws of groups.
const DRAWS: u64 = 200;
/// One of so many comparisons of the same may be told to differ.
const ALARMS: usize = 20;

/// The names of the figures that are told to differ.
fn told(comparison: &Comparison) -> Vec<String> {
    let is_told = |told: Told| matches!(told, Told::Better | Told::Worse | Told::Regression);
    let rows = comparison.pairs[0].rows.iter().filter(|row| is_told(row.told));
    rows.map(|row| row.figure.name()).collect()
}

/// What is told of a figure.
fn told_of(comparison: &Comparison, figure: Figure) -> Told {
    let row = comparison.pairs[0].rows.iter().find(|row| row.figure == figure);
    row.expect("the figure has a row").told
}

fn is_worse(told: Told) -> bool {
    matches!(told, Told::Worse | Told::Regression)
}

fn is_judged(told: Told) -> bool {
    !matches!(told, Told::CannotTell | Told::NotJudged)
}

/// All pairs of runs, each once.
fn pairs(runs: &[Recorded]) -> impl Iterator<Item = (Recorded, Recorded)> + '_ {
    let later = |at: usize| runs[at + 1..].iter().map(move |other| (at, other));
    (0..runs.len()).flat_map(later).map(|(at, other)| (runs[at].clone(), other.clone()))
}

/// Two groups of so many runs each, none in both, drawn by chance.
fn groups(runs: &[Recorded], size: usize, seed: u64) -> (Vec<Recorded>, Vec<Recorded>) {
    let mut drawn = runs.to_vec();
    drawn.shuffle(&mut Pcg64::seed_from_u64(seed));
    (drawn[..size].to_vec(), drawn[size..2 * size].to_vec())
}

fn as_closed_loops(runs: Vec<Recorded>) -> Vec<Recorded> {
    runs.into_iter().map(closed).collect()
}

/// The same with all its publish latencies so many times as long.
fn slower(mut run: Recorded, times: f64) -> Recorded {
    let longer = |span: &mut Option<f64>| *span = span.map(|span| span * times);
    for of in &mut run.intervals {
        let spans = [&mut of.publish_p50_us, &mut of.publish_p99_us, &mut of.publish_max_us];
        spans.into_iter().for_each(longer);
    }
    let block = run.latency.publish.as_mut().expect("a run with due times");
    let whole = [
        &mut block.p50_us,
        &mut block.p95_us,
        &mut block.p99_us,
        &mut block.p99_9_us,
        &mut block.max_us,
    ];
    whole.into_iter().for_each(longer);
    run
}

/// The same with so many times the messages.
fn faster(mut run: Recorded, times: f64) -> Recorded {
    for of in &mut run.intervals {
        (of.acked, of.consumed) = (of.acked * times, of.consumed * times);
        of.process_cpu_cores = of.process_cpu_cores.map(|cores| cores * times);
    }
    for flow in [&mut run.acked, &mut run.consumed] {
        flow.messages_per_second = flow.messages_per_second.map(|rate| rate * times);
    }
    run
}

/// Once the second was changed: of how many pairs a figure is judged, and of how many it is told to be worse.
fn found(runs: &[Recorded], figure: Figure, change: impl Fn(Recorded) -> Recorded) -> [usize; 2] {
    let compared = pairs(runs).map(|(one, other)| compared(vec![one], vec![change(other)]));
    let told: Vec<Told> = compared.map(|of| told_of(&of, figure)).collect();
    let count = |is: fn(Told) -> bool| told.iter().filter(|told| is(**told)).count();
    [count(is_judged), count(is_worse)]
}

#[test]
fn of_all_pairs_of_repeats_at_most_one_in_twenty_is_told_to_differ() {
    for (kind, runs, span) in [
        ("as they were", recorded_runs(), Span::Publish),
        ("as closed loops", as_closed_loops(recorded_runs()), Span::Service),
    ] {
        let compared = pairs(&runs).map(|(one, other)| compared(vec![one], vec![other]));
        let all: Vec<Comparison> = compared.collect();
        assert_eq!(all.len(), 276, "of 24 runs");
        let alarms: Vec<Vec<String>> =
            all.iter().map(told).filter(|told| !told.is_empty()).collect();
        let judged =
            |figure: Figure| all.iter().filter(|of| is_judged(told_of(of, figure))).count();
        let judged =
            [Figure::Acked, Figure::Span(span, At::P50), Figure::Span(span, At::P99)].map(judged);
        println!("pairs {kind}: {} are told to differ: {alarms:?}; {judged:?}", alarms.len());
        assert!(alarms.len() <= all.len() / ALARMS, "{kind}: {alarms:?}");
        // Twenty seconds whose median drifts count as too few to be judged by; nothing else may hold the law.
        let [acked, median, tail] = judged;
        assert!(acked == 276 && 40 <= median && 200 <= tail, "{kind}: {judged:?} are judged");
    }
}

#[test]
fn of_groups_of_repeats_at_most_one_in_twenty_is_told_to_differ() {
    let runs = recorded_runs();
    for size in [3, 5, 12] {
        let drawn = (0..DRAWS).map(|seed| groups(&runs, size, seed));
        let compared = drawn.map(|(one, other)| told(&compared(one, other)));
        let alarms: Vec<Vec<String>> = compared.filter(|told| !told.is_empty()).collect();
        println!("groups of {size}: {} of {DRAWS} are told to differ: {alarms:?}", alarms.len());
        let most = usize::try_from(DRAWS).expect("few") / ALARMS;
        assert!(alarms.len() <= most, "{size}: {} of {DRAWS}: {alarms:?}", alarms.len());
    }
}

#[test]
fn what_is_made_slower_is_found_as_far_as_single_runs_can_tell() {
    let runs = recorded_runs();
    let closed_loops = as_closed_loops(runs.clone());
    let share = |what: &str, [judged, worse]: [usize; 2]| {
        println!("{what}: judged in {judged} of 276 pairs, found in {worse}");
        worse * 100 / judged
    };
    let latency = |at: At, times: f64| {
        let figure = Figure::Span(Span::Publish, at);
        share(
            &format!("{} x {times}", figure.name()),
            found(&runs, figure, |run| slower(run, times)),
        )
    };
    let median = [1.03, 1.05, 1.1].map(|times| latency(At::P50, times));
    assert!(median.is_sorted() && 80 <= median[2], "the more, the more often: {median:?}");
    let tail = [1.03, 1.1, 1.3].map(|times| latency(At::P99, times));
    assert!(tail.is_sorted() && 80 <= tail[2], "the more, the more often: {tail:?}");
    let rate = |of: &[Recorded], kind: &str, times: f64| {
        share(
            &format!("acked msg/s x {times} {kind}"),
            found(of, Figure::Acked, |run| faster(run, times)),
        )
    };
    let paced = rate(&runs, "where a rate was asked for", 0.97);
    assert!(80 <= paced, "{paced} %");
    let closed = [0.97, 0.95, 0.93].map(|times| rate(&closed_loops, "in closed loops", times));
    assert!(closed.is_sorted() && 80 <= closed[2], "the more, the more often: {closed:?}");
}

#[test]
fn three_percent_of_publish_latency_is_found_by_groups_of_repeats() {
    let runs = recorded_runs();
    for size in [3, 5, 12] {
        let is_found = |seed: &u64| {
            let (one, other) = groups(&runs, size, *seed);
            let other = other.into_iter().map(|run| slower(run, 1.03)).collect();
            is_worse(told_of(&compared(one, other), Figure::Span(Span::Publish, At::P50)))
        };
        let count = (0..DRAWS).filter(is_found).count();
        println!("publish p50 x 1.03, groups of {size}: found in {count} of {DRAWS}");
        if 5 <= size {
            assert!(160 <= count, "{size}: {count} of {DRAWS}");
        }
    }
}
