//! Workloads whose consumers come and go.

use super::{BASE, faults, read};
use engine::plan::Churn;
use engine::units::Nanos;

/// The base with three consumers of each subscription.
fn base() -> String {
    let kept = BASE.lines().filter(|line| !line.starts_with("consumerPerSubscription"));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    format!("{kept}consumerPerSubscription: 3\n")
}

#[test]
fn consumers_stay_unless_it_is_said_how_often_they_leave() {
    let churn = |fields: &str| read(&format!("{}{fields}", base())).churn;
    assert_eq!(churn(""), None, "they stay");
    let one = Churn { every: Nanos::from_secs(5), consumers: 1 };
    assert_eq!(churn("consumerChurnInterval: 5s\n"), Some(one), "one at a time");
    let two = Churn { consumers: 2, ..one };
    let snake = "consumer_churn_interval: 5s\nconsumers_per_churn: 2\n";
    assert_eq!(churn(snake), Some(two), "in the other spelling");
    let workload = read(&format!("{}{snake}", base()));
    let resolved = serde_json::Value::Object(workload.resolved()).to_string();
    assert_eq!(read(&resolved), workload, "{resolved}");
}

#[test]
fn what_cannot_be_is_refused() {
    let check = |fields: &str, expected: &str| {
        let got = faults(&format!("{}{fields}", base()));
        assert!(got.iter().any(|fault| fault.contains(expected)), "{fields}: {got:?}");
    };
    check("consumerChurnInterval: 100ms\n", "consumerChurnInterval: got \"100ms\", need a time");
    check("consumersPerChurn: 1\n", "consumersPerChurn: has no meaning without");
    check("consumerChurnInterval: 5s\nconsumersPerChurn: 3\n", "somebody has to stay");
    check("consumerChurnInterval: 5s\nconsumerBacklog: 10s\n", "consumers that stay");
}
