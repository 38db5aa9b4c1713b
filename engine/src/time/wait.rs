//! Waiting is polling: the thread serves its link until the message is due.

use super::Clock;
use crate::units::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};

/// How a lane passes the time until its next message is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitMode {
    /// Looks at the clock and the link without pause: a core of its own, the least lateness.
    Spin,
    /// Parks until shortly before the due time, then spins.
    Sleep,
}

/// How long before a due time a sleeping lane wakes to spin; adapts to the oversleep seen.
///
/// The floor of 60 µs is twice the oversleep that a virtual machine shows where the system adds no
/// slack to timers (15 to 40 µs, `lane/pin.rs`): at 1,000 messages per second it leaves a send delay
/// p50 below 0.1 µs for 5 % of a core. The start of 100 µs is for the first sleeps, unlearned yet.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    span: Nanos,
    /// When the last sleep ended: ticks are counted from wake to wake, so that the time a lane takes
    /// to send what was due is not on the bill of what is due next.
    woke: Timestamp,
}

impl Guard {
    const START: Nanos = Nanos(100_000);
    const FLOOR: u64 = 60_000;
    /// Beyond this the oversleep is a hiccup of the machine, not a habit to prepare for; and
    /// spinning for it would cost a lane of 1,000 messages per second more than 12 % of its core.
    const CEILING: u64 = 120_000;
    /// Dues that follow one another faster than this many guards are not spun for: a sleeping lane
    /// spends at most an eighth of its time spinning.
    const PATIENCE: u64 = 8;
    /// Dues that are not spun for share wake-ups this far apart at least. With the oversleep a lane
    /// then wakes about every 180 µs: 5,500 times a second at 20 to 40 µs of processor time each. A
    /// tick of 200 µs saves a tenth of the process's time and is a quarter later (CHANGELOG, Numbers).
    pub const TICK: Nanos = Nanos(150_000);

    /// The guard of a lane that has not slept yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { span: Self::START, woke: Timestamp::from_nanos(0) }
    }

    /// The span before a due time in which the lane no longer sleeps.
    #[must_use]
    pub const fn span(self) -> Nanos {
        self.span
    }

    /// Learns from one sleep that ended `late` after it was meant to: an eighth of the way towards
    /// twice the oversleep, so that one outlier moves it little and a trend moves it soon.
    fn learn(&mut self, late: Nanos) {
        let wanted = (late.0.saturating_mul(2)).clamp(Self::FLOOR, Self::CEILING);
        self.span = Nanos((self.span.0 * 7 + wanted) / 8);
    }

    /// How a lane that looks at `now` waits for `due`: until when, and spinning for how long.
    fn plan(self, now: Timestamp, due: Timestamp) -> (Timestamp, Nanos) {
        if self.span.0 * Self::PATIENCE <= now.until(due).0 {
            return (due, self.span);
        }
        (due.max(self.woke + Self::TICK), Nanos::ZERO)
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

/// Longest sleep of a lane whose due time is far: a halt, a new rate and the end of a second unpark
/// nobody, and wait this long at most.
const NAP: Nanos = Nanos::from_millis(10);

/// What a look at the link brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// All there was.
    Done,
    /// There may be more: look again before sleeping, since nobody calls for what is there already.
    Again,
    /// The wait is over.
    Stop,
}

/// Who waits, and looks at its link meanwhile. A function of the moment is one.
pub trait Waiter {
    /// Looks at the link at this moment; never blocks.
    fn look(&mut self, now: Timestamp) -> Look;

    /// A sleep that nobody ended early ended so much later than it was meant to.
    fn overslept(&mut self, _late: Nanos) {}
}

impl<F: FnMut(Timestamp) -> Look> Waiter for F {
    fn look(&mut self, now: Timestamp) -> Look {
        self(now)
    }
}

/// Lets the waiter look until `due` and returns the moment at which the waiting ended, or `None` when
/// it says to stop.
///
/// Without a guard it spins. With one it parks until shortly before `due` and spins then, or, for a
/// `due` that is near, parks until a wake-up that it shares with the dues next to it: those are sent
/// up to [`Guard::TICK`] and an oversleep late, for a fraction of the processor time.
pub fn wait_until<C: Clock>(
    clock: &C,
    due: Timestamp,
    guard: Option<&mut Guard>,
    mut waiter: impl Waiter,
) -> Option<Timestamp> {
    let mut now = clock.now();
    if due <= now {
        return Some(now);
    }
    let Some(guard) = guard else {
        while now < due {
            if waiter.look(now) == Look::Stop {
                return None;
            }
            now = clock.now();
        }
        return Some(now);
    };
    let (wake, spin) = guard.plan(now, due);
    while now < wake {
        match waiter.look(now) {
            Look::Stop => return None,
            Look::Again => {
                now = clock.now();
                continue;
            }
            Look::Done => {}
        }
        let asleep = clock.now();
        let nap = asleep.until(wake).less(spin).min(NAP);
        if Nanos::ZERO < nap {
            clock.park(nap);
        }
        now = clock.now();
        // A park that an ack ended early says nothing about oversleeping.
        if let Some(late) = now.since(asleep + nap).filter(|_| Nanos::ZERO < nap) {
            guard.learn(late);
            waiter.overslept(late);
        }
    }
    guard.woke = now;
    Some(now)
}

