//! The memory that all calls together may hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be taken and are given back.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicUsize,
}

/// Bytes that were taken; dropped, it gives them back.
#[derive(Debug)]
pub(super) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// So many bytes in all.
    pub(super) fn of(bytes: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(bytes) })
    }

    /// Takes so many bytes, all or none.
    pub(super) fn hold(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        // Relaxed: the number itself is all that is shared.
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes))
            .ok()
            .map(|_before| Held { budget: Arc::clone(self), bytes })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn no_more_is_held_than_there_is_and_what_is_given_back_can_be_held_again() {
        let budget = Budget::of(100);
        let first = budget.hold(60).expect("there are 100");
        assert!(budget.hold(41).is_none(), "there are 40");
        let second = budget.hold(40).expect("there are 40");
        assert!(budget.hold(1).is_none() && budget.hold(usize::MAX).is_none(), "nothing is left");
        assert!(budget.hold(0).is_some(), "nothing needs nothing");
        drop(first);
        assert!(budget.hold(61).is_none(), "a refused one took nothing and gave nothing");
        let third = budget.hold(60).expect("they were given back");
        drop((second, third));
        assert!(budget.hold(100).is_some(), "all of it");
    }

    #[test]
    fn threads_that_race_for_it_never_hold_more_than_there_is() {
        let budget = Budget::of(3);
        let holders = AtomicUsize::new(0);
        let race = || {
            for held in (0..2_000).filter_map(|_| budget.hold(1)) {
                let before = holders.fetch_add(1, Ordering::SeqCst);
                assert!(before < 3, "{before} others");
                holders.fetch_sub(1, Ordering::SeqCst);
                drop(held);
            }
        };
        std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(race))));
        assert!(budget.hold(3).is_some(), "all came back");
    }
}
