//! Assertions judged on a made-up result.

use super::{Assertion, Judged};
use serde_json::{Value, json};

fn result() -> Value {
    json!({
        "verdict": {"valid": true, "exit_code": 0},
        "produced": {"due": 200_000, "messages": 200_000, "errors": 3, "error_rate": 0.000_015,
            "target_messages_per_second": 20_000, "duration_s": 10.0},
        "acked": {"messages": 199_700, "bytes": 19_970_000, "messages_per_second": 19_482.5,
            "mib_per_second": 1.5},
        "consumed": {"errors": 0, "subscriptions": [{"drained": false}]},
        "latency": {
            "publish": {"count": 199_700, "p50_us": 2_000.0, "p99_us": 9_500.25,
                "p99_9_us": 10_000.0, "max_us": 12_500.0, "few_samples": ["p99_9_us"]},
            "service": {"p99_us": 5_000.0, "few_samples": []},
            "transit": null,
        },
        "verification": {"lost": 0, "duplicated": null},
        "engine": {"cpu_seconds_per_million_messages": 2.5, "clock": {"drift_ppm": -3.0}},
    })
}

fn judge(text: &str) -> Judged {
    let assertion = Assertion::parse(text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
    assertion.judge(&result())
}

fn check(text: &str, is_held: bool, message: &str) {
    let judged = judge(text);
    assert_eq!((judged.is_held, judged.message.as_str()), (is_held, message), "{text}");
    assert_eq!(judged.finding().is_none(), is_held, "{text}: what fails is a finding");
}

#[test]
fn values_on_both_sides_are_told_and_how_far_they_are_apart() {
    check("publish.p99 < 10ms", true, "publish.p99 is 9.50025 ms, 499.75 us (5.0 %) below 10 ms");
    check("publish.max < 10ms", false, "publish.max is 12.5 ms, 2.5 ms (25.0 %) above 10 ms");
    check(
        "rate >= 0.99*target",
        false,
        "rate is 19482.5/s, 317.5/s (1.6 %) below 19800/s (0.99 * target)",
    );
    check("rate >= 19k/s", true, "rate is 19482.5/s, 482.5/s (2.5 %) above 19000/s");
    check("lost == 0", true, "lost is 0, exactly 0");
    check("errors == 0", false, "errors is 3, 3 above 0");
    check("errors != 3", false, "errors is 3, exactly 3");
    check("error_rate <= 0.001%", false, "error_rate is 0.000015, 0.000005 (50.0 %) above 0.00001");
    check("valid == true", true, "valid is true, compared with true");
    check(
        "consumed.subscriptions.0.drained == true",
        false,
        "consumed.subscriptions.0.drained is false, compared with true",
    );
    check(
        "acked.mib_per_second > 2MiB/s",
        false,
        "acked.mib_per_second is 1.5 MiB/s, 512 KiB/s (25.0 %) below 2 MiB/s",
    );
    check("cpu < 2.5", false, "cpu is 2.5, exactly 2.5");
    check("acked == due", false, "acked is 199700, 300 (0.1 %) below 200000 (due)");
}

#[test]
fn a_bound_that_is_met_exactly_is_met_to_the_last_bit() {
    for (text, expected) in [
        ("publish.p99 <= 9.50025ms", true),
        ("publish.p99 < 9.50025ms", false),
        ("publish.p99 == 9500.25us", true),
        ("publish.p99 >= 9500250ns", true),
        ("publish.p99 != 0.00950025s", false),
        ("acked.mib_per_second == 1.5MiB/s", true),
        ("engine.clock.drift_ppm == -3", true),
        ("produced.error_rate == 0.0015%", true),
    ] {
        assert_eq!(judge(text).is_held, expected, "{text}: {}", judge(text).message);
    }
}

#[test]
fn what_is_not_known_fails_and_says_why() {
    let not = |why: &str| format!("not known, so it does not hold: {why}");
    let null = "is null in the result: not examined, or nothing there to measure";
    check("duplicated == 0", false, &not(&format!("verification.duplicated {null}")));
    check("duplicated != 0", false, &not(&format!("verification.duplicated {null}")));
    check("transit.p99 < 1s", false, &not(&format!("latency.transit {null}")));
    check("lost <= duplicated", false, &not(&format!("verification.duplicated {null}")));
    check("intervals.0.backlog < 1", false, &not("intervals.0.backlog is not in the result"));
    check(
        "rate > 1k/s/lost",
        false,
        &not("1k/s / lost is no number: it divides by zero or is too large"),
    );
    check("workload.topics == 1", false, &not("workload.topics is not in the result"));
    let judged = judge("transit.p99 < 1s");
    assert_eq!((judged.left, judged.right.is_some()), (None, true), "only one side is known");
}

#[test]
fn a_percentile_of_few_samples_says_so() {
    check(
        "publish.p99.9 <= 10ms",
        true,
        "publish.p99.9 is 10 ms (fewer than 10 samples lie beyond it), exactly 10 ms",
    );
}

#[test]
fn a_finding_has_the_assertion_and_both_values() {
    let finding = judge("publish.max < 10ms").finding().expect("it failed");
    assert_eq!(finding.code, "assertion_failed");
    let evidence: Vec<(&str, String)> = finding
        .evidence
        .iter()
        .map(|fact| match &fact.value {
            engine::measure::FactValue::Text(text) => (fact.name, text.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("assertion", "publish.max < 10ms"), ("left", "12.5 ms"), ("right", "10 ms")];
    assert_eq!(evidence, expected.map(|(name, text)| (name, text.to_owned())), "by name");
    assert!(finding.message.starts_with("publish.max < 10ms: publish.max is 12.5 ms, 2.5 ms"));
}
