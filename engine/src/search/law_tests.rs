//! Laws of the search, against a cluster of known capacity, in virtual time.

use super::model::{Model, demand, rate};
use super::{Cause, SearchEnd, StepKind};
use crate::plan::{Figure, Objective, ObjectiveSpan, SearchDemand};
use crate::units::Nanos;

/// The steps in short, for whom a law is broken.
fn told(end: &SearchEnd) -> String {
    let step = |of: &super::Step| {
        let (kind, cause) = (of.kind.word(), of.cause.map_or("sustained", Cause::word));
        format!("{}+{} s {kind} {} lag {:.2} {cause}", of.from_s, of.seconds, of.rate, of.lag_s)
    };
    let steps: Vec<String> = end.steps.iter().map(step).collect();
    let SearchEnd { sustainable, above, confirmed, bound_by, changes, gave_up, steps: _ } = end;
    format!(
        "{sustainable}, above {above:?}, confirmed {confirmed}, by {bound_by:?}, {changes} changes, \
         gave up {gave_up:?}\n{}",
        steps.join("\n")
    )
}

fn check_near(end: &SearchEnd, expected: f64, percent: f64, case: &str) {
    let found = super::lag::count(end.sustainable);
    let off = (found / expected - 1.0) * 100.0;
    assert!(off.abs() <= percent, "{case}: {found} of {expected}, {off:.2} % off: {}", told(end));
}

#[test]
fn the_answer_lies_within_two_percent_of_the_capacity_for_thirty_seeds() {
    for seed in 0..30 {
        // From a slow link to a fast one.
        let capacity = 700.0 * 1.37_f64.powi(i32::try_from(seed).expect("small"));
        // Pauses of 0.3 s in one second of twenty take 1.5 % of the capacity, unevenly.
        for (noise, pauses, percent) in [(0.0, 0.0, 2.0), (0.2, 0.0, 2.0), (0.2, 0.05, 5.0)] {
            let model = Model { capacity, noise, pauses, seed, ..Model::default() };
            let (took, end) = model.run(demand());
            let case = format!("seed {seed}, noise {noise}, pauses {pauses}");
            check_near(&end, capacity, percent, &case);
            let (bound_by, changes) = (end.bound_by, end.changes);
            assert_eq!(bound_by, Some(Cause::Throughput), "seed {seed}");
            assert!(end.confirmed || 0.0 < noise, "seed {seed}: {}", told(&end));
            assert_eq!((changes, end.gave_up), (0, None), "seed {seed}: {}", told(&end));
            assert!(took < 900, "seed {seed}: {took} s");
        }
    }
}

#[test]
fn a_quota_is_found_though_it_lets_more_pass_for_ten_seconds() {
    for seed in 0..10 {
        for notice in [1, 3] {
            let model =
                Model { capacity: 5_000.0, quota_window: 11, notice, seed, ..Model::default() };
            let (_, end) = model.run(demand());
            check_near(&end, 5_000.0, 2.5, &format!("seed {seed}"));
            assert!(end.confirmed, "seed {seed}: {}", told(&end));
        }
    }
}

#[test]
fn a_capacity_that_drops_in_mid_search_is_noticed() {
    for second in [20, 40, 60, 80, 100, 110] {
        let model = Model { changes_to: Some((second, 30_000.0)), ..Model::default() };
        let (_, end) = model.run(demand());
        check_near(&end, 30_000.0, 2.0, &format!("dropped at {second}"));
        assert!(end.confirmed, "{}", told(&end));
        // What it had sustained before was more than it sustains now, and that is told.
        let before = end.steps.iter().filter(|step| step.kind != StepKind::Bracket);
        let was_held = before.clone().any(|step| step.is_sustained() && 31_000 < step.rate);
        assert_eq!(0 < end.changes, was_held, "dropped at {second}: {}", told(&end));
    }
}

#[test]
fn a_capacity_that_drops_in_the_measured_phase_leaves_the_answer_unconfirmed() {
    let (took, _) = Model::default().run(demand());
    let model = Model { changes_to: Some((took - 20, 20_000.0)), ..Model::default() };
    let (_, end) = model.run(demand());
    assert!(!end.confirmed, "{}", told(&end));
    assert_eq!(end.bound_by, Some(Cause::Throughput), "{}", told(&end));
}

#[test]
fn a_client_that_is_itself_the_limit_is_called_so() {
    for client in [33_000.0, 49_000.0] {
        let model = Model { client, ..Model::default() };
        let (_, end) = model.run(demand());
        assert_eq!(end.bound_by, Some(Cause::Client), "{}", told(&end));
        check_near(&end, client, 2.0, "what the client sends");
    }
    let (_, end) = Model { client: 60_000.0, ..Model::default() }.run(demand());
    assert_eq!(end.bound_by, Some(Cause::Throughput), "the cluster is slower: {}", told(&end));
}

