//! The embedded broker: librdkafka's mock cluster in this process, for a machine with nothing
//! installed.
//!
//! It keeps only 5 MiB or 100,000 record batches per partition, older ones vanish. So the outlet
//! answers `Full` while more than [`UNREAD_MAX`] of a partition is unread, and says so in the
//! verdict: no unread message can ever be eaten. It has no groups to speak of: partitions are
//! assigned by the target itself.

use super::context::Quiet;
use super::inlet::KafkaInlet;
use super::native::MockHandle;
use super::outlet::KafkaOutlet;
use super::target::{KafkaTarget, client_config};
use super::{errors, inlet::refused};
use crate::error::RunError;
use crate::link::{
    Assigned, Delivery, End, Failure, Inlet, InletSink, InletSpec, Message, Moved, Offer, Outlet,
    OutletSink, OutletSpec, Target, TopicSpec, Topics,
};
use crate::plan::Demand;
use crate::time::Clock;
use crate::units::{Bytes, Nanos, Timestamp};
use rdkafka::bindings::rd_kafka_resp_err_t;
use rdkafka::producer::BaseProducer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Unread bytes of one partition above which the outlet answers `Full`: three fifths of what the
/// mock cluster keeps, so that batches on their way still fit.
pub const UNREAD_MAX: Bytes = Bytes(3 << 20);

/// What a record takes beside its body, key and headers, rounded up: with bodies of one byte the
/// limit then holds at most 95,000 records, fewer than the 100,000 batches kept.
const RECORD_OVERHEAD: u64 = 32;

/// Partitions of a topic that the mock cluster makes by itself on first use.
const DEFAULT_PARTITIONS: u32 = 4;

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
            .create_with_context(Quiet::default())
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
        let Some(code) = INJECTABLE.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
        else {
            return false;
        };
        /// The protocol's number of produce requests.
        const PRODUCE: i16 = 0;
        self.handle.push_errors(PRODUCE, &vec![code; count]);
        true
    }

    /// Sets the round-trip time of every broker, in milliseconds.
    pub fn set_round_trip(&self, millis: u32) {
        self.handle.set_round_trip(i32::try_from(millis).unwrap_or(i32::MAX));
    }
}

/// Errors that tests let the mock cluster answer: one of each kind.
const INJECTABLE: [(&str, rd_kafka_resp_err_t); 6] = [
    ("_TRANSPORT", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__TRANSPORT),
    ("NETWORK_EXCEPTION", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION),
    ("REQUEST_TIMED_OUT", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT),
    ("INVALID_RECORD", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_INVALID_RECORD),
    ("MSG_SIZE_TOO_LARGE", rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE),
    (
        "TOPIC_AUTHORIZATION_FAILED",
        rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    ),
];

/// Bytes written and read of each partition of each stream and topic, for the retention's sake.
#[derive(Debug)]
struct Unread {
    /// By topic name, the first partition's index.
    bases: std::collections::HashMap<String, usize>,
    written: Vec<AtomicU64>,
    /// By subscription.
    read: Vec<Vec<AtomicU64>>,
}

impl Unread {
    fn new(demand: &Demand) -> Self {
        let mut bases = std::collections::HashMap::new();
        let mut count = 0;
        for topic in demand.streams.iter().flat_map(|stream| &stream.topics) {
            bases.insert(topic.name.clone(), count);
            count += usize::try_from(topic.partitions).expect("partitions fit in memory");
        }
        let subscriptions =
            demand.streams.iter().map(|stream| stream.subscriptions).max().unwrap_or(0);
        let zeros = || (0..count).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        Self { bases, written: zeros(), read: (0..subscriptions).map(|_| zeros()).collect() }
    }

    /// Whether the slowest subscription has more than the limit unread. Relaxed: a count that is a
    /// moment old only moves the point at which the outlet holds back, far below the retention.
    fn is_full(&self, partition: usize) -> bool {
        let written = self.written[partition].load(Ordering::Relaxed);
        let read = self.read.iter().map(|all| all[partition].load(Ordering::Relaxed)).min();
        read.is_some_and(|read| UNREAD_MAX.0 < written.saturating_sub(read))
    }
}

/// The embedded broker as a target.
#[derive(Debug)]
pub struct EmbeddedTarget {
    clients: KafkaTarget,
    unread: Arc<Unread>,
    topics: Arc<EmbeddedTopics>,
}

