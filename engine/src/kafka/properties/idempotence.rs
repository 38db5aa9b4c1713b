//! When a producer may be idempotent: the one list for the defaults and for the checks.

use crate::kafka::properties::settings::{Setting, Settings};

/// A property, the value that librdkafka demands of an idempotent producer, and how to tell.
struct Demand {
    name: &'static str,
    need: &'static str,
    is_met: fn(&str) -> bool,
}

/// What `rd_kafka_conf_finalize` demands. It caps requests in flight at 5 for each broker, as
/// Java's client does (`RD_KAFKA_IDEMP_MAX_INFLIGHT`).
const DEMANDS: &[Demand] = &[
    Demand { name: "acks", need: "all", is_met: |value| value == "all" },
    Demand {
        name: "max.in.flight.requests.per.connection",
        need: "at most 5",
        is_met: |value| value.parse::<i64>().is_ok_and(|count| count <= 5),
    },
    Demand { name: "retries", need: "at least 1", is_met: |value| value != "0" },
    Demand { name: "queuing.strategy", need: "fifo", is_met: |value| value == "fifo" },
    Demand {
        name: "queue.buffering.backpressure.threshold",
        need: "1",
        is_met: |value| value == "1",
    },
];

/// What was written that an idempotent producer cannot have, with what it would need.
pub(crate) fn obstacles(settings: &Settings) -> impl Iterator<Item = (&Setting, &'static str)> {
    DEMANDS.iter().filter_map(|demand| {
        let setting = settings.written(demand.name)?;
        (!(demand.is_met)(&setting.effective.value)).then_some((setting, demand.need))
    })
}

/// Whether the producer will be idempotent; librdkafka makes every transactional one so.
pub(crate) fn is_on(settings: &Settings) -> bool {
    match settings.get("enable.idempotence") {
        Some(setting) => setting.effective.value == "true",
        None => settings.get("transactional.id").is_some(),
    }
}
