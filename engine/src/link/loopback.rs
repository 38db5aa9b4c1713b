//! The in-memory link: what is offered is acked and can be read at once. No broker, no client.
//!
//! It is a second implementation of the seam: the floor of what the engine itself costs, and a
//! double for tests.

use super::{
    Ack, Assigned, Delivery, Denied, End, Failure, Inlet, InletSink, InletSpec, Message, Moved,
    Offer, Outcome, Outlet, OutletSink, OutletSpec, Target, TopicSpec, Topics,
};
use crate::error::RunError;
use crate::message::Stamp;
use crate::plan::{Demand, Route};
use crate::time::Clock;
use crate::units::Nanos;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

/// Messages kept back by an outlet until it is polled, at most.
const PENDING_MAX: usize = 256;

/// Unread messages of a partition at most: beyond that an outlet is full.
pub const UNREAD_MAX: usize = 65_536;

/// A message as a partition keeps it.
#[derive(Clone, Copy, Debug)]
struct Record {
    stamp: Stamp,
    bytes: u32,
}

/// One partition: what is unread by the slowest subscription, and how far each has come.
#[derive(Debug)]
struct Partition {
    first: i64,
    records: VecDeque<Record>,
    read: Vec<i64>,
}

impl Partition {
    fn append(&mut self, record: Record) -> i64 {
        let offset = self.end();
        if self.read.is_empty() {
            self.first += 1;
        } else {
            self.records.push_back(record);
        }
        offset
    }

    fn end(&self) -> i64 {
        self.first + i64::try_from(self.records.len()).expect("a queue's length fits in 63 bits")
    }

    fn take(&mut self, subscription: usize, limit: usize, into: &mut Vec<(i64, Record)>) {
        let from = self.read[subscription];
        let skip =
            usize::try_from(from - self.first).expect("nobody reads before the first record");
        into.extend((from..).zip(self.records.iter().skip(skip).take(limit).copied()));
        self.read[subscription] = into.last().map_or(from, |(offset, _)| offset + 1);
        let slowest = self.read.iter().copied().min().unwrap_or_else(|| self.end());
        while self.first < slowest && self.records.pop_front().is_some() {
            self.first += 1;
        }
    }
}

/// All partitions of all topics, by topic name and index.
#[derive(Debug)]
struct Shelf {
    bases: HashMap<String, usize>,
    partitions: Vec<Mutex<Partition>>,
    body: Vec<u8>,
}

impl Shelf {
    fn partition(&self, index: usize) -> MutexGuard<'_, Partition> {
        self.partitions[index].lock().expect("nobody panics with a partition in hand")
    }
}

/// The loopback as a target.
#[derive(Debug)]
pub struct LoopbackTarget {
    shelf: Arc<Shelf>,
}

impl LoopbackTarget {
    /// Partitions for a demand's topics.
    #[must_use]
    pub fn new(demand: &Demand) -> Self {
        let mut bases = HashMap::new();
        let mut partitions = Vec::new();
        for stream in &demand.streams {
            let readers = usize::try_from(stream.readers()).expect("subscriptions fit in memory");
            for topic in &stream.topics {
                bases.insert(topic.name.clone(), partitions.len());
                let empty =
                    || Partition { first: 0, records: VecDeque::new(), read: vec![0; readers] };
                partitions.extend((0..topic.partitions).map(|_| Mutex::new(empty())));
            }
        }
        let largest =
            demand.streams.iter().map(|stream| stream.message_size_max().0).max().unwrap_or(0);
        let body = vec![0; usize::try_from(largest).expect("a body fits in memory")];
        Self { shelf: Arc::new(Shelf { bases, partitions, body }) }
    }
}

impl Target for LoopbackTarget {
    type Outlet = LoopbackOutlet;
    type Inlet = LoopbackInlet;

    const SETTLE: Nanos = Nanos::ZERO;

