//! The border between warm-up and measured phase: fixed, or decided while the run goes on.

use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Later than any moment of any run.
const NEVER: Timestamp = Timestamp::from_nanos(u64::MAX);

/// Set in the word once the border is decided; the rest are nanoseconds after the start.
const DECIDED: u64 = 1 << 63;

/// Where the measured phase begins.
///
/// An open border lies a whole number of seconds after the start, at `latest` unless it is decided
/// to lie earlier. It is exact whatever stands still meanwhile, lanes or the one who decides: before
/// a lane handles anything of a new second it says so here, and a border is decided only behind
/// every second that was said. Both are one operation on one word, and all see its changes in one
/// order. So a lane either hears the border before it handles the first message behind it, or has
/// made that border impossible. No margin of time is needed, and the relaxed ordering is enough:
/// nothing else is handed over with the word.
#[derive(Debug)]
pub struct Border {
    start: Timestamp,
    origin: Timestamp,
    latest: Timestamp,
    /// Decided: where it lies. Open: the latest moment that a lane said it had come to.
    word: AtomicU64,
}

impl Border {
    /// A border that is known from the start.
    #[must_use]
    pub fn fixed(start: Timestamp, measured: Timestamp) -> Arc<Self> {
        let word = AtomicU64::new(DECIDED | start.until(measured).0);
        Arc::new(Self { start, origin: measured, latest: measured, word })
    }

    /// A border that may be decided; it lies `longest`, in whole seconds, after the start otherwise.
    ///
    /// # Panics
    /// When `longest` is not a whole number of seconds: no second may belong to both phases.
    #[must_use]
    pub fn open(start: Timestamp, longest: Nanos) -> Arc<Self> {
        assert!(longest.0.is_multiple_of(NANOS_PER_SECOND), "borders lie between seconds");
        let latest = start + longest;
        Arc::new(Self { start, origin: start, latest, word: AtomicU64::new(0) })
    }

    /// When the load begins.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// The moment from which seconds are numbered: the border itself where it is fixed, else the
    /// start.
    #[must_use]
    pub const fn origin(&self) -> Timestamp {
        self.origin
    }

    /// The latest moment at which the measured phase may begin.
    #[must_use]
    pub const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// Where the measured phase begins as far as is known now: the latest moment while it is open.
    #[must_use]
    pub fn measured(&self) -> Timestamp {
        self.known().unwrap_or(self.latest)
    }

    /// Whether it has been decided, or was from the start.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.known().is_some()
    }

    /// Decides an open border: the first whole second after `now` that no lane has come to. Returns
    /// where it lies then, which is the latest moment where no earlier one is left.
    pub fn decide(&self, now: Timestamp) -> Timestamp {
        let now = self.start.until(now).0;
        let behind = |word: u64| {
            let border = next_second(word.max(now));
            let is_earlier = border < self.start.until(self.latest).0;
            (word < DECIDED && is_earlier).then_some(DECIDED | border)
        };
        // What stands in the way is a border decided before, or that none is left.
        let _refused = self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, behind);
        self.measured()
    }

    /// Decides that an open border lies at `moment`, which several hosts have been told alike. False
    /// where it does not come to lie there: it is no whole second, lies behind the latest moment, a lane
    /// has come to it, or the border lies elsewhere already.
    pub fn decide_at(&self, moment: Timestamp) -> bool {
        let border = self.start.until(moment).0;
        let is_whole = border.is_multiple_of(NANOS_PER_SECOND) && 0 < border;
        let fits = |word: u64| {
            let is_ahead = word < border && moment < self.latest;
            (word < DECIDED && is_ahead && is_whole).then_some(DECIDED | border)
        };
        // What stands in the way is told by where the border lies.
        let _refused = self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        self.is_decided() && self.measured() == moment
    }

    /// A lane comes to `moment`. Returns the border if it is decided; else none will be decided at
    /// `moment` or before it.
    fn come_to(&self, moment: Timestamp) -> Option<Timestamp> {
        // A decided word is greater than any moment, so it stays.
        let word =
            self.word.fetch_max(self.start.until(moment).0.min(DECIDED - 1), Ordering::Relaxed);
        self.of(word).or_else(|| (self.latest <= moment).then_some(self.latest))
    }

    fn known(&self) -> Option<Timestamp> {
        self.of(self.word.load(Ordering::Relaxed))
    }

    fn of(&self, word: u64) -> Option<Timestamp> {
        (DECIDED <= word).then(|| self.start + Nanos(word - DECIDED))
    }
}

