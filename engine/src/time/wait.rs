//! Waiting is polling: the thread serves its link until the message is due.

use super::Clock;
use crate::units::{Nanos, Timestamp};

/// How a lane passes the time until its next message is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitMode {
    /// Looks at the clock and the link without pause: a core of its own, the least lateness.
    Spin,
    /// Parks until shortly before the due time, then spins.
    Sleep,
}

/// How long before a due time a sleeping lane wakes to spin; adapts to the oversleep seen.
///
/// The start of 100 µs and the floor of 60 µs are measured: on a virtual machine a parked thread
/// wakes about 50 µs late, and a guard of 60 µs left a send delay p50 of 3–16 µs for 6.5 % of a
/// core at 1,000 messages per second.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    span: Nanos,
}

impl Guard {
    const START: Nanos = Nanos(100_000);
    const FLOOR: u64 = 60_000;
    /// Beyond this the oversleep is a hiccup of the machine, not a habit to prepare for.
    const CEILING: u64 = 300_000;

    /// The guard of a lane that has not slept yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { span: Self::START }
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
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

/// Calls `serve` until `due` and returns the moment at which the waiting ended, or `None` when
/// `serve` says to stop. `serve` gets the current moment and only looks, it never blocks.
pub fn wait_until<C: Clock>(
    clock: &C,
    due: Timestamp,
    mut guard: Option<&mut Guard>,
    mut serve: impl FnMut(Timestamp) -> bool,
) -> Option<Timestamp> {
    loop {
        let now = clock.now();
        if due <= now {
            return Some(now);
        }
        if !serve(now) {
            return None;
        }
        let Some(sleeper) = guard.as_deref_mut() else { continue };
        let nap = clock.now().until(due).less(sleeper.span());
        if Nanos::ZERO < nap {
            let asleep = clock.now();
            // A park that an ack ended early says nothing about oversleeping.
            clock.park(nap);
            if let Some(late) = clock.now().since(asleep + nap) {
                sleeper.learn(late);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Guard, wait_until};
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
            true
        });
        let late =
            woke.and_then(|at| at.since(due)).expect("waiting ends at or after the due time");
        assert!(late <= Nanos(100), "one look at the clock at most: {late:?}");
        assert!(10 < served, "the guard's span is spent looking, not sleeping: {served}");
    }

    #[test]
    fn a_stop_ends_the_wait_at_once() {
        let clock = StepClock::default();
        let ended = wait_until(&clock, Timestamp::from_nanos(1_000_000), None, |_| false);
        assert_eq!(ended, None, "stopped");
        assert!(clock.now() < Timestamp::from_nanos(1_000), "without waiting for the due time");
    }

    #[test]
    fn the_guard_follows_the_oversleep_within_its_bounds() {
        let mut guard = Guard::new();
        (0..100).for_each(|_| guard.learn(Nanos(90_000)));
        assert!(Nanos(170_000) < guard.span() && guard.span() <= Nanos(180_000), "{guard:?}");
        (0..100).for_each(|_| guard.learn(Nanos(50_000_000)));
        assert!(
            guard.span() <= Nanos(Guard::CEILING),
            "a hiccup does not make a spinner: {guard:?}"
        );
        (0..200).for_each(|_| guard.learn(Nanos::ZERO));
        assert!(guard.span() < Nanos(61_000), "{guard:?}");
    }
}
