//! Where a search looks next: between what was sustained and what was not, guided by what was taken.

use super::lag::{count, whole};
use super::step::Cause;

/// How far below and above what the cluster took the search looks: both together are the precision that
/// is usual, 1.5 %.
const BESIDE: f64 = 0.007;

/// A rate that was not sustained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused {
    rate: u64,
    cause: Cause,
    /// Whether it was seen twice, or could not be chance.
    is_sure: bool,
}

/// What is known of the limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    /// Rates that were sustained in steps long enough to be believed, ascending.
    sustained: Vec<u64>,
    /// The highest that was sustained in a short step.
    hint: u64,
    /// Rates that were not, ascending, all higher than those that were.
    refused: Vec<Refused>,
    /// What the cluster took when it was asked too much last.
    taken: Option<f64>,
    /// The highest that was sustained, where less than it was taken since.
    doubted: Option<u64>,
    /// How often what had been sustained was no longer.
    pub(super) changes: u32,
}

/// A cluster has changed when it takes less than this part of what it had sustained: pauses of a few
/// hundredths of the time come and go.
const CHANGED: f64 = 0.9;

impl Bounds {
    /// The highest rate that was sustained; 0 for none.
    pub(super) fn sustained(&self) -> u64 {
        self.sustained.last().copied().unwrap_or(0)
    }

    /// The lowest rate that was not sustained, and why.
    pub(super) fn above(&self) -> Option<(u64, Cause)> {
        self.refused.first().map(|of| (of.rate, of.cause))
    }

    /// The same where it may be chance: it was seen once.
    pub(super) fn unsure(&self) -> Option<u64> {
        self.refused.first().filter(|of| !of.is_sure).map(|of| of.rate)
    }

    /// Whether the limit is known: the next rate that was not sustained lies within so many thousandths.
    pub(super) fn are_close(&self, permille: u64) -> bool {
        if self.doubted.is_some() {
            return false;
        }
        let lowest = self.sustained();
        let allowed = lowest.saturating_mul(permille) / 1_000;
        self.above().is_some_and(|(above, _)| 0 < lowest && above - lowest <= allowed.max(1))
    }

    /// A short step was sustained.
    pub(super) fn hint(&mut self, rate: u64) {
        self.hint = self.hint.max(rate);
    }

    /// A step long enough was sustained: what was not at a lower rate was chance, or has passed.
    pub(super) fn hold(&mut self, rate: u64) {
        self.hint = self.hint.max(rate);
        self.doubted = None;
        if !self.sustained.contains(&rate) {
            self.sustained.push(rate);
            self.sustained.sort_unstable();
        }
        self.refused.retain(|of| rate < of.rate);
    }

    /// A rate was not sustained; what the cluster took instead, where that is known. What had been
    /// sustained at it or above it says no longer anything.
    pub(super) fn refuse(
        &mut self,
        rate: u64,
        (cause, is_certain): (Cause, bool),
        taken: Option<f64>,
    ) {
        let held = self.sustained();
        self.sustained.retain(|known| *known < rate);
        self.doubted = None;
        let fell = |little: &f64| 0 < held && *little < CHANGED * count(held);
        if let Some(little) = taken.filter(|_| cause == Cause::Throughput).filter(fell) {
            if rate == held {
                self.sustained.retain(|known| count(*known) < little);
                self.changes += 1;
            } else {
                self.doubted = self.sustained.last().copied();
            }
        }
        if rate <= self.hint {
            self.hint = self.sustained();
        }
        let known = self.refused.iter().position(|of| of.rate == rate);
        let before = known.map(|index| self.refused.remove(index));
        self.refused.push(Refused { rate, cause, is_sure: is_certain || before.is_some() });
        self.refused.sort_unstable_by_key(|of| of.rate);
        self.taken = taken;
    }