#[test]
fn readers_that_fall_behind_bound_it_too() {
    let (_, end) = Model { readers: 20_000.0, ..Model::default() }.run(demand());
    assert_eq!(end.bound_by, Some(Cause::Backlog), "{}", told(&end));
    check_near(&end, 20_000.0, 2.0, "what is read");
}

#[test]
fn an_objective_bounds_it_where_it_breaks_before_the_throughput_does() {
    let objective = |limit: Nanos| Objective {
        span: ObjectiveSpan::Publish,
        figure: Figure::Percentile(99.0),
        limit,
        or_equal: false,
    };
    // Beside noise of 90 % queues build up below the capacity.
    let model = Model { noise: 0.9, ..Model::default() };
    let with = |limit| SearchDemand { objectives: vec![objective(limit)], ..demand() };
    let (_, end) = model.run(with(Nanos::from_millis(9)));
    assert_eq!(end.bound_by, Some(Cause::Slo), "{}", told(&end));
    assert!(end.sustainable < 50_000, "{}", told(&end));
    let answer = end.steps.iter().rfind(|step| step.kind == StepKind::Measured);
    assert!(
        answer.and_then(|step| step.publish_p99).is_some_and(|p99| p99 < Nanos::from_millis(9)),
        "{}",
        told(&end)
    );
    // A wide one never binds, one that nothing meets gives no answer.
    let (_, free) = model.run(with(Nanos::from_secs(30)));
    assert_eq!(free.bound_by, Some(Cause::Throughput), "{}", told(&free));
    let (_, none) = model.run(with(Nanos::from_millis(1)));
    assert_eq!((none.sustainable, none.confirmed), (0, false), "{}", told(&none));
    assert!(none.gave_up.is_some(), "{}", told(&none));
}

#[test]
fn a_cluster_that_takes_everything_is_said_to_have_no_limit_there() {
    let demand = SearchDemand { most: rate(45_000), ..demand() };
    let (_, end) = Model::default().run(demand);
    assert_eq!((end.sustainable, end.above, end.bound_by), (45_000, None, None), "{}", told(&end));
    assert!(end.confirmed, "{}", told(&end));
}

#[test]
fn a_cluster_that_takes_nothing_ends_it_by_its_bound() {
    let (took, end) = Model { capacity: 0.5, ..Model::default() }.run(demand());
    assert_eq!((end.sustainable, end.confirmed), (0, false), "{}", told(&end));
    assert!(end.gave_up.is_some() && took < 1_060, "{took} s: {}", told(&end));
}

#[test]
fn seconds_that_come_several_at_once_are_those_of_the_rate_that_was_held() {
    for together in [2, 3, 5] {
        let (_, end) = Model { together, ..Model::default() }.run(demand());
        check_near(&end, 50_000.0, 2.0, &format!("{together} at once"));
        assert!(end.confirmed, "{}", told(&end));
        for step in &end.steps {
            let seconds = super::lag::count(u64::from(step.seconds));
            let asked = super::lag::count(step.rate) * seconds;
            let most = asked.min(50_000.0 * seconds) + 1.0;
            assert!(super::lag::count(step.acked) <= most, "{together}: {}", told(&end));
        }
    }
}

#[test]
fn a_run_that_is_cut_confirms_nothing_and_keeps_its_steps() {
    let (took, whole) = Model::default().run(demand());
    for cut_at in [took - 1, took - 15, took - 29, took - 31, took - 60, 20] {
        let (_, end) = Model { cut_at, ..Model::default() }.run(demand());
        assert!(!end.confirmed, "cut at {cut_at} of {took}: {}", told(&end));
        let is_measured = |step: &super::Step| step.kind == StepKind::Measured;
        assert!(!end.steps.iter().any(is_measured), "nothing of it is a step: {}", told(&end));
        assert!(end.steps.len() < whole.steps.len(), "{}", told(&end));
        assert_eq!(end.steps[..], whole.steps[..end.steps.len()], "what was seen is kept");
    }
}

#[test]
fn a_step_that_is_over_before_it_settled_shows_what_was_seen_of_it() {
    // What piles up at eight times the capacity is certain before the twelve seconds have passed.
    let start = rate(400_000);
    let (_, end) = Model::default().run(SearchDemand { start, ..demand() });
    let early = end.steps.iter().find(|step| step.cause == Some(Cause::Throughput));
    let early = early.expect("the first is too much");
    assert!(0 < early.due && 0 < early.acked, "{early:?}");
    assert!(early.publish_p99.is_some_and(|p99| Nanos::ZERO < p99), "{early:?}");
    assert!(end.steps.iter().all(|step| step.end_to_end_p99.is_none()), "the model reads nothing");
}
