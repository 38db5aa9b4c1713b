//! What a client says of itself once in an interval: handed on unread by lanes, plain numbers after.

use crate::plan::Role;
use serde::{Deserialize, Serialize};

/// A client's own statistics as it wrote them. A lane passes them on untouched; whoever has the time
/// reads them.
pub trait Statistics: Send + std::fmt::Debug {
    /// Makes numbers of them.
    ///
    /// # Errors
    /// What could not be understood.
    fn read(&self) -> Result<ClientSample, String>;
}

/// A mean that merges: how many values there were, their sum, and the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mean {
    /// How many.
    pub count: u64,
    /// All together.
    pub sum: u64,
    /// The largest.
    pub max: u64,
}

impl Mean {
    /// Adds another's values.
    pub fn merge(&mut self, other: &Self) {
        let Self { count, sum, max } = other;
        self.count += count;
        self.sum = self.sum.saturating_add(*sum);
        self.max = self.max.max(*max);
    }

    /// The sum by the count; `None` where there was no value.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "floats begin in the report")]
    pub fn value(&self) -> Option<f64> {
        (0 < self.count).then(|| self.sum as f64 / self.count as f64)
    }
}

/// What one client said: counters over its whole life, means since it last spoke, and what it saw at
/// the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSample {
    /// Whether it sends or reads.
    pub role: Role,
    /// Over its whole life, all brokers together.
    pub counters: Counters,
    /// Messages of a batch: of those sent, or of those fetched.
    pub batch_messages: Mean,
    /// Bytes of a batch, as they travel.
    pub batch_bytes: Mean,
    /// Messages that the client holds: waiting, on their way, or with an answer not yet read.
    pub queued: u64,
    /// Requests to one broker that it lets wait for their answers at most.
    pub max_in_flight: u64,
    /// The brokers it knows.
    pub brokers: Vec<BrokerSample>,
}

/// What a client has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Requests written to brokers, of all kinds.
    pub requests: u64,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
    /// Requests repeated as a whole. Messages that are sent again travel in new requests and are not
    /// among these.
    pub retries: u64,
    /// Messages put into requests, those sent again once more each.
    pub handed_over: u64,
    /// Messages taken from the application.
    pub taken: u64,
    /// Requests that were not answered in time.
    pub timeouts: u64,
    /// Failed writes and reads.
    pub errors: u64,
    /// Attempts to connect, also failed ones.
    pub connects: u64,
    /// Connections that ended.
    pub disconnects: u64,
}

impl Counters {
    /// What was done since `before`. A broker that left the cluster took its counts with it: what
    /// fell below its earlier value counts as nothing done.
    #[must_use]
    pub const fn since(&self, before: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            bytes_sent: self.bytes_sent.saturating_sub(before.bytes_sent),
            bytes_received: self.bytes_received.saturating_sub(before.bytes_received),
            retries: self.retries.saturating_sub(before.retries),
            handed_over: self.handed_over.saturating_sub(before.handed_over),
            taken: self.taken.saturating_sub(before.taken),
            timeouts: self.timeouts.saturating_sub(before.timeouts),
            errors: self.errors.saturating_sub(before.errors),
            connects: self.connects.saturating_sub(before.connects),
            disconnects: self.disconnects.saturating_sub(before.disconnects),
        }
    }

    /// Adds what another client did, or the same one in another span of time.
    pub const fn merge(&mut self, other: &Self) {
        let Self {
            requests,
            bytes_sent,
            bytes_received,
            retries,
            handed_over,
            taken,
            timeouts,
            errors,
            connects,
            disconnects,
        } = other;
        self.requests += *requests;
        self.bytes_sent += *bytes_sent;
        self.bytes_received += *bytes_received;
        self.retries += *retries;
        self.handed_over += *handed_over;
        self.taken += *taken;
        self.timeouts += *timeouts;
        self.errors += *errors;
        self.connects += *connects;
        self.disconnects += *disconnects;
    }
}

/// One broker as a client sees it. Times are of librdkafka's clock, in microseconds unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerSample {
    /// Its name in the client.
    pub name: String,
    /// Requests that wait for their answers now.
    pub in_flight: u64,
    /// Requests that wait to be written now.
    pub waiting: u64,
    /// For each message: from the application's call until it was put into a request.
    pub queue_wait: Mean,
    /// For each request: from there until it was written to the socket.
    pub transmit_wait: Mean,
    /// For each request: from there until its answer was read.
    pub round_trip: Mean,
    /// The shortest of these; `None` where there was none.
    pub round_trip_min: Option<u64>,
    /// For each answer that asked for it: how long the broker throttled the client, in milliseconds.
    pub throttle_ms: Mean,
}
