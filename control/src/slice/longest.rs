//! The longest span of some seconds: a histogram has it to a step, the logs and the result more exactly.

use engine::units::Nanos;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use std::ops::Range;
use std::time::Duration;

/// What a log's milliseconds with three digits round away: half a microsecond.
const HALF_A_DIGIT: Nanos = Nanos(500);

/// The longest of a log's seconds in `range`, to a microsecond; 0 of none. Lines that are none of a log are
/// passed over: who reads their histograms tells of them.
pub(super) fn of_log(text: &str, range: &Range<u32>) -> Nanos {
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let entries = IntervalLogIterator::new(whole.as_bytes()).filter_map(Result::ok);
    let own = entries.filter_map(|entry| match entry {
        LogEntry::Interval(interval) => {
            let second = u32::try_from(interval.start_timestamp().as_secs()).ok()?;
            if range.contains(&second) { nanos(interval.max() / 1e3) } else { None }
        }
        _ => None,
    });
    own.max().unwrap_or(Nanos(0))
}

/// The longest of `histogram`, which the log says is `logged` and the whole run's result `whole_us` (null
/// without one): the result's where it can be the same span, so that all seconds have the result's maximum.
pub(super) fn exact(histogram: &Histogram<u64>, logged: Nanos, whole_us: Option<f64>) -> Nanos {
    let whole = whole_us.and_then(|micros| nanos(micros / 1e6));
    let same = whole.filter(|whole| whole.0.abs_diff(logged.0) <= HALF_A_DIGIT.0);
    in_last_step(histogram, same.unwrap_or(logged))
}

/// `said`, or the end of the histogram's last step that is nearer to it where it is outside; 0 of nothing. So
/// nothing that rounding or an earlier version wrote leaves the histogram.
pub(super) fn in_last_step(histogram: &Histogram<u64>, said: Nanos) -> Nanos {
    if histogram.is_empty() {
        return Nanos(0);
    }
    let end = histogram.max();
    Nanos(said.0.clamp(histogram.lowest_equivalent(end), histogram.highest_equivalent(end)))
}

/// A number of seconds, to the nearest nanosecond; `None` where it is no span.
pub(super) fn nanos(seconds: f64) -> Option<Nanos> {
    let span = Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(span.as_nanos()).ok().map(Nanos)
}

#[cfg(test)]
mod tests {
    use super::{exact, in_last_step, nanos, of_log};
    use crate::report::hlog;
    use crate::slice::slice::blank;
    use engine::measure::Latency;
    use engine::units::Nanos;
    use hdrhistogram::Histogram;

    const LONGEST: u64 = 11_233_103;

    fn histogram(spans: &[u64]) -> Histogram<u64> {
        let mut histogram = blank();
        spans.iter().for_each(|span| histogram.record(*span).expect("in range"));
        histogram
    }

    #[test]
    fn a_log_has_the_longest_of_its_seconds_to_a_microsecond() {
        let mut log = String::new();
        for (second, span) in (0..).zip([LONGEST, 5_000_000, 7_000_499]) {
            let mut latency = Latency::default();
            latency.record(Some(Nanos(span)));
            log += &hlog::line(second, &latency);
        }
        assert_eq!(of_log(&log, &(0..3)), Nanos(11_233_000), "of all");
        assert_eq!(of_log(&log, &(1..3)), Nanos(7_000_000), "of some");
        assert_eq!(of_log(&log, &(3..9)), Nanos(0), "of none");
        assert_eq!(of_log(&log[..log.len() - 1], &(1..3)), Nanos(5_000_000), "of whole lines");
    }

    #[test]
    fn the_results_is_taken_where_it_can_be_the_same() {
        let coarse = histogram(&[LONGEST]);
        assert!(LONGEST < coarse.max(), "a step's end is beyond it");
        let logged = Nanos(11_233_000);
        assert_eq!(exact(&coarse, logged, Some(11_233.103)), Nanos(LONGEST), "to the nanosecond");
        assert_eq!(exact(&coarse, logged, Some(11_234.103)), logged, "another second's");
        assert_eq!(exact(&coarse, logged, None), logged, "of a killed run");
    }

    #[test]
    fn it_stays_in_the_step_that_the_histogram_has() {
        let short = histogram(&[300, 7]);
        assert_eq!(in_last_step(&short, Nanos(0)), Nanos(300), "rounded away in the log");
        assert_eq!(in_last_step(&short, Nanos(1_000)), Nanos(300), "rounded up");
        assert_eq!(in_last_step(&blank(), Nanos(9)), Nanos(0), "nothing is there");
        assert_eq!(nanos(-1.0), None, "no span");
        assert_eq!(nanos(11_233.103 / 1e6), Some(Nanos(LONGEST)), "to the nearest");
    }
}
