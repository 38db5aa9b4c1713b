//! A consuming client: a member of a group, or the holder of partitions it was told to read.

use super::admission::rights;
use super::context::Quiet;
use super::errors::{self, ALL_BROKERS_DOWN, NO_OFFSET, PARTITION_EOF};
use super::native::{Event, EventKind, Handle, Queue, RawMessage};
use super::statistics::{KafkaStatistics, Own, max_in_flight};
use crate::error::RunError;
use crate::link::{Assigned, Delivery, Failure, Inlet, InletSink, InletSpec, Moved};
use crate::message::{Stamp, StampFault};
use crate::plan::Route;
use crate::time::Clock;
use crate::units::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::HashMap;

/// How a consumer gets its partitions and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Commit synchronously when partitions are taken away, and on request.
    pub(super) commits: bool,
    /// Start at the end of each partition, looked up before the start line.
    pub(super) from_end: bool,
    /// The stamp travels in a header.
    pub(super) stamp_in_header: bool,
}

/// One `BaseConsumer`, whose queue this inlet polls by itself.
pub struct KafkaInlet {
    // The queue first: it must go before the client that made it.
    queue: Queue,
    pub(super) reading: Reading,
    pub(super) topics: Vec<Topic>,
    pub(super) by_name: HashMap<String, usize>,
    by_address: HashMap<usize, usize>,
    last: (usize, usize),
    pub(super) assignment: Vec<Assigned>,
    pub(super) revision: u64,
    commits_pending: u64,
    own: Own,
    pub(super) last_words: Option<String>,
    /// Who the brokers take the client for.
    who: String,
    pub(super) consumer: BaseConsumer<Quiet>,
}

/// A topic this consumer reads, and how far it has come on each partition.
pub(super) struct Topic {
    pub(super) route: Route,
    next: Vec<i64>,
}

impl std::fmt::Debug for KafkaInlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaInlet").field("assignment", &self.assignment).finish_non_exhaustive()
    }
}

impl KafkaInlet {
    /// Wraps a client. The calling thread is the one that it will unpark.
    pub(super) fn new(
        consumer: BaseConsumer<Quiet>,
        spec: &InletSpec<'_>,
        reading: Reading,
        who: String,
    ) -> Self {
        let partitions =
            |count: u32| vec![-1; usize::try_from(count).expect("partitions fit in memory")];
        let topics: Vec<Topic> = spec
            .routes
            .iter()
            .map(|route| Topic { route: route.route, next: partitions(route.partitions) })
            .collect();
        let by_name = spec
            .routes
            .iter()
            .enumerate()
            .map(|(index, route)| (route.topic.to_owned(), index))
            .collect();
        let handle = Handle::of_consumer(&consumer);
        Self {
            queue: handle.consumer_queue(),
            reading,
            topics,
            by_name,
            by_address: HashMap::new(),
            last: (0, 0),
            assignment: Vec::new(),
            revision: 0,
            commits_pending: 0,
            own: Own { max_in_flight: max_in_flight(handle), taken: 0 },
            last_words: None,
            who,
            consumer,
        }
    }

    /// Joins the group.
    pub(super) fn subscribe(&self, names: &[&str]) -> Result<(), KafkaError> {
        self.consumer.subscribe(names)
    }

    /// Takes partitions without a group, from their beginning.
    pub(super) fn assign(&mut self, partitions: &[(String, i32)]) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition_offset(topic, *partition, Offset::Beginning)?;
        }
        self.consumer.assign(&list)?;
        self.note_assignment(partitions, true);
        Ok(())
    }

    fn deliver(&mut self, message: &RawMessage<'_>, now: Timestamp, sink: &mut impl InletSink) {
        let Some(index) = self.topic_index(message) else { return };
        let topic = &mut self.topics[index];
        let (partition, offset) = (message.partition(), message.offset());
        if let Some(next) = usize::try_from(partition).ok().and_then(|at| topic.next.get_mut(at)) {
            *next = (*next).max(offset + 1);
        }
        let stamp = read_stamp(message, self.reading.stamp_in_header);
        let route = topic.route;
        sink.delivery(now, &Delivery { stamp, route, partition, offset, body: message.body() });
    }

    /// Which topic a message is from: by the address of its handle, by name the first time.
    fn topic_index(&mut self, message: &RawMessage<'_>) -> Option<usize> {
        let address = message.topic_address();
        if self.last.0 == address {
            return Some(self.last.1);
        }
        let index = match self.by_address.get(&address) {
            Some(index) => *index,
            None => {
                let index = *self.by_name.get(&message.topic())?;
                self.by_address.insert(address, index);
                index
            }
        };
        self.last = (address, index);
        Some(index)
    }

    fn take_event(&mut self, clock: &impl Clock, event: Event, sink: &mut impl InletSink) {
        match event.kind() {
            EventKind::Rebalance => self.rebalance(clock, &event, sink),
            EventKind::Committed => {
                self.commits_pending = self.commits_pending.saturating_sub(1);
                match event.code() {
                    0 => sink.committed(Ok(())),
                    NO_OFFSET => sink.nothing_to_commit(),
                    code => sink.committed(Err(errors::failure(code))),
                }
            }
            EventKind::Trouble if event.code() == PARTITION_EOF => self.note_end(&event),
            EventKind::Trouble => {
                let code = event.code();
                if code != ALL_BROKERS_DOWN || self.last_words.is_none() {
                    let denied = rights::of_consumer(&self.who, code);
                    self.last_words = Some(denied.unwrap_or_else(|| event.words()));
                }
                let fatal = event.is_fatal() || errors::consumer_cannot_go_on(code);
                sink.trouble(errors::failure(code), fatal);
            }
            EventKind::Statistics => {
                sink.statistics(clock.now(), KafkaStatistics::boxed(event, self.own));
            }
            EventKind::Acks | EventKind::Delivery | EventKind::Other => {}
        }
    }

    /// A partition is read to its end as it is now, also where its last offsets hold no message: those that
    /// compaction removed, and the marks of transactions.
    fn note_end(&mut self, event: &Event) {
        let Some((name, partition, end)) = event.place() else { return };
        let Some(index) = self.by_name.get(&name).copied() else { return };
        let topic = &mut self.topics[index];
        if let Some(next) = usize::try_from(partition).ok().and_then(|at| topic.next.get_mut(at)) {
            *next = (*next).max(end);
        }
    }
}

