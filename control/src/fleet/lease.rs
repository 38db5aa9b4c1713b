//! Who has started something on a worker, and until when that is kept without a word of theirs.

use engine::units::{Nanos, Timestamp};

/// Held by one coordinator at a time.
#[derive(Debug, Default)]
pub(super) struct Lease(Option<Held>);

/// Whether what was started under a lease goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    On,
    /// Its holder was silent for too long: everything is being ended, and then there is a new lease.
    Ending,
}

#[derive(Debug)]
struct Held {
    by: String,
    heard: Timestamp,
    length: Nanos,
    course: Course,
}

impl Lease {
    /// Who holds it.
    pub(super) fn holder(&self) -> Option<&str> {
        self.0.as_ref().map(|held| held.by.as_str())
    }

    /// Whether what was started under it is being ended.
    pub(super) fn is_ending(&self) -> bool {
        self.0.as_ref().is_some_and(|held| held.course == Course::Ending)
    }

    /// Takes it from a holder of another name, who has nothing here that would be lost with it.
    pub(super) fn drop_others(&mut self, by: &str) {
        self.0.take_if(|held| held.by != by);
    }

    /// Takes it, or goes on with it, for at least so long.
    ///
    /// # Errors
    /// Who holds it.
    pub(super) fn take(&mut self, by: &str, now: Timestamp, length: Nanos) -> Result<(), String> {
        match &mut self.0 {
            Some(held) if held.by == by && held.course == Course::On => {
                (held.heard, held.length) = (now, held.length.max(length));
                Ok(())
            }
            // Also when it has passed, and whoever asks: first what was started under it has to end.
            Some(held) => Err(held.by.clone()),
            None => {
                self.0 = Some(Held { by: by.to_owned(), heard: now, length, course: Course::On });
                Ok(())
            }
        }
    }

    /// Its holder was heard of.
    pub(super) fn renew(&mut self, by: &str, now: Timestamp) {
        if let Some(held) = self.0.as_mut().filter(|held| held.by == by) {
            held.heard = now;
        }
    }

    /// Says once whose it was when its holder has not been heard of. Nobody can take this lease any more:
    /// whoever has ended what was started under it makes a new one.
    pub(super) fn expired(&mut self, now: Timestamp) -> Option<String> {
        let is_over =
            |held: &&mut Held| held.course == Course::On && held.heard + held.length <= now;
        let held = self.0.as_mut().filter(is_over)?;
        held.course = Course::Ending;
        Some(held.by.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Lease;
    use engine::units::{Nanos, Timestamp};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(0) + Nanos::from_secs(seconds)
    }

    #[test]
    fn one_holds_it_until_it_is_silent_for_too_long() {
        let ten = Nanos::from_secs(10);
        let mut lease = Lease::default();
        assert_eq!(lease.take("a", at(0), ten), Ok(()));
        assert_eq!(lease.take("b", at(9), ten), Err("a".to_owned()), "the other is named");
        assert_eq!(lease.expired(at(9)), None);
        lease.renew("a", at(9));
        lease.renew("b", at(12));
        assert_eq!(lease.expired(at(18)), None, "it was heard of");
        assert_eq!(lease.expired(at(19)), Some("a".to_owned()));
        assert_eq!(lease.expired(at(20)), None, "once");
        assert_eq!(lease.holder(), Some("a"), "it is being ended");
        for name in ["a", "b"] {
            assert_eq!(lease.take(name, at(20), ten), Err("a".to_owned()), "what it had is ended");
        }
        lease = Lease::default();
        assert_eq!(lease.take("b", at(20), ten), Ok(()));
        assert_eq!(lease.holder(), Some("b"));
    }

    #[test]
    fn whoever_asks_for_a_longer_one_has_it() {
        let mut lease = Lease::default();
        assert_eq!(lease.take("by hand", at(0), Nanos::from_secs(60)), Ok(()));
        assert_eq!(lease.take("by hand", at(5), Nanos::from_secs(10)), Ok(()));
        assert_eq!(lease.expired(at(64)), None);
        assert_eq!(lease.expired(at(65)), Some("by hand".to_owned()));
    }
}
