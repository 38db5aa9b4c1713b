//! What is unread of each partition, so that nothing unread outgrows what the mock cluster keeps.

use crate::link::RouteSpec;
use crate::plan::{Demand, Route, StampPlace, StreamDemand};
use crate::units::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Unread bytes of one partition above which the outlet answers `Full`: three fifths of what the
/// mock cluster keeps (5 MiB or 100,000 batches, `rdkafka_mock.c:622`).
pub const UNREAD_MAX: Bytes = Bytes(3 << 20);

/// What a record takes beside its body, key and headers. With bodies of one byte the limit holds at
/// most 95,000 records, fewer than the 100,000 batches kept. A batch of one record takes 75 bytes: the
/// two fifths kept free cover the difference from 48 bytes of content on, and there is always a stamp.
const RECORD_OVERHEAD: u64 = 32;

/// A stamp in a header: the 48 bytes, the header's name, lengths.
const HEADER_OVERHEAD: u64 = 48 + 8;

/// The length of a key: two bytes for one of the longest.
const KEY_OVERHEAD: u64 = 2;

/// Bytes written and read of each partition of each stream and topic, for the retention's sake.
#[derive(Debug)]
pub(super) struct Unread {
    /// By topic name, the first partition's index.
    bases: HashMap<String, usize>,
    /// By partition, those of all topics in a row.
    levels: Vec<Level>,
}

/// Bytes written and read of one partition.
#[derive(Debug)]
struct Level {
    /// What a record of its stream takes beside its body.
    overhead: u64,
    written: AtomicU64,
    /// By subscription of its stream; none where nobody reads.
    read: Vec<AtomicU64>,
}

impl Unread {
    pub(super) fn new(demand: &Demand) -> Self {
        let mut unread = Self { bases: HashMap::new(), levels: Vec::new() };
        for stream in &demand.streams {
            for topic in &stream.topics {
                unread.bases.insert(topic.name.clone(), unread.levels.len());
                unread.levels.extend((0..topic.partitions).map(|_| Level::new(stream)));
            }
        }
        unread
    }

    /// Whether the slowest subscription has more than the limit unread. Relaxed: a count that is a
    /// moment old only moves the point at which the outlet holds back, far below the retention.
    pub(super) fn is_full(&self, partition: usize) -> bool {
        let level = &self.levels[partition];
        let slowest = level.read.iter().map(|read| read.load(Ordering::Relaxed)).min();
        let written = level.written.load(Ordering::Relaxed);
        slowest.is_some_and(|read| UNREAD_MAX.0 < written.saturating_sub(read))
    }

    /// Where the partitions of each of a client's topics begin, by route.
    pub(super) fn bases_of(&self, routes: &[RouteSpec<'_>]) -> Vec<usize> {
        let highest = routes.iter().map(|route| route.route.0).max().unwrap_or(0);
        let mut bases = vec![0; index(highest) + 1];
        for route in routes {
            bases[index(route.route.0)] = self.bases[route.topic];
        }
        bases
    }

    /// A body of this many bytes was written.
    pub(super) fn wrote(&self, partition: usize, body: &[u8]) {
        let level = &self.levels[partition];
        level.written.fetch_add(level.size(body), Ordering::Relaxed);
    }

    /// A body of this many bytes was read by a subscription.
    pub(super) fn was_read(&self, subscription: usize, partition: usize, body: &[u8]) {
        let level = &self.levels[partition];
        level.read[subscription].fetch_add(level.size(body), Ordering::Relaxed);
    }
}

impl Level {
    fn new(stream: &StreamDemand) -> Self {
        let header = if stream.stamp == StampPlace::Header { HEADER_OVERHEAD } else { 0 };
        let key = match stream.keys.longest() {
            0 => 0,
            longest => KEY_OVERHEAD + longest,
        };
        Self {
            overhead: RECORD_OVERHEAD + header + key,
            written: AtomicU64::new(0),
            read: (0..stream.readers()).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// What a message takes of the retention.
    fn size(&self, body: &[u8]) -> u64 {
        u64::try_from(body.len()).unwrap_or(u64::MAX) + self.overhead
    }
}

/// A partition's place in the row of all, from the places where the topics begin.
pub(super) fn place(bases: &[usize], route: Route, partition: i32) -> usize {
    bases[index(route.0)] + usize::try_from(partition).expect("partitions are not negative")
}

fn index(route: u32) -> usize {
    usize::try_from(route).expect("topics fit in memory")
}

#[cfg(test)]
mod tests {
    use super::{RECORD_OVERHEAD, UNREAD_MAX, Unread};
    use crate::message::{KeyOrder, KeySource};
    use crate::plan::samples::{self, topics};
    use crate::plan::{StampPlace, StreamDemand};

    const BODY: [u8; 1024] = [0; 1024];

    /// How many bodies a partition of the stream takes before it is full.
    fn room(stream: StreamDemand) -> usize {
        let unread = Unread::new(&samples::demand(stream));
        let full = (0..100_000).find(|_| {
            unread.wrote(0, &BODY);
            unread.is_full(0)
        });
        full.expect("100 MB are more than is kept")
    }

    #[test]
    fn a_partition_is_full_above_3_mib_unread_by_its_slowest_subscription() {
        let unread =
            Unread::new(&samples::demand(StreamDemand { subscriptions: 2, ..samples::stream(1) }));
        let most =
            usize::try_from(UNREAD_MAX.0 / (1024 + RECORD_OVERHEAD)).expect("a few thousand");
        (0..most).for_each(|_| unread.wrote(0, &BODY));
        assert!(!unread.is_full(0), "up to the limit there is room");
        unread.wrote(0, &BODY);
        assert!(unread.is_full(0), "above it there is none");
        unread.was_read(0, 0, &BODY);
        assert!(unread.is_full(0), "one reader that goes on does not help the other");
        unread.was_read(1, 0, &BODY);
        assert!(!unread.is_full(0), "the slower one has read one more");
        assert!(!unread.is_full(1), "other partitions are not concerned");
    }

    #[test]
    fn what_nobody_reads_never_fills() {
        for (subscriptions, consumers) in [(0, 1), (1, 0)] {
            let stream = StreamDemand {
                subscriptions,
                consumers_per_subscription: consumers,
                ..samples::stream(1)
            };
            let unread = Unread::new(&samples::demand(stream));
            (0..5_000).for_each(|_| unread.wrote(0, &BODY));
            assert!(!unread.is_full(0), "{subscriptions} × {consumers}: nobody loses");
        }
    }

    #[test]
    fn each_streams_partitions_wait_for_its_own_subscriptions_only() {
        let mut demand = samples::demand(samples::stream(1));
        let twice = StreamDemand { subscriptions: 2, topics: topics(1, 1), ..samples::stream(1) };
        demand.streams.push(twice);
        let unread = Unread::new(&demand);
        for _ in 0..5_000 {
            unread.wrote(0, &BODY);
            unread.was_read(0, 0, &BODY);
        }
        assert!(!unread.is_full(0), "the second stream's second subscription is not its");
    }

    #[test]
    fn keys_and_header_stamps_take_their_room() {
        let plain = room(samples::stream(1));
        let keys = KeySource::standard(KeyOrder::Random);
        let keyed = room(StreamDemand { keys, ..samples::stream(1) });
        let headed = room(StreamDemand { stamp: StampPlace::Header, ..samples::stream(1) });
        assert!(headed < keyed && keyed < plain, "{headed} < {keyed} < {plain}");
    }
}
