//! Laws of arrivals by chance: they are a Poisson process, and the same everywhere.

use super::arrivals::{Arrival, Arrivals};
use super::curve::{MESSAGE, approximate};
use super::schedule::Schedule;
use super::shape::Shape;
use super::tempo::{Shaped, Tempo};
use super::walk::Walk;
use crate::units::{Nanos, Rate, Timestamp};

const START: Timestamp = Timestamp::from_nanos(5_000_000_000);

fn constant(per_second: u64) -> Tempo {
    Tempo::Rate(Rate::per_second(per_second).expect("above 0"))
}

fn shaped(shape: Shape) -> Tempo {
    Tempo::Shape(Shaped::new(shape).expect("it is sound"))
}

fn schedule(tempo: Tempo, seed: u64, secs: u64) -> Schedule {
    Schedule::new(tempo, Arrival::Poisson { seed }, START, START + Nanos::from_secs(secs))
}

fn dues(schedule: &Schedule, count: usize) -> Vec<Timestamp> {
    let mut walk = Walk::new(schedule.clone(), 1, &[0]);
    let next = || {
        let turn = walk.peek()?;
        walk.advance();
        Some(turn.due)
    };
    std::iter::from_fn(next).take(count).collect()
}

/// The greatest distance of the gaps' distribution from the exponential of mean 1 (Kolmogorov and
/// Smirnov), times the root of how many there are.
fn distance(mut gaps: Vec<f64>) -> f64 {
    gaps.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(gaps.len()).expect("a small count"));
    let off = |(nth, gap): (u32, &f64)| {
        let exponential = 1.0 - (-gap).exp();
        let (below, above) = (f64::from(nth) / count, f64::from(nth + 1) / count);
        (exponential - below).abs().max((above - exponential).abs())
    };
    (0..).zip(&gaps).map(off).fold(0.0, f64::max) * count.sqrt()
}

/// Gaps in the time in which one message is expected per unit.
fn gaps(schedule: &Schedule, count: usize) -> Vec<f64> {
    let grown = |due: &Timestamp| approximate(schedule.grown(*due)) / approximate(MESSAGE);
    let times: Vec<f64> = dues(schedule, count + 1).iter().map(grown).collect();
    assert_eq!(times.len(), count + 1, "enough come");
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn gaps_are_exponential_at_every_seed_and_under_every_shape() {
    let ramp = Shape::Ramp { from: 0, to: 2_000, over: Nanos::from_secs(60) };
    let wave = Shape::Wave { mean: 1_000, amplitude: 1_000, period: Nanos::from_secs(7) };
    for tempo in [constant(1_000), shaped(ramp), shaped(wave)] {
        for seed in 1..=20 {
            let far = distance(gaps(&schedule(tempo.clone(), seed, 1_000), 20_000));
            // One of a hundred sets of truly exponential gaps is farther off than 1.63: none of these,
            // which are the same in every run.
            assert!(far < 1.63, "{tempo:?}, seed {seed}: {far}");
        }
    }
}

#[test]
fn the_test_of_the_gaps_can_fail() {
    let regular: Vec<f64> = vec![1.0; 20_000];
    assert!(10.0 < distance(regular), "regular arrivals are no Poisson process");
    let mut slower = gaps(&schedule(constant(1_000), 1, 1_000), 20_000);
    slower.iter_mut().for_each(|gap| *gap *= 1.03);
    assert!(1.63 < distance(slower), "nor are those of another rate");
}

#[test]
fn windows_vary_as_much_as_they_hold_across_cells_too() {
    // Windows of 32 messages lie within cells of 4,096, those of 4,096 lie across two each.
    for (millis, count) in [(32, 20_000), (4_096, 2_000)] {
        let schedule = schedule(constant(1_000), 5, 100_000);
        let mut counting = schedule.counting();
        // Half a cell later: across the borders.
        let first = START + Nanos::from_millis(2_048);
        let mut before = counting.before(first);
        let held = (1..=count).map(|nth: u64| {
            let now = counting.before(first + Nanos::from_millis(millis * nth));
            approximate(u128::from(now - std::mem::replace(&mut before, now)))
        });
        let held: Vec<f64> = held.collect();
        let many = approximate(u128::from(count));
        let mean = held.iter().sum::<f64>() / many;
        let variance = held.iter().map(|of| (of - mean).powi(2)).sum::<f64>() / (many - 1.0);
        let expected = approximate(u128::from(millis));
        let spread = 4.0 * (expected / many).sqrt();
        assert!((mean - expected).abs() < spread, "{mean} of {expected}");
        assert!((variance / mean - 1.0).abs() < 4.0 * (2.0 / many).sqrt(), "{variance} of {mean}");
        // What one window holds says nothing of the next.
        let pairs = held.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean));
        let correlation = pairs.sum::<f64>() / many / variance;
        assert!(correlation.abs() < 4.0 / many.sqrt(), "{correlation}");
    }
}

#[test]
fn a_seed_is_its_arrivals_and_another_seed_has_others() {
    let of = |seed| dues(&schedule(constant(50_000), seed, 10), 20_000);
    assert_eq!(of(7), of(7), "the same");
    let (seven, eight) = (of(7), of(8));
    let shared = seven.iter().filter(|due| eight.binary_search(due).is_ok()).count();
    assert!(shared < 10, "only by chance: {shared}");
}

#[test]
fn the_first_arrivals_of_a_seed_never_change() {
    let nanos = |schedule: &Schedule, indexes: &[u64]| -> Vec<u64> {
        indexes.iter().map(|index| START.until(schedule.due(*index)).0).collect()
    };
    let constant = schedule(constant(1_000), 1, 1_000);
    let indexes = [0, 1, 2, 3, 4, 4_000, 5_000, 100_000];
    assert_eq!(
        nanos(&constant, &indexes),
        [
            601_851,
            655_254,
            2_961_766,
            4_267_175,
            4_696_845,
            4_146_126_391,
            5_144_577_594,
            99_671_832_037
        ]
    );
    let ramp = Shape::Ramp { from: 0, to: 2_000, over: Nanos::from_secs(10) };
    let first = nanos(&schedule(shaped(ramp), 1, 1_000), &indexes[..4]);
    assert_eq!(first, [77_579_102, 80_947_776, 172_097_837, 206_571_437]);
}

#[test]
fn far_arrivals_are_the_same_however_one_came_to_them() {
    let mut walked = Arrivals::new(3);
    for index in 0..30_000 {
        walked.go_to(index);
        if index % 997 == 0 {
            let mut leapt = Arrivals::new(3);
            leapt.go_to(index);
            assert_eq!((leapt.index(), leapt.at()), (index, walked.at()), "by its number");
            let mut passed = Arrivals::new(3);
            passed.pass(walked.at());
            assert_eq!((passed.index(), passed.at()), (index, walked.at()), "by its time");
        }
    }
}

#[test]
fn a_change_of_rate_goes_on_with_the_same_chance() {
    let mut changed = schedule(constant(1_000), 4, 100);
    let unchanged = changed.clone();
    let moment = START + Nanos::from_secs(10);
    changed.change_rate(moment, Rate::per_second(4_000).expect("above 0"));
    let (old, new) = (dues(&unchanged, 30_000), dues(&changed, 30_000));
    let kept = old.partition_point(|due| *due < moment);
    assert_eq!(old[..kept], new[..kept], "what was due before stays");
    for (before, after) in old[kept..].iter().zip(&new[kept..]) {
        let (slow, fast) = (moment.until(*before).0, moment.until(*after).0);
        assert!(slow.abs_diff(4 * fast) <= 4, "four times as fast: {slow} and {fast}");
    }
}
