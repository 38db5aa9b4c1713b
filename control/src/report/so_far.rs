//! What the result would say of what was measured so far: only fields that are known before the end.

use super::latency::{Block, Latencies};
use super::report::seen_by_stream;
use super::streams::Whole;
use super::traffic::{Acked, Consumed, Flow, Produced, Span};
use engine::measure::{Tally, Window};
use engine::plan::Plan;
use engine::units::Nanos;
use serde_json::{Value, json};

/// The fields that are known when `elapsed` of the measured phase is over, with the names and units
/// of the result. Rates are taken over all of that time, so that a stall lowers them at once.
#[must_use]
pub fn so_far(plan: &Plan, tally: &Tally, elapsed: Nanos) -> Value {
    let whole = Whole::of(plan, tally);
    let seen = &whole.measured;
    let span = Span { start: None, planned: elapsed, complete: false };
    let flow =
        |messages: u64, bytes: u64| Flow::of(&Window::default(), Some(elapsed), messages, bytes);
    let produced = Produced {
        flow: flow(seen.produced.messages, seen.produced.bytes),
        ..Produced::of(seen, span, whole.target, None)
    };
    let acked =
        Acked { flow: flow(seen.acked.messages, seen.acked.bytes), ..Acked::of(seen, span) };
    let read = seen.consumed.iter().map(|of| of.bytes).sum();
    let consumed =
        Consumed { flow: flow(seen.received(), read), ..Consumed::of(seen, span, Vec::new()) };
    json!({
        "latency": Latencies::of(&seen_by_stream(plan, tally), Block::summary),
        "verification": { "foreign": consumed.foreign, "corrupted": consumed.corrupted },
        "engine": {
            "queue_full": seen.produced.queue_full,
            "held_back": seen.produced.held_back,
            "late_by_us": seen.produced.late_by_us,
        },
        "produced": produced,
        "acked": acked,
        "consumed": consumed,
    })
}

#[cfg(test)]
mod tests {
    use super::so_far;
    use crate::assertion::is_known_early;
    use crate::report::fixture::{self, Made};
    use engine::units::Nanos;
    use serde_json::Value;

    /// The paths of all numbers below a value.
    fn numbers(path: &str, value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| {
                let dot = if path.is_empty() { "" } else { "." };
                numbers(&format!("{path}{dot}{name}"), field, out);
            }),
            Value::Number(_) => out.push(path.to_owned()),
            _ => {}
        }
    }

    #[test]
    fn every_field_that_is_judged_early_is_there_and_as_in_the_result() {
        let made = Made::troubled();
        let result = serde_json::to_value(fixture::report(&made)).expect("a report is JSON");
        let early = so_far(&made.plan, &made.outcome.tally, Nanos::from_secs(10));
        let mut paths = Vec::new();
        numbers("", &result, &mut paths);
        let known: Vec<&String> = paths.iter().filter(|path| is_known_early(path)).collect();
        assert!(80 < known.len(), "most of the figures: {}", known.len());
        for path in known {
            let pointer = format!("/{}", path.replace('.', "/"));
            let got = early.pointer(&pointer);
            assert!(got.is_some_and(Value::is_number), "{path} is known early: {got:?}");
            // Acks and receipts are divided by the time up to the last one in the result.
            let is_rate = path.ends_with("_per_second") && !path.starts_with("produced");
            assert!(is_rate || got == result.pointer(&pointer), "{path}: {got:?}");
        }
    }

    #[test]
    fn rates_are_of_all_the_time_so_far() {
        let made = Made::clean();
        let rate = |seconds: u64| {
            let early = so_far(&made.plan, &made.outcome.tally, Nanos::from_secs(seconds));
            let of = |side: &str| early[side]["messages_per_second"].as_f64();
            ["produced", "acked", "consumed"].map(of)
        };
        assert_eq!(rate(10), [Some(20_000.0), Some(20_000.0), Some(40_000.0)], "as it went");
        assert_eq!(rate(20), [Some(10_000.0), Some(10_000.0), Some(20_000.0)], "after a stall");
    }
}
