//! What rdkafka calls back: nothing prints, the last words about trouble are kept.

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, NoCustomPartitioner, ProducerContext};
use std::sync::Mutex;

/// Keeps the last words; lanes never come here, their queues are polled by themselves.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    last_words: Mutex<Option<String>>,
}

impl Quiet {
    /// What the client said last about trouble.
    pub(super) fn last_words(&self) -> Option<String> {
        self.last_words.lock().ok().and_then(|words| words.clone())
    }
}

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}

    fn error(&self, _error: KafkaError, reason: &str) {
        if let Ok(mut words) = self.last_words.lock() {
            *words = Some(reason.to_owned());
        }
    }
}

impl ProducerContext<NoCustomPartitioner> for Quiet {
    type DeliveryOpaque = usize;

    /// Only for messages that are still in a client that is being dropped: the outlet has given
    /// them up before, and counted them so.
    fn delivery(&self, _result: &DeliveryResult<'_>, _opaque: usize) {}
}

impl ConsumerContext for Quiet {}
