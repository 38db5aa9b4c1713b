//! What rdkafka calls back: nothing. Lanes poll their queues themselves and hear it there.

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, NoCustomPartitioner, ProducerContext};

/// Prints nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}

    fn error(&self, _error: KafkaError, _reason: &str) {}
}

impl ProducerContext<NoCustomPartitioner> for Quiet {
    type DeliveryOpaque = usize;

    /// Only for messages that are still in a client that is being dropped: the outlet has given
    /// them up before, and counted them so.
    fn delivery(&self, _result: &DeliveryResult<'_>, _opaque: usize) {}
}

impl ConsumerContext for Quiet {}
