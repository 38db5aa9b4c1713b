//! Is there a cluster? Asked before anything is created, and when messages are missing at the end.

use super::config::client_config;
use super::context::Quiet;
use super::outlet::KafkaOutlet;
use crate::error::RunError;
use crate::link::{Ack, Failure, Outlet, OutletSink, OutletSpec};
use crate::plan::ClientSettings;
use crate::time::OsClock;
use crate::units::{Nanos, Timestamp};
use rdkafka::producer::{BaseProducer, Producer};

/// Events that a client may have piled up while it tried to connect.
const EVENTS: usize = 1_000;

/// Who asks, in messages to people.
const ASKER: &str = "the handler of topics";

/// How many brokers the cluster has.
///
/// # Errors
/// Unreachable, with the client's own words: that its connection was refused, or its password.
pub(super) fn brokers(settings: &ClientSettings, deadline: Nanos) -> Result<usize, RunError> {
    let refused = |reason: String| RunError::Client { client: ASKER.to_owned(), reason };
    let producer: BaseProducer<Quiet> = client_config(&settings.admin)
        .create_with_context(Quiet)
        .map_err(|error| refused(error.to_string()))?;
    let found = producer.client().fetch_metadata(None, deadline.duration());
    found.map(|metadata| metadata.brokers().len()).map_err(|error| {
        let words = last_words(producer).unwrap_or_else(|| error.to_string());
        unreachable(settings, deadline, words)
    })
}

/// The cluster that did not answer.
pub(super) fn unreachable(settings: &ClientSettings, deadline: Nanos, reason: String) -> RunError {
    RunError::Unreachable {
        address: address(settings),
        seconds: deadline.duration().as_secs(),
        reason,
    }
}

/// The bootstrap servers, as configured.
pub(super) fn address(settings: &ClientSettings) -> String {
    settings.address().to_owned()
}

/// Takes nothing: only the client's words are wanted.
struct Deaf;

impl OutletSink for Deaf {
    fn heard(&mut self, _waited: Nanos) {}

    fn acks(&mut self, _now: Timestamp, _acks: &[Ack]) {}

    fn trouble(&mut self, _failure: Failure, _fatal: bool) {}
}

fn last_words(producer: BaseProducer<Quiet>) -> Option<String> {
    let spec = OutletSpec { name: ASKER, routes: &[], transactional_id: None };
    let mut outlet = KafkaOutlet::new(producer, &spec).ok()?;
    outlet.poll(&OsClock::anchored(), EVENTS, &mut Deaf);
    outlet.last_words().map(str::to_owned)
}
