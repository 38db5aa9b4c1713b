//! What a run is asked to do, with every default filled in.

use super::backlog::Backlog;
use super::churn::Churn;
use super::pace::Pace;
use super::search::SearchDemand;
use super::transactions::Transactions;
use super::two_clusters::ConsumerCluster;
use crate::message::{KeySource, Recipe};
use crate::units::{Bytes, NANOS_PER_SECOND, Nanos, Rate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How long librdkafka's producers wait for a batch to fill where nobody says otherwise
/// (`queue.buffering.max.ms`).
const LINGER: Nanos = Nanos::from_millis(5);

/// What is asked of a run.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The run's name, unique: `{slug}_{unix seconds}_{4 hex}`.
    pub test_id: String,
    /// The run's number in every stamp, drawn at random.
    pub run: u64,
    /// What is sent and read; most runs have one stream.
    pub streams: Vec<StreamDemand>,
    /// How long each phase lasts; with a backlog, or by count without due times, how long at most.
    pub phases: Phases,
    /// How many messages each stream sends, warm-up included, however long they take; of a run that sends
    /// nothing, how many each of its reading lanes reads at most; `None` where time
    /// alone ends the load. Where there are due times, so many are due within the phases. Runs by count are
    /// those of one host.
    pub messages: Option<u64>,
    /// What is asked of a search for the highest sustainable rate; the first stream begins at its first
    /// rate, and the warm-up lasts until it is found.
    pub search: Option<SearchDemand>,
    /// What consumers are to find unread, if anything.
    pub backlog: Option<Backlog>,
    /// What the clients are told.
    pub clients: ClientSettings,
    /// How long each wait may last.
    pub deadlines: Deadlines,
    /// Whether topics and groups stay after the run.
    pub keep_topics: bool,
    /// How closely what is received is held against what was acked.
    pub verification: Verification,
    /// Whether lanes note for how long their cores are taken away from them.
    pub hiccups: bool,
}

/// Series (producer and partition, on each side: acked, and received by each subscription) whose
/// numbers are followed at most. One takes about 200 bytes in its lane and in what is merged: 80 MB.
pub const SERIES_MAX: usize = 400_000;

/// How closely what is received is held against what was acked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// By how many came: a message that came twice hides one that was lost.
    Counts,
    /// By the number of each message within its producer and partition.
    #[default]
    Numbers,
    /// By numbers, and a checksum over the whole body.
    Payload,
}

/// One load: a rate, a size, topics, producers, subscriptions.
#[derive(Clone, Debug)]
pub struct StreamDemand {
    /// Its name in the result.
    pub name: String,
    /// How fast.
    pub pace: Pace,
    /// Bytes of a body; where they differ, of the mean body.
    pub message_size: Bytes,
    /// The bodies to send, in turn unless the recipe has weights; at least one.
    pub bodies: Vec<Vec<u8>>,
    /// Where the stamp travels.
    pub stamp: StampPlace,
    /// Where keys come from.
    pub keys: KeySource,
    /// How messages are made beside the bytes of their bodies.
    pub recipe: Recipe,
    /// How partitions are chosen for messages without a key.
    pub partitioner: Partitioner,
    /// The topics.
    pub topics: Vec<TopicPlan>,
    /// Producers of each topic.
    pub producers_per_topic: u32,
    /// Consumer groups of each topic.
    pub subscriptions: u32,
    /// Consumers of each topic in each group.
    pub consumers_per_subscription: u32,
}

/// A topic of its stream, as its index in the plan: what travels in place of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Route(pub u32);

/// A topic of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPlan {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: u32,
    /// Whether it was there before the run: then it is never created and never deleted.
    pub existing: bool,
}

/// Where the stamp travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampPlace {
    /// At the head of the body.
    Body,
    /// In a header named `kdyno`.
    Header,
}

/// How the lane chooses partitions for messages without a key; keyed ones go by murmur2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitioner {
    /// One after the other.
    RoundRobin,
    /// Stays on a partition for this many bytes, as the Java client does.
    Sticky {
        /// The client's `batch.size`.
        batch: Bytes,
    },
}