impl EmbeddedTarget {
    /// Starts the broker and points the plan's clients to it.
    ///
    /// # Errors
    /// The client's refusal.
    pub fn start(demand: &Demand) -> Result<Self, RunError> {
        let broker = MockBroker::start(1)?;
        let mut settings = demand.clients.clone();
        for list in [&mut settings.producer, &mut settings.consumer, &mut settings.admin] {
            list.retain(|(name, _)| name != "bootstrap.servers");
            list.push(("bootstrap.servers".to_owned(), broker.bootstrap_servers()));
        }
        // The mock cluster wakes no fetch for new data: a long wait would read as latency.
        set(&mut settings.consumer, "fetch.wait.max.ms", "1");
        let lingers = settings.producer.iter().any(|(name, value)| {
            matches!(name.as_str(), "linger.ms" | "queue.buffering.max.ms")
                && value.parse::<f64>().is_ok_and(|ms| 1.0 <= ms)
        });
        if !lingers {
            // It slows down with every batch it keeps.
            settings.producer.retain(|(name, _)| name != "queue.buffering.max.ms");
            set(&mut settings.producer, "linger.ms", "1");
        }
        Ok(Self {
            clients: KafkaTarget::new(&settings),
            unread: Arc::new(Unread::new(demand)),
            topics: Arc::new(EmbeddedTopics { broker }),
        })
    }
}

fn set(settings: &mut Vec<(String, String)>, name: &str, value: &str) {
    settings.retain(|(known, _)| known != name);
    settings.push((name.to_owned(), value.to_owned()));
}

impl Target for EmbeddedTarget {
    type Outlet = EmbeddedOutlet;
    type Inlet = EmbeddedInlet;

    const SETTLE: Nanos = Nanos::ZERO;

    fn topics(&self) -> Arc<dyn Topics> {
        Arc::<EmbeddedTopics>::clone(&self.topics)
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<EmbeddedOutlet, RunError> {
        let highest = spec.routes.iter().map(|route| route.route.0).max().unwrap_or(0);
        let mut bases = vec![0; usize::try_from(highest).expect("topics fit in memory") + 1];
        for route in spec.routes {
            let index = usize::try_from(route.route.0).expect("topics fit in memory");
            bases[index] = self.unread.bases[route.topic];
        }
        Ok(EmbeddedOutlet {
            inner: self.clients.outlet(spec)?,
            unread: Arc::clone(&self.unread),
            bases,
        })
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<EmbeddedInlet, RunError> {
        let mut inner = self.clients.consumer(spec)?;
        let (member, of) = spec.member;
        let all = spec.routes.iter().flat_map(|route| {
            let partitions = i32::try_from(route.partitions).unwrap_or(i32::MAX);
            (0..partitions).map(|partition| (route.topic.to_owned(), partition))
        });
        let mine: Vec<(String, i32)> =
            (0_u32..).zip(all).filter(|(n, _)| n % of == member).map(|(_, p)| p).collect();
        inner.assign(&mine).map_err(|error| refused(spec, &error))?;
        let highest = spec.routes.iter().map(|route| route.route.0).max().unwrap_or(0);
        let mut bases = vec![0; usize::try_from(highest).expect("topics fit in memory") + 1];
        for route in spec.routes {
            bases[usize::try_from(route.route.0).expect("topics fit in memory")] =
                self.unread.bases[route.topic];
        }
        let subscription = usize::try_from(spec.subscription).expect("subscriptions fit in memory");
        Ok(EmbeddedInlet { inner, unread: Arc::clone(&self.unread), bases, subscription })
    }

    fn warm(&self, outlet: &mut EmbeddedOutlet, deadline: Nanos) {
        self.clients.warm(&mut outlet.inner, deadline);
    }
}

/// Sends to the embedded broker, and holds back before its retention strikes.
#[derive(Debug)]
pub struct EmbeddedOutlet {
    inner: KafkaOutlet,
    unread: Arc<Unread>,
    bases: Vec<usize>,
}

impl Outlet for EmbeddedOutlet {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        let base = self.bases[usize::try_from(message.route.0).expect("topics fit in memory")];
        let chosen = message.partition.expect("the lane chooses the partition");
        let partition = base + usize::try_from(chosen).expect("partitions are not negative");
        if self.unread.is_full(partition) {
            return Offer::Full;
        }
        let offer = self.inner.offer(message);
        if offer == Offer::Accepted {
            self.unread.written[partition].fetch_add(size(message.body), Ordering::Relaxed);
        }
        offer
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        self.inner.poll(clock, limit, sink)
    }

    fn in_flight(&self) -> u64 {
        self.inner.in_flight()
    }

    fn purge(&mut self) {
        self.inner.purge();
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.inner.begin()
    }

    /// The mock cluster keeps no list of aborted transactions: readers would see them.
    fn end(&mut self, how: End) -> Result<(), Failure> {
        match how {
            End::Commit => self.inner.end(how),
            End::Abort => Err(errors::failure(-170)),
        }
    }

    fn last_words(&self) -> Option<&str> {
        self.inner.last_words()
    }
}

/// What a message takes of the retention.
fn size(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX) + RECORD_OVERHEAD
}

