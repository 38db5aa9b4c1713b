//! The laws of the bounds, by exchanges that can be reckoned by hand.

use super::exchanges::Exchange;
use super::offset::HORIZON;
use super::offset::{MAX_DRIFT_PPB, Offset, Offsets};
use engine::time::Line;
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use proptest::prelude::{prop, prop_assert, proptest};

const START: u64 = 1_800_000_000 * NANOS_PER_SECOND;
const THREE_DAYS: i64 = 3 * 86_400 * 1_000_000_000;

/// A worker's clock: its offset at the start, and its drift.
#[derive(Clone, Copy, Debug)]
struct Worker {
    offset: i64,
    drift_ppb: i64,
}

impl Worker {
    fn offset_at(self, nanos: u64) -> i128 {
        let rise = (i128::from(self.drift_ppb) * i128::from(nanos)).div_euclid(1_000_000_000);
        i128::from(self.offset) + rise
    }

    fn own(self, nanos: u64) -> Timestamp {
        let own = i128::from(START + nanos) + self.offset_at(nanos);
        Timestamp::from_nanos(u64::try_from(own).expect("after the epoch"))
    }

    /// Asked so many nanoseconds after the start, on its way there and back for so long.
    fn exchange(self, nanos: u64, (there, back): (u64, u64)) -> Exchange {
        Exchange {
            asked: at(nanos),
            heard: self.own(nanos + there),
            answered: self.own(nanos + there),
            returned: at(nanos + there + back),
        }
    }
}

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(START + nanos)
}

fn seconds(count: u64) -> u64 {
    count * NANOS_PER_SECOND
}

fn noted(worker: Worker, exchanges: &[(u64, (u64, u64))]) -> Offsets {
    let mut offsets = Offsets::default();
    for (nanos, ways) in exchanges {
        offsets.note(worker.exchange(*nanos, *ways)).expect("stamps of real clocks");
    }
    offsets
}

fn near(got: u64, expected: u64, within: u64) {
    assert!(got.abs_diff(expected) <= within, "{got}, not {expected}");
}

#[test]
fn without_an_exchange_nothing_is_known() {
    let offsets = Offsets::default();
    assert_eq!(offsets.estimate(at(0)), None);
    let line = Line::new(at(0), 0, 0).expect("no correction");
    assert_eq!(offsets.error_of(&line, at(0)), None);
}

#[test]
fn one_exchange_knows_half_its_round_trip_and_nothing_of_the_drift() {
    let worker = Worker { offset: 250_000_000, drift_ppb: 0 };
    let offsets = noted(worker, &[(0, (30_000, 70_000))]);
    let check = |after: u64| {
        let offset = offsets.estimate(at(100_000 + after)).expect("one exchange");
        // 20 µs off, since the ways are unequal.
        near(offset.offset_ns.unsigned_abs(), 249_980_000, 60);
        let age = u128::from(after + HORIZON.0) * u128::from(MAX_DRIFT_PPB.unsigned_abs() + 1_000);
        let drift = u64::try_from(age / 1_000_000_000).expect("a minute");
        near(offset.error.0, 50_000 + drift, 60);
        assert_eq!((offset.exchanges, offset.dropped), (1, 0), "{offset:?}");
        assert_eq!(offset.round_trip_min, Nanos(100_000));
    };
    check(0);
    check(seconds(1));
    check(seconds(60));
    let early = offsets.estimate(at(0)).expect("one exchange");
    assert_eq!(early.at, at(100_000), "not before the last exchange");
}

#[test]
fn two_exchanges_with_a_span_between_them_know_the_drift() {
    let worker = Worker { offset: -THREE_DAYS, drift_ppb: 200_000 };
    let ways = (50_000, 50_000);
    let offsets = noted(worker, &[(0, ways), (seconds(10), ways)]);
    let offset = offsets.estimate(at(seconds(10) + 100_000)).expect("two exchanges");
    // 50 µs more or less at both ends of 10 s: 10 ppm, and 2 more for what may have changed.
    let drift = offset.drift_ppb.abs_diff(200_000);
    assert!(drift <= 200, "off by {drift} ppb: {offset:?}");
    near(offset.error.0, 50_000 + 18_000, 2_000);
    let line = offset.line().expect("days");
    near(offsets.error_of(&line, offset.at).expect("known").0, 50_000, 200);
}

/// The best way there and the best way back may come from two exchanges.
#[test]
fn each_way_is_known_by_its_own_best_exchange() {
    let worker = Worker { offset: 1_000, drift_ppb: 0 };
    let offsets = noted(worker, &[(0, (2_000, 80_000)), (1_000_000, (80_000, 2_000))]);
    let line = offsets.estimate(at(0)).expect("two").line().expect("near");
    // The drift of at most 500 ppm during the millisecond between them.
    near(offsets.error_of(&line, at(0)).expect("known").0, 2_000, 600);
}