/// How long a run warms up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warmup {
    /// So long.
    Fixed(Nanos),
    /// Until rate and latency are steady.
    Auto {
        /// At most so long, rounded up to whole seconds.
        bound: Nanos,
    },
}

impl Warmup {
    /// None at all.
    pub const NONE: Self = Self::Fixed(Nanos::ZERO);

    /// How long it lasts at most.
    #[must_use]
    pub const fn longest(self) -> Nanos {
        match self {
            Self::Fixed(length) => length,
            Self::Auto { bound } => Nanos::from_secs(bound.0.div_ceil(NANOS_PER_SECOND)),
        }
    }
}

impl fmt::Display for Warmup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(length) => write!(f, "{length}"),
            Self::Auto { .. } => write!(f, "auto, at most {}", self.longest()),
        }
    }
}

/// The phases of a run, one schedule over both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phases {
    /// Over the same connections and code path; its figures enter no measured one.
    pub warmup: Warmup,
    /// What is reported.
    pub measured: Nanos,
}

/// What the clients are told, in librdkafka's names.
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    /// For producers.
    pub producer: Vec<(String, String)>,
    /// For consumers; `group.id` is the run's.
    pub consumer: Vec<(String, String)>,
    /// For the handler of topics.
    pub admin: Vec<(String, String)>,
    /// For new topics.
    pub topic: Vec<(String, String)>,
    /// For new topics; −1 leaves it to the broker.
    pub replication_factor: i16,
    /// How consumers commit.
    pub commit: CommitMode,
    /// How producers send in transactions; `None` where they do not.
    pub transactions: Option<Transactions>,
    /// Where consumers read; `None` where that is where producers send.
    pub consumer_cluster: Option<ConsumerCluster>,
    /// How consumers come and go; `None` where they stay.
    pub churn: Option<Churn>,
}

impl ClientSettings {
    /// Whether consumers see committed messages alone, which is also librdkafka's default; nothing of
    /// it matters where nobody sends in transactions.
    #[must_use]
    pub fn reads_committed(&self) -> bool {
        let told = self.consumer.iter().rev().find(|(name, _)| name == "isolation.level");
        told.is_none_or(|(_, level)| level == "read_committed")
    }

    /// Whether a message that was acked is still to be committed before consumers see it.
    #[must_use]
    pub fn hides_until_committed(&self) -> bool {
        self.transactions.is_some() && self.reads_committed()
    }

    /// How the ids of producers' transactions begin.
    #[must_use]
    pub fn transactional_prefix(&self) -> &str {
        let told = self.producer.iter().rev().find(|(name, _)| name == "transactional.id");
        told.map_or("kdyno", |(_, prefix)| prefix.as_str())
    }

    /// How the ids of static members begin; `None` where members are not static.
    #[must_use]
    pub fn instance_prefix(&self) -> Option<&str> {
        let told = self.consumer.iter().rev().find(|(name, _)| name == "group.instance.id");
        told.map(|(_, prefix)| prefix.as_str()).filter(|prefix| !prefix.is_empty())
    }

    /// How long producers wait for a batch to fill.
    #[must_use]
    pub fn linger(&self) -> Nanos {
        let is_it = |name: &str| matches!(name, "linger.ms" | "queue.buffering.max.ms");
        let told = self.producer.iter().rev().find(|(name, _)| is_it(name));
        let millis = told.and_then(|(_, value)| value.parse::<f64>().ok());
        let span = millis.map(|millis| Duration::try_from_secs_f64(millis / 1_000.0));
        let nanos = span.and_then(Result::ok).map(|span| u64::try_from(span.as_nanos()));
        nanos.and_then(Result::ok).map_or(LINGER, Nanos)
    }
}

/// How consumers commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitMode {
    /// librdkafka does, by its own timer (`enable.auto.commit=true`).
    #[default]
    Client,
    /// kdyno does, asynchronously, this often; and when partitions are revoked, and at the end.
    Every(Nanos),
    /// Nobody does, but for where a group begins that begins at the end: others would begin later.
    Never,
}

