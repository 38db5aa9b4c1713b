//! The verdict as the file writes it.

use engine::measure::{Fact, FactValue, Finding as Found, LimitedBy, Severity, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Did the run do what was asked, and what limited it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judgement {
    /// Whether its numbers say what they seem to say.
    pub valid: bool,
    /// `nothing`, `client`, `broker`, `network` or `unknown`.
    pub limited_by: Cow<'static, str>,
    /// What the process told its caller.
    pub exit_code: u8,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
}

/// Something that was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// A short name for tools.
    pub code: String,
    /// `error`, `warning` or `info`.
    pub severity: Cow<'static, str>,
    /// What was seen, why it matters, what to do next.
    pub message: String,
    /// The numbers behind it, by name.
    pub evidence: Map<String, Value>,
}

impl Judgement {
    pub(super) fn of(verdict: &Verdict) -> Self {
        Self {
            valid: verdict.valid,
            limited_by: match verdict.limited_by {
                LimitedBy::Nothing => "nothing",
                LimitedBy::Client => "client",
                LimitedBy::Broker => "broker",
                LimitedBy::Network => "network",
                LimitedBy::Unknown => "unknown",
            }
            .into(),
            exit_code: verdict.exit_code,
            findings: verdict.findings.iter().map(Finding::of).collect(),
        }
    }
}

impl Finding {
    fn of(found: &Found) -> Self {
        Self {
            code: found.code.to_owned(),
            severity: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            }
            .into(),
            message: found.message.clone(),
            evidence: found.evidence.iter().map(entry).collect(),
        }
    }
}

fn entry(fact: &Fact) -> (String, Value) {
    let value = match &fact.value {
        FactValue::Count(count) => Value::from(*count),
        // Six decimals keep a share of one in a million.
        FactValue::Number(number) => Value::from((number * 1e6).round() / 1e6),
        FactValue::Text(text) => Value::from(text.as_str()),
    };
    (fact.name.to_owned(), value)
}

#[cfg(test)]
mod tests {
    use super::Judgement;
    use engine::measure::{Fact, FactValue, Finding, LimitedBy, Severity, Verdict};
    use serde_json::json;

    #[test]
    fn findings_carry_their_numbers_by_name() {
        let fact = |name: &'static str, value: FactValue| Fact { name, value };
        let verdict = Verdict {
            valid: false,
            limited_by: LimitedBy::Client,
            exit_code: 11,
            findings: vec![Finding {
                code: "client_limited",
                severity: Severity::Error,
                message: "m".to_owned(),
                evidence: vec![
                    fact("late_by_us", FactValue::Count(3)),
                    fact("late_share", FactValue::Number(1.0 / 3.0)),
                    fact("lane", FactValue::Text("produce-0".to_owned())),
                    fact("odd", FactValue::Number(f64::NAN)),
                ],
            }],
        };
        let expected = json!({
            "valid": false, "limited_by": "client", "exit_code": 11,
            "findings": [{"code": "client_limited", "severity": "error", "message": "m",
                "evidence": {"late_by_us": 3, "late_share": 0.333_333, "lane": "produce-0", "odd": null}}],
        });
        let got = serde_json::to_value(Judgement::of(&verdict)).expect("JSON");
        assert_eq!(got, expected, "as the file has it");
    }
}