fn read_stamp(message: &RawMessage<'_>, in_header: bool) -> Result<Stamp, StampFault> {
    if in_header {
        let header = message.header(c"kdyno").ok_or(StampFault::Foreign)?;
        return Stamp::decode_beside(header, message.body());
    }
    Stamp::decode(message.body())
}

pub(super) fn failure(error: &KafkaError) -> Failure {
    errors::failure(error.rdkafka_error_code().map_or(-196, |code| code as i32))
}

impl Inlet for KafkaInlet {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        if !self.queue.is_ready() {
            return false;
        }
        for _ in 0..limit {
            let Some(mut event) = self.queue.next() else { return false };
            if event.kind() != EventKind::Delivery {
                self.take_event(clock, event, sink);
                continue;
            }
            // Read for each, once it is taken: between two the lane may lose its core, and what comes
            // meanwhile would have arrived before it was sent.
            let now = clock.now();
            // One message each (librdkafka 2.12.1, `rd_kafka_event_message_next`): asking for another
            // would be a call for nothing.
            if let Some(message) = event.next_message() {
                self.deliver(&message, now, sink);
            }
        }
        true
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn assignment(&self) -> &[Assigned] {
        &self.assignment
    }

    fn position(&self) -> Vec<Moved> {
        let moved = |topic: &Topic| -> Vec<Moved> {
            let route = topic.route;
            let read = (0_i32..).zip(&topic.next).filter(|(_, next)| 0 <= **next);
            read.map(|(partition, next)| Moved { at: Assigned { route, partition }, next: *next })
                .collect()
        };
        self.topics.iter().flat_map(moved).collect()
    }

    fn pause(&mut self) -> Result<(), Failure> {
        let held = self.consumer.assignment().map_err(|error| failure(&error))?;
        self.consumer.pause(&held).map_err(|error| failure(&error))
    }

    fn resume(&mut self) -> Result<(), Failure> {
        let held = self.consumer.assignment().map_err(|error| failure(&error))?;
        self.consumer.resume(&held).map_err(|error| failure(&error))
    }

    fn commit(&mut self, sink: &mut impl InletSink) {
        match Handle::of_consumer(&self.consumer).commit(&self.queue) {
            Ok(()) => self.commits_pending += 1,
            Err(NO_OFFSET) => sink.nothing_to_commit(),
            Err(code) => sink.committed(Err(errors::failure(code))),
        }
    }

    fn commits_pending(&self) -> u64 {
        self.commits_pending
    }

    /// First the subscription: a cooperative member that holds no partition tells its group nothing
    /// when it is closed (librdkafka 2.12.1, `rd_kafka_cgrp_revoke_all_rejoin`: nothing to revoke, no
    /// leave), and the group stays until the session times out. The consumer's own `drop` closes too,
    /// but sleeps through the end by 100 ms at a time: hundreds of them outlast the clean-up.
    fn leave(&mut self) {
        self.consumer.unsubscribe();
        if let Err(error) = self.consumer.close_queue() {
            self.last_words = Some(error.to_string());
        }
    }

    fn has_left(&self) -> bool {
        self.consumer.closed()
    }

    fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
    }
}

/// For messages to people.
pub(super) fn refused(spec: &InletSpec<'_>, error: &KafkaError) -> RunError {
    RunError::Client { client: spec.name.to_owned(), reason: error.to_string() }
}
