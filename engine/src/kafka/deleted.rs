//! What a cluster answers to who deletes topics or groups.

use super::errors;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

/// A code in words, with its name.
pub(super) fn describe(code: RDKafkaErrorCode) -> String {
    let code = code as i32;
    format!("{} ({})", errors::description(code), errors::name(code))
}

/// The cluster's answer for one name to be deleted.
pub(super) type Deleted = Result<String, (String, RDKafkaErrorCode)>;

/// What stays of these names, each with the reason.
pub(super) fn left_with_reason(
    names: &[String],
    results: Result<Vec<Deleted>, KafkaError>,
) -> Vec<(String, String)> {
    match results {
        Err(error) => names.iter().map(|name| (name.clone(), error.to_string())).collect(),
        Ok(results) => results
            .into_iter()
            .filter_map(Result::err)
            .filter(|(_, code)| {
                // What is not there need not be deleted.
                !matches!(
                    code,
                    RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::GroupIdNotFound
                )
            })
            .map(|(name, code)| (name, describe(code)))
            .collect(),
    }
}

/// Whether groups stay since somebody is in them.
pub(super) fn has_members(results: &Result<Vec<Deleted>, KafkaError>) -> bool {
    let occupied = |result: &Deleted| matches!(result, Err((_, RDKafkaErrorCode::NonEmptyGroup)));
    results.as_ref().is_ok_and(|all| all.iter().any(occupied))
}

/// Whether the cluster has no such request: brokers before 1.1, and some that speak the protocol only.
pub(super) fn is_not_supported(results: &Result<Vec<Deleted>, KafkaError>) -> bool {
    let unsupported = RDKafkaErrorCode::UnsupportedFeature;
    match results {
        Err(error) => error.rdkafka_error_code() == Some(unsupported),
        Ok(results) => {
            results.iter().any(|result| matches!(result, Err((_, code)) if *code == unsupported))
        }
    }
}
