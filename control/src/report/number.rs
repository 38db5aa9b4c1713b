//! Numbers as the report writes them: the one place where counts become floats.

use engine::units::{Nanos, Timestamp};
use std::time::{Duration, UNIX_EPOCH};

/// Bytes of a MiB: the study's megabyte, and that of Kafka's own tools.
const MIB: f64 = 1_048_576.0;

/// A count as a float.
#[expect(
    clippy::cast_precision_loss,
    reason = "floats begin in the report; counts stay below 2^53"
)]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// A part of a whole; `None` where there is no whole, so that nothing reads as zero by accident.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (0 < whole).then(|| float(part) / float(whole))
}

/// A count per second, to a thousandth; `None` when no time passed.
pub(crate) fn per_second(count: u64, span: Nanos) -> Option<f64> {
    (Nanos::ZERO < span).then(|| thousandth(float(count) / span.as_secs_f64()))
}

/// Bytes per second as MiB per second.
pub(super) fn mib(bytes_per_second: f64) -> f64 {
    thousandth(bytes_per_second / MIB)
}

/// A span in microseconds, to the nanosecond.
pub(crate) fn micros(span: Nanos) -> f64 {
    float(span.0) / 1_000.0
}

/// A span in seconds, to the nanosecond.
pub(crate) fn seconds(span: Nanos) -> f64 {
    float(span.0) / 1e9
}

/// Rounded to three decimals: a thousandth of a message or of a microsecond is enough.
pub(crate) fn thousandth(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// A moment as RFC 3339, in UTC, to the microsecond.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    let time = UNIX_EPOCH + Duration::from_nanos(moment.as_nanos());
    humantime::format_rfc3339_micros(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::{mib, per_second, ratio, rfc3339};
    use engine::units::{Nanos, Timestamp};

    #[test]
    fn where_there_is_nothing_to_divide_by_there_is_no_number() {
        assert_eq!((ratio(0, 0), ratio(0, 4), ratio(1, 4)), (None, Some(0.0), Some(0.25)), "ratio");
        assert_eq!(per_second(5, Nanos::ZERO), None, "no time");
        assert_eq!(per_second(30, Nanos::from_secs(4)), Some(7.5), "a rate");
    }

    #[test]
    fn a_megabyte_is_a_mebibyte_and_a_moment_is_utc() {
        assert!((mib(1_048_576.0) - 1.0).abs() < 1e-9, "1024 squared");
        let moment = Timestamp::from_nanos(1_700_000_000_123_456_789);
        assert_eq!(rfc3339(moment), "2023-11-14T22:13:20.123456Z", "to the microsecond");
    }
}