/// The first whole second after so many nanoseconds.
const fn next_second(nanos: u64) -> u64 {
    (nanos / NANOS_PER_SECOND + 1) * NANOS_PER_SECOND
}

/// What one lane knows of the border: kept with the lane, so that telling phases apart reads nothing
/// shared but once a second while the border is open.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// `None` once the border is known.
    border: Option<Arc<Border>>,
    measured: Timestamp,
    sure_until: Timestamp,
}

impl Outlook {
    /// Before the start line: everything is warm-up.
    #[must_use]
    pub const fn before_start() -> Self {
        Self { border: None, measured: NEVER, sure_until: NEVER }
    }

    /// At the start line.
    #[must_use]
    pub fn new(border: &Arc<Border>) -> Self {
        match border.known() {
            Some(measured) => Self { border: None, measured, sure_until: NEVER },
            None => Self {
                border: Some(Arc::clone(border)),
                measured: border.latest,
                sure_until: border.start + Nanos::from_secs(1),
            },
        }
    }

    /// Whether what is due at this moment belongs to the measured phase.
    #[inline]
    pub fn is_measured(&mut self, due: Timestamp) -> bool {
        if self.measured <= due {
            return true;
        }
        if due < self.sure_until {
            return false;
        }
        self.look(due);
        self.measured <= due
    }

    /// Takes note that the lane has come to `moment`.
    #[inline]
    pub fn come_to(&mut self, moment: Timestamp) {
        if self.sure_until <= moment {
            self.look(moment);
        }
    }

    /// Where the measured phase begins; while that is open, the latest moment.
    #[must_use]
    pub const fn measured(&self) -> Timestamp {
        self.measured
    }

    /// What is due earlier than this cannot change its phase any more.
    #[must_use]
    pub const fn sure_until(&self) -> Timestamp {
        self.sure_until
    }

