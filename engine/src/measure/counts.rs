//! Counters that merge by adding: errors by code, and the window of moments they span.

use super::bounded::at_most;
use crate::units::{Nanos, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The span from the first event to the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<(Timestamp, Nanos)>", into = "Option<(Timestamp, Nanos)>")]
pub struct Window {
    ends: Option<(Timestamp, Timestamp)>,
}

impl Window {
    /// Includes a moment.
    pub fn include(&mut self, moment: Timestamp) {
        self.ends = Some(match self.ends {
            None => (moment, moment),
            Some((first, last)) => (first.min(moment), last.max(moment)),
        });
    }

    /// Includes everything that `other` includes.
    pub fn merge(&mut self, other: &Self) {
        let Self { ends } = other;
        if let Some((first, last)) = *ends {
            self.include(first);
            self.include(last);
        }
    }

    /// The first moment.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.ends.map(|(first, _)| first)
    }

    /// The last moment.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.ends.map(|(_, last)| last)
    }
}

/// As its first moment and its length: there is no window that ends before it begins.
impl From<Window> for Option<(Timestamp, Nanos)> {
    fn from(window: Window) -> Self {
        window.ends.map(|(first, last)| (first, first.until(last)))
    }
}

impl From<Option<(Timestamp, Nanos)>> for Window {
    fn from(written: Option<(Timestamp, Nanos)>) -> Self {
        Self { ends: written.map(|(first, length)| (first, first + length)) }
    }
}

/// Codes from the client's own −200 up to the protocol's 199.
const LOWEST: i32 = -200;
const CODES: usize = 400;

/// Failures counted by librdkafka's code; fixed memory, so that counting allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCounts {
    by_code: Box<[u64]>,
    total: u64,
}

impl Default for ErrorCounts {
    fn default() -> Self {
        Self { by_code: vec![0; CODES].into_boxed_slice(), total: 0 }
    }
}

impl ErrorCounts {
    /// Counts one failure. A code beyond the table is counted at the table's end.
    pub fn count(&mut self, code: i32) {
        let index = usize::try_from(code.saturating_sub(LOWEST)).unwrap_or(0).min(CODES - 1);
        self.by_code[index] += 1;
        self.total += 1;
    }

    /// All failures.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Each code that was seen, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (i32, u64)> {
        (LOWEST..).zip(self.by_code.iter().copied()).filter(|(_, count)| 0 < *count)
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        let Self { by_code, total } = other;
        if 0 < *total {
            self.by_code.iter_mut().zip(by_code).for_each(|(mine, theirs)| *mine += theirs);
            self.total += total;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if 0 < self.total {
            self.by_code.fill(0);
            self.total = 0;
        }
    }
}

/// Each code that was seen, with its count.
impl Serialize for ErrorCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seen: Vec<(i32, u64)> = self.iter().collect();
        seen.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ErrorCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Self::default();
        for (code, count) in at_most::<_, (i32, u64), CODES>(deserializer)? {
            let place = code.checked_sub(LOWEST).and_then(|place| usize::try_from(place).ok());
            let of_code = place.and_then(|place| counts.by_code.get_mut(place));
            let total = counts.total.checked_add(count);
            let (Some(of_code), Some(total)) = (of_code.filter(|of| **of == 0), total) else {
                let words = "need each code once, from -200 to 199, and a total below 2^64";
                return Err(D::Error::custom(format!(
                    "got {count} errors of code {code}, {words}"
                )));
            };
            (*of_code, counts.total) = (count, total);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorCounts, Window};
    use crate::units::Timestamp;

    #[test]
    fn windows_join_to_their_outer_ends() {
        let moment = Timestamp::from_nanos;
        let mut window = Window::default();
        window.merge(&Window::default());
        assert_eq!(window.first(), None, "nothing yet");
        window.include(moment(5));
        let mut other = Window::default();
        other.include(moment(9));
        other.include(moment(2));
        window.merge(&other);
        assert_eq!(
            (window.first(), window.last()),
            (Some(moment(2)), Some(moment(9))),
            "outer ends"
        );
    }

    #[test]
    fn errors_add_up_by_code_and_in_all() {
        let (mut one, mut two) = (ErrorCounts::default(), ErrorCounts::default());
        one.count(-195);
        two.count(-195);
        two.count(7);
        two.count(i32::MAX);
        one.merge(&two);
        assert_eq!(one.iter().collect::<Vec<_>>(), [(-195, 2), (7, 1), (199, 1)], "by code");
        assert_eq!(one.total(), 4, "in all");
        one.clear();
        assert_eq!((one.total(), one.iter().count()), (0, 0), "cleared");
    }
}
