//! One latency as a histogram that never clips in silence.

use super::spans::Spans;
use crate::units::Nanos;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

/// The longest span a histogram holds; what is longer is counted as beyond the range.
pub const LATENCY_MAX: Nanos = Nanos::from_secs(3_600);

/// Significant decimal digits of every recorded span: its error is below 0.1 %.
pub const LATENCY_DIGITS: u8 = 3;

/// The least value that `percent` of all (0 to 100, to a millionth of the whole) do not exceed: that of rank
/// ⌈count × percent / 100⌉, from 1 on, reckoned in whole numbers; zero where there is none.
///
/// The library reckons the rank in floats: of 25,000 values 99.9 % are 24,975.000000000004, and it gives the
/// one of rank 24,976.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a percentage has at most eight digits, a count at most 52 bits, so that half a rank is told"
)]
pub fn value_at_percentile(histogram: &Histogram<u64>, percent: f64) -> u64 {
    let count = histogram.len();
    if count == 0 {
        return 0;
    }
    let millionths = (percent.clamp(0.0, 100.0) * 1e4).round() as u128;
    let rank = (u128::from(count) * millionths).div_ceil(1_000_000).max(1);
    histogram.value_at_quantile((rank as f64 - 0.5) / count as f64)
}

/// Spans of one kind: nanoseconds from 1 ns to [`LATENCY_MAX`], in about 270 KiB whatever comes.
///
/// One that was read from bytes takes only what is in it, and is there to be merged: each question for
/// a percentile makes a histogram of it first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    pub(super) spans: Spans,
    pub(super) negative: u64,
    pub(super) beyond_range: u64,
    pub(super) sum_nanos: u128,
    pub(super) max: Nanos,
}

impl Latency {
    /// Records one span; `None` is one that came out negative, which is counted and never dropped.
    pub fn record(&mut self, span: Option<Nanos>) {
        let Some(span) = span else {
            self.negative += 1;
            return;
        };
        self.sum_nanos += u128::from(span.0);
        self.max = self.max.max(span);
        if LATENCY_MAX < span {
            self.beyond_range += 1;
        }
        // Saturates at the fixed bounds only: the value is in, the counter beside it says so.
        self.spans.record(span);
    }

    /// Adds another lane's, second's or host's spans.
    pub fn merge(&mut self, other: &Self) {
        let Self { spans, negative, beyond_range, sum_nanos, max } = other;
        self.spans.merge(spans);
        self.negative += negative;
        self.beyond_range += beyond_range;
        self.sum_nanos += sum_nanos;
        self.max = self.max.max(*max);
    }

