//! The line of Kafka's own perf tool, at the end of the summary.

use super::Report;

/// The line of Kafka's own perf tool, whose latency counts from the real send.
pub(super) fn perf_line(report: &Report) -> String {
    // The tool counts what was answered, to the last answer, and latencies in whole milliseconds that passed.
    let (acked, service) = (&report.acked, report.latency.service.as_ref());
    let millis = |micros: Option<f64>| micros.unwrap_or(0.0) / 1_000.0;
    let Some(service) = service.filter(|service| 0 < service.count) else { return String::new() };
    format!(
        "{} records sent, {:.1} records/sec ({:.2} MB/sec), {:.2} ms avg latency, {:.2} ms max \
         latency, {:.0} ms 50th, {:.0} ms 95th, {:.0} ms 99th, {:.0} ms 99.9th.\n",
        acked.messages,
        acked.flow.messages_per_second.unwrap_or(0.0),
        acked.flow.mib_per_second.unwrap_or(0.0),
        millis(service.mean_us),
        millis(service.max_us),
        millis(service.p50_us).floor(),
        millis(service.p95_us).floor(),
        millis(service.p99_us).floor(),
        millis(service.p99_9_us).floor(),
    )
}
