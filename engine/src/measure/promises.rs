//! What the clients' settings promise of a partition's log: what may not happen then fails a run.

use crate::plan::Plan;

/// What the clients' settings promise of a partition's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promises {
    /// No message is written twice.
    pub(super) once: bool,
    /// Messages stand in the order in which they were sent.
    pub(super) ordered: bool,
}

impl Promises {
    /// Idempotence promises both. Without retries nothing is sent twice; with one request in flight
    /// nothing overtakes. librdkafka's defaults promise neither.
    pub(super) fn of(plan: &Plan) -> Self {
        let clients = &plan.demand.clients;
        let is = |names: &[&str], value: &str| {
            let mut all = clients.producer.iter();
            all.any(|(name, given)| names.contains(&name.as_str()) && given == value)
        };
        let idempotent = is(&["enable.idempotence"], "true") || clients.transactions.is_some();
        Self {
            once: idempotent || is(&["message.send.max.retries", "retries"], "0"),
            ordered: idempotent
                || is(&["max.in.flight", "max.in.flight.requests.per.connection"], "1"),
        }
    }
}
