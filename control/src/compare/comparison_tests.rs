//! What a comparison makes of single cases.

use super::comparison::{Basis, Comparison, Pair, Row, Told, Verdict};
use super::figure::{At, Figure, Span};
use super::fixture::{Made, variants};
use engine::measure::constants::exit;
use serde_json::json;

const P50: Figure = Figure::Span(Span::Publish, At::P50);
const P99: Figure = Figure::Span(Span::Publish, At::P99);
const P999: Figure = Figure::Span(Span::Publish, At::P999);
const MAX: Figure = Figure::Span(Span::Publish, At::Max);

fn long(id: &str) -> Made {
    Made { seconds: 120, ..Made::plain(id) }
}

fn row(pair: &Pair, figure: Figure) -> &Row {
    pair.rows.iter().find(|row| row.figure == figure).expect("the figure has a row")
}

#[test]
fn less_throughput_is_worse_and_less_latency_is_better() {
    let other = Made { throughput: 0.9, latency: 0.5, ..long("b") };
    let comparison = Comparison::of(variants(&[&[long("a")], &[other]]), 0.01);
    let pair = &comparison.pairs[0];
    assert_eq!(row(pair, Figure::Acked).told, Told::Regression);
    assert_eq!(row(pair, P50).told, Told::Better);
    assert_eq!(row(pair, Figure::Cpu).told, Told::NoDifference);
    assert_eq!((pair.verdict(), comparison.exit_code()), (Verdict::Regression, exit::ASSERTION));
    let acked = row(pair, Figure::Acked);
    let (difference, interval) = (acked.difference.expect("one"), acked.interval.expect("one"));
    assert!((difference + 0.1).abs() < 0.01, "{acked:?}");
    let ln = difference.ln_1p();
    assert!(interval.low < ln && ln < interval.high, "{acked:?}");
    assert!(acked.detectable.is_some_and(|part| 0.005 < part && part < 0.03), "{acked:?}");

    let back =
        Comparison::of(variants(&[&[Made { throughput: 0.9, ..long("b") }], &[long("a")]]), 0.01);
    assert_eq!(row(&back.pairs[0], Figure::Acked).told, Told::Better);
    assert_eq!((back.pairs[0].verdict(), back.exit_code()), (Verdict::Difference, exit::VALID));
}

#[test]
fn what_is_worse_by_no_more_than_is_tolerated_is_no_regression() {
    let check = |tolerance: f64, told: Told, code: u8| {
        let slower = Made { throughput: 0.9, ..long("b") };
        let comparison = Comparison::of(variants(&[&[long("a")], &[slower]]), tolerance);
        assert_eq!(row(&comparison.pairs[0], Figure::Acked).told, told, "{tolerance}");
        assert_eq!(comparison.exit_code(), code, "{tolerance}");
    };
    check(0.05, Told::Regression, exit::ASSERTION);
    // A tenth less may be a little less or more than a tenth.
    check(0.1, Told::Worse, exit::VALID);
    check(0.5, Told::Worse, exit::VALID);
}

/// Two runs whose seconds are the same but for chance; as a whole the second's 99th percentile is more.
fn apart((times, tolerance): (f64, f64)) -> Comparison {
    let mut made = variants(&[&[long("before")], &[long("after")]]);
    let publish = made[1].runs[0].latency.publish.as_mut().expect("an open loop");
    publish.p99_us = publish.p99_us.map(|span| span * times);
    Comparison::of(made, tolerance)
}

#[test]
fn runs_that_differ_as_wholes_while_their_seconds_do_not_cannot_be_told_apart() {
    for times in [3.0, 0.3] {
        let comparison = apart((times, 0.01));
        let pair = &comparison.pairs[0];
        let p99 = row(pair, P99);
        assert_eq!(p99.told, Told::CannotTell, "{p99:?}");
        let (interval, typical) = p99.interval.zip(p99.typical).expect("both");
        let ln = p99.difference.expect("of the wholes").ln_1p();
        assert!(interval.has(ln * 0.99) && interval.has_zero(), "up to what is shown: {p99:?}");
        assert!(typical.has_zero() && !typical.has(ln), "of the seconds alone: {p99:?}");
        let found = p99.detectable.expect("it is judged").ln_1p();
        assert!(ln.abs() < found + 1e-9, "this one was not: {p99:?}");
        assert_eq!(row(pair, P50).told, Told::NoDifference, "the others are the same");
        assert_eq!((pair.verdict(), comparison.exit_code()), (Verdict::CannotTell, exit::VALID));
    }
    let same = apart((1.0, 0.01));
    let p99 = row(&same.pairs[0], P99);
    assert_eq!((p99.told, p99.typical), (Told::NoDifference, None), "a check that can tell both");
    assert_eq!(same.pairs[0].verdict(), Verdict::NoDifference, "and so is the verdict");
}

#[test]
fn wholes_that_differ_by_no_more_than_is_tolerated_leave_the_verdict_to_the_others() {
    let comparison = apart((1.5, 0.9));
    let pair = &comparison.pairs[0];
    let p99 = row(pair, P99);
    assert_eq!((p99.told, p99.typical), (Told::CannotTell, None), "{p99:?}");
    assert_eq!(pair.verdict(), Verdict::NoDifference, "of all others");
}

