//! OMB's maps of quantiles: the percentiles that `HdrHistogram`'s percentile iterator stops at, and how long
//! they took.

use super::figures::Unit;
use crate::report::latency::{Block, decoded};
use crate::report::number::{float, micros};
use engine::units::Nanos;
use serde_json::{Map, Value};

/// Stops between a percentile and the one half as far from 100 %: OMB asks for `percentiles(100)`.
const TICKS: u32 = 100;

/// Steps become no finer than this, in percent: a count of 10¹² has no percentile between two of them, and
/// adding it still changes a float of nearly 100.
const STEP_MIN: f64 = 1e-12;

/// The distribution of a latency: each percentile really reached, as text that Java and Python read as a
/// number, ascending, the last `100.0`; and the highest span that counts as reached with it, which is the
/// longest span itself at the end. Empty where nothing was recorded.
pub(super) fn quantiles(block: Option<&Block>, unit: Unit) -> Map<String, Value> {
    let mut reached_in = Map::new();
    let known = block.and_then(|block| Some((block.histogram.as_ref()?, block.max_us?)));
    let Some((encoded, max_us)) = known else { return reached_in };
    let histogram = match decoded(encoded) {
        Ok(histogram) => histogram,
        Err(problem) => {
            tracing::error!("omb.json: a histogram of the result cannot be read: {problem}");
            return reached_in;
        }
    };
    let (mut passed, mut stops) = (0, Stops::new());
    for counter in histogram.iter_recorded() {
        passed += counter.count_at_value();
        let reached = 100.0 * float(passed) / float(histogram.len());
        if stops.pass(reached) {
            let highest = micros(Nanos(counter.value_iterated_to()));
            // The last counter is not full, or the span was too long for it.
            let span = if passed == histogram.len() { max_us } else { highest };
            reached_in.insert(format!("{reached:?}"), unit.span(span));
        }
    }
    reached_in
}

/// The percentiles at which the iterator stops, ascending: a hundredth of the way to 50 %, then a hundredth
/// of the way from there to 75 %, and so on. All are sums of powers of two, so no error adds up.
struct Stops {
    next: f64,
    step: f64,
    left: u32,
}

impl Stops {
    const fn new() -> Self {
        Self { next: 0.0, step: 0.5, left: TICKS }
    }

    /// Goes on beyond what was reached; whether there was a stop on the way.
    fn pass(&mut self, reached: f64) -> bool {
        let is_stop = self.next <= reached;
        while self.next <= reached && STEP_MIN < self.step {
            self.next += self.step;
            self.left -= 1;
            if self.left == 0 {
                (self.step, self.left) = (self.step / 2.0, TICKS);
            }
        }
        is_stop
    }
}

#[cfg(test)]
mod tests {
    use super::quantiles;
    use crate::report::latency::Block;
    use crate::report::number::{float, micros};
    use crate::report::omb::figures::Unit;
    use engine::measure::{LATENCY_MAX, Latency};
    use engine::units::Nanos;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn of(spans: &[u64]) -> Block {
        let mut latency = Latency::default();
        spans.iter().for_each(|span| latency.record(Some(Nanos(*span))));
        Block::full(&latency)
    }

    fn count(spans: usize) -> f64 {
        float(u64::try_from(spans).expect("few"))
    }

    /// From the definition: at each stop the least span with which the stop is reached, by how many spans
    /// are not longer than that.
    fn expected(spans: &[u64]) -> BTreeMap<usize, u64> {
        let mut sorted = spans.to_vec();
        sorted.sort_unstable();
        let share = |reached: usize| 100.0 * count(reached) / count(sorted.len());
        let mut found = BTreeMap::new();
        for (half, tick) in (0..20).flat_map(|half| (0..100).map(move |tick| (half, tick))) {
            let left = 100.0 / 2.0_f64.powi(half);
            let stop = 100.0 - left + left / 200.0 * f64::from(tick);
            let place = (0..sorted.len()).position(|place| stop <= share(place + 1));
            let span = sorted[place.expect("a stop is below 100 %")];
            found.insert(sorted.partition_point(|other| *other <= span), span);
        }
        found.insert(sorted.len(), sorted[sorted.len() - 1]);
        found
    }

    /// Spans below 2,048 ns have counters of their own, so that every value is exact.
    #[track_caller]
    fn check(spans: &[u64]) {
        let got = quantiles(Some(&of(spans)), Unit::Millis);
        let expected = expected(spans);
        assert_eq!(got.len(), expected.len(), "as many: {got:?}");
        let mut before = 0.0;
        for ((key, value), (reached, span)) in got.iter().zip(expected) {
            let percent: f64 = key.parse().expect("a number");
            let exact = 100.0 * count(reached) / count(spans.len());
            assert!((percent - exact).abs() < 1e-12, "{key}: {reached} are reached");
            assert!(before < percent, "{key}: ascending");
            assert_eq!(*value, Unit::Millis.span(micros(Nanos(span))), "{key}");
            before = percent;
        }
        assert_eq!(got.keys().next_back().map(String::as_str), Some("100.0"), "the last");
    }

    #[test]
    fn stops_are_those_of_the_percentile_iterator() {
        check(&[7]);
        check(&[7; 1_000]);
        check(&[1, 2_000]);
        check(&(1..=1_000).collect::<Vec<u64>>());
        check(&(0..5_000).map(|index| index * index % 2_003).collect::<Vec<u64>>());
        // A fifth of a percent lies far out.
        let mut lopsided = vec![10; 4_990];
        lopsided.extend(1_000..1_010);
        check(&lopsided);
    }

    #[test]
    fn a_value_is_the_highest_of_its_counter_and_the_last_is_the_longest_span() {
        let entries = |spans: &[u64], unit: Unit| -> Vec<(String, Value)> {
            quantiles(Some(&of(spans)), unit).into_iter().collect()
        };
        let two = |first: Value, last: Value| {
            vec![("50.0".to_owned(), first), ("100.0".to_owned(), last)]
        };
        // Counters are 512 ns wide there, and the first ends at 1,000,447 ns.
        let spans = [1_000_000, 2_000_000];
        assert_eq!(entries(&spans, Unit::Millis), two(json!(1.000_447), json!(2.0)));
        assert_eq!(entries(&spans, Unit::Micros), two(json!(1_000), json!(2_000)));
        let beyond = [1_000, LATENCY_MAX.0 * 2];
        assert_eq!(entries(&beyond, Unit::Millis), two(json!(0.001), json!(7_200_000.0)));
    }

    #[test]
    fn what_is_empty_or_broken_gives_an_empty_map() {
        assert!(quantiles(None, Unit::Micros).is_empty(), "a closed loop");
        assert!(quantiles(Some(&of(&[])), Unit::Millis).is_empty(), "nothing recorded");
        let broken = Block { histogram: Some("no histogram".to_owned()), ..of(&[5]) };
        assert!(quantiles(Some(&broken), Unit::Millis).is_empty(), "not made up");
    }
}
