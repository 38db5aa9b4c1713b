//! A producing client: kept topic handles in, delivery reports out.

use super::admission::rights::{self, Deed};
use super::context::Quiet;
use super::errors::{self, ALL_BROKERS_DOWN, PURGED_FROM_QUEUE, PURGED_IN_FLIGHT, QUEUE_FULL};
use super::native::{
    Batch, Event, EventKind, Handle, Queue, RawMessage, TopicHandle, TransactionAnswer,
};
use super::statistics::{KafkaStatistics, Own, max_in_flight};
use crate::error::RunError;
use crate::link::{Ack, Denied, End, Message, Offer, Outcome, Outlet, OutletSink, OutletSpec};
use crate::message::Stamp;
use crate::plan::Route;
use crate::time::Clock;
use crate::units::{Nanos, Timestamp};
use rdkafka::producer::BaseProducer;
use std::time::Duration;

/// Acks handed over in one slice at most; the rest of a delivery event waits for the next call.
const SLICE: usize = 256;

/// How long the brokers may take to know a transactional id: where they have never met one they first
/// make the topic that keeps them.
const INIT_DEADLINE: Duration = Duration::from_secs(30);

/// One `BaseProducer`, whose queue this outlet polls by itself.
#[derive(Debug)]
pub struct KafkaOutlet {
    // Handles and queue first: they must go before the client that made them.
    topics: Vec<Option<TopicHandle>>,
    report: Option<(Timestamp, Event)>,
    queue: Queue,
    handle: Handle,
    stamps: Slab,
    batch: Batch,
    acks: Vec<Ack>,
    in_flight: u64,
    own: Own,
    last_words: Option<String>,
    /// Who the brokers take the client for.
    who: String,
    names: Vec<String>,
    is_denied: bool,
    _producer: ProducerBox,
}

/// The owner of configuration and life, and no more: calls go by the handle. Not `Debug` itself.
struct ProducerBox {
    _client: BaseProducer<Quiet>,
}

impl std::fmt::Debug for ProducerBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BaseProducer")
    }
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Event({:?})", self.kind())
    }
}

impl KafkaOutlet {
    /// Wraps a client and opens its topics. The calling thread is the one that it will unpark.
    pub(super) fn new(
        producer: BaseProducer<Quiet>,
        spec: &OutletSpec<'_>,
        who: String,
    ) -> Result<Self, RunError> {
        let handle = Handle::of_producer(&producer);
        let highest = spec.routes.iter().map(|route| route.route.0).max().unwrap_or(0);
        let mut topics: Vec<Option<TopicHandle>> = (0..=highest).map(|_| None).collect();
        let mut names = vec![String::new(); topics.len()];
        for route in spec.routes {
            topics[index(route.route)] = Some(handle.topic(route.topic)?);
            route.topic.clone_into(&mut names[index(route.route)]);
        }
        let mut queue = handle.main_queue();
        queue.log_in();
        Ok(Self {
            topics,
            report: None,
            queue,
            handle,
            stamps: Slab::default(),
            batch: Batch::default(),
            acks: Vec::with_capacity(SLICE),
            in_flight: 0,
            own: Own { max_in_flight: max_in_flight(handle), taken: 0 },
            last_words: None,
            who,
            names,
            is_denied: false,
            _producer: ProducerBox { _client: producer },
        })
    }

    /// Learns the topics' leaders, so that the first messages need not wait for them.
    pub(super) fn fetch_metadata(&self, deadline: Nanos) {
        let millis = i32::try_from(deadline.duration().as_millis()).unwrap_or(i32::MAX);
        self.handle.fetch_metadata(millis);
    }

    /// Makes its transactional id known; before the run, since it takes its time.
    pub(super) fn init_transactions(&self, name: &str) -> Result<(), RunError> {
        self.handle.init_transactions(INIT_DEADLINE).map_err(|(code, _)| RunError::Client {
            client: name.to_owned(),
            reason: if rights::is_denied(code) {
                rights::words(&self.who, Deed::Transact, code)
            } else {
                format!(
                    "its transactional id is not taken within {} s: {} ({})",
                    INIT_DEADLINE.as_secs(),
                    errors::description(code),
                    errors::name(code)
                )
            },
        })
    }

