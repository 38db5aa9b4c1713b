//! librdkafka's mock cluster, which lives inside a client.

use crate::kafka::context::Quiet;
use rdkafka::bindings as rd;
use rdkafka::producer::{BaseProducer, Producer};
use std::ffi::{CStr, CString};
use std::ptr::NonNull;

/// The mock cluster of a client made with `test.mock.num.brokers`.
#[derive(Clone, Copy, Debug)]
pub(in crate::kafka) struct MockHandle(NonNull<rd::rd_kafka_mock_cluster_t>);

// SAFETY: the mock cluster hands every call to its own thread through a locked queue.
unsafe impl Send for MockHandle {}
// SAFETY: as above.
unsafe impl Sync for MockHandle {}

impl MockHandle {
    /// The mock cluster inside a client, if it has one. Who keeps the handle keeps the client
    /// beside it in a field declared later, so that the client is dropped last.
    pub(in crate::kafka) fn of(client: &BaseProducer<Quiet>) -> Option<Self> {
        // SAFETY: the client is alive.
        NonNull::new(unsafe { rd::rd_kafka_handle_mock_cluster(client.client().native_ptr()) })
            .map(Self)
    }

    /// Where it listens.
    pub(in crate::kafka) fn bootstrap_servers(self) -> String {
        // SAFETY: the cluster is alive; the string lives as long.
        let text = unsafe { rd::rd_kafka_mock_cluster_bootstraps(self.0.as_ptr()) };
        // SAFETY: librdkafka's strings end with a zero.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }

    /// Creates a topic; returns the error code, 0 for none.
    pub(in crate::kafka) fn create_topic(self, name: &str, partitions: i32) -> i32 {
        let name = CString::new(name).expect("topic names have been checked");
        // SAFETY: the cluster is alive, the name is copied.
        unsafe {
            rd::rd_kafka_mock_topic_create(self.0.as_ptr(), name.as_ptr(), partitions, 1) as i32
        }
    }

    /// Lets the next requests of a kind (`ApiKey`) fail with these codes, one after the other.
    pub(in crate::kafka) fn push_errors(self, api: i16, codes: &[rd::rd_kafka_resp_err_t]) {
        // SAFETY: the cluster is alive, the codes are copied.
        unsafe {
            rd::rd_kafka_mock_push_request_errors_array(
                self.0.as_ptr(),
                api,
                codes.len(),
                codes.as_ptr(),
            );
        };
    }

    /// Sets the round-trip time of every broker.
    pub(in crate::kafka) fn set_round_trip(self, millis: i32) {
        // SAFETY: the cluster is alive; −1 names all brokers.
        unsafe { rd::rd_kafka_mock_broker_set_rtt(self.0.as_ptr(), -1, millis) };
    }

    /// How long one broker's answers take, by its id, which is 1 for the first.
    pub(in crate::kafka) fn set_round_trip_of(self, broker: i32, millis: i32) {
        // SAFETY: the cluster is alive; one that it does not have is refused.
        unsafe { rd::rd_kafka_mock_broker_set_rtt(self.0.as_ptr(), broker, millis) };
    }
}