    fn topics(&self) -> Arc<dyn Topics> {
        Arc::new(NoTopics)
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<LoopbackOutlet, RunError> {
        let bases =
            spec.routes.iter().map(|route| (route.route, self.shelf.bases[route.topic])).collect();
        let pending = Vec::with_capacity(PENDING_MAX);
        let acks = Vec::with_capacity(PENDING_MAX);
        Ok(LoopbackOutlet { shelf: Arc::clone(&self.shelf), bases, pending, acks })
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<LoopbackInlet, RunError> {
        let (member, of) = spec.member;
        let mut assignment = Vec::new();
        let mut places = Vec::new();
        let mut next = 0_u32;
        for route in spec.routes {
            let base = self.shelf.bases[route.topic];
            for partition in 0..route.partitions {
                if next % of == member {
                    let number = i32::try_from(partition).expect("fewer than 2^31 partitions");
                    assignment.push(Assigned { route: route.route, partition: number });
                    places
                        .push(base + usize::try_from(partition).expect("partitions fit in memory"));
                }
                next += 1;
            }
        }
        Ok(LoopbackInlet {
            shelf: Arc::clone(&self.shelf),
            subscription: usize::try_from(spec.subscription).expect("subscriptions fit in memory"),
            reached: vec![-1; places.len()],
            assignment,
            places,
            taken: Vec::with_capacity(PENDING_MAX),
            paused: false,
        })
    }

    fn warm(&self, _outlet: &mut LoopbackOutlet, _deadline: Nanos) {}
}

/// Accepts everything, acks it at the next poll.
#[derive(Debug)]
pub struct LoopbackOutlet {
    shelf: Arc<Shelf>,
    bases: HashMap<Route, usize>,
    pending: Vec<(usize, i32, Route, Record)>,
    acks: Vec<Ack>,
}

impl Outlet for LoopbackOutlet {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        if self.pending.len() == PENDING_MAX {
            return Offer::Full;
        }
        let partition = message.partition.expect("the lane chooses the partition");
        let place = self.bases[&message.route] + usize::try_from(partition).expect("not negative");
        if self.shelf.partition(place).records.len() >= UNREAD_MAX {
            return Offer::Full;
        }
        let bytes = u32::try_from(message.body.len()).expect("a body is smaller than 4 GiB");
        self.pending.push((
            place,
            partition,
            message.route,
            Record { stamp: *message.stamp, bytes },
        ));
        Offer::Accepted
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        self.acks.clear();
        let count = limit.min(self.pending.len());
        for (place, partition, route, record) in self.pending.drain(..count) {
            let offset = self.shelf.partition(place).append(record);
            let outcome = Outcome::Persisted { partition, offset };
            self.acks.push(Ack { stamp: record.stamp, route, bytes: record.bytes, outcome });
        }
        sink.acks(clock.now(), &self.acks);
        !self.pending.is_empty()
    }

    fn in_flight(&self) -> u64 {
        u64::try_from(self.pending.len()).expect("a queue's length fits in 64 bits")
    }

    /// Nothing to give up: the next poll acks what is pending.
    fn purge(&mut self) {}

    fn begin(&mut self) -> Result<(), Denied> {
        Ok(())
    }

    fn end(&mut self, _how: End, _within: Nanos) -> Result<(), Denied> {
        Ok(())
    }

    fn last_words(&self) -> Option<&str> {
        None
    }
}

/// Reads its share of the partitions.
#[derive(Debug)]
pub struct LoopbackInlet {
    shelf: Arc<Shelf>,
    subscription: usize,
    assignment: Vec<Assigned>,
    places: Vec<usize>,
    reached: Vec<i64>,
    taken: Vec<(i64, Record)>,
    paused: bool,
}

impl Inlet for LoopbackInlet {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        if self.paused {
            return false;
        }
        let mut more = false;
        for (index, place) in self.places.iter().enumerate() {
            self.taken.clear();
            self.shelf.partition(*place).take(
                self.subscription,
                limit.min(PENDING_MAX),
                &mut self.taken,
            );
            let Some((last, _)) = self.taken.last() else { continue };
            self.reached[index] = last + 1;
            more |= self.taken.len() == limit.min(PENDING_MAX);
            let (now, at) = (clock.now(), self.assignment[index]);
            for (offset, record) in &self.taken {
                let size = usize::try_from(record.bytes).expect("a body fits in memory");
                let body = &self.shelf.body[..size.min(self.shelf.body.len())];
                let stamp = Ok(record.stamp);
                sink.delivery(
                    now,
                    &Delivery {
                        stamp,
                        route: at.route,
                        partition: at.partition,
                        offset: *offset,
                        body,
                    },
                );
            }
        }
        more
    }

    fn revision(&self) -> u64 {
        1
    }

    fn assignment(&self) -> &[Assigned] {
        &self.assignment
    }

    fn position(&self) -> Vec<Moved> {
        let read = self.assignment.iter().zip(&self.reached).filter(|(_, next)| 0 <= **next);
        read.map(|(at, next)| Moved { at: *at, next: *next }).collect()
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.paused = true;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.paused = false;
        Ok(())
    }

    /// There is nobody to keep it.
    fn commit(&mut self, sink: &mut impl InletSink) {
        sink.committed(Ok(()));
    }

    fn commits_pending(&self) -> u64 {
        0
    }

    fn last_words(&self) -> Option<&str> {
        None
    }
}

/// Topics of the loopback: there as soon as they are planned, gone with the process.
#[derive(Debug)]
struct NoTopics;

impl Topics for NoTopics {
    fn create(
        &self,
        topics: &[TopicSpec],
        _deadline: Nanos,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<String>, (RunError, Vec<String>)> {
        progress(topics.len());
        Ok(topics.iter().map(|topic| topic.name.clone()).collect())
    }
}
