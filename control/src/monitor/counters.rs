//! Pairs of counters by name, as the system keeps them: they grow, appear, vanish and begin anew.

use std::collections::BTreeMap;

/// Counters as they were last read.
#[derive(Debug, Default)]
pub(super) struct Counters(BTreeMap<String, [u64; 2]>);

impl Counters {
    /// How far all that were there before have grown together; `None` where there is none now. One
    /// that appeared counts from now on, and so does one that went back.
    pub(super) fn grown(&mut self, now: BTreeMap<String, [u64; 2]>) -> Option<[u64; 2]> {
        let mut grown = [0, 0];
        let mut next = BTreeMap::new();
        for (name, read) in now {
            let kept = match self.0.get(&name) {
                Some(before) => {
                    let [first, second] = [0, 1].map(|side: usize| step(before[side], read[side]));
                    grown = [grown[0] + first.0, grown[1] + second.0];
                    [first.1, second.1]
                }
                None => read,
            };
            next.insert(name, kept);
        }
        self.0 = next;
        (!self.0.is_empty()).then_some(grown)
    }
}

/// How far a counter grew, and from what it counts on. What cannot be read reads as 0: were that
/// kept, the next reading would have grown by all that was ever counted.
const fn step(before: u64, read: u64) -> (u64, u64) {
    match read.checked_sub(before) {
        Some(step) => (step, read),
        None if read == 0 => (0, before),
        None => (0, read),
    }
}

#[cfg(test)]
mod tests {
    use super::Counters;

    /// Reads counters in turn; the growth of the last reading.
    fn check(readings: &[&[(&str, [u64; 2])]], expected: Option<[u64; 2]>) {
        let mut counters = Counters::default();
        let mut last = None;
        for reading in readings {
            let named = reading.iter().map(|(name, pair)| ((*name).to_owned(), *pair));
            last = counters.grown(named.collect());
        }
        assert_eq!(last, expected, "{readings:?}");
    }

    #[test]
    fn what_was_there_before_grows_together() {
        check(&[], None);
        check(&[&[]], None);
        check(&[&[("a", [5, 6])]], Some([0, 0]));
        check(&[&[("a", [5, 6]), ("b", [1, 1])], &[("a", [7, 7]), ("b", [2, 1])]], Some([3, 1]));
    }

    #[test]
    fn what_appears_vanishes_or_goes_back_adds_nothing() {
        let before: &[(&str, [u64; 2])] = &[("a", [5, 6])];
        check(&[before, &[("a", [6, 6]), ("b", [900, 900])]], Some([1, 0]));
        check(&[before, &[]], None);
        check(&[before, &[], before], Some([0, 0]));
        check(&[before, &[("a", [4, 9])]], Some([0, 3]));
        check(&[before, &[("a", [4, 9])], &[("a", [5, 9])]], Some([1, 0]));
    }

    #[test]
    fn what_could_not_be_read_once_does_not_grow_by_all_it_ever_counted() {
        check(&[&[("a", [500, 600])], &[("a", [0, 0])], &[("a", [510, 600])]], Some([10, 0]));
        check(&[&[("a", [500, 600])], &[("a", [0, 601])], &[("a", [510, 603])]], Some([10, 2]));
    }
}
