//! One lane's pen: writes into a tally that the lane owns, and hands it over once a second.

use super::ack_watch::AckWatch;
use super::collector::{LaneEnd, Mailbox};
use super::constants::LATE;
use super::duty::{Duty, Followers};
use super::hiccup::Gaps;
use super::tally::{Phase, PhaseTally, StreamTally, Tally};
use super::transacting::open_transactions;
use super::transaction::OpenTransaction;
use crate::link::{Ack, Delivery, Failure, Outcome, Statistics};
use crate::message::{Stamp, StampFault};
use crate::plan::{Demand, Route, StreamDemand};
use crate::time::{Border, Outlook, WaitMode};
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::sync::Arc;

const SECOND: Nanos = Nanos(NANOS_PER_SECOND);

/// Later than any moment of any run.
const NEVER: Timestamp = Timestamp::from_nanos(u64::MAX);

/// What a lane writes into.
#[derive(Debug)]
pub struct Recorder {
    pub(super) tally: Box<Tally>,
    mailbox: Mailbox,
    /// By stream: by route, where the topic's partitions begin in a row of all.
    bases: Vec<Vec<usize>>,
    /// By stream.
    followers: Vec<Followers>,
    /// By stream.
    watches: Vec<AckWatch>,
    /// By stream: whether nobody sends it, so that what is read is what others have sent.
    reads_only: Vec<bool>,
    run: u64,
    /// By stream: what was acked of the lane's open transaction, where it sends in transactions.
    pub(super) open: Vec<Option<OpenTransaction>>,
    /// Whether consumers see committed messages alone.
    pub(super) hides_until_committed: bool,
    /// Whether hiccups are asked for.
    hiccups: bool,
    /// Tells warm-up and measured phase apart.
    outlook: Outlook,
    /// The moment from which seconds are numbered.
    origin: Timestamp,
    /// The end of the second that is being written.
    boundary: Timestamp,
    /// Which phase the present belongs to: for commits and trouble, which are due at no time.
    pub(super) present: Phase,
}

impl Recorder {
    /// A recorder before the start line: what it hears until then is warm-up.
    #[must_use]
    pub fn new(tally: Box<Tally>, mailbox: Mailbox, demand: &Demand, duties: &[Duty]) -> Self {
        Self {
            tally,
            mailbox,
            bases: demand.streams.iter().map(StreamDemand::partition_bases).collect(),
            followers: Followers::of(demand, duties),
            watches: watches(demand, duties),
            open: open_transactions(demand, duties),
            hides_until_committed: demand.clients.hides_until_committed(),
            reads_only: demand.streams.iter().map(StreamDemand::is_read_only).collect(),
            run: demand.run,
            hiccups: demand.hiccups,
            outlook: Outlook::before_start(),
            origin: NEVER,
            boundary: NEVER,
            present: Phase::Warmup,
        }
    }

    /// The run starts.
    pub fn start(&mut self, border: &Arc<Border>) {
        self.join(border, border.start());
    }

    /// The lane joins the run at `start`. Seconds end at whole seconds from the border's origin, so that
    /// every second belongs to one phase.
    pub fn join(&mut self, border: &Arc<Border>, start: Timestamp) {
        self.outlook = Outlook::new(border);
        self.origin = border.origin();
        let into = (start.as_nanos() + SECOND.0 - self.origin.as_nanos() % SECOND.0) % SECOND.0;
        self.boundary = start + SECOND.less(Nanos(into));
        self.note_present(start);
    }

