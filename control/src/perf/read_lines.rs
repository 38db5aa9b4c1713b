//! The lines of kafka-consumer-perf-test (Kafka 4.1), letter for letter.

use crate::report::{float, rfc3339};
use engine::units::{Nanos, Timestamp};
use std::ops::Range;

/// The names of the columns of the last line.
pub(super) const HEADER: &str = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, \
                                 nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";

/// The names of the columns of lines that are written meanwhile.
pub(super) const DETAILED_HEADER: &str = "time, threadId, data.consumed.in.MB, MB.sec, \
                                          data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, \
                                          fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";

/// Bytes of what the tool calls a MB.
const MB: f64 = 1_048_576.0;
const NANOS_PER_MS: u64 = 1_000_000;

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// Messages.
    pub(super) messages: u64,
    /// Bytes of their bodies.
    pub(super) bytes: u64,
}

/// A stretch of time that a line tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// When it began.
    pub(super) start: Timestamp,
    /// When it ended.
    pub(super) end: Timestamp,
    /// How much of it went by until partitions were assigned.
    pub(super) rebalance: Nanos,
}

impl Stretch {
    fn length(self) -> Nanos {
        self.start.until(self.end)
    }

    fn fetching(self) -> Nanos {
        Nanos(self.length().0.saturating_sub(self.rebalance.0))
    }

    /// The line of a whole run.
    pub(super) fn total(self, read: Read) -> String {
        let (whole, fetching) = (self.length(), self.fetching());
        let mb = float(read.bytes) / MB;
        format!(
            "{}, {}, {mb:.4}, {}, {}, {}, {}, {}, {}, {}",
            moment(self.start),
            moment(self.end),
            rate(mb, whole),
            read.messages,
            rate(float(read.messages), whole),
            millis(self.rebalance),
            millis(fetching),
            rate(mb, fetching),
            rate(float(read.messages), fetching),
        )
    }

    /// The line of one of many stretches, in which so much was read, after so much in all.
    pub(super) fn detailed(self, within: Read, in_all: Read) -> String {
        let (whole, fetching) = (self.length(), self.fetching());
        let mb = float(within.bytes) / MB;
        format!(
            "{}, 0, {:.4}, {}, {}, {}, {}, {}, {}, {}",
            moment(self.end),
            float(in_all.bytes) / MB,
            rate(mb, whole),
            in_all.messages,
            rate(float(within.messages), whole),
            millis(self.rebalance),
            millis(fetching),
            rate(mb, fetching),
            rate(float(within.messages), fetching),
        )
    }
}

/// So much a second; none where no time has passed.
fn rate(amount: f64, span: Nanos) -> String {
    let rate = if span == Nanos::ZERO { 0.0 } else { amount / span.as_secs_f64() };
    format!("{rate:.4}")
}

/// Whole milliseconds: what has not passed is left out.
const fn millis(span: Nanos) -> u64 {
    span.0 / NANOS_PER_MS
}

/// In the tool's format of dates, `yyyy-MM-dd HH:mm:ss:SSS`, UTC.
fn moment(at: Timestamp) -> String {
    let written = rfc3339(at);
    let part = |range: Range<usize>| written.get(range).unwrap_or_default();
    format!("{} {}:{}", part(0..10), part(11..19), part(20..23))
}

#[cfg(test)]
mod tests {
    use super::{DETAILED_HEADER, HEADER, Read, Stretch};
    use engine::units::{Nanos, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(1_700_000_000_250_000_000);

    fn stretch(millis: u64, rebalance: u64) -> Stretch {
        let end = START + Nanos::from_millis(millis);
        Stretch { start: START, end, rebalance: Nanos::from_millis(rebalance) }
    }

    #[test]
    fn the_last_line_tells_the_whole_and_the_fetching_apart() {
        let read = Read { messages: 10_000, bytes: 1_048_576 };
        let expected = "2023-11-14 22:13:20:250, 2023-11-14 22:13:25:250, 1.0000, 0.2000, 10000, 2000.0000, \
                        3000, 2000, 0.5000, 5000.0000";
        assert_eq!(stretch(5_000, 3_000).total(read), expected);
    }

    #[test]
    fn a_line_between_tells_of_its_own_time_with_sums_from_the_start() {
        let (within, in_all) =
            (Read { messages: 500, bytes: 524_288 }, Read { messages: 1_500, bytes: 1_572_864 });
        let expected =
            "2023-11-14 22:13:21:250, 0, 1.5000, 0.5000, 1500, 500.0000, 0, 1000, 0.5000, 500.0000";
        assert_eq!(stretch(1_000, 0).detailed(within, in_all), expected);
    }

    #[test]
    fn nothing_in_no_time_is_no_rate() {
        let line = stretch(0, 0).total(Read::default());
        assert!(line.ends_with(", 0.0000, 0.0000, 0, 0.0000, 0, 0, 0.0000, 0.0000"), "{line}");
        // Clocks that are read one after the other may disagree by less than a rebalance.
        assert!(stretch(5, 9).total(Read::default()).contains(", 9, 0, "), "never below zero");
    }

    /// As the tool of Kafka 4.1.0 has them.
    #[test]
    fn every_column_has_its_name() {
        let columns = |line: &str| line.split(", ").count();
        let read = Read { messages: 1, bytes: 1 };
        assert_eq!(columns(HEADER), columns(&stretch(9, 1).total(read)));
        assert_eq!(columns(DETAILED_HEADER), columns(&stretch(9, 1).detailed(read, read)));
        assert!(HEADER.starts_with("start.time, end.time, data.consumed.in.MB, MB.sec, "));
        assert!(HEADER.ends_with("rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec"));
        assert!(DETAILED_HEADER.starts_with("time, threadId, data.consumed.in.MB, MB.sec, "));
    }
}