    #[cold]
    fn look(&mut self, moment: Timestamp) {
        let Some(border) = &self.border else { return };
        match border.come_to(moment) {
            Some(measured) => *self = Self { border: None, measured, sure_until: NEVER },
            None => {
                let second = next_second(border.start.until(moment).0);
                self.sure_until = border.start + Nanos(second);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Border, Outlook};
    use crate::units::{Nanos, Timestamp};
    use std::sync::Arc;

    const START: Timestamp = Timestamp::from_nanos(7_000_000_123);

    fn after(millis: u64) -> Timestamp {
        START + Nanos::from_millis(millis)
    }

    fn open(seconds: u64) -> (Arc<Border>, Outlook) {
        let border = Border::open(START, Nanos::from_secs(seconds));
        let outlook = Outlook::new(&border);
        (border, outlook)
    }

    #[test]
    fn a_border_lies_at_the_next_whole_second_that_no_lane_has_come_to() {
        // A lane came to the first moment; it is decided at the second; and lies at the third.
        let check = |came: u64, decided: u64, expected: u64| {
            let (border, mut lane) = open(10);
            lane.come_to(after(came));
            assert_eq!(border.decide(after(decided)), after(expected), "{came} and {decided} ms");
            assert_eq!(border.decide(after(9_000)), after(expected), "once");
            assert_eq!(border.measured(), after(expected), "and everybody hears it");
        };
        check(0, 5_020, 6_000);
        check(5_999, 5_020, 6_000);
        check(6_000, 5_020, 7_000);
        check(8_500, 5_020, 9_000);
        check(0, 6_000, 7_000);
        check(9_000, 5_020, 10_000);
        check(12_000, 5_020, 10_000);
        check(0, 20_000, 10_000);
    }

    #[test]
    fn every_moment_belongs_to_one_phase_whenever_lanes_look_and_the_run_decides() {
        // In steps of 250 ms: the run decides at one of them; the lane wakes at every so many, and
        // handles then what became due while it stood still.
        let check = |decided: u64, stall: u64| {
            let (border, mut lane) = open(6);
            let (mut told, mut handled) = (Vec::new(), 0);
            for now in 0..48 {
                if now == decided {
                    border.decide(after(now * 250));
                }
                let until = if now.is_multiple_of(stall) { now + 1 } else { handled };
                for due in handled..until {
                    lane.come_to(after(now * 250));
                    told.push((after(due * 250), lane.is_measured(after(due * 250))));
                }
                handled = until;
            }
            let measured = border.measured();
            assert!(measured <= after(6_000), "at the bound: {decided}, {stall}");
            for (due, is_measured) in told {
                assert_eq!(is_measured, measured <= due, "{due:?}: {decided}, {stall}");
            }
        };
        (0..40).for_each(|decided| (1..30).for_each(|stall| check(decided, stall)));
    }

    #[test]
    fn a_message_that_is_ahead_of_its_readers_clock_settles_its_second_too() {
        let (border, mut lane) = open(10);
        assert!(!lane.is_measured(after(3_000)), "read early, so it is warm-up");
        assert_eq!(border.decide(after(2_500)), after(4_000), "and stays warm-up");
        assert!(!lane.is_measured(after(3_999)), "the last of it");
        assert!(lane.is_measured(after(4_000)), "the first that is measured");
    }

    #[test]
    fn a_border_that_was_agreed_on_lies_there_or_nowhere_new() {
        // A lane came to the first moment; the border is to lie at the second.
        let check = |came: u64, agreed: u64, expected: bool| {
            let (border, mut lane) = open(10);
            lane.come_to(after(came));
            assert_eq!(border.decide_at(after(agreed)), expected, "{came} and {agreed} ms");
            let measured = after(if expected { agreed } else { 10_000 });
            assert_eq!(border.measured(), measured, "{came} and {agreed} ms");
            assert_eq!(border.decide_at(after(agreed)), expected, "said twice");
            let elsewhere = border.decide_at(after(agreed + 1_500));
            assert!(!elsewhere, "a border lies between seconds, and nowhere else once it lies");
        };
        check(0, 6_000, true);
        check(5_999, 6_000, true);
        check(6_000, 6_000, false);
        check(0, 6_001, false);
        check(0, 0, false);
        check(0, 10_000, false);
        check(0, 11_000, false);
        assert!(Border::fixed(START, after(700)).decide_at(after(700)), "it lies there already");
    }

    #[test]
    fn nobody_has_to_decide() {
        let (border, mut lane) = open(2);
        assert!(!lane.is_measured(after(1_999)), "before the bound");
        assert!(!border.is_decided(), "nobody has");
        assert!(lane.is_measured(after(2_000)), "at the bound");
        assert_eq!((lane.measured(), border.decide(after(2_000))), (after(2_000), after(2_000)));
    }

    #[test]
    fn a_fixed_border_is_known_at_once_and_stays() {
        let border = Border::fixed(START, after(700));
        let mut lane = Outlook::new(&border);
        assert_eq!(border.decide(after(100)), after(700), "there is nothing to decide");
        assert_eq!((lane.is_measured(after(699)), lane.is_measured(after(700))), (false, true));
        assert_eq!((border.origin(), border.latest()), (after(700), after(700)));
        assert!(!Outlook::before_start().is_measured(after(9_000)), "before the start line");
    }

    #[test]
    fn lanes_that_race_with_the_decision_agree_on_it() {
        for _ in 0..50 {
            let (border, lane) = open(60);
            let race = |mut own: Outlook| {
                move || {
                    let told = (0..20_000_u64).map(|step| (step, own.is_measured(after(step))));
                    told.filter(|(_, is_measured)| !is_measured).count()
                }
            };
            let warm = std::thread::scope(|scope| {
                let lanes = [scope.spawn(race(lane.clone())), scope.spawn(race(lane))];
                border.decide(after(3_000));
                lanes.map(|thread| thread.join().expect("it only counts"))
            });
            let millis = START.until(border.measured()).0 / 1_000_000;
            let expected = usize::try_from(millis.min(20_000)).expect("small");
            assert_eq!(warm, [expected; 2], "all before the border, and nothing behind it");
        }
    }
}
