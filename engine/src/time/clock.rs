//! The one source of time.

use crate::units::{Nanos, Timestamp};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the time and waits for it; every lane of a run holds a copy of the same clock.
pub trait Clock: Clone {
    /// The current moment. Never steps back.
    fn now(&self) -> Timestamp;

    /// Sleeps for at most `span`; returns early when somebody unparks this thread.
    fn park(&self, span: Nanos);
}

/// The operating system's monotonic clock, anchored once to the Unix epoch.
///
/// A step of the wall clock during a run therefore changes no span.
#[derive(Clone, Copy, Debug)]
pub struct OsClock {
    anchor: Instant,
    anchor_nanos: u64,
}

impl OsClock {
    /// Anchors the monotonic clock to the wall clock, now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that makes the run's clock")]
    pub fn anchored() -> Self {
        let wall = SystemTime::now();
        let anchor = Instant::now();
        let since_epoch = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let anchor_nanos = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
        Self { anchor, anchor_nanos }
    }
}

impl Clock for OsClock {
    #[inline]
    fn now(&self) -> Timestamp {
        let elapsed = self.anchor.elapsed();
        // Seconds and nanoseconds apart: `as_nanos` is a 128-bit product on the hot path.
        let nanos = elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos());
        Timestamp::from_nanos(self.anchor_nanos + nanos)
    }

    fn park(&self, span: Nanos) {
        std::thread::park_timeout(span.duration());
    }
}

#[cfg(test)]
pub(crate) mod virtual_time {
    //! A clock that moves only when something waits.

    use super::Clock;
    use crate::units::{Nanos, Timestamp};
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeSet;
    use std::rc::Rc;

    /// Virtual time, shared by the lane and the link under test.
    #[derive(Clone, Default)]
    pub(crate) struct StepClock {
        now: Rc<Cell<u64>>,
        wakes: Rc<RefCell<BTreeSet<u64>>>,
    }

    impl StepClock {
        /// A link asks that a parked lane wakes at `at`, as a client's callback would do.
        pub(crate) fn wake_at(&self, at: Timestamp) {
            self.wakes.borrow_mut().insert(at.as_nanos());
        }

        /// Moves time forward, as work would.
        pub(crate) fn advance(&self, span: Nanos) {
            self.now.set(self.now.get() + span.0);
        }
    }

    impl Clock for StepClock {
        /// Looking at the clock costs 50 ns, so that spinning ends.
        fn now(&self) -> Timestamp {
            self.now.set(self.now.get() + 50);
            Timestamp::from_nanos(self.now.get())
        }

        /// A wake that came since the last park ends this one at once, as with real threads.
        fn park(&self, span: Nanos) {
            let now = self.now.get();
            let mut wakes = self.wakes.borrow_mut();
            let later = wakes.split_off(&(now + 1));
            let passed = std::mem::replace(&mut *wakes, later);
            if !passed.is_empty() {
                return;
            }
            let wake = wakes.first().copied().unwrap_or(u64::MAX).min(now + span.0);
            self.now.set(wake.max(now + 1));
        }
    }
}
