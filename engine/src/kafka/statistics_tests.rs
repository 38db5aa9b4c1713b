//! Laws of the real clients' statistics, against the mock cluster: real threads, real time.

use super::client_tests::{Cluster, offer_all};
use crate::link::{Ack, ClientSample, Failure, Outlet, OutletSink, Statistics};
use crate::plan::Role;
use crate::units::{Nanos, Timestamp};

/// Keeps what a client says, unread, and counts its answers.
#[derive(Debug, Default)]
struct Shelf {
    said: Vec<Box<dyn Statistics>>,
    acked: usize,
}

impl OutletSink for Shelf {
    fn acks(&mut self, _now: Timestamp, acks: &[Ack]) {
        self.acked += acks.len();
    }

    fn heard(&mut self, _waited: Nanos) {}

    fn trouble(&mut self, _failure: Failure, _fatal: bool) {}

    fn statistics(&mut self, _now: Timestamp, statistics: Box<dyn Statistics>) {
        self.said.push(statistics);
    }
}

impl Shelf {
    fn read(&self) -> Vec<ClientSample> {
        let read = self.said.iter().map(|said| said.read());
        read.map(|sample| sample.expect("what librdkafka writes is understood")).collect()
    }
}

/// Ten times a second is often enough for a test to be short.
const OFTEN: (&str, &str) = ("statistics.interval.ms", "100");

/// Sends so many messages, waits until they are acked and the client has spoken twice since, and
/// lets the client go.
fn talk_of(cluster: &Cluster, messages: u64) -> Shelf {
    let mut shelf = Shelf::default();
    let mut outlet = cluster.outlet();
    offer_all(&mut outlet, messages, false);
    let mut after = None;
    cluster.until("all is acked and told", || {
        while outlet.poll(&cluster.clock, 64, &mut shelf) {}
        let is_acked = u64::try_from(shelf.acked) == Ok(messages);
        let since = *after.get_or_insert(shelf.said.len());
        if !is_acked {
            after = None;
        }
        is_acked && since + 2 <= shelf.said.len()
    });
    drop(outlet);
    shelf
}

#[test]
fn a_client_says_what_it_did_and_is_understood_when_it_is_gone() {
    let cluster = Cluster::start_with(&[OFTEN]);
    let samples = talk_of(&cluster, 400).read();
    let last = samples.last().expect("it spoke");
    assert_eq!(
        (last.role, last.max_in_flight, last.queued),
        (Role::Producer, 1_000_000, 0),
        "{last:?}"
    );
    let counters = last.counters;
    assert_eq!((counters.taken, counters.handed_over), (400, 400), "each message once");
    assert!(0 < counters.requests && 0 < counters.connects, "{counters:?}");
    // Each body is 48 bytes, and every message is framed.
    assert!(400 * 48 < counters.bytes_sent, "{counters:?}");
    let sum = |of: fn(&ClientSample) -> u64| samples.iter().map(of).sum::<u64>();
    assert_eq!(sum(|of| of.batch_messages.sum), 400, "windows do not overlap and miss nothing");
    let waits = |of: &ClientSample| of.brokers.iter().map(|b| b.queue_wait.count).sum::<u64>();
    assert_eq!(sum(waits), 400, "each message waited once");
    let requests = sum(|of| of.batch_messages.count);
    let trips = sum(|of| of.brokers.iter().map(|broker| broker.round_trip.count).sum());
    assert!(0 < requests && requests <= trips, "{requests} batches, {trips} answers");
    let longest = sum(|of| of.brokers.iter().map(|broker| broker.round_trip.max).sum());
    assert!(0 < longest, "an answer takes time");
}

#[test]
fn idempotence_lowers_what_a_client_allows_in_flight() {
    let cluster = Cluster::start_with(&[OFTEN, ("enable.idempotence", "true")]);
    let samples = talk_of(&cluster, 10).read();
    assert_eq!(samples.last().map(|of| of.max_in_flight), Some(5), "by librdkafka's own word");
}

#[test]
fn messages_that_are_sent_again_show_in_the_statistics() {
    let cluster = Cluster::start_with(&[OFTEN, ("retry.backoff.ms", "10")]);
    assert!(cluster.broker.fail_produce("REQUEST_TIMED_OUT", 1), "it can be injected");
    let samples = talk_of(&cluster, 40).read();
    let counters = samples.last().expect("it spoke").counters;
    assert_eq!(counters.taken, 40, "taken once");
    assert!(counters.taken < counters.handed_over, "one batch at least went twice: {counters:?}");
    assert_eq!(counters.retries, 0, "which librdkafka does not call a retry");
}
