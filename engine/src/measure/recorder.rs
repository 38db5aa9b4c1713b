//! One lane's pen: writes into a tally that the lane owns, and hands it over once a second.

use super::collector::{LaneEnd, Mailbox};
use super::constants::LATE;
use super::tally::{Phase, PhaseTally, Tally};
use crate::link::{Ack, Delivery, Failure, Outcome};
use crate::message::{Stamp, StampFault};
use crate::plan::Route;
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};

const SECOND: Nanos = Nanos(NANOS_PER_SECOND);

/// Later than any moment of any run.
const NEVER: Timestamp = Timestamp::from_nanos(u64::MAX);

/// What a lane writes into.
#[derive(Debug)]
pub struct Recorder {
    tally: Box<Tally>,
    mailbox: Mailbox,
    /// By stream: by route, where the topic's partitions begin in a row of all.
    bases: Vec<Vec<usize>>,
    run: u64,
    /// Everything due before is warm-up.
    measured: Timestamp,
    /// The end of the second that is being written.
    boundary: Timestamp,
    /// Which phase the present belongs to: for commits and trouble, which are due at no time.
    present: Phase,
}

impl Recorder {
    /// A recorder before the start line: what it hears until then is warm-up.
    #[must_use]
    pub const fn new(
        tally: Box<Tally>,
        mailbox: Mailbox,
        bases: Vec<Vec<usize>>,
        run: u64,
    ) -> Self {
        Self {
            tally,
            mailbox,
            bases,
            run,
            measured: NEVER,
            boundary: NEVER,
            present: Phase::Warmup,
        }
    }

    /// The run starts at `start`; its measured phase at `measured`. Seconds end at whole seconds
    /// from the measured phase's start, so that every second belongs to one phase.
    pub fn start(&mut self, start: Timestamp, measured: Timestamp) {
        self.measured = measured;
        let warmup = measured.since(start).unwrap_or(Nanos::ZERO);
        let first = Nanos(warmup.0 % NANOS_PER_SECOND);
        self.boundary = start + if first == Nanos::ZERO { SECOND } else { first };
        self.note_present(start);
    }

    fn phase_of(&self, due: Timestamp) -> Phase {
        if self.measured <= due { Phase::Measured } else { Phase::Warmup }
    }

    fn note_present(&mut self, now: Timestamp) {
        self.present = self.phase_of(now);
    }

    fn phase(&mut self, stream: usize, due: Timestamp) -> &mut PhaseTally {
        let phase = self.phase_of(due);
        self.tally.streams[stream].phase(phase)
    }

    /// A message is due, and its turn has come at `now`.
    pub fn due(&mut self, now: Timestamp, stream: usize, due: Timestamp) {
        self.turn_page(now);
        self.phase(stream, due).produced.due += 1;
    }

    /// A message was offered for the first time. `full_since` is when the client was last full.
    pub fn attempted(&mut self, stream: usize, stamp: &Stamp, full_since: Timestamp) {
        let produced = &mut self.phase(stream, stamp.due).produced;
        produced.attempted += 1;
        // Late while the client was full is back-pressure, not our lateness.
        let late = stamp.sent.since(stamp.due).is_some_and(|delay| LATE < delay);
        produced.late_by_us += u64::from(late && full_since < stamp.due);
    }

    /// The client took a message, after being full `refusals` times.
    pub fn accepted(&mut self, stream: usize, stamp: &Stamp, bytes: u64, refusals: u64) {
        let tally = self.phase(stream, stamp.due);
        tally.send_delay.record(stamp.sent.since(stamp.due));
        let produced = &mut tally.produced;
        produced.messages += 1;
        produced.bytes += bytes;
        produced.queue_full += refusals;
        produced.held_back += u64::from(0 < refusals);
        produced.window.include(stamp.sent);
    }

    /// The client will never take a message: with a failure where it said so or was full for too
    /// long, without one where the run ended while the lane still offered it.
    pub fn refused(
        &mut self,
        stream: usize,
        stamp: &Stamp,
        failure: Option<Failure>,
        refusals: u64,
    ) {
        let tally = self.phase(stream, stamp.due);
        if let Some(failure) = failure {
            tally.produce_errors.count(failure.code);
        }
        tally.produced.queue_full += refusals;
        tally.produced.held_back += u64::from(0 < refusals);
    }

    /// `count` messages were due from `oldest` to `newest` and are never offered.
    pub fn unsent(&mut self, stream: usize, count: u64, oldest: Timestamp, newest: Timestamp) {
        if 0 < count {
            let produced = &mut self.phase(stream, oldest).produced;
            produced.due += count;
            produced.unsent += count;
            produced.unsent_due.include(oldest);
            produced.unsent_due.include(newest);
        }
    }