    pub(super) fn phase_of(&mut self, due: Timestamp) -> Phase {
        if self.outlook.is_measured(due) { Phase::Measured } else { Phase::Warmup }
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

    /// The lane begins to wait at `now` for a message that is due later.
    pub fn waits(&mut self, stream: usize, due: Timestamp, now: Timestamp) {
        let produced = &mut self.phase(stream, due).produced;
        produced.waited = produced.waited + now.until(due);
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
        self.watches[stream].heard(now, acks, &mut self.tally.streams[stream].silences);
        for ack in acks {
            let phase = self.phase_of(ack.stamp.due);
            let StreamTally { warmup, measured, account, .. } = &mut self.tally.streams[stream];
            let tally = if phase == Phase::Measured { measured } else { warmup };
            let sent = &mut self.followers[stream].sent;
            match ack.outcome {
                Outcome::Persisted { partition, offset } => {
                    tally.acked.messages += 1;
                    tally.acked.bytes += u64::from(ack.bytes);
                    tally.acked.window.include(now);
                    tally.publish.record(now.since(ack.stamp.due));
                    tally.service.record(now.since(ack.stamp.sent));
                    if let Some((acked, _)) = sent {
                        let at = (ack.route, partition, at_its_number(&ack.stamp));
                        acked.follow((&ack.stamp, phase), at, self.boundary, account);
                    }
                    let place = self.place(stream, ack.route, partition);
                    match &mut self.open[stream] {
                        Some(open) => open.acked((&ack.stamp, phase), (place, partition), offset),
                        None => self.note_offset(stream, place, offset),
                    }
                    let (span, seen) = (now.since(ack.stamp.due), &mut self.tally.streams[stream]);
                    if phase == Phase::Measured {
                        seen.partitions.record(place, span);
                    }
                    let watch = &mut self.watches[stream];
                    if watch.acked(now, place, &ack.stamp, &mut seen.silences) {
                        let held_up = &mut seen.phase(phase).publish_in_outage;
                        held_up.get_or_insert_default().record(span);
                    }
                }
                Outcome::Failed { partition, failure, maybe_persisted } => {
                    tally.acked.failed += 1;
                    tally.acked.failed_maybe_persisted += u64::from(maybe_persisted);
                    tally.produce_errors.count(failure.code);
                    if let Some((_, failed)) = sent {
                        let at = (ack.route, partition, at_its_number(&ack.stamp));
                        failed.follow((&ack.stamp, phase), at, self.boundary, account);
                    }
                    self.unanswered(now, stream, ack, partition);
                }
                Outcome::Purged { partition } => {
                    tally.acked.purged += 1;
                    self.unanswered(now, stream, ack, partition);
                }
            }
        }
    }

    /// A message was given up at `now`. Where its partition was not chosen yet it is negative.
    fn unanswered(&mut self, now: Timestamp, stream: usize, ack: &Ack, partition: i32) {
        let place =
            usize::try_from(partition).ok().map(|_| self.place(stream, ack.route, partition));
        let silences = &mut self.tally.streams[stream].silences;
        self.watches[stream].failed(now, place, &ack.stamp, silences);
    }

    /// What a lane that waits like this sees of its core.
    #[must_use]
    pub fn gaps(&self, wait: WaitMode) -> Gaps {
        if self.hiccups && wait == WaitMode::Spin { Gaps::default() } else { Gaps::off() }
    }

    /// The lane's core was taken away from it for so long.
    pub fn hiccup(&mut self, span: Nanos) {
        if self.hiccups && self.present == Phase::Measured {
            self.tally.hiccup.record(Some(span));
        }
    }

    /// The same, seen at `now`: where a second or the warm-up ended meanwhile, it counts for what began,
    /// and the tally was handed over, which it says.
    pub fn hiccup_at(&mut self, now: Timestamp, span: Nanos) -> bool {
        let handed_over = self.turn_page(now);
        self.hiccup(span);
        handed_over
    }

    /// Notes the highest offset of a partition, by its place in the row of all.
    fn note_offset(&mut self, stream: usize, place: usize, offset: i64) {
        let highest = &mut self.tally.streams[stream].acked_offsets[place];
        *highest = (*highest).max(offset);
    }

    /// A partition's place in the row of all.
    fn place(&self, stream: usize, route: Route, partition: i32) -> usize {
        let base = self.bases[stream][usize::try_from(route.0).expect("topics fit in memory")];
        base + usize::try_from(partition).expect("an answered partition is not negative")
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
        if self.reads_only[stream] {
            return self.read(now, (stream, subscription), delivery.body);
        }
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
        let phase = self.phase_of(stamp.due);
        let StreamTally { warmup, measured, account, .. } = &mut self.tally.streams[stream];
        let tally = if phase == Phase::Measured { measured } else { warmup };
        let consumed = &mut tally.consumed[subscription];
        consumed.messages += 1;
        consumed.bytes += u64::try_from(delivery.body.len()).expect("a body fits in 64 bits");
        consumed.window.include(now);
        tally.end_to_end.record(now.since(stamp.due));
        tally.transit.record(now.since(stamp.sent));
        if let Some(follower) = &mut self.followers[stream].received[subscription] {
            let at = (delivery.route, delivery.partition, delivery.offset);
            follower.follow((&stamp, phase), at, self.boundary, account);
        }
    }

    /// A message came that somebody else has sent: it is due at no time, and belongs to the present.
    fn read(&mut self, now: Timestamp, (stream, subscription): (usize, usize), body: &[u8]) {
        let present = self.present;
        let consumed = &mut self.tally.streams[stream].phase(present).consumed[subscription];
        consumed.messages += 1;
        consumed.bytes += u64::try_from(body.len()).expect("a body fits in 64 bits");
        consumed.window.include(now);
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

    /// A client of the lane, by its number in it, says how it is; passed on unread.
    pub fn client_said(&self, client: usize, at: Timestamp, statistics: Box<dyn Statistics>) {
        self.mailbox.pass_on(client, at, statistics);
    }

    /// Counts a turn of the lane's loop, and hands the tally over when its second is over.
    /// Says whether it did: that took the lane's time.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        self.tally.turns += 1;
        self.turn_page(now)
    }

    /// Hands the tally over when its second is over, so that what happens at `now` is written into
    /// its own second. If the collector is behind, goes on with the same tally: nothing waits,
    /// nothing is lost.
    pub(super) fn turn_page(&mut self, now: Timestamp) -> bool {
        if now < self.boundary {
            return false;
        }
        self.note_present(now);
        let second = self.second_before(now);
        while self.boundary <= now {
            self.boundary = self.boundary + SECOND;
        }
        self.mailbox.hand_over(&mut self.tally, second);
        true
    }

    /// The number of the last full second before `now`, counted from the border's origin.
    fn second_before(&self, now: Timestamp) -> i64 {
        let seconds = |count: u64| i64::try_from(count).expect("292 years of seconds");
        let current = now.since(self.origin).map_or_else(
            || -seconds(now.until(self.origin).0.div_ceil(NANOS_PER_SECOND)),
            |span| seconds(span.0 / NANOS_PER_SECOND),
        );
        current - 1
    }

    /// Hands over the last tally.
    pub fn finish(mut self, now: Timestamp, end: LaneEnd) {
        for (followers, stream) in self.followers.iter_mut().zip(&mut self.tally.streams) {
            let Followers { sent, received } = followers;
            let sent = sent.iter_mut().flat_map(|(acked, failed)| [acked, failed]);
            sent.chain(received.iter_mut().flatten())
                .for_each(|follower| follower.close(&mut stream.account));
        }
        for (watch, stream) in self.watches.iter_mut().zip(&mut self.tally.streams) {
            watch.close(&mut stream.silences);
        }
        let second = if self.origin == NEVER { 0 } else { self.second_before(now) + 1 };
        self.mailbox.close(self.tally, second, end);
    }
}

/// By stream; of those that the lane sends.
fn watches(demand: &Demand, duties: &[Duty]) -> Vec<AckWatch> {
    let linger = demand.clients.linger();
    let watch = |(stream, of): (usize, &StreamDemand)| {
        let is_sent = duties.contains(&Duty::Send { stream });
        let partitions = usize::try_from(of.partitions()).expect("partitions fit in memory");
        AckWatch::of(if is_sent { partitions } else { 0 }, linger)
    };
    demand.streams.iter().enumerate().map(watch).collect()
}

/// Where the account keeps what was acked or failed: answers say no offset that always holds.
fn at_its_number(stamp: &Stamp) -> i64 {
    i64::try_from(stamp.sequence).expect("nobody sends 2^63 messages")
}
