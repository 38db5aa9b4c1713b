//! How often each span came: as a histogram, or as a list of its counters where it came from elsewhere.
//!
//! A histogram takes 270 KiB however little is in it, and adding one looks at all of them. A list takes
//! 16 bytes for each counter that is not zero, and adding it touches those alone: what another host
//! sends every second is merged as it came.

use super::latency::{LATENCY_DIGITS, LATENCY_MAX};
use crate::units::Nanos;
use hdrhistogram::Histogram;
use std::borrow::Cow;

/// Counters of a histogram with the bounds of a latency.
pub(super) const COUNTERS: u64 = 33 << STEP_BITS;

/// Each power of two has so many counters, as a power of two: enough for three digits. The spans
/// below twice as many have one each.
const STEP_BITS: u32 = 10;

/// A counter that is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    /// The least span that it counts, in nanoseconds.
    pub least: u64,
    /// How many it has counted; at least one.
    pub count: u64,
}

/// How often each span came.
#[derive(Clone, Debug)]
pub(super) enum Spans {
    /// For who records, merges and reads.
    Histogram(Histogram<u64>),
    /// For who merges them into others; ascending, each once.
    Listed {
        /// The counters.
        counters: Vec<Counter>,
        /// The sum of their counts.
        count: u64,
    },
}

impl Default for Spans {
    fn default() -> Self {
        Self::Histogram(empty())
    }
}

/// Two are the same when they count the same, listed or not.
impl PartialEq for Spans {
    fn eq(&self, other: &Self) -> bool {
        self.histogram() == other.histogram()
    }
}

impl Spans {
    /// Counters as they came.
    ///
    /// # Errors
    /// Where they do not ascend, are beyond a histogram's bounds, or count nothing or too much.
    pub(super) fn listed(counters: Vec<Counter>) -> Result<Self, String> {
        let mut count = 0_u64;
        let mut next = 0;
        for counter in &counters {
            let place = index(counter.least);
            let is_sound = next <= place && place < COUNTERS && least(place) == counter.least;
            if !is_sound || counter.count == 0 {
                return Err(format!("a histogram: {counter:?} cannot be its next counter"));
            }
            next = place + 1;
            count = count
                .checked_add(counter.count)
                .ok_or("a histogram: its counters add up to more than 2^64 spans")?;
        }
        Ok(Self::Listed { counters, count })
    }

    /// Counts one; what is beyond the bounds is counted at them.
    pub(super) fn record(&mut self, span: Nanos) {
        match self {
            Self::Histogram(histogram) => histogram.saturating_record(span.0),
            Self::Listed { .. } => self.for_writing().saturating_record(span.0),
        }
    }

    /// Adds another's.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.count() == 0 {
            return;
        }
        let mine = self.for_writing();
        match other {
            Self::Histogram(theirs) => {
                mine.add(theirs).expect("all histograms of a run have the same bounds");
            }
            Self::Listed { counters, .. } => add(mine, counters),
        }
    }

    /// Takes away what was counted here too; what was not makes no difference.
    pub(super) fn take_away(&mut self, part: &Self) {
        let mine = self.for_writing();
        let (mut rest, theirs) = (empty(), part.histogram());
        for Counter { least, count } in Self::Histogram(std::mem::replace(mine, empty())).counters()
        {
            let taken = theirs.count_at(least);
            if taken < count {
                rest.record_n(least, count - taken).expect("it was counted before");
            }
        }
        *mine = rest;
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Histogram(histogram) if histogram.is_empty() => {}
            Self::Histogram(histogram) => histogram.reset(),
            Self::Listed { counters, count } => {
                counters.clear();
                *count = 0;
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Histogram(histogram) => histogram.len(),
            Self::Listed { count, .. } => *count,
        }
    }

    /// The histogram; made for the occasion where there is only a list.
    pub(super) fn histogram(&self) -> Cow<'_, Histogram<u64>> {
        match self {
            Self::Histogram(histogram) => Cow::Borrowed(histogram),
            Self::Listed { counters, .. } => Cow::Owned(spread(counters)),
        }
    }

    /// The least span of the last counter that is not zero; zero where all are.
    pub(super) fn top(&self) -> u64 {
        match self {
            Self::Histogram(histogram) => histogram.lowest_equivalent(histogram.max()),
            Self::Listed { counters, .. } => counters.last().map_or(0, |counter| counter.least),
        }
    }

    /// The counters that are not zero, ascending.
    pub(super) fn counters(&self) -> Vec<Counter> {
        match self {
            Self::Listed { counters, .. } => counters.clone(),
            Self::Histogram(histogram) if histogram.is_empty() => Vec::new(),
            Self::Histogram(histogram) => {
                let all = (index(histogram.min())..=index(histogram.max())).map(least);
                let counted = all.map(|least| Counter { least, count: histogram.count_at(least) });
                counted.filter(|counter| 0 < counter.count).collect()
            }
        }
    }

    fn for_writing(&mut self) -> &mut Histogram<u64> {
        if let Self::Listed { counters, .. } = self {
            *self = Self::Histogram(spread(counters));
        }
        match self {
            Self::Histogram(histogram) => histogram,
            Self::Listed { .. } => unreachable!("it was made a histogram"),
        }
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX.0, LATENCY_DIGITS)
        .expect("the bounds are constants that the library accepts")
}

