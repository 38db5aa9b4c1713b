//! The laws of a clock that is corrected while it runs.

use super::correction::{LEAD, SLEW_SPAN_MIN};
use super::{Clock, Correction, Line, OsClock, Setting};
use crate::units::{Nanos, Timestamp};
use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_oneof, proptest};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A host's clock that the test moves; parking moves it as well.
#[derive(Clone)]
struct Hand(Rc<Cell<u64>>);

const START: u64 = 1_800_000_000_000_000_000;
const SECOND: u64 = 1_000_000_000;
const THREE_DAYS: i64 = 3 * 86_400 * 1_000_000_000;

impl Hand {
    fn new() -> Self {
        Self(Rc::new(Cell::new(START)))
    }

    fn advance(&self, nanos: u64) {
        self.0.set(self.0.get() + nanos);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.get())
    }

    fn park(&self, span: Nanos) {
        self.advance(span.0);
    }
}

fn line(at: u64, offset_ns: i64, drift_ppb: i64) -> Line {
    Line::new(Timestamp::from_nanos(at), offset_ns, drift_ppb).expect("a line of a test")
}

/// What is added at this moment.
fn added(correction: &Correction, own: &Hand) -> i128 {
    i128::from(correction.now(own).as_nanos()) - i128::from(own.now().as_nanos())
}

#[test]
fn without_a_correction_the_fleets_time_is_the_hosts() {
    let own = Hand::new();
    assert_eq!(Correction::new().now(&own), own.now());
}

#[test]
fn the_first_line_holds_at_once_however_far_it_is() {
    let check = |offset: i64, drift_ppb: i64| {
        let (own, correction) = (Hand::new(), Correction::new());
        correction.begin(&line(START, offset, drift_ppb));
        assert_eq!(added(&correction, &own), i128::from(offset), "at once");
        own.advance(1_000 * SECOND);
        let expected = i128::from(offset) + i128::from(drift_ppb) * 1_000;
        let off = added(&correction, &own) - expected;
        // A slope is off by a quarter of a part in 10^9 at most.
        assert!(off.abs() <= 250, "{offset} {drift_ppb}: off by {off}");
    };
    check(-250_000_000, -200_000);
    check(THREE_DAYS, 200_000);
    check(-THREE_DAYS, 0);
    check(0, Line::DRIFT_MAX_PPB);
}

/// Nanosecond by nanosecond around both ends of the slew, and coarsely between them.
#[test]
fn a_change_begins_after_its_lead_and_has_no_step_at_either_end() {
    let check = |gap: i64, span: u64| {
        let (own, correction) = (Hand::new(), Correction::new());
        correction.begin(&line(START, THREE_DAYS, 200_000));
        let wanted = line(START, THREE_DAYS + gap, 180_000);
        assert_eq!(correction.set(&own, &wanted), Setting::Made);
        let (switch, end) = (START + LEAD, START + LEAD + span);
        let mut last = correction.now(&own);
        let mut read_at = |at: u64| {
            own.advance(at - own.0.get());
            let now = correction.now(&own);
            let step = last.until(now).0;
            assert!(last <= now, "{gap}: at {at}");
            last = now;
            (step, added(&correction, &own))
        };
        let before = line(START, THREE_DAYS, 200_000);
        for at in switch - 50..switch + 50 {
            let (step, got) = read_at(at);
            assert!(at == switch - 50 || step <= 2, "{gap}: {step} ns in one at {at}");
            if at <= switch {
                let expected = i128::from(before.offset_at(Timestamp::from_nanos(at)));
                assert!((got - expected).abs() <= 1, "{gap}: {got}, not {expected}");
            }
        }
        for at in end - 50..end + 50 {
            let (step, got) = read_at(at);
            assert!(at == end - 50 || step <= 2, "{gap}: {step} ns in one at {at}");
            let expected = i128::from(wanted.offset_at(Timestamp::from_nanos(at)));
            assert!(at < end || (got - expected).abs() <= 3, "{gap}: {got}, not {expected}");
        }
    };
    check(20_000, SLEW_SPAN_MIN);
    check(-20_000, SLEW_SPAN_MIN);
    // 2 ms at 500 ppm; 1 µs comes from the drift during the lead.
    check(2_000_000 + 1_000, 4 * SECOND);
    check(-2_000_000 + 1_000, 4 * SECOND);
}