/// How long each wait may last (requirements R29).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// The first answer of a broker.
    pub reach: Nanos,
    /// The creation of all topics.
    pub create: Nanos,
    /// All consumers ready.
    pub ready: Nanos,
    /// All delivery reports in, from the last message due.
    pub acks: Nanos,
    /// A consumer's drain without any message.
    pub quiet: Nanos,
    /// A batch of deletions, and the closing of clients.
    pub teardown: Nanos,
    /// After an interrupt: reports and consumers.
    pub interrupt: Nanos,
}

impl Deadlines {
    /// The defaults: 12 s to be reached (15 s with what stands around it), 120 s plus 0.5 s a topic to create, 60 s to be ready and
    /// 20 ms more for each topic beyond a thousand (46 s were seen with 6,900 on a busy host), 120 s for delivery reports, 30 s of
    /// quiet, 30 s to tear down, 5 s after an interrupt.
    #[must_use]
    pub fn standard(topics: usize) -> Self {
        let topics = u64::try_from(topics).unwrap_or(u64::MAX);
        let many = topics.saturating_sub(1_000);
        Self {
            reach: Nanos::from_secs(12),
            create: Nanos::from_secs(120) + Nanos::from_millis(500_u64.saturating_mul(topics)),
            ready: Nanos::from_secs(60) + Nanos::from_millis(20_u64.saturating_mul(many)),
            acks: Nanos::from_secs(120),
            quiet: Nanos::from_secs(30),
            teardown: Nanos::from_secs(30),
            interrupt: Nanos::from_secs(5),
        }
    }
}

impl Phases {
    /// How long a lane in debt goes on after the end: max(10 s, phase / 10).
    pub(super) fn grace(&self) -> Nanos {
        Nanos((self.measured.0 / 10).max(10 * NANOS_PER_SECOND))
    }
}

impl Demand {
    /// Messages per second that are due in all streams together, on average over the measured phase;
    /// `None` where one of them has no rate.
    #[must_use]
    pub fn due_per_second(&self) -> Option<u64> {
        self.streams.iter().map(|stream| stream.pace.rate().map(Rate::get)).sum()
    }

    /// Producers and their partitions, once for what was acked, twice more where it is committed or
    /// aborted afterwards, and once for each subscription.
    #[must_use]
    pub fn series(&self) -> u64 {
        let sent = if self.clients.transactions.is_some() { 3 } else { 1 };
        let of = |stream: &StreamDemand| {
            let sides = sent + u64::from(stream.readers());
            stream.partitions() * u64::from(stream.producers_per_topic) * sides
        };
        self.streams.iter().map(of).sum()
    }
}

impl StreamDemand {
    /// Logical producers: topics × producers per topic.
    #[must_use]
    pub fn producers(&self) -> u64 {
        self.topic_count() * u64::from(self.producers_per_topic)
    }

    /// Logical consumers: topics × subscriptions × consumers per subscription.
    #[must_use]
    pub fn consumers(&self) -> u64 {
        self.topic_count()
            * u64::from(self.subscriptions)
            * u64::from(self.consumers_per_subscription)
    }

    /// Bytes of the longest body.
    #[must_use]
    pub fn message_size_max(&self) -> Bytes {
        let longest = self.bodies.iter().map(Vec::len).max().unwrap_or(0);
        let longest = u64::try_from(longest).expect("a body fits in 64 bits");
        self.message_size.max(Bytes(longest))
    }

    /// Subscriptions that somebody reads.
    #[must_use]
    pub const fn readers(&self) -> u32 {
        if self.consumers_per_subscription == 0 { 0 } else { self.subscriptions }
    }

    /// Partitions of all topics.
    #[must_use]
    pub fn partitions(&self) -> u64 {
        self.topics.iter().map(|topic| u64::from(topic.partitions)).sum()
    }

    /// The index of each topic's first partition when the partitions of all topics stand in a row.
    #[must_use]
    pub fn partition_bases(&self) -> Vec<usize> {
        let mut base = 0;
        let step = |topic: &TopicPlan| {
            let first = base;
            base += usize::try_from(topic.partitions).expect("partitions fit in memory");
            first
        };
        self.topics.iter().map(step).collect()
    }

    fn topic_count(&self) -> u64 {
        u64::try_from(self.topics.len()).expect("topics fit in memory")
    }
}
