//! A producing lane's clients, its pen, and how their answers get from the ones to the other.

use super::board::Board;
use super::load::BATCH;
use crate::link::{Ack, Failure, Offer, Outlet, OutletSink};
use crate::measure::Recorder;
use crate::time::Clock;
use crate::units::{Nanos, Timestamp};

/// Acks taken between two looks at the clock while a due time may be near: about 10 µs of them.
pub(super) const ACKS_PER_LOOK: usize = 32;

/// Acks taken at a time when nothing is due.
pub(super) const ACKS_AT_ONCE: usize = 1024;

/// A lane's clients and its pen.
pub(super) struct Port<'lane, O> {
    pub(super) outlets: Vec<O>,
    pub(super) recorder: Recorder,
    pub(super) stream: usize,
    pub(super) board: &'lane Board,
    /// When the client was last full.
    pub(super) full_since: Timestamp,
    /// Messages offered since the last look for acks.
    pub(super) offers: usize,
    /// The client's answers to the present batch; kept so that none is allocated.
    pub(super) answers: Vec<Offer>,
}

struct Sink<'port> {
    recorder: &'port mut Recorder,
    stream: usize,
    troubled: bool,
}

impl OutletSink for Sink<'_> {
    fn acks(&mut self, now: Timestamp, acks: &[Ack]) {
        self.recorder.acks(now, self.stream, acks);
    }

    fn heard(&mut self, waited: Nanos) {
        self.recorder.acks_heard(self.stream, waited);
    }

    /// Not counted: every message that fails comes back as an ack of its own.
    fn trouble(&mut self, _failure: Failure, _fatal: bool) {
        self.troubled = true;
    }
}

impl<'lane, O: Outlet> Port<'lane, O> {
    pub(super) fn new(
        outlets: Vec<O>,
        recorder: Recorder,
        stream: usize,
        board: &'lane Board,
    ) -> Self {
        Self {
            outlets,
            recorder,
            stream,
            board,
            full_since: Timestamp::default(),
            offers: 0,
            answers: Vec::with_capacity(BATCH),
        }
    }

    /// Takes what the clients have, about `limit` acks each.
    pub(super) fn serve(&mut self, clock: &impl Clock, limit: usize, now: Timestamp) {
        for outlet in &mut self.outlets {
            let mut sink =
                Sink { recorder: &mut self.recorder, stream: self.stream, troubled: false };
            outlet.poll(clock, limit, &mut sink);
            if sink.troubled {
                self.board.note_trouble(outlet.last_words().unwrap_or_default());
            }
        }
        self.recorder.tick(now);
        self.offers = 0;
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.outlets.iter().map(Outlet::in_flight).sum()
    }
}
