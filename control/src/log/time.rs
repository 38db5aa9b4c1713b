//! The times of log lines, UTC, to the millisecond.

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// The time of day: whoever reads along knows the date.
pub(super) struct TimeOfDay;

/// The date too, for a log that is kept.
pub(super) struct DateAndTime;

impl FormatTime for TimeOfDay {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = now();
        out.write_str(now.get(11..23).unwrap_or(&now))
    }
}

impl FormatTime for DateAndTime {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        out.write_str(&now())
    }
}

/// This moment as RFC 3339 writes it.
#[expect(clippy::disallowed_methods, reason = "a log line's time is no measurement")]
pub(super) fn now() -> String {
    humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string()
}