/// Lanes record into histograms and never come here: what they do per message stays short.
#[cold]
fn spread(counters: &[Counter]) -> Histogram<u64> {
    let mut histogram = empty();
    add(&mut histogram, counters);
    histogram
}

fn add(histogram: &mut Histogram<u64>, counters: &[Counter]) {
    for Counter { least, count } in counters {
        histogram.record_n(*least, *count).expect("listed are only counters that there are");
    }
}

/// Which counter counts a span: the library's own arithmetic, which it does not offer. What is longer
/// than any counter's span gets a number of [`COUNTERS`] or above.
pub(super) fn index(span: u64) -> u64 {
    let scale = span.checked_ilog2().unwrap_or(0).saturating_sub(STEP_BITS);
    (u64::from(scale) << STEP_BITS) + (span >> scale)
}

/// The least span that a counter counts.
pub(super) const fn least(index: u64) -> u64 {
    let scale = (index >> STEP_BITS).saturating_sub(1);
    (index - (scale << STEP_BITS)) << scale
}

#[cfg(test)]
mod tests {
    use super::{COUNTERS, Counter, Spans, empty, index, least};
    use crate::units::Nanos;
    use proptest::prelude::{prop, proptest};

    #[test]
    fn counters_lie_where_the_library_has_them() {
        let histogram = empty();
        let all: Vec<u64> = (0..COUNTERS).map(least).collect();
        assert_eq!(u64::try_from(histogram.distinct_values()), Ok(COUNTERS), "as many");
        for (place, of) in (0..).zip(&all) {
            assert_eq!((index(*of), histogram.lowest_equivalent(*of)), (place, *of), "{place}");
            let last = histogram.highest_equivalent(*of);
            assert_eq!(index(last), place, "{place}: up to {last}");
            assert_eq!(index(last + 1), place + 1, "{place}: no further");
        }
        assert!(COUNTERS <= index(u64::MAX), "far beyond");
    }

    #[test]
    fn what_cannot_be_a_histogram_is_refused() {
        let check = |counters: &[(u64, u64)], expected: bool| {
            let list =
                counters.iter().map(|(least, count)| Counter { least: *least, count: *count });
            assert_eq!(Spans::listed(list.collect()).is_ok(), expected, "{counters:?}");
        };
        let last = least(COUNTERS - 1);
        check(&[], true);
        check(&[(0, 1), (1, u64::MAX - 2), (last, 1)], true);
        check(&[(0, 1), (1, u64::MAX - 1), (last, 1)], false);
        check(&[(5, 0)], false);
        check(&[(5, 1), (5, 1)], false);
        check(&[(5, 1), (4, 1)], false);
        check(&[(2_049, 1)], false);
        check(&[(last * 2, 1)], false);
        check(&[(u64::MAX, 1)], false);
    }

    proptest! {
        #[test]
        fn listed_or_not_it_is_the_same_histogram(
            spans in prop::collection::vec(0_u64..5_000_000_000_000, 0..200),
            more in prop::collection::vec(0_u64..100_000, 0..200),
        ) {
            let of = |all: &[u64]| {
                let mut recorded = Spans::default();
                all.iter().for_each(|span| recorded.record(Nanos(*span)));
                recorded
            };
            let list = |counted: &Spans| Spans::listed(counted.counters()).expect("it is sound");
            let (one, other) = (of(&spans), of(&more));
            assert_eq!(list(&one), one, "bit for bit");
            assert_eq!(list(&one).counters(), one.counters(), "and listed again");
            let joined = of(&[spans, more].concat());
            for (mut mine, theirs) in [
                (one.clone(), other.clone()),
                (one.clone(), list(&other)),
                (list(&one), other.clone()),
                (list(&one), list(&other)),
            ] {
                mine.merge(&theirs);
                assert_eq!(mine.histogram(), joined.histogram(), "bit for bit");
                let (got, expected) = (mine.histogram(), joined.histogram());
                assert_eq!((got.min(), got.max()), (expected.min(), expected.max()), "ends");
                assert_eq!(mine.count(), joined.count(), "as many");
                mine.clear();
                assert_eq!((mine.count(), mine), (0, Spans::default()), "cleared");
            }
        }
    }
}