#[test]
fn a_changed_drift_or_a_jump_forgets_what_contradicts_it() {
    let ways = (50_000, 50_000);
    let check = |later: Worker, dropped: u64| {
        let first = Worker { offset: 0, drift_ppb: 100_000 };
        let mut offsets = noted(first, &[(0, ways), (seconds(1), ways), (seconds(2), ways)]);
        offsets.note(later.exchange(seconds(3), ways)).expect("in order");
        let offset = offsets.estimate(at(seconds(3))).expect("the last one");
        assert_eq!(offset.dropped, dropped, "{offset:?}");
        let truth = later.offset_at(seconds(3) + 50_000);
        let off = truth.abs_diff(i128::from(offset.offset_ns));
        assert!(off <= u128::from(offset.error.0), "off by {off}: {offset:?}");
    };
    check(Worker { offset: 0, drift_ppb: 100_000 }, 0);
    // A jump of 500 µs: 500 ppm over the last second, so the last two still agree.
    check(Worker { offset: 350_000, drift_ppb: 100_000 }, 2);
    check(Worker { offset: THREE_DAYS, drift_ppb: 100_000 }, 3);
}

#[test]
fn what_comes_to_light_later_is_an_error_of_the_line_in_force() {
    let worker = Worker { offset: 0, drift_ppb: 0 };
    let offsets = noted(worker, &[(0, (50_000, 50_000)), (seconds(1), (50_000, 50_000))]);
    let check = |offset_ns: i64, expected: u64| {
        let line = Line::new(at(0), offset_ns, 0).expect("near");
        near(offsets.error_of(&line, at(seconds(1))).expect("known").0, expected, 100);
    };
    check(0, 50_000);
    check(300_000, 350_000);
    check(-300_000, 350_000);
}

#[test]
fn the_line_turns_the_workers_clock_into_the_coordinators() {
    let check = |offset: i64, drift_ppb: i64| {
        let worker = Worker { offset, drift_ppb };
        let found = Offset {
            at: at(0),
            offset_ns: offset,
            drift_ppb,
            error: Nanos(0),
            exchanges: 1,
            dropped: 0,
            round_trip_min: Nanos(0),
        };
        let line = found.line().expect("days");
        for nanos in [0, seconds(1), seconds(100)] {
            let own = worker.own(nanos);
            let corrected = own.as_nanos().saturating_add_signed(line.offset_at(own));
            // The line's drift is cut to a part in 10^9.
            near(corrected, START + nanos, 3 + nanos / 1_000_000_000);
        }
    };
    check(250_000_000, 200_000);
    check(250_000_000, -200_000);
    check(-THREE_DAYS, 500_000);
    check(0, 0);
    let century = Offset { offset_ns: i64::MIN, ..noted_one() };
    assert!(century.line().is_err_and(|words| words.contains("offset_ns")), "36 years");
}

fn noted_one() -> Offset {
    let offsets = noted(Worker { offset: 0, drift_ppb: 0 }, &[(0, (1, 1))]);
    offsets.estimate(at(0)).expect("one exchange")
}

proptest! {
    /// Whatever the delays are: the truth lies within the bounds, now and until the horizon.
    #[test]
    fn the_truth_lies_within_the_bounds(
        offset in -THREE_DAYS..THREE_DAYS,
        drift_ppb in -MAX_DRIFT_PPB..=MAX_DRIFT_PPB,
        exchanges in prop::collection::vec((1_u64..3_000, 0_u64..500_000, 0_u64..500_000), 1..40),
        later in 0_u64..20_000_000_000,
    ) {
        let (worker, mut nanos, mut offsets) = (Worker { offset, drift_ppb }, 0, Offsets::default());
        for (millis, there, back) in exchanges {
            nanos += millis * 1_000_000;
            offsets.note(worker.exchange(nanos, (there, back))).expect("stamps of real clocks");
        }
        nanos += 1_000_000 + later;
        let found = offsets.estimate(at(nanos)).expect("at least one");
        prop_assert!(found.dropped == 0, "one line goes through all: {found:?}");
        for after in [0, HORIZON.0 / 2, HORIZON.0] {
            let rise = i128::from(found.drift_ppb) * i128::from(after) / 1_000_000_000;
            let off = (i128::from(found.offset_ns) + rise).abs_diff(worker.offset_at(nanos + after));
            prop_assert!(off <= u128::from(found.error.0), "off by {off}: {found:?}");
        }
    }
}

#[test]
fn a_line_serves_until_it_is_a_tenth_worse_than_the_estimate_is() {
    // 40 µs there and back: an error of some 20 µs.
    let worker = Worker { offset: -7_000_000, drift_ppb: 0 };
    let offsets = noted(worker, &[(0, (10_000, 30_000)), (seconds(1), (10_000, 30_000))]);
    let estimate = offsets.estimate(at(seconds(1) + 40_000)).expect("there are exchanges");
    let line = estimate.line().expect("clocks a few milliseconds apart");
    let moved = |offset_ns: i64, drift_ppb: i64| {
        Line::new(line.at(), line.offset_ns() + offset_ns, line.drift_ppb() + drift_ppb)
            .expect("a line like the first")
    };
    let tenth = i64::try_from(estimate.error.0 / 10).expect("microseconds");
    assert!(1_000 < tenth, "{estimate:?}");
    for (offset_ns, drift_ppb, expected) in [
        (0, 0, true),
        (tenth / 2, 0, true),
        (-tenth / 2, 0, true),
        (tenth * 2, 0, false),
        (-tenth * 2, 0, false),
        // Right now, and wrong before there is another estimate.
        (0, tenth * 2, false),
        (0, -tenth * 2, false),
    ] {
        let got = offsets.is_served_by(&moved(offset_ns, drift_ppb), &estimate);
        assert_eq!(got, expected, "{offset_ns} {drift_ppb} {estimate:?}");
    }
}
