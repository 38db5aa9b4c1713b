//! What of some seconds' counts came in the drain, when the measured phase was over: it is in no rate.

use super::slice::COUNTS;
use serde_json::{Map, Value};

/// Counts of the seconds after the measured phase, in the order of [`COUNTS`]; `None` where nobody knows when
/// the phase ended. A second in which it ended is not divided: all of its counts are the phase's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drained(pub(super) Option<[u64; COUNTS.len()]>);

impl Drained {
    /// Nothing, for certain.
    pub(super) const NONE: Self = Self(Some([0; COUNTS.len()]));

    /// Nobody knows: of a run that was killed, or of a slice of an earlier version.
    pub(super) const UNKNOWN: Self = Self(None);

    /// Reads them from a slice that counts `all`. Where they are null or missing they are not known.
    ///
    /// # Errors
    /// In words, where something else stands there, or more than there is of all.
    pub(super) fn read(document: &Value, all: &[u64; COUNTS.len()]) -> Result<Self, String> {
        let block = &document["in_drain"];
        if block.is_null() {
            return Ok(Self::UNKNOWN);
        }
        let mut counts = [0; COUNTS.len()];
        for ((count, name), most) in counts.iter_mut().zip(COUNTS).zip(all) {
            let read = block[name].as_u64().filter(|read| read <= most);
            *count = read.ok_or_else(|| {
                format!("in_drain.{name}: need a count of at most {most}, got {}", block[name])
            })?;
        }
        Ok(Self(Some(counts)))
    }

    /// As JSON, a count under each name, or null.
    pub(super) fn json(self) -> Value {
        self.0.map_or(Value::Null, |counts| {
            let named = COUNTS.iter().zip(counts);
            let named: Map<String, Value> =
                named.map(|(name, count)| ((*name).to_owned(), count.into())).collect();
            named.into()
        })
    }

    /// Adds those of other seconds: known where both are.
    pub(super) fn merge(&mut self, other: Self) {
        self.0 = self.0.zip(other.0).map(|(mut mine, theirs)| {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
            mine
        });
    }

    /// Those of each count, 0 where they are not known: then the rates are of all that came.
    pub(super) fn each(self) -> [u64; COUNTS.len()] {
        self.0.unwrap_or_default()
    }

    /// For people; nothing where they are known.
    pub(super) const fn words(self) -> &'static str {
        match self.0 {
            Some(_) => "",
            None => "; what came in a drain is not known, and is in the rates",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Drained;
    use serde_json::json;

    #[test]
    fn a_sum_is_known_where_both_are() {
        let mut sum = Drained::NONE;
        sum.merge(Drained(Some([0, 5, 6, 1])));
        sum.merge(Drained(Some([0, 1, 2, 0])));
        assert_eq!(sum, Drained(Some([0, 6, 8, 1])), "each by itself");
        sum.merge(Drained::UNKNOWN);
        sum.merge(Drained::NONE);
        assert_eq!(sum, Drained::UNKNOWN, "what is lost does not come back");
        assert_eq!(sum.each(), [0; 4], "rates are of all");
        assert_eq!(Drained::NONE.words(), "", "nothing to say");
        assert!(sum.words().contains("is in the rates"), "{}", sum.words());
    }

    #[test]
    fn what_is_written_is_read_and_nonsense_refused() {
        let all = [9, 8, 7, 1];
        for drained in [Drained::NONE, Drained::UNKNOWN, Drained(Some([0, 8, 7, 1]))] {
            let document = json!({ "in_drain": drained.json() });
            assert_eq!(Drained::read(&document, &all), Ok(drained));
        }
        assert_eq!(Drained::read(&json!({}), &all), Ok(Drained::UNKNOWN), "an earlier version");
        let more = json!({ "in_drain": Drained(Some([0, 9, 7, 1])).json() });
        let words = Drained::read(&more, &all).expect_err("more than all");
        assert_eq!(words, "in_drain.acked: need a count of at most 8, got 9");
    }
}