    /// One delivery event's answers, read at `now`.
    pub fn acks(&mut self, now: Timestamp, stream: usize, acks: &[Ack]) {
        self.turn_page(now);
        for ack in acks {
            let tally = self.phase(stream, ack.stamp.due);
            match ack.outcome {
                Outcome::Persisted { partition, offset } => {
                    tally.acked.messages += 1;
                    tally.acked.bytes += u64::from(ack.bytes);
                    tally.acked.window.include(now);
                    tally.publish.record(now.since(ack.stamp.due));
                    tally.service.record(now.since(ack.stamp.sent));
                    self.note_offset(stream, ack.route, partition, offset);
                }
                Outcome::Failed { failure, maybe_persisted } => {
                    tally.acked.failed += 1;
                    tally.acked.failed_maybe_persisted += u64::from(maybe_persisted);
                    tally.produce_errors.count(failure.code);
                }
                Outcome::Purged => tally.acked.purged += 1,
            }
        }
    }

    /// The client's call that acks are there was heard `waited` after it was made.
    pub fn acks_heard(&mut self, stream: usize, waited: Nanos) {
        let present = self.present;
        self.tally.streams[stream].phase(present).ack_wait.record(Some(waited));
    }

    fn note_offset(&mut self, stream: usize, route: Route, partition: i32, offset: i64) {
        let base = self.bases[stream][usize::try_from(route.0).expect("topics fit in memory")];
        let place = base + usize::try_from(partition).expect("an acked partition is not negative");
        let highest = &mut self.tally.streams[stream].acked_offsets[place];
        *highest = (*highest).max(offset);
    }

    /// A message came, read at `now` by a consumer of this stream and subscription.
    pub fn delivery(
        &mut self,
        now: Timestamp,
        stream: usize,
        subscription: usize,
        delivery: &Delivery<'_>,
    ) {
        self.turn_page(now);
        let stamp = match delivery.stamp {
            Ok(stamp) if stamp.run == self.run => stamp,
            Ok(_) | Err(StampFault::Foreign) => {
                let present = self.present;
                self.tally.streams[stream].phase(present).consumed[subscription].foreign += 1;
                return;
            }
            Err(StampFault::Corrupted) => {
                let present = self.present;
                self.tally.streams[stream].phase(present).consumed[subscription].corrupted += 1;
                return;
            }
        };
        let tally = self.phase(stream, stamp.due);
        let consumed = &mut tally.consumed[subscription];
        consumed.messages += 1;
        consumed.bytes += u64::try_from(delivery.body.len()).expect("a body fits in 64 bits");
        consumed.window.include(now);
        tally.end_to_end.record(now.since(stamp.due));
        tally.transit.record(now.since(stamp.sent));
    }

    /// A commit of a consumer of this stream ended.
    pub fn committed(&mut self, stream: usize, result: Result<(), Failure>) {
        let present = self.present;
        let tally = self.tally.streams[stream].phase(present);
        match result {
            Ok(()) => tally.commits.succeeded += 1,
            Err(failure) => {
                tally.commits.failed += 1;
                tally.commit_errors.count(failure.code);
            }
        }
    }

    /// A consumer of this stream reports trouble.
    pub fn consumer_trouble(&mut self, stream: usize, failure: Failure) {
        let present = self.present;
        self.tally.streams[stream].phase(present).consume_errors.count(failure.code);
    }

    /// Counts a turn of the lane's loop, and hands the tally over when its second is over.
    pub fn tick(&mut self, now: Timestamp) {
        self.tally.turns += 1;
        self.turn_page(now);
    }

    /// Hands the tally over when its second is over, so that what happens at `now` is written into
    /// its own second. If the collector is behind, goes on with the same tally: nothing waits,
    /// nothing is lost.
    fn turn_page(&mut self, now: Timestamp) {
        if now < self.boundary {
            return;
        }
        self.note_present(now);
        let second = self.second_before(now);
        while self.boundary <= now {
            self.boundary = self.boundary + SECOND;
        }
        self.mailbox.hand_over(&mut self.tally, second);
    }

    /// The number of the last full second before `now`, counted from the measured phase's start.
    fn second_before(&self, now: Timestamp) -> i64 {
        let seconds = |count: u64| i64::try_from(count).expect("292 years of seconds");
        let current = now.since(self.measured).map_or_else(
            || -seconds(now.until(self.measured).0.div_ceil(NANOS_PER_SECOND)),
            |span| seconds(span.0 / NANOS_PER_SECOND),
        );
        current - 1
    }

    /// Hands over the last tally.
    pub fn finish(self, now: Timestamp, end: LaneEnd) {
        let second = if self.measured == NEVER { 0 } else { self.second_before(now) + 1 };
        self.mailbox.close(self.tally, second, end);
    }
}
