//! Sends to the embedded broker, and holds back before its retention strikes.

use super::retention::{Unread, place};
use crate::kafka::errors;
use crate::kafka::outlet::KafkaOutlet;
use crate::link::{Denied, End, Message, Offer, Outlet, OutletSink, OutletSpec};
use crate::time::Clock;
use crate::units::Nanos;
use std::sync::Arc;

/// One producing client of the embedded broker.
#[derive(Debug)]
pub struct EmbeddedOutlet {
    inner: KafkaOutlet,
    unread: Arc<Unread>,
    bases: Vec<usize>,
}

impl EmbeddedOutlet {
    pub(super) fn new(inner: KafkaOutlet, unread: &Arc<Unread>, spec: &OutletSpec<'_>) -> Self {
        Self { inner, unread: Arc::clone(unread), bases: unread.bases_of(spec.routes) }
    }

    /// The client inside.
    pub(super) const fn client(&mut self) -> &mut KafkaOutlet {
        &mut self.inner
    }
}

impl Outlet for EmbeddedOutlet {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        let chosen = message.partition.expect("the lane chooses the partition");
        let partition = place(&self.bases, message.route, chosen);
        if self.unread.is_full(partition) {
            return Offer::Full;
        }
        let offer = self.inner.offer(message);
        if offer == Offer::Accepted {
            self.unread.wrote(partition, message.body);
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

    fn begin(&mut self) -> Result<(), Denied> {
        self.inner.begin()
    }

    /// The mock cluster keeps no list of aborted transactions: readers would see them.
    fn end(&mut self, how: End, within: Nanos) -> Result<(), Denied> {
        match how {
            End::Commit => self.inner.end(how, within),
            End::Abort => Err(Denied::for_good(errors::failure(-170))),
        }
    }

    fn last_words(&self) -> Option<&str> {
        self.inner.last_words()
    }
}
