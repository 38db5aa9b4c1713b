//! What clients report, kept for tests to look at.

use super::{Ack, Assigned, ClientSample, Delivery, Failure, InletSink, OutletSink, Statistics};
use crate::message::{Stamp, StampFault};
use crate::units::{Nanos, Timestamp};

/// Keeps everything that an outlet reports.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    pub(crate) all: Vec<Ack>,
    pub(crate) trouble: Vec<Failure>,
    pub(crate) waits: Vec<Nanos>,
    pub(crate) samples: Vec<ClientSample>,
}

impl OutletSink for Acks {
    fn heard(&mut self, waited: Nanos) {
        self.waits.push(waited);
    }

    fn acks(&mut self, _now: Timestamp, acks: &[Ack]) {
        self.all.extend_from_slice(acks);
    }

    fn trouble(&mut self, failure: Failure, _fatal: bool) {
        self.trouble.push(failure);
    }

    fn statistics(&mut self, _now: Timestamp, statistics: Box<dyn Statistics>) {
        self.samples.push(statistics.read().expect("what clients write can be read"));
    }
}

/// A message as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) now: Timestamp,
    pub(crate) stamp: Result<Stamp, StampFault>,
    pub(crate) at: Assigned,
    pub(crate) offset: i64,
    pub(crate) body: Vec<u8>,
}

/// Keeps everything that an inlet reports.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    pub(crate) all: Vec<Received>,
    pub(crate) commits: Vec<Result<(), Failure>>,
    pub(crate) trouble: Vec<Failure>,
    pub(crate) samples: Vec<ClientSample>,
}

impl Deliveries {
    /// The numbers of all messages, sorted.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        let number = |received: &Received| received.stamp.expect("all are ours").sequence;
        let mut numbers: Vec<u64> = self.all.iter().map(number).collect();
        numbers.sort_unstable();
        numbers
    }
}

impl InletSink for Deliveries {
    fn delivery(&mut self, now: Timestamp, delivery: &Delivery<'_>) {
        let at = Assigned { route: delivery.route, partition: delivery.partition };
        let (stamp, offset, body) = (delivery.stamp, delivery.offset, delivery.body.to_vec());
        self.all.push(Received { now, stamp, at, offset, body });
    }

    fn committed(&mut self, result: Result<(), Failure>) {
        self.commits.push(result);
    }

    fn trouble(&mut self, failure: Failure, _fatal: bool) {
        self.trouble.push(failure);
    }

    fn statistics(&mut self, _now: Timestamp, statistics: Box<dyn Statistics>) {
        self.samples.push(statistics.read().expect("what clients write can be read"));
    }
}
