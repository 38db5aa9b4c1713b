//! Kafka: the only folder that names rdkafka.

mod admin;
mod admission;
mod config;
mod context;
mod deleted;
pub mod embedded;
pub mod errors;
mod inlet;
mod leaders;
#[expect(
    unsafe_code,
    reason = "the client's queue is polled raw: half the cost per message (ARCHITECTURE.md)"
)]
mod native;
mod outlet;
pub mod properties;
mod reach;
mod rebalance;
mod served;
mod statistics;
mod target;
mod two_clusters;

pub use admin::KafkaTopics;
pub use target::KafkaTarget;
pub use two_clusters::topics_of;

/// librdkafka's version, e.g. `2.12.1`.
#[must_use]
pub fn version() -> String {
    rdkafka::util::get_rdkafka_version().1
}

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod ends_tests;
#[cfg(test)]
mod statistics_tests;
#[cfg(test)]
mod transaction_tests;
