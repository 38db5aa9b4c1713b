//! `GET /metrics`: what a worker's tasks have done so far, for Prometheus.

use super::task::Task;
use engine::measure::{Phase, PhaseTally};

/// Prometheus' text format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A counter: its name, what it is, and where it stands.
type Counter = (&'static str, &'static str, fn(&PhaseTally) -> u64);

const COUNTERS: &[Counter] = &[
    ("kdyno_due_messages_total", "Messages due by the schedule.", |seen| seen.produced.due),
    ("kdyno_produced_messages_total", "Messages that clients took.", |seen| seen.produced.messages),
    ("kdyno_produced_bytes_total", "Bytes of their bodies.", |seen| seen.produced.bytes),
    ("kdyno_acked_messages_total", "Messages that brokers confirmed.", |seen| seen.acked.messages),
    ("kdyno_failed_messages_total", "Messages that clients gave up.", |seen| seen.acked.failed),
    ("kdyno_consumed_messages_total", "Messages received.", PhaseTally::received),
    ("kdyno_errors_total", "Failed messages and commits, consumer errors.", PhaseTally::errors),
];

/// All counters of all tasks, warm-up and measured phase apart.
pub(super) fn text<'task>(tasks: impl Iterator<Item = &'task Task>) -> String {
    let phases = [("warmup", Phase::Warmup), ("measured", Phase::Measured)];
    let values: Vec<_> = COUNTERS.iter().map(|(_, _, value)| *value).collect();
    let rows: Vec<(String, Vec<u64>)> = tasks
        .flat_map(|task| {
            phases.map(|(name, phase)| (labels(task, name), task.counts(phase, &values)))
        })
        .collect();
    let mut text = String::from(
        "# HELP kdyno_build_info The version that runs.\n# TYPE kdyno_build_info gauge\n",
    );
    let version = env!("CARGO_PKG_VERSION");
    let mut line = |line: String| text += &(line + "\n");
    line(format!("kdyno_build_info{{version=\"{version}\"}} 1"));
    for (index, (name, help, _)) in COUNTERS.iter().enumerate() {
        line(format!("# HELP {name} {help}\n# TYPE {name} counter"));
        for (labels, counts) in &rows {
            line(format!("{name}{{{labels}}} {}", counts[index]));
        }
    }
    text
}

fn labels(task: &Task, phase: &str) -> String {
    // A task's name holds nothing that would need a backslash.
    format!("task=\"{}\",role=\"{}\",phase=\"{phase}\"", task.id, task.role)
}
