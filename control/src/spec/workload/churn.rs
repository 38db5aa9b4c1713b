//! How a workload's consumers come and go: how often, and how many at a time.

use engine::plan::Churn;
use engine::units::Nanos;
use serde_json::{Value as Json, json};

use super::phases::SPAN_MAX;
use super::shape::Shape;
use crate::spec::fault::Ledger;
use crate::spec::fields::Field;
use crate::spec::given::Givens;
use crate::spec::scalar::{self, Whole};

/// The fields of it.
pub(super) const FIELDS: [Field; 2] =
    [Field::used("consumerChurnInterval"), Field::used("consumersPerChurn")];

/// A consumer is away for half of it, and a member that joins takes a heartbeat until all know.
const INTERVAL_MIN: Nanos = Nanos::from_secs(1);

/// Members that leave at once.
const CONSUMERS: Whole = Whole { min: 1, max: 1_000_000, example: 1 };

/// The fields as reports show them.
pub(super) fn shown(churn: &Churn) -> Vec<(&'static str, Json)> {
    let [interval, consumers] = FIELDS.map(|field| field.name);
    vec![(interval, json!(churn.every.to_string())), (consumers, json!(churn.consumers))]
}

/// Reads how consumers come and go; `None` where they stay.
pub(super) fn read(
    givens: &Givens,
    (shape, has_backlog): (Option<Shape>, bool),
    ledger: &mut Ledger,
) -> Option<Churn> {
    let [interval, consumers] = FIELDS.map(|field| field.name);
    let count = givens.read(consumers, ledger, |value| CONSUMERS.parse(value));
    let every = |value: &_| scalar::span(value, INTERVAL_MIN, SPAN_MAX);
    let every = givens.read(interval, ledger, every);
    if every.is_none() {
        if givens.get(consumers).is_some() && givens.get(interval).is_none() {
            let problem = format!("has no meaning without {interval}, which says how often");
            ledger.fault(givens.fault(consumers, problem));
        }
        return None;
    }
    if has_backlog {
        let problem = "a backlog is read by consumers that stay: leave either out";
        ledger.fault(givens.fault(interval, problem));
    }
    let count = count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
    if let Some(shape) = shape.filter(|shape| shape.consumers <= count) {
        let problem = format!(
            "{count} of each subscription leave at a time, and it has {}: need consumerPerSubscription above \
             {count}, somebody has to stay",
            shape.consumers
        );
        ledger.fault(givens.fault(interval, problem));
    }
    Some(Churn { every: every?, consumers: count })
}