#[cfg(test)]
mod tests {
    use super::{Guard, Look, wait_until};
    use crate::time::Clock;
    use crate::time::virtual_time::StepClock;
    use crate::units::{Nanos, Timestamp};

    #[test]
    fn a_sleeper_wakes_before_the_due_time_and_spins_up_to_it() {
        let clock = StepClock::default();
        let mut guard = Guard::new();
        let due = Timestamp::from_nanos(5_000_000);
        let mut served = 0;
        let woke = wait_until(&clock, due, Some(&mut guard), |_| {
            served += 1;
            Look::Done
        });
        let late =
            woke.and_then(|at| at.since(due)).expect("waiting ends at or after the due time");
        assert!(late <= Nanos(100), "one look at the clock at most: {late:?}");
        assert!(10 < served, "the guard's span is spent looking, not sleeping: {served}");
    }

    #[test]
    fn dues_that_follow_fast_share_wake_ups_and_are_late_by_a_tick_at_most() {
        let clock = StepClock::default();
        let mut guard = Guard::new();
        let mut wakes = 0;
        for message in 1..=100_u64 {
            let due = Timestamp::from_nanos(message * 100_000);
            let before = clock.now();
            let woke =
                wait_until(&clock, due, Some(&mut guard), |_| Look::Done).expect("nobody stops");
            let late = woke.since(due).expect("never early");
            assert!(late <= Guard::TICK + Nanos(1_000), "message {message}: {late}");
            wakes += u64::from(before < due);
        }
        assert!((50..70).contains(&wakes), "two messages in three wait for one wake-up: {wakes}");
    }

    #[test]
    fn what_sending_takes_is_not_on_the_bill_of_the_next_wake_up() {
        let clock = StepClock::default();
        let mut guard = Guard::new();
        let mut wakes = Vec::new();
        for message in 1..=10_000_u64 {
            let due = Timestamp::from_nanos(message * 10_000);
            let before = clock.now();
            let woke =
                wait_until(&clock, due, Some(&mut guard), |_| Look::Done).expect("nobody stops");
            if before < due {
                wakes.push(woke);
                // Sending what has come due takes a third of a tick.
                clock.park(Nanos(50_000));
            }
        }
        let apart = |pair: &[Timestamp]| pair[1].since(pair[0]).expect("time goes on");
        let longest = wakes.windows(2).map(apart).max().expect("there are several");
        assert!(longest < Guard::TICK + Nanos(1_000), "from wake to wake: {longest}");
    }

    #[test]
    fn a_spinner_shares_no_wake_up_however_near_the_dues() {
        for apart in [1_000, 100_000, 149_000] {
            let clock = StepClock::default();
            for message in 1..=100_u64 {
                let due = Timestamp::from_nanos(message * apart);
                let woke = wait_until(&clock, due, None, |_| Look::Done).expect("nobody stops");
                let late = woke.since(due).expect("never early");
                assert!(late <= Nanos(100), "message {message} of each {apart} ns: {late}");
            }
        }
    }

    #[test]
    fn a_lane_whose_due_time_is_far_looks_about_every_10_ms() {
        let clock = StepClock::default();
        let (mut last, mut longest) = (clock.now(), Nanos::ZERO);
        wait_until(
            &clock,
            Timestamp::from_nanos(3_000_000_000),
            Some(&mut Guard::new()),
            |now: Timestamp| {
                longest = longest.max(now.since(last).expect("time goes on"));
                last = now;
                Look::Done
            },
        );
        assert!(longest < Nanos::from_millis(11), "not served for {longest}");
    }

    #[test]
    fn a_sleeper_looks_again_before_it_sleeps_while_there_is_more() {
        let clock = StepClock::default();
        let due = Timestamp::from_nanos(5_000_000);
        let (mut left, mut seen) = (40, clock.now());
        wait_until(&clock, due, Some(&mut Guard::new()), |now| {
            if 0 < left {
                left -= 1;
                seen = now;
                return Look::Again;
            }
            Look::Done
        });
        assert_eq!(left, 0, "all was taken");
        assert!(seen < Timestamp::from_nanos(10_000), "without a sleep in between: {seen:?}");
        let late =
            wait_until(&clock, due + Nanos(900_000), Some(&mut Guard::new()), |_| Look::Again);
        let late = late.and_then(|at| at.since(due + Nanos(900_000))).expect("not before");
        assert!(late < Nanos(200), "however much there is, the due time ends it: {late}");
    }

    #[test]
    fn a_stop_ends_the_wait_at_once() {
        let clock = StepClock::default();
        let ended = wait_until(&clock, Timestamp::from_nanos(1_000_000), None, |_| Look::Stop);
        assert_eq!(ended, None, "stopped");
        assert!(clock.now() < Timestamp::from_nanos(1_000), "without waiting for the due time");
    }

    #[test]
    fn the_guard_follows_the_oversleep_within_its_bounds() {
        let mut guard = Guard::new();
        (0..100).for_each(|_| guard.learn(Nanos(90_000)));
        assert!(Nanos(110_000) < guard.span() && guard.span() <= Nanos(120_000), "{guard:?}");
        (0..100).for_each(|_| guard.learn(Nanos(50_000_000)));
        assert!(
            guard.span() <= Nanos(Guard::CEILING),
            "a hiccup does not make a spinner: {guard:?}"
        );
        (0..200).for_each(|_| guard.learn(Nanos::ZERO));
        assert!(guard.span() < Nanos(61_000), "{guard:?}");
    }
}