    /// These without those of `part`, which are all among them. The longest is exact where it is not in
    /// the part, and else known to the histogram's precision.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        let Self { spans, negative, beyond_range, sum_nanos, max } = part;
        let mut rest = self.clone();
        rest.spans.take_away(spans);
        rest.negative = rest.negative.saturating_sub(*negative);
        rest.beyond_range = rest.beyond_range.saturating_sub(*beyond_range);
        rest.sum_nanos = rest.sum_nanos.saturating_sub(*sum_nanos);
        if *max == rest.max {
            rest.max = rest.max.min(Nanos(rest.spans.histogram().max()));
        }
        rest
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        let Self { spans, negative, beyond_range, sum_nanos, max } = self;
        spans.clear();
        (*negative, *beyond_range, *sum_nanos, *max) = (0, 0, 0, Nanos::ZERO);
    }

    /// How many spans were recorded, the negative ones not counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.spans.count()
    }

    /// How many came out negative.
    #[must_use]
    pub const fn negative(&self) -> u64 {
        self.negative
    }

    /// How many were longer than [`LATENCY_MAX`].
    #[must_use]
    pub const fn beyond_range(&self) -> u64 {
        self.beyond_range
    }

    /// The longest span, exact; zero when there is none.
    #[must_use]
    pub const fn max(&self) -> Nanos {
        self.max
    }

    /// The shortest span, to the histogram's precision; zero when there is none.
    #[must_use]
    pub fn min(&self) -> Nanos {
        Nanos(if self.count() == 0 { 0 } else { self.spans.histogram().min() })
    }

    /// The mean in nanoseconds, from the exact sum; zero when there is none.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "floats begin in the report; 53 bits hold 104 days of ns"
    )]
    pub fn mean_nanos(&self) -> f64 {
        if self.count() == 0 { 0.0 } else { self.sum_nanos as f64 / self.count() as f64 }
    }

    /// The standard deviation in nanoseconds, to the histogram's precision.
    #[must_use]
    pub fn stdev_nanos(&self) -> f64 {
        self.spans.histogram().stdev()
    }

    /// The span that `percent` of all spans do not exceed (0 to 100), never above the exact maximum.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Nanos {
        Nanos(value_at_percentile(&self.spans.histogram(), percent)).min(self.max)
    }

    /// How many spans lie beyond the `percent`-th percentile: with fewer than 10 it says little.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of samples is estimated for a remark; it lies between 0 and the count"
    )]
    pub fn samples_beyond(&self, percent: f64) -> u64 {
        (self.count() as f64 * (1.0 - percent / 100.0)).round() as u64
    }

    /// The sum of all spans in nanoseconds, exact.
    #[must_use]
    pub const fn sum_nanos(&self) -> u128 {
        self.sum_nanos
    }

    /// How many spans are at most as long as each of some bounds, which ascend. What shares a counter with a
    /// bound counts as within: to the histogram's precision.
    #[must_use]
    pub fn counts_up_to(&self, bounds: impl IntoIterator<Item = Nanos>) -> Vec<u64> {
        let counters = self.spans.counters();
        let (mut rest, mut sum) = (counters.iter().peekable(), 0);
        let count = |bound: Nanos| {
            while let Some(counter) = rest.next_if(|counter| counter.least <= bound.0) {
                sum += counter.count;
            }
            sum
        };
        bounds.into_iter().map(count).collect()
    }

    /// The histogram in `HdrHistogram`'s V2 deflate encoding, in nanoseconds.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.spans.histogram(), &mut bytes)
            .expect("writing to memory does not fail");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{LATENCY_MAX, Latency};
    use crate::units::Nanos;
    use proptest::prelude::{prop, proptest};

    fn of(spans: &[u64]) -> Latency {
        let mut latency = Latency::default();
        spans.iter().for_each(|span| latency.record(Some(Nanos(*span))));
        latency
    }

    #[test]
    fn a_percentile_has_its_rank_to_the_value() {
        for count in [1, 2, 3, 10, 999, 1_000, 25_000, 30_000, 99_999] {
            // One value at each rank, each in a counter of its own up to 2,047 and in one of a few beyond.
            let ranks: Vec<u64> = (1..=count).collect();
            let latency = of(&ranks);
            for (percent, millionths) in [
                (50.0, 500_000),
                (95.0, 950_000),
                (99.0, 990_000),
                (99.9, 999_000),
                (99.99, 999_900),
            ] {
                let rank = (count * millionths).div_ceil(1_000_000);
                let got = latency.percentile(percent).0;
                let highest = latency.spans.histogram().highest_equivalent(rank).min(count);
                assert_eq!(got, highest, "{percent} % of {count}");
            }
            assert_eq!(latency.percentile(100.0).0, count, "all of {count}");
            assert_eq!(latency.percentile(0.0).0, 1, "the first of {count}");
        }
    }

    #[test]
    fn a_known_delay_comes_back_in_every_percentile_within_a_thousandth() {
        let latency = of(&(1..=100_000).map(|n| n * 1_000).collect::<Vec<_>>());
        for (percent, expected) in [(50.0, 50_000_000_u64), (99.0, 99_000_000), (99.9, 99_900_000)]
        {
            let got = latency.percentile(percent).0;
            assert!(got.abs_diff(expected) <= expected / 1_000, "p{percent}: {got}");
        }
        assert_eq!(latency.max(), Nanos(100_000_000), "the maximum is exact");
    }

    #[test]
    fn what_is_negative_or_too_long_is_counted_and_shown() {
        let mut latency = of(&[1_000]);
        latency.record(None);
        latency.record(Some(Nanos(LATENCY_MAX.0 + 1)));
        assert_eq!(
            (latency.negative(), latency.beyond_range(), latency.count()),
            (1, 1, 2),
            "counted"
        );
        assert_eq!(latency.max(), Nanos(LATENCY_MAX.0 + 1), "the true maximum, not the clip");
    }

    proptest! {
        #[test]
        fn a_merge_equals_recording_everything_in_one(
            first in prop::collection::vec(0_u64..10_000_000_000, 0..200),
            second in prop::collection::vec(0_u64..10_000_000_000, 0..200),
        ) {
            let mut merged = of(&first);
            merged.merge(&of(&second));
            let joined = of(&[first, second].concat());
            assert_eq!(merged.spans, joined.spans, "bit for bit");
            assert_eq!((merged.sum_nanos, merged.max), (joined.sum_nanos, joined.max), "exact parts");
        }
    }

    #[test]
    fn spans_up_to_a_bound_are_counted_within_a_thousandth() {
        let latency = of(&(1..=100_000).map(|n| n * 1_000).collect::<Vec<_>>());
        let bounds = [Nanos(0), Nanos(999), Nanos(50_000_000), Nanos(99_000_000), Nanos(u64::MAX)];
        let counts = latency.counts_up_to(bounds);
        assert_eq!((counts[0], counts[1], counts[4]), (0, 0, 100_000), "none, none and all");
        for (count, expected) in [(counts[2], 50_000_u64), (counts[3], 99_000)] {
            assert!(count.abs_diff(expected) <= expected / 1_000, "{count}, not {expected}");
        }
        assert_eq!(Latency::default().counts_up_to(bounds), [0; 5], "nothing in nothing");
        assert_eq!(latency.sum_nanos(), 5_000_050_000_000, "exact");
    }

    #[test]
    fn clearing_leaves_nothing() {
        let mut latency = of(&[5, 6, 7]);
        latency.record(None);
        latency.clear();
        assert_eq!(
            (latency.count(), latency.negative(), latency.max()),
            (0, 0, Nanos::ZERO),
            "empty"
        );
    }
}
