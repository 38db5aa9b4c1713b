//! What is left of a search's time, and what its steps and confirmations take of it.

use super::search::{PATIENCE, Search, seconds};

/// Seconds that are left for what no step counts: the notice of hosts, and what is caught up with.
const SPARE: usize = 15;

impl Search {
    /// Whether no further step but the confirmations fits in what is left of the time.
    pub(super) fn is_late(&self, second: i64) -> bool {
        let step = seconds(self.demand.settle) + PATIENCE * seconds(self.demand.window) + SPARE;
        self.left(second) < self.confirming() + step
    }

    /// What is left of the time.
    pub(super) fn left(&self, second: i64) -> usize {
        let bound = i64::try_from(seconds(self.demand.bound)).unwrap_or(i64::MAX);
        usize::try_from(bound - second).unwrap_or(0)
    }

    /// How long the confirmations take but for the last; once the answer is held at least.
    pub(super) fn confirming(&self) -> usize {
        let times = usize::try_from(self.demand.confirmations.saturating_sub(1)).unwrap_or(0);
        (seconds(self.demand.settle) + self.confirmation()) * times.max(1)
    }

    /// How long a confirmation is looked at: as the measured phase, which is the only one where one is
    /// asked for, and then the answer is but held once more.
    pub(super) fn confirmation(&self) -> usize {
        if 1 < self.demand.confirmations {
            self.measured
        } else {
            seconds(self.demand.window).min(self.measured)
        }
    }
}
