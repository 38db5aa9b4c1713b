//! Laws of due times by a shape, regular and by chance.

use super::arrivals::Arrival;
use super::curve::MESSAGE;
use super::samples::shapes;
use super::schedule::Schedule;
use super::shape::{Shape, Step};
use super::tempo::{Shaped, Tempo};
use super::walk::{Turn, Walk};
use crate::units::{Nanos, Rate, Timestamp};
use proptest::prelude::{Just, Strategy, prop, prop_assume, prop_oneof, proptest};

const START: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_042);

fn tempo(shape: Shape) -> Tempo {
    Tempo::Shape(Shaped::new(shape).expect("samples are sound"))
}

fn schedule(shape: Shape, arrival: Arrival, nanos: u64) -> Schedule {
    Schedule::new(tempo(shape), arrival, START, START + Nanos(nanos))
}

fn any_arrival() -> impl Strategy<Value = Arrival> {
    prop_oneof![Just(Arrival::Regular), (0_u64..9).prop_map(|seed| Arrival::Poisson { seed })]
}

fn turns(mut walk: Walk) -> impl Iterator<Item = Turn> {
    std::iter::from_fn(move || {
        let turn = walk.peek()?;
        walk.advance();
        Some(turn)
    })
}

fn dues(schedule: &Schedule) -> Vec<Timestamp> {
    turns(Walk::new(schedule.clone(), 1, &[0])).map(|turn| turn.due).collect()
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).expect("a small count")
}

proptest! {
    #[test]
    fn walking_and_counting_agree_at_every_moment_and_dues_ascend(
        shape in shapes(), arrival in any_arrival(), nanos in 1_u64..200_000_000,
        moments in prop::collection::vec(0_u64..200_000_000, 0..8),
    ) {
        let schedule = schedule(shape, arrival, nanos);
        let dues = dues(&schedule);
        assert!(dues.is_sorted(), "dues ascend");
        assert!(dues.iter().all(|due| (START..schedule.end()).contains(due)), "within");
        let mut moments: Vec<Timestamp> = moments.into_iter().map(|at| START + Nanos(at)).collect();
        moments.extend(dues.iter().take(3).copied());
        moments.extend([START, schedule.end(), schedule.end() + Nanos(1)]);
        moments.sort_unstable();
        let mut counting = schedule.counting();
        for moment in moments {
            let walked = to_u64(dues.partition_point(|due| *due < moment));
            assert_eq!(schedule.count_before(moment), walked, "at {moment:?}");
            assert_eq!(counting.before(moment), walked, "one after the other, at {moment:?}");
        }
        for (index, due) in (0..).zip(&dues).step_by(1 + dues.len() / 50) {
            assert_eq!(schedule.due(index), *due, "message {index}");
        }
    }

    #[test]
    fn a_shape_brings_its_integral_rounded_up(
        low in 0_u64..5_000, high in 1_u64..5_000, millis in 1_u64..400, rounds in 1_u64..4,
    ) {
        let lasts = Nanos::from_millis(millis);
        let step = |rate| Step { rate, lasts };
        let check = |shape: Shape, times: u64, per_second_thousandfold_twice: u64| {
            let all = dues(&schedule(shape.clone(), Arrival::Regular, lasts.0 * times));
            let exact = (per_second_thousandfold_twice * millis).div_ceil(2_000);
            assert_eq!(to_u64(all.len()), exact, "{shape}");
        };
        check(Shape::Steps(vec![step(low), step(high)]), 1 + rounds, 2 * (low + rounds * high));
        check(Shape::Ramp { from: low, to: high, over: lasts }, 1, low + high);
        check(Shape::Ramp { from: high, to: low, over: lasts }, 1, low + high);
        check(Shape::Bursts { on: step(high), off: step(low) }, 2 * rounds, 2 * rounds * (low + high));
        let (mean, amplitude) = (low.max(high), low.min(high));
        check(Shape::Wave { mean, amplitude, period: lasts }, rounds, 2 * rounds * mean);
    }

    #[test]
    fn any_dealing_among_lanes_sends_each_message_once_at_its_own_time(
        shape in shapes(), arrival in any_arrival(), lanes in prop_oneof![Just(1_u64), Just(3), Just(16)],
        more in 0_u64..9, salt in 0_u64..1_000,
    ) {
        let producers = lanes + more;
        let schedule = schedule(shape, arrival, 60_000_000);
        let lane_of = |producer: u64| {
            if producer < lanes { producer } else { (producer * 7 + salt) % lanes }
        };
        let mut all: Vec<Turn> = (0..lanes)
            .flat_map(|lane| {
                let own: Vec<u64> = (0..producers).filter(|p| lane_of(*p) == lane).collect();
                turns(Walk::new(schedule.clone(), producers, &own))
            })
            .collect();
        all.sort_by_key(|turn| turn.index);
        let merged: Vec<(u64, Timestamp)> = all.iter().map(|turn| (turn.index, turn.due)).collect();
        let expected: Vec<(u64, Timestamp)> = (0..).zip(dues(&schedule)).collect();
        assert_eq!(merged, expected, "the one walk");
    }

    #[test]
    fn joining_later_is_the_tail_of_the_whole_and_what_is_left_is_counted(
        shape in shapes(), arrival in any_arrival(), change in prop::option::of((0_u64..80_000_000, 1_u64..200_000)),
        own in 1_u64..32, from in 0_u64..120_000_000, until in 0_u64..120_000_000,
    ) {
        let own: Vec<u64> = (0..5).filter(|producer| own >> producer & 1 == 1).collect();
        let mut schedule = schedule(shape, arrival, 100_000_000);
        if let Some((at, rate)) = change {
            schedule.change_rate(START + Nanos(at), Rate::per_second(rate).expect("above 0"));
        }
        let moment = START + Nanos(from);
        let whole = Walk::new(schedule, 5, &own);
        let tail: Vec<Turn> = turns(whole.clone()).filter(|turn| moment <= turn.due).collect();
        let joined = whole.starting_at(moment);
        let horizon = START + Nanos(until);
        let left = tail.iter().filter(|turn| turn.due < horizon).count();
        assert_eq!(joined.left_before(horizon), to_u64(left), "counted without walking");
        assert_eq!(turns(joined).collect::<Vec<_>>(), tail, "the tail");
    }

    #[test]
    fn a_change_after_a_shape_keeps_what_was_due_and_a_walk_follows_it(
        shape in shapes(), arrival in any_arrival(), at in 0_u64..90_000_000, rate in 1_u64..200_000,
        taken in 0_usize..50,
    ) {
        let before = schedule(shape, arrival, 100_000_000);
        let (moment, rate) = (START + Nanos(at), Rate::per_second(rate).expect("above 0"));
        let mut after = before.clone();
        after.change_rate(moment, rate);
        let (old, new) = (dues(&before), dues(&after));
        let kept = old.partition_point(|due| *due < moment);
        assert_eq!(&new[..kept], &old[..kept], "what was due before");
        assert_eq!(to_u64(new.len()), after.count_before(after.end()), "all are counted");
        if arrival == Arrival::Regular {
            let regular = Schedule::constant(rate, moment, after.end());
            assert_eq!(&new[kept..], &dues(&regular), "and then regularly, from that moment on");
        }
        let mut walk = Walk::new(before, 1, &[0]);
        let taken = taken.min(kept);
        (0..taken).for_each(|_| walk.advance());
        walk.follow(after);
        let rest: Vec<Timestamp> = turns(walk).map(|turn| turn.due).collect();
        assert_eq!(rest, &new[taken..], "from the message on at which it was");
    }

    #[test]
    fn a_schedule_of_shapes_travels(shape in shapes(), arrival in any_arrival(), at in 0_u64..1_000_000_000) {
        let mut sent = Schedule::new(
            Tempo::Rate(Rate::per_second(9).expect("above 0")), arrival, START, START + Nanos(at * 3),
        );
        sent.append(START + Nanos(at), tempo(shape));
        sent.change_rate(START + Nanos(at * 2), Rate::per_second(70).expect("above 0"));
        let bytes = postcard::to_stdvec(&sent).expect("memory takes it");
        assert_eq!(postcard::from_bytes(&bytes), Ok(sent));
    }

    #[test]
    fn the_mean_is_what_is_due_by_how_long(shape in shapes(), millis in 1_u64..5_000) {
        let (tempo, length) = (tempo(shape), Nanos::from_millis(millis));
        let count = tempo.count(length);
        prop_assume!(1 < count);
        let mean = tempo.mean(length).expect("one is due at least").get();
        let off = (u128::from(mean) * u128::from(millis)).abs_diff(u128::from(count) * 1_000);
        assert!(off <= 1_000 + u128::from(millis), "{mean}/s for {count} in {millis} ms");
    }
}