    /// The next rate to hold.
    pub(super) fn next(&self) -> u64 {
        if let Some(rate) = self.doubted {
            return rate;
        }
        let (low, floor) = (count(self.sustained()), count(self.sustained().max(self.hint)));
        let Some((above, cause)) = self.above() else { return whole(floor * 2.0).max(1) };
        let high = count(above);
        let fits = |rate: &f64| low * 1.002 < *rate && *rate < high * 0.998;
        let by_taken = self.taken.filter(|_| cause == Cause::Throughput).and_then(|taken| {
            let below = taken * (1.0 - BESIDE);
            let beside = if low < below * 0.995 { below } else { taken * (1.0 + BESIDE) };
            Some(beside).filter(fits)
        });
        // Of rates an order apart the middle is the geometric mean.
        let middle = if 0.0 < floor && floor < high { (floor * high).sqrt() } else { high / 2.0 };
        let rate = whole(by_taken.unwrap_or(middle));
        rate.clamp(self.sustained().saturating_add(1).min(above - 1), above - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Cause};

    #[test]
    fn the_rate_doubles_until_one_is_not_sustained() {
        let mut bounds = Bounds::default();
        bounds.hint(100);
        assert_eq!(bounds.next(), 200);
        bounds.hint(200);
        assert_eq!(bounds.next(), 400);
    }

    #[test]
    fn what_was_taken_guides_it_to_both_sides_of_the_limit() {
        let mut bounds = Bounds::default();
        bounds.hint(400);
        bounds.refuse(800, (Cause::Throughput, false), Some(600.0));
        assert_eq!(bounds.next(), 595, "a little below");
        bounds.hold(595);
        assert_eq!(bounds.next(), 604, "a little above");
        bounds.refuse(604, (Cause::Throughput, false), Some(600.0));
        assert!(bounds.are_close(16), "{bounds:?}");
        assert!(!bounds.are_close(14), "{bounds:?}");
    }

    #[test]
    fn without_it_the_middle_is_tried() {
        let mut bounds = Bounds::default();
        bounds.hold(400);
        bounds.refuse(900, (Cause::Slo, false), Some(1.0));
        assert_eq!(bounds.next(), 600, "the geometric mean");
        bounds.refuse(600, (Cause::Slo, false), None);
        assert_eq!(bounds.next(), 489);
    }

    #[test]
    fn what_was_sustained_and_is_no_longer_is_forgotten() {
        let mut bounds = Bounds::default();
        bounds.hold(500);
        bounds.hold(1_000);
        bounds.refuse(1_020, (Cause::Throughput, false), Some(700.0));
        assert_eq!(bounds.next(), 1_000, "it is asked again what it had sustained");
        bounds.refuse(1_000, (Cause::Throughput, false), Some(700.0));
        assert_eq!((bounds.sustained(), bounds.changes), (500, 1), "it takes less than before");
        assert_eq!(bounds.next(), 695);
        let mut again = Bounds::default();
        again.hold(1_000);
        again.refuse(1_020, (Cause::Throughput, false), Some(700.0));
        again.hold(1_000);
        assert_eq!((again.next(), again.changes), (1_009, 0), "it was a pause of its");
        // A rate that was only just too much tells of no change.
        let mut edge = Bounds::default();
        edge.hold(980);
        edge.hold(1_000);
        edge.refuse(1_000, (Cause::Throughput, false), Some(995.0));
        assert_eq!((edge.sustained(), edge.changes), (980, 0));
    }

    /// Seeks a limit until it is known; what is said of what was taken is wrong every other time.
    fn seek(limit: u64, taken: Option<f64>) -> Bounds {
        let mut bounds = Bounds::default();
        let is_open =
            |of: &Bounds| !of.are_close(10) && of.above().is_none_or(|(above, _)| 1 < above);
        let mut steps = 0;
        while is_open(&bounds) {
            steps += 1;
            assert!(steps < 60, "{limit} with {taken:?}: {bounds:?}");
            let rate = bounds.next();
            assert!(bounds.sustained() <= rate && 0 < rate, "{bounds:?}");
            assert!(bounds.above().is_none_or(|(above, _)| rate < above), "{bounds:?}");
            if rate <= limit {
                bounds.hold(rate);
                continue;
            }
            let told = taken.filter(|_| steps % 2 == 1).map(|part| part * super::count(limit));
            bounds.refuse(rate, (Cause::Throughput, false), told);
        }
        bounds
    }

    #[test]
    fn it_never_leaves_what_is_open_and_always_ends() {
        for limit in [1_u64, 2, 3, 7, 50, 999, 12_345, 7_654_321] {
            for taken in [None, Some(0.5), Some(1.0), Some(1.3)] {
                let bounds = seek(limit, taken);
                assert!(bounds.sustained() <= limit, "{bounds:?}");
            }
        }
    }
}
