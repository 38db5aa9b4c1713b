//! What a task has done so far, for people: `GET /task/{id}/result` as JSON.

use super::task::Task;
use crate::report::micros;
use engine::measure::{Latency, Phase};
use serde_json::{Value, json};

/// The figures of the measured phase, as far as they were handed over.
pub(super) fn of(task: &Task) -> Value {
    let seen = task.seen(Phase::Measured);
    let warmup = task.seen(Phase::Warmup);
    json!({
        "task_id": task.id,
        "role": task.role.to_string(),
        "finished": task.has_finished(),
        "warmup_messages": warmup.produced.messages + warmup.received(),
        "produced": {
            "due": seen.produced.due,
            "messages": seen.produced.messages,
            "bytes": seen.produced.bytes,
            "unsent": seen.produced.unsent,
        },
        "acked": { "messages": seen.acked.messages, "failed": seen.acked.failed },
        "consumed": { "messages": seen.received() },
        "errors": seen.errors(),
        "latency": {
            "publish": latency(&seen.publish),
            "service": latency(&seen.service),
            "send_delay": latency(&seen.send_delay),
            "end_to_end": latency(&seen.end_to_end),
        },
    })
}

/// Null where nothing was recorded.
fn latency(latency: &Latency) -> Value {
    if latency.count() == 0 {
        return Value::Null;
    }
    json!({
        "count": latency.count(),
        "p50_us": micros(latency.percentile(50.0)),
        "p99_us": micros(latency.percentile(99.0)),
        "p99_9_us": micros(latency.percentile(99.9)),
        "max_us": micros(latency.max()),
        "negative": latency.negative(),
    })
}
