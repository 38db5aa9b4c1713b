//! librdkafka's error codes: their names, and the kind that each is counted under.

use super::native;
use crate::link::{Failure, FailureKind};
use std::collections::HashMap;
use std::sync::OnceLock;

/// No broker is left; says nothing of why, which the errors before it do.
pub(super) const ALL_BROKERS_DOWN: i32 = -187;
/// The local queue is full: not a failure, an invitation to poll.
pub(super) const QUEUE_FULL: i32 = -184;
/// Purged from the client's queue.
pub const PURGED_FROM_QUEUE: i32 = -152;
/// Purged while on the way to the broker.
pub const PURGED_IN_FLIGHT: i32 = -151;
/// A commit that had nothing to commit.
pub(super) const NO_OFFSET: i32 = -168;
/// A partition was read to its end: an event only where it is asked for.
pub(super) const PARTITION_EOF: i32 = -191;
/// Partitions are given.
pub(super) const ASSIGN_PARTITIONS: i32 = -175;

/// Transport, all brokers down, host or partition lookup, TLS.
const NETWORK: [i32; 6] = [-195, -193, -187, -181, 13, 14];
/// Message, request, metadata, group timeouts: the client's and the broker's.
const TIMEOUT: [i32; 6] = [-192, -185, -166, -147, 7, 27];
/// The message itself: invalid, too large, wrong codec or checksum.
const SERIALIZATION: [i32; 14] =
    [-199, -198, -197, -176, -162, -161, -160, -159, 2, 4, 10, 18, 76, 87];

/// After these a consumer will not become ready however long one waits.
const CONSUMER_CANNOT_GO_ON: [i32; 16] = [
    -196, // _FAIL
    -169, // _AUTHENTICATION
    -150, // _FATAL
    23,   // INCONSISTENT_GROUP_PROTOCOL
    24,   // INVALID_GROUP_ID
    26,   // INVALID_SESSION_TIMEOUT
    17,   // TOPIC_EXCEPTION (invalid topic)
    29,   // TOPIC_AUTHORIZATION_FAILED
    30,   // GROUP_AUTHORIZATION_FAILED
    31,   // CLUSTER_AUTHORIZATION_FAILED
    33,   // UNSUPPORTED_SASL_MECHANISM
    35,   // UNSUPPORTED_VERSION
    58,   // SASL_AUTHENTICATION_FAILED
    81,   // GROUP_MAX_SIZE_REACHED
    82,   // FENCED_INSTANCE_ID
    112,  // UNSUPPORTED_ASSIGNOR
];

/// The kind that a code is counted under: every code of librdkafka has one.
///
/// Positive codes are the broker's answer, negative ones the client's own; the exceptions are
/// listed in the tables above.
#[must_use]
pub fn kind(code: i32) -> FailureKind {
    if NETWORK.contains(&code) {
        FailureKind::Network
    } else if TIMEOUT.contains(&code) {
        FailureKind::Timeout
    } else if SERIALIZATION.contains(&code) {
        FailureKind::Serialization
    } else if code < 0 {
        FailureKind::Client
    } else {
        FailureKind::Kafka
    }
}

/// The failure that a code stands for.
#[must_use]
pub fn failure(code: i32) -> Failure {
    Failure { kind: kind(code), code }
}

/// Whether a consumer that met this code will never be ready.
pub(super) fn consumer_cannot_go_on(code: i32) -> bool {
    CONSUMER_CANNOT_GO_ON.contains(&code)
}

/// librdkafka's name of a code, e.g. `_TRANSPORT` or `NOT_ENOUGH_REPLICAS`.
#[must_use]
pub fn name(code: i32) -> String {
    table().get(&code).map_or_else(|| format!("ERR_{code}"), |row| row.0.clone())
}

/// librdkafka's description of a code.
#[must_use]
pub fn description(code: i32) -> String {
    table().get(&code).map_or_else(|| format!("error {code}"), |row| row.1.clone())
}

/// The code of a name.
#[must_use]
pub fn code(name: &str) -> Option<i32> {
    table().iter().find(|(_, row)| row.0 == name).map(|(code, _)| *code)
}

fn table() -> &'static HashMap<i32, (String, String)> {
    static TABLE: OnceLock<HashMap<i32, (String, String)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        native::error_table().into_iter().map(|(code, name, text)| (code, (name, text))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{kind, name, native};
    use crate::link::FailureKind;

    #[test]
    fn codes_are_counted_under_the_kind_that_people_expect() {
        let check = |expected_name: &str, code: i32, expected: FailureKind| {
            assert_eq!(name(code), expected_name, "{code}");
            assert_eq!(kind(code), expected, "{expected_name}");
        };
        check("_TRANSPORT", -195, FailureKind::Network);
        check("_RESOLVE", -193, FailureKind::Network);
        check("_ALL_BROKERS_DOWN", -187, FailureKind::Network);
        check("_SSL", -181, FailureKind::Network);
        check("NETWORK_EXCEPTION", 13, FailureKind::Network);
        check("_MSG_TIMED_OUT", -192, FailureKind::Timeout);
        check("_TIMED_OUT", -185, FailureKind::Timeout);
        check("_TIMED_OUT_QUEUE", -166, FailureKind::Timeout);
        check("_MAX_POLL_EXCEEDED", -147, FailureKind::Timeout);
        check("REQUEST_TIMED_OUT", 7, FailureKind::Timeout);
        check("_BAD_MSG", -199, FailureKind::Serialization);
        check("_BAD_COMPRESSION", -198, FailureKind::Serialization);
        check("_KEY_SERIALIZATION", -162, FailureKind::Serialization);
        check("_VALUE_SERIALIZATION", -161, FailureKind::Serialization);
        check("INVALID_MSG", 2, FailureKind::Serialization);
        check("INVALID_MSG_SIZE", 4, FailureKind::Serialization);
        check("MSG_SIZE_TOO_LARGE", 10, FailureKind::Serialization);
        check("RECORD_LIST_TOO_LARGE", 18, FailureKind::Serialization);
        check("UNSUPPORTED_COMPRESSION_TYPE", 76, FailureKind::Serialization);
        check("INVALID_RECORD", 87, FailureKind::Serialization);
        check("NOT_ENOUGH_REPLICAS", 19, FailureKind::Kafka);
        check("TOPIC_AUTHORIZATION_FAILED", 29, FailureKind::Kafka);
        check("_QUEUE_FULL", super::QUEUE_FULL, FailureKind::Client);
        check("_PURGE_QUEUE", super::PURGED_FROM_QUEUE, FailureKind::Client);
        check("_PURGE_INFLIGHT", super::PURGED_IN_FLIGHT, FailureKind::Client);
        check("_NO_OFFSET", super::NO_OFFSET, FailureKind::Client);
        check("_ASSIGN_PARTITIONS", super::ASSIGN_PARTITIONS, FailureKind::Client);
    }

    #[test]
    fn every_code_of_the_client_fits_the_counters_and_has_a_kind() {
        let table = native::error_table();
        assert!(100 < table.len(), "the whole table: {}", table.len());
        for (code, name, _) in table {
            assert!((-200..200).contains(&code), "{name} {code} is counted by its own code");
            let broker = matches!(kind(code), FailureKind::Kafka);
            assert!(!broker || 0 <= code, "{name}: the client's own codes are no broker's answers");
        }
    }
}
