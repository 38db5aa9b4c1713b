//! Which assertions can be judged while a run is measured, and which only at its end.
//!
//! Judged early are those that compare a latency, a rate or a count of what has happened with a fixed
//! number (or `target`), on all that was measured so far. A count that only grows is judged by `<`, `<=`
//! and `==`: beyond its bound it stays there. Percentiles, means and rates are judged by `<`, `<=`, `>`
//! and `>=`: they must be in bounds all the time. Everything else is known at the end only: what was
//! lost, what is outstanding, what a run cost, and whatever must still be reached.

use super::assertion::{Assertion, Relation, Right};
use super::judged::Judged;
use super::names::TARGET;
use serde_json::Value;

/// How a field goes on while a run is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// It only grows.
    Grows,
    /// It describes all that was measured so far.
    SoFar,
    /// It is not known before the end.
    AtEnd,
}

fn course(path: &str) -> Course {
    let parts: Vec<&str> = path.split('.').collect();
    match parts[..] {
        // Clocks are compared to the end.
        ["latency", _, "clock_error_us"] => Course::AtEnd,
        ["latency", _, "max_us" | "count" | "negative" | "beyond_range"]
        | ["produced", "attempted" | "messages" | "bytes" | "errors"]
        | ["acked", "messages" | "bytes" | "failed" | "failed_maybe_persisted"]
        | [
            "consumed",
            "messages" | "bytes" | "foreign" | "corrupted" | "errors" | "commits"
            | "commits_failed",
        ]
        | ["produced" | "consumed", "errors_by_type" | "errors_by_code", _]
        | ["verification", "foreign" | "corrupted"]
        | ["engine", "queue_full" | "held_back" | "late_by_us"] => Course::Grows,
        ["latency", _, _]
        | ["produced", "error_rate"]
        | [
            "produced" | "acked" | "consumed",
            "messages_per_second" | "bytes_per_second" | "mib_per_second",
        ] => Course::SoFar,
        _ => Course::AtEnd,
    }
}

/// Whether a field is judged while a run is measured.
#[must_use]
pub fn is_known_early(path: &str) -> bool {
    course(path) != Course::AtEnd
}

impl Assertion {
    /// Whether it can be judged while a run is measured.
    #[must_use]
    pub fn is_judged_early(&self) -> bool {
        let Right::Number(expression) = &self.right else { return false };
        let is_fixed = |path: &String| path == TARGET;
        let can_be = |path: &String| match course(path) {
            Course::Grows => {
                matches!(self.relation, Relation::Less | Relation::AtMost | Relation::Equal)
            }
            Course::SoFar => !matches!(self.relation, Relation::Equal | Relation::Unequal),
            Course::AtEnd => false,
        };
        expression.metrics().iter().all(|metric| metric.paths().iter().all(is_fixed))
            && self.metric.paths().iter().all(can_be)
    }

    /// How it fails on what was measured so far; `None` while it does not. What is not known yet has
    /// not failed, and a count that must come to a number may still do so from below.
    #[must_use]
    pub fn fails_early(&self, so_far: &Value) -> Option<Judged> {
        let judged = self.judge(so_far);
        let (left, right) = (judged.left?, judged.right?);
        let may_come = self.relation == Relation::Equal && left.is_below(right);
        (!judged.is_held && !may_come).then_some(judged)
    }
}

#[cfg(test)]
mod tests {
    use crate::assertion::Assertion;
    use serde_json::{Value, json};

    fn assertion(text: &str) -> Assertion {
        Assertion::parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
    }

    #[test]
    fn bounds_on_latencies_rates_and_faults_are_judged_early_and_nothing_that_may_still_come() {
        let check = |text: &str, expected: bool| {
            assert_eq!(assertion(text).is_judged_early(), expected, "{text}");
        };
        check("publish.p99 < 10ms", true);
        check("publish.max <= 1s", true);
        check("rate >= 0.99*target", true);
        check("errors == 0", true);
        check("failed < 1 + 1", true);
        check("error_rate < 0.1%", true);
        check("corrupted == 0", true);
        check("produced.errors_by_code._TRANSPORT == 0", true);
        check("engine.late_by_us <= 10", true);
        check("acked.mib_per_second > 10MiB/s", true);
        // What is reached by growing is reached at the end.
        check("acked >= 1000", false);
        check("publish.count > 10", false);
        check("errors != 7", false);
        check("publish.p99 == 10ms", false);
        // Lanes hand over one after the other, so counts of different lanes are not of one moment.
        check("consumed <= 2*acked", false);
        check("publish.p99 < 2*service.p99", false);
        check("lost == 0", false);
        check("outstanding == 0", false);
        check("unsent == 0", false);
        check("valid == true", false);
        check("cpu < 3", false);
        check("due == 1000", false);
    }

    #[test]
    fn what_is_not_known_yet_or_may_still_come_has_not_failed() {
        let so_far = json!({
            "latency": {"publish": {"p99_us": null, "max_us": 20_000.0, "count": 5}},
            "produced": {"errors": 1, "target_messages_per_second": 1_000},
            "consumed": {"errors": 0},
            "acked": {"failed": 3, "messages_per_second": 900.0},
        });
        let check = |text: &str, expected: bool| {
            let fails = assertion(text).fails_early(&so_far);
            assert_eq!(fails.is_some(), expected, "{text}: {fails:?}");
        };
        check("publish.p99 < 10ms", false);
        check("publish.max < 10ms", true);
        check("publish.max < 20.001ms", false);
        check("rate >= 0.9*target", false);
        check("rate >= 0.91*target", true);
        check("errors == 0", true);
        check("failed == 4", false);
        check("failed == 3", false);
        check("failed == 2", true);
        check("produced.errors_by_code._TRANSPORT == 0", false);
        let nothing = assertion("errors == 0").fails_early(&Value::Null);
        assert_eq!(nothing, None, "nothing is known of nothing");
    }
}