#[test]
fn a_candidate_that_did_nothing_is_worse_for_sure() {
    for rate in [Some(0.0), None] {
        let mut made = variants(&[&[long("before")], &[long("after")]]);
        let run = &mut made[1].runs[0];
        (run.acked.messages_per_second, run.consumed.messages_per_second) = (rate, rate);
        for second in &mut run.intervals {
            (second.acked, second.consumed) = (0.0, 0.0);
        }
        run.verdict.valid = false;
        let comparison = Comparison::of(made.clone(), 0.01);
        for figure in [Figure::Acked, Figure::Consumed] {
            let of = row(&comparison.pairs[0], figure);
            assert_eq!((of.told, of.candidate), (Told::Regression, rate), "{of:?}");
            assert_eq!((of.difference, of.interval), (Some(-1.0), None), "{of:?}");
        }
        assert_eq!(comparison.exit_code(), exit::ASSERTION);

        made[1].runs[0].workload = json!({"name": "made", "subscriptionsPerTopic": 0});
        let silent = Comparison::of(made.clone(), 0.01);
        let consumed = row(&silent.pairs[0], Figure::Consumed);
        assert_eq!(consumed.told, Told::NotJudged, "nobody was to read: {consumed:?}");
        made.reverse();
        let back = Comparison::of(made, 0.01);
        let acked = row(&back.pairs[0], Figure::Acked);
        assert_eq!(acked.told, Told::NotJudged, "there is no ratio to nothing: {acked:?}");
    }
}

#[test]
fn one_repeat_that_did_nothing_is_not_averaged_away() {
    let group =
        |name: &str| -> Vec<Made> { (0..3).map(|run| long(&format!("{name}{run}"))).collect() };
    let mut made = variants(&[&group("a"), &group("b")]);
    made[1].runs[1].acked.messages_per_second = Some(0.0);
    let comparison = Comparison::of(made, 0.01);
    let acked = row(&comparison.pairs[0], Figure::Acked);
    assert_eq!((acked.told, acked.candidate), (Told::Regression, Some(0.0)), "{acked:?}");
}

#[test]
fn a_percentile_that_no_second_has_is_told_only_where_both_its_neighbours_are() {
    let mut made = variants(&[&[long("a")], &[long("b")]]);
    let run = &mut made[1].runs[0];
    for second in &mut run.intervals {
        second.publish_p99_us = second.publish_p99_us.map(|span| span * 2.0);
    }
    let publish = run.latency.publish.as_mut().expect("an open loop");
    publish.p99_us = publish.p99_us.map(|span| span * 2.0);
    publish.p99_9_us = publish.p99_9_us.map(|span| span * 2.0);
    let comparison = Comparison::of(made, 0.01);
    let pair = &comparison.pairs[0];
    let told = [P50, P99, P999, MAX].map(|figure| row(pair, figure).told);
    let expected = [Told::NoDifference, Told::Regression, Told::NoDifference, Told::NotJudged];
    assert_eq!(told, expected, "the maxima of seconds say nothing of it");
    let [p99, p999] = [P99, P999].map(|figure| row(pair, figure));
    assert!(p99.detectable < p999.detectable, "its neighbours': {p99:?} {p999:?}");
    let max = row(pair, MAX);
    assert!(max.difference.is_some() && max.interval.is_none(), "shown without: {max:?}");
}

#[test]
fn too_few_seconds_tell_nothing_and_no_second_at_all_judges_nothing() {
    let short = |id: &str| Made { seconds: 6, ..Made::plain(id) };
    let worse = Made { throughput: 0.5, ..short("b") };
    let mut made = variants(&[&[short("a")], &[worse]]);
    for run in made.iter_mut().flat_map(|variant| &mut variant.runs) {
        run.intervals.iter_mut().for_each(|second| second.process_cpu_cores = None);
    }
    let comparison = Comparison::of(made, 0.01);
    let pair = &comparison.pairs[0];
    let told = [Figure::Acked, P99, P999, MAX, Figure::Cpu].map(|figure| row(pair, figure).told);
    let few = Told::CannotTell;
    assert_eq!(told, [few, few, few, Told::NotJudged, Told::NotJudged]);
    assert_eq!((pair.verdict(), comparison.exit_code()), (Verdict::CannotTell, exit::VALID));
    let acked = row(pair, Figure::Acked);
    assert!(acked.interval.is_none() && acked.detectable.is_none(), "{acked:?}");
    assert!(acked.effective.is_some_and(|[ours, _]| ours <= 6.0), "how few: {acked:?}");
}

#[test]
fn three_repeats_of_each_are_compared_run_by_run_and_fewer_by_their_seconds() {
    let group = |name: &str, count: usize| -> Vec<Made> {
        (0..count).map(|run| long(&format!("{name}{run}"))).collect()
    };
    let basis = |ours: usize, theirs: usize| {
        let made = variants(&[&group("a", ours), &group("b", theirs)]);
        Comparison::of(made, 0.01).pairs[0].basis
    };
    assert_eq!(basis(3, 4), Basis::Repeats);
    assert_eq!(basis(2, 5), Basis::Seconds);
    assert_eq!(basis(1, 1), Basis::Seconds);
    let comparison = Comparison::of(variants(&[&group("a", 3), &group("b", 4)]), 0.01);
    let pair = &comparison.pairs[0];
    assert_eq!(row(pair, P999).effective, Some([3.0, 4.0]), "each percentile by itself");
    assert_eq!(row(pair, MAX).told, Told::NotJudged);
}

#[test]
fn several_candidates_are_judged_together() {
    let alone = Comparison::of(variants(&[&[long("a")], &[long("b")]]), 0.01);
    let both = Comparison::of(variants(&[&[long("a")], &[long("b")], &[long("c")]]), 0.01);
    assert_eq!(both.pairs.len(), 2, "each against the first");
    let [alone, of_both] = [&alone, &both].map(|of| row(&of.pairs[0], Figure::Acked).interval);
    let width = |interval: Option<super::difference::Interval>| {
        interval.map(|interval| interval.high - interval.low).expect("judged")
    };
    assert!(width(alone) < width(of_both), "{alone:?} {of_both:?}");
}
