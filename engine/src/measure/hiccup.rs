//! Hiccups: how long a lane's core was taken away from it, as the lane itself sees it.

use crate::units::{Nanos, Timestamp};

/// One sample of a spinning lane is the longest gap of so long a stretch of time, so that samples say
/// what a message due at any moment would have met, and not how often the loop turns.
const SLOT: Nanos = Nanos::from_millis(1);

/// The gaps that a spinning lane sees: between two looks at the clock with nothing to do in between.
///
/// A loop that turns without work takes well below a microsecond; what is longer was somebody else's:
/// another thread, an interrupt, the hypervisor. It is a lower bound: while a lane is at work, it cannot
/// tell what of the time was taken from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gaps {
    is_off: bool,
    last: Option<Timestamp>,
    slot_end: Timestamp,
    longest: Nanos,
}

impl Gaps {
    /// Of a lane that sleeps, or that nobody asks for hiccups: whenever it looks, there is no gap.
    #[must_use]
    pub fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// The lane looks at the clock and has done nothing since its last look. Returns the longest gap
    /// of a slot when it is over.
    pub fn look(&mut self, now: Timestamp) -> Option<Nanos> {
        if self.is_off {
            return None;
        }
        let gap = self.last.replace(now).and_then(|last| now.since(last))?;
        self.longest = self.longest.max(gap);
        if now < self.slot_end {
            return None;
        }
        self.slot_end = now + SLOT;
        Some(std::mem::take(&mut self.longest))
    }

    /// The lane has been at work: what lies before its next look is no gap.
    pub const fn interrupt(&mut self) {
        self.last = None;
    }

    /// The lane looks no more. Returns the longest gap of the slot that is not over, if it saw any.
    pub fn end(&mut self) -> Option<Nanos> {
        self.last = None;
        Some(std::mem::take(&mut self.longest)).filter(|gap| Nanos::ZERO < *gap)
    }
}

#[cfg(test)]
mod tests {
    use super::Gaps;
    use crate::units::{Nanos, Timestamp};

    /// Looks at these moments, in microseconds; `None` is work.
    fn samples(looks: impl IntoIterator<Item = Option<u64>>) -> Vec<u64> {
        let mut gaps = Gaps::default();
        let mut samples = Vec::new();
        for look in looks {
            match look {
                None => gaps.interrupt(),
                Some(micros) => samples.extend(gaps.look(Timestamp::from_nanos(micros * 1_000))),
            }
        }
        samples.extend(gaps.end());
        assert_eq!(gaps.end(), None, "told once");
        samples.into_iter().map(|Nanos(nanos)| nanos / 1_000).collect()
    }

    #[test]
    fn a_millisecond_gives_one_sample_its_longest_gap() {
        let even = samples((0..9_002).map(Some));
        assert_eq!((even.len(), even.iter().max()), (10, Some(&1)), "{even:?}");
        let held = (0..9_002).filter(|at| !(3_200..3_700).contains(at)).map(Some);
        let held = samples(held);
        assert_eq!(held.iter().filter(|gap| **gap == 501).count(), 1, "once: {held:?}");
        assert_eq!(held.iter().filter(|gap| **gap == 1).count(), 9, "in its own slot: {held:?}");
    }

    #[test]
    fn a_gap_longer_than_a_slot_is_one_sample() {
        let held = (0..2_000).chain(9_000..11_000).map(Some);
        assert_eq!(samples(held).into_iter().max(), Some(7_001), "all of it");
    }

    #[test]
    fn what_the_last_slot_held_is_told_at_the_end() {
        let held = (0..2_100).chain(2_400..2_450).map(Some);
        assert_eq!(samples(held).last(), Some(&301), "half a slot's");
        assert_eq!(samples([Some(7)]), [0; 0], "one look is no gap");
    }

    #[test]
    fn a_lane_that_is_not_asked_sees_none() {
        let mut off = Gaps::off();
        let told = (0..9).filter_map(|millis| off.look(Timestamp::from_nanos(millis * 1_000_000)));
        assert_eq!(told.count(), 0, "eight milliseconds, none of them looked at");
        assert_eq!(off.end(), None, "and none is left");
    }

    #[test]
    fn the_lanes_own_work_is_no_gap() {
        let worked = (0..2_000).map(Some).chain([None]).chain((5_000..7_000).map(Some));
        assert_eq!(samples(worked).into_iter().max(), Some(1), "three milliseconds of work");
    }
}
