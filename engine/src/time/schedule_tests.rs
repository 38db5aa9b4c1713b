//! Laws of due times.

use super::schedule::Schedule;
use super::walk::{Turn, Walk};
use crate::units::{NANOS_PER_SECOND, Nanos, Rate, Timestamp};
use proptest::prelude::{prop, prop_assert_eq, prop_assume, proptest};

const START: Timestamp = Timestamp::from_nanos(42);

fn rate(per_second: u64) -> Rate {
    Rate::per_second(per_second).expect("tests use rates above zero")
}

fn schedule(per_second: u64, length: Nanos) -> Schedule {
    Schedule::constant(rate(per_second), START, START + length)
}

fn turns(mut walk: Walk) -> impl Iterator<Item = Turn> {
    std::iter::from_fn(move || {
        let turn = walk.peek();
        walk.advance();
        turn
    })
}

fn check_exact(per_second: u64, producers: u64, own: &[u64]) {
    let walk = Walk::new(schedule(per_second, Nanos(200_000_000)), producers, own);
    for turn in turns(walk) {
        let exact = u128::from(turn.index) * u128::from(NANOS_PER_SECOND) / u128::from(per_second);
        let elapsed = turn.due.since(START).expect("due times follow the start");
        assert_eq!(u128::from(elapsed.0), exact, "rate {per_second}, {own:?}, {turn:?}");
        assert_eq!(own[turn.slot], turn.index % producers, "the producer owns its message");
    }
}

proptest! {
    #[test]
    fn a_walk_that_joins_later_sends_what_is_due_from_there_and_nothing_else(
        rate in 1_u64..5_000, producers in 1_u64..9, own in 1_u64..512, millis in 0_u64..3_000,
        change in prop::option::of((0_u64..2_500, 1_u64..5_000)),
    ) {
        let own: Vec<u64> = (0..producers).filter(|producer| own >> producer & 1 == 1).collect();
        prop_assume!(!own.is_empty());
        let (start, end) = (Timestamp::from_nanos(17), Timestamp::from_nanos(2_500_000_017));
        let mut schedule = Schedule::constant(self::rate(rate), start, end);
        if let Some((at, then)) = change {
            schedule.change_rate(start + Nanos::from_millis(at), self::rate(then));
        }
        let from = start + Nanos::from_millis(millis);
        let whole = turns(Walk::new(schedule.clone(), producers, &own));
        let expected: Vec<Turn> = whole.filter(|turn| from <= turn.due).collect();
        let joined = Walk::new(schedule, producers, &own).starting_at(from);
        prop_assert_eq!(turns(joined).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn due_times_never_drift_from_the_exact_formula() {
    for per_second in [1, 3, 7, 999, 333_333, 1_000_003, 3_000_000] {
        check_exact(per_second, 1, &[0]);
        check_exact(per_second, 5, &[0, 3, 4]);
        check_exact(per_second, 5, &[1, 2]);
    }
}

#[test]
fn a_second_holds_exactly_the_rate_from_one_to_five_million() {
    for per_second in [1, 2, 333_333, 5_000_000] {
        for seconds in [1, 3] {
            let walk = Walk::new(schedule(per_second, Nanos::from_secs(seconds)), 3, &[0, 1, 2]);
            let counted = turns(walk).count();
            assert_eq!(u64::try_from(counted), Ok(per_second * seconds), "rate {per_second}");
        }
    }
}

proptest! {
    #[test]
    fn any_rate_and_time_give_rate_times_time_within_one(
        per_second in 1_u64..20_000_000,
        nanos in 1_u64..5_000_000_000_000,
    ) {
        let counted = schedule(per_second, Nanos(nanos)).count_before(START + Nanos(nanos));
        let exact = u128::from(per_second) * u128::from(nanos);
        let above = u128::from(counted) * u128::from(NANOS_PER_SECOND);
        assert!(above.abs_diff(exact) < u128::from(NANOS_PER_SECOND), "{counted}");
    }

    #[test]
    fn any_dealing_of_producers_sends_each_message_once_at_its_own_time(
        per_second in 1_u64..50_000,
        lanes in prop::collection::vec(0_usize..4, 1..12),
    ) {
        let producers = u64::try_from(lanes.len()).expect("at most 12");
        let whole = schedule(per_second, Nanos(50_000_000));
        let mut all: Vec<Turn> = (0..4)
            .map(|lane| -> Vec<u64> {
                (0_u64..).zip(&lanes).filter(|(_, of)| **of == lane).map(|(p, _)| p).collect()
            })
            .filter(|own| !own.is_empty())
            .flat_map(|own| turns(Walk::new(whole.clone(), producers, &own)))
            .collect();
        all.sort_by_key(|turn| turn.index);
        let expected: Vec<u64> = (0..whole.count_before(whole.end())).collect();
        assert_eq!(all.iter().map(|turn| turn.index).collect::<Vec<_>>(), expected, "each once");
        assert!(all.iter().all(|turn| turn.due == whole.due(turn.index)), "at its own time");
    }

    #[test]
    fn a_change_of_rate_forgives_no_debt(
        first in 1_u64..100_000, second in 1_u64..100_000, at in 0_u64..1_000_000_000,
    ) {
        let mut changed = schedule(first, Nanos::from_secs(2));
        let before = changed.count_before(START + Nanos(at));
        changed.change_rate(START + Nanos(at), rate(second));
        assert_eq!(changed.count_before(START + Nanos(at)), before, "the past stays due");
        let mut walk = Walk::new(schedule(first, Nanos::from_secs(2)), 2, &[0, 1]);
        let mut seen = 0;
        while walk.peek().is_some_and(|turn| turn.index < before / 2) {
            walk.advance();
            seen += 1;
        }
        walk.follow(changed.clone());
        for turn in turns(walk) {
            assert_eq!((turn.index, turn.due), (seen, changed.due(seen)), "in order, in time");
            seen += 1;
        }
        assert_eq!(seen, changed.count_before(changed.end()), "nothing is skipped");
    }

    #[test]
    fn a_limit_that_is_moved_on_skips_nothing_and_repeats_nothing(
        per_second in 1_u64..5_000, limits in prop::collection::vec(0_u64..300_000_000, 0..6),
    ) {
        let whole = Walk::new(schedule(per_second, Nanos(200_000_000)), 3, &[0, 2]);
        let mut walk = whole.clone();
        let mut taken = Vec::new();
        for limit in limits.iter().copied().chain([200_000_000]) {
            walk.limit_to(START + Nanos(limit));
            while let Some(turn) = walk.peek() {
                assert!(turn.due < walk.limit(), "nothing behind the limit");
                taken.push(turn);
                walk.advance();
            }
        }
        assert_eq!(taken, turns(whole).collect::<Vec<_>>(), "each once, in order");
    }

    #[test]
    fn what_is_left_is_what_will_come(
        per_second in 1_u64..5_000, taken in 0_usize..200, horizon in 0_u64..200_000_000,
    ) {
        let mut walk = Walk::new(schedule(per_second, Nanos(100_000_000)), 7, &[1, 2, 6]);
        (0..taken).for_each(|_| walk.advance());
        let moment = START + Nanos(horizon);
        let left = walk.left_before(moment);
        let counted = turns(walk).filter(|turn| turn.due < moment).count();
        assert_eq!(u64::try_from(counted), Ok(left), "counted without walking");
    }
}