#[test]
fn a_setting_close_to_the_end_of_a_slew_waits_for_it_or_begins_there() {
    let check = |before_end: u64, expected_wait: u64| {
        let (own, correction) = (Hand::new(), Correction::new());
        correction.begin(&line(START, 0, 0));
        assert_eq!(correction.set(&own, &line(START, 10_000, 0)), Setting::Made);
        own.advance(LEAD + SLEW_SPAN_MIN - before_end);
        let begun = own.0.get();
        assert_eq!(correction.set(&own, &line(START, -10_000, 0)), Setting::Made);
        assert_eq!(own.0.get() - begun, expected_wait, "{before_end}");
        own.advance(before_end.saturating_sub(expected_wait));
        // The first slew is ended as if nothing had been set.
        assert!((10_000 - added(&correction, &own)).abs() <= 1, "{before_end}");
        own.advance(SECOND);
        assert!((-10_000 - added(&correction, &own)).abs() <= 2, "{before_end}");
    };
    check(LEAD / 2, 0);
    check(100, 1_000_000);
}

/// A clock that jumps ahead whenever it is looked at, as for a thread that is held up.
#[derive(Clone)]
struct Held {
    hand: Hand,
    /// How far it jumps at each of the next looks.
    jumps: Rc<Cell<[u64; 3]>>,
}

impl Clock for Held {
    fn now(&self) -> Timestamp {
        let [first, second, third] = self.jumps.get();
        self.jumps.set([second, third, first]);
        self.hand.advance(first);
        self.hand.now()
    }

    fn park(&self, span: Nanos) {
        self.hand.advance(span.0);
    }
}

#[test]
fn a_thread_that_is_held_up_changes_nothing_or_says_how_late_it_was() {
    let check = |jumps: [u64; 3], expected: Setting| {
        let (hand, correction) = (Hand::new(), Correction::new());
        correction.begin(&line(START, 0, 0));
        let own = Held { hand: hand.clone(), jumps: Rc::new(Cell::new(jumps)) };
        assert_eq!(correction.set(&own, &line(START, 100_000, 0)), expected, "{jumps:?}");
        hand.advance(SECOND);
        let is_set = 0 < added(&correction, &hand);
        assert_eq!(is_set, expected != Setting::Missed, "{jumps:?}");
    };
    // The looks: before the work, before publishing, after it.
    check([0, 0, 0], Setting::Made);
    check([0, LEAD - 200_000, 0], Setting::Made);
    check([LEAD, LEAD, LEAD], Setting::Missed);
    check([0, 0, LEAD + 70], Setting::Late(Nanos(70)));
}

