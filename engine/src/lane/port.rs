//! A producing lane's clients, its pen, and how their answers get from the ones to the other.

use super::board::Board;
use super::load::BATCH;
use super::transact::Transactor;
use crate::link::{Ack, Failure, Offer, Outlet, OutletSink, Statistics};
use crate::measure::{Gaps, Recorder};
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
    /// The client that is looked at first.
    next: usize,
    /// Messages offered since the last look for acks.
    pub(super) offers: usize,
    /// The client's answers to the present batch; kept so that none is allocated.
    pub(super) answers: Vec<Offer>,
    /// What the lane sees of its core while it waits for due times.
    pub(super) gaps: Gaps,
    /// Who begins and ends transactions; `None` where the lane sends in none.
    pub(super) transactor: Option<Transactor<'lane>>,
    /// The lane's slot of the board.
    pub(super) lane: usize,
}

struct Sink<'port> {
    recorder: &'port mut Recorder,
    stream: usize,
    /// Which of the lane's clients this is.
    client: usize,
    troubled: bool,
    /// Why the client will never send anything.
    denied: Option<String>,
    taken: usize,
}

/// What a look at the clients brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// Acks, and there may be more: a lane that sleeps now is not called for those.
    More,
    /// Acks, all there were.
    Some,
    /// No ack.
    Nothing,
}

impl OutletSink for Sink<'_> {
    fn acks(&mut self, now: Timestamp, acks: &[Ack]) {
        self.taken += acks.len();
        self.recorder.acks(now, self.stream, acks);
    }

    fn answered(&mut self) {
        self.recorder.answered();
    }

    fn heard(&mut self, waited: Nanos) {
        self.recorder.acks_heard(self.stream, waited);
    }

    /// Not counted: every message that fails comes back as an ack of its own.
    fn trouble(&mut self, _failure: Failure, _fatal: bool) {
        self.troubled = true;
    }

    fn denied(&mut self, words: String) {
        self.denied = Some(words);
    }

    fn statistics(&mut self, now: Timestamp, statistics: Box<dyn Statistics>) {
        self.recorder.client_said(self.client, now, statistics);
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
            next: 0,
            offers: 0,
            answers: Vec::with_capacity(BATCH),
            gaps: Gaps::off(),
            transactor: None,
            lane: 0,
        }
    }

    /// Takes what the clients have, at most `limit` acks; goes on next time with the client at which
    /// it stopped.
    pub(super) fn serve(&mut self, clock: &impl Clock, limit: usize, now: Timestamp) -> Served {
        let mut served = Served::Nothing;
        let (before, from) = self.outlets.split_at_mut(self.next);
        let count = from.len() + before.len();
        let (mut client, mut room) = (self.next, limit);
        for outlet in from.iter_mut().chain(before) {
            let (recorder, stream) = (&mut self.recorder, self.stream);
            let mut sink =
                Sink { recorder, stream, client, troubled: false, denied: None, taken: 0 };
            let more = outlet.poll(clock, room, &mut sink);
            room = room.saturating_sub(sink.taken);
            if 0 < sink.taken && served == Served::Nothing {
                served = Served::Some;
            }
            if sink.troubled {
                self.board.note_trouble(outlet.last_words().unwrap_or_default());
            }
            if let Some(words) = sink.denied {
                self.board.note_trouble(&words);
                self.board.slot(self.lane).failed.get_or_insert(words);
            }
            if more {
                served = Served::More;
            }
            if room == 0 {
                self.next = client;
                served = Served::More;
                break;
            }
            client = if client + 1 == count { 0 } else { client + 1 };
        }
        if self.recorder.tick(now) {
            // Handing over is the lane's own work.
            self.gaps.interrupt();
        }
        self.offers = 0;
        served
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.outlets.iter().map(Outlet::in_flight).sum()
    }
}
