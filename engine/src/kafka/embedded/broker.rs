//! A mock cluster in this process: started, given topics, made to fail.

use crate::error::RunError;
use crate::kafka::config::client_config;
use crate::kafka::context::Quiet;
use crate::kafka::errors;
use crate::kafka::native::MockHandle;
use rdkafka::bindings::rd_kafka_resp_err_t;
use rdkafka::producer::BaseProducer;

/// A mock cluster that lives as long as this value.
pub struct MockBroker {
    handle: MockHandle,
    _owner: BaseProducer<Quiet>,
}

impl std::fmt::Debug for MockBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockBroker").field("at", &self.handle.bootstrap_servers()).finish()
    }
}

impl MockBroker {
    /// Starts a cluster of `brokers` brokers on loopback ports of its own.
    ///
    /// # Errors
    /// The client's refusal.
    pub fn start(brokers: u32) -> Result<Self, RunError> {
        let fault =
            |reason: String| RunError::Client { client: "the embedded broker".to_owned(), reason };
        let settings = [("test.mock.num.brokers".to_owned(), brokers.to_string())];
        let owner: BaseProducer<Quiet> = client_config(&settings)
            .create_with_context(Quiet)
            .map_err(|error| fault(error.to_string()))?;
        let handle =
            MockHandle::of(&owner).ok_or_else(|| fault("no mock cluster in it".to_owned()))?;
        Ok(Self { handle, _owner: owner })
    }

    /// Where it listens: `127.0.0.1:port[,…]`.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        self.handle.bootstrap_servers()
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// The mock cluster's refusal.
    pub fn create_topic(&self, name: &str, partitions: u32) -> Result<(), RunError> {
        match self.handle.create_topic(name, i32::try_from(partitions).unwrap_or(i32::MAX)) {
            0 => Ok(()),
            code => {
                Err(RunError::Topic { topic: name.to_owned(), reason: errors::description(code) })
            }
        }
    }

    /// Lets the next `count` produce requests fail with the error of that name; false when
    /// librdkafka knows no such name.
    #[must_use]
    pub fn fail_produce(&self, name: &str, count: usize) -> bool {
        /// The protocol's number of produce requests.
        const PRODUCE: i16 = 0;
        self.fail(PRODUCE, name, count)
    }

    /// The same for the next questions for offsets.
    #[must_use]
    pub fn fail_offsets(&self, name: &str, count: usize) -> bool {
        /// The protocol's number of such a question (`ListOffsets`).
        const OFFSETS: i16 = 2;
        self.fail(OFFSETS, name, count)
    }

    fn fail(&self, request: i16, name: &str, count: usize) -> bool {
        let Some(code) = INJECTABLE.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
        else {
            return false;
        };
        self.handle.push_errors(request, &vec![code; count]);
        true
    }

    /// Sets the round-trip time of every broker, in milliseconds.
    pub fn set_round_trip(&self, millis: u32) {
        self.handle.set_round_trip(i32::try_from(millis).unwrap_or(i32::MAX));
    }

    /// How long the answers of one of its brokers take; the first is 1.
    pub fn set_round_trip_of(&self, broker: u32, millis: u32) {
        let small = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        self.handle.set_round_trip_of(small(broker), small(millis));
    }
}

/// Errors that tests let the mock cluster answer: one of each kind, and that of a broker that is not there yet.
const INJECTABLE: [(&str, rd_kafka_resp_err_t); 8] = [
    ("_TRANSPORT", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__TRANSPORT),
    ("NETWORK_EXCEPTION", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION),
    ("REQUEST_TIMED_OUT", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT),
    ("INVALID_RECORD", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_INVALID_RECORD),
    ("NOT_LEADER_FOR_PARTITION", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION),
    ("NOT_ENOUGH_REPLICAS", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS),
    ("MSG_SIZE_TOO_LARGE", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE),
    (
        "TOPIC_AUTHORIZATION_FAILED",
        rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    ),
];