#[derive(Clone, Debug)]
enum Step {
    Advance(u64),
    /// Offset from the present line, drift.
    Set(i64, i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let short = (0_u64..2_000).prop_map(Step::Advance);
    let long = (0_u64..400_000_000).prop_map(Step::Advance);
    let set = (-2_000_000_i64..2_000_000, -500_000_i64..500_000)
        .prop_map(|(offset, drift)| Step::Set(offset, drift));
    let again = Just(Step::Set(0, 0));
    prop::collection::vec(prop_oneof![short, long, set, again], 1..200)
}

proptest! {
    /// Time goes on by a thousandth more or less than the host's own, drift and slew together, and
    /// not a nanosecond back, whatever is set whenever.
    #[test]
    fn time_neither_steps_back_nor_jumps(
        steps in steps(),
        first in prop_oneof![Just(250_000_000), Just(-THREE_DAYS), -1_000_000_i64..1_000_000],
    ) {
        let (own, correction) = (Hand::new(), Correction::new());
        correction.begin(&line(START, first, 200_000));
        let (mut last_own, mut last) = (own.now(), correction.now(&own));
        for step in steps {
            match step {
                Step::Advance(nanos) => own.advance(nanos),
                Step::Set(offset, drift) => {
                    let present = i64::try_from(added(&correction, &own)).expect("days");
                    let wanted = line(own.0.get(), present + offset, drift);
                    prop_assert!(correction.set(&own, &wanted) == Setting::Made);
                }
            }
            let (now_own, now) = (own.now(), correction.now(&own));
            prop_assert!(last <= now, "{last:?} then {now:?}");
            let (span_own, span) = (last_own.until(now_own).0, last.until(now).0);
            // Two pieces may end within the span, and each rounds.
            let most = span_own / 1_000 + 3;
            prop_assert!(span.abs_diff(span_own) <= most, "{span} in {span_own}");
            (last_own, last) = (now_own, now);
        }
    }

    /// After its slew the clock is on the line it was led to.
    #[test]
    fn every_line_is_reached(gap in -5_000_000_i64..5_000_000, drift in -500_000_i64..500_000) {
        let (own, correction) = (Hand::new(), Correction::new());
        correction.begin(&line(START, 0, -200_000));
        let wanted = line(START, gap, drift);
        prop_assert!(correction.set(&own, &wanted) == Setting::Made);
        own.advance(12 * SECOND);
        let off = added(&correction, &own) - i128::from(wanted.offset_at(own.now()));
        prop_assert!(off.abs() <= 10, "off by {off}");
    }
}

/// A clock during whose first looks the line is changed, and which goes on by a second a look.
#[derive(Clone)]
struct Overtaken<'a> {
    correction: &'a Correction,
    hand: Hand,
    changes: Rc<Cell<u32>>,
}

impl Clock for Overtaken<'_> {
    fn now(&self) -> Timestamp {
        let now = self.hand.now();
        if let Some(left) = self.changes.get().checked_sub(1) {
            self.changes.set(left);
            self.hand.advance(SECOND);
            self.correction.begin(&line(START, i64::from(left), 0));
        }
        now
    }

    fn park(&self, _span: Nanos) {}
}

#[test]
fn a_reader_that_is_overtaken_by_a_change_looks_at_its_clock_again() {
    let check = |changes: u32, offset: u64| {
        let correction = Correction::new();
        correction.begin(&line(START, 7, 0));
        let changes = Rc::new(Cell::new(changes));
        let own = Overtaken { correction: &correction, hand: Hand::new(), changes };
        let got = correction.now(&own).as_nanos();
        // The moment of the last look with the line of the last change: nothing of those before.
        assert_eq!(got, own.hand.0.get() + offset, "{:?}", own.changes);
    };
    check(0, 7);
    check(1, 0);
    check(2, 0);
    check(5, 0);
}

/// A clock that takes its time, during which the line is changed.
#[derive(Clone)]
struct Slow;

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        (0..50).for_each(|_| std::hint::spin_loop());
        Timestamp::from_nanos(START)
    }

    fn park(&self, _span: Nanos) {}
}

/// A mixture of two lines would be seconds off every one of them.
#[test]
fn readers_never_see_half_a_line() {
    const READINGS: u32 = 5_000;
    let lines = [
        line(START, 0, 0),
        line(START - 40_000 * SECOND, 5_000_000_000, 500_000),
        line(START + 90_000 * SECOND, -9_000_000_000, -300_000),
    ];
    let legal = lines.map(|line| {
        let alone = Correction::new();
        alone.begin(&line);
        added(&alone, &Hand::new())
    });
    let (correction, is_over) = (Correction::new(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Relaxed: it orders nothing, the scope joins.
            while !is_over.load(Ordering::Relaxed) {
                lines.iter().for_each(|line| correction.begin(line));
            }
        });
        let wall = OsClock::anchored();
        let deadline = wall.now() + Nanos::from_secs(20);
        let (mut seen, mut stranger) = ([0_u32; 3], None);
        while seen.iter().any(|count| *count < READINGS) && wall.now() < deadline {
            let got = i128::from(correction.now(&Slow).as_nanos()) - i128::from(START);
            match legal.iter().position(|legal| *legal == got) {
                Some(which) => seen[which] += 1,
                None => stranger = Some(got),
            }
        }
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(stranger, None, "on none of {legal:?}, after {seen:?}");
        assert!(seen.iter().all(|count| READINGS <= *count), "all lines are read: {seen:?}");
    });
}
