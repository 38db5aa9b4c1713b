//! Reads from the embedded broker, and says how far it has come.

use super::retention::{Unread, place};
use crate::kafka::inlet::KafkaInlet;
use crate::link::{Assigned, Delivery, Failure, Inlet, InletSink, InletSpec, Moved, Statistics};
use crate::time::Clock;
use crate::units::Timestamp;
use std::sync::Arc;

/// One consuming client of the embedded broker.
#[derive(Debug)]
pub struct EmbeddedInlet {
    inner: KafkaInlet,
    unread: Arc<Unread>,
    bases: Vec<usize>,
    subscription: usize,
}

impl EmbeddedInlet {
    pub(super) fn new(inner: KafkaInlet, unread: &Arc<Unread>, spec: &InletSpec<'_>) -> Self {
        let subscription = usize::try_from(spec.subscription).expect("subscriptions fit in memory");
        Self {
            inner,
            unread: Arc::clone(unread),
            bases: unread.bases_of(spec.routes),
            subscription,
        }
    }
}

/// Passes on what comes, and counts it as read.
struct Counting<'poll, S> {
    sink: &'poll mut S,
    unread: &'poll Unread,
    bases: &'poll [usize],
    subscription: usize,
}

impl<S: InletSink> InletSink for Counting<'_, S> {
    fn delivery(&mut self, now: Timestamp, delivery: &Delivery<'_>) {
        let partition = place(self.bases, delivery.route, delivery.partition);
        self.unread.was_read(self.subscription, partition, delivery.body);
        self.sink.delivery(now, delivery);
    }

    fn committed(&mut self, result: Result<(), Failure>) {
        self.sink.committed(result);
    }

    fn nothing_to_commit(&mut self) {
        self.sink.nothing_to_commit();
    }

    fn trouble(&mut self, failure: Failure, fatal: bool) {
        self.sink.trouble(failure, fatal);
    }

    fn statistics(&mut self, now: Timestamp, statistics: Box<dyn Statistics>) {
        self.sink.statistics(now, statistics);
    }
}

impl Inlet for EmbeddedInlet {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        let Self { inner, unread, bases, subscription } = self;
        let mut counting = Counting { sink, unread, bases, subscription: *subscription };
        inner.poll(clock, limit, &mut counting)
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

    fn leave(&mut self) {
        self.inner.leave();
    }

    fn has_left(&self) -> bool {
        self.inner.has_left()
    }

    fn last_words(&self) -> Option<&str> {
        self.inner.last_words()
    }
}