    /// Turns up to `room` reports of the current delivery event into acks.
    fn take_reports(&mut self, room: usize, sink: &mut impl OutletSink) -> usize {
        let Some((now, event)) = &mut self.report else { return 0 };
        let now = *now;
        self.acks.clear();
        let mut has_failures = false;
        while self.acks.len() < room.min(SLICE) {
            let Some(message) = event.next_message() else { break };
            let ack = read_ack(&message, &mut self.stamps);
            has_failures |= matches!(ack.outcome, Outcome::Failed { .. });
            self.acks.push(ack);
        }
        if has_failures && !self.is_denied {
            self.tell_denied(sink);
        }
        let taken = self.acks.len();
        self.in_flight -= u64::try_from(taken).expect("a slice's length fits in 64 bits");
        sink.acks(now, &self.acks);
        if taken < room.min(SLICE) {
            self.report = None;
        }
        taken
    }

    /// Tells the first message that the client may not send: all others will fail as it did.
    fn tell_denied(&mut self, sink: &mut impl OutletSink) {
        let denied = self.acks.iter().find_map(|ack| match ack.outcome {
            Outcome::Failed { failure, .. } if rights::is_denied(failure.code) => {
                Some((ack.route, failure.code))
            }
            _ => None,
        });
        if let Some((route, code)) = denied {
            let deed = match code {
                53 => Deed::Transact,
                _ => Deed::Write(&self.names[index(route)]),
            };
            sink.denied(rights::words(&self.who, deed, code));
            self.is_denied = true;
        }
    }

    fn take_event(&mut self, clock: &impl Clock, event: Event, sink: &mut impl OutletSink) {
        match event.kind() {
            EventKind::Acks => {
                if let Some(waited) = self.queue.take_wait() {
                    sink.heard(waited);
                }
                // One event holds the answers to one request (librdkafka 2.12.1, `rd_kafka_dr_msgq`).
                sink.answered();
                self.report = Some((clock.now(), event));
            }
            EventKind::Trouble => {
                if event.code() != ALL_BROKERS_DOWN || self.last_words.is_none() {
                    self.last_words = Some(event.words());
                }
                sink.trouble(errors::failure(event.code()), event.is_fatal());
            }
            EventKind::Statistics => {
                sink.statistics(clock.now(), KafkaStatistics::boxed(event, self.own));
            }
            EventKind::Delivery
            | EventKind::Rebalance
            | EventKind::Committed
            | EventKind::Other => {}
        }
    }
}

