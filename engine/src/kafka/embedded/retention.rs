//! What is unread of each partition, so that nothing unread outgrows what the mock cluster keeps.

use crate::link::RouteSpec;
use crate::plan::{Demand, Route};
use crate::units::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Unread bytes of one partition above which the outlet answers `Full`: three fifths of what the
/// mock cluster keeps, so that batches on their way still fit.
pub const UNREAD_MAX: Bytes = Bytes(3 << 20);

/// What a record takes beside its body, key and headers, rounded up: with bodies of one byte the
/// limit then holds at most 95,000 records, fewer than the 100,000 batches kept.
const RECORD_OVERHEAD: u64 = 32;

/// Bytes written and read of each partition of each stream and topic, for the retention's sake.
#[derive(Debug)]
pub(super) struct Unread {
    /// By topic name, the first partition's index.
    bases: HashMap<String, usize>,
    written: Vec<AtomicU64>,
    /// By subscription.
    read: Vec<Vec<AtomicU64>>,
}

impl Unread {
    pub(super) fn new(demand: &Demand) -> Self {
        let mut bases = HashMap::new();
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
    pub(super) fn is_full(&self, partition: usize) -> bool {
        let written = self.written[partition].load(Ordering::Relaxed);
        let read = self.read.iter().map(|all| all[partition].load(Ordering::Relaxed)).min();
        read.is_some_and(|read| UNREAD_MAX.0 < written.saturating_sub(read))
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
        self.written[partition].fetch_add(size(body), Ordering::Relaxed);
    }

    /// A body of this many bytes was read by a subscription.
    pub(super) fn was_read(&self, subscription: usize, partition: usize, body: &[u8]) {
        self.read[subscription][partition].fetch_add(size(body), Ordering::Relaxed);
    }
}

/// A partition's place in the row of all, from the places where the topics begin.
pub(super) fn place(bases: &[usize], route: Route, partition: i32) -> usize {
    bases[index(route.0)] + usize::try_from(partition).expect("partitions are not negative")
}

fn index(route: u32) -> usize {
    usize::try_from(route).expect("topics fit in memory")
}

/// What a message takes of the retention.
fn size(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX) + RECORD_OVERHEAD
}