#[test]
fn a_recording_is_sent_when_it_was_recorded() {
    let millis = |at: &[u64]| at.iter().copied().map(Nanos::from_millis).collect::<Vec<_>>();
    let times = millis(&[0, 0, 5, 7, 7, 30]);
    let check = |every: Option<u64>, expected: &[u64]| {
        let every = every.map(Nanos::from_millis);
        let shape = Shape::Replay { times: times.clone(), every };
        let expected: Vec<Timestamp> = millis(expected).into_iter().map(|at| START + at).collect();
        assert_eq!(dues(&schedule(shape, Arrival::Regular, 60_000_000)), expected, "{every:?}");
    };
    check(None, &[0, 0, 5, 7, 7, 30]);
    check(Some(40), &[0, 0, 5, 7, 7, 30, 40, 40, 45, 47, 47]);
}

#[test]
fn a_pause_sends_nothing_and_the_next_burst_begins_on_time() {
    let step = |rate, millis| Step { rate, lasts: Nanos::from_millis(millis) };
    let shape = Shape::Bursts { on: step(1_000, 3), off: step(0, 7) };
    let expected = [0, 1, 2, 10, 11, 12, 20, 21, 22].map(|at| START + Nanos::from_millis(at));
    assert_eq!(dues(&schedule(shape, Arrival::Regular, 30_000_000)), expected);
    let silent = Shape::Steps(vec![step(2_000, 2), step(0, 1)]);
    let whole = schedule(silent, Arrival::Regular, 30_000_000);
    assert_eq!(dues(&whole).len(), 4, "then never again");
    assert!(whole.end() < whole.due(4), "however long one waits");
}

#[test]
fn a_ramp_has_its_messages_where_the_root_says() {
    // 0 to 2,000/s in 2 s: after t seconds 500 t² have come.
    let shape = Shape::Ramp { from: 0, to: 2_000, over: Nanos::from_secs(2) };
    let schedule = schedule(shape, Arrival::Regular, 2_000_000_000);
    assert_eq!(schedule.count_before(schedule.end()), 2_000);
    for (index, nanos) in [(0, 0), (5, 100_000_000), (45, 300_000_000), (500, 1_000_000_000)] {
        assert_eq!(schedule.due(index), START + Nanos(nanos), "message {index}");
    }
    assert_eq!(MESSAGE, 2_000_000_000_000_000, "the unit in which it is exact");
}
