//! Errors by kind, for people, and by code, for those who look further.

use engine::kafka::errors::{kind, name};
use engine::link::FailureKind;
use engine::measure::ErrorCounts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Errors by kind and by librdkafka's code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// By kind.
    pub errors_by_type: ByType,
    /// By the name of librdkafka's code; the names that were seen.
    pub errors_by_code: BTreeMap<String, u64>,
}

/// Errors by kind; every kind is there, also at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByType {
    /// Transport, all brokers down, name resolution, TLS.
    pub network: u64,
    /// A message's, a request's or the metadata's time ran out.
    pub timeout: u64,
    /// The message itself: invalid, too large, wrong codec.
    pub serialization: u64,
    /// The broker's answer.
    pub kafka: u64,
    /// The client's own refusal.
    pub client: u64,
}

impl Errors {
    /// All of `counts` together.
    pub(super) fn of(counts: &[&ErrorCounts]) -> Self {
        let mut errors = Self::default();
        for (code, count) in counts.iter().flat_map(|counts| counts.iter()) {
            let by_type = &mut errors.errors_by_type;
            *match kind(code) {
                FailureKind::Network => &mut by_type.network,
                FailureKind::Timeout => &mut by_type.timeout,
                FailureKind::Serialization => &mut by_type.serialization,
                FailureKind::Kafka => &mut by_type.kafka,
                FailureKind::Client => &mut by_type.client,
            } += count;
            *errors.errors_by_code.entry(name(code)).or_default() += count;
        }
        errors
    }
}

impl ByType {
    /// The kinds with their names, in the file's order.
    pub(super) const fn named(&self) -> [(&'static str, u64); 5] {
        let Self { network, timeout, serialization, kafka, client } = *self;
        [
            ("network", network),
            ("timeout", timeout),
            ("serialization", serialization),
            ("kafka", kafka),
            ("client", client),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{ByType, Errors};
    use engine::measure::ErrorCounts;

    #[test]
    fn errors_of_two_sources_add_up_by_kind_and_by_code() {
        let (mut commits, mut consumers) = (ErrorCounts::default(), ErrorCounts::default());
        commits.count(-195);
        commits.count(3);
        consumers.count(-195);
        consumers.count(-192);
        let errors = Errors::of(&[&commits, &consumers]);
        let expected = ByType { network: 2, timeout: 1, kafka: 1, ..ByType::default() };
        assert_eq!(errors.errors_by_type, expected, "by kind");
        assert_eq!(errors.errors_by_code.values().sum::<u64>(), 4, "slices add up to the whole");
        assert_eq!(errors.errors_by_code.get("_TRANSPORT"), Some(&2), "{errors:?}");
    }
}