/// Reads from the embedded broker, and says how far it has come.
#[derive(Debug)]
pub struct EmbeddedInlet {
    inner: KafkaInlet,
    unread: Arc<Unread>,
    bases: Vec<usize>,
    subscription: usize,
}

/// Passes on what comes, and counts it as read.
struct Counting<'poll, S> {
    sink: &'poll mut S,
    read: &'poll [AtomicU64],
    bases: &'poll [usize],
}

impl<S: InletSink> InletSink for Counting<'_, S> {
    fn delivery(&mut self, now: Timestamp, delivery: &Delivery<'_>) {
        let base = self.bases[usize::try_from(delivery.route.0).expect("topics fit in memory")];
        let partition =
            base + usize::try_from(delivery.partition).expect("partitions are not negative");
        self.read[partition].fetch_add(size(delivery.body), Ordering::Relaxed);
        self.sink.delivery(now, delivery);
    }

    fn committed(&mut self, result: Result<(), Failure>) {
        self.sink.committed(result);
    }

    fn trouble(&mut self, failure: Failure, fatal: bool) {
        self.sink.trouble(failure, fatal);
    }
}

impl Inlet for EmbeddedInlet {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        let read = &self.unread.read[self.subscription];
        self.inner.poll(clock, limit, &mut Counting { sink, read, bases: &self.bases })
    }

    fn revision(&self) -> u64 {
        self.inner.revision()
    }

    fn assignment(&self) -> &[Assigned] {
        self.inner.assignment()
    }

    fn position(&self) -> Vec<Moved> {
        self.inner.position()
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.inner.pause()
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.inner.resume()
    }

    fn commit(&mut self, sink: &mut impl InletSink) {
        self.inner.commit(sink);
    }

    fn commits_pending(&self) -> u64 {
        self.inner.commits_pending()
    }

    fn last_words(&self) -> Option<&str> {
        self.inner.last_words()
    }
}

/// Topics of the embedded broker: made by handle, gone with the process.
#[derive(Debug)]
struct EmbeddedTopics {
    broker: MockBroker,
}

impl Topics for EmbeddedTopics {
    fn check(&self, _deadline: Nanos) -> Result<(), RunError> {
        Ok(())
    }

    fn create(
        &self,
        topics: &[TopicSpec],
        _deadline: Nanos,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<String>, (RunError, Vec<String>)> {
        let mut created = Vec::new();
        for topic in topics {
            // The broker makes topics of its default shape on first use, which is much faster.
            if topic.partitions != DEFAULT_PARTITIONS {
                let made = self.broker.create_topic(&topic.name, topic.partitions);
                made.map_err(|error| (error, created.clone()))?;
            }
            created.push(topic.name.clone());
            progress(created.len());
        }
        Ok(created)
    }

    fn delete(&self, _topics: &[String], _deadline: Nanos) -> Vec<(String, String)> {
        Vec::new()
    }

    fn delete_groups(&self, _groups: &[String], _deadline: Nanos) -> Vec<(String, String)> {
        Vec::new()
    }

    fn list(&self, _deadline: Nanos) -> Result<Vec<String>, RunError> {
        Ok(Vec::new())
    }

    fn list_groups(&self, _deadline: Nanos) -> Result<Vec<String>, RunError> {
        Ok(Vec::new())
    }

    fn partitions(&self, _topic: &str, _deadline: Nanos) -> Result<Option<u32>, RunError> {
        Ok(None)
    }

    fn end_offsets(
        &self,
        _topic: &str,
        _partitions: u32,
        _deadline: Nanos,
    ) -> Result<Vec<i64>, RunError> {
        Ok(Vec::new())
    }
}