impl Outlet for KafkaOutlet {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        let topic =
            self.topics[index(message.route)].as_ref().expect("a lane offers to its own topics");
        let partition = message.partition.unwrap_or(-1);
        let opaque = if message.stamp_in_body {
            Tag::in_body(message.route)
        } else {
            self.stamps.keep(*message.stamp, message.route)
        };
        let produced = if message.headers.is_empty() {
            topic.produce(partition, message.key, message.body, opaque.0)
        } else {
            let content = (message.key, message.body, message.headers);
            self.handle.produce_with_headers(topic, partition, content, opaque.0)
        };
        match produced {
            Ok(()) => {
                self.in_flight += 1;
                self.own.taken += 1;
                return Offer::Accepted;
            }
            Err(_) if message.stamp_in_body => {}
            Err(_) => drop(self.stamps.release(opaque)),
        }
        match produced {
            Err(code) if code != QUEUE_FULL => Offer::Refused(errors::failure(code)),
            _ => Offer::Full,
        }
    }

    fn offer_all<'run>(
        &mut self,
        messages: impl ExactSizeIterator<Item = Message<'run>>,
        answers: &mut Vec<Offer>,
    ) {
        let mut messages = messages.peekable();
        let Some(first) = messages.peek() else { return };
        let topic =
            self.topics[index(first.route)].as_ref().expect("a lane offers to its own topics");
        let messages = messages.map(|message| {
            let partition = message.partition.expect("the lane chooses the partition");
            (partition, message.key, message.body, Tag::in_body(message.route).0)
        });
        let (in_flight, taken) = (&mut self.in_flight, &mut self.own.taken);
        topic.produce_all(&mut self.batch, messages, |produced| {
            answers.push(match produced {
                Ok(()) => {
                    *in_flight += 1;
                    *taken += 1;
                    Offer::Accepted
                }
                Err(QUEUE_FULL) => Offer::Full,
                Err(code) => Offer::Refused(errors::failure(code)),
            });
        });
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        let mut room = limit;
        while 0 < room {
            if self.report.is_some() {
                room -= self.take_reports(room, sink);
                continue;
            }
            if !self.queue.is_ready() {
                return false;
            }
            let Some(event) = self.queue.next() else { return false };
            self.take_event(clock, event, sink);
        }
        true
    }

    fn in_flight(&self) -> u64 {
        self.in_flight
    }

    fn purge(&mut self) {
        self.handle.purge();
    }

    fn begin(&mut self) -> Result<(), Denied> {
        told(self.handle.begin_transaction())
    }

    fn end(&mut self, how: End, within: Nanos) -> Result<(), Denied> {
        assert!(self.in_flight == 0, "a transaction ends when nothing is in flight");
        told(match how {
            End::Commit => self.handle.commit_transaction(within.duration()),
            End::Abort => self.handle.abort_transaction(within.duration()),
        })
    }

    fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
    }
}

fn told(answer: TransactionAnswer) -> Result<(), Denied> {
    answer.map_err(|(code, then)| Denied { failure: errors::failure(code), then })
}

/// Reads one delivery report.
fn read_ack(message: &RawMessage<'_>, stamps: &mut Slab) -> Ack {
    let tag = Tag(message.opaque());
    let body = message.body();
    let (stamp, route) = if tag.is_in_body() {
        (Stamp::decode(body).expect("the client returns the body as it took it"), tag.route())
    } else {
        stamps.release(tag)
    };
    let outcome = match message.code() {
        0 => Outcome::Persisted { partition: message.partition(), offset: message.offset() },
        PURGED_FROM_QUEUE | PURGED_IN_FLIGHT => Outcome::Purged { partition: message.partition() },
        code => Outcome::Failed {
            partition: message.partition(),
            failure: errors::failure(code),
            maybe_persisted: message.maybe_persisted(),
        },
    };
    Ack { stamp, route, bytes: u32::try_from(body.len()).unwrap_or(u32::MAX), outcome }
}

fn index(route: Route) -> usize {
    usize::try_from(route.0).expect("a topic's index fits in memory")
}

/// What travels with a message through the client: its route, or where its stamp is kept.
#[derive(Clone, Copy)]
struct Tag(usize);

impl Tag {
    fn in_body(route: Route) -> Self {
        Self(index(route) << 1)
    }

    fn in_slab(place: usize) -> Self {
        Self(place << 1 | 1)
    }

    fn is_in_body(self) -> bool {
        self.0 & 1 == 0
    }

    fn place(self) -> usize {
        self.0 >> 1
    }

    fn route(self) -> Route {
        Route(u32::try_from(self.place()).expect("it was a route when it was tagged"))
    }
}

/// Stamps of messages whose bodies hold none, while they are in the client.
#[derive(Debug, Default)]
struct Slab {
    kept: Vec<(Stamp, Route)>,
    free: Vec<usize>,
}

impl Slab {
    fn keep(&mut self, stamp: Stamp, route: Route) -> Tag {
        let place = self.free.pop().unwrap_or(self.kept.len());
        match self.kept.get_mut(place) {
            Some(slot) => *slot = (stamp, route),
            None => self.kept.push((stamp, route)),
        }
        Tag::in_slab(place)
    }

    fn release(&mut self, tag: Tag) -> (Stamp, Route) {
        self.free.push(tag.place());
        self.kept[tag.place()]
    }
}
