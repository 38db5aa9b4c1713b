//! Spans that no histogram holds as they were: how many there are, where that is known.

use engine::measure::LATENCY_MAX;
use serde_json::Value;

/// Counts of spans beside a histogram. The seconds of a run do not have them, its result has: `None` where
/// nobody knows how many fell into the seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Astray {
    /// Longer than a histogram's range, in which they stand at its end.
    pub(super) beyond_range: Option<u64>,
    /// Ended before they began, since clocks disagreed; in no histogram.
    pub(super) negative: Option<u64>,
}

impl Astray {
    /// None at all, for certain.
    pub(super) const NONE: Self = Self { beyond_range: Some(0), negative: Some(0) };

    /// Nobody knows: of a run without a result.
    pub(super) const UNKNOWN: Self = Self { beyond_range: None, negative: None };

    /// Those of a latency of a result; of one that is null, since nothing begins or ends there, none.
    pub(super) fn of_result(latency: &Value) -> Self {
        if latency.is_null() {
            return Self::NONE;
        }
        let count = |name: &str| latency[name].as_u64();
        Self { beyond_range: count("beyond_range"), negative: count("negative") }
    }

    /// Those of some seconds of a run with these: none where it has none at all, else not known.
    pub(super) fn of_a_part(self) -> Self {
        let none = |count: Option<u64>| count.filter(|count| *count == 0);
        Self { beyond_range: none(self.beyond_range), negative: none(self.negative) }
    }

    /// Reads them from a slice's latency. Where they are null or missing they are not known.
    ///
    /// # Errors
    /// In words, where something else stands there.
    pub(super) fn read(latency: &Value) -> Result<Self, String> {
        let count = |name: &str| match &latency[name] {
            Value::Null => Ok(None),
            count => count.as_u64().map(Some).ok_or_else(|| {
                format!("{name}: need a count, or null where it is not known, got {count}")
            }),
        };
        Ok(Self { beyond_range: count("beyond_range")?, negative: count("negative")? })
    }

    /// Adds those of other seconds: known where both are.
    pub(super) fn merge(&mut self, other: Self) {
        let sum = |mine: Option<u64>, theirs: Option<u64>| Some(mine? + theirs?);
        let Self { beyond_range, negative } = other;
        self.beyond_range = sum(self.beyond_range, beyond_range);
        self.negative = sum(self.negative, negative);
    }

    /// For people; `None` where there are none for certain.
    pub(super) fn words(self) -> Option<String> {
        let words = |count: Option<u64>, what: &str| match count {
            Some(0) => None,
            Some(count) => Some(format!("{count} {what}")),
            None => Some(format!("how many were {what} is not known of these seconds")),
        };
        let longer = format!("longer than {LATENCY_MAX} and shown as that");
        let parts = [
            words(self.beyond_range, &longer),
            words(self.negative, "negative (clocks disagreed) and left out"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::Astray;
    use serde_json::json;

    fn astray(beyond_range: Option<u64>, negative: Option<u64>) -> Astray {
        Astray { beyond_range, negative }
    }

    #[test]
    fn a_part_has_none_where_the_whole_has_none_and_else_nobody_knows() {
        let whole = Astray::of_result(&json!({ "count": 9, "beyond_range": 0, "negative": 3 }));
        assert_eq!(whole, astray(Some(0), Some(3)), "as the result says");
        assert_eq!(whole.of_a_part(), astray(Some(0), None), "none, and not known");
        assert_eq!(Astray::of_result(&json!(null)), Astray::NONE, "nothing begins there");
        assert_eq!(Astray::of_result(&json!({})), Astray::UNKNOWN, "it does not say");
        assert_eq!(Astray::UNKNOWN.of_a_part(), Astray::UNKNOWN, "nor does a part");
    }

    #[test]
    fn a_sum_is_known_where_both_are() {
        let mut sum = Astray::NONE;
        sum.merge(astray(Some(2), Some(5)));
        assert_eq!(sum, astray(Some(2), Some(5)), "nothing was there before");
        sum.merge(astray(Some(1), None));
        assert_eq!(sum, astray(Some(3), None), "each by itself");
        sum.merge(astray(Some(0), Some(1)));
        assert_eq!(sum, astray(Some(3), None), "what is lost does not come back");
    }

    #[test]
    fn what_is_written_is_read_and_nonsense_refused() {
        let read = |latency| Astray::read(&latency);
        assert_eq!(read(json!({ "beyond_range": 4, "negative": null })), Ok(astray(Some(4), None)));
        assert_eq!(read(json!({})), Ok(Astray::UNKNOWN), "a slice of an earlier version");
        let words = read(json!({ "negative": "many" })).expect_err("no count");
        assert!(words.starts_with("negative: need a count, or null"), "{words}");
    }

    #[test]
    fn people_read_of_what_there_is_and_of_what_is_not_known() {
        assert_eq!(Astray::NONE.words(), None, "nothing to say");
        let words = astray(Some(2), None).words().expect("there is");
        assert_eq!(
            words,
            "2 longer than 1h and shown as that; how many were negative (clocks disagreed) and left out is \
             not known of these seconds"
        );
    }
}
