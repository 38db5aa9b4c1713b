//! The lines of kafka-producer-perf-test (Kafka 4.1), letter for letter.

use crate::report::float;
use engine::measure::Latency;
use engine::units::Nanos;

/// Bytes of what the tool calls a MB.
const MB: f64 = 1_048_576.0;
const NANOS_PER_MS: u64 = 1_000_000;

/// What was acked within a span.
#[derive(Debug, Default)]
pub(super) struct Acked {
    /// Records.
    pub(super) records: u64,
    /// Bytes of their bodies.
    pub(super) bytes: u64,
    /// From the send to the ack.
    pub(super) service: Latency,
}

impl Acked {
    /// The line of a window of this length.
    pub(super) fn window(&self, elapsed: Nanos) -> String {
        let Figures { per_second, mb_per_second, mean_ms, max_ms } = self.figures(elapsed);
        format!(
            "{} records sent, {per_second:.1} records/sec ({mb_per_second:.2} MB/sec), {mean_ms:.1} ms avg \
             latency, {max_ms:.1} ms max latency.",
            self.records
        )
    }

    /// The line of a whole run of this length.
    pub(super) fn total(&self, elapsed: Nanos) -> String {
        let Figures { per_second, mb_per_second, mean_ms, max_ms } = self.figures(elapsed);
        // Whole milliseconds, as the tool counts them: what has not passed is left out.
        let [p50, p95, p99, p999] = [50.0, 95.0, 99.0, 99.9]
            .map(|percent| self.service.percentile(percent).0 / NANOS_PER_MS);
        format!(
            "{} records sent, {per_second:.1} records/sec ({mb_per_second:.2} MB/sec), {mean_ms:.2} ms avg \
             latency, {max_ms:.2} ms max latency, {p50} ms 50th, {p95} ms 95th, {p99} ms 99th, {p999} ms 99.9th.",
            self.records
        )
    }

    fn figures(&self, elapsed: Nanos) -> Figures {
        let seconds = elapsed.as_secs_f64();
        let rate = |count: u64| if count == 0 { 0.0 } else { float(count) / seconds };
        // As the tool divides: without a record there is no mean.
        let mean = if self.records == 0 { f64::NAN } else { self.service.mean_nanos() };
        Figures {
            per_second: rate(self.records),
            mb_per_second: rate(self.bytes) / MB,
            mean_ms: mean / float(NANOS_PER_MS),
            max_ms: float(self.service.max().0) / float(NANOS_PER_MS),
        }
    }
}

/// What both lines tell.
struct Figures {
    per_second: f64,
    mb_per_second: f64,
    mean_ms: f64,
    max_ms: f64,
}

#[cfg(test)]
mod tests {
    use super::Acked;
    use engine::units::Nanos;

    /// So many records of 100 bytes, whose latencies go through these milliseconds in turn.
    fn acked(records: u64, millis: &[u64]) -> Acked {
        let mut acked = Acked { records, bytes: 100 * records, ..Acked::default() };
        let spans = millis.iter().cycle().map(|ms| Nanos::from_millis(*ms));
        spans.zip(0..records).for_each(|(span, _)| acked.service.record(Some(span)));
        acked
    }

    #[test]
    fn both_lines_round_as_the_tool_does() {
        let check = |line: String, expected: &str| assert_eq!(line, expected);
        let spans = [1, 1, 1, 1, 1, 1, 1, 1, 1, 41];
        check(
            acked(50_010, &spans).window(Nanos::from_millis(5_001)),
            "50010 records sent, 10000.0 records/sec (0.95 MB/sec), 5.0 ms avg latency, 41.0 ms max latency.",
        );
        check(
            acked(150_000, &spans).total(Nanos::from_millis(15_003)),
            "150000 records sent, 9998.0 records/sec (0.95 MB/sec), 5.00 ms avg latency, 41.00 ms max latency, \
             1 ms 50th, 41 ms 95th, 41 ms 99th, 41 ms 99.9th.",
        );
    }

    /// A line with every number in the same digits: as many behind the point as it has, one before it.
    fn form(line: &str) -> String {
        let (mut form, mut is_behind) = (String::new(), false);
        for letter in line.chars() {
            is_behind = letter == '.' || (is_behind && letter.is_ascii_digit());
            let shown = if letter.is_ascii_digit() { '0' } else { letter };
            if shown != '0' || is_behind || !form.ends_with('0') {
                form.push(shown);
            }
        }
        form
    }

    /// What the tool of Kafka 4.1.0 printed on a busy host.
    #[test]
    fn the_lines_have_the_form_of_lines_that_the_tool_printed() {
        let window = "27971 records sent, 5585.3 records/sec (0.53 MB/sec), 2725.2 ms avg latency, 4164.0 ms \
                      max latency.";
        let total = "60000 records sent, 4952.5 records/sec (0.47 MB/sec), 3657.58 ms avg latency, 5107.00 ms \
                     max latency, 4216 ms 50th, 4757 ms 95th, 4829 ms 99th, 4841 ms 99.9th.";
        let ours = acked(1_234, &[1, 20, 300]);
        assert_eq!(form(&ours.window(Nanos::from_secs(5))), form(window));
        assert_eq!(form(&ours.total(Nanos::from_secs(7))), form(total));
        assert_ne!(form(window), form(&window.replace("5585.3", "5585.30")), "decimals count");
        assert_ne!(form(window), form(&window.replace("sent, ", "sent,")), "blanks too");
    }

    #[test]
    fn without_a_record_there_is_no_mean() {
        let line = Acked::default().total(Nanos::from_secs(1));
        let printed = "0 records sent, 0.0 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms max \
                       latency, 0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.";
        assert_eq!(line, printed);
        let at_once = Acked::default().window(Nanos::ZERO);
        assert!(
            at_once.starts_with("0 records sent, 0.0 records/sec (0.00 MB/sec), NaN"),
            "{at_once}"
        );
    }

    #[test]
    fn milliseconds_that_have_not_passed_are_left_out() {
        let mut acked = acked(0, &[1]);
        acked.records = 2;
        for nanos in [999_000, 1_990_000] {
            acked.service.record(Some(Nanos(nanos)));
        }
        let line = acked.total(Nanos::from_secs(1));
        assert!(
            line.contains("1.49 ms avg latency, 1.99 ms max latency, 0 ms 50th, 1 ms 95th"),
            "{line}"
        );
    }
}
