//! Assertions as the file writes them, and as a result is held to them.

use super::judgement::Judgement;
use super::report::{Inputs, Report};
use super::text_table::wrapped;
use crate::assertion::{Amount, Assertion, Judged};
use engine::measure::constants::exit;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// What became of one assertion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssertionPart {
    /// The assertion, as it was understood.
    pub assertion: String,
    /// Whether it held; what is not known did not.
    pub held: bool,
    /// The metric's value; null where it is not known.
    pub left: Value,
    /// What it was compared with; null where that is not known.
    pub right: Value,
    /// Of both values: `us`, `bytes`, `per_second`, `bytes_per_second`; null for bare numbers.
    pub unit: Option<Cow<'static, str>>,
    /// Both values for people, and how far they are apart; or what is not known.
    pub message: String,
}

impl AssertionPart {
    fn of(judged: &Judged) -> Self {
        let side = |amount: Option<Amount>| amount.map_or(Value::Null, Amount::json);
        Self {
            assertion: judged.assertion.clone(),
            held: judged.is_held,
            left: side(judged.left),
            right: side(judged.right),
            unit: judged.left.or(judged.right).and_then(Amount::unit).map(Cow::Borrowed),
            message: judged.message.clone(),
        }
    }
}

impl Report {
    /// Puts a result together and holds it to assertions: what does not hold is in its verdict too.
    /// The verdict that an assertion may name (`valid`) is the one without any.
    ///
    /// # Panics
    /// Never: every key of the format is a string.
    #[must_use]
    pub fn held_to(inputs: &Inputs<'_>, assertions: &[Assertion]) -> Self {
        let bare = Self::of(inputs);
        if assertions.is_empty() {
            return bare;
        }
        // They are about the file, so they are judged on what the file says.
        let result = serde_json::to_value(&bare).expect("every key of the format is a string");
        let judged: Vec<Judged> =
            assertions.iter().map(|assertion| assertion.judge(&result)).collect();
        let failed = judged.iter().filter_map(Judged::finding).collect();
        let verdict = inputs.verdict.clone().with(exit::ASSERTION, failed);
        Self {
            verdict: Judgement::of(&verdict),
            assertions: judged.iter().map(AssertionPart::of).collect(),
            ..bare
        }
    }
}

/// What was asserted and what became of it, for people.
pub(super) fn in_words(report: &Report, width: usize) -> String {
    let all = &report.assertions;
    if all.is_empty() {
        return String::new();
    }
    let held = all.iter().filter(|one| one.held).count();
    let lines = all.iter().map(|one| {
        let outcome = if one.held { "held" } else { "FAILED" };
        let message = wrapped(&one.message, "  ", width);
        format!("{outcome} {}\n{message}", one.assertion)
    });
    format!("assertions: {held} of {} held\n{}", all.len(), lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use crate::report::fixture::{self, Made};
    use engine::run::Ending;
    use serde_json::{Value, json};

    fn json(made: &Made) -> Value {
        serde_json::to_value(fixture::report(made)).expect("a report is JSON")
    }

    fn codes(json: &Value) -> Vec<&str> {
        let findings = json["verdict"]["findings"].as_array().expect("a list").iter();
        findings.filter_map(|finding| finding["code"].as_str()).collect()
    }

    #[test]
    fn what_holds_changes_nothing_but_is_told() {
        let made = Made {
            assertions: vec!["lost == 0", "publish.p99 < 10ms", "valid == true", "rate > 10k/s"],
            ..Made::clean()
        };
        let json = json(&made);
        assert_eq!(json["verdict"]["exit_code"], 0, "{:#}", json["verdict"]);
        let held: Vec<&Value> =
            json["assertions"].as_array().expect("a list").iter().map(|one| &one["held"]).collect();
        assert_eq!(held, [true, true, true, true], "{:#}", json["assertions"]);
        let rate = &json["assertions"][3];
        assert_eq!((&rate["right"], &rate["unit"]), (&json!(10_000.0), &json!("per_second")));
        let span = &json["assertions"][1];
        assert_eq!((&span["right"], &span["unit"]), (&json!(10_000.0), &json!("us")));
        assert_eq!(span["left"], json["latency"]["publish"]["p99_us"], "in the file's own unit");
    }

    #[test]
    fn without_assertions_the_file_says_nothing_of_them() {
        assert_eq!(json(&Made::clean()).get("assertions"), None, "left out");
    }

    #[test]
    fn what_fails_or_is_not_known_spoils_the_run_unless_something_graver_did() {
        let check = |made: Made, assertion: &'static str, expected: u8, code: &str| {
            let json = json(&Made { assertions: vec![assertion], ..made });
            assert_eq!(json["verdict"]["exit_code"], expected, "{assertion}: {json:#}");
            assert_eq!(json["verdict"]["valid"], false, "{assertion}");
            assert_eq!(codes(&json)[0], code, "{assertion}: the gravest first");
            assert!(codes(&json).contains(&"assertion_failed"), "{assertion}: {:?}", codes(&json));
        };
        check(Made::clean(), "publish.p99 < 1ms", 10, "assertion_failed");
        check(Made::clean(), "duplicated == 0", 10, "assertion_failed");
        check(Made::clean(), "workload.topics == 1", 10, "assertion_failed");
        check(Made::troubled(), "lost == 0", 13, "lost");
        let mut interrupted = Made::clean();
        interrupted.outcome.ending = Ending::Interrupted;
        check(interrupted, "publish.p99 < 1ms", 130, "interrupted");
    }

    #[test]
    fn a_run_that_was_cut_short_has_its_reason_first_and_is_partial() {
        let mut made = Made { assertions: vec!["publish.p99 < 1ms"], ..Made::clean() };
        made.outcome.ending = Ending::CutShort;
        let json = json(&made);
        assert_eq!(json["verdict"]["exit_code"], 10, "{:#}", json["verdict"]);
        assert_eq!(codes(&json), ["cut_short", "assertion_failed"], "{:#}", json["verdict"]);
        assert!(json["partial"].is_object(), "marked as partial");
    }
}
